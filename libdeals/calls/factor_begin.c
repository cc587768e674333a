/*
 * calls/factor_begin.c - a member begins with a second factor: a secret, which
 * counts once it is confirmed by a code. See deals/factor.h.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "stmts.h"
#include "calls/factor_set.h"

static const deals_field  setup_fields[] = {
    { "secret", DEALS_TEXT, 0, offsetof(deals_factor_setup, secret), NULL },
    { "uri", DEALS_TEXT, 0, offsetof(deals_factor_setup, uri), NULL }
};

const deals_shape  deals_factor_setup_shape = {
    "factor setup", sizeof(deals_factor_setup), setup_fields, 2
};


deals_call *
deals_factor_new(deals_ctx *ctx, const deals_asker *asker, deals_str issuer,
    deals_done done, void *data)
{
    deals_call          *call;
    deals_factor_state  *state;

    call = deals_use_new(ctx, DEALS_USE_FACTOR, sizeof(deals_factor_state),
                         asker, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->issuer = deals_totp_issuer(deals_call_arena(call), issuer);

    return state->issuer.data != NULL ? call : deals_use_drop(call);
}


int
deals_factor_say_setup(deals_call *call, deals_str secret)
{
    deals_arena         *arena = deals_call_arena(call);
    deals_factor_state  *state = deals_call_state(call);

    state->setup.secret = secret;
    state->setup.issuer = state->issuer;
    state->setup.uri = deals_totp_uri(arena, state->issuer,
                                      state->head.use.viewer->name, secret);
    if (state->setup.uri.data == NULL) {
        deals_use_no_memory(call);
        return -1;
    }

    return 0;
}


static void
begun(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    if (deals_use_row(state->query) == NULL) {
        deals_call_fail(call, DEALS_CONFLICT, NULL,
                        "There is a second factor already. Please turn it off"
                        " first.");
        return;
    }

    deals_call_finish(call, NULL);
}


static void
make_secret(deals_call *call)
{
    deals_str                   secret;
    deals_arena                *arena = deals_call_arena(call);
    deals_factor_state         *state = deals_call_state(call);
    unsigned char               bytes[DEALS_TOTP_RANDOM];
    deals_factor_begin_params   p;

    randombytes_buf(bytes, sizeof(bytes));
    secret = deals_base32(arena, bytes, sizeof(bytes));
    sodium_memzero(bytes, sizeof(bytes));

    if (secret.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    if (deals_factor_say_setup(call, secret) != 0) {
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->head.use.user_id;
    p.secret = secret;
    p.asker_hash = state->head.use.token_hash;
    p.now = deals_call_now(call);

    state->query = deals_q_factor_begin(arena, &p);
    deals_call_query(call, state->query);
    deals_call_send(call, begun);
}


static void
ask_begin(deals_call *call)
{
    deals_confirm_member(call, make_secret);
}


deals_call *
deals_factor_begin(deals_ctx *ctx, const deals_asker *asker,
    const deals_confirm_input *input, deals_str issuer, deals_done done,
    void *data)
{
    deals_call  *call = deals_factor_new(ctx, asker, issuer, done, data);

    if (call == NULL) {
        return NULL;
    }

    if (deals_confirm_with(deals_call_arena(call), deals_call_state(call),
                           input->current)
        != 0)
    {
        return deals_use_drop(call);
    }

    deals_call_start(call, ask_begin);

    return call;
}


deals_call *
deals_factor_begin_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_confirm_input *input, deals_str issuer, int64_t timeout_ms)
{
    return deals_call_wait(deals_factor_begin(ctx, asker, input, issuer, NULL,
                                              NULL), timeout_ms);
}


const deals_factor_setup *
deals_factor_setup_get(const deals_call *call)
{
    deals_use                 *use;
    const deals_factor_state  *state;

    if (call == NULL || !deals_call_is_done(call)) {
        return NULL;
    }

    use = deals_call_state((deals_call *) call);
    if (use->kind != DEALS_USE_FACTOR
        || (deals_call_error(call) != NULL
            && deals_call_error(call)->code != DEALS_INVALID))
    {
        return NULL;
    }

    state = (const deals_factor_state *) use;

    return state->setup.uri.data != NULL ? &state->setup : NULL;
}
