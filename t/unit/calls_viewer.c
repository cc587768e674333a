/*
 * calls_viewer.c - what a context keeps of members: nothing is asked twice
 * while it counts, and nothing counts that has changed.
 */

#include "calls_viewer.h"

static member   ann, bob;
static int64_t  deal, other, comment;

static void
community(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "member");
    deal = deal_make(&bob, "A deal");
    other = deal_make(&bob, "Another deal");
    comment = comment_make(&bob, deal, 0, "Words");
    cast(ctx, &ann, deal, 0, 1);
    cast(ctx, &ann, deal, comment, -1);
    (void) asked();
}

static void
read_deal(deals_ctx *on, const member *m, int comments, int expected)
{
    deals_call                *call;
    deals_deal_params          params = { 0 };
    const deals_deal_result   *r;

    params.id = deal;
    params.comments = comments;
    call = OK(deals_deal_get_wait(on, &m->asker, &params, TIMEOUT));
    r = deals_deal_result_get(call);
    assert_int_equal(r->deal->my_vote, expected);

    if (comments) {
        assert_int_equal(r->comments.len, 1);
        assert_int_equal(((deals_comment *) r->comments.items)->my_vote,
                         -expected);
    }
    deals_call_free(call);
}

static void
read_list(deals_ctx *on, const member *m, int expected)
{
    size_t                    i;
    deals_call               *call;
    const deals_card         *cards;
    deals_feed_params         params = { 0 };
    const deals_feed_result  *r;

    params.sort = DEALS_NEW;
    call = OK(deals_feed_wait(on, &m->asker, &params, TIMEOUT));
    r = deals_feed_get(call);
    cards = r->deals.items;
    assert_int_equal(r->deals.len, 2);

    for (i = 0; i < r->deals.len; i++) {
        assert_int_equal(cards[i].my_vote, cards[i].id == deal ? expected : 0);
    }
    deals_call_free(call);
}

static void
test_known_is_not_asked_for(void **state)
{
    const char      *first;
    deals_vote_key   rows[] = { { deal, 0 }, { other, 0 }, { deal, comment } };
    const int8_t    *votes;

    (void) state;
    community();
    rows[0].deal_id = rows[2].deal_id = deal;
    rows[1].deal_id = other;
    rows[2].comment_id = comment;

    /* all of it in one segment */
    votes = overlay(a, &ann, rows, 3);
    assert_string_equal(seen, "ann");
    assert_int_equal(votes[0], 1);
    assert_int_equal(votes[1], 0);
    assert_int_equal(votes[2], -1);
    ASKED("session+my_votes+my_comment_votes");

    votes = overlay(a, &ann, rows, 3);
    assert_int_equal(votes[0], 1);
    assert_int_equal(votes[1], 0);
    assert_int_equal(votes[2], -1);
    assert_string_equal(whoami(a, &ann), "member");
    ASKED("");

    /* pages ask for what everybody sees, in one segment, and for nothing more */
    read_list(a, &ann, 1);
    first = asked();
    assert_null(strchr(first, ' '));
    assert_null(strstr(first, "session"));
    assert_non_null(strstr(first, "feed_new"));
    read_deal(a, &ann, 1, 1);
    first = asked();
    assert_null(strchr(first, ' '));
    assert_null(strstr(first, "my_"));
    assert_null(strstr(first, "session"));

    /* only what is new */
    rows[1].deal_id = 77;
    (void) overlay(a, &ann, rows, 3);
    ASKED("my_votes");

    /* the other context does not know */
    (void) overlay(b, &ann, rows, 3);
    ASKED("session+my_votes+my_comment_votes");
}

static void
test_pages_make_known(void **state)
{
    int  value;

    (void) state;
    community();

    read_list(a, &ann, 1);
    assert_non_null(strstr(asked(), " my_votes"));
    assert_true(knows_vote(a, &ann, deal, 0, &value));
    assert_int_equal(value, 1);
    assert_true(knows_vote(a, &ann, other, 0, &value));
    assert_int_equal(value, 0);
    assert_false(knows_vote(a, &ann, deal, comment, &value));

    read_deal(a, &ann, 1, 1);
    assert_true(knows_vote(a, &ann, deal, comment, &value));
    assert_int_equal(value, -1);
}

/* A write with a known session is the write and nothing else. */
static void
test_writes(void **state)
{
    (void) state;
    community();

    cast(a, &ann, other, 0, 1);
    ASKED("session vote");
    cast(a, &ann, other, 0, -1);
    ASKED("vote");
    cast(a, &ann, deal, comment, 1);
    ASKED("comment_vote");
}

static void
test_nothing_without_the_host(void **state)
{
    int  i;

    (void) state;
    community();

    for (i = 0; i < 2; i++) {
        assert_int_equal(vote_of(ctx, &ann, deal, 0), 1);
        ASKED("session+my_votes");
        assert_false(knows(ctx, &ann));
    }

    keep_members = keep_votes = 0;
    for (i = 0; i < 2; i++) {
        assert_int_equal(vote_of(a, &ann, deal, 0), 1);
        ASKED("session+my_votes");
        assert_false(knows(a, &ann));
    }

    /* what was kept does not count either */
    keep_members = keep_votes = 10000;
    (void) vote_of(a, &ann, deal, 0);
    assert_true(knows_vote(a, &ann, deal, 0, NULL));
    keep_votes = 0;
    assert_false(knows_vote(a, &ann, deal, 0, NULL));
    assert_true(knows(a, &ann));
    keep_members = 0;
    assert_false(knows(a, &ann));
}

static void
test_nobody(void **state)
{
    int8_t               votes[2] = { 9, 9 };
    member               bad;
    deals_call          *call;
    deals_vote_key       rows[] = { { 1, 0 }, { 1, 2 } };
    const int8_t        *got;
    const deals_viewer  *viewer;

    (void) state;
    community();

    assert_int_equal(deals_viewer_known(a, NULL, &viewer), DEALS_KNOWN);
    assert_null(viewer);
    assert_null(deals_viewer_me(viewer));
    assert_int_equal(deals_viewer_votes(viewer, rows, 2, votes), DEALS_KNOWN);
    assert_int_equal(votes[0] + votes[1], 0);

    got = overlay(a, NULL, rows, 2);
    assert_int_equal(got[0] + got[1], 0);

    /* no token at all */
    bad = ann;
    bad.asker.token = S("nonsense");
    assert_int_equal(deals_viewer_known(a, &bad.asker, &viewer),
                     DEALS_UNKNOWN);
    call = OK(deals_overlay_wait(a, &bad.asker, rows, 2, TIMEOUT));
    assert_null(deals_call_viewer(call));
    assert_int_equal(deals_call_viewer_bad(call), 1);
    assert_int_equal(deals_overlay_votes(call)[1], 0);
    deals_call_free(call);
    bad.asker.strict = 1;
    FAILS(deals_overlay_wait(a, &bad.asker, rows, 2, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    ASKED("");

    /* no rows */
    call = OK(deals_overlay_wait(a, &ann.asker, NULL, 0, TIMEOUT));
    assert_non_null(deals_overlay_votes(call));
    assert_non_null(deals_call_viewer(call));
    assert_null(deals_feed_get(call));
    deals_call_free(call);
    ASKED("session");
}

/* Whatever a member's token is made of, it opens only the member's session. */
static void
test_never_another(void **state)
{
    int       i;
    member    m[4];
    int64_t   id;

    (void) state;
    community();
    sql("UPDATE sessions SET token_hash = encode(sha256("
        "'ABCDEFGHABCDEFGHABCDEFGH'), 'hex') WHERE user_id = %lld",
        (long long) bob.id);
    snprintf(bob.token, sizeof(bob.token),
             "%lld.QUJDREVGR0hBQkNERUZHSEFCQ0RFRkdI", (long long) bob.id);
    bob.asker.token = deals_str_of(bob.token);

    /* both are known, with their votes */
    assert_int_equal(vote_of(a, &ann, deal, 0), 1);
    assert_string_equal(seen, "ann");
    assert_int_equal(vote_of(a, &bob, deal, 0), 1);
    assert_string_equal(seen, "bob");
    assert_int_equal(vote_of(a, &bob, deal, comment), 0);
    assert_int_equal(vote_of(a, &ann, deal, comment), -1);

    /* secrets swapped, one character wrong, one missing */
    m[0] = ann;
    strcpy(strchr(m[0].token, '.'), strchr(bob.token, '.'));
    m[1] = bob;
    strcpy(strchr(m[1].token, '.'), strchr(ann.token, '.'));
    m[2] = ann;
    m[2].token[strlen(m[2].token) - 1] = 'y';
    m[3] = ann;
    m[3].token[strlen(m[3].token) - 1] = '\0';

    for (i = 0; i < 4; i++) {
        m[i].asker.token = deals_str_of(m[i].token);
        assert_false(knows(a, &m[i]));
        assert_int_equal(vote_of(a, &m[i], deal, comment), 0);
        assert_string_equal(seen, "");
        assert_string_equal(whoami(a, &m[i]), "");
        m[i].asker.strict = 1;
        FAILS(deals_overlay_wait(a, &m[i].asker, NULL, 0, TIMEOUT),
              DEALS_UNAUTHENTICATED, NULL);
        FAILS(deals_vote_wait(a, &m[i].asker, deal, 0, -1, TIMEOUT),
              DEALS_UNAUTHENTICATED, NULL);

        /* and that it is bad is asked each time */
        assert_false(knows(a, &m[i]));
    }

    assert_true(knows(a, &ann));
    assert_true(knows(a, &bob));
    assert_int_equal(sql_int("SELECT value FROM votes WHERE user_id = %lld"
                             " AND deal_id = %lld", (long long) ann.id,
                             (long long) deal), 1);

    /* the same places, other votes: each sees the own ones */
    for (id = 5000; id < 5200; id++) {
        sql("INSERT INTO votes VALUES (%lld, %lld, %d, 0, now())",
            (long long) id, (long long) (id % 2 ? ann.id : bob.id),
            id % 3 ? 1 : -1);
    }
    for (i = 0; i < 2; i++) {
        for (id = 5000; id < 5200; id++) {
            assert_int_equal(vote_of(a, &ann, id, 0),
                             id % 2 == 0 ? 0 : id % 3 ? 1 : -1);
            assert_int_equal(vote_of(a, &bob, id, 0),
                             id % 2 == 1 ? 0 : id % 3 ? 1 : -1);
        }
    }
}

/* A token that was bad, and then is good. */
static void
test_bad_is_not_kept(void **state)
{
    (void) state;
    community();
    sql("UPDATE sessions SET expires_at = to_timestamp(%lld)"
        " - interval '1 s'", began_s());
    assert_string_equal(whoami(a, &ann), "");
    sql("UPDATE sessions SET expires_at = now() + interval '1 d'");
    assert_string_equal(whoami(a, &ann), "member");
}

static const struct CMUnitTest  tests[] = {
    NODE_TEST(test_known_is_not_asked_for),
    NODE_TEST(test_pages_make_known),
    NODE_TEST(test_writes),
    NODE_TEST(test_nothing_without_the_host),
    NODE_TEST(test_nobody),
    NODE_TEST(test_never_another),
    NODE_TEST(test_bad_is_not_kept),
};

NODE_RUN("calls: what is kept of members", tests)
