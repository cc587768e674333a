/*
 * Reads that are written together share a Sync. Nobody sees a difference: not
 * if one of them fails, or is given up, or the connection is lost meanwhile.
 */

#include "io_fake.h"

enum { SHARERS = 4 };

static fake       *srv;
static deals_ctx  *ctx;

static int
set_up(void **state)
{
    char          database[128];
    asking        a = NEW;
    deals_config  config;

    (void) state;
    srv = fake_new();
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 1;
    ctx = ctx_new(&config);

    /* connected, and all is prepared */
    ask(ctx, &a, NUMBER, 1, WRITE, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    forget(&a);
    srv->log[0] = '\0';
    srv->syncs = 0;

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    fake_free(srv);

    return 0;
}

static void
expect(asking *a, deals_code code, int64_t result)
{
    spin_until(ctx, srv, &a->done, 1);
    assert_int_equal(a->code, code);
    assert_int_equal(a->done, 1);

    if (code == DEALS_OK) {
        assert_int_equal(a->results[0], result);
    }

    forget(a);
}


static void
reads_of_a_turn_share(void **state)
{
    int     i;
    asking  a[SHARERS + 2];

    (void) state;
    memset(a, 0, sizeof(a));

    for (i = 0; i < SHARERS + 2; i++) {
        ask(ctx, &a[i], NUMBER, i, NUMBER, 100 + i, -1);
    }

    for (i = 0; i < SHARERS + 2; i++) {
        expect(&a[i], DEALS_OK, i);
        assert_int_equal(a[i].results[1], 100 + i);
    }

    assert_int_equal(srv->syncs, 2);
}


static void
one_alone_waits_for_no_other(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK, 1);
    ask(ctx, &b, NUMBER, 2, -1);
    expect(&b, DEALS_OK, 2);
    assert_int_equal(srv->syncs, 2);
}


/* Each commits by itself, and is answered after that. */
static void
writes_share_with_nobody(void **state)
{
    asking  a = NEW, b = NEW, w = NEW, c = NEW, d = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, 2, -1);
    ask(ctx, &w, WRITE, 3, -1);
    ask(ctx, &c, NUMBER, 4, -1);
    ask(ctx, &d, NUMBER, 5, -1);
    expect(&a, DEALS_OK, 1);
    expect(&b, DEALS_OK, 2);
    expect(&w, DEALS_OK, 3);
    expect(&c, DEALS_OK, 4);
    expect(&d, DEALS_OK, 5);
    assert_int_equal(srv->syncs, 3);
    assert_string_equal(srv->log, "0:NUMBER 1\n0:NUMBER 2\n0:WRITE 3\n"
                                  "0:NUMBER 4\n0:NUMBER 5\n");
}


/* What stood behind it was skipped by the server, and is asked again, each with
 * a Sync of its own: so it is skipped once at most. */
static void
what_one_skips_is_asked_again(void **state)
{
    asking  a = NEW, b = NEW, c = NEW, d = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, 2, NUMBER, E_23505, NUMBER, 3, -1);
    ask(ctx, &c, NUMBER, E_23505, -1);
    ask(ctx, &d, NUMBER, 4, NUMBER, 5, -1);
    expect(&a, DEALS_OK, 1);
    expect(&b, DEALS_INTERNAL, 0);
    expect(&c, DEALS_INTERNAL, 0);
    expect(&d, DEALS_OK, 4);
    assert_int_equal(d.results[1], 5);
    assert_int_equal(d.steps, 1);
    assert_int_equal(srv->syncs, 3);
    assert_string_equal(srv->log, "0:NUMBER 1\n0:NUMBER 2\n0:NUMBER 1005\n"
                                  "0:NUMBER 1005\n0:NUMBER 4\n"
                                  "0:NUMBER 5\n");
}


/* Two that were skipped don't share again. */
static void
what_was_skipped_is_alone(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, E_23505, -1);
    ask(ctx, &b, NUMBER, 1, -1);
    ask(ctx, &c, NUMBER, 2, -1);
    expect(&a, DEALS_INTERNAL, 0);
    expect(&b, DEALS_OK, 1);
    expect(&c, DEALS_OK, 2);
    assert_int_equal(srv->syncs, 3);
}


static void
one_that_conflicts_is_tried_once_more(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, E_40001, -1);
    ask(ctx, &c, NUMBER, 2, -1);
    expect(&a, DEALS_OK, 1);
    expect(&b, DEALS_OK, E_40001);
    expect(&c, DEALS_OK, 2);
}


/* The one whose statement is stale, and those behind it. */
static void
a_stale_statement_is_prepared_again(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    srv->once = 1;
    srv->parses = 0;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, E_0A000, -1);
    ask(ctx, &c, NUMBER, 2, -1);
    expect(&a, DEALS_OK, 1);
    expect(&b, DEALS_OK, E_0A000);
    expect(&c, DEALS_OK, 2);
    assert_int_equal(srv->parses, 1);
}


/* Wherever it stands among them. */
static void
one_may_be_given_up(void **state)
{
    int     i, gone;
    asking  a[SHARERS];

    (void) state;

    for (gone = 0; gone < SHARERS; gone++) {
        memset(a, 0, sizeof(a));

        for (i = 0; i < SHARERS; i++) {
            ask(ctx, &a[i], NUMBER, gone == 0 && i == 1 ? E_23505 : i, -1);
        }

        (void) deals_ctx_poll(ctx, 0);
        forget(&a[gone]);

        for (i = 0; i < SHARERS; i++) {
            if (i != gone) {
                expect(&a[i], gone == 0 && i == 1 ? DEALS_INTERNAL : DEALS_OK,
                       i);
            }
        }

        assert_int_equal(a[gone].done, 0);
    }
}


/* One that was skipped, too: it leaves nothing. */
static void
one_that_is_skipped_may_be_given_up(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, E_23505, -1);
    ask(ctx, &b, NUMBER, 1, -1);
    (void) deals_ctx_poll(ctx, 0);
    forget(&b);
    expect(&a, DEALS_INTERNAL, 0);
    spin_for(ctx, srv, 20);
    assert_int_equal(b.done, 0);
    assert_string_equal(srv->log, "0:NUMBER 1005\n");
}


/* Before the Sync is answered: what was answered stays so, the rest is asked
 * again on another connection. */
static void
a_loss_among_them_is_survived(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, CLOSE_AFTER, -1);
    ask(ctx, &c, NUMBER, 2, -1);
    expect(&a, DEALS_OK, 1);
    expect(&b, DEALS_OK, CLOSE_AFTER);
    expect(&c, DEALS_OK, 2);
    assert_int_equal(a.steps, 1);
    assert_int_equal(srv->accepted, 2);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(reads_of_a_turn_share),
        TEST(one_alone_waits_for_no_other),
        TEST(writes_share_with_nobody),
        TEST(what_one_skips_is_asked_again),
        TEST(what_was_skipped_is_alone),
        TEST(one_that_conflicts_is_tried_once_more),
        TEST(a_stale_statement_is_prepared_again),
        TEST(one_may_be_given_up),
        TEST(one_that_is_skipped_may_be_given_up),
        TEST(a_loss_among_them_is_survived),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_sharing", tests, NULL, NULL);
}
