/*
 * The orders, and ids.
 */

#include "base_check.h"

#include <math.h>

#include "base/id.h"
#include "core/rank.h"

#define CREATED  INT64_C(1700000000)


static double
hot(int64_t up, int64_t down, int64_t created)
{
    return deals_rank_hot(up, down, created, DEALS_RANK_EPOCH, DEALS_RANK_TAU);
}


static void
assert_near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within)) {
        fail_msg("%.10f is not %.10f", value, expected);
    }
}


static void
hot_golden_vectors(void **state)
{
    (void) state;

    assert_near(hot(1, 0, CREATED), 12577.1554889, 1e-7);
    assert_near(hot(10, 0, CREATED), 12578.1554889, 1e-7);
    assert_near(hot(100, 10, CREATED), 12579.1097314, 1e-7);
    assert_near(hot(0, 10, CREATED), 12576.1554889, 1e-7);
    assert_near(hot(5, 5, CREATED), 12577.1554889, 1e-7);
}


static void
wilson_golden_vectors(void **state)
{
    (void) state;

    assert_near(deals_rank_wilson(1, 0), 0.378448, 5e-7);
    assert_near(deals_rank_wilson(10, 1), 0.739495, 5e-7);
    assert_near(deals_rank_wilson(40, 20), 0.585151, 5e-7);
    assert_near(deals_rank_wilson(0, 5), 0, 1e-15);
    assert_true(deals_rank_wilson(0, 0) == 0);
}


static void
controversy_golden_vectors(void **state)
{
    (void) state;

    assert_near(deals_rank_controversy(10, 10), 20, 1e-9);
    assert_near(deals_rank_controversy(100, 90), 112.428972, 5e-7);
    assert_true(deals_rank_controversy(5, 0) == 0);
    assert_true(deals_rank_controversy(0, 0) == 0);
}


static void
hot_grows_with_the_score(void **state)
{
    int64_t  s;
    double   lower, higher;

    (void) state;

    for (s = -5000; s < 5000; s++) {
        lower = s < 0 ? hot(0, -s, CREATED) : hot(s, 0, CREATED);
        higher = s + 1 < 0 ? hot(0, -s - 1, CREATED) : hot(s + 1, 0, CREATED);

        /* -1, 0 and 1 are one by the formula */
        assert_true(s >= -1 && s < 1 ? higher == lower : higher > lower);
    }
}


static void
hot_grows_with_time(void **state)
{
    size_t   i;
    int64_t  t;

    static const int64_t  votes[][2] = {
        { 1, 0 }, { 0, 0 }, { 0, 1 }, { 0, 500 }, { 100000, 3 }, { 2, 90000 }
    };

    (void) state;

    for (i = 0; i < sizeof(votes) / sizeof(votes[0]); i++) {
        for (t = CREATED; t < CREATED + 1000; t++) {
            assert_true(hot(votes[i][0], votes[i][1], t + 1)
                        > hot(votes[i][0], votes[i][1], t));
        }
        /* far beyond 2038 as well */
        assert_true(hot(votes[i][0], votes[i][1], INT64_C(253402300799))
                    > hot(votes[i][0], votes[i][1], INT64_C(253402300798)));
    }
}


static void
all_is_finite(void **state)
{
    size_t  i, k, m;

    static const int64_t  odd[] = {
        INT64_MIN, -1, 0, 1, 2, 1000, INT64_MAX - 1, INT64_MAX
    };
    static const double  taus[] = { 45000, 0, -1, INFINITY, NAN, 1 };
    const size_t  n = sizeof(odd) / sizeof(odd[0]);

    (void) state;

    for (i = 0; i < n; i++) {
        for (k = 0; k < n; k++) {
            assert_true(isfinite(deals_rank_wilson(odd[i], odd[k])));
            assert_true(deals_rank_wilson(odd[i], odd[k]) >= 0);
            assert_true(deals_rank_wilson(odd[i], odd[k]) <= 1);
            assert_true(isfinite(deals_rank_controversy(odd[i], odd[k])));

            for (m = 0; m < sizeof(taus) / sizeof(taus[0]); m++) {
                assert_true(isfinite(deals_rank_hot(odd[i], odd[k], odd[k],
                                                    odd[i], taus[m])));
            }
        }
    }
}


static void
ids_grow(void **state)
{
    int        i;
    int64_t    id, last, now;
    deals_ids  ids;

    (void) state;

    now = INT64_C(1735689600000);               /* 2025 */
    deals_ids_init(&ids, 0xffffffff);
    last = 0;

    for (i = 0; i < 100000; i++) {
        now += (i % 7 == 0) - (i % 1000 == 0) * 500;    /* back now and then */
        id = deals_ids_next(&ids, now);
        assert_true(id > last);
        assert_true(id <= DEALS_ID_MAX);
        last = id;
    }
}


static void
ids_hold_their_time(void **state)
{
    int64_t    id, now;
    deals_ids  ids;

    (void) state;

    now = INT64_C(1735689600123);
    deals_ids_init(&ids, 7);
    id = deals_ids_next(&ids, now);

    assert_true((id >> 12) + INT64_C(1704067200000) == now);
    assert_int_equal(id & 4095, 8);

    /* the counter goes on from one millisecond to the next */
    assert_int_equal(deals_ids_next(&ids, now + 5) & 4095, 9);
}


static void
ids_stay_in_range(void **state)
{
    int64_t    id;
    deals_ids  ids;

    (void) state;

    deals_ids_init(&ids, 4095);
    id = deals_ids_next(&ids, INT64_MIN / 2);           /* before 2024 */
    assert_true(id > 0);
    assert_true(deals_ids_next(&ids, 0) > id);

    deals_ids_init(&ids, 0);
    id = deals_ids_next(&ids, INT64_MAX);
    assert_true(id > 0 && id <= DEALS_ID_MAX);
}


static const struct CMUnitTest  tests[] = {
    TEST(hot_golden_vectors),
    TEST(wilson_golden_vectors),
    TEST(controversy_golden_vectors),
    TEST(hot_grows_with_the_score),
    TEST(hot_grows_with_time),
    TEST(all_is_finite),
    TEST(ids_grow),
    TEST(ids_hold_their_time),
    TEST(ids_stay_in_range),
};

RUN("core_rank", tests)
