/*
 * calls/factor.c - a code of a member's second factor. See calls/factor.h.
 *
 * Nobody comes here without the member's password. Whoever has it could guess
 * all day: so wrong codes in a row make everybody wait, longer each time. The
 * member is not kept out by it: a recovery code does not wait, and from where
 * she signed in before it is a minute at most.
 */

#include <string.h>

#include "base/error.h"
#include "stmts.h"
#include "calls/factor.h"


static void
noted(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    use->code->wrong(call);
}


static void
note_wrong(deals_call *call, const deals_code_check *check)
{
    deals_factor_failed_params  p = { .user_id = check->user_id,
                                      .now = deals_call_now(call) };

    deals_call_query(call, deals_q_factor_failed(deals_call_arena(call), &p));
    deals_call_send(call, noted);
}


/* 1: no code is looked at yet, and the call was ended. */
static int
pauses(deals_call *call, const deals_code_check *check)
{
    int64_t       left;
    deals_error  *error;

    if (check->failed_at == DEALS_NULL_INT) {
        return 0;
    }

    left = check->failed_at - deals_call_now(call)
           + deals_totp_pause(check->failed, check->network.data != NULL);
    if (left <= 0) {
        return 0;
    }

    error = deals_arena_alloc(deals_call_arena(call), sizeof(*error));
    if (error == NULL) {
        deals_use_no_memory(call);
        return 1;
    }

    error->code = DEALS_RATE_LIMITED;
    error->message = DEALS_STR("Too many wrong codes. Please wait a while, or "
                               "use a recovery code.");
    error->retry_after = (int) left;
    deals_call_finish(call, error);

    return 1;
}


static void
look(deals_call *call)
{
    deals_use         *use = deals_call_state(call);
    deals_code_check  *check = use->code;

    check->step = DEALS_NULL_INT;

    if (check->typed.recovery_hash.data != NULL) {
        check->right(call);
        return;
    }

    if (check->typed.digits[0] == '\0') {
        check->wrong(call);                     /* that is no guess */
        return;
    }

    if (pauses(call, check)) {
        return;
    }

    check->step = deals_totp_match(check->secret, check->typed.digits,
                                   deals_call_now(call), check->last_step);
    if (check->step < 0) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "The second factor is not readable.");
        return;
    }

    if (check->step == 0) {
        note_wrong(call, check);
        return;
    }

    check->right(call);
}


void
deals_code_run(deals_call *call, deals_code_check *check)
{
    int         limit = deals_ctx_config(deals_call_ctx(call))->signin_limit;
    char       *key;
    deals_use  *use = deals_call_state(call);

    use->code = check;

    if (check->network.data != NULL) {
        deals_use_limit(call, "code-known", check->network, limit, look);
        return;
    }

    key = deals_arena_printf(deals_call_arena(call), "%lld",
                             (long long) check->user_id);
    if (key == NULL) {
        deals_use_no_memory(call);
        return;
    }

    deals_use_limit(call, "code", deals_str_of(key), limit, look);
}
