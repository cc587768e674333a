/*
 * json_keys.c - the names of a shape's fields as JSON has them.
 */

#include <stdlib.h>
#include <string.h>

#include "view/json_keys.h"


static int
is_shown(const deals_field *field)
{
    return (field->flags & (DEALS_PAGE_ONLY | DEALS_SECRET)) == 0;
}


/* What the text of a field takes. */
static size_t
size_of(const deals_field *field)
{
    size_t  len = strlen(field->name) + 4;

    return len > DEALS_JSON_KEY_SIZE ? len : DEALS_JSON_KEY_SIZE;
}


static void
add_key(deals_json_keys *keys, const deals_field *field, char *text)
{
    size_t           n = strlen(field->name);
    deals_json_key  *key = &keys->key[keys->n++];

    text[0] = ',';
    text[1] = '"';
    /* zeros follow: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
    memcpy(text + 2, field->name, n);
    text[n + 2] = '"';
    text[n + 3] = ':';

    key->field = field;
    key->text = text;
    key->len = n + 4;
}


static deals_json_keys *
add(deals_json_keys **list, const deals_shape *shape)
{
    char             *text;
    size_t            i, n, longest, size;
    deals_json_keys  *keys;

    for (i = 0, n = 0, longest = 0, size = 0; i < shape->nfields; i++) {
        if (is_shown(&shape->fields[i])) {
            n++;
            size += size_of(&shape->fields[i]);
            longest = size_of(&shape->fields[i]) > longest
                      ? size_of(&shape->fields[i]) : longest;
        }
    }

    keys = calloc(1, sizeof(*keys) + n * sizeof(keys->key[0]) + size);

    if (keys == NULL) {
        return NULL;
    }

    keys->shape = shape;
    keys->longest = longest;
    text = (char *) &keys->key[n];

    for (i = 0; i < shape->nfields; i++) {
        if (is_shown(&shape->fields[i])) {
            add_key(keys, &shape->fields[i], text);
            text += size_of(&shape->fields[i]);
        }
    }

    keys->next = *list;
    *list = keys;

    return keys;
}


const deals_json_keys *
deals_json_keys_of(deals_json_keys **list, const deals_shape *shape)
{
    deals_json_keys  *keys;

    for (keys = *list; keys != NULL; keys = keys->next) {
        if (keys->shape == shape) {
            return keys;
        }
    }

    return add(list, shape);
}


void
deals_json_keys_free(deals_json_keys *list)
{
    deals_json_keys  *next;

    for ( /* void */ ; list != NULL; list = next) {
        next = list->next;
        free(list);
    }
}
