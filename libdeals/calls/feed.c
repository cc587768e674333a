/*
 * calls/feed.c - lists of deals. One segment brings the session and the list,
 * a second one the viewer's votes on it, unless they are known. The second page
 * of a ranked list asks for the order of the list before.
 */

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/feed.h"
#include "calls/present.h"

static const deals_field  fields[] = {
    { "deals", DEALS_LIST, 0, offsetof(deals_feed_result, deals),
      &deals_card_shape },
    { "next", DEALS_TEXT, DEALS_NULLABLE, offsetof(deals_feed_result, next),
      NULL }
};

const deals_shape  deals_feed_shape = {
    "deals", sizeof(deals_feed_result), fields,
    sizeof(fields) / sizeof(fields[0])
};


/* 0, or -1: the call was ended. */
static int
take_about(deals_call *call, deals_feed_state *state)
{
    deals_card_merchant           *merchant;
    const deals_merchant_get_row  *row;

    if (state->about == NULL) {
        return 0;
    }

    row = deals_use_row(state->about);
    if (row == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        state->sort == DEALS_BY_USER
                        ? "There is no such member."
                        : "There is no such merchant.");
        return -1;
    }

    if (state->sort == DEALS_BY_USER) {
        state->result.user = deals_use_row(state->about);
        state->result.key = state->result.user->name;
        return 0;
    }

    merchant = deals_arena_alloc(deals_call_arena(call), sizeof(*merchant));
    if (merchant == NULL) {
        deals_use_no_memory(call);
        return -1;
    }

    merchant->name = row->name;
    merchant->slug = row->slug;
    state->result.merchant = merchant;
    state->result.key = row->name;

    return 0;
}


/* The deal behind the page counts too: without it there is no next page. */
static void
take_until(deals_call *call, deals_feed_state *state)
{
    size_t                       i;
    int64_t                      now = deals_call_now(call);
    const deals_card            *cards = state->cards->rows.items;
    const deals_next_start_row  *next;

    state->result.until = DEALS_NULL_INT;

    for (i = 0; i < state->cards->rows.len; i++) {
        state->result.until = deals_present_until(state->result.until,
                                                  cards[i].starts_at,
                                                  cards[i].expires_at, now);
    }

    next = state->start != NULL ? deals_use_row(state->start) : NULL;

    if (next != NULL) {
        state->result.until = deals_present_until(state->result.until,
                                                  next->starts_at,
                                                  DEALS_NULL_INT, now);
    }

    /* somebody else's order of just now: what was posted since is not in it */

    if (state->snapshot.ids != NULL && state->snapshot.shared
        && (state->result.until == DEALS_NULL_INT
            || state->result.until > now + 1))
    {
        state->result.until = now + 1;
    }
}


static void
present(deals_call *call)
{
    size_t          i;
    deals_card     *cards;
    deals_feed_state     *state = deals_call_state(call);
    deals_present   how;

    if (state->own.values != NULL) {
        deals_own_votes_take(&state->own, call);
    }

    how.arena = deals_call_arena(call);
    how.now = deals_call_now(call);
    how.viewer = state->use.viewer;
    how.moderator = deals_use_is_moderator(&state->use);
    how.data_only = state->use.data_only;

    cards = state->result.deals.items;

    for (i = 0; i < state->result.deals.len; i++) {
        if (deals_present_card(&how, &cards[i],
                               deals_own_vote(&state->own, i)) < 0)
        {
            deals_use_no_memory(call);
            return;
        }
    }

    deals_call_finish(call, NULL);
}


static void
show(deals_call *call)
{
    size_t                  i, n;
    deals_feed_state       *state = deals_call_state(call);
    deals_arena            *arena = deals_call_arena(call);
    deals_vote_key         *rows;
    const deals_card       *cards;

    if (deals_feed_ask_again(call)) {
        deals_call_send(call, show);
        return;
    }

    take_until(call, state);

    if (deals_feed_cut(call) < 0) {
        deals_use_no_memory(call);
        return;
    }

    n = state->result.deals.len;

    if (state->use.viewer == NULL || n == 0) {
        present(call);
        return;
    }

    rows = deals_arena_array(arena, n, sizeof(*rows));
    if (rows == NULL) {
        deals_use_no_memory(call);
        return;
    }

    cards = state->result.deals.items;

    for (i = 0; i < n; i++) {
        rows[i].deal_id = cards[i].id;
    }

    if (deals_own_votes_ask(&state->own, call, rows, n) < 0) {
        deals_use_no_memory(call);
        return;
    }

    (void) deals_use_touch(call);
    deals_call_send(call, present);
}


static void
listed(deals_call *call)
{
    deals_feed_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0 || take_about(call, state) < 0) {
        return;
    }

    show(call);
}


static void
ask(deals_call *call)
{
    deals_feed_state         *state = deals_call_state(call);
    deals_next_start_params   p;

    deals_use_ask(call);

    if (state->sort == DEALS_BY_USER || state->sort == DEALS_BY_MERCHANT) {
        state->about = deals_feed_about(deals_call_arena(call), state);
        deals_call_query(call, state->about);

    } else if (state->sort == DEALS_BY_TAG) {
        state->result.key = state->key;
    }

    deals_feed_ask(call);

    /* the others show deals that wait, and so have them among their rows */
    if (state->until && state->sort <= DEALS_TOP) {
        memset(&p, 0, sizeof(p));
        p.now = deals_call_now(call);
        state->start = deals_q_next_start(deals_call_arena(call), &p);
        deals_call_query(call, state->start);
    }

    deals_call_send(call, listed);
}


static void
start(deals_call *call)
{
    deals_feed_state  *state = deals_call_state(call);

    if (state->use.errors != NULL) {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (state->impossible) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        state->sort == DEALS_BY_USER
                        ? "There is no such member."
                        : state->sort == DEALS_BY_TAG
                        ? "There is no such tag."
                        : "There is no such merchant.");
        return;
    }

    deals_feed_find(call, ask);
}


deals_call *
deals_feed(deals_ctx *ctx, const deals_asker *asker,
    const deals_feed_params *params, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_FEED, sizeof(deals_feed_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (deals_feed_take(call, deals_call_state(call), params) < 0) {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_feed_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_feed_params *params, int64_t timeout_ms)
{
    return deals_call_wait(deals_feed(ctx, asker, params, NULL, NULL),
                           timeout_ms);
}


const deals_feed_result *
deals_feed_get(const deals_call *call)
{
    deals_feed_state  *state = deals_use_result(call, DEALS_USE_FEED);

    return state != NULL ? &state->result : NULL;
}
