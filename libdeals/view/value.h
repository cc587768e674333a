/*
 * view/value.h - one value of a struct, on its way to JSON or HTML.
 */

#ifndef DEALS_VIEW_VALUE_H
#define DEALS_VIEW_VALUE_H

#include <deals/types.h>

#include "view/draft.h"

enum { DEALS_NUMBER_SIZE = 32 };

/* The shortest decimal that reads back as x ("1.21"), in `out` of
 * DEALS_NUMBER_SIZE bytes; absent if x is not finite. */
deals_str  deals_value_float(char *out, double x);

/* Appends the value at `value` as JSON. in_html: so that it may stand in a
 * <script>. value NULL: null. drafter (NULL: none): what depends on who looks
 * becomes a hole. */
void       deals_json_value(deals_buf *out, int type, int flags,
               const deals_shape *shape, const void *value, int in_html,
               deals_drafter *drafter);

/* Whether an address may stand in href="": http, https, mailto or a path that
 * starts with one "/"; no control characters. */
int        deals_url_is_safe(deals_str url);
int        deals_url_is_path(deals_str url);
int        deals_url_is_web(deals_str url);         /* http, https */

#endif /* DEALS_VIEW_VALUE_H */
