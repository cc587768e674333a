/*
 * json.c - JSON from structs by their shapes, and problems of RFC 9457.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deals/view.h>

#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/word.h"
#include "view/value.h"

enum { DEPTH = 64 };        /* of structs inside of each other */

typedef struct {
    int             in_html;
    deals_drafter  *drafter;    /* NULL: for one viewer */
} manner;

/* A field as what stands in a hole. */
typedef struct {
    const deals_field  *field;
    const char         *row;
    const manner       *how;
    int                 depth;
} hole;

static void  write_object(deals_buf *out, const deals_shape *shape,
                 const void *row, const manner *how, int depth);


static void
write_escaped(deals_buf *out, unsigned char c)
{
    switch (c) {

    case '"':
        deals_buf_add(out, "\\\"", 2);
        break;

    case '\\':
        deals_buf_add(out, "\\\\", 2);
        break;

    case '\n':
        deals_buf_add(out, "\\n", 2);
        break;

    case '\r':
        deals_buf_add(out, "\\r", 2);
        break;

    case '\t':
        deals_buf_add(out, "\\t", 2);
        break;

    default:
        deals_buf_printf(out, "\\u%04x", c);
    }
}


/* The bytes of one code point, or what stands for it. */
static void
write_wide(deals_buf *out, deals_str text, size_t *pos, int in_html)
{
    size_t   before = *pos;
    int32_t  cp = deals_utf8_next(text, pos);

    if (cp < 0) {
        deals_buf_add(out, "\xEF\xBF\xBD", 3);      /* U+FFFD */

    } else if (in_html && (cp == 0x2028 || cp == 0x2029)) {
        deals_buf_printf(out, "\\u%04x", (unsigned) cp);

    } else {
        deals_buf_add(out, text.data + before, *pos - before);
    }
}


/* Whether one of eight bytes must be looked at. */
static int
is_special(uint64_t word, int in_html)
{
    uint64_t  found;

    found = deals_word_not_ascii(word) | deals_word_below(word, ' ')
            | deals_word_is(word, '"') | deals_word_is(word, '\\');

    if (in_html) {
        found |= deals_word_is(word, '<') | deals_word_is(word, '>')
                 | deals_word_is(word, '&');
    }

    return deals_word_found(found);
}


static int
is_plain(unsigned char c, int in_html)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'
           && !(in_html && (c == '<' || c == '>' || c == '&'));
}


/* Copies what needs no escape; there is room for all. */
static size_t
copy_plain(char *to, deals_str text, int in_html)
{
    size_t    i;
    uint64_t  word;

    for (i = 0; text.len - i >= sizeof(word); i += sizeof(word)) {
        word = deals_word(text.data + i);

        if (is_special(word, in_html)) {
            break;
        }

        memcpy(to + i, &word, sizeof(word));
    }

    while (i < text.len && is_plain((unsigned char) text.data[i], in_html)) {
        to[i] = text.data[i];
        i++;
    }

    return i;
}


static void
write_string(deals_buf *out, deals_str text, int in_html)
{
    char           *p;
    size_t          n;
    unsigned char   c;

    deals_buf_put_char(out, '"');

    while ((p = deals_buf_room(out, text.len + 1)) != NULL) {
        n = copy_plain(p, text, in_html);
        out->len += n;

        if (n == text.len) {
            p[n] = '"';
            out->len++;
            return;
        }

        /* NOLINTNEXTLINE(*.NullDereference): NULL has no length */
        c = (unsigned char) text.data[n];

        if (c < 0x80) {
            write_escaped(out, c);
            n++;
        } else {
            write_wide(out, text, &n, in_html);
        }

        text.data += n;
        text.len -= n;
    }
}


void
deals_json_string(deals_buf *out, deals_str text)
{
    write_string(out, text, 0);
}


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

    write_string(out, text, in_html);
}


/* NOLINTBEGIN(misc-no-recursion): DEPTH bounds it */
static void
write_list(deals_buf *out, const deals_shape *shape, const deals_list *list,
    const manner *how, int depth)
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
            write_string(out, *(const deals_str *) (const void *) item,
                         how->in_html);
        }
    }

    deals_buf_put_char(out, ']');
}


/* A number or a time; text absent: null. */
static void
write_bare(deals_buf *out, deals_str text, int quoted)
{
    if (text.data == NULL) {
        deals_buf_put(out, "null", 4);
        return;
    }

    if (quoted) {
        deals_buf_put_char(out, '"');
    }

    deals_buf_put(out, text.data, text.len);

    if (quoted) {
        deals_buf_put_char(out, '"');
    }
}


static void
write_value(deals_buf *out, int type, int flags, const deals_shape *shape,
    const void *value, const manner *how, int depth)
{
    int      truth;
    char     buf[DEALS_TIME_SIZE > DEALS_NUMBER_SIZE ? DEALS_TIME_SIZE
                                                     : DEALS_NUMBER_SIZE];
    int64_t  n;

    switch (type) {

    case DEALS_BOOL:
        truth = *(const int *) value;
        deals_buf_c(out, truth < 0 && (flags & DEALS_NULLABLE) ? "null"
                         : truth ? "true" : "false");
        break;

    case DEALS_INT:
        n = *(const int64_t *) value;
        if (n == DEALS_NULL_INT) {
            deals_buf_put(out, "null", 4);
        } else {
            deals_buf_int(out, n);
        }
        break;

    case DEALS_FLOAT:
        write_bare(out, deals_value_float(buf, *(const double *) value), 0);
        break;

    case DEALS_TIME:
        write_bare(out, deals_time_format(buf, *(const int64_t *) value), 1);
        break;

    case DEALS_OBJECT:
        if (*(const void *const *) value == NULL) {
            deals_buf_put(out, "null", 4);
        } else {
            write_object(out, shape, *(const void *const *) value, how,
                         depth + 1);
        }
        break;

    case DEALS_LIST:
        write_list(out, shape, value, how, depth);
        break;

    default:
        write_text(out, *(const deals_str *) value, flags, how->in_html);
    }
}


/* A field's name is a word of C. */
static void
write_key(deals_buf *out, const char *name)
{
    char    *p;
    size_t   n = strlen(name);

    p = deals_buf_room(out, n + 3);

    if (p != NULL) {
        p[0] = '"';
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): it's JSON */
        memcpy(p + 1, name, n);
        p[n + 1] = '"';
        p[n + 2] = ':';
        out->len += n + 3;
    }
}


static void
write_field(deals_buf *out, const hole *h)
{
    write_value(out, h->field->type, h->field->flags, h->field->shape,
                h->row + h->field->offset, h->how, h->depth);
}


static void
write_hole(void *data, deals_buf *out)
{
    write_field(out, data);
}


static void
write_object(deals_buf *out, const deals_shape *shape, const void *row,
    const manner *how, int depth)
{
    int                 first = 1;
    hole                h = { NULL, row, how, depth };
    size_t              i;
    const deals_field  *field;

    if (depth > DEPTH) {
        deals_buf_put(out, "null", 4);
        return;
    }

    deals_buf_put_char(out, '{');

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];

        if (field->flags & (DEALS_PAGE_ONLY | DEALS_SECRET)) {
            continue;
        }

        if (!first) {
            deals_buf_put_char(out, ',');
        }
        first = 0;

        write_key(out, field->name);
        h.field = field;

        if ((field->flags & DEALS_VIEWER) && how->drafter
            && deals_drafter_hole(how->drafter, shape, row, write_hole, &h)
               == 0)
        {
            continue;
        }

        write_field(out, &h);
    }

    deals_buf_put_char(out, '}');
}
/* NOLINTEND(misc-no-recursion) */


void
deals_json_write(deals_buf *out, const deals_shape *shape, const void *row)
{
    static const manner  plain = { 0, NULL };

    write_object(out, shape, row, &plain, 0);
}


int
deals_json_draft(const deals_shape *shape, const void *row,
    const deals_draft_rules *rules, deals_buf *out)
{
    manner         how;
    deals_drafter  d;

    deals_drafter_begin(&d, rules, out);
    how = (manner) { 0, &d };
    write_object(out, shape, row, &how, 0);

    return deals_drafter_end(&d);
}


void
deals_json_value(deals_buf *out, int type, int flags,
    const deals_shape *shape, const void *value, int in_html,
    deals_drafter *drafter)
{
    manner  how = { in_html, drafter };

    if (value == NULL) {
        deals_buf_put(out, "null", 4);
        return;
    }

    write_value(out, type, flags, shape, value, &how, 0);
}


/* -- problems ------------------------------------------------------------- */

/* What is wrong in one sentence; nothing if nobody said it. */
static void
write_detail(deals_buf *out, const deals_error *error)
{
    size_t              n = 0;
    deals_str           detail = error->message;
    const deals_error  *e;

    for (e = error; e && (e->field.len || e->message.len == 0); e = e->next) {
        n++;
    }

    if (e) {
        detail = e->message;            /* of no field: of the whole */
    }

    if (e == NULL && n > 1) {
        deals_buf_printf(out, ",\"detail\":\"%zu fields are not acceptable\"",
                         n);
    } else if (detail.len) {
        deals_buf_c(out, ",\"detail\":");
        write_string(out, detail, 0);
    }
}


static void
write_errors(deals_buf *out, const deals_error *error)
{
    int                 first = 1;
    const deals_error  *e;

    for (e = error; e; e = e->next) {
        if (e->field.len == 0) {
            continue;
        }

        deals_buf_c(out, first ? ",\"errors\":[" : ",");
        first = 0;

        deals_buf_c(out, "{\"field\":");
        write_string(out, e->field, 0);
        deals_buf_c(out, ",\"detail\":");
        write_string(out, e->message, 0);
        deals_buf_char(out, '}');
    }

    if (!first) {
        deals_buf_char(out, ']');
    }
}


void
deals_json_problem(deals_buf *out, const deals_error *error)
{
    const deals_error_info  *info = deals_error_about(error->code);

    deals_buf_printf(out, "{\"type\":\"urn:deals:problem:%s\",\"title\":",
                     info->name);
    write_string(out, deals_str_of(info->title), 0);
    deals_buf_printf(out, ",\"status\":%d", info->status);
    write_detail(out, error);
    write_errors(out, error);
    deals_buf_char(out, '}');
}
