/*
 * calls/comment_write.c - comments are written, changed, deleted.
 */

#include <string.h>

#include <deals/view.h>

#include "stmts.h"
#include "calls/comment.h"

#define ATTEMPTS  4                     /* ids that are tried */


/* -- create --------------------------------------------------------------- */

static void insert(deals_call *call);


static void
made_before(deals_call *call)
{
    if (deals_comment_visible(call) != NULL) {
        deals_comment_present(call);
    }
}


/* The id was taken by chance, or the key for good. */
static void
taken(deals_call *call)
{
    int                   made;
    deals_comment_state  *state = deals_call_state(call);

    made = deals_once_made(call, &state->once, &state->deal_id, &state->id);

    if (made == 0) {
        insert(call);

    } else if (made == 1) {
        deals_comment_ask(call);
        deals_comment_ask_vote(call);
        deals_call_send(call, made_before);
    }
}


static void
inserted(deals_call *call)
{
    deals_comment_state  *state = deals_call_state(call);

    if (deals_call_sqlstate(call) == NULL) {
        deals_comment_written(call);

    } else if (state->once.key.data != NULL) {
        deals_once_look(call, &state->once, taken);

    } else {
        insert(call);
    }
}


static void
insert(deals_call *call)
{
    deals_comment_state                *state = deals_call_state(call);
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
    p.max_bytes = DEALS_THREAD_BYTES;
    p.max_depth = DEALS_THREAD_DEPTH - 1;

    state->status = deals_q_comment_create(arena, &p);
    deals_call_query(call, state->status);
    deals_once_claim(call, &state->once, state->deal_id, state->id);
    deals_call_change(call, DEALS_CHANGE_DEAL | DEALS_CHANGE_RANKS,
                      state->deal_id);
    (void) deals_use_touch(call);

    state->comment = deals_comment_query(call);
    deals_call_query(call, state->comment);

    if (++state->attempts < ATTEMPTS) {
        deals_call_catch(call, "23505");
    }

    deals_call_send(call, inserted);
}


static void
create_allowed(deals_call *call)
{
    deals_comment_state  *state = deals_call_state(call);

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
    deals_comment_ask(call);
    deals_use_member(call, DEALS_SCOPE_WRITE, create_allowed);
}


deals_call *
deals_comment_create(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    const deals_comment_input *input, deals_done done, void *data)
{
    deals_call     *call;
    deals_comment_state  *state;

    call = deals_comment_new(ctx, asker, deal_id, 0, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->parent_id = input->parent_id;
    deals_comment_body(call, input->body);

    if (deals_once_take(call, &state->once, asker, "comment", deal_id,
                        &deals_comment_input_shape, input)
        < 0)
    {
        return deals_use_drop(call);
    }

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


/* -- update and delete ---------------------------------------------------- */

static void
change(deals_call *call)
{
    deals_comment_state                *state = deals_call_state(call);
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
    p.max_bytes = DEALS_THREAD_BYTES;

    state->status = deals_q_comment_update(deals_call_arena(call), &p);
    deals_call_query(call, state->status);
    deals_call_change(call, DEALS_CHANGE_DEAL, state->deal_id);
    (void) deals_use_touch(call);

    state->comment = deals_comment_query(call);
    deals_call_query(call, state->comment);
    deals_comment_ask_vote(call);
    deals_call_send(call, deals_comment_written);
}


static void
update_allowed(deals_call *call)
{
    deals_comment  *comment = deals_comment_visible(call);

    if (comment == NULL) {
        return;
    }

    if (!deals_comment_own(call, comment)) {
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
    deals_comment_ask(call);
    deals_use_member(call, DEALS_SCOPE_WRITE, update_allowed);
}


deals_call *
deals_comment_update(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, deals_str body, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_comment_new(ctx, asker, deal_id, comment_id, done, data);
    if (call == NULL) {
        return NULL;
    }

    deals_comment_body(call, body);
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
    if (deals_comment_status(call) == 0) {
        deals_call_finish(call, NULL);
    }
}


static void
delete_allowed(deals_call *call)
{
    deals_comment                *comment = deals_comment_visible(call);
    deals_comment_state                *state = deals_call_state(call);
    deals_comment_delete_params   p;

    if (comment == NULL) {
        return;
    }

    if (!deals_comment_own(call, comment)
        && !deals_use_is_moderator(&state->use))
    {
        deals_use_forbid(call, "This comment is somebody else's.");
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
    deals_call_change(call, DEALS_CHANGE_DEAL | DEALS_CHANGE_RANKS,
                      state->deal_id);
    (void) deals_use_touch(call);
    deals_call_send(call, deleted);
}


static void
delete(deals_call *call)
{
    deals_comment_ask(call);
    deals_use_member(call, DEALS_SCOPE_WRITE, delete_allowed);
}


deals_call *
deals_comment_delete(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_comment_new(ctx, asker, deal_id, comment_id, done, data);
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
