/*
 * calls_viewer_forget.c - what a context knows of a member ends at once with
 * whatever changes it, anywhere on the node, and in time by itself.
 */

#include "calls_viewer.h"

#include <deals/members.h>

static member   ann, bob;
static int64_t  deal, comment;

static void
community(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "member");
    deal = deal_make(&bob, "A deal");
    comment = comment_make(&bob, deal, 0, "Words");
    cast(ctx, &ann, deal, 0, 1);
    cast(ctx, &ann, deal, comment, -1);
}

/* Both contexts know both members. */
static void
all_known(void)
{
    deals_vote_key  rows[] = { { 0, 0 }, { 0, 0 } };

    rows[0].deal_id = rows[1].deal_id = deal;
    rows[1].comment_id = comment;
    (void) overlay(a, &ann, rows, 2);
    (void) overlay(b, &ann, rows, 2);
    (void) overlay(a, &bob, rows, 2);
    (void) overlay(b, &bob, rows, 2);
    assert_true(knows(a, &ann) && knows(b, &ann));
    assert_true(knows(a, &bob) && knows(b, &bob));
    (void) asked();
}

/* In neither context any more; the other member is not concerned. */
static void
ann_is_out(void)
{
    assert_false(knows(a, &ann) || knows(b, &ann));
    assert_true(knows(a, &bob) && knows(b, &bob));
    assert_string_equal(whoami(a, &ann), "");
    assert_string_equal(whoami(b, &ann), "");
    ann.asker.strict = 1;
    FAILS(deals_whoami_wait(b, &ann.asker, TIMEOUT), DEALS_UNAUTHENTICATED,
          NULL);
    FAILS(deals_vote_wait(a, &ann.asker, deal, 0, -1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_vote_wait(b, &ann.asker, deal, 0, -1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    ann.asker.strict = 0;
}

static void
test_sign_out(void **state)
{
    member  forged;

    (void) state;
    community();
    all_known();

    /* not by whoever only says so */
    forged = ann;
    forged.token[strlen(forged.token) - 1] = 'y';
    forged.asker.token = deals_str_of(forged.token);
    deals_call_free(OK(deals_session_delete_wait(b, &forged.asker, TIMEOUT)));
    assert_true(knows(a, &ann) && knows(b, &ann));

    deals_call_free(OK(deals_session_delete_wait(b, &ann.asker, TIMEOUT)));
    ann_is_out();
}

static void
test_password(void **state)
{
    (void) state;
    community();
    all_known();
    deals_call_free(OK(deals_member_passwd_wait(b, S("ann"),
                                                S("correct horse"),
                                                TIMEOUT)));
    ann_is_out();
}

static void
test_role(void **state)
{
    (void) state;
    community();
    all_known();
    FAILS(deals_deal_hide_wait(a, &ann.asker, deal, 1, TIMEOUT),
          DEALS_FORBIDDEN, NULL);
    deals_call_free(OK(deals_member_role_wait(b, S("ann"), S("moderator"),
                                              TIMEOUT)));
    assert_false(knows(a, &ann) || knows(b, &ann));
    assert_string_equal(whoami(a, &ann), "moderator");
    deals_call_free(OK(deals_deal_hide_wait(a, &ann.asker, deal, 1,
                                            TIMEOUT)));
    deals_call_free(OK(deals_member_role_wait(a, S("ann"), S("member"),
                                              TIMEOUT)));
    FAILS(deals_deal_hide_wait(b, &ann.asker, deal, 0, TIMEOUT),
          DEALS_FORBIDDEN, NULL);
}

/* Everything may have changed. */
static void
test_all(void **state)
{
    deals_call  *call;

    (void) state;
    community();
    all_known();
    changed(NULL, DEALS_CHANGE_ALL, 0);
    assert_false(knows(a, &ann) || knows(b, &bob));

    /* what concerns neither sessions nor votes makes nobody forget */
    all_known();
    call = OK(deals_deal_hide_wait(a, NULL, deal, 0, TIMEOUT));
    deals_call_free(call);
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
}

static void
test_votes(void **state)
{
    int  value;

    (void) state;
    community();
    all_known();

    assert_true(knows_vote(a, &ann, deal, 0, &value));
    assert_int_equal(value, 1);

    cast(b, &ann, deal, 0, -1);
    assert_false(knows_vote(a, &ann, deal, 0, NULL));
    assert_true(knows_vote(a, &bob, deal, 0, NULL));
    assert_true(knows(a, &ann));
    (void) asked();
    assert_int_equal(vote_of(a, &ann, deal, 0), -1);
    ASKED("my_votes");
    assert_int_equal(vote_of(b, &ann, deal, 0), -1);

    cast(a, &ann, deal, comment, 1);
    assert_int_equal(vote_of(a, &ann, deal, comment), 1);
    assert_int_equal(vote_of(b, &ann, deal, comment), 1);

    /* and one that is withdrawn */
    cast(a, &ann, deal, 0, 0);
    assert_int_equal(vote_of(b, &ann, deal, 0), 0);
    assert_int_equal(vote_of(a, &ann, deal, 0), 0);
}

static void
test_time(void **state)
{
    (void) state;
    community();
    keep_votes = 5000;
    all_known();

    ahead = 5 * S_ - 1000;
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
    ahead = 5 * S_;
    assert_false(knows_vote(a, &ann, deal, 0, NULL));
    assert_true(knows(a, &ann));
    assert_int_equal(vote_of(a, &ann, deal, 0), 1);
    ASKED("my_votes");

    /* one that was read later counts longer */
    ahead = 9 * S_;
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
    assert_false(knows_vote(a, &ann, deal, comment, NULL));

    ahead = 10 * S_;
    assert_false(knows(a, &ann));
    assert_int_equal(vote_of(a, &ann, deal, comment), -1);
    ASKED("session+my_comment_votes");
    ahead = 19 * S_;
    assert_true(knows(a, &ann));

    /* the host may say less at any time */
    keep_members = 5000;
    assert_false(knows(a, &ann));
    keep_members = 10000;

    /* a clock that was set back */
    ahead = 8 * S_;
    assert_false(knows(a, &ann));
    assert_string_equal(whoami(a, &ann), "member");
    assert_true(knows(a, &ann));
    assert_false(knows_vote(a, &ann, deal, comment, NULL));
    assert_int_equal(vote_of(a, &ann, deal, comment), -1);
    assert_true(knows_vote(a, &ann, deal, comment, NULL));
}

/* A session's limits hold at the second, whatever is known. */
static void
test_limits(void **state)
{
    deals_call         *call;
    deals_deal_params   params = { 0 };

    (void) state;
    community();
    keep_members = 300000;
    sql("UPDATE sessions SET expires_at = to_timestamp(%lld)"
        " + interval '60 s'", began_s());
    all_known();
    ahead = 59 * S_;
    assert_true(knows(a, &ann));
    assert_string_equal(whoami(a, &ann), "member");
    ASKED("");
    ahead = 60 * S_;
    assert_false(knows(a, &ann));
    assert_string_equal(whoami(a, &ann), "");
    ahead = 0;

    /* Idle: in a call that ends before it could note that the session is in
     * use. */
    sql("UPDATE sessions SET expires_at = now() + interval '1 d', seen_at ="
        " to_timestamp(%lld) - interval '%d s' + interval '60 s'", began_s(),
        DEALS_SESSION_IDLE);
    params.id = 1;
    call = deals_deal_get_wait(b, &bob.asker, &params, TIMEOUT);
    FAILS(call, DEALS_NOT_FOUND, NULL);
    changed(NULL, DEALS_CHANGE_MEMBER, bob.id);
    call = deals_deal_get_wait(b, &bob.asker, &params, TIMEOUT);
    assert_non_null(deals_call_viewer(call));
    FAILS(call, DEALS_NOT_FOUND, NULL);
    (void) asked();

    ahead = 59 * S_;
    call = deals_deal_get_wait(b, &bob.asker, &params, TIMEOUT);
    assert_non_null(deals_call_viewer(call));
    FAILS(call, DEALS_NOT_FOUND, NULL);
    ASKED("deal_get");
    ahead = 60 * S_;
    assert_string_equal(whoami(b, &bob), "");
}

/* That a session is in use is noted every five minutes, known or not. */
static void
test_use(void **state)
{
    (void) state;
    community();
    sql("UPDATE sessions SET seen_at = to_timestamp(%lld)", began_s());
    keep_members = keep_votes = 600000;
    all_known();
    ahead = 299 * S_;
    assert_true(knows(a, &ann));
    (void) vote_of(a, &ann, deal, 0);
    ASKED("");

    ahead = 301 * S_;
    assert_false(knows(a, &ann));
    assert_int_equal(vote_of(a, &ann, deal, 0), 1);
    ASKED("session_touch");
    assert_true(knows(a, &ann));
    assert_int_equal(sql_int("SELECT extract(epoch FROM seen_at)::int8"
                             " FROM sessions WHERE user_id = %lld",
                             (long long) ann.id), began_s() + 301);
    (void) vote_of(a, &ann, deal, 0);
    ASKED("");

    /* not known, it takes the session first */
    assert_false(knows(b, &bob));
    changed(NULL, DEALS_CHANGE_MEMBER, bob.id);
    assert_int_equal(vote_of(b, &bob, deal, 0), 1);
    ASKED("session session_touch");
    assert_true(knows(b, &bob));

    cast(a, &bob, deal, 0, -1);
    (void) asked();
    ahead = 602 * S_;
    keep_members = 3600000;
    cast(a, &bob, deal, 0, 0);
    ASKED("session_touch vote");

    /* a context that does not know that another one did writes nothing */
    changed(NULL, DEALS_CHANGE_MEMBER, bob.id);
    (void) vote_of(a, &bob, deal, 0);
    (void) vote_of(b, &bob, deal, 0);
    assert_true(knows(a, &bob) && knows(b, &bob));
    ahead = 905 * S_;
    (void) asked();
    (void) vote_of(a, &bob, deal, 0);
    ahead = 908 * S_;
    (void) vote_of(b, &bob, deal, 0);
    ASKED("session_touch session_touch");
    assert_int_equal(sql_int("SELECT extract(epoch FROM seen_at)::int8"
                             " FROM sessions WHERE user_id = %lld",
                             (long long) bob.id), began_s() + 905);
}


/* -- while an answer is on its way ---------------------------------------- */

/* Until it is asked, and a second more. */
static void
in_flight(deals_ctx *on)
{
    int              i;
    deals_ctx_stats  stats;

    for (i = 0; i < 1000; i++) {
        (void) deals_ctx_poll(on, 10);
        deals_ctx_status(on, &stats);
        if (stats.in_flight > 0) {
            ahead += S_;
            return;
        }
    }

    fail_msg("nothing is asked");
}

/* Asks, and while the answer waits for a lock on `table` something changes. */
static void
change_meanwhile(const char *table, unsigned what)
{
    deals_call      *call;
    deals_vote_key   row = { deal, 0 };

    deals_call_free(OK(deals_overlay_wait(a, NULL, NULL, 0, TIMEOUT)));
    sql("BEGIN; LOCK TABLE %s", table);
    call = deals_overlay(a, &ann.asker, &row, 1, NULL, NULL);
    in_flight(a);
    changed(NULL, what, ann.id);
    sql("COMMIT");
    OK(deals_call_wait(call, TIMEOUT));
    assert_int_equal(deals_overlay_votes(call)[0], 1);
    assert_non_null(deals_call_viewer(call));
    deals_call_free(call);
}

static void
test_changed_meanwhile(void **state)
{
    (void) state;
    community();
    assert_int_equal(vote_of(a, &bob, deal, 0), 1);     /* it is connected */

    change_meanwhile("sessions", DEALS_CHANGE_MEMBER);
    assert_false(knows(a, &ann));

    change_meanwhile("votes", DEALS_CHANGE_VOTES);
    assert_true(knows(a, &ann));
    assert_false(knows_vote(a, &ann, deal, 0, NULL));

    change_meanwhile("votes", DEALS_CHANGE_ALL);
    assert_false(knows(a, &ann));

    /* the age counts from the question, not from the answer */
    assert_int_equal(vote_of(a, &ann, deal, 0), 1);
    changed(NULL, DEALS_CHANGE_VOTES, ann.id);
    ahead = 60 * S_;
    keep_members = 300000;
    change_meanwhile("votes", 0);
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
    ahead = 70 * S_;
    assert_false(knows_vote(a, &ann, deal, 0, NULL));
}

/* Who signed out does not wait for the answer; the session ends all the same,
 * and what was read of it meanwhile does not outlive it. */
static void
test_given_up(void **state)
{
    int          i;
    deals_call  *call;

    (void) state;
    community();
    all_known();
    sql("BEGIN; SELECT FROM sessions WHERE user_id = %lld FOR UPDATE",
        (long long) ann.id);
    call = deals_session_delete(b, &ann.asker, NULL, NULL);
    in_flight(b);
    deals_call_free(call);
    assert_string_equal(whoami(a, &ann), "member");
    assert_true(knows(a, &ann));
    sql("COMMIT");

    for (i = 0; i < 2000 && knows(a, &ann); i++) {
        (void) deals_ctx_poll(b, 10);
    }
    ann_is_out();
}

/* Nor who voted, together with somebody who does. */
static void
test_vote_given_up(void **state)
{
    int          i;
    deals_call  *given_up, *call;

    (void) state;
    community();
    all_known();
    sql("BEGIN; SELECT FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
        (long long) deal);
    given_up = deals_vote(b, &ann.asker, deal, 0, -1, NULL, NULL);
    call = deals_vote(b, &bob.asker, deal, 0, -1, NULL, NULL);
    in_flight(b);
    deals_call_free(given_up);
    assert_int_equal(vote_of(a, &ann, deal, 0), 1);
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
    sql("COMMIT");

    (void) OK(deals_call_wait(call, TIMEOUT));
    deals_call_free(call);

    for (i = 0; i < 2000 && knows_vote(a, &ann, deal, 0, NULL); i++) {
        (void) deals_ctx_poll(b, 10);
    }
    assert_int_equal(vote_of(a, &ann, deal, 0), -1);
}

static const struct CMUnitTest  tests[] = {
    NODE_TEST(test_sign_out),
    NODE_TEST(test_password),
    NODE_TEST(test_role),
    NODE_TEST(test_all),
    NODE_TEST(test_votes),
    NODE_TEST(test_time),
    NODE_TEST(test_limits),
    NODE_TEST(test_use),
    NODE_TEST(test_changed_meanwhile),
    NODE_TEST(test_given_up),
    NODE_TEST(test_vote_given_up),
};

NODE_RUN("calls: what is kept of members, and forgotten", tests)
