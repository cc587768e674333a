/*
 * core/input.c - what reading JSON and reading forms have in common.
 */

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/input.h"


const deals_field *
deals_input_find(const deals_shape *shape, deals_str name)
{
    size_t              i;
    const deals_field  *field;

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];

        if (deals_str_is(name, field->name)) {
            return field->type == DEALS_HTML || (field->flags & DEALS_PAGE_ONLY)
                   ? NULL : field;
        }
    }

    return NULL;
}


void
deals_input_clear(const deals_shape *shape, void *out)
{
    void               *slot;
    size_t              i;
    const deals_field  *field;

    memset(out, 0, shape->size);

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];
        slot = DEALS_SLOT(out, field);

        if (field->type == DEALS_TEXT || field->type == DEALS_URL) {
            *(deals_str *) slot = (field->flags & DEALS_NULLABLE)
                                  ? DEALS_NONE : DEALS_STR("");
            continue;
        }

        if (!(field->flags & DEALS_NULLABLE)) {
            continue;
        }

        switch (field->type) {

        case DEALS_INT:
        case DEALS_TIME:
            *(int64_t *) slot = DEALS_NULL_INT;
            break;

        case DEALS_FLOAT:
            *(double *) slot = NAN;
            break;

        case DEALS_BOOL:
            *(int *) slot = -1;
            break;

        default:
            break;                  /* no object, no items: zeroes */
        }
    }
}


void
deals_input_bad(deals_input *in, const char *field, const char *fmt, ...)
{
    char     message[256];
    va_list  args;

    if (in->count++ >= DEALS_INPUT_ERRORS) {
        return;
    }

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);

    (void) deals_error_add(in->arena, &in->errors, DEALS_INVALID, field, "%s",
               message);
}


/* An error without a name would be one of the whole input: a name of nothing is
 * shown as "", and so are quotes around one that cannot be shown as it is. */
void
deals_input_unknown(deals_input *in, const char *prefix, deals_str name)
{
    size_t        i;
    char         *shown;
    const char   *quote;

    name = deals_utf8_cut(name, 64);
    quote = name.len == 0 || deals_utf8_control(name, 0) >= 0 ? "\"" : "";

    name = deals_arena_copy(in->arena, name);
    if (name.data == NULL) {
        (void) deals_error_oom(&in->errors);
        return;
    }

    shown = (char *) (uintptr_t) name.data;

    for (i = 0; i < name.len; i++) {
        if ((unsigned char) shown[i] < 0x20 || shown[i] == 0x7f) {
            shown[i] = '?';
        }
    }

    shown = deals_arena_printf(in->arena, "%s%s%s%s", prefix, quote, shown,
                               quote);
    if (shown == NULL) {
        (void) deals_error_oom(&in->errors);
        return;
    }

    deals_input_bad(in, shown, "is not a known field");
}


void
deals_input_text(deals_input *in, const char *field, deals_str value,
    deals_str *slot)
{
    if (deals_str_index(value, '\0') >= 0) {
        deals_input_bad(in, field, "contains a NUL character");
        return;
    }

    *slot = value;
}


int
deals_input_end(const deals_input *in, const deals_error **error)
{
    /* what could not be read may be missing, or look wrong */
    if (deals_arena_refused(in->arena)) {
        return deals_error_oom(error);
    }

    if (in->errors == NULL) {
        return 0;
    }

    *error = in->errors;

    return -1;
}
