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
    char         text[64];              /* "in 292277026596 years" fits */
    deals_buf    buf = { text, 0, sizeof(text), 0 };

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

        deals_buf_c(&buf, future ? "in " : "");
        deals_buf_int(&buf, n);
        deals_buf_char(&buf, ' ');
        deals_buf_c(&buf, units[i].unit);
        deals_buf_c(&buf, n == 1 ? "" : "s");
        deals_buf_c(&buf, future ? "" : " ago");

        return deals_arena_copy(arena, (deals_str) { text, buf.len });
    }

    return future ? DEALS_STR("in a moment") : DEALS_STR("just now");
}
