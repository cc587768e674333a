/*
 * calls/password.c - a member changes the password.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "core/name.h"
#include "stmts.h"
#include "calls/confirm.h"

typedef struct {
    deals_confirmed   head;
    deals_str         password, device;
    deals_secret     *secret;
    deals_query      *query;
} password_state;

static const deals_field  fields[] = {
    { "current", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_password_input, current), NULL },
    { "password", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_password_input, password), NULL }
};

const deals_shape  deals_password_input_shape = {
    "password", sizeof(deals_password_input), fields,
    sizeof(fields) / sizeof(fields[0])
};


static void
forget(deals_str text)
{
    if (text.len > 0) {
        sodium_memzero((char *) text.data, text.len);
    }
}


static void
changed(deals_call *call)
{
    password_state  *state = deals_call_state(call);

    if (deals_use_row(state->query) == NULL) {
        deals_confirm_wrong(call);      /* it was changed meanwhile */
        return;
    }

    deals_call_finish(call, NULL);
}


static void
hashed(deals_call *call)
{
    deals_str                      network;
    deals_arena                   *arena = deals_call_arena(call);
    password_state                *state = deals_call_state(call);
    deals_password_end_params      end;
    deals_password_change_params   p;

    if (deals_secret_made(call, state->secret) != 0) {
        return;
    }

    if (deals_secret_network(arena, &state->head.use,
                             deals_name_key(arena, state->head.use.viewer->name),
                             &network)
        != 0)
    {
        deals_use_no_memory(call);
        return;
    }

    state->device = deals_secret_device(call, state->head.use.user_id,
                                        deals_str_of(state->secret->hash));
    if (state->device.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->head.use.user_id;
    p.former = state->head.verified;
    p.password_hash = deals_str_of(state->secret->hash);

    memset(&end, 0, sizeof(end));
    end.user_id = p.user_id;
    end.password_hash = p.password_hash;
    end.token_hash = state->head.use.token_hash;
    end.network = network;

    state->query = deals_q_password_change(arena, &p);
    deals_call_query(call, state->query);
    deals_call_query(call, deals_q_password_end(arena, &end));
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, changed);
}


static void
hash(deals_call *call)
{
    password_state  *state = deals_call_state(call);

    state->secret = deals_secret_hash(call, state->password, hashed);
    forget(state->password);
}


/* The rules need the name, which is known by now. */
static void
check(deals_call *call)
{
    password_state     *state = deals_call_state(call);
    const deals_me     *viewer = state->head.use.viewer;
    deals_arena        *arena = deals_call_arena(call);
    const deals_error  *errors = NULL;

    deals_confirm_given(arena, state, &errors);
    (void) deals_password_check(arena, "password", state->password,
                                viewer->name, viewer->email, &errors);

    if (errors != NULL) {
        deals_call_finish(call, errors);
        return;
    }

    deals_confirm(call, hash);
}


static void
start(deals_call *call)
{
    deals_use_account(call, check);
}


deals_call *
deals_password_change(deals_ctx *ctx, const deals_asker *asker,
    const deals_password_input *input, deals_done done, void *data)
{
    deals_call      *call;
    deals_arena     *arena;
    password_state  *state;

    call = deals_use_new(ctx, DEALS_USE_PASSWORD, sizeof(password_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    arena = deals_call_arena(call);
    state->password = deals_use_text(arena, input->password);

    if (state->password.data == NULL
        || deals_confirm_with(arena, state, input->current) != 0)
    {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_password_change_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_password_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_password_change(ctx, asker, input, NULL,
                                                 NULL), timeout_ms);
}


deals_str
deals_password_device(const deals_call *call)
{
    const password_state  *state = deals_use_result(call, DEALS_USE_PASSWORD);

    return state != NULL ? state->device : DEALS_NONE;
}
