/*
 * Lanes: batches of one kind that are on their way at once.
 */

#include "io_joining.h"


/* Keys that take different lanes. */
#define HERE   0
#define THERE  1

/* All three connections are there. */

static void
three(void)
{
    int     i;
    asking  a[2] = { { 0 } };

    config.pool_size = 3;
    again();
    warm();

    while (srv->accepted < 3) {
        for (i = 0; i < 2; i++) {
            ask(ctx, &a[i], NUMBER, 1, -1);
        }

        turns();
        spin_for(ctx, srv, 50);

        for (i = 0; i < 2; i++) {
            spin_until(ctx, srv, &a[i].done, 1);
            forget(&a[i]);
        }
    }

    spin_for(ctx, srv, 1100);
    srv->log[0] = '\0';
}


static void
two_may_be_on_their_way(void **state)
{
    int              i;
    asking           a[3] = { { 0 } };
    deals_ctx_stats  stats;

    (void) state;
    three();
    join_as(0, 1, HERE);
    turns();
    join_as(1, 2, THERE);
    turns();
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 2);
    assert_int_equal(stats.batches, 2);

    /* a read has the third connection */
    for (i = 0; i < 3; i++) {
        ask(ctx, &a[i], NUMBER, i, -1);
    }

    turns();
    spin_until(ctx, srv, &ended, 3);
    expect(0, 3, DEALS_OK);

    for (i = 0; i < 3; i++) {
        spin_until(ctx, srv, &a[i].done, 1);
        forget(&a[i]);
    }

    assert_non_null(strstr(srv->log, "0:BATCH 1\n"));
    assert_non_null(strstr(srv->log, "1:BATCH 2\n"));
    assert_null(strstr(srv->log, "0:NUMBER"));
    assert_null(strstr(srv->log, "1:NUMBER"));
}


static void
those_of_one_key_follow_each_other(void **state)
{
    deals_ctx_stats  stats;

    (void) state;
    three();
    join_as(0, 1, HERE);
    join_as(1, 1, THERE);
    turns();
    srv->log[0] = '\0';
    join_as(2, 1, HERE);
    join_as(3, 4, THERE);
    turns();
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.in_flight, 2);
    assert_int_equal(stats.batches, 2);
    spin_until(ctx, srv, &ended, 7);
    expect(0, 7, DEALS_OK);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.batches, 4);
    assert_non_null(strstr(srv->log, "BATCH 4\n"));
}


/* What fails in one lane is nothing to the other. */

static void
lanes_fail_apart(void **state)
{
    (void) state;
    three();
    join_as(0, 2, HERE);
    j[1].deed = E_53100;
    join_as(2, 2, THERE);
    turns();
    spin_until(ctx, srv, &ended, 4);
    expect(0, 2, DEALS_UNAVAILABLE);
    expect(2, 2, DEALS_OK);
}


static void
the_bound_is_for_all_lanes(void **state)
{
    (void) state;
    config.queue_size = 5;
    three();
    ended = 0;
    join_as(0, 1, HERE);
    join_as(1, 1, THERE);
    turns();
    join_as(2, 3, HERE);
    join_as(5, 3, THERE);
    turns();
    assert_int_equal(ended, 1);
    expect(7, 1, DEALS_UNAVAILABLE);
    spin_until(ctx, srv, &ended, 8);
    expect(0, 7, DEALS_OK);

    /* and it is over when they are gone */
    join_as(0, 5, THERE);
    spin_until(ctx, srv, &ended, 13);
    expect(0, 5, DEALS_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(two_may_be_on_their_way),
        TEST(those_of_one_key_follow_each_other),
        TEST(lanes_fail_apart),
        TEST(the_bound_is_for_all_lanes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_lanes", tests, NULL, NULL);
}
