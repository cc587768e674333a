/*
 * json.c - JSON from structs by their shapes.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deals/view.h>

#include "base/buf.h"
#include "base/time.h"
#include "view/json_keys.h"
#include "view/json_text.h"
#include "view/value.h"

enum { DEPTH = 64 };        /* of structs inside of each other */

/* Bytes that a number, a time in its quotes or a truth takes at most. */
#define SCALAR  (DEALS_TIME_SIZE + 2)

_Static_assert(SCALAR >= (int) DEALS_NUMBER_SIZE
               && SCALAR >= (int) DEALS_INT_SIZE, "all of them fit");

typedef struct {
    int               in_html;
    deals_drafter    *drafter;  /* NULL: for one viewer */
    deals_json_keys  *keys;     /* of the shapes met so far */
} manner;

/* A field as what stands in a hole. */
typedef struct {
    const deals_field  *field;
    const char         *row;
    manner             *how;
    int                 depth;
} hole;

static void  write_object(deals_buf *out, const deals_shape *shape,
                 const void *row, manner *how, int depth);


deals_str
deals_value_float(char *out, double x)
{
    int  digits, n = 0;

    if (!isfinite(x)) {
        return DEALS_NONE;
    }

    for (digits = 15; digits <= 17; digits++) {
        n = snprintf(out, DEALS_NUMBER_SIZE, "%.*g", digits, x);
        if (strtod(out, NULL) == x) {
            break;
        }
    }

    return (deals_str) { out, (size_t) n };
}


static void
write_text(deals_buf *out, deals_str text, int flags, int in_html)
{
    if (text.data == NULL && (flags & DEALS_NULLABLE)) {
        deals_buf_put(out, "null", 4);
        return;
    }

    deals_json_text(out, text, in_html);
}


static void
write_null(deals_buf *out)
{
    deals_buf_put(out, "null", 4);
}


static inline char *
put_word(char *p, const char *word, size_t len)
{
    memcpy(p, word, len);

    return p + len;
}


static inline char *
put_bool(char *p, int truth, int flags)
{
    if (truth < 0 && (flags & DEALS_NULLABLE)) {
        return put_word(p, "null", 4);
    }

    return truth ? put_word(p, "true", 4) : put_word(p, "false", 5);
}


static inline char *
put_int(char *p, int64_t n)
{
    return n == DEALS_NULL_INT ? put_word(p, "null", 4) : deals_put_int(p, n);
}


static char *
put_float(char *p, double x)
{
    deals_str  text = deals_value_float(p, x);

    return text.data == NULL ? put_word(p, "null", 4) : p + text.len;
}


static char *
put_time(char *p, int64_t seconds)
{
    deals_str  text = DEALS_NONE;

    if (seconds != DEALS_NULL_INT) {
        text = deals_time_format(p + 1, seconds);
    }

    if (text.data == NULL) {
        return put_word(p, "null", 4);
    }

    p[0] = '"';
    p[text.len + 1] = '"';

    return p + text.len + 2;
}


/* A value that takes SCALAR bytes at most, at p; returns its end. NULL: it may
 * take more. */
static inline char *
put_scalar(char *p, int type, int flags, const void *value)
{
    switch (type) {

    case DEALS_BOOL:
        return put_bool(p, *(const int *) value, flags);

    case DEALS_INT:
        return put_int(p, *(const int64_t *) value);

    case DEALS_FLOAT:
        return put_float(p, *(const double *) value);

    case DEALS_TIME:
        return put_time(p, *(const int64_t *) value);

    default:
        return NULL;
    }
}


/* NOLINTBEGIN(misc-no-recursion): DEPTH bounds it */
static void
write_list(deals_buf *out, const deals_shape *shape, const deals_list *list,
    manner *how, int depth)
{
    size_t       i, size = shape ? shape->size : sizeof(deals_str);
    const char  *item = list->items;

    deals_buf_put_char(out, '[');

    for (i = 0; i < list->len; i++, item += size) {
        if (i) {
            deals_buf_put_char(out, ',');
        }

        if (shape) {
            write_object(out, shape, item, how, depth + 1);
        } else {
            deals_json_text(out, *(const deals_str *) (const void *) item,
                         how->in_html);
        }
    }

    deals_buf_put_char(out, ']');
}


/* One that put_scalar has no room for. */
static void
write_long(deals_buf *out, int type, int flags, const deals_shape *shape,
    const void *value, manner *how, int depth)
{
    const void  *object;

    switch (type) {

    case DEALS_OBJECT:
        object = *(const void *const *) value;

        if (object == NULL) {
            write_null(out);
        } else {
            write_object(out, shape, object, how, depth + 1);
        }
        break;

    case DEALS_LIST:
        write_list(out, shape, value, how, depth);
        break;

    default:
        write_text(out, *(const deals_str *) value, flags, how->in_html);
    }
}


static void
write_value(deals_buf *out, int type, int flags, const deals_shape *shape,
    const void *value, manner *how, int depth)
{
    char  *p = deals_buf_room(out, SCALAR), *end;

    if (p == NULL) {
        return;
    }

    end = put_scalar(p, type, flags, value);

    if (end != NULL) {
        out->len += (size_t) (end - p);
    } else {
        write_long(out, type, flags, shape, value, how, depth);
    }
}


static void
write_hole(void *data, deals_buf *out)
{
    const hole         *h = data;
    const deals_field  *field = h->field;

    write_value(out, field->type, field->flags, field->shape,
                h->row + field->offset, h->how, h->depth);
}


/* What depends on who looks: 0 if a hole stands for it. */
static int
leave_hole(const deals_shape *shape, const deals_field *field,
    const void *row, manner *how, int depth)
{
    hole  h = { field, row, how, depth };

    return deals_drafter_hole(how->drafter, shape, row, write_hole, &h);
}


static void
write_fields(deals_buf *out, const deals_json_keys *keys, const char *row,
    manner *how, int depth)
{
    char               *p, *end, before = '{';
    size_t              i;
    const deals_field  *field;

    for (i = 0; i < keys->n; i++, before = ',') {
        field = keys->key[i].field;
        p = deals_buf_room(out, keys->longest + SCALAR);

        if (p == NULL) {
            return;
        }

        end = deals_json_key_put(p, &keys->key[i]);
        *p = before;
        p = end;
        out->len = (size_t) (p - out->data);

        if ((field->flags & DEALS_VIEWER) && how->drafter != NULL
            && leave_hole(keys->shape, field, row, how, depth) == 0)
        {
            continue;
        }

        end = put_scalar(p, field->type, field->flags, row + field->offset);

        if (end != NULL) {
            out->len += (size_t) (end - p);
        } else {
            write_long(out, field->type, field->flags, field->shape,
                       row + field->offset, how, depth);
        }
    }
}


static void
write_object(deals_buf *out, const deals_shape *shape, const void *row,
    manner *how, int depth)
{
    const deals_json_keys  *keys;

    if (depth > DEPTH) {
        write_null(out);
        return;
    }

    keys = deals_json_keys_of(&how->keys, shape);

    if (keys == NULL) {
        out->failed = 1;
        return;
    }

    write_fields(out, keys, row, how, depth);

    if (keys->n == 0) {
        deals_buf_put_char(out, '{');
    }

    deals_buf_put_char(out, '}');
}
/* NOLINTEND(misc-no-recursion) */


void
deals_json_write(deals_buf *out, const deals_shape *shape, const void *row)
{
    manner  plain = { 0 };

    write_object(out, shape, row, &plain, 0);
    deals_json_keys_free(plain.keys);
}


int
deals_json_draft(const deals_shape *shape, const void *row,
    const deals_draft_rules *rules, deals_buf *out)
{
    manner         how = { 0 };
    deals_drafter  d;

    deals_drafter_begin(&d, rules, out);
    how.drafter = &d;
    write_object(out, shape, row, &how, 0);
    deals_json_keys_free(how.keys);

    return deals_drafter_end(&d);
}


void
deals_json_value(deals_buf *out, int type, int flags,
    const deals_shape *shape, const void *value, int in_html,
    deals_drafter *drafter)
{
    manner  how = { in_html, drafter, NULL };

    if (value == NULL) {
        write_null(out);
        return;
    }

    write_value(out, type, flags, shape, value, &how, 0);
    deals_json_keys_free(how.keys);
}
