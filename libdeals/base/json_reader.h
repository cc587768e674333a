/*
 * base/json_reader.h - inside of the reading of JSON. Only base/json*.c include
 * it, and yajl.
 */

#ifndef DEALS_BASE_JSON_READER_H
#define DEALS_BASE_JSON_READER_H

#include <setjmp.h>

#include <yajl/yajl_parse.h>

#include "base/json.h"

/* An array or object that is still open. */
typedef struct {
    deals_json  *node;
    deals_json  *last;          /* its newest item */
} deals_json_level;

typedef struct {
    deals_arena         *arena;
    deals_json          *root;
    deals_json_level     open[DEALS_JSON_DEPTH];
    int                  depth;
    deals_str            name;          /* of the next value in an object */
    const char          *problem;       /* why a callback cancelled */
    int                  no_memory;
    jmp_buf              out_of_memory;
} deals_json_reader;

/* json_tree.c: their context is the reader. */
extern const yajl_callbacks  deals_json_callbacks;

/* json_check.c: before yajl. Returns the problem and its place, or NULL. */
const char  *deals_json_check(deals_str text, size_t *at);

#endif /* DEALS_BASE_JSON_READER_H */
