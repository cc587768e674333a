/*
 * base/form.h - application/x-www-form-urlencoded bodies and query strings.
 */

#ifndef DEALS_BASE_FORM_H
#define DEALS_BASE_FORM_H

#include <deals/types.h>

typedef struct {
    deals_str  name;
    deals_str  value;       /* never absent: "a" is "a=" */
} deals_pair;

/* *pairs is a list of deals_pair in the order of the text. 0, or -1 and *error:
 * DEALS_MALFORMED (field is the name, if that could be read) for a broken %XX,
 * a NUL, or invalid UTF-8; DEALS_NO_MEMORY. */
int        deals_form_read(deals_arena *arena, deals_str text,
               deals_list *pairs, const deals_error **error);

/* The value of the first pair of this name; absent: none. */
deals_str  deals_form_get(const deals_list *pairs, const char *name);

#endif /* DEALS_BASE_FORM_H */
