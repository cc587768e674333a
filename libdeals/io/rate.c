#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "io/rate.h"
#include "io/redis.h"

#define PATIENCE  50000         /* microseconds that Redis has to answer */
#define SETS      256
#define WAYS      4

/* One counter of the context's own. */
typedef struct {
    uint64_t  hash;             /* of key and window */
    int64_t   ends;             /* seconds since 1970; 0: empty */
    int64_t   n;
} slot;

struct deals_rate {
    deals_ctx      *ctx;
    char            site[64];   /* the database: one node counts for several */
    unsigned char   secret[crypto_shorthash_KEYBYTES];
    slot            slots[SETS][WAYS];
};

/* A count that Redis was asked for; it lives until Redis' answer. */
struct deals_count {
    deals_rate   *rate;
    deals_timer   timer;
    void        (*answered)(void *owner, int64_t n);
    void         *owner;        /* NULL: answered, or nobody waits */
    int64_t       here;         /* what was counted without Redis */
    int           seconds;
    size_t        len;
    char          key[];
};


deals_rate *
deals_rate_new(deals_ctx *ctx, const deals_pg_address *database)
{
    size_t       i;
    deals_rate  *rate;

    rate = calloc(1, sizeof(deals_rate));

    if (rate != NULL) {
        rate->ctx = ctx;

        for (i = 0; i < database->noptions; i++) {
            if (strcmp(database->keywords[i], "dbname") == 0
                || (strcmp(database->keywords[i], "user") == 0
                    && rate->site[0] == '\0'))
            {
                (void) snprintf(rate->site, sizeof(rate->site), "%s",
                                database->values[i]);
            }
        }

        randombytes_buf(rate->secret, sizeof(rate->secret));
    }

    return rate;
}


void
deals_rate_free(deals_rate *rate)
{
    free(rate);
}


const char *
deals_rate_site(const deals_rate *rate)
{
    return rate->site;
}


/* The secret keeps anybody from choosing keys that push others out. */

static uint64_t
hash_of(const deals_rate *rate, deals_str key, int64_t window, int seconds)
{
    uint64_t  parts[3];

    parts[0] = 0;
    (void) crypto_shorthash((unsigned char *) &parts[0],
                            (const unsigned char *) key.data, key.len,
                            rate->secret);
    parts[1] = (uint64_t) window;
    parts[2] = (uint64_t) seconds;
    (void) crypto_shorthash((unsigned char *) &parts[0],
                            (const unsigned char *) parts, sizeof(parts),
                            rate->secret);
    return parts[0];
}


int64_t
deals_rate_local(deals_rate *rate, deals_str key, int64_t window, int seconds)
{
    int        i;
    slot      *set, *worst;
    int64_t    now;
    uint64_t   hash;

    hash = hash_of(rate, key, window, seconds);
    set = rate->slots[hash % SETS];
    now = window * seconds;
    worst = &set[0];

    for (i = 0; i < WAYS; i++) {
        if (set[i].ends > now && set[i].hash == hash) {
            return ++set[i].n;
        }

        if (set[i].ends <= now) {
            set[i].n = 0;
        }

        if (set[i].n < worst->n) {
            worst = &set[i];
        }
    }

    worst->hash = hash;
    worst->ends = now + seconds;
    worst->n = 1;

    return 1;
}


static int64_t
without_redis(deals_rate *rate, deals_str key, int seconds)
{
    int64_t     n, now;
    deals_buf   whole;
    deals_ctx  *ctx;

    ctx = rate->ctx;

    if (ctx->hooks.count != NULL) {
        deals_buf_init(&whole);
        deals_buf_c(&whole, rate->site);
        deals_buf_char(&whole, ':');
        deals_buf_str(&whole, key);

        n = whole.failed ? 1
            : ctx->hooks.count(ctx->hooks.host,
                               (deals_str) { whole.data, whole.len }, seconds);

        deals_buf_free(&whole);

        return n > 0 ? n : 1;
    }

    now = deals_ctx_now_usec(ctx) / 1000000;

    return deals_rate_local(rate, key, now / seconds, seconds);
}


static void
settle(deals_count *count, int64_t n)
{
    void  *owner;

    owner = count->owner;

    if (owner == NULL) {
        return;
    }

    count->owner = NULL;
    deals_ctx_timer_stop(count->rate->ctx, DEALS_BUSY, &count->timer);

    count->answered(owner, n < 1 ? count->here : n);
}


static void
too_late(void *owner)
{
    settle(owner, -1);
}


static void
from_redis(void *owner, int64_t n)
{
    deals_count  *count = owner;

    settle(count, n);
    free(count);
}


static int
ask_redis(deals_count *count)
{
    int         rc;
    char        number[64];
    int64_t     now;
    deals_buf   key;
    deals_ctx  *ctx;

    ctx = count->rate->ctx;
    now = deals_ctx_now_usec(ctx) / 1000000;

    (void) snprintf(number, sizeof(number), ":%d:%lld", count->seconds,
                    (long long) (now / count->seconds));

    deals_buf_init(&key);
    deals_buf_c(&key, "deals:rate:");
    deals_buf_c(&key, count->rate->site);
    deals_buf_char(&key, ':');
    deals_buf_add(&key, count->key, count->len);
    deals_buf_c(&key, number);

    rc = -1;

    if (!key.failed) {
        rc = deals_redis_incr(ctx->redis, (deals_str) { key.data, key.len },
                              count->seconds, from_redis, count);
    }

    deals_buf_free(&key);

    return rc;
}


deals_count *
deals_rate_count(deals_rate *rate, deals_str key, int seconds, int64_t *n,
    void (*answered)(void *owner, int64_t n), void *owner)
{
    int64_t       here;
    deals_count  *count;

    if (seconds < 1) {
        seconds = 1;
    }

    /*
     * Always here, too: a Redis that fails, or takes too long once, must not
     * let anybody begin anew.
     */

    here = without_redis(rate, key, seconds);
    *n = here;

    if (rate->ctx->redis == NULL) {
        return NULL;
    }

    count = calloc(1, sizeof(deals_count) + key.len);

    if (count != NULL) {
        count->rate = rate;
        count->answered = answered;
        count->owner = owner;
        count->here = here;
        count->seconds = seconds;
        count->len = key.len;
        count->timer.fire = too_late;
        count->timer.owner = count;

        if (key.len > 0) {
            memcpy(count->key, key.data, key.len);
        }

        if (ask_redis(count) == 0) {
            deals_ctx_timer(rate->ctx, DEALS_BUSY, &count->timer,
                            deals_mono() + PATIENCE);
            return count;
        }

        free(count);
    }

    return NULL;
}


void
deals_rate_abandon(deals_count *count)
{
    count->owner = NULL;
    deals_ctx_timer_stop(count->rate->ctx, DEALS_BUSY, &count->timer);
}
