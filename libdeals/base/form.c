/*
 * base/form.c - urlencoded bodies and query strings.
 */

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/form.h"
#include "base/str.h"
#include "base/utf8.h"


static size_t
count_pairs(deals_str text)
{
    size_t  i, n;

    n = 1;

    for (i = 0; i < text.len; i++) {
        n += text.data[i] == '&';
    }

    return n;
}


/* Decodes a name or a value; what is wrong with it is said about `field`. */
static int
decode(deals_arena *arena, deals_str raw, const char *field, deals_str *out,
    const deals_error **error)
{
    int          rc;
    const char  *problem;

    rc = deals_percent_decode(arena, raw, 1, out);

    if (rc == -2) {
        return deals_error_oom(error);
    }

    if (rc == -1) {
        problem = "has a \"%\" without two hexadecimal digits behind it";

    } else if (deals_str_index(*out, '\0') >= 0) {
        problem = "contains a NUL character";

    } else if (!deals_utf8_valid(*out)) {
        problem = "is not valid UTF-8";

    } else {
        return 0;
    }

    *error = deals_error_make(arena, DEALS_MALFORMED, field, "%s%s",
                 field[0] ? "" : "a field's name ", problem);
    return -1;
}


static int
read_pair(deals_arena *arena, deals_str raw, deals_pair *pair,
    const deals_error **error)
{
    ptrdiff_t  equals;
    deals_str  name, value;

    equals = deals_str_index(raw, '=');

    name = equals < 0 ? raw : deals_str_sub(raw, 0, (size_t) equals);
    value = equals < 0 ? DEALS_STR("")
                       : deals_str_sub(raw, (size_t) equals + 1, raw.len);

    if (decode(arena, name, "", &pair->name, error) != 0) {
        return -1;
    }

    /* a copy is terminated: decoded names contain no NUL */
    pair->name = deals_arena_copy(arena, pair->name);
    if (pair->name.data == NULL) {
        return deals_error_oom(error);
    }

    return decode(arena, value, pair->name.data, &pair->value, error);
}


int
deals_form_read(deals_arena *arena, deals_str text, deals_list *pairs,
    const deals_error **error)
{
    deals_str    word;
    deals_pair  *items;

    items = deals_arena_array(arena, count_pairs(text), sizeof(*items));
    if (items == NULL) {
        return deals_error_oom(error);
    }

    pairs->items = items;
    pairs->len = 0;

    while (deals_str_word(&text, "&", &word)) {
        if (word.len == 0) {
            continue;
        }

        if (read_pair(arena, word, &items[pairs->len], error) != 0) {
            return -1;
        }

        pairs->len++;
    }

    return 0;
}


deals_str
deals_form_get(const deals_list *pairs, const char *name)
{
    size_t             i;
    const deals_pair  *pair;

    pair = pairs->items;

    for (i = 0; i < pairs->len; i++) {
        if (deals_str_is(pair[i].name, name)) {
            return pair[i].value;
        }
    }

    return DEALS_NONE;
}
