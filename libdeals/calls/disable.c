/*
 * calls/disable.c - the operator shuts a member out, and lets one in again.
 */

#include <string.h>

#include <deals/members.h>

#include "core/name.h"
#include "stmts.h"
#include "calls/use.h"

typedef struct {
    deals_use         use;
    deals_str         key;              /* of the name */
    int               enable;
    deals_query      *member;           /* deals_user */
    deals_query      *ended;            /* NULL: enable */
    deals_member_end  result;
} disable_state;


static void
done_with(deals_call *call)
{
    disable_state               *state = deals_call_state(call);
    const deals_member_end_row  *row;

    row = state->ended != NULL ? deals_use_row(state->ended) : NULL;

    if (row != NULL) {
        state->result.sessions = row->sessions;
        state->result.tokens = row->tokens;
    }

    deals_call_finish(call, NULL);
}


/* The member's row is locked by the first: whoever signs in or makes a token
 * comes before it, and the second ends what that brought, or finds the member
 * shut out. */
static void
disable(deals_call *call, int64_t user_id)
{
    deals_arena                  *arena = deals_call_arena(call);
    disable_state                *state = deals_call_state(call);
    deals_member_end_params       end = { .user_id = user_id };
    deals_member_disable_params   p = { .user_id = user_id };

    p.now = deals_call_now(call);
    state->ended = deals_q_member_end(arena, &end);

    deals_call_query(call, deals_q_member_disable(arena, &p));
    deals_call_query(call, state->ended);
}


static void
found(deals_call *call)
{
    disable_state               *state = deals_call_state(call);
    const deals_user            *user = deals_use_row(state->member);
    deals_member_enable_params   p = { 0 };

    if (user == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no member of that name.");
        return;
    }

    if (state->enable) {
        p.user_id = user->id;
        deals_call_query(call,
                         deals_q_member_enable(deals_call_arena(call), &p));

    } else {
        disable(call, user->id);
    }

    deals_call_change(call, DEALS_CHANGE_MEMBER, user->id);
    deals_call_send(call, done_with);
}


static void
find(deals_call *call)
{
    disable_state          *state = deals_call_state(call);
    deals_user_get_params   p = { .name_key = state->key };

    state->member = deals_q_user_get(deals_call_arena(call), &p);
    deals_call_query(call, state->member);
    deals_call_send(call, found);
}


static deals_call *
begin(deals_ctx *ctx, deals_str name, int enable, deals_done done, void *data)
{
    deals_call     *call;
    disable_state  *state;

    call = deals_use_new(ctx, DEALS_USE_DISABLE, sizeof(disable_state), NULL,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->enable = enable;
    state->key = deals_name_key(deals_call_arena(call), name);

    if (state->key.data == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, find);

    return call;
}


deals_call *
deals_member_disable(deals_ctx *ctx, deals_str name, deals_done done,
    void *data)
{
    return begin(ctx, name, 0, done, data);
}


deals_call *
deals_member_disable_wait(deals_ctx *ctx, deals_str name, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_disable(ctx, name, NULL, NULL),
                           timeout_ms);
}


const deals_member_end *
deals_member_disable_get(const deals_call *call)
{
    const disable_state  *state = deals_use_result(call, DEALS_USE_DISABLE);

    return state != NULL ? &state->result : NULL;
}


deals_call *
deals_member_enable(deals_ctx *ctx, deals_str name, deals_done done,
    void *data)
{
    return begin(ctx, name, 1, done, data);
}


deals_call *
deals_member_enable_wait(deals_ctx *ctx, deals_str name, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_enable(ctx, name, NULL, NULL),
                           timeout_ms);
}
