/*
 * calls_votes.c - votes on deals and comments: state, counters, times.
 */

#include "calls_server.h"

static member  ann, bob, cid;

static void
members(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "member");
    member_make(&cid, "cid", "member");
}

static void
check(const member *m, int64_t deal, int64_t comment, int64_t value,
    int64_t score, int64_t up, int64_t down)
{
    deals_call               *call;
    const deals_vote_result  *r;

    call = OK(deals_vote_wait(ctx, &m->asker, deal, comment, value, TIMEOUT));
    r = deals_vote_get(call);
    assert_non_null(r);
    assert_int_equal(r->id, comment ? comment : deal);
    assert_int_equal(r->my_vote, value);
    assert_int_equal(r->score, score);
    assert_int_equal(r->up, up);
    assert_int_equal(r->down, down);
    assert_null(deals_feed_get(call));
    deals_call_free(call);
}

static void
test_deal(void **state)
{
    int64_t  id;

    (void) state;
    members();
    id = deal_make(&ann, "A deal");

    check(&bob, id, 0, 1, 2, 2, 0);         /* the author's own counts */
    check(&bob, id, 0, 1, 2, 2, 0);         /* again: nothing */
    check(&cid, id, 0, -1, 1, 2, 1);
    check(&bob, id, 0, -1, -1, 1, 2);       /* turned round */
    check(&bob, id, 0, 0, 0, 1, 1);         /* withdrawn */
    check(&bob, id, 0, 0, 0, 1, 1);
    check(&ann, id, 0, 0, -1, 0, 1);
    check(&cid, id, 0, 0, 0, 0, 0);

    assert_int_equal(sql_int("SELECT up + down + abs(score) FROM deal_stats"),
                     0);
}

static void
test_imported(void **state)
{
    int64_t  id;

    (void) state;
    members();
    id = deal_make(&ann, "A deal");
    sql("UPDATE deal_stats SET imported_up = 10, imported_down = 4,"
        " score = up - down + 6");

    check(&bob, id, 0, 1, 8, 12, 4);
    check(&bob, id, 0, 0, 7, 11, 4);
}

static void
test_comment(void **state)
{
    int64_t  deal, id;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "Good.");

    check(&ann, deal, id, 1, 1, 1, 0);
    check(&ann, deal, id, -1, -1, 0, 1);
    check(&bob, deal, id, 1, 0, 1, 1);
    check(&ann, deal, id, 0, 1, 1, 0);

    /* Votes on the comment are none on the deal. */
    assert_int_equal(sql_int("SELECT score FROM deal_stats"), 1);
}

static void
test_refused(void **state)
{
    int64_t      deal, id;
    deals_asker  nobody = { 0 }, wrong = { 0 };

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "Good.");
    wrong.token = S("1.MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");

    FAILS(deals_vote_wait(ctx, NULL, deal, 0, 1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_vote_wait(ctx, &nobody, deal, 0, 1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_vote_wait(ctx, &wrong, deal, 0, 1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_vote_wait(ctx, &bob.asker, deal, 0, 2, TIMEOUT),
          DEALS_INVALID, "value");
    FAILS(deals_vote_wait(ctx, &bob.asker, deal, 0, -2, TIMEOUT),
          DEALS_INVALID, "value");
    FAILS(deals_vote_wait(ctx, &bob.asker, 12345, 0, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_vote_wait(ctx, &bob.asker, -1, 0, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_vote_wait(ctx, &bob.asker, INT64_MAX, 0, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_vote_wait(ctx, &bob.asker, deal, 12345, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_vote_wait(ctx, &bob.asker, 12345, id, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);

    sql("UPDATE comments SET deleted_at = now(), body = NULL, html = NULL,"
        " html_version = NULL");
    FAILS(deals_vote_wait(ctx, &bob.asker, deal, id, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);

    deals_call_free(OK(deals_deal_hide_wait(ctx, NULL, deal, 1, TIMEOUT)));
    FAILS(deals_vote_wait(ctx, &bob.asker, deal, 0, 1, TIMEOUT),
          DEALS_NOT_FOUND, NULL);

    assert_int_equal(sql_int("SELECT count(*) FROM votes"), 1);
}

/* A vote that comes late does not replace one that was cast after it. */
static void
test_late(void **state)
{
    int64_t  id;

    (void) state;
    members();
    id = deal_make(&ann, "A deal");
    check(&bob, id, 0, 1, 2, 2, 0);
    sql("UPDATE votes SET voted_at = now() + interval '30 seconds'"
        " WHERE user_id = %lld", (long long) bob.id);

    deals_call               *call;
    const deals_vote_result  *r;

    call = OK(deals_vote_wait(ctx, &bob.asker, id, 0, -1, TIMEOUT));
    r = deals_vote_get(call);
    assert_int_equal(r->my_vote, 1);
    assert_int_equal(r->score, 2);
    deals_call_free(call);
}

static void
cast_both(member *a, member *b, int64_t deal, int64_t comment, int64_t value)
{
    int                       i;
    deals_call               *call[4];
    const deals_vote_result  *r;

    for (i = 0; i < 4; i++) {
        call[i] = deals_vote(ctx, i % 2 ? &a->asker : &b->asker, deal,
                             i < 2 ? 0 : comment, value, NULL, NULL);
        assert_non_null(call[i]);
    }

    for (i = 0; i < 4; i++) {
        while (!deals_call_is_done(call[i])) {
            assert_true(deals_ctx_poll(ctx, 100) >= 0);
        }
        r = deals_vote_get(OK(call[i]));
        assert_int_equal(r->my_vote, value);
        deals_call_free(call[i]);
    }

    assert_int_equal(sql_int("SELECT score FROM deal_stats"), 2 * value);
    assert_int_equal(sql_int("SELECT score FROM comments"), 2 * value);
}

/* No vote is late by hours: if the one that stands is newer by so much, the
 * clock was set back. */
static void
test_set_back(void **state)
{
    int      i;
    int64_t  deal, id;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "Good.");

    for (i = 0; i < 2; i++) {
        cast_both(&ann, &bob, deal, id, 1);
        sql("UPDATE votes SET voted_at = now() + interval '1 hour'");
        sql("UPDATE comment_votes SET voted_at = now() + interval '1 hour'");

        if (i == 0) {
            cast_both(&ann, &bob, deal, id, -1);
        } else {
            check(&ann, deal, 0, -1, 0, 1, 1);
            check(&ann, deal, id, 0, 1, 1, 0);
        }
    }
}

/* Many at once, on one connection pool, from several members. */
static void
test_together(void **state)
{
    enum { N = 30 };

    int          i, running;
    member       m[N];
    int64_t      id;
    char         name[20];
    deals_call  *call[N * 2];

    (void) state;
    members();
    id = deal_make(&ann, "A deal");

    for (i = 0; i < N; i++) {
        snprintf(name, sizeof(name), "voter%d", i);
        member_make(&m[i], name, "member");
    }

    for (i = 0; i < N * 2; i++) {
        call[i] = deals_vote(ctx, &m[i % N].asker, id, 0,
                             i < N ? 1 : i % 2 ? -1 : 1, NULL, NULL);
        assert_non_null(call[i]);
    }

    do {
        assert_true(deals_ctx_poll(ctx, 100) >= 0);
        for (i = 0, running = 0; i < N * 2; i++) {
            running += !deals_call_is_done(call[i]);
        }
    } while (running > 0);

    for (i = 0; i < N * 2; i++) {
        deals_call_free(OK(call[i]));
    }

    assert_int_equal(sql_int("SELECT up FROM deal_stats"), N / 2 + 1);
    assert_int_equal(sql_int("SELECT down FROM deal_stats"), N / 2);
    assert_int_equal(sql_int("SELECT score FROM deal_stats"), 1);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_deal),
    TEST(test_imported),
    TEST(test_comment),
    TEST(test_refused),
    TEST(test_late),
    TEST(test_set_back),
    TEST(test_together),
};

RUN("calls: votes", tests)
