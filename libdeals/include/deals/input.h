/*
 * deals/input.h - from the bytes of a body or a query string to a typed struct,
 * by its shape.
 *
 * All three return 0, or -1 and *error (in `arena`):
 *
 *     DEALS_MALFORMED   it cannot be read at all: syntax, escapes, UTF-8
 *     DEALS_INVALID     it can, but fields are not acceptable: one error for
 *                       each, `field` named; those of nested objects as
 *                       "price.amount"
 *     DEALS_NO_MEMORY
 *
 * `out` is a struct of shape->size bytes and is overwritten. All that it points
 * to lies in `arena`. A field that was not given, or given as null, gets its
 * null value if it is DEALS_NULLABLE (DEALS_NULL_INT, NAN, -1 or NULL),
 * otherwise zeroes; a text that is not nullable is then empty, not absent. Bit
 * i of *given says whether field i was present, null or not (`given` may be
 * NULL; fields above 63 have no bit). On -1 `out` holds what could be read.
 *
 * Types are strict: a number is no text, 1.5 is no INT. Texts are valid UTF-8
 * without NUL; their lengths and everything else are the rules' to check.
 * DEALS_HTML and DEALS_PAGE_ONLY fields are never read.
 */

#ifndef DEALS_INPUT_H
#define DEALS_INPUT_H

#include <deals/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A JSON object. An unknown field is an error, and so is one given twice. TIME
 * is RFC 3339. null means "absent" and is allowed for NULLABLE fields only. */
DEALS_API int  deals_input_json(const deals_shape *shape, deals_str body,
                   void *out, uint64_t *given, deals_arena *arena,
                   const deals_error **error);

/*
 * application/x-www-form-urlencoded. An unknown field is an error, and so is
 * one given twice, but for a LIST. What forms cannot say is said so:
 *
 *     empty value       null, if the field is NULLABLE; an empty LIST
 *     BOOL              "on", "1", "true"; "", "0", "off", "false"
 *     TIME              RFC 3339, or datetime-local ("2026-01-31T12:00"), UTC
 *     LIST of text      items between commas or white space; repeats add up
 *     deals_money       a decimal in the field's own name ("19.99") and its
 *                       currency in the field `currency`, which all prices of
 *                       the form share; USD if absent or empty
 *
 * Other OBJECTs and LISTs of OBJECTs have no form and count as unknown.
 */
DEALS_API int  deals_input_form(const deals_shape *shape, deals_str body,
                   void *out, uint64_t *given, deals_arena *arena,
                   const deals_error **error);

/* A query string, without its "?". As a form, but unknown names are ignored. */
DEALS_API int  deals_input_query(const deals_shape *shape, deals_str query,
                   void *out, uint64_t *given, deals_arena *arena,
                   const deals_error **error);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_INPUT_H */
