/*
 * base/json.h - JSON text read into a tree.
 *
 * Stricter than yajl, which does the work: no form feed as white space, no
 * comments, no trailing text, no empty text, at most 64 levels, no lone
 * surrogates, valid UTF-8; integers fit int64_t and other numbers are finite.
 * "\u0000" is JSON, so it is read: strings are counted, not terminated. A name
 * given twice is JSON too: both stay in the tree, deals_json_get gives the
 * last.
 */

#ifndef DEALS_BASE_JSON_H
#define DEALS_BASE_JSON_H

#include <deals/types.h>

#define DEALS_JSON_DEPTH  64

typedef enum {
    DEALS_JSON_NULL = 0,
    DEALS_JSON_BOOL,
    DEALS_JSON_INT,         /* written without '.', 'e' and 'E' */
    DEALS_JSON_FLOAT,
    DEALS_JSON_STRING,
    DEALS_JSON_ARRAY,
    DEALS_JSON_OBJECT
} deals_json_type;

typedef struct deals_json  deals_json;

struct deals_json {
    deals_json_type    type;
    deals_str          name;        /* in an object; otherwise absent */
    int                boolean;
    int64_t            integer;
    double             number;      /* of INT too */
    deals_str          string;
    const deals_json  *first;       /* item of an array or object */
    const deals_json  *next;        /* sibling */
};

/* NULL and *error (DEALS_MALFORMED with line and column, DEALS_NO_MEMORY). The
 * tree lies in `arena` and keeps nothing of `text`. */
const deals_json  *deals_json_read(deals_arena *arena, deals_str text,
                       const deals_error **error);

/* The last member of this name; NULL: none, or not an object. */
const deals_json  *deals_json_get(const deals_json *object, const char *name);

/* "a string", "an object" ...: for messages. */
const char        *deals_json_type_name(deals_json_type type);

#endif /* DEALS_BASE_JSON_H */
