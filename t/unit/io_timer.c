/*
 * The heap of timers: always the earliest, whatever is set and stopped.
 */

#include "io_check.h"

#define N  500

static deals_timers  heap;
static deals_timer   timers[N];
static int64_t       last;
static int           fired;

static void
fire(void *owner)
{
    deals_timer  *t = owner;

    assert_int_equal(t->set, 0);
    assert_true(t->at >= last);
    last = t->at;
    fired++;
}

static int
earliest(void)
{
    int  i, best;

    for (best = -1, i = 0; i < N; i++) {
        if (timers[i].set && (best == -1 || timers[i].at < timers[best].at)) {
            best = i;
        }
    }

    return best;
}

static void
the_earliest_comes_first(void **state)
{
    int       i, n, round;
    unsigned  seed;

    (void) state;
    seed = 1;

    for (i = 0; i < N; i++) {
        timers[i].fire = fire;
        timers[i].owner = &timers[i];
    }

    for (round = 0; round < 20000; round++) {
        i = rand_r(&seed) % N;

        if (rand_r(&seed) % 3 == 0) {
            deals_timer_stop(&heap, &timers[i]);

        } else {
            deals_timer_set(&heap, &timers[i], rand_r(&seed) % 1000);
        }

        if (round % 50 == 0) {
            n = earliest();
            assert_int_equal(deals_timers_first(&heap),
                             n == -1 ? -1 : timers[n].at);
        }

        if (round % 1000 == 999) {
            last = 0;
            (void) deals_timers_run(&heap, 500);
            n = earliest();
            assert_true(n == -1 || timers[n].at > 500);
        }
    }

    for (n = 0, i = 0; i < N; i++) {
        n += timers[i].set;
    }

    last = 0;
    fired = 0;
    assert_int_equal(deals_timers_run(&heap, 1000), n);
    assert_int_equal(fired, n);
    assert_int_equal(deals_timers_first(&heap), -1);
}


static deals_timer  other;

static void
stop_other(void *owner)
{
    (void) owner;
    fired++;
    deals_timer_stop(&heap, &other);
}

static void
a_timer_may_stop_another_that_is_due(void **state)
{
    deals_timer  t = { .fire = stop_other };

    (void) state;
    fired = 0;
    other.fire = stop_other;
    deals_timer_set(&heap, &t, 1);
    deals_timer_set(&heap, &other, 2);
    assert_int_equal(deals_timers_run(&heap, 10), 1);
    assert_int_equal(fired, 1);
    assert_int_equal(other.set, 0);
}


static void
time_goes_on(void **state)
{
    int64_t  a, b;

    (void) state;
    a = deals_mono();
    usleep(2000);
    b = deals_mono();
    assert_true(b - a >= 2000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_earliest_comes_first),
        cmocka_unit_test(a_timer_may_stop_another_that_is_due),
        cmocka_unit_test(time_goes_on),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_timer", tests, NULL, NULL);
}
