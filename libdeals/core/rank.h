/*
 * core/rank.h - the orders. Pure functions of votes and times: nothing here
 * depends on now, so nothing is ever ranked again by a timer. The database's
 * functions compute the same; both are held against the same golden vectors.
 *
 * Negative counts are taken as 0. All results are finite.
 */

#ifndef DEALS_CORE_RANK_H
#define DEALS_CORE_RANK_H

#include <stdint.h>

#define DEALS_RANK_EPOCH  INT64_C(1134028003)
#define DEALS_RANK_TAU    45000.0

/* sign(s) * log10(max(|s|, 1)) + (created - epoch) / tau, s = up - down.
 * `epoch` in seconds; tau in seconds, if it is not a positive number
 * DEALS_RANK_TAU is used. */
double  deals_rank_hot(int64_t up, int64_t down, int64_t created,
            int64_t epoch, double tau);

/* Lower bound of the Wilson interval of up / (up + down), z = 1.281551565545
 * (80 %); 0 without votes. */
double  deals_rank_wilson(int64_t up, int64_t down);

/* (up + down) ^ (min / max); 0 if one side is empty. */
double  deals_rank_controversy(int64_t up, int64_t down);

#endif /* DEALS_CORE_RANK_H */
