/*
 * calls/use.c - the beginning and the end of every use case's call. See
 * calls/use.h.
 */

#include "base/error.h"
#include "calls/use.h"

#define AGENT_MAX  300              /* bytes of a user agent worth keeping */


deals_call *
deals_use_drop(deals_call *call)
{
    deals_call_free(call);
    return NULL;
}


/* 0, or -1: no memory. */
static int
copy(deals_arena *arena, deals_str *to, deals_str from, size_t max)
{
    if (from.data == NULL) {
        *to = DEALS_NONE;
        return 0;
    }

    if (from.len > max) {
        from.len = max;
    }

    *to = deals_arena_copy(arena, from);

    return to->data == NULL ? -1 : 0;
}


deals_str
deals_use_text(deals_arena *arena, deals_str text)
{
    return deals_arena_copy(arena, text.data != NULL ? text : DEALS_STR(""));
}


/* PostgreSQL takes valid UTF-8 without NUL; what a client calls itself is any
 * bytes. */
static void
printable(deals_str s)
{
    char    *p = (char *) s.data;
    size_t   i;

    for (i = 0; i < s.len; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            p[i] = '?';
        }
    }
}


deals_call *
deals_use_new(deals_ctx *ctx, deals_use_kind kind, size_t state_size,
    const deals_asker *asker, deals_done done, void *data)
{
    deals_use    *use;
    deals_call   *call;
    deals_arena  *arena;

    call = deals_call_new(ctx, state_size, done, data);
    if (call == NULL) {
        return NULL;
    }

    use = deals_call_state(call);
    use->kind = kind;
    arena = deals_call_arena(call);

    if (asker == NULL) {
        return call;
    }

    use->strict = asker->strict != 0;
    use->data_only = asker->data_only != 0;
    use->needs = asker->needs;

    if (copy(arena, &use->address, asker->address, 100) < 0
        || copy(arena, &use->user_agent, asker->user_agent, AGENT_MAX) < 0)
    {
        return deals_use_drop(call);
    }

    printable(use->address);
    printable(use->user_agent);

    if (asker->token.data == NULL) {
        return call;
    }

    return deals_use_token(call, asker->token) == 0 ? call : deals_use_drop(call);
}


void *
deals_use_result(const deals_call *call, deals_use_kind kind)
{
    deals_use  *use;

    if (call == NULL || !deals_call_is_done(call)
        || deals_call_error(call) != NULL)
    {
        return NULL;
    }

    use = deals_call_state((deals_call *) call);

    return use->kind == kind ? use : NULL;
}


void
deals_use_no_memory(deals_call *call)
{
    deals_call_finish(call, &deals_error_no_memory);
}


const void *
deals_use_row(const deals_query *query)
{
    return query->rows.len > 0 ? query->rows.items : NULL;
}
