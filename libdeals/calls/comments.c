/*
 * calls/comments.c - the comments of a deal, page by page.
 */

#include <stddef.h>
#include <string.h>

#include "stmts.h"
#include "calls/deal.h"

typedef struct {
    deals_use               use;
    int64_t                 deal_id;
    deals_query            *deal;
    deals_threads           threads;
    deals_comments_result   result;
} comments_state;

static const deals_field  fields[] = {
    { "comments", DEALS_LIST, 0, offsetof(deals_comments_result, comments),
      &deals_comment_shape },
    { "next", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(deals_comments_result, next), NULL }
};

const deals_shape  deals_comments_shape = {
    "comments", sizeof(deals_comments_result), fields,
    sizeof(fields) / sizeof(fields[0])
};


static void
present(deals_call *call)
{
    comments_state  *state = deals_call_state(call);
    deals_present    how = deals_present_of(call);

    if (deals_threads_present(&state->threads, &how,
                              deals_present_poster(state->deal->rows.items))
        < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    state->result.comments = state->threads.flat;
    state->result.next = state->threads.next;

    deals_call_finish(call, NULL);
}


static void
voted(deals_call *call)
{
    comments_state  *state = deals_call_state(call);

    deals_threads_take_votes(&state->threads, call);
    present(call);
}


static void
listed(deals_call *call)
{
    comments_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0
        || deals_deal_visible(call, state->deal, NULL) == NULL)
    {
        return;
    }

    if (deals_threads_build(&state->threads, call) < 0) {
        deals_use_no_memory(call);
        return;
    }

    if (state->use.viewer == NULL || state->threads.n == 0) {
        present(call);
        return;
    }

    if (deals_threads_ask_votes(&state->threads, call) < 0) {
        deals_use_no_memory(call);
        return;
    }

    (void) deals_use_touch(call);
    deals_call_send(call, voted);
}


static void
ask(deals_call *call)
{
    comments_state  *state = deals_call_state(call);

    deals_use_ask(call);

    state->deal = deals_deal_query(deals_call_arena(call), state->deal_id);
    deals_call_query(call, state->deal);
    deals_threads_ask(&state->threads, call);

    deals_call_send(call, listed);
}


static void
start(deals_call *call)
{
    comments_state  *state = deals_call_state(call);

    if (state->use.errors != NULL) {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (!deals_deal_id_valid(state->deal_id)) {
        deals_deal_not_found(call);
        return;
    }

    deals_threads_find(&state->threads, call, ask);
}


deals_call *
deals_comments(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int limit, deals_str cursor, deals_done done, void *data)
{
    deals_call      *call;
    comments_state  *state;

    call = deals_use_new(ctx, DEALS_USE_COMMENTS, sizeof(comments_state),
                         asker, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->deal_id = deal_id;
    deals_threads_init(&state->threads, deals_call_arena(call), deal_id, limit,
                       cursor, &state->use.errors);

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_comments_wait(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int limit, deals_str cursor, int64_t timeout_ms)
{
    return deals_call_wait(deals_comments(ctx, asker, deal_id, limit, cursor,
                                          NULL, NULL),
                           timeout_ms);
}


const deals_comments_result *
deals_comments_get(const deals_call *call)
{
    comments_state  *state = deals_use_result(call, DEALS_USE_COMMENTS);

    return state != NULL ? &state->result : NULL;
}
