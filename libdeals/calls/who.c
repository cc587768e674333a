/*
 * calls/who.c - who asks, and who somebody is.
 */

#include <string.h>

#include "core/name.h"
#include "stmts.h"
#include "calls/use.h"

typedef struct {
    deals_use           use;
    deals_str           name_key;       /* absent: nobody's */
    deals_query        *query;
    const deals_user   *user;
} user_state;


static void
finish(deals_call *call)
{
    deals_call_finish(call, NULL);
}


/* Ends the call, after the note that the session is in use if that is due. */
static void
finish_touched(deals_call *call)
{
    if (deals_use_touch(call)) {
        deals_call_catch_away(call);
        deals_call_send(call, finish);
        return;
    }

    deals_call_finish(call, NULL);
}


static void
recognised(deals_call *call)
{
    if (deals_call_away(call) != NULL) {
        deals_call_finish(call, deals_use_old(call) == 0
                                ? NULL : deals_call_away(call));
        return;
    }

    if (deals_use_answer(call) == 0) {
        finish_touched(call);
    }
}


static void
ask_who(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    use->required = use->strict;

    if (use->token != 2) {
        recognised(call);
        return;
    }

    deals_use_ask(call);
    deals_call_catch_away(call);
    deals_call_send(call, recognised);
}


deals_call *
deals_whoami(deals_ctx *ctx, const deals_asker *asker, deals_done done,
    void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_PLAIN, sizeof(deals_use), asker, done,
                         data);
    if (call != NULL) {
        deals_call_start(call, ask_who);
    }

    return call;
}


deals_call *
deals_whoami_wait(deals_ctx *ctx, const deals_asker *asker, int64_t timeout_ms)
{
    return deals_call_wait(deals_whoami(ctx, asker, NULL, NULL), timeout_ms);
}


static void
user_found(deals_call *call)
{
    user_state  *state = deals_call_state(call);

    if (deals_use_answer(call) < 0) {
        return;
    }

    state->user = deals_use_row(state->query);
    if (state->user == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no such member.");
        return;
    }

    finish_touched(call);
}


static void
ask_user(deals_call *call)
{
    user_state              *state = deals_call_state(call);
    deals_user_get_params    p;

    if (state->name_key.data == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no such member.");
        return;
    }

    memset(&p, 0, sizeof(p));
    p.name_key = state->name_key;
    state->query = deals_q_user_get(deals_call_arena(call), &p);

    deals_use_ask(call);
    deals_call_query(call, state->query);
    deals_call_send(call, user_found);
}


deals_call *
deals_user_get(deals_ctx *ctx, const deals_asker *asker, deals_str name,
    deals_done done, void *data)
{
    deals_call  *call;
    user_state  *state;

    call = deals_use_new(ctx, DEALS_USE_USER, sizeof(user_state), asker, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);

    if (deals_name_valid(name)) {
        state->name_key = deals_name_key(deals_call_arena(call), name);
        if (state->name_key.data == NULL) {
            return deals_use_drop(call);
        }
    }

    deals_call_start(call, ask_user);

    return call;
}


deals_call *
deals_user_get_wait(deals_ctx *ctx, const deals_asker *asker, deals_str name,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_user_get(ctx, asker, name, NULL, NULL),
                           timeout_ms);
}


const deals_user *
deals_user_result(const deals_call *call)
{
    user_state  *state = deals_use_result(call, DEALS_USE_USER);

    return state != NULL ? state->user : NULL;
}
