/*
 * core/when.c - how long ago, and how soon.
 */

#include "base/arena.h"
#include "core/text.h"

#define MINUTE  INT64_C(60)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define MONTH   (30 * DAY)
#define YEAR    (365 * DAY)


deals_str
deals_text_when(deals_arena *arena, int64_t then, int64_t now)
{
    int          future;
    size_t       i;
    int64_t      n, seconds;

    static const struct {
        int64_t      from;
        const char  *unit;
    } units[] = {
        { YEAR, "year" }, { MONTH, "month" }, { DAY, "day" }, { HOUR, "hour" },
        { MINUTE, "minute" }
    };

    future = then > now;

    if (__builtin_sub_overflow(future ? then : now, future ? now : then,
                               &seconds))
    {
        seconds = INT64_MAX;
    }

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds < units[i].from) {
            continue;
        }

        n = seconds / units[i].from;

        if (units[i].from == MONTH && n == 12) {
            n = 11;                     /* 360 days are not a year yet */
        }

        return deals_str_of(deals_arena_printf(arena, "%s%lld %s%s%s",
                                future ? "in " : "", (long long) n,
                                units[i].unit, n == 1 ? "" : "s",
                                future ? "" : " ago"));
    }

    return future ? DEALS_STR("in a moment") : DEALS_STR("just now");
}
