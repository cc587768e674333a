/*
 * A server that can only be read: reads go on, writes are refused at once, and
 * one that takes changes is found by itself, without a storm of connections.
 */

#define SCHEMA_VERSION  6

#include "io_fake.h"

static fake          *srv;
static deals_ctx     *ctx;
static deals_config   config;
static char           database[128];

static int
set_up(void **state)
{
    (void) state;
    srv = fake_new();
    srv->version = 6;
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 2;
    ctx = ctx_new(&config);

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

static deals_code
asked(int stmt, int n)
{
    asking  a = NEW;

    ask(ctx, &a, stmt, n, -1);
    spin_until(ctx, srv, &a.done, 1);
    forget(&a);

    return a.code;
}

static deals_ctx_stats
status(void)
{
    deals_ctx_stats  stats;

    deals_ctx_status(ctx, &stats);

    return stats;
}

/* Both sides move until it takes changes, or does not. */

static int64_t
until(int read_only)
{
    int64_t  start;

    for (start = deals_mono(); status().read_only != read_only; ) {
        spin_for(ctx, srv, 2);
        assert_true(ms_since(start) < LONG);
    }

    return ms_since(start);
}


static void
reads_go_on_and_writes_are_refused(void **state)
{
    int      i;
    int64_t  start;

    (void) state;
    srv->read_only = 1;
    assert_int_equal(asked(NUMBER, 1), DEALS_OK);
    assert_int_equal(status().read_only, 1);
    assert_int_equal(status().database_up, 1);
    assert_int_equal(status().refusing, 0);

    start = deals_mono();

    for (i = 0; i < 100; i++) {
        assert_int_equal(asked(WRITE, i), DEALS_UNAVAILABLE);
    }

    assert_true(ms_since(start) < 1000);
    assert_int_equal(asked(NUMBER, 2), DEALS_OK);
    assert_null(strstr(srv->log, "WRITE"));
    assert_int_equal(status().refused, 100);
    assert_int_equal(times_logged("takes no changes"), 1);
}


static void
a_write_that_waits_is_refused_too(void **state)
{
    (void) state;
    srv->read_only = 1;
    assert_int_equal(asked(WRITE, 1), DEALS_UNAVAILABLE);
    assert_null(strstr(srv->log, "WRITE"));
}


static void
a_call_that_reads_and_writes_is_a_write(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->read_only = 1;
    ask(ctx, &a, NUMBER, 1, WRITE, 2, WRITE, 3, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_UNAVAILABLE);
    assert_int_equal(deals_call_error(a.call)->retry_after, 1);
    forget(&a);
    assert_string_equal(srv->log, "");
}


static void
one_that_takes_changes_is_looked_for_now_and_then(void **state)
{
    int64_t  start;

    (void) state;
    srv->read_only = 1;
    assert_int_equal(asked(NUMBER, 1), DEALS_OK);

    for (start = deals_mono(); ms_since(start) < 3500; ) {
        assert_int_equal(asked(WRITE, 1), DEALS_UNAVAILABLE);
        assert_int_equal(asked(NUMBER, 1), DEALS_OK);
    }

    /* 0, 0.1, 0.3, 0.7, 1.5, 2.7 s, a quarter less at most */
    assert_in_range(srv->accepted, 5, 8);
    assert_int_equal(times_logged("takes no changes"), 1);
    assert_int_equal(times_logged("available"), 0);
}


static void
it_is_found_by_itself(void **state)
{
    int  i, n;

    (void) state;
    srv->read_only = 1;
    assert_int_equal(asked(WRITE, 1), DEALS_UNAVAILABLE);
    spin_for(ctx, srv, 1500);
    srv->read_only = 0;
    n = srv->accepted;
    assert_true(until(0) < 1400);
    assert_int_equal(srv->accepted, n + 1);
    assert_int_equal(asked(WRITE, 7), DEALS_OK);
    assert_int_equal(times_logged("takes changes again"), 1);
    spin_for(ctx, srv, 50);

    /* those to the former server are left */
    for (n = 0, i = 0; i < 16; i++) {
        n += srv->conns[i].fd != -1;
    }

    assert_int_equal(n, status().connections);
    assert_true(status().connections <= 2);

    /* and all begins anew when it is needed again */
    for (i = 0; i < 16; i++) {
        fake_hang_up(&srv->conns[i]);
    }

    srv->read_only = 1;
    assert_true(until(1) < LONG);
    assert_int_equal(asked(WRITE, 8), DEALS_UNAVAILABLE);
    assert_int_equal(times_logged("takes no changes"), 2);
}


static void
who_has_a_question_on_its_way_is_answered(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->read_only = 1;
    assert_int_equal(asked(NUMBER, 1), DEALS_OK);
    srv->once = 1;
    ask(ctx, &a, NUMBER, HANG, -1);
    spin_for(ctx, srv, 20);
    srv->read_only = 0;
    (void) until(0);
    spin_for(ctx, srv, 50);
    assert_int_equal(a.done, 0);
    assert_int_equal(srv->conns[0].hung, 1);
    assert_true(srv->conns[0].fd != -1);

    /* its answer, and it goes */
    srv->conns[0].hung = 0;
    fake_row(&srv->conns[0], 5);
    fake_message(&srv->conns[0], 'C', "SELECT 1", 9);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_OK);
    assert_int_equal(a.results[0], 5);
    forget(&a);
    spin_for(ctx, srv, 50);
    assert_int_equal(srv->conns[0].fd, -1);
}


/* Half of them writing and half not would be worse than fewer. */

static void
beside_one_that_writes_none_is_taken_that_does_not(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    assert_int_equal(asked(WRITE, 1), DEALS_OK);
    srv->read_only = 1;
    srv->once = 1;
    ask(ctx, &a, NUMBER, HANG, -1);
    ask(ctx, &b, WRITE, 2, -1);
    spin_for(ctx, srv, 300);
    assert_int_equal(times_logged("no further connection"), 1);
    assert_int_equal(status().read_only, 0);
    assert_int_equal(status().connections, 1);
    forget(&a);
    forget(&b);
}


static void
the_next_address_is_tried(void **state)
{
    fake     *other;
    char      two[200];
    asking    a = NEW;
    int64_t   start;

    (void) state;
    other = fake_new();
    other->version = 6;
    other->read_only = 1;
    snprintf(two, sizeof(two), "host=%s,%s dbname=d user=u", other->dir,
             srv->dir);
    deals_ctx_free(ctx);
    config.database = two;
    ctx = ctx_new(&config);
    ask(ctx, &a, WRITE, 1, -1);

    for (start = deals_mono(); !a.done; ) {
        fake_turn(other);
        spin_for(ctx, srv, 2);
        assert_true(ms_since(start) < LONG);
    }

    assert_int_equal(a.code, DEALS_UNAVAILABLE);
    assert_int_equal(other->accepted, 1);
    forget(&a);

    for (start = deals_mono(); status().read_only; ) {
        fake_turn(other);
        spin_for(ctx, srv, 2);
        assert_true(ms_since(start) < 1000);
    }

    assert_int_equal(other->accepted, 1);
    assert_int_equal(srv->accepted, 1);
    assert_int_equal(asked(WRITE, 2), DEALS_OK);
    deals_ctx_free(ctx);
    ctx = NULL;
    fake_free(other);
}


static void
a_single_connection_looks_too(void **state)
{
    int64_t  start;

    (void) state;
    config.pool_size = 1;
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
    srv->read_only = 1;
    assert_int_equal(asked(WRITE, 1), DEALS_UNAVAILABLE);
    spin_for(ctx, srv, 500);
    assert_int_equal(asked(NUMBER, 1), DEALS_OK);
    srv->read_only = 0;

    for (start = deals_mono(); asked(WRITE, 2) != DEALS_OK; ) {
        assert_true(ms_since(start) < 1400);
    }

    assert_int_equal(times_logged("available"), 0);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(reads_go_on_and_writes_are_refused),
        TEST(a_write_that_waits_is_refused_too),
        TEST(a_call_that_reads_and_writes_is_a_write),
        TEST(one_that_takes_changes_is_looked_for_now_and_then),
        TEST(it_is_found_by_itself),
        TEST(who_has_a_question_on_its_way_is_answered),
        TEST(beside_one_that_writes_none_is_taken_that_does_not),
        TEST(the_next_address_is_tried),
        TEST(a_single_connection_looks_too),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_standby", tests, NULL, NULL);
}
