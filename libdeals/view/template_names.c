/*
 * template_names.c - the names in a template, against the shapes around them:
 * innermost first, as Mustache says, but all of it when templates are loaded.
 */

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "view/template.h"

enum {
    NEAR = 4,           /* names suggested */
    LONGEST = 64        /* of a name that is compared */
};

typedef struct {
    const char  *name;
    int          distance;
} suggestion;


static const deals_field *
find_field(const deals_shape *shape, deals_str name)
{
    size_t  i;

    for (i = 0; i < shape->nfields; i++) {
        if (deals_str_is(name, shape->fields[i].name)) {
            return &shape->fields[i];
        }
    }

    return NULL;
}


static int
smallest(int a, int b, int c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}


/* How many letters must be changed, added, taken away or swapped with their
 * neighbour (Damerau, Levenshtein). */
static int
distance(deals_str a, deals_str b)
{
    int     rows[3][LONGEST + 1], *row, *last, *before;
    size_t  i, j;

    if (a.len > LONGEST || b.len > LONGEST) {
        return LONGEST;
    }

    for (j = 0; j <= b.len; j++) {
        rows[0][j] = (int) j;
    }

    for (i = 1; i <= a.len; i++) {
        row = rows[i % 3];
        last = rows[(i + 2) % 3];
        before = rows[(i + 1) % 3];
        row[0] = (int) i;

        for (j = 1; j <= b.len; j++) {
            char  x = deals_lower(a.data[i - 1]);
            char  y = deals_lower(b.data[j - 1]);

            row[j] = smallest(last[j] + 1, row[j - 1] + 1,
                              last[j - 1] + (x != y));

            if (i > 1 && j > 1 && x == deals_lower(b.data[j - 2])
                && y == deals_lower(a.data[i - 2]) && before[j - 2] < row[j])
            {
                row[j] = before[j - 2] + (x != y);
            }
        }
    }

    return rows[a.len % 3][b.len];
}


/* Keeps the nearest names of a shape, nearest first. */
static void
suggest(const deals_shape *shape, deals_str wanted, suggestion *best,
    unsigned *nbest)
{
    int          d;
    size_t       i;
    unsigned     at, k;
    const char  *name;

    for (i = 0; i < shape->nfields; i++) {
        name = shape->fields[i].name;
        d = distance(wanted, deals_str_of(name));

        if ((d > (int) wanted.len / 3 + 1 || d >= (int) wanted.len)
            && (wanted.len < 3 || strncmp(name, wanted.data, wanted.len) != 0))
        {
            continue;
        }

        for (k = 0; k < *nbest && strcmp(best[k].name, name) != 0; k++) {
            /* void */
        }
        if (k < *nbest) {
            continue;
        }

        for (at = *nbest; at > 0 && best[at - 1].distance > d; at--) {
            if (at < NEAR) {
                best[at] = best[at - 1];
            }
        }
        if (at < NEAR) {
            best[at].name = name;
            best[at].distance = d;
            *nbest += *nbest < NEAR;
        }
    }
}


static void
add_names(deals_buf *buf, const deals_shape *shape)
{
    size_t  i;

    for (i = 0; i < shape->nfields; i++) {
        deals_buf_c(buf, i ? ", " : "");
        deals_buf_c(buf, shape->fields[i].name);
    }
}


static const char *
finish(deals_arena *arena, deals_buf *buf)
{
    return deals_arena_take(arena, buf).data;
}


/* The message for a first word that no scope has. */
static const char *
unknown(deals_arena *arena, const deals_scope *scopes, unsigned nscopes,
    deals_str word)
{
    unsigned            i, nbest = 0;
    deals_buf           buf = { 0 };
    suggestion          best[NEAR];
    const deals_shape  *inner = NULL;

    for (i = nscopes; i > 0; i--) {
        if (scopes[i - 1].shape) {
            inner = inner ? inner : scopes[i - 1].shape;
            suggest(scopes[i - 1].shape, word, best, &nbest);
        }
    }

    deals_buf_printf(&buf, "unknown name \"%.*s\"", DEALS_FMT(word));

    if (inner) {
        deals_buf_printf(&buf, " in %s", inner->name);
    }

    for (i = 0; i < nbest; i++) {
        deals_buf_printf(&buf, "%s%s", i ? ", " : ": did you mean ",
                         best[i].name);
    }

    deals_buf_c(&buf, nbest ? "?" : "");

    if (nbest == 0 && inner) {
        deals_buf_c(&buf, ", which has ");
        add_names(&buf, inner);
    }

    return finish(arena, &buf);
}


/* The message for a later word. */
static const char *
unknown_field(deals_arena *arena, const deals_name *name, deals_str before,
    deals_str word)
{
    unsigned    i, nbest = 0;
    deals_buf   buf = { 0 };
    suggestion  best[NEAR];

    if (name->type == DEALS_LIST) {
        deals_buf_printf(&buf, "\"%.*s\" is a list: write {{#%.*s}}{{%.*s}}"
                         "{{/%.*s}}", DEALS_FMT(before), DEALS_FMT(before),
                         DEALS_FMT(word), DEALS_FMT(before));
        return finish(arena, &buf);
    }

    if (name->type != DEALS_OBJECT) {
        deals_buf_printf(&buf, "\"%.*s\" has no fields: write {{%.*s}}",
                         DEALS_FMT(before), DEALS_FMT(before));
        return finish(arena, &buf);
    }

    suggest(name->shape, word, best, &nbest);
    deals_buf_printf(&buf, "unknown name \"%.*s\" in %.*s", DEALS_FMT(word),
                     DEALS_FMT(before));

    for (i = 0; i < nbest; i++) {
        deals_buf_printf(&buf, "%s%s", i ? ", " : ": did you mean ",
                         best[i].name);
    }

    deals_buf_c(&buf, nbest ? "?" : "");

    if (nbest == 0) {
        deals_buf_c(&buf, ", which has ");
        add_names(&buf, name->shape);
    }

    return finish(arena, &buf);
}


static int
name_of_dot(deals_arena *arena, const deals_scope *scopes, unsigned nscopes,
    deals_name *name, const char **message)
{
    const deals_scope  *top = &scopes[nscopes - 1];

    if (top->shape) {
        *message = deals_arena_printf(arena, "{{.}} is not one value but a "
                       "whole %s: name a field of it", top->shape->name);
        return -1;
    }

    name->type = top->type;
    name->scope = nscopes - 1;

    return 0;
}


static int
add_field(deals_name *name, const deals_shape *owner, const deals_field *field)
{
    name->field = field;
    name->owner = owner;
    name->viewers += (field->flags & DEALS_VIEWER) != 0;
    name->type = (deals_type) field->type;
    name->shape = field->shape;
    name->path[name->npath++] = field->offset;

    return 0;
}


int
deals_template_name(deals_arena *arena, const deals_scope *scopes,
    unsigned nscopes, deals_str text, deals_name *name, const char **message)
{
    size_t              i, words = 1;
    unsigned            s;
    deals_str           rest = text, word = DEALS_NONE;
    const deals_field  *field = NULL;

    memset(name, 0, sizeof(*name));
    *message = NULL;

    if (deals_str_is(text, ".")) {
        return name_of_dot(arena, scopes, nscopes, name, message);
    }

    for (i = 0; i < text.len; i++) {
        words += text.data[i] == '.';
    }

    if (words > 16) {
        *message = "the name has too many dots";
        return -1;
    }

    name->path = deals_arena_array(arena, words, sizeof(uint32_t));
    if (name->path == NULL) {
        return -1;
    }

    deals_str_word(&rest, ".", &word);

    for (s = nscopes; s > 0 && field == NULL; s--) {
        if (scopes[s - 1].shape) {
            field = find_field(scopes[s - 1].shape, word);
            name->scope = s - 1;
        }
    }

    if (field == NULL) {
        *message = unknown(arena, scopes, nscopes, word);
        return -1;
    }

    add_field(name, scopes[name->scope].shape, field);

    while (deals_str_word(&rest, ".", &word)) {
        field = name->type == DEALS_OBJECT ? find_field(name->shape, word)
                                           : NULL;
        if (field == NULL) {
            *message = unknown_field(arena, name,
                           deals_str_sub(text, 0, (size_t) (word.data
                                                            - text.data) - 1),
                           word);
            return -1;
        }

        add_field(name, name->shape, field);
    }

    return 0;
}
