/*
 * calls/confirm.c - the password, asked for again. See calls/confirm.h.
 */

#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "stmts.h"
#include "calls/confirm.h"


int
deals_confirm_with(deals_arena *arena, void *state, deals_str current)
{
    deals_confirmed  *confirmed = state;

    if (current.len > DEALS_PASSWORD_BYTES) {
        current.len = DEALS_PASSWORD_BYTES + 1;     /* wrong in any case */
    }

    confirmed->current = deals_use_text(arena, current);

    return confirmed->current.data == NULL ? -1 : 0;
}


void
deals_confirm_given(deals_arena *arena, void *state,
    const deals_error **errors)
{
    deals_confirmed  *confirmed = state;

    if (confirmed->current.len == 0) {
        deals_error_add(arena, errors, DEALS_INVALID, "current",
                        "Please give your password as it is now.");
    }
}


void
deals_confirm_wrong(deals_call *call)
{
    deals_call_fail(call, DEALS_INVALID, "current",
                    "This is not your password.");
}


static void
verified(deals_call *call)
{
    deals_confirmed  *state = deals_call_state(call);

    if (state->secret->result < 0) {
        deals_use_no_memory(call);
        return;
    }

    if (state->secret->result != 1) {
        deals_confirm_wrong(call);
        return;
    }

    state->next(call);
}


static void
looked(deals_call *call)
{
    deals_confirmed               *state = deals_call_state(call);
    const deals_password_get_row  *row = deals_use_row(state->query);

    state->verified = row != NULL ? row->password_hash : DEALS_NONE;
    state->secret = deals_secret_verify(call, state->current, state->verified,
                                        verified);
    sodium_memzero((char *) state->current.data, state->current.len);
}


static void
look(deals_call *call)
{
    deals_confirmed            *state = deals_call_state(call);
    deals_password_get_params   p = { .user_id = state->use.user_id };

    state->query = deals_q_password_get(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_send(call, looked);
}


void
deals_confirm(deals_call *call, deals_step step)
{
    deals_confirmed  *state = deals_call_state(call);

    state->next = step;
    deals_use_limit_member(call, "password",
                           deals_ctx_config(deals_call_ctx(call))->signin_limit,
                           look);
}


static void
known(deals_call *call)
{
    deals_confirmed  *state = deals_call_state(call);

    deals_confirm(call, state->next);
}


void
deals_confirm_member(deals_call *call, deals_step step)
{
    deals_confirmed  *state = deals_call_state(call);

    deals_confirm_given(deals_call_arena(call), state, &state->use.errors);
    state->next = step;
    deals_use_account(call, known);
}
