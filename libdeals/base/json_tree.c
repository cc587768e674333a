/*
 * base/json_tree.c - what yajl reads becomes a tree, a callback a value. What it
 * is lax about and can be seen here is refused: depth, and numbers.
 */

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_reader.h"
#include "base/str.h"

#define NUMBER_MAX  512         /* characters of a number */


static int
no_memory(deals_json_reader *r)
{
    r->no_memory = 1;

    return 0;
}


static int
refuse(deals_json_reader *r, const char *problem)
{
    r->problem = problem;

    return 0;
}


/* A new value at its place in the tree; NULL: out of memory. */
static deals_json *
add(deals_json_reader *r, deals_json_type type)
{
    deals_json        *node;
    deals_json_level  *in;

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
    char                copy[NUMBER_MAX + 1];
    double              number;
    int64_t             integer;
    deals_json         *node;
    deals_json_type     type;
    deals_json_reader  *r = ctx;

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
    deals_json         *node;
    deals_json_reader  *r = ctx;

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
    deals_json_reader  *r = ctx;

    r->name = deals_arena_copy(r->arena, (deals_str) {
                  len ? (const char *) text : "", len });

    return r->name.data ? 1 : no_memory(r);
}


static int
open_level(deals_json_reader *r, deals_json_type type)
{
    deals_json  *node;

    if (r->depth == DEALS_JSON_DEPTH) {
        return refuse(r, "it is nested too deeply");
    }

    node = add(r, type);
    if (node == NULL) {
        return 0;
    }

    r->open[r->depth++] = (deals_json_level) { node, NULL };

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
    deals_json_reader  *r = ctx;

    r->depth--;

    return 1;
}


const yajl_callbacks  deals_json_callbacks = {
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
