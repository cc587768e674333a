/*
 * calls_accounts_own.c - what members do with their own account: see and end
 * sessions, change the password, set a new one by the operator's token; and the
 * networks from which they are known.
 */

#include "calls_server.h"

static deals_asker  somewhere;

static deals_call *
sign_in(deals_ctx *c, const char *name, const char *password)
{
    deals_session_input  in = { .name = deals_str_of(name),
                                .password = deals_str_of(password) };

    return deals_session_create_wait(c, &somewhere, &in, TIMEOUT);
}

/* Signed in with a real password, from `somewhere`; the call owns the token. */
static deals_call *
kim_signs_up(deals_asker *asker)
{
    deals_call           *call;
    deals_account_input   in = { S("kim"), S("correct horse"), DEALS_NONE };

    call = OK(deals_account_create_wait(ctx, &somewhere, &in, TIMEOUT));
    memset(asker, 0, sizeof(*asker));
    asker->token = deals_session_get(call)->token;

    return call;
}

static deals_call *
kim_signs_in(deals_asker *asker, const char *password)
{
    deals_call  *call = OK(sign_in(ctx, "kim", password));

    memset(asker, 0, sizeof(*asker));
    asker->token = deals_session_get(call)->token;

    return call;
}

/* What ends a session asks for. */
static const deals_confirm_input  kims = { DEALS_STR("correct horse") };
static const deals_confirm_input  lees = { DEALS_STR("password of lee") };

static int
is_signed_in(const deals_asker *asker)
{
    int          good;
    deals_call  *call = OK(deals_whoami_wait(ctx, asker, TIMEOUT));

    good = deals_call_viewer(call) != NULL;
    deals_call_free(call);

    return good;
}

static int
setup(void **state)
{
    somewhere = (deals_asker) { .address = S("192.0.2.7"),
                                .user_agent = S("A browser") };

    return empty(state);
}


/* -- sessions ------------------------------------------------------------- */

static void
test_sessions(void **state)
{
    size_t                       i;
    member                       lee;
    deals_buf                    json;
    deals_call                  *call, *one, *two;
    deals_asker                  first, second;
    const deals_session_info    *s;
    const deals_sessions_result *r;

    (void) state;
    one = kim_signs_up(&first);
    somewhere.address = S("2001:db8::5");
    somewhere.user_agent = DEALS_NONE;
    two = kim_signs_in(&second, "correct horse");
    member_make(&lee, "lee", "member");
    sql("UPDATE sessions SET seen_at = now() - interval '1 hour'"
        " WHERE address = '192.0.2.7'");

    call = OK(deals_sessions_wait(ctx, &first, TIMEOUT));
    r = deals_sessions_get(call);
    s = r->sessions.items;
    assert_int_equal(r->sessions.len, 2);
    assert_int_equal(s[0].current, 1);
    assert_str(s[0].address, "192.0.2.7");
    assert_str(s[0].user_agent, "A browser");
    assert_int_equal(s[1].current, 0);
    assert_str(s[1].address, "2001:db8::5");
    assert_str(s[1].user_agent, NULL);
    assert_true(s[1].expires_at > time(NULL) + 29 * 86400);

    /* The names of sessions say nothing of their tokens. */
    deals_buf_init(&json);
    deals_json_write(&json, &deals_sessions_shape, r);
    deals_buf_char(&json, '\0');
    assert_null(strstr(json.data, "token"));
    for (i = 0; i < 2; i++) {
        assert_int_equal(s[i].id.len, 32);
        assert_int_equal(sql_int("SELECT count(*) FROM sessions WHERE"
                                 " token_hash LIKE '%%%.*s%%'", 32,
                                 s[i].id.data), 0);
    }
    deals_buf_free(&json);
    deals_call_free(call);

    /* One that has ended is not there any more. */
    sql("UPDATE sessions SET seen_at = now() - interval '15 days'"
        " WHERE address = '2001:db8::5'");
    call = OK(deals_sessions_wait(ctx, &first, TIMEOUT));
    assert_int_equal(deals_sessions_get(call)->sessions.len, 1);
    deals_call_free(call);

    FAILS(deals_sessions_wait(ctx, &second, TIMEOUT), DEALS_UNAUTHENTICATED,
          NULL);
    FAILS(deals_sessions_wait(ctx, NULL, TIMEOUT), DEALS_UNAUTHENTICATED,
          NULL);
    deals_call_free(one);
    deals_call_free(two);
}

static void
test_session_end(void **state)
{
    char         own[40], other[40];
    member       lee;
    deals_call  *call, *one, *two;
    deals_asker  first, second;
    deals_confirm_input        none = { DEALS_NONE };
    const deals_session_info  *s;

    (void) state;
    one = kim_signs_up(&first);
    two = kim_signs_in(&second, "correct horse");
    member_make(&lee, "lee", "member");

    call = OK(deals_sessions_wait(ctx, &first, TIMEOUT));
    s = deals_sessions_get(call)->sessions.items;
    snprintf(own, sizeof(own), "%.*s", (int) s[0].id.len, s[0].id.data);
    snprintf(other, sizeof(other), "%.*s", (int) s[1].id.len, s[1].id.data);
    deals_call_free(call);

    /* Nobody ends another member's. */
    FAILS(deals_session_end_wait(ctx, &lee.asker, deals_str_of(other), &lees,
                                 TIMEOUT), DEALS_NOT_FOUND, NULL);
    FAILS(deals_session_end_wait(ctx, NULL, deals_str_of(other), &kims,
                                 TIMEOUT), DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_session_end_wait(ctx, &first, S("none"), &kims, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_session_end_wait(ctx, &first, DEALS_NONE, &kims, TIMEOUT),
          DEALS_NOT_FOUND, NULL);

    /* Nor, without the password, the own ones. */
    FAILS(deals_session_end_wait(ctx, &first, deals_str_of(other), &lees,
                                 TIMEOUT), DEALS_INVALID, "current");
    FAILS(deals_session_end_wait(ctx, &first, deals_str_of(other), &none,
                                 TIMEOUT), DEALS_INVALID, "current");
    FAILS(deals_session_end_others_wait(ctx, &first, &lees, TIMEOUT),
          DEALS_INVALID, "current");
    assert_true(is_signed_in(&second));

    call = OK(deals_session_end_wait(ctx, &first, deals_str_of(other), &kims,
                                     TIMEOUT));
    assert_int_equal(deals_sessions_get(call)->own_ended, 0);
    deals_call_free(call);
    assert_false(is_signed_in(&second));
    FAILS(deals_session_end_wait(ctx, &first, deals_str_of(other), &kims,
                                 TIMEOUT), DEALS_NOT_FOUND, NULL);

    call = OK(deals_session_end_wait(ctx, &first, deals_str_of(own), &kims,
                                     TIMEOUT));
    assert_int_equal(deals_sessions_get(call)->own_ended, 1);
    deals_call_free(call);
    assert_false(is_signed_in(&first));
    assert_true(is_signed_in(&lee.asker));
    deals_call_free(one);
    deals_call_free(two);
}

static void
test_session_end_others(void **state)
{
    member       lee;
    deals_call  *one, *two, *three;
    deals_asker  first, second, third;

    (void) state;
    one = kim_signs_up(&first);
    two = kim_signs_in(&second, "correct horse");
    three = kim_signs_in(&third, "correct horse");
    member_make(&lee, "lee", "member");

    deals_call_free(OK(deals_session_end_others_wait(ctx, &second, &kims,
                                                     TIMEOUT)));
    assert_false(is_signed_in(&first));
    assert_true(is_signed_in(&second));
    assert_false(is_signed_in(&third));
    assert_true(is_signed_in(&lee.asker));

    /* There are none left: fine. */
    deals_call_free(OK(deals_session_end_others_wait(ctx, &second, &kims,
                                                     TIMEOUT)));
    FAILS(deals_session_end_others_wait(ctx, NULL, &kims, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    deals_call_free(one);
    deals_call_free(two);
    deals_call_free(three);
}


/* -- passwords ------------------------------------------------------------ */

static deals_call *
change(const deals_asker *asker, const char *current, const char *password)
{
    deals_password_input  in = { deals_str_of(current),
                                 deals_str_of(password) };

    return deals_password_change_wait(ctx, asker, &in, TIMEOUT);
}

static void
test_password_change(void **state)
{
    deals_call  *one, *two;
    deals_asker  first, second;

    (void) state;
    one = kim_signs_up(&first);
    two = kim_signs_in(&second, "correct horse");

    FAILS(change(NULL, "correct horse", "battery staple"),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(change(&first, "wrong horse", "battery staple"), DEALS_INVALID,
          "current");
    FAILS(change(&first, "", "short"), DEALS_INVALID, "current");
    FAILS(change(&first, "", "short"), DEALS_INVALID, "password");
    FAILS(change(&first, "correct horse", "password"), DEALS_INVALID,
          "password");
    FAILS(change(&first, NULL, NULL), DEALS_INVALID, "current");
    FAILS(change(&first, "correct horse", NULL), DEALS_INVALID, "password");
    assert_true(is_signed_in(&second));

    /* The others end, a token of the operator's too. */
    deals_call_free(OK(deals_member_reset_wait(ctx, S("kim"), 0, TIMEOUT)));
    deals_call_free(OK(change(&first, "correct horse", "battery staple")));
    assert_true(is_signed_in(&first));
    assert_false(is_signed_in(&second));
    assert_int_equal(sql_int("SELECT count(*) FROM password_resets"), 0);

    FAILS(sign_in(ctx, "kim", "correct horse"), DEALS_UNAUTHENTICATED, NULL);
    deals_call_free(OK(sign_in(ctx, "kim", "battery staple")));
    deals_call_free(one);
    deals_call_free(two);
}

static deals_call *
reset(const char *token, const char *password)
{
    deals_reset_input  in = { deals_str_of(token), deals_str_of(password) };

    return deals_password_reset_wait(ctx, &somewhere, &in, TIMEOUT);
}

static void
make_token(char *text, size_t size)
{
    deals_str    token;
    deals_call  *call = OK(deals_member_reset_wait(ctx, S("KIM"), 0, TIMEOUT));

    token = deals_member_reset_token(call);
    assert_true(token.len > 33 && token.len < size);
    snprintf(text, size, "%.*s", (int) token.len, token.data);
    deals_call_free(call);
}

static void
test_password_reset(void **state)
{
    char         former[100], token[100];
    deals_call  *one;
    deals_asker  asker;

    (void) state;
    one = kim_signs_up(&asker);
    FAILS(deals_member_reset_wait(ctx, S("lee"), 0, TIMEOUT), DEALS_NOT_FOUND,
          NULL);
    FAILS(deals_member_reset_wait(ctx, DEALS_NONE, 0, TIMEOUT), DEALS_NOT_FOUND,
          NULL);

    make_token(former, sizeof(former));
    make_token(token, sizeof(token));
    assert_true(is_signed_in(&asker));

    /* Only the last one, only once, only in time, and only with a password that
     * may be one. */
    FAILS(reset(former, "battery staple"), DEALS_INVALID, "token");
    FAILS(reset("nonsense", "battery staple"), DEALS_INVALID, "token");
    FAILS(reset(NULL, "battery staple"), DEALS_INVALID, "token");
    FAILS(reset(token, "short"), DEALS_INVALID, "password");
    FAILS(reset(token, "kim"), DEALS_INVALID, "password");
    FAILS(reset(token, NULL), DEALS_INVALID, "password");
    assert_true(is_signed_in(&asker));

    sql("UPDATE password_resets SET expires_at = now() - interval '1 second'");
    FAILS(reset(token, "battery staple"), DEALS_INVALID, "token");
    sql("UPDATE password_resets SET expires_at = now() + interval '1 hour'");

    deals_call_free(OK(reset(token, "battery staple")));
    assert_false(is_signed_in(&asker));
    FAILS(reset(token, "battery staple"), DEALS_INVALID, "token");
    FAILS(sign_in(ctx, "kim", "correct horse"), DEALS_UNAUTHENTICATED, NULL);
    deals_call_free(OK(sign_in(ctx, "kim", "battery staple")));
    deals_call_free(one);
}

static void
test_member_passwd(void **state)
{
    deals_call  *one;
    deals_asker  asker;

    (void) state;
    one = kim_signs_up(&asker);
    FAILS(deals_member_passwd_wait(ctx, S("lee"), S("battery staple"),
                                   TIMEOUT), DEALS_NOT_FOUND, NULL);
    FAILS(deals_member_passwd_wait(ctx, S("kim"), S("short"), TIMEOUT),
          DEALS_INVALID, "password");
    FAILS(deals_member_passwd_wait(ctx, S("kim"), DEALS_NONE, TIMEOUT),
          DEALS_INVALID, "password");
    FAILS(deals_member_passwd_wait(ctx, DEALS_NONE, S("battery staple"),
                                   TIMEOUT), DEALS_NOT_FOUND, NULL);
    assert_true(is_signed_in(&asker));

    deals_call_free(OK(deals_member_passwd_wait(ctx, S("Kim"),
                                                S("battery staple"),
                                                TIMEOUT)));
    assert_false(is_signed_in(&asker));
    deals_call_free(OK(sign_in(ctx, "kim", "battery staple")));
    deals_call_free(one);
}


/* -- networks ------------------------------------------------------------- */

/* Guesses from elsewhere use up a name; where the member has signed in before it
 * goes on, from the whole network, but not without a bound. */
static void
test_known_networks(void **state)
{
    int           i;
    deals_call   *one;
    deals_ctx    *c;
    deals_asker   asker;
    deals_config  config = { 0 };

    (void) state;
    somewhere.address = S("2001:db8::5");
    one = kim_signs_up(&asker);

    config.signin_limit = 2;
    c = server_ctx(&config);
    clock_stands = server_now(NULL);          /* counts are by minute */

    for (i = 0; i < 3; i++) {
        char  address[20];

        snprintf(address, sizeof(address), "192.0.2.%d", i);
        somewhere.address = deals_str_of(address);
        FAILS(sign_in(c, "kim", "wrong horse"),
              i < 2 ? DEALS_UNAUTHENTICATED : DEALS_RATE_LIMITED, NULL);
    }

    somewhere.address = S("192.0.2.99");
    FAILS(sign_in(c, "kim", "correct horse"), DEALS_RATE_LIMITED, NULL);

    /* Another address of the same /64. */
    somewhere.address = S("2001:db8::77");
    deals_call_free(OK(sign_in(c, "kim", "correct horse")));
    FAILS(sign_in(c, "kim", "wrong horse"), DEALS_UNAUTHENTICATED, NULL);
    FAILS(sign_in(c, "kim", "correct horse"), DEALS_RATE_LIMITED, NULL);

    /* What is kept of a network is neither its address nor for ever. */
    assert_int_equal(sql_int("SELECT count(*) FROM user_networks"
                             " WHERE network ~ '^[0-9a-f]{64}$'"), 1);
    sql("UPDATE user_networks SET seen_at = now() - interval '181 days'");
    somewhere.address = S("192.0.2.50");
    deals_call_free(OK(sign_in(ctx, "kim", "correct horse")));
    assert_int_equal(sql_int("SELECT count(*) FROM user_networks"), 1);
    deals_ctx_free(c);
    deals_call_free(one);
}


#define OWN_TEST(f)  cmocka_unit_test_setup(f, setup)

static const struct CMUnitTest  tests[] = {
    OWN_TEST(test_sessions),
    OWN_TEST(test_session_end),
    OWN_TEST(test_session_end_others),
    OWN_TEST(test_password_change),
    OWN_TEST(test_password_reset),
    OWN_TEST(test_member_passwd),
    OWN_TEST(test_known_networks),
};

RUN("calls: one's own account", tests)
