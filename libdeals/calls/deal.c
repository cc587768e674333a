/*
 * calls/deal.c - a deal and its comments: one segment brings the session, the
 * deal and a page of threads, a second one the viewer's votes that are not
 * known.
 */

#include <string.h>

#include "base/arena.h"
#include "base/id.h"
#include "stmts.h"
#include "calls/deal.h"


int
deals_deal_id_valid(int64_t id)
{
    return id > 0 && id <= DEALS_ID_MAX;
}


deals_query *
deals_deal_query(deals_arena *arena, int64_t id)
{
    deals_deal_get_params  p;

    memset(&p, 0, sizeof(p));
    p.id = id;

    return deals_q_deal_get(arena, &p);
}


deals_query *
deals_deal_vote_query(deals_arena *arena, int64_t user_id, const int64_t *id)
{
    deals_my_votes_params  p;

    memset(&p, 0, sizeof(p));
    p.user_id = user_id;
    p.deal_ids = id;
    p.ndeal_ids = 1;

    return deals_q_my_votes(arena, &p);
}


int64_t
deals_deal_my_vote(const deals_query *query)
{
    const deals_my_votes_row  *row;

    row = query != NULL ? deals_use_row(query) : NULL;

    return row != NULL ? row->value : 0;
}


void
deals_deal_not_found(deals_call *call)
{
    const deals_use  *use = deals_call_state(call);

    /* one answer, whether it is hidden or was never there */

    deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                    use->owes == DEALS_OWES_POWERS
                    ? "There is no such deal. What is hidden you see once "
                      "your second factor is on."
                    : "There is no such deal.");
}


deals_present
deals_present_of(deals_call *call)
{
    deals_use      *use = deals_call_state(call);
    deals_present   present;

    present.arena = deals_call_arena(call);
    present.now = deals_call_now(call);
    present.viewer = use->viewer;
    present.moderator = deals_use_is_moderator(use);
    present.data_only = use->data_only;

    return present;
}


deals_deal *
deals_deal_visible(deals_call *call, const deals_query *query, int *own)
{
    int         is_own;
    deals_str   poster;
    deals_use  *use = deals_call_state(call);
    deals_deal *deal = query->rows.items;

    if (query->rows.len == 0) {
        deals_deal_not_found(call);
        return NULL;
    }

    poster = deals_present_poster(deal);
    is_own = use->viewer != NULL && poster.data != NULL
             && deals_str_eq(poster, use->viewer->name);

    if (own != NULL) {
        *own = is_own;
    }

    if (deal->hidden && !is_own && !deals_use_is_moderator(use)) {
        deals_deal_not_found(call);
        return NULL;
    }

    return deal;
}


int
deals_deal_status(deals_call *call, const deals_query *query)
{
    const deals_deal_update_row  *row = deals_use_row(query);

    if (row == NULL) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "The database gave no answer.");
        return -1;
    }

    if (deals_str_eq(row->status, DEALS_STR("ok"))) {
        return 0;
    }

    if (deals_str_eq(row->status, DEALS_STR("forbidden"))) {
        deals_use_forbid(call, "This deal is somebody else's.");

    } else if (deals_str_eq(row->status, DEALS_STR("ends_before_start"))) {
        deals_call_fail(call, DEALS_INVALID, "expires_at",
                        "A deal ends after it starts.");

    } else {
        deals_deal_not_found(call);
    }

    return -1;
}


void
deals_deal_finish(deals_call *call, deals_deal *deal, int64_t my_vote)
{
    deals_present      present = deals_present_of(call);
    deals_threads     *threads;
    deals_deal_state  *state = deals_call_state(call);

    threads = &state->threads;

    if (deals_present_deal(&present, deal, my_vote) < 0
        || deals_threads_present(threads, &present,
                                 deals_present_poster(deal)) < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    state->result.deal = deal;
    state->result.until = deals_present_until(DEALS_NULL_INT, deal->starts_at,
                                              deal->expires_at, present.now);
    state->result.comments = threads->flat;
    state->result.threads = threads->threads;
    state->result.comments_next = threads->next;

    deals_call_finish(call, NULL);
}


deals_call *
deals_deal_new(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    deals_done done, void *data)
{
    deals_call        *call;
    deals_deal_state  *state;

    call = deals_use_new(ctx, DEALS_USE_DEAL, sizeof(deals_deal_state), asker,
                         done, data);
    if (call != NULL) {
        state = deals_call_state(call);
        state->id = id;
    }

    return call;
}


/* Adds the deal and the member's vote as they are after the write. */
void
deals_deal_ask_after(deals_call *call)
{
    deals_arena       *arena = deals_call_arena(call);
    deals_deal_state  *state = deals_call_state(call);

    state->deal = deals_deal_query(arena, state->id);
    deals_call_query(call, state->deal);

    if (state->use.viewer != NULL) {
        state->vote = deals_deal_vote_query(arena, state->use.user_id,
                                            &state->id);
        deals_call_query(call, state->vote);
    }
}


/* The write and what followed it were answered. */
void
deals_deal_written(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    if (deals_deal_status(call, state->status) < 0) {
        return;
    }

    if (state->deal->rows.len == 0) {
        deals_deal_not_found(call);
        return;
    }

    deals_deal_finish(call, state->deal->rows.items,
                      deals_deal_my_vote(state->vote));
}


/* The session and the deal together, then `step`. */
void
deals_deal_look(deals_call *call, deals_step step)
{
    deals_deal_state  *state = deals_call_state(call);

    if (deals_deal_id_valid(state->id)) {
        state->deal = deals_deal_query(deals_call_arena(call), state->id);
        deals_call_query(call, state->deal);
    }

    deals_use_member(call, DEALS_SCOPE_WRITE, step);
}


/* The deal that the member may change; NULL: the call was ended. */
deals_deal *
deals_deal_changeable(deals_call *call)
{
    int                own;
    deals_deal        *deal;
    deals_deal_state  *state = deals_call_state(call);

    if (state->deal == NULL) {
        deals_deal_not_found(call);
        return NULL;
    }

    deal = deals_deal_visible(call, state->deal, &own);
    if (deal == NULL) {
        return NULL;
    }

    if (!own && !deals_use_is_moderator(&state->use)) {
        deals_use_forbid(call, "This deal is somebody else's.");
        return NULL;
    }

    return deal;
}


static void
voted(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    deals_own_votes_take(&state->own, call);
    deals_threads_take_votes(&state->threads, call);
    deals_deal_finish(call, state->deal->rows.items,
                      deals_own_vote(&state->own, 0));
}


static void
found(deals_call *call)
{
    deals_deal        *deal;
    deals_deal_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0) {
        return;
    }

    deal = deals_deal_visible(call, state->deal, NULL);
    if (deal == NULL) {
        return;
    }

    if (state->with_comments
        && deals_threads_build(&state->threads, call) < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    if (state->use.viewer == NULL) {
        deals_deal_finish(call, deal, 0);
        return;
    }

    state->key.deal_id = state->id;

    if (deals_own_votes_ask(&state->own, call, &state->key, 1) < 0
        || deals_threads_ask_votes(&state->threads, call) < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    (void) deals_use_touch(call);
    deals_call_send(call, voted);
}


static void
ask(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    deals_use_ask(call);

    state->deal = deals_deal_query(deals_call_arena(call), state->id);
    deals_call_query(call, state->deal);

    if (state->with_comments) {
        deals_threads_ask(&state->threads, call);
    }

    deals_call_send(call, found);
}


static void
start(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    if (state->use.errors != NULL) {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (!deals_deal_id_valid(state->id)) {
        deals_deal_not_found(call);
        return;
    }

    if (state->with_comments) {
        deals_threads_find(&state->threads, call, ask);

    } else {
        ask(call);
    }
}


deals_call *
deals_deal_get(deals_ctx *ctx, const deals_asker *asker,
    const deals_deal_params *params, deals_done done, void *data)
{
    deals_call        *call;
    deals_deal_state  *state;

    call = deals_use_new(ctx, DEALS_USE_DEAL, sizeof(deals_deal_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->id = params->id;
    state->with_comments = params->comments;

    if (params->comments) {
        deals_threads_init(&state->threads, deals_call_arena(call), params->id,
                           params->comments_limit, params->comments_cursor,
                           &state->use.errors);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_deal_get_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_deal_params *params, int64_t timeout_ms)
{
    return deals_call_wait(deals_deal_get(ctx, asker, params, NULL, NULL),
                           timeout_ms);
}


const deals_deal_result *
deals_deal_result_get(const deals_call *call)
{
    deals_deal_state  *state = deals_use_result(call, DEALS_USE_DEAL);

    return state != NULL ? &state->result : NULL;
}
