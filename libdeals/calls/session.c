/*
 * calls/session.c - signing in and out.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "base/encode.h"
#include "base/error.h"
#include "core/device.h"
#include "core/name.h"
#include "stmts.h"
#include "calls/secret.h"

typedef struct {
    deals_signed           head;
    deals_str              name_key, password;
    deals_secret          *secret;
    deals_query           *login, *deleted;
} session_state;

static const deals_field  input_fields[] = {
    { "name", DEALS_TEXT, DEALS_REQUIRED, offsetof(deals_session_input, name),
      NULL },
    { "password", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_session_input, password), NULL }
};

const deals_shape  deals_session_input_shape = {
    "session", sizeof(deals_session_input), input_fields,
    sizeof(input_fields) / sizeof(input_fields[0])
};

static const deals_field  result_fields[] = {
    { "token", DEALS_TEXT, 0, offsetof(deals_session_result, token), NULL },
    { "user", DEALS_OBJECT, 0, offsetof(deals_session_result, user),
      &deals_user_shape }
};

const deals_shape  deals_session_shape = {
    "session", sizeof(deals_session_result), result_fields,
    sizeof(result_fields) / sizeof(result_fields[0])
};


/* -- signing in ----------------------------------------------------------- */

static void
wrong(deals_call *call)
{
    deals_call_fail(call, DEALS_UNAUTHENTICATED, NULL,
                    "The name or the password is wrong.");
}


static void
signed_in(deals_call *call)
{
    session_state  *state = deals_call_state(call);

    if (deals_use_row(state->head.inserted) == NULL) {
        wrong(call);                    /* it was changed meanwhile */
        return;
    }

    deals_call_finish(call, NULL);
}


static void
verified(deals_call *call)
{
    deals_user             *user;
    session_state          *state = deals_call_state(call);
    const deals_login_row  *row = deals_use_row(state->login);

    if (state->secret->result < 0) {
        deals_use_no_memory(call);
        return;
    }

    if (state->secret->result != 1 || row == NULL || row->disabled) {
        wrong(call);
        return;
    }

    user = deals_arena_alloc(deals_call_arena(call), sizeof(*user));
    if (user == NULL
        || deals_secret_session(call, row->id, row->password_hash) < 0)
    {
        deals_use_no_memory(call);
        return;
    }

    user->id = row->id;
    user->name = row->name;
    user->role = row->role;
    user->created_at = row->created_at;
    state->head.result.user = user;

    deals_call_send(call, signed_in);
}


/* Somebody who does not exist is verified too, and takes as long. */
static void
verify(deals_call *call)
{
    session_state          *state = deals_call_state(call);
    const deals_login_row  *row = deals_use_row(state->login);

    state->secret = deals_secret_verify(call, state->password,
                                        row != NULL ? row->password_hash
                                                    : DEALS_NONE,
                                        verified);
    sodium_memzero((char *) state->password.data, state->password.len);
}


static void
count_name(deals_call *call)
{
    session_state  *state = deals_call_state(call);

    if (state->name_key.len == 0) {
        verify(call);                           /* nobody's */
        return;
    }

    deals_use_limit(call, "signin-name", state->name_key,
                    deals_ctx_config(deals_call_ctx(call))->signin_limit,
                    verify);
}


/* 1: this is a browser that the member signed in with before, which counts for
 * itself. */
static int
by_device(deals_call *call, const deals_login_row *row)
{
    deals_str       key;
    session_state  *state = deals_call_state(call);
    unsigned char   nonce[DEALS_DEVICE_NONCE];

    if (row == NULL
        || !deals_device_is(state->head.use.device, row->id,
                            deals_call_now(call), row->password_hash, nonce))
    {
        return 0;
    }

    key = deals_hex(deals_call_arena(call),
                    (deals_str) { (const char *) nonce, sizeof(nonce) });

    if (key.data == NULL) {
        deals_use_no_memory(call);

    } else {
        deals_use_limit(call, "signin-device", key,
                        deals_ctx_config(deals_call_ctx(call))->signin_limit,
                        verify);
    }

    return 1;
}


/*
 * All attempts count, and before the password is looked at: many at once must
 * not pass together, and one's own success must not pay for guesses at others.
 * From a browser that the member signed in with before, they count for that.
 * From a network where the member signed in before, they count for this member
 * and network alone, so that neither strangers with the member's name nor
 * neighbours keep the member out. From elsewhere they count for the address,
 * and for the name, wherever they come from.
 */
static void
looked(deals_call *call)
{
    session_state          *state = deals_call_state(call);
    const deals_login_row  *row = deals_use_row(state->login);
    const deals_config     *config = deals_ctx_config(deals_call_ctx(call));

    if (by_device(call, row)) {
        return;
    }

    if (row != NULL && row->known) {
        deals_use_limit(call, "signin-known", state->head.network,
                        config->signin_limit, verify);
        return;
    }

    deals_use_limit_address(call, "signin", config->signin_limit, count_name);
}


static void
sign_in(deals_call *call)
{
    session_state       *state = deals_call_state(call);
    deals_login_params   p;

    if (state->head.use.errors != NULL) {
        deals_call_finish(call, state->head.use.errors);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.name_key = state->name_key;
    p.network = state->head.network;
    p.since = deals_call_now(call) - DEALS_NETWORK_KNOWN;

    state->login = deals_q_login(deals_call_arena(call), &p);
    deals_call_query(call, state->login);
    deals_call_send(call, looked);
}


/* 0, or -1: no memory. A name that nobody can have is asked for as "". */
static int
check(deals_arena *arena, session_state *state,
    const deals_session_input *input)
{
    deals_str  password = input->password;

    if (input->name.len == 0) {
        deals_error_add(arena, &state->head.use.errors, DEALS_INVALID, "name",
                        "Please give your name.");
    }

    if (password.len == 0) {
        deals_error_add(arena, &state->head.use.errors, DEALS_INVALID,
                        "password", "Please give your password.");
    }

    if (state->head.use.errors != NULL) {
        return 0;
    }

    if (password.len > DEALS_PASSWORD_BYTES) {
        password.len = DEALS_PASSWORD_BYTES + 1;      /* wrong in any case */
    }

    state->password = deals_arena_copy(arena, password);
    state->name_key = deals_name_valid(input->name)
                      ? deals_name_key(arena, input->name) : DEALS_STR("");

    if (state->password.data == NULL || state->name_key.data == NULL) {
        return -1;
    }

    return deals_secret_network(arena, &state->head.use, state->name_key,
                                &state->head.network);
}


deals_call *
deals_session_create(deals_ctx *ctx, const deals_asker *asker,
    const deals_session_input *input, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_SESSION, sizeof(session_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (check(deals_call_arena(call), deals_call_state(call), input) < 0) {
        return deals_use_drop(call);
    }

    deals_call_start(call, sign_in);

    return call;
}


deals_call *
deals_session_create_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_session_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_session_create(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}


/* Of account.c's calls too. */
const deals_session_result *
deals_session_get(const deals_call *call)
{
    deals_signed  *state = deals_use_result(call, DEALS_USE_SESSION);

    return state != NULL ? &state->result : NULL;
}


/* -- signing out ---------------------------------------------------------- */

static void
signed_out(deals_call *call)
{
    session_state  *state = deals_call_state(call);

    if (deals_use_row(state->deleted) == NULL) {
        deals_call_change_none(call);
    }

    deals_call_finish(call, NULL);
}


static void
sign_out(deals_call *call)
{
    deals_use                    *use = deals_call_state(call);
    session_state                *state = deals_call_state(call);
    deals_session_delete_params   p;

    if (use->token != 2) {
        deals_call_finish(call, NULL);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;

    state->deleted = deals_q_session_delete(deals_call_arena(call), &p);
    deals_call_query(call, state->deleted);
    deals_call_change(call, DEALS_CHANGE_MEMBER, use->user_id);
    deals_call_send(call, signed_out);
}


deals_call *
deals_session_delete(deals_ctx *ctx, const deals_asker *asker,
    deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_PLAIN, sizeof(session_state), asker,
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
