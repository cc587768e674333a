/*
 * core/rank.c - the orders.
 */

#include <math.h>

#include "core/rank.h"

#define Z  1.281551565545       /* of the 80 % interval */


static double
count(int64_t n)
{
    return n > 0 ? (double) n : 0;
}


double
deals_rank_hot(int64_t up, int64_t down, int64_t created, int64_t epoch,
    double tau)
{
    double  score, order;

    if (!isfinite(tau) || tau <= 0) {
        tau = DEALS_RANK_TAU;
    }

    score = count(up) - count(down);
    order = log10(fmax(fabs(score), 1));

    /* the sign is the votes' alone: time must count the same for all */
    return (score < 0 ? -order : order)
           + ((double) created - (double) epoch) / tau;
}


double
deals_rank_wilson(int64_t up, int64_t down)
{
    double  n, p, z2, bound;

    n = count(up) + count(down);
    if (n <= 0) {
        return 0;
    }

    p = count(up) / n;
    z2 = Z * Z;

    bound = (p + z2 / (2 * n)
             - Z * sqrt((p * (1 - p) + z2 / (4 * n)) / n)) / (1 + z2 / n);

    return bound > 0 ? bound : 0;
}


double
deals_rank_controversy(int64_t up, int64_t down)
{
    double  u, d;

    u = count(up);
    d = count(down);

    if (u <= 0 || d <= 0) {
        return 0;
    }

    return pow(u + d, fmin(u, d) / fmax(u, d));
}
