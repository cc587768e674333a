/*
 * calls_no_memory_factor.c - memory runs out where a second factor is turned on
 * and off, renewed, and asked for. It is on, or off, and nothing between; and a
 * code that was taken has done what it was for.
 */

#include "core/totp.h"

#include "calls_no_memory.h"

#define KIM     (&kim.asker)
#define ID      ((long long) kim.id)
#define SECRET  "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static char  code[DEALS_TOTP_DIGITS + 1];

static void
off(void)
{
    sql("DELETE FROM user_factors; DELETE FROM user_recovery_codes");
}

/* The code of the next half minute: it is good now, and for a minute at least,
 * however often the call is made again. */
static void
show(void)
{
    struct timespec  ts;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);
    assert_int_equal(deals_totp_code(S(SECRET), ts.tv_sec / 30 + 1, code),
                     0);
}

static void
begun(void)
{
    off();
    show();
    sql("INSERT INTO user_factors (user_id, secret, asker_hash, begun_at)"
        " SELECT %lld, '" SECRET "', encode(sha256("
        "'012345678901234567890123'), 'hex'), now() + interval '1 day'", ID);
}

static void
on(void)
{
    begun();
    sql("UPDATE user_factors SET confirmed_at = now(), asker_hash = NULL;"
        " INSERT INTO user_recovery_codes SELECT %lld, repeat('a', 64)", ID);
}

static int64_t
is_on(void)
{
    return sql_int("SELECT count(*) FROM user_factors WHERE user_id = %lld"
                   " AND confirmed_at IS NOT NULL", ID);
}

static int64_t
recovery_codes(void)
{
    return sql_int("SELECT count(*) FROM user_recovery_codes"
                   " WHERE user_id = %lld", ID);
}


static deals_call *
begin(deals_ctx *c, deals_done done, void *data)
{
    deals_confirm_input  in = { S("password of kim") };

    return deals_factor_begin(c, KIM, &in, S("A site"), done, data);
}

static void
holds_setup(const deals_call *call)
{
    const deals_factor_setup  *r = deals_factor_setup_get(call);

    assert_int_equal(r->secret.len, DEALS_TOTP_SECRET);
    assert_int_equal(sql_int("SELECT count(*) FROM user_factors WHERE secret ="
                             " '%.*s' AND confirmed_at IS NULL",
                             (int) r->secret.len, r->secret.data), 1);
    assert_non_null(strstr(r->uri.data, ":kim?secret="));
}

static deals_call *
confirm(deals_ctx *c, deals_done done, void *data)
{
    deals_code_input  in = { deals_str_of(code) };

    return deals_factor_confirm(c, KIM, &in, S("A site"), done, data);
}

static void
holds_codes(const deals_call *call)
{
    const deals_factor_codes_result  *r = deals_factor_codes_get(call);

    assert_int_equal(r->codes.len, DEALS_RECOVERY_CODES);
    assert_int_equal(is_on(), 1);
    assert_int_equal(recovery_codes(), DEALS_RECOVERY_CODES);
}

static void
whole_confirm(void)
{
    assert_int_equal(recovery_codes(), is_on() * DEALS_RECOVERY_CODES);
}

static deals_call *
renew(deals_ctx *c, deals_done done, void *data)
{
    deals_factor_input  in = { S("password of kim"), deals_str_of(code) };

    return deals_factor_renew(c, KIM, &in, done, data);
}

static void
whole_renew(void)
{
    assert_int_equal(is_on(), 1);
    assert_int_equal(recovery_codes(), sql_int("SELECT (CASE WHEN last_step = 0"
        " THEN 1 ELSE %d END) FROM user_factors", DEALS_RECOVERY_CODES));
}

static deals_call *
end(deals_ctx *c, deals_done done, void *data)
{
    deals_factor_input  in = { S("password of kim"), deals_str_of(code) };

    return deals_factor_end(c, KIM, &in, done, data);
}

static void
whole_end(void)
{
    assert_int_equal(recovery_codes(), is_on());
}

static void
holds_off(const deals_call *call)
{
    (void) call;
    assert_int_equal(is_on(), 0);
}

static deals_call *
session_create(deals_ctx *c, deals_done done, void *data)
{
    deals_session_input  in = { .name = S("kim"),
                                .password = S("password of kim"),
                                .code = deals_str_of(code) };

    return deals_session_create(c, KIM, &in, done, data);
}

static void
holds_session(const deals_call *call)
{
    assert_true(deals_session_get(call)->token.len > 33);
    assert_int_equal(deals_session_get(call)->recovered, 0);
}

/* One that was taken began a session. */
static void
clean(void)
{
    on();
    sql("DELETE FROM sessions WHERE address IS NOT NULL");
}

static void
whole_session(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM sessions"
                             " WHERE address IS NOT NULL"),
                     sql_int("SELECT (last_step > 0)::int FROM user_factors"));
}


static const row  rows[] = {
    WRITE(deals_factor_begin, off, begin, holds_setup, DEALS_OK, NULL),
    WRITE(deals_factor_confirm, begun, confirm, holds_codes, DEALS_CONFLICT,
          whole_confirm),
    WRITE(deals_factor_renew, on, renew, holds_codes, DEALS_INVALID,
          whole_renew),
    WRITE(deals_factor_end, on, end, holds_off, DEALS_CONFLICT, whole_end),
    WRITE_OF(deals_session_create, "with a code", clean, session_create,
             holds_session, DEALS_CODE_WRONG, whole_session),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_factor", rows)
