/*
 * The pool and its connections against a scripted server: what goes over the
 * wire, in which order, and what becomes of calls when it answers badly.
 */

#include "io_fake.h"

static fake       *srv;
static deals_ctx  *ctx;

static deals_ctx *
context(int pool, int queue, int no_prepare)
{
    char          database[128];
    deals_config  config;

    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = pool;
    config.queue_size = queue;
    config.no_prepare = no_prepare;

    return ctx_new(&config);
}

static int
set_up(void **state)
{
    (void) state;
    srv = fake_new();
    ctx = context(1, 0, 0);

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

/* Connected, and nothing on the wire. */

static void
warm(void)
{
    asking  a = NEW;

    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_OK);
    forget(&a);
    srv->log[0] = '\0';
}

static void
expect(asking *a, deals_code code)
{
    spin_until(ctx, srv, &a->done, 1);
    assert_int_equal(a->code, code);
    assert_int_equal(a->done, 1);
    forget(a);
}


static void
answers_come_in_order_to_whom_they_belong(void **state)
{
    int              i, done;
    asking           a[10];
    deals_ctx_stats  stats;

    (void) state;
    warm();
    memset(a, 0, sizeof(a));

    for (i = 0; i < 10; i++) {
        ask(ctx, &a[i], NUMBER, i, NUMBER, 100 + i, -1);
    }

    /* all are written before anything is answered */
    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 10);
    assert_int_equal(stats.waiting, 0);

    for (i = 0; i < 10; i++) {
        expect(&a[i], DEALS_OK);
        assert_int_equal(a[i].results[0], i);
        assert_int_equal(a[i].results[1], 100 + i);

        done = i < 9 ? a[i + 1].done : 1;
        assert_true(done == 0 || done == 1);
    }

    assert_int_equal(srv->accepted, 1);
}


static void
a_statement_is_prepared_once_a_connection(void **state)
{
    int     i;
    asking  a = NEW;

    (void) state;

    for (i = 0; i < 5; i++) {
        ask(ctx, &a, NUMBER, i, NUMBER, i, -1);
        expect(&a, DEALS_OK);
    }

    assert_int_equal(srv->parses, 1);
}


static void
without_prepare_nothing_is_prepared(void **state)
{
    asking  a = NEW;

    (void) state;
    deals_ctx_free(ctx);
    ctx = context(1, 0, 1);

    ask(ctx, &a, NUMBER, 3, WRITE, 4, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(a.results[1], 4);
    assert_int_equal(srv->parses, 0);
}


static void
one_write_needs_no_transaction(void **state)
{
    asking  a = NEW;

    (void) state;
    warm();
    ask(ctx, &a, NUMBER, 3, WRITE, 4, -1);
    expect(&a, DEALS_OK);
    assert_string_equal(srv->log, "0:NUMBER 3\n0:WRITE 4\n");
}


static void
several_writes_are_wrapped_and_a_barrier(void **state)
{
    asking           a = NEW, b = NEW;
    deals_ctx_stats  stats;

    (void) state;
    warm();
    ask(ctx, &a, WRITE, 3, WRITE, 4, -1);
    ask(ctx, &b, NUMBER, 5, -1);

    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 1);
    assert_int_equal(stats.waiting, 1);

    expect(&a, DEALS_OK);
    expect(&b, DEALS_OK);
    assert_string_equal(srv->log, "0:BEGIN 0\n0:WRITE 3\n0:WRITE 4\n"
                                  "0:COMMIT 0\n0:NUMBER 5\n");
}


static void
an_answer_before_a_barrier_does_not_lift_it(void **state)
{
    asking           a = NEW, w = NEW, b = NEW;
    deals_ctx_stats  stats;

    (void) state;
    warm();
    srv->dribble = 1;
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &w, WRITE, 2, WRITE, 3, -1);
    ask(ctx, &b, NUMBER, 4, -1);
    expect(&a, DEALS_OK);
    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(w.done, 0);
    assert_int_equal(stats.in_flight, 1);
    assert_int_equal(stats.waiting, 1);
    expect(&w, DEALS_OK);
    expect(&b, DEALS_OK);
}


static void
others_pass_a_barrier_on_another_connection(void **state)
{
    int     i;
    asking  a = NEW, b[4];

    (void) state;
    deals_ctx_free(ctx);
    ctx = context(2, 0, 0);
    memset(b, 0, sizeof(b));

    for (i = 0; i < 4; i++) {
        ask(ctx, &b[i], NUMBER, i, -1);
    }

    for (i = 0; i < 4; i++) {
        expect(&b[i], DEALS_OK);
    }

    spin_for(ctx, srv, 50);
    assert_int_equal(srv->accepted, 2);

    ask(ctx, &a, WRITE, HANG, WRITE, 4, -1);
    ask(ctx, &b[0], NUMBER, 9, -1);
    expect(&b[0], DEALS_OK);
    assert_int_equal(a.done, 0);
    forget(&a);
}


static void
after_a_failed_transaction_comes_its_rollback(void **state)
{
    asking  a = { .catch = "23505" }, b = NEW;

    (void) state;
    warm();
    ask(ctx, &a, WRITE, 3, WRITE, E_23505, -1);
    ask(ctx, &b, NUMBER, 5, -1);
    expect(&a, DEALS_OK);
    expect(&b, DEALS_OK);

    assert_string_equal(a.caught, "23505");
    assert_int_equal(b.results[0], 5);
    assert_string_equal(srv->log, "0:BEGIN 0\n0:WRITE 3\n0:WRITE 1005\n"
                                  "0:ROLLBACK 0\n0:NUMBER 5\n");
    assert_int_equal(srv->accepted, 1);
}


static void
an_error_touches_its_own_segment_only(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    warm();
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, E_23505, NUMBER, 2, -1);
    ask(ctx, &c, NUMBER, 3, -1);
    expect(&a, DEALS_OK);
    expect(&b, DEALS_INTERNAL);
    expect(&c, DEALS_OK);
    assert_int_equal(b.steps, 0);
    assert_int_equal(times_logged("23505"), 1);
}


static void
persons_do_not_read_what_the_server_said(void **state)
{
    asking     a = NEW;
    deals_str  message;

    (void) state;
    ask(ctx, &a, NUMBER, E_23505, -1);
    spin_until(ctx, srv, &a.done, 1);
    message = deals_call_error(a.call)->message;
    assert_null(memmem(message.data, message.len, "secret", 6));
    assert_null(memmem(message.data, message.len, "23505", 5));
    forget(&a);

    assert_int_equal(times_logged("secret words"), 1);
}


static void
conflicts_are_tried_once_more(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, WRITE, 1, WRITE, E_40001, -1);
    expect(&a, DEALS_OK);

    srv->once = 2;
    srv->log[0] = '\0';
    ask(ctx, &a, NUMBER, E_40001, -1);
    expect(&a, DEALS_UNAVAILABLE);
    assert_string_equal(srv->log, "0:NUMBER 1006\n0:NUMBER 1006\n");
}


/* The transaction of a Sync may not hold over several servers (Citus): a write
 * before the error may have stayed. */

static void
a_lone_write_before_the_error_is_not_repeated(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, WRITE, 1, NUMBER, E_40001, -1);
    expect(&a, DEALS_UNAVAILABLE);
    assert_string_equal(srv->log, "0:WRITE 1\n0:NUMBER 1006\n");
}


static void
a_commit_may_fail(void **state)
{
    asking  a = NEW;

    (void) state;
    warm();
    srv->once = 1;
    ask(ctx, &a, WRITE, 1, WRITE, E_COMMIT, -1);
    expect(&a, DEALS_OK);
    assert_string_equal(srv->log, "0:BEGIN 0\n0:WRITE 1\n0:WRITE 1013\n"
                                  "0:COMMIT 0\n0:BEGIN 0\n0:WRITE 1\n"
                                  "0:WRITE 1013\n0:COMMIT 0\n");

    /* an error at the Sync: after the statement had succeeded */
    srv->once = 1;
    ask(ctx, &a, NUMBER, E_COMMIT, -1);
    expect(&a, DEALS_OK);
    ask(ctx, &a, NUMBER, 7, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(a.results[0], 7);
    assert_int_equal(srv->accepted, 1);
}


static void
a_stale_plan_is_prepared_again_once(void **state)
{
    asking  a = NEW;

    (void) state;
    warm();
    assert_int_equal(srv->parses, 1);

    srv->once = 1;
    ask(ctx, &a, NUMBER, E_0A000, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(srv->parses, 2);

    srv->once = 1;
    ask(ctx, &a, NUMBER, E_26000, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(srv->parses, 3);

    /* a PREPARE that fails takes those behind it along: no defect of theirs */
    srv->once = 1000;
    ask(ctx, &a, NUMBER, E_26000, -1);
    expect(&a, DEALS_UNAVAILABLE);
}


static void
what_an_aborted_transaction_refused_is_resubmitted(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, WRITE, E_25P02, -1);
    expect(&a, DEALS_OK);
    assert_string_equal(srv->log, "0:WRITE 1009\n0:WRITE 1009\n");

    srv->once = 2;
    ask(ctx, &a, NUMBER, E_25P02, -1);
    expect(&a, DEALS_UNAVAILABLE);
}


/* Somebody left a transaction open: nothing more goes there until it is ended. */

static void
a_poisoned_connection_is_cleaned(void **state)
{
    int     i;
    asking  a = NEW, b[5];

    (void) state;
    warm();
    memset(b, 0, sizeof(b));
    srv->dribble = 1;
    ask(ctx, &a, NUMBER, POISON, -1);

    for (i = 0; i < 5; i++) {
        ask(ctx, &b[i], WRITE, i, -1);
    }

    expect(&a, DEALS_OK);

    for (i = 0; i < 5; i++) {
        expect(&b[i], DEALS_OK);
    }

    assert_string_equal(srv->log, "0:NUMBER 1014\n0:ROLLBACK 0\n0:WRITE 0\n"
                                  "0:WRITE 1\n0:WRITE 2\n0:WRITE 3\n"
                                  "0:WRITE 4\n");
    assert_int_equal(srv->accepted, 1);
}


static void
statement_timeout_is_a_timeout(void **state)
{
    asking           a = NEW;
    deals_ctx_stats  stats;

    (void) state;
    ask(ctx, &a, NUMBER, E_57014, -1);
    expect(&a, DEALS_TIMEOUT);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.timeouts, 1);
}


static void
a_full_disk_is_not_a_defect(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, WRITE, E_53100, -1);
    expect(&a, DEALS_UNAVAILABLE);
}


/* Its transactions became read-only: the other half of a failover. */

static void
a_standby_is_left(void **state)
{
    asking  a = NEW;

    (void) state;
    warm();
    srv->once = 1;
    ask(ctx, &a, WRITE, E_25006, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(srv->accepted, 2);
}


static void
bytes_may_come_one_by_one(void **state)
{
    int     i;
    asking  a[3];

    (void) state;
    memset(a, 0, sizeof(a));
    srv->dribble = 1;

    for (i = 0; i < 3; i++) {
        ask(ctx, &a[i], NUMBER, i, NUMBER, 70 + i, -1);
    }

    for (i = 0; i < 3; i++) {
        expect(&a[i], DEALS_OK);
        assert_int_equal(a[i].results[1], 70 + i);
    }
}


/* More than one connection is given at once: the rest waits in the pool. */

static void
a_server_may_pause(void **state)
{
    int     i;
    asking  a[200];

    (void) state;
    warm();
    memset(a, 0, sizeof(a));
    srv->deaf = 1;

    for (i = 0; i < 200; i++) {
        ask(ctx, &a[i], NUMBER, i, NUMBER, i, NUMBER, i, NUMBER, i, -1);
    }

    spin_for(ctx, srv, 20);
    srv->deaf = 0;

    for (i = 0; i < 200; i++) {
        expect(&a[i], DEALS_OK);
        assert_int_equal(a[i].results[3], i);
    }
}


static void
queries_without_memory_are_reported(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, -1);
    deals_call_query(a.call, NULL);
    expect(&a, DEALS_NO_MEMORY);
}


static void
an_empty_segment_goes_on_at_once(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, -1);
    (void) deals_ctx_poll(ctx, 0);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.code, DEALS_OK);
    forget(&a);
    assert_int_equal(srv->accepted, 0);
}


static void
the_queue_has_a_bound(void **state)
{
    int              i, refused;
    asking           a[30];
    deals_ctx_stats  stats;

    (void) state;
    deals_ctx_free(ctx);
    ctx = context(1, 4, 0);
    warm();
    memset(a, 0, sizeof(a));
    srv->deaf = 1;

    for (i = 0; i < 30; i++) {
        ask(ctx, &a[i], NUMBER, i, -1);
    }

    spin_for(ctx, srv, 20);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 16);
    assert_int_equal(stats.waiting, 4);
    assert_int_equal(stats.refused, 10);

    for (refused = 0, i = 0; i < 30; i++) {
        if (a[i].done) {
            assert_int_equal(a[i].code, DEALS_UNAVAILABLE);
            assert_int_equal(deals_call_error(a[i].call)->retry_after, 1);
            refused++;
        }
    }

    assert_int_equal(refused, 10);
    srv->deaf = 0;

    for (i = 0; i < 30; i++) {
        spin_until(ctx, srv, &a[i].done, 1);
        forget(&a[i]);
    }
}


static void
times_are_told(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    assert_int_equal(deals_call_db_time(a.call), -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_true(deals_call_db_time(a.call) >= 0);
    assert_true(deals_call_db_time(a.call) < LONG * 1000);
    forget(&a);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(answers_come_in_order_to_whom_they_belong),
        TEST(a_statement_is_prepared_once_a_connection),
        TEST(without_prepare_nothing_is_prepared),
        TEST(one_write_needs_no_transaction),
        TEST(several_writes_are_wrapped_and_a_barrier),
        TEST(an_answer_before_a_barrier_does_not_lift_it),
        TEST(others_pass_a_barrier_on_another_connection),
        TEST(after_a_failed_transaction_comes_its_rollback),
        TEST(an_error_touches_its_own_segment_only),
        TEST(persons_do_not_read_what_the_server_said),
        TEST(conflicts_are_tried_once_more),
        TEST(a_lone_write_before_the_error_is_not_repeated),
        TEST(a_commit_may_fail),
        TEST(a_stale_plan_is_prepared_again_once),
        TEST(what_an_aborted_transaction_refused_is_resubmitted),
        TEST(a_poisoned_connection_is_cleaned),
        TEST(statement_timeout_is_a_timeout),
        TEST(a_full_disk_is_not_a_defect),
        TEST(a_standby_is_left),
        TEST(bytes_may_come_one_by_one),
        TEST(a_server_may_pause),
        TEST(queries_without_memory_are_reported),
        TEST(an_empty_segment_goes_on_at_once),
        TEST(the_queue_has_a_bound),
        TEST(times_are_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_pipeline", tests, NULL, NULL);
}
