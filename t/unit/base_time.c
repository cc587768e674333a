/*
 * Times and their texts.
 */

#include "base_check.h"

#include <time.h>

#include "base/time.h"


static void
assert_time(const char *text, int64_t expected)
{
    int64_t  t;

    if (deals_time_parse(deals_str_of(text), &t) != 0) {
        fail_msg("refused: %s", text);
    }

    if (t != expected) {
        fail_msg("%s is %lld, not %lld", text, (long long) t,
                 (long long) expected);
    }
}


static void
rfc_3339_is_read(void **state)
{
    (void) state;

    assert_time("1970-01-01T00:00:00Z", 0);
    assert_time("2012-12-13T17:24:12Z", 1355419452);
    assert_time("2026-01-31T12:00:00Z", 1769860800);
    assert_time("2026-01-31t12:00:00z", 1769860800);
    assert_time("2026-01-31 12:00:00Z", 1769860800);
    assert_time("2026-01-31T14:00:00+02:00", 1769860800);
    assert_time("2026-01-31T06:30:00-05:30", 1769860800);
    assert_time("2026-01-31T12:00:00-00:00", 1769860800);
    assert_time("2026-01-31T12:00:00.999999999Z", 1769860800);
    assert_time("1969-12-31T23:59:59.5Z", -1);
    assert_time("0001-01-01T00:00:00Z", DEALS_TIME_MIN);
    assert_time("9999-12-31T23:59:59Z", DEALS_TIME_MAX);
    assert_time("2000-02-29T00:00:00Z", 951782400);
    assert_time("2024-02-29T00:00:00Z", 1709164800);
}


static void
leap_seconds_are_sane(void **state)
{
    int64_t  t;

    (void) state;

    assert_time("2016-12-31T23:59:60Z", 1483228800);
    assert_time("2017-01-01T00:59:60+01:00", 1483228800);
    assert_time("2015-06-30T23:59:60.7Z", 1435708800);
    assert_int_equal(deals_time_parse(S("2016-12-31T22:59:60Z"), &t), -1);
    assert_int_equal(deals_time_parse(S("2016-12-30T23:59:60Z"), &t), -1);
    assert_int_equal(deals_time_parse(S("2016-12-31T23:59:60+01:00"), &t), -1);
    assert_int_equal(deals_time_parse(S("9999-12-31T23:59:60Z"), &t), -1);
    assert_int_equal(deals_time_parse(S("2016-12-31T23:59:61Z"), &t), -1);
}


static void
what_is_no_time_is_refused(void **state)
{
    size_t   i;
    int64_t  t = 42;

    static const char *const  bad[] = {
        "", "2026", "2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00",
        "2026-1-31T12:00:00Z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z",
        "2026-01-32T12:00:00Z", "2026-01-00T12:00:00Z", "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z", "2026-04-31T12:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z", "2026-01-31T12:00:00.Z", "0000-01-01T00:00:00Z",
        "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+02:60",
        "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+2:00",
        "2026-01-31T12:00:00Z ", " 2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00ZZ", "+026-01-31T12:00:00Z",
        "20260131T120000Z", "2026-01-31_12:00:00Z", "2026-01-31T-2:00:00Z",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        "12026-01-31T12:00:00Z"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (deals_time_parse(deals_str_of(bad[i]), &t) == 0) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(t, 42);
    }

    assert_int_equal(deals_time_parse(S("2026-01-31T12:00:00Z\0"), &t), -1);
    assert_int_equal(deals_time_parse(DEALS_NONE, &t), -1);
}


static void
local_times_are_utc(void **state)
{
    int64_t  t;

    (void) state;

    assert_int_equal(deals_time_parse_local(S("2026-01-31T12:00"), &t), 0);
    assert_int_equal(t, 1769860800);
    assert_int_equal(deals_time_parse_local(S("2026-01-31 12:00:07"), &t), 0);
    assert_int_equal(t, 1769860807);
    assert_int_equal(deals_time_parse_local(S("2026-01-31T12:00:07.5"), &t), 0);
    assert_int_equal(t, 1769860807);
    assert_int_equal(deals_time_parse_local(S("2026-01-31T12:00Z"), &t), -1);
    assert_int_equal(deals_time_parse_local(S("2026-01-31"), &t), -1);
    assert_int_equal(deals_time_parse_local(S("2026-01-31T12"), &t), -1);
    assert_int_equal(deals_time_parse_local(S("2026-01-31T12:00:60"), &t), -1);
}


static void
every_day_there_and_back(void **state)
{
    char         out[DEALS_TIME_SIZE];
    int64_t      t, again;
    struct tm    tm;
    time_t       clock;
    deals_civil  c;

    (void) state;

    for (t = DEALS_TIME_MIN; t <= DEALS_TIME_MAX; t += 86400 * 7 + 12345) {
        assert_int_equal(deals_time_civil(t, &c), 0);
        clock = (time_t) t;
        gmtime_r(&clock, &tm);

        if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1
            || c.day != tm.tm_mday || c.hour != tm.tm_hour
            || c.minute != tm.tm_min || c.second != tm.tm_sec)
        {
            fail_msg("%lld", (long long) t);
        }

        assert_int_equal(deals_time_parse(deals_time_format(out, t), &again),
                         0);
        assert_true(again == t);
    }
}


static void
times_are_written(void **state)
{
    char  out[DEALS_TIME_SIZE];

    (void) state;

    assert_str(deals_time_format(out, 1769860807), "2026-01-31T12:00:07Z");
    assert_str(deals_time_format(out, DEALS_TIME_MIN), "0001-01-01T00:00:00Z");
    assert_str(deals_time_format_local(out, 1769860800), "2026-01-31T12:00");
    assert_str(deals_time_format_local(out, 1769860807), "2026-01-31T12:00:07");
    assert_str(deals_time_format_words(out, 1769860807),
               "31 January 2026, 12:00 UTC");

    assert_str(deals_time_format(out, DEALS_TIME_MAX + 1), NULL);
    assert_str(deals_time_format(out, DEALS_TIME_MIN - 1), NULL);
    assert_str(deals_time_format(out, DEALS_NULL_INT), NULL);
    assert_str(deals_time_format_local(out, DEALS_NULL_INT), NULL);
    assert_str(deals_time_format_words(out, INT64_MAX), NULL);
}


static const struct CMUnitTest  tests[] = {
    TEST(rfc_3339_is_read),
    TEST(leap_seconds_are_sane),
    TEST(what_is_no_time_is_refused),
    TEST(local_times_are_utc),
    TEST(every_day_there_and_back),
    TEST(times_are_written),
};

RUN("base_time", tests)
