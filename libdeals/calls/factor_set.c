/*
 * calls/factor_set.c - what a member does with a code of the second factor:
 * turns on what was begun, makes recovery codes, turns it off. See
 * deals/factor.h.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "stmts.h"
#include "calls/factor_set.h"

#define BEGUN_LIFE  900                 /* seconds to confirm what was begun */

#define FIELD(name, type, flags, of)                                          \
    { #name, type, flags, offsetof(of, name), NULL }

static const deals_field  code_fields[] = {
    FIELD(code, DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET, deals_code_input)
};

const deals_shape  deals_code_input_shape = {
    "code", sizeof(deals_code_input), code_fields, 1
};

static const deals_field  input_fields[] = {
    FIELD(current, DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
          deals_factor_input),
    FIELD(code, DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET, deals_factor_input)
};

const deals_shape  deals_factor_input_shape = {
    "factor", sizeof(deals_factor_input), input_fields, 2
};

static const deals_field  codes_fields[] = {
    { "recovery_codes", DEALS_LIST, 0,
      offsetof(deals_factor_codes_result, codes), NULL }
};

const deals_shape  deals_factor_codes_shape = {
    "recovery codes", sizeof(deals_factor_codes_result), codes_fields, 1
};


static void
finish(deals_call *call)
{
    deals_call_finish(call, NULL);
}


static void
no_factor(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    deals_call_change_none(call);
    deals_call_fail(call, DEALS_CONFLICT, NULL,
                    state->confirm
                    ? "That took too long, or was done already. Please begin"
                      " again."
                    : "There is no second factor.");
}


static void
wrong_code(deals_call *call)
{
    deals_call_fail(call, DEALS_INVALID, "code",
                    "This code is not good, or was used already.");
}


/* -- the code that was typed ---------------------------------------------- */

static void
found(deals_call *call)
{
    deals_factor_state          *state = deals_call_state(call);
    const deals_factor_get_row  *row = deals_use_row(state->query);

    if (row == NULL || row->confirmed == state->confirm) {
        no_factor(call);
        return;
    }

    if (state->confirm && deals_factor_say_setup(call, row->secret) != 0) {
        return;
    }

    state->code.user_id = state->head.use.user_id;
    state->code.secret = row->secret;
    state->code.last_step = row->last_step;
    state->code.failed = row->failed;
    state->code.failed_at = row->failed_at;
    state->code.right = state->then;
    state->code.wrong = wrong_code;
    deals_code_run(call, &state->code);
}


static void
find(deals_call *call)
{
    deals_factor_state       *state = deals_call_state(call);
    deals_factor_get_params   p;

    memset(&p, 0, sizeof(p));
    p.user_id = state->head.use.user_id;
    p.asker_hash = state->head.use.token_hash;
    p.since = deals_call_now(call) - BEGUN_LIFE;

    state->query = deals_q_factor_get(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_send(call, found);
}


/* No row: somebody else took the code, in the same moment. */
static void
taken(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    if (deals_use_row(state->query) == NULL) {
        deals_call_change_none(call);
        wrong_code(call);
        return;
    }

    finish(call);
}


/* -- recovery codes ------------------------------------------------------- */

/* 0, or -1: no memory. */
static int
make_codes(deals_arena *arena, deals_factor_state *state)
{
    size_t          i;
    deals_str       plain, *said;
    unsigned char   bytes[DEALS_RECOVERY_RANDOM];

    said = deals_arena_alloc(arena, DEALS_RECOVERY_CODES * sizeof(deals_str));
    if (said == NULL) {
        return -1;
    }

    for (i = 0; i < DEALS_RECOVERY_CODES; i++) {
        randombytes_buf(bytes, sizeof(bytes));
        plain = deals_base32(arena, bytes, sizeof(bytes));
        sodium_memzero(bytes, sizeof(bytes));
        if (plain.data == NULL) {
            return -1;
        }

        said[i] = deals_in_groups(arena, plain, '-');
        state->hashes[i] = deals_recovery_hash(arena, plain);
        if (said[i].data == NULL || state->hashes[i].data == NULL) {
            return -1;
        }
    }

    state->codes.codes = (deals_list) { said, DEALS_RECOVERY_CODES };

    return 0;
}


static void
take_code(deals_call *call)
{
    deals_factor_state         *state = deals_call_state(call);
    deals_member_lock_params    lock = { 0 };
    deals_factor_codes_params   p;

    if (state->code.step == DEALS_NULL_INT) {
        wrong_code(call);               /* a recovery code makes no others */
        return;
    }

    if (make_codes(deals_call_arena(call), state) != 0) {
        deals_use_no_memory(call);
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->code.user_id;
    p.step = state->code.step;
    p.hashes = state->hashes;
    p.nhashes = DEALS_RECOVERY_CODES;
    p.confirm = state->confirm;
    p.secret = state->code.secret;
    p.asker_hash = state->head.use.token_hash;
    p.now = deals_call_now(call);

    if (state->confirm) {
        lock.user_id = p.user_id;
        lock.changing = 1;
        deals_call_query(call, deals_q_member_lock(deals_call_arena(call),
                                                   &lock));
    }

    state->query = deals_q_factor_codes(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, taken);
}


static void
ask_confirm(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    state->then = take_code;
    deals_use_account(call, find);
}


static void
ask_renew(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    state->then = take_code;
    deals_confirm_member(call, find);
}


/* -- off ------------------------------------------------------------------ */

static void
end(deals_call *call)
{
    deals_factor_state       *state = deals_call_state(call);
    deals_factor_end_params   p;

    memset(&p, 0, sizeof(p));
    p.user_id = state->code.user_id;
    p.step = state->code.step;
    p.code_hash = state->code.typed.recovery_hash;

    state->query = deals_q_factor_end(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, taken);
}


static void
ask_end(deals_call *call)
{
    deals_factor_state  *state = deals_call_state(call);

    state->then = end;
    deals_confirm_member(call, find);
}


/* -- the calls ------------------------------------------------------------ */

/* 0, or -1: no memory. */
static int
with_code(deals_call *call, deals_str code)
{
    deals_arena         *arena = deals_call_arena(call);
    deals_factor_state  *state = deals_call_state(call);

    if (code.len == 0) {
        deals_error_add(arena, &state->head.use.errors, DEALS_INVALID, "code",
                        "Please give the code that your phone shows.");
    }

    return deals_code_read(arena, code, &state->code.typed);
}


static deals_call *
with_input(deals_ctx *ctx, const deals_asker *asker,
    const deals_factor_input *input, deals_step step, deals_done done,
    void *data)
{
    deals_call  *call = deals_factor_new(ctx, asker, DEALS_NONE, done, data);

    if (call == NULL) {
        return NULL;
    }

    if (deals_confirm_with(deals_call_arena(call), deals_call_state(call),
                           input->current)
        != 0
        || with_code(call, input->code) != 0)
    {
        return deals_use_drop(call);
    }

    deals_call_start(call, step);

    return call;
}


deals_call *
deals_factor_confirm(deals_ctx *ctx, const deals_asker *asker,
    const deals_code_input *input, deals_str issuer, deals_done done,
    void *data)
{
    deals_call          *call;
    deals_factor_state  *state;

    call = deals_factor_new(ctx, asker, issuer, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->confirm = 1;

    if (deals_code_read(deals_call_arena(call), input->code,
                        &state->code.typed)
        != 0)
    {
        return deals_use_drop(call);
    }

    deals_call_start(call, ask_confirm);

    return call;
}


deals_call *
deals_factor_confirm_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_code_input *input, deals_str issuer, int64_t timeout_ms)
{
    return deals_call_wait(deals_factor_confirm(ctx, asker, input, issuer,
                                                NULL, NULL), timeout_ms);
}


deals_call *
deals_factor_renew(deals_ctx *ctx, const deals_asker *asker,
    const deals_factor_input *input, deals_done done, void *data)
{
    return with_input(ctx, asker, input, ask_renew, done, data);
}


deals_call *
deals_factor_renew_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_factor_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_factor_renew(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}


const deals_factor_codes_result *
deals_factor_codes_get(const deals_call *call)
{
    const deals_factor_state  *state = deals_use_result(call, DEALS_USE_FACTOR);

    return state != NULL && state->codes.codes.len > 0 ? &state->codes : NULL;
}


deals_call *
deals_factor_end(deals_ctx *ctx, const deals_asker *asker,
    const deals_factor_input *input, deals_done done, void *data)
{
    return with_input(ctx, asker, input, ask_end, done, data);
}


deals_call *
deals_factor_end_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_factor_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_factor_end(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}
