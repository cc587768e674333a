/*
 * base/id.h - ids that grow with time: 41 bits of milliseconds since
 * 2024-01-01 UTC and 12 bits of a counter that starts at random, so that
 * processes seldom meet (the primary key decides). Below 2^53. Ids of one
 * source always grow, also when the clock goes back or the counter runs over.
 */

#ifndef DEALS_BASE_ID_H
#define DEALS_BASE_ID_H

#include <stdint.h>

#define DEALS_ID_MAX  ((INT64_C(1) << 53) - 1)

typedef struct {
    int64_t  ms;            /* of the last id */
    int      counter;
} deals_ids;

void     deals_ids_init(deals_ids *ids, uint32_t random);
int64_t  deals_ids_next(deals_ids *ids, int64_t now_ms);   /* since 1970 */

#endif /* DEALS_BASE_ID_H */
