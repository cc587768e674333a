/*
 * calls/comment_write.c - one comment: looked at, written, changed, deleted. The
 * session, the deal and the comment come in the first segment.
 */

#include <stddef.h>
#include <string.h>

#include <deals/view.h>

#include "base/error.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/deal.h"

#define ATTEMPTS  4                     /* ids that are tried */

typedef struct {
    deals_use             use;
    int64_t               deal_id;
    int64_t               id;
    int64_t               parent_id;
    deals_str             body, html;
    int                   attempts;
    deals_query          *deal, *comment, *vote, *status;
    const deals_comment  *result;
} comment_state;

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


/* -- what all have in common -------------------------------------------------- */

static deals_call *
new_call(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id, int64_t id,
    deals_done done, void *data)
{
    deals_call     *call;
    comment_state  *state;

    call = deals_use_new(ctx, DEALS_USE_COMMENT, sizeof(comment_state), asker,
                         done, data);
    if (call != NULL) {
        state = deals_call_state(call);
        state->deal_id = deal_id;
        state->id = id;
        state->parent_id = DEALS_NULL_INT;
    }

    return call;
}


static void
take_body(deals_call *call, deals_str body)
{
    comment_state  *state = deals_call_state(call);
    deals_arena    *arena = deals_call_arena(call);

    if (deals_text_body(arena, "body", body, 1, &state->body,
                        &state->use.errors) < 0)
    {
        return;
    }

    state->html = deals_render(arena, state->body);
    if (state->html.data == NULL) {
        state->use.errors = &deals_error_no_memory;
    }
}


static void
comment_not_found(deals_call *call)
{
    deals_call_fail(call, DEALS_NOT_FOUND, NULL, "There is no such comment.");
}


static deals_query *
comment_query(deals_call *call)
{
    comment_state             *state = deals_call_state(call);
    deals_comment_get_params   p;

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.id = state->id;

    return deals_q_comment_get(deals_call_arena(call), &p);
}


/* Adds the deal, and the comment if there is one yet. */
static void
ask(deals_call *call)
{
    comment_state  *state = deals_call_state(call);

    if (!deals_deal_id_valid(state->deal_id)) {
        return;
    }

    state->deal = deals_deal_query(deals_call_arena(call), state->deal_id);
    deals_call_query(call, state->deal);

    if (deals_deal_id_valid(state->id)) {
        state->comment = comment_query(call);
        deals_call_query(call, state->comment);
    }
}


/* The comment, if this viewer may see it; NULL: the call was ended. */
static deals_comment *
visible(deals_call *call)
{
    deals_comment  *comment;
    comment_state  *state = deals_call_state(call);

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


static int
is_own(deals_call *call, const deals_comment *comment)
{
    comment_state  *state = deals_call_state(call);

    return comment->author != NULL && comment->author->member
           && deals_str_eq(comment->author->name, state->use.viewer->name);
}


static void
ask_vote(deals_call *call)
{
    comment_state                  *state = deals_call_state(call);
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
static void
present(deals_call *call)
{
    int64_t                            vote = 0;
    deals_comment                     *comment;
    comment_state                     *state = deals_call_state(call);
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
static int
status_of(deals_call *call)
{
    comment_state                   *state = deals_call_state(call);
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

    } else if (deals_str_eq(status, DEALS_STR("thread_full"))) {
        deals_call_fail(call, DEALS_CONFLICT, "parent_id",
                        "This thread is full. Please begin a new one.");

    } else if (deals_str_eq(status, DEALS_STR("forbidden"))) {
        deals_call_fail(call, DEALS_FORBIDDEN, NULL,
                        "This comment is somebody else's.");

    } else if (deals_str_eq(status, DEALS_STR("no_deal"))) {
        deals_deal_not_found(call);

    } else {
        comment_not_found(call);
    }

    return -1;
}


static void
written(deals_call *call)
{
    if (status_of(call) == 0) {
        present(call);
    }
}


const deals_comment *
deals_comment_get(const deals_call *call)
{
    comment_state  *state = deals_use_result(call, DEALS_USE_COMMENT);

    return state != NULL ? state->result : NULL;
}


/* -- one ---------------------------------------------------------------------- */

static void
found(deals_call *call)
{
    comment_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0 || visible(call) == NULL) {
        return;
    }

    if (state->use.viewer == NULL) {
        present(call);
        return;
    }

    ask_vote(call);
    (void) deals_use_touch(call);
    deals_call_send(call, present);
}


static void
start_one(deals_call *call)
{
    comment_state  *state = deals_call_state(call);

    deals_use_ask(call);
    ask(call);

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

    call = new_call(ctx, asker, deal_id, comment_id, done, data);
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


/* -- create ------------------------------------------------------------------- */

static void insert(deals_call *call);


static void
inserted(deals_call *call)
{
    if (deals_call_sqlstate(call) != NULL) {
        insert(call);
        return;
    }

    written(call);
}


static void
insert(deals_call *call)
{
    comment_state                *state = deals_call_state(call);
    deals_arena                  *arena = deals_call_arena(call);
    deals_comment_create_params   p;

    state->id = deals_ctx_new_id(deals_call_ctx(call));

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.id = state->id;
    p.parent_id = state->parent_id;
    p.user_id = state->use.user_id;
    p.author_name = state->use.viewer->name;
    p.body = state->body;
    p.html = state->html;
    p.html_version = DEALS_MARKDOWN_VERSION;
    p.now = deals_call_now(call);
    p.max_replies = DEALS_THREAD_REPLIES;
    p.max_depth = DEALS_THREAD_DEPTH - 1;

    state->status = deals_q_comment_create(arena, &p);
    deals_call_query(call, state->status);
    (void) deals_use_touch(call);

    state->comment = comment_query(call);
    deals_call_query(call, state->comment);

    if (++state->attempts < ATTEMPTS) {
        deals_call_catch(call, "23505");
    }

    deals_call_send(call, inserted);
}


static void
create_allowed(deals_call *call)
{
    comment_state  *state = deals_call_state(call);

    if (state->deal == NULL) {
        deals_deal_not_found(call);
        return;
    }

    if (deals_deal_visible(call, state->deal, NULL) == NULL) {
        return;
    }

    if (state->parent_id != DEALS_NULL_INT
        && !deals_deal_id_valid(state->parent_id))
    {
        deals_call_fail(call, DEALS_INVALID, "parent_id",
                        "The comment that this answers is gone.");
        return;
    }

    deals_use_limit_member(
        call, "comment",
        deals_ctx_config(deals_call_ctx(call))->comment_limit, insert);
}


static void
create(deals_call *call)
{
    ask(call);
    deals_use_member(call, create_allowed);
}


deals_call *
deals_comment_create(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    const deals_comment_input *input, deals_done done, void *data)
{
    deals_call     *call;
    comment_state  *state;

    call = new_call(ctx, asker, deal_id, 0, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->parent_id = input->parent_id;
    take_body(call, input->body);

    deals_call_start(call, create);

    return call;
}


deals_call *
deals_comment_create_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t deal_id, const deals_comment_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_comment_create(ctx, asker, deal_id, input,
                                                NULL, NULL),
                           timeout_ms);
}


/* -- update and delete -------------------------------------------------------- */

static void
change(deals_call *call)
{
    comment_state                *state = deals_call_state(call);
    deals_comment_update_params   p;

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.id = state->id;
    p.actor = state->use.user_id;
    p.is_moderator = 0;
    p.body = state->body;
    p.html = state->html;
    p.html_version = DEALS_MARKDOWN_VERSION;
    p.now = deals_call_now(call);

    state->status = deals_q_comment_update(deals_call_arena(call), &p);
    deals_call_query(call, state->status);
    (void) deals_use_touch(call);

    state->comment = comment_query(call);
    deals_call_query(call, state->comment);
    ask_vote(call);
    deals_call_send(call, written);
}


static void
update_allowed(deals_call *call)
{
    deals_comment  *comment = visible(call);

    if (comment == NULL) {
        return;
    }

    if (!is_own(call, comment)) {
        deals_call_fail(call, DEALS_FORBIDDEN, NULL,
                        "This comment is somebody else's.");
        return;
    }

    deals_use_limit_member(
        call, "comment-edit",
        deals_ctx_config(deals_call_ctx(call))->comment_limit, change);
}


static void
update(deals_call *call)
{
    ask(call);
    deals_use_member(call, update_allowed);
}


deals_call *
deals_comment_update(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, deals_str body, deals_done done, void *data)
{
    deals_call  *call;

    call = new_call(ctx, asker, deal_id, comment_id, done, data);
    if (call == NULL) {
        return NULL;
    }

    take_body(call, body);
    deals_call_start(call, update);

    return call;
}


deals_call *
deals_comment_update_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t deal_id, int64_t comment_id, deals_str body, int64_t timeout_ms)
{
    return deals_call_wait(deals_comment_update(ctx, asker, deal_id,
                                                comment_id, body, NULL, NULL),
                           timeout_ms);
}


static void
deleted(deals_call *call)
{
    if (status_of(call) == 0) {
        deals_call_finish(call, NULL);
    }
}


static void
delete_allowed(deals_call *call)
{
    deals_comment                *comment = visible(call);
    comment_state                *state = deals_call_state(call);
    deals_comment_delete_params   p;

    if (comment == NULL) {
        return;
    }

    if (!is_own(call, comment) && !deals_use_is_moderator(&state->use)) {
        deals_call_fail(call, DEALS_FORBIDDEN, NULL,
                        "This comment is somebody else's.");
        return;
    }

    memset(&p, 0, sizeof(p));
    p.deal_id = state->deal_id;
    p.id = state->id;
    p.actor = state->use.user_id;
    p.is_moderator = deals_use_is_moderator(&state->use);
    p.now = deals_call_now(call);

    state->status = deals_q_comment_delete(deals_call_arena(call), &p);
    deals_call_query(call, state->status);
    (void) deals_use_touch(call);
    deals_call_send(call, deleted);
}


static void
delete(deals_call *call)
{
    ask(call);
    deals_use_member(call, delete_allowed);
}


deals_call *
deals_comment_delete(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, deals_done done, void *data)
{
    deals_call  *call;

    call = new_call(ctx, asker, deal_id, comment_id, done, data);
    if (call != NULL) {
        deals_call_start(call, delete);
    }

    return call;
}


deals_call *
deals_comment_delete_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t deal_id, int64_t comment_id, int64_t timeout_ms)
{
    return deals_call_wait(deals_comment_delete(ctx, asker, deal_id,
                                                comment_id, NULL, NULL),
                           timeout_ms);
}
