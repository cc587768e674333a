/*
 * base/json.c - JSON text read by yajl, with what it is lax about checked
 * elsewhere: before it in base/json_check.c, in its callbacks in
 * base/json_tree.c.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json_reader.h"
#include "base/str.h"


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
    char               *p;
    deals_json_reader  *r = ctx;

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
read_all(deals_json_reader *r, deals_str text, const deals_error **error)
{
    yajl_handle        handle;
    yajl_status        status;
    yajl_alloc_funcs   memory = { take, take_more, give, r };

    if (setjmp(r->out_of_memory) != 0) {
        (void) deals_error_oom(error);
        return NULL;
    }

    handle = yajl_alloc(&deals_json_callbacks, &memory, r);
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
    size_t              at;
    const char         *problem;
    deals_json_reader   r;

    if (deals_str_trim(text).len == 0) {
        return fail(arena, text, 0, "it is empty", error);
    }

    problem = deals_json_check(text, &at);
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
