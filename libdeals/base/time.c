/*
 * base/time.c - UTC seconds and their texts.
 */

#include <stdio.h>

#include "base/str.h"
#include "base/time.h"

#define DAY  INT64_C(86400)

static const char *const  months[] = {
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"
};


static int
days_in_month(int year, int month)
{
    static const signed char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (month == 2
        && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
    {
        return 29;
    }

    return days[month - 1];
}


/* Days from 1970-01-01. Years are counted from March, so that the leap day is
 * the last of its year, and from 400 years back, so that nothing is
 * negative. */
static int64_t
days_of(int year, int month, int day)
{
    int64_t  y, m;

    y = year - (month <= 2) + 400;
    m = (month + 9) % 12;

    return 365 * y + y / 4 - y / 100 + y / 400
           + (153 * m + 2) / 5 + day - 1
           - 719468 - 146097;
}


int64_t
deals_time_of_civil(const deals_civil *c)
{
    return days_of(c->year, c->month, c->day) * DAY
           + c->hour * 3600 + c->minute * 60 + c->second;
}


int
deals_time_civil(int64_t seconds, deals_civil *c)
{
    uint32_t  days, rest, year, month, n;
    uint64_t  since;

    if (seconds < DEALS_TIME_MIN || seconds > DEALS_TIME_MAX) {
        return -1;
    }

    /* days_of() backwards: its days are never negative. 400 years have 146097
     * of them; those of the years before lose their leap days, so that all
     * years have 365 */
    since = (uint64_t) (seconds + (719468 + 146097) * DAY);
    days = (uint32_t) (since / DAY);
    rest = (uint32_t) (since % DAY);

    c->hour = (int) (rest / 3600);
    c->minute = (int) (rest / 60 % 60);
    c->second = (int) (rest % 60);

    year = days / 146097 * 400;
    days %= 146097;
    n = (days - days / 1460 + days / 36524 - days / 146096) / 365;
    days -= 365 * n + n / 4 - n / 100;
    month = (5 * days + 2) / 153;

    c->year = (int) (year + n) - 400 + (month >= 10);
    c->month = (int) (month < 10 ? month + 3 : month - 9);
    c->day = (int) (days - (153 * month + 2) / 5) + 1;

    return 0;
}


/* Reads exactly n digits at *pos into *value. */
static int
digits(deals_str s, size_t *pos, int n, int *value)
{
    *value = 0;

    while (n-- > 0) {
        if (*pos >= s.len || !deals_is_digit((unsigned char) s.data[*pos])) {
            return -1;
        }

        *value = *value * 10 + (s.data[(*pos)++] - '0');
    }

    return 0;
}


static int
one_of(deals_str s, size_t *pos, const char *chars)
{
    if (*pos >= s.len || s.data[*pos] == '\0') {
        return -1;
    }

    for ( /* void */ ; *chars != '\0'; chars++) {
        if (*chars == s.data[*pos]) {
            (*pos)++;
            return 0;
        }
    }

    return -1;
}


/* YYYY-MM-DD, one of `separators`, HH:MM. */
static int
date_and_minute(deals_str s, size_t *pos, const char *separators,
    deals_civil *c)
{
    if (digits(s, pos, 4, &c->year) || one_of(s, pos, "-")
        || digits(s, pos, 2, &c->month) || one_of(s, pos, "-")
        || digits(s, pos, 2, &c->day) || one_of(s, pos, separators)
        || digits(s, pos, 2, &c->hour) || one_of(s, pos, ":")
        || digits(s, pos, 2, &c->minute))
    {
        return -1;
    }

    c->second = 0;

    if (c->year < 1 || c->month < 1 || c->month > 12 || c->day < 1
        || c->day > days_in_month(c->year, c->month)
        || c->hour > 23 || c->minute > 59)
    {
        return -1;
    }

    return 0;
}


/* :SS, and a fraction, which is cut off. */
static int
second(deals_str s, size_t *pos, int most, deals_civil *c)
{
    if (one_of(s, pos, ":") || digits(s, pos, 2, &c->second)
        || c->second > most)
    {
        return -1;
    }

    if (one_of(s, pos, ".") != 0) {
        return 0;
    }

    if (*pos >= s.len || !deals_is_digit((unsigned char) s.data[*pos])) {
        return -1;
    }

    while (*pos < s.len && deals_is_digit((unsigned char) s.data[*pos])) {
        (*pos)++;
    }

    return 0;
}


/* "Z" or "+HH:MM", in seconds to subtract. */
static int
offset(deals_str s, size_t *pos, int64_t *seconds)
{
    int  sign, hours, minutes;

    *seconds = 0;

    if (one_of(s, pos, "Zz") == 0) {
        return 0;
    }

    sign = *pos < s.len && s.data[*pos] == '-' ? -1 : 1;

    if (one_of(s, pos, "+-") || digits(s, pos, 2, &hours)
        || one_of(s, pos, ":") || digits(s, pos, 2, &minutes)
        || hours > 23 || minutes > 59)
    {
        return -1;
    }

    *seconds = sign * (hours * 3600 + minutes * 60);

    return 0;
}


int
deals_time_parse(deals_str s, int64_t *seconds)
{
    size_t       pos;
    int64_t      t, shift;
    deals_civil  c, after;

    pos = 0;

    if (date_and_minute(s, &pos, "Tt ", &c) || second(s, &pos, 60, &c)
        || offset(s, &pos, &shift) || pos != s.len)
    {
        return -1;
    }

    t = deals_time_of_civil(&c) - shift;

    if (t < DEALS_TIME_MIN || t > DEALS_TIME_MAX) {
        return -1;
    }

    /* a leap second is the first of a month, seen with 60 seconds a minute */
    if (c.second == 60
        && (deals_time_civil(t, &after) != 0 || after.day != 1
            || after.hour != 0 || after.minute != 0))
    {
        return -1;
    }

    *seconds = t;

    return 0;
}


int
deals_time_parse_local(deals_str s, int64_t *seconds)
{
    size_t       pos;
    deals_civil  c;

    pos = 0;

    if (date_and_minute(s, &pos, "T ", &c)
        || (pos < s.len && second(s, &pos, 59, &c))
        || pos != s.len)
    {
        return -1;
    }

    *seconds = deals_time_of_civil(&c);

    return 0;
}


/* What snprintf says about a text of at most DEALS_TIME_SIZE. */
static deals_str
text(const char *out, int n)
{
    if (n < 0 || n >= DEALS_TIME_SIZE) {
        return DEALS_NONE;
    }

    return (deals_str) { out, (size_t) n };
}


static char *
two_digits(char *out, int n, char behind)
{
    out[0] = (char) ('0' + n / 10);
    out[1] = (char) ('0' + n % 10);
    out[2] = behind;

    return out + 3;
}


deals_str
deals_time_format(char *out, int64_t seconds)
{
    char         *p;
    deals_civil   c;

    if (deals_time_civil(seconds, &c) != 0) {
        return DEALS_NONE;
    }

    p = two_digits(out, c.year / 100, '0') - 1;
    p = two_digits(p, c.year % 100, '-');
    p = two_digits(p, c.month, '-');
    p = two_digits(p, c.day, 'T');
    p = two_digits(p, c.hour, ':');
    p = two_digits(p, c.minute, ':');
    p = two_digits(p, c.second, 'Z');
    *p = '\0';

    return (deals_str) { out, (size_t) (p - out) };
}


deals_str
deals_time_format_local(char *out, int64_t seconds)
{
    deals_str    s;

    s = deals_time_format(out, seconds);
    if (s.data == NULL) {
        return s;
    }

    s.len = (seconds % 60 == 0) ? sizeof("YYYY-MM-DDTHH:MM") - 1 : s.len - 1;
    out[s.len] = '\0';

    return s;
}


deals_str
deals_time_format_words(char *out, int64_t seconds)
{
    deals_civil  c;

    if (deals_time_civil(seconds, &c) != 0) {
        return DEALS_NONE;
    }

    return text(out, snprintf(out, DEALS_TIME_SIZE, "%d %s %d, %02d:%02d UTC",
                         c.day, months[c.month - 1], c.year, c.hour,
                         c.minute));
}
