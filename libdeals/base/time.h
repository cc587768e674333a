/*
 * base/time.h - UTC seconds and their texts. The proleptic Gregorian calendar,
 * years 1 to 9999; no clock is read.
 */

#ifndef DEALS_BASE_TIME_H
#define DEALS_BASE_TIME_H

#include <deals/types.h>

#define DEALS_TIME_MIN   (-62135596800LL)       /* 0001-01-01T00:00:00Z */
#define DEALS_TIME_MAX   253402300799LL         /* 9999-12-31T23:59:59Z */
#define DEALS_TIME_SIZE  32                     /* of a buffer for a text */

typedef struct {
    int  year, month, day;          /* 1..9999, 1..12, 1..31 */
    int  hour, minute, second;
} deals_civil;

/* RFC 3339 "2026-01-31T12:00:00Z", "...12:00:00.25+02:00" (fractions are cut
 * off; 't', 'z' and a space for the 'T' are accepted as the RFC says; second 60
 * only in the last minute of a UTC month, it becomes the next second). 0 or
 * -1. */
int        deals_time_parse(deals_str s, int64_t *seconds);

/* What <input type="datetime-local"> sends: "YYYY-MM-DDTHH:MM[:SS[.fff]]",
 * taken as UTC. 0 or -1. */
int        deals_time_parse_local(deals_str s, int64_t *seconds);

/* "2026-01-31T12:00:00Z" in `out` (DEALS_TIME_SIZE bytes, terminated), or an
 * absent string outside of the years 1..9999. */
deals_str  deals_time_format(char *out, int64_t seconds);

/* "2026-01-31T12:00", the value of a datetime-local input (with ":SS" if the
 * seconds are not 0). */
deals_str  deals_time_format_local(char *out, int64_t seconds);

/* "31 January 2026, 12:00 UTC": for people. */
deals_str  deals_time_format_words(char *out, int64_t seconds);

/* 0, or -1 outside of the years 1..9999. */
int        deals_time_civil(int64_t seconds, deals_civil *civil);
int64_t    deals_time_of_civil(const deals_civil *civil);

#endif /* DEALS_BASE_TIME_H */
