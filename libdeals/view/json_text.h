/*
 * view/json_text.h - texts as JSON strings.
 */

#ifndef DEALS_VIEW_JSON_TEXT_H
#define DEALS_VIEW_JSON_TEXT_H

#include <deals/types.h>

/* Appends a JSON string with its quotes. in_html: so that it may stand in a
 * <script>. */
void  deals_json_text(deals_buf *out, deals_str text, int in_html);

#endif /* DEALS_VIEW_JSON_TEXT_H */
