/*
 * Batches: who goes together, who waits, who leaves, and what becomes of them
 * when something fails.
 */

#include "io_joining.h"

static void
join(int from, int n)
{
    join_as(from, n, 0);
}


/* --- together ------------------------------------------------------------ */

static void
who_is_alone_goes_at_once(void **state)
{
    deals_ctx_stats  stats;

    (void) state;
    warm();
    join(0, 1);
    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 1);
    spin_until(ctx, srv, &ended, 1);
    expect(0, 1, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 1\n");
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.batches, 1);
    assert_int_equal(stats.batched, 1);
    assert_true(deals_ctx_poll(ctx, 0) == 0);
}


static void
those_of_one_turn_go_together_and_each_gets_its_row(void **state)
{
    int  i;

    (void) state;
    warm();
    join(0, 4);
    (void) deals_ctx_poll(ctx, 0);
    spin_until(ctx, srv, &ended, 4);
    assert_string_equal(srv->log, "0:BATCH 4\n");

    for (i = 0; i < 4; i++) {
        assert_int_equal(j[i].row, 4 - i);
        assert_true(deals_call_db_time(j[i].call) >= 0);
    }

    expect(0, 4, DEALS_OK);
}


static void
who_comes_while_one_is_on_its_way_waits_for_it(void **state)
{
    deals_ctx_stats  stats;

    (void) state;
    warm();
    join(0, 1);
    turns();
    join(1, 1);
    turns();
    join(2, 2);
    turns();
    assert_int_equal(ended, 0);
    spin_until(ctx, srv, &ended, 4);
    expect(0, 4, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 1\n0:BATCH 3\n");
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.batch_sizes[0], 1);
    assert_int_equal(stats.batch_sizes[1], 1);
    assert_int_equal(stats.batch_sizes[2] + stats.batch_sizes[3], 0);
}


static void
a_batch_has_a_bound_and_the_oldest_go_first(void **state)
{
    (void) state;
    warm();
    join(0, 10);
    spin_until(ctx, srv, &ended, 4);
    assert_int_equal(j[3].ended, 1);
    assert_int_equal(j[4].ended, 0);
    spin_until(ctx, srv, &ended, 10);
    expect(0, 10, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 4\n0:BATCH 4\n0:BATCH 2\n");
}


static void
those_who_come_before_the_first_connection_go_in_its_first_write(void **state)
{
    (void) state;
    join(0, 1);
    turns();
    join(1, 2);
    turns();
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n");
}


static void
reads_do_not_go_behind_a_batch(void **state)
{
    int     i;
    asking  a[6] = { { 0 } };

    (void) state;
    config.pool_size = 2;
    again();
    warm();

    /* the second connection */
    ask(ctx, &a[0], NUMBER, 1, -1);
    (void) deals_ctx_poll(ctx, 0);
    spin_for(ctx, srv, 50);
    forget(&a[0]);
    assert_int_equal(srv->accepted, 2);
    srv->log[0] = '\0';

    join(0, 1);
    turns();

    for (i = 0; i < 6; i++) {
        ask(ctx, &a[i], NUMBER, i, -1);
    }

    turns();
    spin_until(ctx, srv, &ended, 1);
    expect(0, 1, DEALS_OK);

    for (i = 0; i < 6; i++) {
        spin_until(ctx, srv, &a[i].done, 1);
        forget(&a[i]);
    }

    assert_non_null(strstr(srv->log, "0:BATCH 1\n"));
    assert_null(strstr(srv->log, "0:NUMBER"));
}


/* --- bounds -------------------------------------------------------------- */

static void
the_queue_is_bounded(void **state)
{
    deals_ctx_stats  stats;

    (void) state;
    config.queue_size = 5;
    again();
    warm();
    join(0, 1);
    turns();
    join(1, 6);
    turns();
    assert_int_equal(ended, 1);
    assert_int_equal(j[6].code, DEALS_UNAVAILABLE);
    assert_int_equal(j[6].retry_after, 1);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.refused, 1);
    expect(6, 1, DEALS_UNAVAILABLE);
    spin_until(ctx, srv, &ended, 7);
    expect(0, 6, DEALS_OK);
}


/* Reads that fill the pool's queue do not turn votes away. */

static void
a_full_queue_of_others_is_waited_out(void **state)
{
    int     i;
    asking  a[20] = { { 0 } };

    (void) state;
    config.queue_size = 2;
    again();
    warm();

    for (i = 0; i < 20; i++) {
        ask(ctx, &a[i], NUMBER, 1, -1);
    }

    join(0, 1);
    turns();
    assert_int_equal(ended, 0);
    spin_until(ctx, srv, &ended, 1);
    expect(0, 1, DEALS_OK);

    for (i = 0; i < 20; i++) {
        spin_until(ctx, srv, &a[i].done, 1);
        forget(&a[i]);
    }
}


static void
deadlines_hold_while_waiting(void **state)
{
    int64_t  start;

    (void) state;
    config.query_timeout = 150;
    again();
    warm();
    start = deals_mono();
    join(0, 1);
    turns();
    join(1, 5);
    spin_until(ctx, NULL, &ended, 6);
    assert_true(ms_since(start) < 2000);
    expect(0, 6, DEALS_TIMEOUT);

    join(0, 2);
    spin_until(ctx, srv, &ended, 8);
    expect(0, 2, DEALS_OK);

    /* the second one went when nobody waited for the first any more */
    assert_string_equal(srv->log, "0:BATCH 1\n0:BATCH 4\n0:BATCH 2\n");
}


/* --- leaving ------------------------------------------------------------- */

static void
who_leaves_before_it_is_written_never_is(void **state)
{
    (void) state;
    warm();
    join(0, 3);
    leave(1);
    turns();
    join(3, 3);
    turns();
    leave(4);
    spin_until(ctx, srv, &ended, 4);
    assert_string_equal(srv->log, "0:BATCH 2\n0:BATCH 2\n");
    leave(0);
    leave(2);
    leave(3);
    leave(5);

    join(0, 2);
    leave(0);
    leave(1);
    join(2, 1);
    turns();
    join(3, 2);
    leave(3);
    turns();
    leave(4);
    spin_until(ctx, srv, &ended, 5);
    expect(2, 1, DEALS_OK);
    spin_for(ctx, srv, 20);
    assert_string_equal(srv->log, "0:BATCH 2\n0:BATCH 2\n0:BATCH 1\n");
}


static void
who_leaves_before_there_is_a_connection_never_is(void **state)
{
    (void) state;
    join(0, 3);
    turns();
    leave(0);
    leave(1);
    leave(2);
    spin_for(ctx, srv, 50);
    assert_string_equal(srv->log, "");

    again();
    join(0, 2);
    turns();
    leave(0);
    spin_until(ctx, srv, &ended, 1);
    expect(1, 1, DEALS_OK);
    assert_non_null(strstr(srv->log, ":BATCH 1\n"));
    assert_null(strstr(srv->log, ":BATCH 2\n"));
}


static void
who_leaves_later_ignores_its_answer(void **state)
{
    (void) state;
    warm();
    join(0, 3);
    turns();
    leave(0);
    leave(2);
    spin_until(ctx, srv, &ended, 1);
    assert_int_equal(j[1].row, 2);
    expect(1, 1, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n");
}


/* A flush that nobody waits for any more does not hold up the next one. */

static void
when_all_have_left_the_next_ones_go(void **state)
{
    deals_ctx_stats  stats;

    (void) state;
    warm();
    join(0, 2);
    turns();
    join(2, 1);
    turns();
    leave(0);
    leave(1);
    turns();
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 2);
    spin_until(ctx, srv, &ended, 1);
    expect(2, 1, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 2\n0:BATCH 1\n");
}


static void
the_end_of_a_context_ends_all(void **state)
{
    int  i;

    (void) state;
    warm();
    join(0, 4);
    turns();
    join(4, 3);
    turns();
    join(7, 2);
    leave(0);
    again();
    assert_int_equal(ended, 0);

    for (i = 1; i < 9; i++) {
        assert_true(deals_call_is_done(j[i].call));
        leave(i);
    }
}


/* --- failures ------------------------------------------------------------ */

static void
one_lost_in_doubt_is_sent_once_more(void **state)
{
    (void) state;
    warm();
    srv->once = 1;
    j[1].deed = CLOSE_AFTER;
    join(0, 3);
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 3\n");

    srv->log[0] = '\0';
    srv->once = 1;
    j[1].deed = FATAL;
    spin_for(ctx, srv, 1100);
    join(0, 3);
    spin_until(ctx, srv, &ended, 6);
    expect(0, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 3\n");
}


static void
but_not_a_third_time(void **state)
{
    (void) state;
    warm();
    srv->once = 2;
    j[1].deed = CLOSE_AFTER;
    join(0, 3);
    turns();
    join(3, 1);
    spin_until(ctx, srv, &ended, 4);
    expect(0, 3, DEALS_UNAVAILABLE);
    expect(3, 1, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 3\n0:BATCH 1\n");
}


static void
a_conflict_is_tried_once_more(void **state)
{
    (void) state;
    warm();
    srv->once = 1;
    j[1].deed = E_40001;
    join(0, 3);
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 3\n");

    srv->log[0] = '\0';
    srv->once = 1;
    j[1].deed = E_COMMIT;
    join(0, 3);
    spin_until(ctx, srv, &ended, 6);
    expect(0, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 3\n");
}


static void
only_who_is_at_fault_fails(void **state)
{
    (void) state;
    warm();
    srv->once = 1000;
    j[1].deed = E_40001;
    join(0, 4);
    spin_until(ctx, srv, &ended, 4);
    expect(1, 1, DEALS_UNAVAILABLE);
    expect(0, 1, DEALS_OK);
    expect(2, 2, DEALS_OK);
    /* sorted 3 2 1 0 */
    assert_string_equal(srv->log, "0:BATCH 4\n0:BATCH 4\n0:BATCH 2\n"
                        "0:BATCH 2\n0:BATCH 2\n0:BATCH 1\n0:BATCH 1\n"
                        "0:BATCH 1\n");

    srv->log[0] = '\0';
    j[0].deed = E_23505;
    j[1].deed = 0;
    join(0, 3);
    turns();
    join(3, 2);
    turns();
    leave(1);
    spin_until(ctx, srv, &ended, 8);
    expect(0, 1, DEALS_INTERNAL);
    expect(2, 3, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 3\n0:BATCH 1\n0:BATCH 1\n"
                        "0:BATCH 2\n");
}


static void
other_errors_are_everybodys(void **state)
{
    (void) state;
    warm();
    srv->once = 1;
    j[1].deed = E_53100;
    join(0, 3);
    turns();
    join(3, 1);
    spin_until(ctx, srv, &ended, 4);
    expect(0, 3, DEALS_UNAVAILABLE);
    expect(3, 1, DEALS_OK);
    assert_int_equal(times_logged("SQLSTATE 53100"), 1);
}


static void
memory_that_is_missing_is_told(void **state)
{
    (void) state;
    warm();
    no_memory = 1;
    join(0, 3);
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_NO_MEMORY);
    no_memory = 0;
    join(0, 1);
    spin_until(ctx, srv, &ended, 4);
    expect(0, 1, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 1\n");
}


static void
a_database_that_is_away_is_told_at_once(void **state)
{
    int64_t  start;

    (void) state;
    srv->mode = FAKE_REJECT;
    join(0, 3);
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_UNAVAILABLE);

    start = deals_mono();
    join(0, 3);
    (void) deals_ctx_poll(ctx, 0);
    (void) deals_ctx_poll(ctx, 0);
    assert_int_equal(ended, 6);
    assert_true(ms_since(start) < 500);
    expect(0, 3, DEALS_UNAVAILABLE);

    srv->mode = FAKE_SERVE;
    warm();
    join(0, 1);
    spin_until(ctx, srv, &ended, 7);
    expect(0, 1, DEALS_OK);
}


static void
a_dead_connection_is_seen_before_anything_is_written(void **state)
{
    (void) state;
    warm();
    fake_hang_up(&srv->conns[0]);
    join(0, 2);
    spin_until(ctx, srv, &ended, 2);
    expect(0, 2, DEALS_OK);
    assert_string_equal(srv->log, "0:BATCH 2\n");
}


/* --- time ---------------------------------------------------------------- */


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(who_is_alone_goes_at_once),
        TEST(those_of_one_turn_go_together_and_each_gets_its_row),
        TEST(who_comes_while_one_is_on_its_way_waits_for_it),
        TEST(a_batch_has_a_bound_and_the_oldest_go_first),
        TEST(those_who_come_before_the_first_connection_go_in_its_first_write),
        TEST(reads_do_not_go_behind_a_batch),
        TEST(the_queue_is_bounded),
        TEST(a_full_queue_of_others_is_waited_out),
        TEST(deadlines_hold_while_waiting),
        TEST(who_leaves_before_it_is_written_never_is),
        TEST(who_leaves_before_there_is_a_connection_never_is),
        TEST(who_leaves_later_ignores_its_answer),
        TEST(when_all_have_left_the_next_ones_go),
        TEST(the_end_of_a_context_ends_all),
        TEST(one_lost_in_doubt_is_sent_once_more),
        TEST(but_not_a_third_time),
        TEST(a_conflict_is_tried_once_more),
        TEST(only_who_is_at_fault_fails),
        TEST(other_errors_are_everybodys),
        TEST(memory_that_is_missing_is_told),
        TEST(a_database_that_is_away_is_told_at_once),
        TEST(a_dead_connection_is_seen_before_anything_is_written),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_batch", tests, NULL, NULL);
}
