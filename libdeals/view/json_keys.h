/*
 * view/json_keys.h - the names of a shape's fields as JSON has them, made ready
 * once for all of its rows.
 */

#ifndef DEALS_VIEW_JSON_KEYS_H
#define DEALS_VIEW_JSON_KEYS_H

#include <string.h>

#include <deals/types.h>

enum { DEALS_JSON_KEY_SIZE = 32 };      /* that most are shorter than */

/* ,"name": of a field that JSON shows. At `text` are DEALS_JSON_KEY_SIZE bytes
 * at least: a copy of so many is made without a loop. */
typedef struct {
    const deals_field  *field;
    const char         *text;
    size_t              len;
} deals_json_key;

typedef struct deals_json_keys  deals_json_keys;

struct deals_json_keys {
    const deals_shape  *shape;
    deals_json_keys    *next;
    size_t              longest;        /* what such a copy takes */
    size_t              n;
    deals_json_key      key[];          /* behind them: their texts */
};

/* Those of a shape, from the list or added to it; NULL: out of memory. */
const deals_json_keys  *deals_json_keys_of(deals_json_keys **list,
                            const deals_shape *shape);
void                    deals_json_keys_free(deals_json_keys *list);

/* Copies a key to where there is room for the longest; returns its end. */
static inline char *
deals_json_key_put(char *to, const deals_json_key *key)
{
    memcpy(to, key->text, DEALS_JSON_KEY_SIZE);

    if (key->len > DEALS_JSON_KEY_SIZE) {
        memcpy(to + DEALS_JSON_KEY_SIZE, key->text + DEALS_JSON_KEY_SIZE,
               key->len - DEALS_JSON_KEY_SIZE);
    }

    return to + key->len;
}

#endif /* DEALS_VIEW_JSON_KEYS_H */
