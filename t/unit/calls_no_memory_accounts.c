/*
 * calls_no_memory_accounts.c - memory runs out where passwords and sessions are
 * made, changed and ended. A wrong password is one that is wrong, and not one
 * for which there was no memory.
 */

#include <sodium.h>

#include "calls_no_memory.h"

#define ANN       (&ann.asker)
#define PASSWORD  "correct horse"
#define ANOTHER   "battery staple"
#define ID        ((long long) ann.id)

static member  ann;
static int     round_of;
static char    cheap[crypto_pwhash_STRBYTES];       /* of PASSWORD */
static char    token_of[100], session_of[100];

/* Ann has her password, her session, and two more. */
static void
prepare(void)
{
    round_of++;

    if (ann.id == 0) {
        assert_int_equal(crypto_pwhash_str(cheap, PASSWORD, strlen(PASSWORD), 1,
                                           8192), 0);
        member_make(&ann, "ann", "member");
    }

    sql("UPDATE users SET password_hash = '%s' WHERE user_id = %lld", cheap,
        ID);
    sql("INSERT INTO sessions SELECT %lld, h, now(), now(),"
        " now() + interval '1 day' FROM (SELECT encode(sha256("
        "'012345678901234567890123'), 'hex') UNION VALUES"
        " (repeat('a', 64)), (repeat('b', 64))) AS t(h)"
        " ON CONFLICT DO NOTHING", ID);
}

static int64_t
sessions(void)
{
    return sql_int("SELECT count(*) FROM sessions WHERE user_id = %lld", ID);
}

static int64_t
is_changed(void)
{
    return sql_int("SELECT (password_hash <> '%s')::int FROM users"
                   " WHERE user_id = %lld", cheap, ID);
}


/* -- signing up, in and out ----------------------------------------------- */

static deals_call *
account_create(deals_ctx *c, deals_done done, void *data)
{
    char                 name[20], email[30];
    deals_account_input  in;

    snprintf(name, sizeof(name), "new%d", round_of);
    snprintf(email, sizeof(email), "new%d@example.com", round_of);
    in.name = deals_str_of(name);
    in.password = S(PASSWORD);
    in.email = deals_str_of(email);

    return deals_account_create(c, ANN, &in, done, data);
}

static void
holds_session(const deals_call *call)
{
    const deals_session_result  *r = deals_session_get(call);

    assert_true(r->token.len > 33);
    assert_non_null(r->user);
    assert_int_equal(sql_int("SELECT count(*) FROM sessions WHERE user_id ="
                             " %lld AND address = '192.0.2.1'",
                             (long long) r->user->id) > 0, 1);
}

static void
whole_account(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM user_names"
        " NATURAL FULL JOIN users WHERE name_key IS NULL OR role IS NULL"), 0);
    assert_int_equal(sql_int("SELECT count(*) FROM user_emails e FULL JOIN"
        " (SELECT * FROM users WHERE email IS NOT NULL) u"
        " ON u.user_id = e.user_id WHERE e.user_id IS NULL"
        " OR u.user_id IS NULL"), 0);
    assert_int_equal(sql_int("SELECT count(*) FROM users"
                             " WHERE name = 'new%d'", round_of), 1);
    assert_int_equal(sql_int("SELECT count(*) FROM users u"
        " WHERE name LIKE 'new%%' AND NOT EXISTS (SELECT FROM sessions s"
        " WHERE s.user_id = u.user_id)"), 0);
}

static deals_call *
session_create(deals_ctx *c, deals_done done, void *data)
{
    deals_session_input  in = { .name = S("Ann"), .password = S(PASSWORD) };

    return deals_session_create(c, ANN, &in, done, data);
}

static deals_call *
session_delete(deals_ctx *c, deals_done done, void *data)
{
    return deals_session_delete(c, ANN, done, data);
}

static void
holds_deleted(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT count(*) FROM sessions WHERE user_id ="
        " %lld AND token_hash = encode(sha256('012345678901234567890123'),"
        " 'hex')", ID), 0);
}

static void
clean(void)
{
    prepare();
    sql("DELETE FROM sessions WHERE user_id = %lld AND address IS NOT NULL",
        ID);
}

static void
prepare_end(void)
{
    deals_call                *call;
    const deals_session_info  *info;

    clean();
    call = OK(deals_sessions_wait(ctx, ANN, TIMEOUT));
    assert_int_equal(deals_sessions_get(call)->sessions.len, 3);
    info = deals_sessions_get(call)->sessions.items;
    snprintf(session_of, sizeof(session_of), "%.*s", (int) info[1].id.len,
             info[1].id.data);
    deals_call_free(call);
}

static const deals_confirm_input  sure = { DEALS_STR(PASSWORD) };

static deals_call *
session_end(deals_ctx *c, deals_done done, void *data)
{
    return deals_session_end(c, ANN, deals_str_of(session_of), &sure, done,
                             data);
}

static void
holds_ended(const deals_call *call)
{
    assert_int_equal(deals_sessions_get(call)->own_ended, 0);
    assert_int_equal(sessions(), 2);
}

static deals_call *
session_end_others(deals_ctx *c, deals_done done, void *data)
{
    return deals_session_end_others(c, ANN, &sure, done, data);
}

static void
holds_alone(const deals_call *call)
{
    (void) call;
    assert_int_equal(sessions(), 1);
}


/* -- passwords ------------------------------------------------------------ */

static deals_call *
password_change(deals_ctx *c, deals_done done, void *data)
{
    deals_password_input  in = { S(PASSWORD), S(ANOTHER) };

    return deals_password_change(c, ANN, &in, done, data);
}

static void
whole_change(void)
{
    assert_true(is_changed());
    assert_int_equal(sessions(), 1);
}

static void
prepare_reset(void)
{
    deals_str    token;
    deals_call  *call;

    clean();
    call = OK(deals_member_reset_wait(ctx, S("ann"), 0, TIMEOUT));
    token = deals_member_reset_token(call);
    snprintf(token_of, sizeof(token_of), "%.*s", (int) token.len, token.data);
    deals_call_free(call);
}

static deals_call *
password_reset(deals_ctx *c, deals_done done, void *data)
{
    deals_reset_input  in = { deals_str_of(token_of), S(ANOTHER) };

    return deals_password_reset(c, ANN, &in, done, data);
}

static void
whole_reset(void)
{
    assert_true(is_changed());
    assert_int_equal(sessions(), 0);
    assert_int_equal(sql_int("SELECT count(*) FROM password_resets"
                             " WHERE user_id = %lld", ID), 0);
}


/* -- the operator --------------------------------------------------------- */

static deals_call *
member_passwd(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_passwd(c, S("ann"), S(ANOTHER), done, data);
}

static void
whole_passwd(void)
{
    assert_true(is_changed());
    assert_int_equal(sessions(), 0);
}

static deals_call *
member_reset(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_reset(c, S("ann"), 1, done, data);
}

static void
holds_token(const deals_call *call)
{
    assert_true(deals_member_reset_token(call).len > 33);
    assert_int_equal(sql_int("SELECT count(*) FROM password_resets"
                             " WHERE user_id = %lld", ID), 1);
}

static deals_call *
member_role(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_role(c, S("ann"),
                             round_of % 2 ? S("moderator") : S("member"), done,
                             data);
}

static void
holds_role(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT (role = 'moderator')::int FROM users"
                             " WHERE user_id = %lld", ID), round_of % 2);
}


static deals_call *
member_disable(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_disable(c, S("ann"), done, data);
}

static void
whole_disable(void)
{
    assert_int_equal(sql_int("SELECT (disabled_at IS NOT NULL)::int FROM users"
                             " WHERE user_id = %lld", ID), 1);
    assert_int_equal(sessions(), 0);
}

static void
holds_disable(const deals_call *call)
{
    assert_non_null(deals_member_disable_get(call));
    whole_disable();
}

static deals_call *
member_enable(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_enable(c, S("ann"), done, data);
}

static void
prepare_enable(void)
{
    sql("UPDATE users SET disabled_at = now() WHERE user_id = %lld", ID);
}

static void
whole_enable(void)
{
    assert_int_equal(sql_int("SELECT (disabled_at IS NULL)::int FROM users"
                             " WHERE user_id = %lld", ID), 1);
}


static const row  rows[] = {
    SLOW(deals_account_create, prepare, account_create, holds_session,
         DEALS_CONFLICT, whole_account),
    WRITE(deals_session_create, clean, session_create, holds_session, DEALS_OK,
          NULL),
    WRITE(deals_session_delete, prepare, session_delete, holds_deleted,
          DEALS_OK, NULL),
    WRITE(deals_session_end, prepare_end, session_end, holds_ended,
          DEALS_NOT_FOUND, NULL),
    WRITE(deals_session_end_others, clean, session_end_others, holds_alone,
          DEALS_OK, NULL),
    SLOW(deals_password_change, clean, password_change, NULL, DEALS_INVALID,
         whole_change),
    SLOW(deals_password_reset, prepare_reset, password_reset, NULL,
         DEALS_INVALID, whole_reset),
    SLOW(deals_member_passwd, clean, member_passwd, NULL, DEALS_OK,
         whole_passwd),
    WRITE(deals_member_reset, clean, member_reset, holds_token, DEALS_OK, NULL),
    WRITE(deals_member_role, prepare, member_role, holds_role, DEALS_OK, NULL),
    WRITE(deals_member_disable, prepare, member_disable, holds_disable,
          DEALS_OK, whole_disable),
    WRITE(deals_member_enable, prepare_enable, member_enable, NULL, DEALS_OK,
          whole_enable),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_accounts", rows)
