/*
 * calls_demand.c - deals_config.second_factor: what the calls let members and
 * moderators do who have a second factor, and who have none.
 */

#include "calls_server.h"

#include <deals/factor.h>

static deals_ctx  *demands[3];              /* by DEALS_FACTOR_... */
static member      kim, mo, adm;            /* have none, at first */
static int64_t     deal;                    /* kim's */

static void
turn(const member *m, int on)
{
    sql("DELETE FROM user_factors WHERE user_id = %lld", (long long) m->id);

    if (on) {
        sql("INSERT INTO user_factors (user_id, secret, begun_at, confirmed_at)"
            " VALUES (%lld, repeat('A', 32), now(), now())",
            (long long) m->id);
    }
}

/* One that was begun only is none. */
static void
begin(const member *m)
{
    turn(m, 0);
    sql("INSERT INTO user_factors (user_id, secret, asker_hash, begun_at)"
        " VALUES (%lld, repeat('A', 32), 'x', now())", (long long) m->id);
}

static void
community(void)
{
    int           i;
    deals_config  config = { 0 };

    config.signin_limit = config.signup_limit = config.post_limit
        = config.comment_limit = config.vote_limit = -1;

    for (i = 0; i < 3; i++) {
        if (demands[i] == NULL) {
            config.second_factor = i;
            demands[i] = server_ctx(&config);
        }
    }

    member_make(&kim, "kim", "member");
    member_make(&mo, "mod", "moderator");
    member_make(&adm, "adm", "admin");
    deal = deal_make(&kim, "A deal");
}

static int
owes(deals_ctx *on, const member *m)
{
    int          n;
    deals_call  *call = OK(deals_whoami_wait(on, &m->asker, TIMEOUT));

    assert_non_null(deals_call_viewer(call));
    n = deals_call_owes(call);
    deals_call_free(call);

    return n;
}

static void
test_who_owes_what(void **state)
{
    int  i;

    (void) state;
    community();

    for (i = 0; i < 3; i++) {
        begin(&kim);
        begin(&mo);
        begin(&adm);
        assert_int_equal(owes(demands[i], &kim),
                         i == DEALS_FACTOR_ALL ? DEALS_OWES_WRITES
                                               : DEALS_OWES_NOTHING);
        assert_int_equal(owes(demands[i], &mo),
                         i == DEALS_FACTOR_ALL ? DEALS_OWES_WRITES
                         : i == DEALS_FACTOR_MODERATORS ? DEALS_OWES_POWERS
                                                        : DEALS_OWES_NOTHING);
        assert_int_equal(owes(demands[i], &adm), owes(demands[i], &mo));

        turn(&kim, 1);
        turn(&mo, 1);
        turn(&adm, 1);
        assert_int_equal(owes(demands[i], &kim), DEALS_OWES_NOTHING);
        assert_int_equal(owes(demands[i], &mo), DEALS_OWES_NOTHING);
        assert_int_equal(owes(demands[i], &adm), DEALS_OWES_NOTHING);
    }

    assert_null(deals_owes_error(DEALS_OWES_NOTHING));
    assert_null(deals_owes_error(-1));
    assert_null(deals_owes_error(DEALS_OWES_WRITES + 1));
    assert_int_equal(deals_owes_error(DEALS_OWES_POWERS)->code,
                     DEALS_FACTOR_REQUIRED);
    assert_int_equal(deals_owes_error(DEALS_OWES_WRITES)->code,
                     DEALS_FACTOR_REQUIRED);
    assert_int_equal(deals_error_about(DEALS_FACTOR_REQUIRED)->status, 403);
}

#define OWED(call)  FAILS(call, DEALS_FACTOR_REQUIRED, NULL)
#define DONE(call)  deals_call_free(OK(call))

/* All that a moderator may do to what is somebody else's, undone again. */
static void
test_powers(void **state)
{
    int64_t                  comment;
    uint64_t                 title = 1;
    deals_ctx               *on;
    const deals_asker       *it = &mo.asker;
    deals_deal_input         in = { .title = S("Better") };
    deals_deal_params        params = { 0 };

    (void) state;
    community();
    comment = comment_make(&kim, deal, 0, "Words");
    params.id = deal;
    in.starts_at = in.expires_at = DEALS_NULL_INT;
    on = demands[DEALS_FACTOR_MODERATORS];

    OWED(deals_deal_hide_wait(on, it, deal, 1, TIMEOUT));
    OWED(deals_deal_update_wait(on, it, deal, &in, title, TIMEOUT));
    OWED(deals_deal_delete_wait(on, it, deal, TIMEOUT));
    OWED(deals_comment_delete_wait(on, it, deal, comment, TIMEOUT));
    FAILS(deals_comment_update_wait(on, it, deal, comment, S("x"), TIMEOUT),
          DEALS_FORBIDDEN, NULL);           /* nobody's, ever */
    FAILS(deals_deal_hide_wait(on, &kim.asker, deal, 1, TIMEOUT),
          DEALS_FORBIDDEN, NULL);           /* no moderator at all */
    assert_int_equal(sql_int("SELECT count(*) FROM deals WHERE title = 'A deal'"
                             " AND deleted_at IS NULL AND hidden_at IS NULL"),
                     1);

    /* elsewhere it is not asked */
    DONE(deals_deal_hide_wait(demands[DEALS_FACTOR_OPTIONAL], it, deal, 1,
                              TIMEOUT));
    FAILS(deals_deal_get_wait(on, it, &params, TIMEOUT), DEALS_NOT_FOUND, NULL);

    turn(&mo, 1);
    DONE(deals_deal_get_wait(on, it, &params, TIMEOUT));
    DONE(deals_deal_hide_wait(on, it, deal, 0, TIMEOUT));
    DONE(deals_deal_update_wait(on, it, deal, &in, title, TIMEOUT));
    DONE(deals_comment_delete_wait(on, it, deal, comment, TIMEOUT));
    DONE(deals_deal_delete_wait(on, it, deal, TIMEOUT));
}

/* What every member may do, and a moderator as one. */
static void
test_writes(void **state)
{
    size_t                i;
    int64_t               mine, theirs;
    deals_ctx            *on, *at;
    deals_deal_input      in = { .title = S("Mine") };
    const deals_asker    *it;
    deals_comment_input   words = { S("Words"), DEALS_NULL_INT };
    const member         *all[] = { &kim, &mo, &adm };

    (void) state;
    community();
    in.starts_at = in.expires_at = DEALS_NULL_INT;
    on = demands[DEALS_FACTOR_ALL];
    at = demands[DEALS_FACTOR_MODERATORS];

    for (i = 0; i < 3; i++) {
        it = &all[i]->asker;
        mine = deal_make(all[i], "One's own");
        theirs = comment_make(all[i], mine, 0, "One's own");

        OWED(deals_vote_wait(on, it, deal, 0, -1, TIMEOUT));
        OWED(deals_vote_wait(on, it, mine, theirs, -1, TIMEOUT));
        OWED(deals_deal_create_wait(on, it, &in, TIMEOUT));
        OWED(deals_deal_update_wait(on, it, mine, &in, 1, TIMEOUT));
        OWED(deals_deal_delete_wait(on, it, mine, TIMEOUT));
        OWED(deals_deal_hide_wait(on, it, mine, 1, TIMEOUT));
        OWED(deals_comment_create_wait(on, it, deal, &words, TIMEOUT));
        OWED(deals_comment_update_wait(on, it, mine, theirs, S("x"), TIMEOUT));
        OWED(deals_comment_delete_wait(on, it, mine, theirs, TIMEOUT));

        DONE(deals_vote_wait(at, it, deal, 0, -1, TIMEOUT));
        DONE(deals_comment_create_wait(at, it, deal, &words, TIMEOUT));
        DONE(deals_comment_update_wait(at, it, mine, theirs, S("x"), TIMEOUT));

        turn(all[i], 1);
        DONE(deals_vote_wait(on, it, deal, 0, 1, TIMEOUT));
        DONE(deals_deal_update_wait(on, it, mine, &in, 1, TIMEOUT));
        DONE(deals_comment_create_wait(on, it, deal, &words, TIMEOUT));
        DONE(deals_deal_delete_wait(on, it, mine, TIMEOUT));
    }
}

/* What keeps the account safe goes without; and what reads. */
static void
test_account(void **state)
{
    deals_ctx            *on;
    deals_call           *call;
    const deals_asker    *it = &kim.asker;
    static deals_str      read = { "read", 4 };
    deals_token_input     token = { S("x"), { &read, 1 }, DEALS_NULL_INT,
                                    S("password of kim") };
    deals_feed_params     feed = { 0 };
    deals_confirm_input   sure = { S("password of kim") };
    deals_password_input  password = { S("password of kim"),
                                       S("quite another one") };

    (void) state;
    community();
    on = demands[DEALS_FACTOR_ALL];

    DONE(deals_feed_wait(on, it, &feed, TIMEOUT));
    DONE(deals_sessions_wait(on, it, TIMEOUT));
    DONE(deals_session_end_others_wait(on, it, &sure, TIMEOUT));
    FAILS(deals_session_end_wait(on, it, S("x"), &sure, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_token_end_wait(on, it, S("x"), TIMEOUT), DEALS_NOT_FOUND,
          NULL);

    /* not what gives a right to write away, whatever else is wrong with it */
    OWED(deals_token_create_wait(on, it, &token, TIMEOUT));
    token.current = S("wrong");
    OWED(deals_token_create_wait(on, it, &token, TIMEOUT));
    token.current = S("password of kim");
    DONE(deals_token_create_wait(demands[0], it, &token, TIMEOUT));

    call = OK(deals_factor_begin_wait(on, it, &sure, S("Tea"), TIMEOUT));
    assert_int_equal(deals_call_owes(call), DEALS_OWES_WRITES);
    deals_call_free(call);
    DONE(deals_password_change_wait(on, it, &password, TIMEOUT));
    DONE(deals_session_delete_wait(on, it, TIMEOUT));
}

static int
signed_in(deals_ctx *on, const char *name, deals_code code)
{
    int                  n;
    char                 password[64];
    deals_call          *call;
    deals_session_input  in = { 0 };

    snprintf(password, sizeof(password), "password of %s", name);
    in.name = deals_str_of(name);
    in.password = deals_str_of(password);
    call = deals_session_create_wait(on, NULL, &in, TIMEOUT);
    n = deals_call_owes(call);

    if (code == DEALS_OK) {
        deals_call_free(OK(call));
    } else {
        FAILS(call, code, "code");
    }

    return n;
}

static void
test_signing_in(void **state)
{
    int                   i;
    char                  name[16];
    deals_call           *call;
    deals_account_input   in = { 0 };

    (void) state;
    community();

    assert_int_equal(signed_in(demands[0], "mod", DEALS_OK),
                     DEALS_OWES_NOTHING);
    assert_int_equal(signed_in(demands[1], "mod", DEALS_OK), DEALS_OWES_POWERS);
    assert_int_equal(signed_in(demands[1], "kim", DEALS_OK),
                     DEALS_OWES_NOTHING);
    assert_int_equal(signed_in(demands[2], "kim", DEALS_OK), DEALS_OWES_WRITES);
    assert_int_equal(signed_in(demands[2], "adm", DEALS_OK), DEALS_OWES_WRITES);
    turn(&kim, 1);
    assert_int_equal(signed_in(demands[2], "kim", DEALS_CODE_NEEDED),
                     DEALS_OWES_NOTHING);

    for (i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "newcomer%d", i);
        in.name = deals_str_of(name);
        in.password = S("a fine pass phrase");
        call = OK(deals_account_create_wait(demands[i], NULL, &in, TIMEOUT));
        assert_int_equal(deals_call_owes(call),
                         i == DEALS_FACTOR_ALL ? DEALS_OWES_WRITES
                                               : DEALS_OWES_NOTHING);
        deals_call_free(call);
    }
}

static int
done_with(void **state)
{
    int  i;

    for (i = 0; i < 3; i++) {
        deals_ctx_free(demands[i]);
    }

    return server_finish(state);
}

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_who_owes_what), TEST(test_powers), TEST(test_writes),
        TEST(test_account), TEST(test_signing_in)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("calls_demand", tests, server_begin,
                                       done_with);
}
