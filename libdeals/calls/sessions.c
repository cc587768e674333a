/*
 * calls/sessions.c - the sessions and access tokens of a member, for the
 * member: to see them, and to end those that are not one's own any more.
 */

#include <stddef.h>
#include <string.h>

#include "stmts.h"
#include "calls/confirm.h"
#include "calls/sessions.h"

typedef struct {
    deals_confirmed        head;
    deals_str              id;
    int                    access;      /* 1: of an access token */
    deals_query           *query, *tokens, *factor;
    deals_sessions_result  result;
} sessions_state;

static const deals_field  confirm_fields[] = {
    { "current", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_confirm_input, current), NULL }
};

const deals_shape  deals_confirm_input_shape = {
    "confirmation", sizeof(deals_confirm_input), confirm_fields, 1
};

static const deals_field  result_fields[] = {
    { "sessions", DEALS_LIST, 0, offsetof(deals_sessions_result, sessions),
      &deals_session_info_shape }
};

const deals_shape  deals_sessions_shape = {
    "sessions", sizeof(deals_sessions_result), result_fields, 1
};

static const deals_field  tokens_fields[] = {
    { "tokens", DEALS_LIST, 0, offsetof(deals_sessions_result, tokens),
      &deals_token_info_shape }
};

const deals_shape  deals_tokens_shape = {
    "tokens", sizeof(deals_sessions_result), tokens_fields, 1
};


#define ID_MAX  64


/* -- the list ------------------------------------------------------------- */

static void
listed(deals_call *call)
{
    sessions_state  *state = deals_call_state(call);

    state->result.sessions = state->query->rows;
    state->result.tokens = state->tokens->rows;
    state->result.factor = deals_use_row(state->factor);
    deals_call_finish(call, NULL);
}


static void
list(deals_call *call)
{
    sessions_state              *state = deals_call_state(call);
    deals_session_list_params    p;
    deals_token_list_params      t;
    deals_factor_state_params    f;

    memset(&p, 0, sizeof(p));
    p.user_id = state->head.use.user_id;
    p.token_hash = state->head.use.token_hash;
    p.now = deals_call_now(call);
    p.idle_since = p.now - DEALS_SESSION_IDLE;

    memset(&t, 0, sizeof(t));
    t.user_id = p.user_id;
    t.now = p.now;
    f.user_id = p.user_id;

    state->query = deals_q_session_list(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    state->tokens = deals_q_token_list(deals_call_arena(call), &t);
    deals_call_query(call, state->tokens);
    state->factor = deals_q_factor_state(deals_call_arena(call), &f);
    deals_call_query(call, state->factor);
    deals_call_send(call, listed);
}


static void
ask_list(deals_call *call)
{
    deals_use_account(call, list);
}


/* The call, not started yet; with the password that was given, if one is asked
 * for. */
static deals_call *
make(deals_ctx *ctx, const deals_asker *asker, deals_str id,
    const deals_confirm_input *input, deals_done done, void *data)
{
    deals_call      *call;
    sessions_state  *state;

    call = deals_use_new(ctx, DEALS_USE_SESSIONS, sizeof(sessions_state),
                         asker, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);

    state->id = deals_session_id(deals_call_arena(call), id);

    if (state->id.data == NULL
        || (input != NULL
            && deals_confirm_with(deals_call_arena(call), state,
                                  input->current)
               != 0))
    {
        return deals_use_drop(call);
    }

    return call;
}


static deals_call *
begin(deals_call *call, deals_step step)
{
    if (call != NULL) {
        deals_call_start(call, step);
    }

    return call;
}


deals_call *
deals_sessions(deals_ctx *ctx, const deals_asker *asker, deals_done done,
    void *data)
{
    return begin(make(ctx, asker, DEALS_NONE, NULL, done, data), ask_list);
}


deals_call *
deals_sessions_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_sessions(ctx, asker, NULL, NULL), timeout_ms);
}


const deals_sessions_result *
deals_sessions_get(const deals_call *call)
{
    sessions_state  *state = deals_use_result(call, DEALS_USE_SESSIONS);

    return state != NULL ? &state->result : NULL;
}


/* -- an end --------------------------------------------------------------- */

deals_str
deals_session_id(deals_arena *arena, deals_str id)
{
    return deals_use_text(arena, id.len <= ID_MAX ? id : DEALS_NONE);
}


deals_query *
deals_session_ending(deals_call *call, const deals_session_end_params *p)
{
    deals_query  *query = deals_q_session_end(deals_call_arena(call), p);

    deals_call_query(call, query);
    deals_call_change(call, DEALS_CHANGE_MEMBER, p->user_id);

    return query;
}


int
deals_session_ended(deals_call *call, const deals_query *query, int access)
{
    const deals_session_end_row  *row = deals_use_row(query);

    if (row == NULL) {
        deals_call_change_none(call);
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        access ? "There is no such access token."
                               : "There is no such session.");
        return 0;
    }

    deals_call_finish(call, NULL);

    return row->current == 1;
}


static void
ended(deals_call *call)
{
    sessions_state  *state = deals_call_state(call);

    state->result.own_ended = deals_session_ended(call, state->query,
                                                  state->access);
}


static void
end_one(deals_call *call)
{
    sessions_state             *state = deals_call_state(call);
    deals_session_end_params    p;

    memset(&p, 0, sizeof(p));
    p.user_id = state->head.use.user_id;
    p.token_hash = state->head.use.token_hash;
    p.id = state->id;
    p.access = state->access;

    state->query = deals_session_ending(call, &p);
    deals_call_send(call, ended);
}


static void
ask_end(deals_call *call)
{
    deals_confirm_member(call, end_one);
}


deals_call *
deals_session_end(deals_ctx *ctx, const deals_asker *asker, deals_str id,
    const deals_confirm_input *input, deals_done done, void *data)
{
    return begin(make(ctx, asker, id, input, done, data), ask_end);
}


deals_call *
deals_session_end_wait(deals_ctx *ctx, const deals_asker *asker, deals_str id,
    const deals_confirm_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_session_end(ctx, asker, id, input, NULL,
                                             NULL), timeout_ms);
}


static void
others_ended(deals_call *call)
{
    deals_call_finish(call, NULL);
}


static void
end_others(deals_call *call)
{
    deals_use                         *use = deals_call_state(call);
    deals_session_end_others_params    p;

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;

    deals_call_query(call,
                     deals_q_session_end_others(deals_call_arena(call), &p));
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, others_ended);
}


static void
ask_end_others(deals_call *call)
{
    deals_confirm_member(call, end_others);
}


deals_call *
deals_session_end_others(deals_ctx *ctx, const deals_asker *asker,
    const deals_confirm_input *input, deals_done done, void *data)
{
    return begin(make(ctx, asker, DEALS_NONE, input, done, data),
                 ask_end_others);
}


deals_call *
deals_session_end_others_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_confirm_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_session_end_others(ctx, asker, input, NULL,
                                                    NULL), timeout_ms);
}


/* A right given away is taken back without the password: at once. */
static void
ask_end_token(deals_call *call)
{
    deals_use_account(call, end_one);
}


deals_call *
deals_token_end(deals_ctx *ctx, const deals_asker *asker, deals_str id,
    deals_done done, void *data)
{
    deals_call      *call = make(ctx, asker, id, NULL, done, data);
    sessions_state  *state;

    if (call != NULL) {
        state = deals_call_state(call);
        state->access = 1;
    }

    return begin(call, ask_end_token);
}


deals_call *
deals_token_end_wait(deals_ctx *ctx, const deals_asker *asker, deals_str id,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_token_end(ctx, asker, id, NULL, NULL),
                           timeout_ms);
}


/* -- signing out ---------------------------------------------------------- */

static void
signed_out(deals_call *call)
{
    sessions_state  *state = deals_call_state(call);

    if (deals_use_row(state->query) == NULL) {
        deals_call_change_none(call);
    }

    deals_call_finish(call, NULL);
}


static void
sign_out(deals_call *call)
{
    deals_use                    *use = deals_call_state(call);
    sessions_state                *state = deals_call_state(call);
    deals_session_delete_params   p;

    if (use->token != 2) {
        deals_call_finish(call, NULL);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;

    state->query = deals_q_session_delete(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_change(call, DEALS_CHANGE_MEMBER, use->user_id);
    deals_call_send(call, signed_out);
}


deals_call *
deals_session_delete(deals_ctx *ctx, const deals_asker *asker,
    deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_PLAIN, sizeof(sessions_state), asker,
                         done, data);
    if (call != NULL) {
        deals_call_start(call, sign_out);
    }

    return call;
}


deals_call *
deals_session_delete_wait(deals_ctx *ctx, const deals_asker *asker,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_session_delete(ctx, asker, NULL, NULL),
                           timeout_ms);
}
