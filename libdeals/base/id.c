/*
 * core/id.c - ids.
 */

#include "base/id.h"

#define EPOCH_MS      INT64_C(1704067200000)        /* 2024-01-01 */
#define COUNTER_BITS  12
#define COUNTER_MASK  ((1 << COUNTER_BITS) - 1)
#define MS_MAX        ((INT64_C(1) << 41) - 1)


void
deals_ids_init(deals_ids *ids, uint32_t random)
{
    ids->ms = 0;
    ids->counter = (int) (random & COUNTER_MASK);
}


int64_t
deals_ids_next(deals_ids *ids, int64_t now_ms)
{
    int64_t  ms;

    ms = now_ms - EPOCH_MS;
    ids->counter = (ids->counter + 1) & COUNTER_MASK;

    if (ms > ids->ms) {
        ids->ms = ms < MS_MAX ? ms : MS_MAX;

    } else if (ids->counter == 0) {
        ids->ms++;                      /* borrowed from the future */
    }

    return ids->ms << COUNTER_BITS | ids->counter;
}
