/*
 * calls_viewer_bounds.c - what is kept of members has bounds; it may not get its
 * memory; and while the database is away it stands in, for those who read.
 */

#include <sodium.h>

#include "calls_viewer.h"
#include "failing_memory.h"

static member          ann;
static int64_t         deal, other, comment;
static deals_vote_key  three[3];

static void
community(void)
{
    member_make(&ann, "ann", "moderator");
    deal = deal_make(&ann, "A deal");
    other = deal_make(&ann, "Another deal");
    comment = comment_make(&ann, deal, 0, "Words");
    cast(ctx, &ann, deal, comment, -1);
    cast(ctx, &ann, other, 0, 0);
    three[0] = (deals_vote_key) { deal, 0 };
    three[1] = (deals_vote_key) { other, 0 };
    three[2] = (deals_vote_key) { deal, comment };
    (void) asked();
}

static void
right(const int8_t *votes)
{
    assert_int_equal(votes[0], 1);
    assert_int_equal(votes[1], 0);
    assert_int_equal(votes[2], -1);
}


/* -- memory --------------------------------------------------------------- */

/* One call, all of whose allocations from the n-th of the loop on are ours to
 * fail. Returns its code. */
static deals_code
starved(deals_ctx *on, int *n, int first)
{
    int                  i;
    const int8_t        *votes;
    deals_code           code;
    deals_call          *call;
    const deals_error   *e;

    fail_at = *n;
    call = deals_overlay(on, &ann.asker, three, 3, NULL, NULL);

    while (call != NULL && !deals_call_is_done(call)) {
        (void) deals_ctx_poll(on, 10);
    }

    *n = fail_at;
    fail_at = 0;

    if (call == NULL) {
        return DEALS_NO_MEMORY;
    }

    e = deals_call_error(call);
    code = e != NULL ? e->code : DEALS_OK;
    if (code == DEALS_OK) {
        assert_str(deals_call_viewer(call)->name, "ann");
        votes = deals_overlay_votes(call);

        /* libpq loses its connection when it has no memory: then the database
         * was away, and what is not known is 0 */
        for (i = 0; i < 3; i++) {
            assert_true(votes[i] == (i == 0) - (i == 2)
                        || (votes[i] == 0 && !first));
        }
    }
    deals_call_free(call);

    return code;
}

static void
patient(deals_ctx *on)
{
    int  i;

    for (i = 0; i < 1000; i++) {
        if (overlay(on, &ann, three, 3)[0] != 9) {
            right(overlay(on, &ann, three, 3));
            return;
        }
        usleep(20000);
    }

    fail_msg("it does not recover");
}

static void
test_memory(void **state)
{
    int         n, rest, k;
    deals_ctx  *made;
    deals_code  code;

    (void) state;
    if (!is_ours()) {
        skip();
    }

    community();

    /* cold, then changed, then known: three calls a life */
    for (failed = 1, n = 1; failed; n++) {
        failed = 0;
        rest = n;
        made = node_ctx(500);

        for (k = 0; k < 3; k++) {
            code = starved(made, &rest, k == 0);
            assert_true(code == DEALS_OK || code == DEALS_NO_MEMORY
                        || code == DEALS_UNAVAILABLE
                        || code == DEALS_TIMEOUT);
            if (k == 0) {
                changed(NULL, DEALS_CHANGE_VOTES, ann.id);
            }
        }

        patient(made);
        assert_true(knows_vote(made, &ann, deal, comment, NULL));
        deals_ctx_free(made);
    }

    assert_true(n > 30);
}


/* -- bounds --------------------------------------------------------------- */

#define SESSIONS  33500

/* The i-th session of a member. */
static void
session(member *m, int i)
{
    char    secret[25], text[40];
    size_t  n;

    snprintf(secret, sizeof(secret), "%024d", i);
    sodium_bin2base64(text, sizeof(text), (unsigned char *) secret, 24,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    n = (size_t) snprintf(m->token, sizeof(m->token), "%lld.%s",
                          (long long) m->id, text);
    m->asker.token = (deals_str) { m->token, n };
}

static void
many_sessions(void)
{
    community();
    sql("INSERT INTO sessions SELECT %lld, encode(sha256(lpad(i::text, 24,"
        " '0')::bytea), 'hex'), now(), now(), now() + interval '1 d'"
        " FROM generate_series(0, %d) i", (long long) ann.id, SESSIONS);
    keep_members = keep_votes = 600000;
}

/* A hundred at a time: they ask together. */
static void
known_from(int first)
{
    int          i;
    member       m = ann;
    deals_call  *calls[100];

    for (i = 0; i < 100; i++) {
        session(&m, first + i);
        calls[i] = deals_overlay(a, &m.asker, NULL, 0, NULL, NULL);
    }

    for (i = 0; i < 100; i++) {
        (void) OK(deals_call_wait(calls[i], TIMEOUT));
        assert_non_null(deals_call_viewer(calls[i]));
        deals_call_free(calls[i]);
    }
}

static void
test_sessions(void **state)
{
    int     i, n;
    member  m;

    (void) state;
    many_sessions();
    m = ann;

    for (i = 0; i < SESSIONS; i += 100) {
        known_from(i);

        if (i % 10000 == 0) {
            session(&m, 7);             /* this one is used again */
            assert_true(knows(a, &m));
        }
    }

    for (n = 0, i = 0; i < SESSIONS; i++) {
        session(&m, i);
        assert_int_equal(knows(a, &m), i == 7 || i > SESSIONS - 32768);
        n += knows(a, &m);
    }
    assert_int_equal(n, 32768);
}

static void
test_bytes(void **state)
{
    int              i, n;
    member           m;
    static deals_vote_key  rows[MOST];

    (void) state;
    many_sessions();
    m = ann;

    for (i = 0; i < MOST; i++) {
        rows[i].deal_id = i + 1;
    }

    for (i = 0; i < 800; i++) {
        session(&m, i);
        assert_int_equal(overlay(a, &m, rows, MOST)[MOST - 1], 0);
        assert_true(knows_vote(a, &m, 1, 0, NULL));
        assert_true(knows_vote(a, &m, MOST, 0, NULL));
    }

    for (n = 0, i = 0; i < 800; i++) {
        session(&m, i);
        n += knows(a, &m);
    }
    assert_in_range(n, 600, (32 << 20) / (2048 * 24));

    /* a member's votes are bounded too: what is new pushes out all else */
    for (i = 0; i < MOST; i++) {
        rows[i].deal_id = 1000 + i;
    }
    (void) overlay(a, &m, rows, MOST);
    assert_true(knows_vote(a, &m, 1000, 0, NULL));
    assert_true(knows_vote(a, &m, 1000 + MOST - 1, 0, NULL));
    assert_false(knows_vote(a, &m, 1, 0, NULL));
}

static void
test_rows(void **state)
{
    int                     i;
    const int8_t           *votes;
    const int8_t            values[] = { 1, 0, -1 };
    static deals_vote_key   rows[MOST + 1];

    (void) state;
    community();

    for (i = 0; i <= MOST; i++) {
        rows[i] = three[i % 3];
    }

    FAILS(deals_overlay_wait(a, &ann.asker, rows, MOST + 1, TIMEOUT),
          DEALS_INVALID, "rows");
    ASKED("");

    /* the same ones many times */
    votes = overlay(a, &ann, rows, MOST);
    for (i = 0; i < MOST; i++) {
        assert_int_equal(votes[i], values[i % 3]);
    }
    ASKED("session+my_votes+my_comment_votes");

    /* those that can't be */
    rows[0] = (deals_vote_key) { 0, 0 };
    rows[1] = (deals_vote_key) { -1, 5 };
    rows[2] = (deals_vote_key) { INT64_MAX, INT64_MAX };
    rows[3] = (deals_vote_key) { deal, -1 };
    votes = overlay(a, &ann, rows, 5);
    for (i = 0; i < 4; i++) {
        assert_int_equal(votes[i], 0);
    }
    assert_int_equal(votes[4], 0);
    ASKED("");

    /* comments of many deals */
    for (i = 0; i <= DEALS_OVERLAY_DEALS; i++) {
        rows[i] = (deals_vote_key) { i + 1, 9 };
    }
    FAILS(deals_overlay_wait(a, &ann.asker, rows, DEALS_OVERLAY_DEALS + 1,
                             TIMEOUT), DEALS_INVALID, "rows");
    rows[5] = three[2];
    rows[6] = three[0];
    votes = overlay(a, &ann, rows, DEALS_OVERLAY_DEALS);
    for (i = 0; i < DEALS_OVERLAY_DEALS; i++) {
        assert_int_equal(votes[i], i == 5 ? -1 : i == 6 ? 1 : 0);
    }
}


/* -- the database is away ------------------------------------------------- */

/* What is known stands in for those who read, and for nobody else. */
static void
stands_in(deals_ctx *on, deals_code code)
{
    deals_comment_input  words = { S("More"), DEALS_NULL_INT };

    assert_false(knows(on, &ann));
    right(overlay(on, &ann, three, 3));
    assert_string_equal(seen, "ann");
    assert_string_equal(whoami(on, &ann), "moderator");

    FAILS(deals_vote_wait(on, &ann.asker, deal, 0, -1, TIMEOUT), code, NULL);
    FAILS(deals_comment_create_wait(on, &ann.asker, deal, &words, TIMEOUT),
          code, NULL);
    FAILS(deals_deal_hide_wait(on, &ann.asker, deal, 1, TIMEOUT), code, NULL);
}

/* It is there, and does not answer. */
static void
test_no_answer(void **state)
{
    int         i;
    deals_ctx  *hasty = node_ctx(300);

    (void) state;
    community();
    keep_members = keep_votes = 1000;
    patient(hasty);
    ahead = 20 * S_;

    sql("BEGIN; LOCK TABLE sessions");
    stands_in(hasty, DEALS_TIMEOUT);
    sql("COMMIT");

    /* nothing was cast or written meanwhile, nor will be */
    assert_int_equal(sql_int("SELECT count(*) FROM comments"), 1);
    assert_int_equal(sql_int("SELECT sum(value) FROM votes"), 1);

    /* and so does the caller's own patience */
    right(overlay(b, &ann, three, 3));
    ahead = 40 * S_;
    sql("BEGIN; LOCK TABLE sessions");
    deals_call_free(OK(deals_overlay_wait(b, &ann.asker, three, 3, 200)));
    sql("COMMIT");

    /* nor does what was found to be over */
    right(overlay(hasty, &ann, three, 3));
    ahead = 60 * S_;
    sql("UPDATE sessions SET expires_at = to_timestamp(%lld)", began_s());
    for (i = 0; i < 100 && whoami(hasty, &ann)[0] != '\0'; i++) {
        usleep(20000);              /* it was not answered in time */
    }
    assert_string_equal(whoami(hasty, &ann), "");
    sql("BEGIN; LOCK TABLE sessions");
    FAILS(deals_overlay_wait(hasty, &ann.asker, three, 3, TIMEOUT),
          DEALS_TIMEOUT, NULL);
    sql("COMMIT");
    deals_ctx_free(hasty);
}

/* The last test: it does not come back. */
static void
test_away(void **state)
{
    member           bob;
    deals_vote_key   more[] = { { 0, 0 }, { 4711, 0 } };
    const int8_t    *votes;

    (void) state;
    community();
    member_make(&bob, "bob", "member");
    keep_members = keep_votes = 1000;
    right(overlay(a, &ann, three, 3));
    right(overlay(b, &ann, three, 3));

    deals_script_close(script);
    script = NULL;
    server_stop(&postgres_pid, SIGQUIT);

    /* known is known */
    right(overlay(a, &ann, three, 3));
    more[0].deal_id = deal;
    votes = overlay(a, &ann, more, 2);
    assert_int_equal(votes[0], 1);
    assert_int_equal(votes[1], 0);
    assert_string_equal(seen, "ann");

    ahead = 20 * S_;
    stands_in(a, DEALS_UNAVAILABLE);

    /* also when the note that it is in use is due */
    ahead = 580 * S_;
    right(overlay(a, &ann, three, 3));
    right(overlay(b, &ann, three, 3));

    /* who never was, is not */
    FAILS(deals_overlay_wait(a, &bob.asker, three, 3, TIMEOUT),
          DEALS_UNAVAILABLE, NULL);
    assert_int_equal(overlay(a, NULL, three, 3)[0], 0);

    /* something was heard since: of the votes, of the session */
    changed(NULL, DEALS_CHANGE_VOTES, ann.id);
    assert_int_equal(overlay(a, &ann, three, 3)[0], 0);
    assert_string_equal(seen, "ann");
    changed(NULL, DEALS_CHANGE_MEMBER, ann.id);
    FAILS(deals_overlay_wait(a, &ann.asker, three, 3, TIMEOUT),
          DEALS_UNAVAILABLE, NULL);
    FAILS(deals_whoami_wait(b, &ann.asker, TIMEOUT), DEALS_UNAVAILABLE, NULL);
    generation_find(ann.id)->members--;
    (void) overlay(b, &ann, three, 3);
    assert_string_equal(seen, "ann");

    /* and it does not last for ever */
    ahead = 601 * S_;
    FAILS(deals_overlay_wait(a, &ann.asker, three, 3, TIMEOUT),
          DEALS_UNAVAILABLE, NULL);
}

static const struct CMUnitTest  tests[] = {
    NODE_TEST(test_sessions),
    NODE_TEST(test_bytes),
    NODE_TEST(test_rows),
    NODE_TEST(test_memory),
    NODE_TEST(test_no_answer),
    NODE_TEST(test_away),
};

NODE_RUN("calls: bounds of what is kept of members", tests)
