/*
 * base/json.c - JSON into a tree. yajl reads; what it is lax about is checked
 * here: before it (characters, UTF-8, surrogates) and in its callbacks (depth,
 * numbers).
 */

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

#define NUMBER_MAX  512         /* characters of a number */

/* An array or object that is still open. */
typedef struct {
    deals_json  *node;
    deals_json  *last;          /* its newest item */
} level;

typedef struct {
    deals_arena         *arena;
    deals_json          *root;
    level                open[DEALS_JSON_DEPTH];
    int                  depth;
    deals_str            name;          /* of the next value in an object */
    const char          *problem;       /* why a callback cancelled */
    int                  no_memory;
    jmp_buf              out_of_memory;
} reader;


static int
no_memory(reader *r)
{
    r->no_memory = 1;

    return 0;
}


static int
refuse(reader *r, const char *problem)
{
    r->problem = problem;

    return 0;
}


/* A new value at its place in the tree; NULL: out of memory. */
static deals_json *
add(reader *r, deals_json_type type)
{
    level       *in;
    deals_json  *node;

    node = deals_arena_alloc(r->arena, sizeof(*node));
    if (node == NULL) {
        r->no_memory = 1;
        return NULL;
    }

    node->type = type;
    node->name = r->name;
    r->name = DEALS_NONE;

    if (r->depth == 0) {
        r->root = node;
        return node;
    }

    in = &r->open[r->depth - 1];

    if (in->last == NULL) {
        in->node->first = node;
    } else {
        in->last->next = node;
    }

    in->last = node;

    return node;
}


static int
on_null(void *ctx)
{
    return add(ctx, DEALS_JSON_NULL) != NULL;
}


static int
on_boolean(void *ctx, int value)
{
    deals_json  *node;

    node = add(ctx, DEALS_JSON_BOOL);
    if (node == NULL) {
        return 0;
    }

    node->boolean = value != 0;

    return 1;
}


/* strtod whatever the host's locale says about decimal points. */
static double
number_of(const char *text)
{
    double    d;
    locale_t  c;

    c = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
    if (c == (locale_t) 0) {
        return NAN;
    }

    d = strtod_l(text, NULL, c);
    freelocale(c);

    return d;
}


static int
on_number(void *ctx, const char *text, size_t len)
{
    char         copy[NUMBER_MAX + 1];
    int64_t      integer;
    double       number;
    reader      *r = ctx;
    deals_json  *node;
    deals_json_type  type;

    if (len > NUMBER_MAX) {
        return refuse(r, "a number is too long");
    }

    memcpy(copy, text, len);
    copy[len] = '\0';

    integer = 0;
    type = strpbrk(copy, ".eE") ? DEALS_JSON_FLOAT : DEALS_JSON_INT;

    if (type == DEALS_JSON_INT
        && deals_str_int(deals_str_of(copy), &integer) != 0)
    {
        return refuse(r, "an integer is out of range");
    }

    number = number_of(copy);
    if (!isfinite(number)) {
        return refuse(r, "a number is out of range");
    }

    node = add(r, type);
    if (node == NULL) {
        return 0;
    }

    node->integer = integer;
    node->number = number;

    return 1;
}


static int
on_string(void *ctx, const unsigned char *text, size_t len)
{
    reader      *r = ctx;
    deals_json  *node;

    node = add(r, DEALS_JSON_STRING);
    if (node == NULL) {
        return 0;
    }

    node->string = deals_arena_copy(r->arena, (deals_str) {
                       len ? (const char *) text : "", len });

    return node->string.data ? 1 : no_memory(r);
}


static int
on_name(void *ctx, const unsigned char *text, size_t len)
{
    reader  *r = ctx;

    r->name = deals_arena_copy(r->arena, (deals_str) {
                  len ? (const char *) text : "", len });

    return r->name.data ? 1 : no_memory(r);
}


static int
open_level(reader *r, deals_json_type type)
{
    deals_json  *node;

    if (r->depth == DEALS_JSON_DEPTH) {
        return refuse(r, "it is nested too deeply");
    }

    node = add(r, type);
    if (node == NULL) {
        return 0;
    }

    r->open[r->depth++] = (level) { node, NULL };

    return 1;
}


static int
on_start_map(void *ctx)
{
    return open_level(ctx, DEALS_JSON_OBJECT);
}


static int
on_start_array(void *ctx)
{
    return open_level(ctx, DEALS_JSON_ARRAY);
}


static int
on_end(void *ctx)
{
    reader  *r = ctx;

    r->depth--;

    return 1;
}


static const yajl_callbacks  callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};


/* The value of "\uXXXX" at i, or -1. */
static int
escape_at(deals_str text, size_t i)
{
    int     value;
    char    c;
    size_t  k;

    if (i + 6 > text.len || text.data[i] != '\\' || text.data[i + 1] != 'u') {
        return -1;
    }

    value = 0;

    for (k = i + 2; k < i + 6; k++) {
        c = deals_lower(text.data[k]);

        if (deals_is_digit((unsigned char) c)) {
            value = value * 16 + (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            value = value * 16 + (c - 'a' + 10);

        } else {
            return -1;
        }
    }

    return value;
}


/* Before yajl: what it would let through, or mend silently. Returns the
 * problem and its place, or NULL. */
static const char *
look_over(deals_str text, size_t *at)
{
    int            value, in_string;
    size_t         i, next;
    unsigned char  c;

    in_string = 0;

    for (i = 0; i < text.len; i = next) {
        *at = i;
        next = i;
        c = (unsigned char) text.data[i];

        if (deals_utf8_next(text, &next) < 0) {
            return "it is not valid UTF-8";
        }

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            return "there is a control character";
        }

        in_string ^= c == '"';

        if (c != '\\') {
            continue;
        }

        /* outside of strings a backslash is yajl's to refuse */
        value = escape_at(text, i);

        if (value < 0) {
            next = i + 2;

        } else if (value < 0xd800 || value > 0xdfff) {
            next = i + 6;

        } else {
            next = i + 12;
            if (value > 0xdbff || (escape_at(text, i + 6) & 0xfc00) != 0xdc00) {
                return "there is half of a surrogate pair";
            }
        }
    }

    /* behind the last value yajl waits for its end for ever */
    return in_string ? "a string has no end" : NULL;
}


static const deals_json *
fail(deals_arena *arena, deals_str text, size_t at, const char *problem,
    const deals_error **error)
{
    size_t  i, line, column;

    line = 1;
    column = 1;

    for (i = 0; i < at && i < text.len; i++) {
        column++;

        if (text.data[i] == '\n') {
            line++;
            column = 1;
        }
    }

    *error = deals_error_make(arena, DEALS_MALFORMED, NULL,
                 "The JSON cannot be read: %s (line %zu, column %zu).",
                 problem, line, column);
    return NULL;
}


static const deals_json *
fail_yajl(deals_arena *arena, deals_str text, yajl_handle handle,
    const deals_error **error)
{
    size_t          at;
    char           *copy;
    unsigned char  *message;

    at = yajl_get_bytes_consumed(handle);
    message = yajl_get_error(handle, 0, NULL, 0);

    copy = message ? deals_arena_printf(arena, "%s", (char *) message) : NULL;
    yajl_free_error(handle, message);

    if (copy == NULL) {
        (void) deals_error_oom(error);
        return NULL;
    }

    copy[strcspn(copy, "\n")] = '\0';

    return fail(arena, text, at, copy, error);
}


/* -- yajl's memory --------------------------------------------------------- */

/* yajl writes to what it got without a look at it: so it does not get NULL.
 * What it takes lies in the arena, and goes with it. */

#define BLOCK  16       /* bytes before a block, that know its size */

static void *
take(void *ctx, size_t size)
{
    reader  *r = ctx;
    char    *p;

    p = size < SIZE_MAX - BLOCK ? deals_arena_alloc(r->arena, BLOCK + size)
                                : NULL;
    if (p == NULL) {
        longjmp(r->out_of_memory, 1);
    }

    *(size_t *) (void *) p = size;

    return p + BLOCK;
}


static void *
take_more(void *ctx, void *old, size_t size)
{
    void    *p;
    size_t   had;

    had = old != NULL ? *(size_t *) (void *) ((char *) old - BLOCK) : 0;

    if (size <= had) {
        return old;
    }

    p = take(ctx, size);

    if (had > 0) {
        memcpy(p, old, had);
    }

    return p;
}


static void
give(void *ctx, void *p)
{
    (void) ctx;
    (void) p;
}


static const deals_json *
read_all(reader *r, deals_str text, const deals_error **error)
{
    yajl_handle        handle;
    yajl_status        status;
    yajl_alloc_funcs   memory = { take, take_more, give, r };

    if (setjmp(r->out_of_memory) != 0) {
        (void) deals_error_oom(error);
        return NULL;
    }

    handle = yajl_alloc(&callbacks, &memory, r);
    status = yajl_parse(handle, (const unsigned char *) text.data, text.len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
    }

    if (r->no_memory) {
        (void) deals_error_oom(error);
        return NULL;
    }

    if (r->problem != NULL) {
        return fail(r->arena, text, yajl_get_bytes_consumed(handle),
                    r->problem, error);
    }

    return status == yajl_status_ok ? r->root
                                    : fail_yajl(r->arena, text, handle, error);
}


const deals_json *
deals_json_read(deals_arena *arena, deals_str text, const deals_error **error)
{
    size_t       at;
    reader       r;
    const char  *problem;

    if (deals_str_trim(text).len == 0) {
        return fail(arena, text, 0, "it is empty", error);
    }

    problem = look_over(text, &at);
    if (problem != NULL) {
        return fail(arena, text, at, problem, error);
    }

    memset(&r, 0, sizeof(r));
    r.arena = arena;

    return read_all(&r, text, error);
}


const deals_json *
deals_json_get(const deals_json *object, const char *name)
{
    const deals_json  *item, *found;

    found = NULL;

    if (object == NULL || object->type != DEALS_JSON_OBJECT) {
        return NULL;
    }

    for (item = object->first; item != NULL; item = item->next) {
        if (deals_str_is(item->name, name)) {
            found = item;
        }
    }

    return found;
}


const char *
deals_json_type_name(deals_json_type type)
{
    static const char *const  names[] = {
        "null", "true or false", "a number", "a number", "a string", "a list",
        "an object"
    };

    return names[type];
}
