/*
 * calls_cancel.c - calls that are given up at every moment of their life, and
 * a database that goes away: nothing is called back, nothing leaks, and the
 * next call is answered.
 */

#include "calls_server.h"

static member            ann, mod;
static int64_t           deal, comment;
static int               called;
static deals_deal_input  deal_input;

static void
done(deals_call *call, void *data)
{
    (void) call;
    (void) data;
    called++;
}

/* Every use case once. */
static deals_call *
submit(int which)
{
    static int                  n;
    char                        name[20];
    deals_feed_params           feed = { 0 };
    deals_deal_params           params = { 0 };
    deals_comment_input         comment_input = { S("Words"), DEALS_NULL_INT };
    deals_account_input         account = { 0 };
    deals_session_input         session = { .name = S("kim"),
                                            .password = S("correct horse") };

    switch (which) {

    case 0:
        return deals_feed(ctx, &ann.asker, &feed, done, NULL);

    case 1:
        feed.sort = DEALS_BY_USER;
        feed.key = S("ann");
        return deals_feed(ctx, NULL, &feed, done, NULL);

    case 2:
        params.id = deal;
        params.comments = 1;
        return deals_deal_get(ctx, &ann.asker, &params, done, NULL);

    case 3:
        return deals_deal_create(ctx, &ann.asker, &deal_input, done, NULL);

    case 4:
        return deals_deal_update(ctx, &ann.asker, deal, &deal_input, 1, done,
                                 NULL);

    case 5:
        return deals_deal_delete(ctx, &ann.asker, deal, done, NULL);

    case 6:
        return deals_deal_hide(ctx, &mod.asker, deal, 0, done, NULL);

    case 7:
        return deals_vote(ctx, &mod.asker, deal, 0, 1, done, NULL);

    case 8:
        return deals_vote(ctx, &mod.asker, deal, comment, -1, done, NULL);

    case 9:
        return deals_comments(ctx, &ann.asker, deal, 0, DEALS_NONE, done,
                              NULL);

    case 10:
        return deals_comment_one(ctx, &ann.asker, deal, comment, done, NULL);

    case 11:
        return deals_comment_create(ctx, &ann.asker, deal, &comment_input,
                                    done, NULL);

    case 12:
        return deals_comment_update(ctx, &ann.asker, deal, comment, S("More"),
                                    done, NULL);

    case 13:
        return deals_comment_delete(ctx, &ann.asker, deal, comment, done,
                                    NULL);

    case 14:
        snprintf(name, sizeof(name), "new%d", ++n);
        account.name = deals_str_of(name);
        account.password = S("correct horse");
        return deals_account_create(ctx, NULL, &account, done, NULL);

    case 15:
        return deals_session_create(ctx, NULL, &session, done, NULL);

    case 16:
        return deals_whoami(ctx, &ann.asker, done, NULL);

    case 17:
        return deals_user_get(ctx, &ann.asker, S("ann"), done, NULL);

    case 18:
        return deals_session_delete(ctx, NULL, done, NULL);

    default:
        return NULL;
    }
}

#define CASES  19

static void
community(void)
{
    deals_account_input  in = { S("kim"), S("correct horse"), DEALS_NONE };

    member_make(&ann, "ann", "member");
    member_make(&mod, "mod", "moderator");
    deal = deal_make(&ann, "A deal");
    comment = comment_make(&ann, deal, 0, "First");
    deals_call_free(OK(deals_account_create_wait(ctx, NULL, &in, TIMEOUT)));

    deal_input.title = S("Another deal");
    deal_input.starts_at = DEALS_NULL_INT;
    deal_input.expires_at = DEALS_NULL_INT;

    /* So that every session is noted as used too. */
    sql("UPDATE sessions SET seen_at = now() - interval '1 hour'");
}

static void
test_cancel(void **state)
{
    int          i, k, polls;
    deals_call  *call;

    (void) state;
    community();

    for (i = 0; i < CASES; i++) {
        for (polls = 0; polls < 60; polls++) {
            call = submit(i);
            assert_non_null(call);
            called = 0;

            for (k = 0; k < polls && !deals_call_is_done(call); k++) {
                assert_true(deals_ctx_poll(ctx, 1000) >= 0);
            }

            if (deals_call_is_done(call)) {
                assert_int_equal(called, 1);
                deals_call_free(call);
                break;
            }

            assert_int_equal(called, 0);
            deals_call_free(call);
        }

        assert_true(polls < 60);
    }

    /* Answers of what was given up are thrown away, and nobody hears of
     * them. */
    called = 0;
    deals_call_free(OK(deals_whoami_wait(ctx, &mod.asker, TIMEOUT)));
    for (k = 0; k < 20; k++) {
        (void) deals_ctx_poll(ctx, 10);
    }
    assert_int_equal(called, 0);
}

static void
free_it(deals_call *call, void *data)
{
    *(const deals_error **) data = deals_call_error(call);
    called++;
    deals_call_free(call);
}

/* A callback may free its own call. */
static void
test_free_in_done(void **state)
{
    int                 k;
    deals_feed_params   feed = { 0 };
    const deals_error  *error = NULL;

    (void) state;
    community();
    called = 0;
    assert_non_null(deals_feed(ctx, &ann.asker, &feed, free_it, &error));
    assert_int_equal(called, 0);
    for (k = 0; k < 100 && called == 0; k++) {
        (void) deals_ctx_poll(ctx, 100);
    }
    assert_int_equal(called, 1);
    assert_null(error);
}

/* A context that goes first leaves its calls to be freed. */
static void
test_context_goes(void **state)
{
    int                 i, polls;
    deals_ctx          *kept = ctx;
    deals_call         *call[CASES];
    deals_config        config = { 0 };
    const deals_error  *error = NULL;

    (void) state;
    community();
    config.database = server_database;

    for (polls = 0; polls < 6; polls++) {
        ctx = deals_ctx_new(&config, NULL, arena, &error);
        assert_non_null(ctx);
        called = 0;

        for (i = 0; i < CASES; i++) {
            call[i] = submit(i);
            assert_non_null(call[i]);
        }
        for (i = 0; i < polls; i++) {
            (void) deals_ctx_poll(ctx, 50);
        }

        deals_ctx_free(ctx);
        i = called;
        for (int k = 0; k < CASES; k++) {
            deals_call_free(call[k]);
        }
        assert_int_equal(called, i);
    }

    ctx = kept;
}

/* Connections that are cut: an error or an answer, never silence. */
static void
test_cut(void **state)
{
    int                 i;
    deals_call         *call[CASES];
    const deals_error  *e;

    (void) state;
    community();

    for (i = 0; i < CASES; i++) {
        call[i] = submit(i);
        assert_non_null(call[i]);
    }
    (void) deals_ctx_poll(ctx, 50);
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");

    for (i = 0; i < CASES; i++) {
        deals_call_wait(call[i], TIMEOUT);
        assert_true(deals_call_is_done(call[i]));
        e = deals_call_error(call[i]);
        if (e != NULL && e->code != DEALS_UNAVAILABLE
            && e->code != DEALS_NOT_FOUND)
        {
            fail_msg("case %d: %d %.*s", i, (int) e->code,
                     (int) e->message.len, e->message.data);
        }
        deals_call_free(call[i]);
    }

    for (i = 0; i < 20; i++) {
        call[0] = deals_whoami_wait(ctx, &mod.asker, TIMEOUT);
        e = deals_call_error(call[0]);
        deals_call_free(call[0]);
        if (e == NULL) {
            return;
        }
        usleep(200000);
    }

    fail_msg("it does not come back");
}

static const struct CMUnitTest  tests[] = {
    TEST(test_cancel),
    TEST(test_free_in_done),
    TEST(test_context_goes),
    TEST(test_cut),
};

RUN("calls: given up", tests)
