/*
 * calls/deal_remove.c - deals are deleted, hidden and shown again.
 */

#include <string.h>

#include "stmts.h"
#include "calls/deal.h"


/* -- delete --------------------------------------------------------------- */

static void
deleted(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    if (deals_deal_status(call, state->status) == 0) {
        deals_call_finish(call, NULL);
    }
}


static void
delete_allowed(deals_call *call)
{
    deals_deal_state          *state = deals_call_state(call);
    deals_deal_delete_params   p;

    if (deals_deal_changeable(call) == NULL) {
        return;
    }

    memset(&p, 0, sizeof(p));
    p.id = state->id;
    p.actor = state->use.user_id;
    p.is_moderator = deals_use_is_moderator(&state->use);
    p.now = deals_call_now(call);

    state->status = deals_q_deal_delete(deals_call_arena(call), &p);
    deals_call_query(call, state->status);
    deals_call_change(call, DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL, state->id);
    (void) deals_use_touch(call);
    deals_call_send(call, deleted);
}


static void
delete(deals_call *call)
{
    deals_deal_look(call, delete_allowed);
}


deals_call *
deals_deal_delete(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    deals_done done, void *data)
{
    deals_call  *call;

    call = deals_deal_new(ctx, asker, id, done, data);
    if (call != NULL) {
        deals_call_start(call, delete);
    }

    return call;
}


deals_call *
deals_deal_delete_wait(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_deal_delete(ctx, asker, id, NULL, NULL),
                           timeout_ms);
}


/* -- hide ----------------------------------------------------------------- */

static void
hide(deals_call *call)
{
    deals_deal_state        *state = deals_call_state(call);
    deals_deal_hide_params   p;

    if (!deals_deal_id_valid(state->id)) {
        deals_deal_not_found(call);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.id = state->id;
    p.hide = state->hide;
    p.actor = state->use.viewer != NULL ? state->use.user_id : DEALS_NULL_INT;
    p.now = deals_call_now(call);

    state->status = deals_q_deal_hide(deals_call_arena(call), &p);
    deals_call_query(call, state->status);
    deals_call_change(call, DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL, state->id);
    (void) deals_use_touch(call);
    deals_deal_ask_after(call);
    deals_call_send(call, deals_deal_written);
}


static void
hide_allowed(deals_call *call)
{
    if (!deals_use_is_moderator(deals_call_state(call))) {
        deals_use_forbid(call, "Only moderators can do this.");
        return;
    }

    hide(call);
}


static void
hide_member(deals_call *call)
{
    deals_use_member(call, DEALS_SCOPE_SESSION, hide_allowed);
}


deals_call *
deals_deal_hide(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    int hide_it, deals_done done, void *data)
{
    deals_call        *call;
    deals_deal_state  *state;

    call = deals_deal_new(ctx, asker, id, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->hide = hide_it != 0;

    deals_call_start(call, asker != NULL ? hide_member : hide);

    return call;
}


deals_call *
deals_deal_hide_wait(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    int hide_it, int64_t timeout_ms)
{
    return deals_call_wait(deals_deal_hide(ctx, asker, id, hide_it, NULL,
                                           NULL),
                           timeout_ms);
}
