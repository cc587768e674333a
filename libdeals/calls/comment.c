/*
 * calls/comment.c - one comment, and what all calls about one share. The
 * session, the deal and the comment come in the first segment. See
 * calls/comment.h.
 */

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/comment.h"

static const deals_field  fields[] = {
    { "body", DEALS_TEXT, DEALS_REQUIRED, offsetof(deals_comment_input, body),
      NULL },
    { "parent_id", DEALS_INT, DEALS_NULLABLE,
      offsetof(deals_comment_input, parent_id), NULL }
};

const deals_shape  deals_comment_input_shape = {
    "comment", sizeof(deals_comment_input), fields,
    sizeof(fields) / sizeof(fields[0])
};


deals_call *
deals_comment_new(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t id, deals_done done, void *data)
{
    deals_call     *call;
    deals_comment_state  *state;

    call = deals_use_new(ctx, DEALS_USE_COMMENT, sizeof(deals_comment_state),
                         asker, done, data);
    if (call != NULL) {
        state = deals_call_state(call);
        state->deal_id = deal_id;
        state->id = id;
        state->parent_id = DEALS_NULL_INT;
    }

    return call;
}


void
deals_comment_body(deals_call *call, deals_str body)
{
    deals_comment_state  *state = deals_call_state(call);
    deals_arena    *arena = deals_call_arena(call);

    if (deals_text_body(arena, "body", body, 1, &state->body,
                        &state->use.errors) < 0)
    {
        return;
    }

    (void) deals_render(arena, "body", state->body, &state->html,
                        &state->use.errors);
}


static void
comment_not_found(deals_call *call)
{
    deals_call_fail(call, DEALS_NOT_FOUND, NULL, "There is no such comment.");
}


deals_query *
deals_comment_query(deals_call *call)
{
    deals_comment_state             *state = deals_call_state(call);
    deals_comment_get_params   p;

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.id = state->id;

    return deals_q_comment_get(deals_call_arena(call), &p);
}


/* Adds the deal, and the comment if there is one yet. */
void
deals_comment_ask(deals_call *call)
{
    deals_comment_state  *state = deals_call_state(call);

    if (!deals_deal_id_valid(state->deal_id)) {
        return;
    }

    state->deal = deals_deal_query(deals_call_arena(call), state->deal_id);
    deals_call_query(call, state->deal);

    if (deals_deal_id_valid(state->id)) {
        state->comment = deals_comment_query(call);
        deals_call_query(call, state->comment);
    }
}


/* The comment, if this viewer may see it; NULL: the call was ended. */
deals_comment *
deals_comment_visible(deals_call *call)
{
    deals_comment  *comment;
    deals_comment_state  *state = deals_call_state(call);

    if (state->deal == NULL) {
        deals_deal_not_found(call);
        return NULL;
    }

    if (deals_deal_visible(call, state->deal, NULL) == NULL) {
        return NULL;
    }

    comment = state->comment != NULL ? state->comment->rows.items : NULL;

    if (comment == NULL || state->comment->rows.len == 0 || comment->deleted) {
        comment_not_found(call);
        return NULL;
    }

    return comment;
}


int
deals_comment_own(deals_call *call, const deals_comment *comment)
{
    deals_comment_state  *state = deals_call_state(call);

    return comment->author != NULL && comment->author->member
           && deals_str_eq(comment->author->name, state->use.viewer->name);
}


void
deals_comment_ask_vote(deals_call *call)
{
    deals_comment_state                  *state = deals_call_state(call);
    deals_my_comment_votes_params   p;

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.user_id = state->use.user_id;
    p.comment_ids = &state->id;
    p.ncomment_ids = 1;

    state->vote = deals_q_my_comment_votes(deals_call_arena(call), &p);
    deals_call_query(call, state->vote);
}


/* Everything is here: shows the comment. */
void
deals_comment_present(deals_call *call)
{
    int64_t                            vote = 0;
    deals_comment                     *comment;
    deals_comment_state                     *state = deals_call_state(call);
    deals_present                      how = deals_present_of(call);
    const deals_my_comment_votes_row  *row;

    comment = state->comment->rows.items;

    if (state->comment->rows.len == 0) {
        comment_not_found(call);
        return;
    }

    row = state->vote != NULL ? deals_use_row(state->vote) : NULL;
    if (row != NULL) {
        vote = row->value;
    }

    if (deals_present_comment(&how, comment, vote,
                              deals_present_poster(state->deal->rows.items))
        < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    state->result = comment;
    deals_call_finish(call, NULL);
}


/* What a function of the database answered; 0: "ok", go on. */
int
deals_comment_status(deals_call *call)
{
    deals_comment_state                   *state = deals_call_state(call);
    deals_str                        status;
    const deals_comment_create_row  *row = deals_use_row(state->status);

    if (row == NULL) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "The database gave no answer.");
        return -1;
    }

    status = row->status;

    if (deals_str_eq(status, DEALS_STR("ok"))) {
        return 0;
    }

    if (deals_str_eq(status, DEALS_STR("no_parent"))) {
        deals_call_fail(call, DEALS_INVALID, "parent_id",
                        "The comment that this answers is gone.");

    } else if (deals_str_eq(status, DEALS_STR("too_deep"))) {
        deals_call_fail(call, DEALS_INVALID, "parent_id",
                        "Answers go no deeper here. Please answer a comment "
                        "further up.");

    } else if (deals_str_eq(status, DEALS_STR("too_large"))) {
        deals_call_fail(call, DEALS_CONFLICT, "body",
                        "This thread is full. A text in it can get no "
                        "longer.");

    } else if (deals_str_eq(status, DEALS_STR("thread_full"))) {
        deals_call_fail(call, DEALS_CONFLICT, "parent_id",
                        "This thread is full. Please begin a new one.");

    } else if (deals_str_eq(status, DEALS_STR("forbidden"))) {
        deals_use_forbid(call, "This comment is somebody else's.");

    } else if (deals_str_eq(status, DEALS_STR("no_deal"))) {
        deals_deal_not_found(call);

    } else {
        comment_not_found(call);
    }

    return -1;
}


void
deals_comment_written(deals_call *call)
{
    if (deals_comment_status(call) == 0) {
        deals_comment_present(call);
    }
}


const deals_comment *
deals_comment_get(const deals_call *call)
{
    deals_comment_state  *state = deals_use_result(call, DEALS_USE_COMMENT);

    return state != NULL ? state->result : NULL;
}


static void
found(deals_call *call)
{
    deals_comment_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0 || deals_comment_visible(call) == NULL) {
        return;
    }

    if (state->use.viewer == NULL) {
        deals_comment_present(call);
        return;
    }

    deals_comment_ask_vote(call);
    (void) deals_use_touch(call);
    deals_call_send(call, deals_comment_present);
}


static void
start_one(deals_call *call)
{
    deals_comment_state  *state = deals_call_state(call);

    deals_use_ask(call);
    deals_comment_ask(call);

    if (state->comment == NULL) {
        comment_not_found(call);
        return;
    }

    deals_call_send(call, found);
}


deals_call *
deals_comment_one(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_comment_new(ctx, asker, deal_id, comment_id, done, data);
    if (call != NULL) {
        deals_call_start(call, start_one);
    }

    return call;
}


deals_call *
deals_comment_one_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t deal_id, int64_t comment_id, int64_t timeout_ms)
{
    return deals_call_wait(deals_comment_one(ctx, asker, deal_id, comment_id,
                                             NULL, NULL),
                           timeout_ms);
}
