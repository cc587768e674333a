/*
 * A clock that is set back: moments and ids go on with the time that passes, in
 * all contexts of a machine alike, also in such as nobody asked meanwhile.
 */

#include <time.h>

#include "io/call.h"
#include "io_check.h"

#define HOUR  INT64_C(3600000000)

/* Of an id without its counter: milliseconds. */
#define MS(id)  ((id) >> 12)

static int64_t     ahead;
static int64_t     held;        /* microseconds that a look at the clock takes */
static deals_ctx  *a, *b;

static void
pass(int64_t usec)
{
    int64_t  until;

    for (until = deals_mono() + usec; deals_mono() < until; ) {
        usleep(1000);
    }
}

static int64_t
clock_now(void *host)
{
    struct timespec  ts;

    (void) host;
    pass(held);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);
    pass(held);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000 + ahead;
}

/* All have seen the clock as it is: of several looks one was not interrupted. */
static void
look(void)
{
    int  i;

    for (i = 0; i < 10; i++) {
        (void) deals_ctx_moment(a);
        (void) deals_ctx_moment(b);
    }
}

static int
set_up(void **state)
{
    deals_config  config = { .database = "host=/nowhere dbname=deals" };

    (void) state;
    ahead = 0;
    held = 0;
    test_hooks.now = clock_now;
    a = ctx_new(&config);
    b = ctx_new(&config);
    look();

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(a);
    deals_ctx_free(b);

    return 0;
}

static void
moments_go_on(void **state)
{
    int64_t  first, second, third;

    (void) state;
    first = deals_ctx_moment(a);
    ahead = -HOUR;
    pass(5000);
    second = deals_ctx_moment(b);
    assert_true(second >= first + 5000);
    third = deals_ctx_moment(a);
    assert_true(third >= second - 1000);

    /* forward is forward, and back again is not */
    ahead = HOUR;
    look();
    first = deals_ctx_moment(a);
    assert_true(first >= third + HOUR - 1000);
    ahead = 0;
    pass(5000);
    assert_true(deals_ctx_moment(a) >= first + 5000);
}

static void
ids_go_on(void **state)
{
    int      i;
    int64_t  id, next;

    (void) state;
    id = deals_ctx_new_id(a);
    ahead = -HOUR;

    for (i = 0; i < 5; i++, id = next) {
        pass(3000);
        next = deals_ctx_new_id(i % 2 ? a : b);
        assert_true(MS(next) >= MS(id) + 2);
    }
}

/* Whoever was held up between the looks at two clocks is not ahead of the others
 * for ever. */
static void
a_look_may_take_long(void **state)
{
    int64_t  before, moment, after;

    (void) state;
    held = 100000;
    (void) deals_ctx_moment(a);
    held = 0;
    before = deals_ctx_moment(b);
    moment = deals_ctx_moment(a);
    after = deals_ctx_moment(b);
    assert_in_range(moment, before - 10000, after + 10000);
}

static void
each_is_later(void **state)
{
    int      i;
    int64_t  moment, id, last_moment, last_id;

    (void) state;
    last_moment = last_id = 0;

    for (i = 0; i < 20000; i++) {
        ahead = (i * 7919 % 13 - 6) * HOUR;
        moment = deals_ctx_moment(a);
        id = deals_ctx_new_id(a);
        assert_true(moment > last_moment);
        assert_true(id > last_id);
        last_moment = moment;
        last_id = id;
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(moments_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_look_may_take_long, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_is_later, set_up, tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_clock", tests, NULL, NULL);
}
