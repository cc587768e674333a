/*
 * calls/reset.c - a password that was forgotten: the operator makes a token, its
 * bearer sets a new password with it, once.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include <deals/members.h>

#include "base/error.h"
#include "core/name.h"
#include "core/token.h"
#include "stmts.h"
#include "calls/secret.h"

#define LIFE  3600                      /* seconds that a token is good for */

typedef struct {
    deals_use      use;
    deals_str      key;                 /* of the name */
    deals_str      token;
    deals_str      token_hash;          /* absent: it can't be one */
    int64_t        user_id;
    deals_str      password;
    deals_secret  *secret;
    deals_query   *query;
} reset_state;

static const deals_field  fields[] = {
    { "token", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_reset_input, token), NULL },
    { "password", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_reset_input, password), NULL }
};

const deals_shape  deals_reset_input_shape = {
    "password reset", sizeof(deals_reset_input), fields,
    sizeof(fields) / sizeof(fields[0])
};


/* -- making one ----------------------------------------------------------- */

static void
made(deals_call *call)
{
    deals_call_finish(call, NULL);
}


static void
make(deals_call *call)
{
    reset_state               *state = deals_call_state(call);
    deals_token                token;
    deals_arena               *arena = deals_call_arena(call);
    const deals_user          *user = deals_use_row(state->query);
    deals_reset_make_params    p;

    if (user == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no member of that name.");
        return;
    }

    if (sodium_init() < 0) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "There is no source of random numbers.");
        return;
    }

    token.user_id = user->id;
    token.access = 0;
    randombytes_buf(token.secret, sizeof(token.secret));
    state->token = deals_token_make(arena, user->id, token.secret);

    memset(&p, 0, sizeof(p));
    p.user_id = user->id;
    p.token_hash = deals_token_hash(arena, &token);
    p.expires_at = deals_call_now(call) + LIFE;
    sodium_memzero(&token, sizeof(token));

    if (state->token.data == NULL || p.token_hash.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    deals_call_query(call, deals_q_reset_make(arena, &p));
    deals_call_send(call, made);
}


static void
find(deals_call *call)
{
    reset_state            *state = deals_call_state(call);
    deals_user_get_params   p = { 0 };

    p.name_key = state->key;
    state->query = deals_q_user_get(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_send(call, make);
}


deals_call *
deals_member_reset(deals_ctx *ctx, deals_str name, deals_done done,
    void *data)
{
    deals_call   *call;
    reset_state  *state;

    call = deals_use_new(ctx, DEALS_USE_RESET, sizeof(reset_state), NULL, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->key = deals_name_key(deals_call_arena(call), name);
    if (state->key.data == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, find);

    return call;
}


deals_call *
deals_member_reset_wait(deals_ctx *ctx, deals_str name, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_reset(ctx, name, NULL, NULL),
                           timeout_ms);
}


deals_str
deals_member_reset_token(const deals_call *call)
{
    const reset_state  *state = deals_use_result(call, DEALS_USE_RESET);

    return state != NULL ? state->token : DEALS_NONE;
}


/* -- using one ------------------------------------------------------------ */

static void
no_token(deals_call *call)
{
    deals_call_fail(call, DEALS_INVALID, "token",
                    "This code is not good, or not any more. Please ask for"
                    " another one.");
}


static void
used(deals_call *call)
{
    reset_state  *state = deals_call_state(call);

    if (deals_use_row(state->query) == NULL) {
        deals_call_change_none(call);
        no_token(call);
        return;
    }

    deals_call_finish(call, NULL);
}


static void
hashed(deals_call *call)
{
    reset_state                *state = deals_call_state(call);
    deals_arena                *arena = deals_call_arena(call);
    deals_reset_use_params      p;
    deals_password_end_params   end;

    if (deals_secret_made(call, state->secret) != 0) {
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->user_id;
    p.token_hash = state->token_hash;
    p.now = deals_call_now(call);
    p.password_hash = deals_str_of(state->secret->hash);

    memset(&end, 0, sizeof(end));
    end.user_id = p.user_id;
    end.password_hash = p.password_hash;

    state->query = deals_q_reset_use(arena, &p);
    deals_call_query(call, state->query);
    deals_call_query(call, deals_q_password_end(arena, &end));
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, used);
}


/* The rules need the name. */
static void
looked(deals_call *call)
{
    reset_state                *state = deals_call_state(call);
    const deals_error          *errors = NULL;
    const deals_reset_get_row  *row = deals_use_row(state->query);

    if (row == NULL) {
        no_token(call);
        return;
    }

    (void) deals_password_check(deals_call_arena(call), "password",
                                state->password, row->name, row->email,
                                &errors);
    if (errors != NULL) {
        deals_call_finish(call, errors);
        return;
    }

    state->secret = deals_secret_hash(call, state->password, hashed);
    sodium_memzero((char *) state->password.data, state->password.len);
}


static void
look(deals_call *call)
{
    reset_state             *state = deals_call_state(call);
    deals_reset_get_params   p;

    if (state->token_hash.data == NULL) {
        no_token(call);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->user_id;
    p.token_hash = state->token_hash;
    p.now = deals_call_now(call);

    state->query = deals_q_reset_get(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_send(call, looked);
}


static void
start(deals_call *call)
{
    deals_use_limit_address(
        call, "reset", deals_ctx_config(deals_call_ctx(call))->signin_limit,
        look);
}


deals_call *
deals_password_reset(deals_ctx *ctx, const deals_asker *asker,
    const deals_reset_input *input, deals_done done, void *data)
{
    deals_call   *call;
    deals_arena  *arena;
    deals_token   token;
    reset_state  *state;

    call = deals_use_new(ctx, DEALS_USE_PLAIN, sizeof(reset_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    arena = deals_call_arena(call);

    if (deals_token_parse(input->token, &token) == 0) {
        state->user_id = token.user_id;
        state->token_hash = deals_token_hash(arena, &token);
        sodium_memzero(&token, sizeof(token));

        if (state->token_hash.data == NULL) {
            return deals_use_drop(call);
        }
    }

    state->password = deals_use_text(arena, input->password);
    if (state->password.data == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_password_reset_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_reset_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_password_reset(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}
