/*
 * calls/threads_page.c - a page of threads: which one was asked for, its
 * statements, and the cursor of the next one; in a snapshot of the roots' order.
 * See calls/threads.h, calls/snapshot.h.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "stmts.h"
#include "calls/threads.h"

#define LIMIT_DEFAULT  25
#define LIMIT_MAX      100
#define CURSOR_LIST    20               /* core/cursor.h; lists of deals are
                                           below */


void
deals_threads_init(deals_threads *threads, deals_arena *arena,
    int64_t deal_id, int limit, deals_str cursor, const deals_error **errors)
{
    char  *qualifier;

    threads->deal_id = deal_id;
    threads->limit = limit == 0 ? LIMIT_DEFAULT : limit;

    if (threads->limit < 1 || threads->limit > LIMIT_MAX) {
        deals_error_add(arena, errors, DEALS_INVALID, "limit",
                        "A page holds 1 to %d threads.", LIMIT_MAX);
        return;
    }

    qualifier = deals_arena_printf(arena, "%lld", (long long) deal_id);
    if (qualifier == NULL) {
        deals_error_oom(errors);
        return;
    }

    threads->cursor.list = CURSOR_LIST;
    threads->cursor.qualifier = deals_str_of(qualifier);
    threads->cursor.types = "fi";

    if (cursor.data == NULL) {
        return;
    }

    if (deals_cursor_decode(arena, cursor, &threads->cursor, errors) == 0) {
        threads->after = 1;
    }
}


/* --- in a snapshot -------------------------------------------------------- */

static deals_query *
ask_order(deals_call *call, deals_snapshot *snapshot)
{
    deals_threads                  *threads = snapshot->owner;
    deals_comment_root_ids_params   p;

    memset(&p, 0, sizeof(p));
    p.deal_id = threads->deal_id;

    return deals_q_comment_root_ids(deals_call_arena(call), &p);
}


static void
take_order(deals_snapshot *snapshot, const deals_query *order)
{
    size_t                             i;
    const deals_comment_root_ids_row  *row = order->rows.items;

    for (i = 0; i < order->rows.len; i++) {
        deals_snapshot_add(snapshot, row[i].id, row[i].rank);
    }
}


void
deals_threads_find(deals_threads *threads, deals_call *call, deals_step step)
{
    if (threads->cursor.snapshot == 0) {
        step(call);
        return;
    }

    threads->snapshot.owner = threads;
    threads->snapshot.ask = ask_order;
    threads->snapshot.take = take_order;

    deals_snapshot_find(call, &threads->snapshot, &threads->cursor, step);
}


static void
ask_slice(deals_threads *threads, deals_call *call)
{
    int64_t                         *ids;
    deals_arena                     *arena = deals_call_arena(call);
    deals_comment_roots_of_params    roots;
    deals_comment_replies_of_params  replies;

    /* comments stay where they are, deleted ones too */

    threads->slice = (size_t) threads->limit + 1;
    ids = deals_snapshot_slice(&threads->snapshot, arena, &threads->slice);
    if (ids == NULL) {
        return;
    }

    memset(&roots, 0, sizeof(roots));
    roots.deal_id = threads->deal_id;
    roots.comment_ids = ids;
    roots.ncomment_ids = threads->slice;

    memset(&replies, 0, sizeof(replies));
    replies.deal_id = threads->deal_id;
    replies.comment_ids = ids;
    replies.ncomment_ids = threads->slice;

    threads->roots = deals_q_comment_roots_of(arena, &roots);
    threads->replies = deals_q_comment_replies_of(arena, &replies);
}


/* --- the statements ------------------------------------------------------- */

static void
ask_list(deals_threads *threads, deals_call *call)
{
    deals_arena                   *arena = deals_call_arena(call);
    deals_comment_roots_params     roots;
    deals_comment_replies_params   replies;

    memset(&roots, 0, sizeof(roots));
    roots.deal_id = threads->deal_id;
    roots.after = threads->after;
    roots.after_rank = threads->cursor.keys[0].f;
    roots.after_id = threads->cursor.keys[1].i;
    roots.limit = threads->limit + 1;

    memset(&replies, 0, sizeof(replies));
    replies.deal_id = threads->deal_id;
    replies.after = threads->after;
    replies.after_rank = threads->cursor.keys[0].f;
    replies.after_id = threads->cursor.keys[1].i;
    replies.limit = threads->limit + 1;

    threads->roots = deals_q_comment_roots(arena, &roots);
    threads->replies = deals_q_comment_replies(arena, &replies);
}


void
deals_threads_ask(deals_threads *threads, deals_call *call)
{
    if (threads->snapshot.ids != NULL) {
        ask_slice(threads, call);

    } else {
        ask_list(threads, call);
    }

    deals_call_query(call, threads->roots);
    deals_call_query(call, threads->replies);
}


/* --- the cursor of the next page ------------------------------------------ */

static int
end_of_list(deals_threads *threads, deals_call *call, deals_cursor *cursor,
    size_t nroots)
{
    size_t                i;
    deals_ranked         *ids;
    const deals_comment  *roots = threads->roots->rows.items;

    cursor->snapshot = 0;
    cursor->keys[0].f = roots[nroots - 1].rank;
    cursor->keys[1].i = roots[nroots - 1].id;

    if (threads->after || !deals_call_keeps(call)) {
        return 0;
    }

    ids = deals_arena_array(deals_call_arena(call), nroots,
                            sizeof(deals_ranked));
    if (ids == NULL) {
        return -1;
    }

    for (i = 0; i < nroots; i++) {
        ids[i].id = roots[i].id;
        ids[i].rank = roots[i].rank;
    }

    cursor->snapshot = deals_snapshot_begin(call, cursor, ids, nroots);

    return 0;
}


int
deals_threads_end(deals_threads *threads, deals_call *call, size_t nroots)
{
    size_t                place;
    deals_cursor          cursor = threads->cursor;
    deals_snapshot       *s = &threads->snapshot;
    const deals_comment  *roots = threads->roots->rows.items;

    if (s->ids != NULL) {
        place = nroots < threads->roots->rows.len
                ? deals_snapshot_behind(s, roots[nroots - 1].id)
                : s->place + threads->slice;

        if (place == s->n && !s->more) {
            return 0;
        }

        cursor.snapshot = place < s->n ? deals_snapshot_at(s, place) : 0;
        cursor.keys[0].f = s->ids[place - 1].rank;
        cursor.keys[1].i = s->ids[place - 1].id;

    } else if (nroots == threads->roots->rows.len) {
        return 0;

    } else if (end_of_list(threads, call, &cursor, nroots) < 0) {
        return -1;
    }

    threads->next = deals_cursor_encode(deals_call_arena(call), &cursor);

    return threads->next.data == NULL ? -1 : 0;
}
