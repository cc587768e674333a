/*
 * calls/feed_page.c - the pages of a list of deals: cut off the rows, and the
 * cursor of the next one; for ranked lists in a snapshot of their order. See
 * calls/feed.h, calls/snapshot.h.
 */

#include <string.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/feed.h"

#define DAY   86400
#define SPARE 4                 /* one id more for so many cards of a page: some
                                   deals are no longer shown */

static int
is_ranked(const deals_feed_state *state)
{
    return state->sort == DEALS_HOT || state->sort == DEALS_TOP;
}


/* --- the order of now ----------------------------------------------------- */

static deals_query *
ask_order(deals_call *call, deals_snapshot *snapshot)
{
    deals_feed_state              *state = snapshot->owner;
    deals_arena                   *arena = deals_call_arena(call);
    deals_feed_hot_ids_params      hot;
    deals_feed_top_ids_params      top;
    deals_feed_top_all_ids_params  all;

    if (state->sort == DEALS_HOT) {
        memset(&hot, 0, sizeof(hot));
        hot.now = deals_call_now(call);

        return deals_q_feed_hot_ids(arena, &hot);
    }

    if (state->window == DEALS_ALL) {
        memset(&all, 0, sizeof(all));
        all.now = deals_call_now(call);

        return deals_q_feed_top_all_ids(arena, &all);
    }

    memset(&top, 0, sizeof(top));
    top.now = deals_call_now(call);
    top.since = state->cursor.state;
    top.first_day = top.since / DAY;
    top.last_day = deals_feed_last_day(state, top.since);

    /* enough of each day to make a thousand of them, if there are so many */
    top.limit = state->window == DEALS_YEAR ? 8 : 40;

    return deals_q_feed_top_ids(arena, &top);
}


#define TAKE(type)                                                            \
    do {                                                                      \
        const type  *row = order->rows.items;                                 \
                                                                              \
        for (i = 0; i < order->rows.len; i++) {                               \
            deals_snapshot_add(snapshot, row[i].id, row[i].rank);             \
        }                                                                     \
    } while (0)


static void
take_hot(deals_snapshot *snapshot, const deals_query *order)
{
    size_t  i;

    TAKE(deals_feed_hot_ids_row);
}


static void
take_top(deals_snapshot *snapshot, const deals_query *order)
{
    size_t  i;

    TAKE(deals_feed_top_ids_row);
}


static void
take_top_all(deals_snapshot *snapshot, const deals_query *order)
{
    size_t  i;

    TAKE(deals_feed_top_all_ids_row);
}


void
deals_feed_find(deals_call *call, deals_step step)
{
    deals_feed_state  *state = deals_call_state(call);

    if (!is_ranked(state) || state->cursor.snapshot == 0) {
        step(call);
        return;
    }

    state->snapshot.owner = state;
    state->snapshot.ask = ask_order;
    state->snapshot.take = state->sort == DEALS_HOT ? take_hot
                           : state->window == DEALS_ALL ? take_top_all
                           : take_top;
    state->snapshot.share = 1;

    deals_snapshot_find(call, &state->snapshot, &state->cursor, step);
}


/* --- the cards ------------------------------------------------------------ */

static deals_query *
ask_slice(deals_call *call, size_t n)
{
    int64_t                  *ids;
    deals_feed_state         *state = deals_call_state(call);
    deals_arena              *arena = deals_call_arena(call);
    deals_feed_cards_params   p;

    state->slice = n;
    ids = deals_snapshot_slice(&state->snapshot, arena, &state->slice);
    if (ids == NULL) {
        return NULL;
    }

    memset(&p, 0, sizeof(p));
    p.now = deals_call_now(call);
    p.deal_ids = ids;
    p.ndeal_ids = state->slice;
    p.active = state->sort == DEALS_HOT;
    p.limit = state->limit + 1;

    return deals_q_feed_cards(arena, &p);
}


void
deals_feed_ask(deals_call *call)
{
    deals_feed_state  *state = deals_call_state(call);

    if (state->snapshot.ids != NULL) {
        state->cards = ask_slice(call, (size_t) (state->limit + 1)
                                       + (state->limit + 1) / SPARE);

    } else {
        state->cards = deals_feed_query(deals_call_arena(call), state,
                                        deals_call_now(call));
    }

    deals_call_query(call, state->cards);
}


/* Puts the sort keys of the i-th id of the snapshot into a cursor. */

static void
set_keys(const deals_feed_state *state, deals_cursor *cursor, size_t i)
{
    const deals_ranked  *at = &state->snapshot.ids[i];

    if (state->sort == DEALS_HOT) {
        cursor->keys[0].f = at->rank;

    } else {
        cursor->keys[0].i = (int64_t) at->rank;
    }

    cursor->keys[1].i = at->id;
}


int
deals_feed_ask_again(deals_call *call)
{
    size_t             left;
    deals_feed_state  *state = deals_call_state(call);
    deals_snapshot    *s = &state->snapshot;

    if (s->ids == NULL || state->cards->rows.len > (size_t) state->limit) {
        return 0;
    }

    left = s->n - s->place;

    if (state->slice < left) {
        state->cards = ask_slice(call, left);
        deals_call_query(call, state->cards);
        return 1;
    }

    if (state->cards->rows.len > 0 || !s->more) {
        return 0;
    }

    /* nothing of it is shown any more; the list goes on */

    set_keys(state, &state->cursor, s->n - 1);
    s->ids = NULL;
    deals_feed_ask(call);

    return 1;
}


/* --- the cut -------------------------------------------------------------- */

/* The last card shown is one of the rows of a statement. */

static void
end_at_row(deals_feed_state *state, deals_cursor *cursor,
    const deals_card *last)
{
    cursor->snapshot = 0;
    cursor->keys[1].i = last->id;

    switch (state->sort) {

    case DEALS_HOT:
        cursor->keys[0].f = last->rank;
        break;

    case DEALS_TOP:
        cursor->keys[0].i = last->score;
        break;

    default:
        cursor->keys[0].i = last->created_at;
        break;
    }
}


/* The first page of a ranked list: others may go on behind it. 0, or -1: no
 * memory. */

static int
begin(deals_call *call, deals_feed_state *state, deals_cursor *cursor)
{
    size_t             i, n = state->limit;
    deals_ranked      *ids;
    const deals_card  *cards = state->cards->rows.items;

    if (!is_ranked(state) || state->after || !deals_call_keeps(call)) {
        return 0;
    }

    ids = deals_arena_array(deals_call_arena(call), n, sizeof(deals_ranked));
    if (ids == NULL) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        ids[i].id = cards[i].id;
        ids[i].rank = state->sort == DEALS_HOT ? cards[i].rank
                                               : (double) cards[i].score;
    }

    cursor->snapshot = deals_snapshot_begin(call, cursor, ids, n);

    return 0;
}


int
deals_feed_cut(deals_call *call)
{
    int                go_on;
    size_t             limit, place;
    deals_list         rows;
    deals_cursor       cursor;
    deals_feed_state  *state = deals_call_state(call);
    deals_snapshot    *s = &state->snapshot;
    const deals_card  *cards;

    limit = state->limit;
    rows = state->cards->rows;
    cards = rows.items;
    cursor = state->cursor;
    go_on = rows.len > limit;

    if (go_on) {
        rows.len = limit;
    }

    state->result.deals = rows;

    if (s->ids == NULL) {
        if (!go_on) {
            return 0;
        }

        end_at_row(state, &cursor, &cards[limit - 1]);

        if (begin(call, state, &cursor) < 0) {
            return -1;
        }

    } else if (go_on) {
        place = deals_snapshot_behind(s, cards[limit - 1].id);
        cursor.snapshot = deals_snapshot_at(s, place);
        set_keys(state, &cursor, place - 1);

    } else if (s->more) {
        cursor.snapshot = 0;
        set_keys(state, &cursor, s->n - 1);

    } else {
        return 0;
    }

    state->result.next = deals_cursor_encode(deals_call_arena(call), &cursor);

    return state->result.next.data == NULL ? -1 : 0;
}
