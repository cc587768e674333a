/*
 * The pool: its life, and how many connections there are. Nothing connects
 * before the first call. From then on one connection is kept, others are opened
 * while all have something under way. Those for slow statements, half as many
 * again, are opened when one waits.
 */


#include <stdlib.h>

#include "io/pg.h"


/* Whether one more connection would do something for a lane, and which; NULL:
 * it would not, or there are all that there may be. */

static deals_pg_conn *
wanted(const deals_pool *pool, deals_lane lane)
{
    int             i;
    deals_pg_conn  *conn, *closed;

    if (lane == LANE_SHORT ? !pool->asked : pool->queue[lane].n == 0) {
        return NULL;
    }

    closed = NULL;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->lane != lane) {
            continue;
        }

        if (conn->state == CONN_READY && conn->written.n == 0) {
            return NULL;
        }

        if (conn->state == CONN_CLOSED && closed == NULL) {
            closed = conn;
        }
    }

    return closed;
}


/* One attempt at a time: a first connection, then what slow statements wait
 * for, then more. */

void
deals_pool_grow(deals_pool *pool)
{
    deals_pg_conn  *first, *conn;

    if (deals_pool_count(pool, LANE_SHORT, 0) > 0
        || deals_pool_count(pool, LANE_SLOW, 0) > 0)
    {
        return;
    }

    first = wanted(pool, LANE_SHORT);
    conn = wanted(pool, LANE_SLOW);

    if (conn == NULL
        || (first != NULL && deals_pool_count(pool, LANE_SHORT, 1) == 0))
    {
        conn = first;
    }

    if (conn == NULL) {
        conn = deals_pool_probe(pool);
    }

    if (conn == NULL) {
        return;
    }

    if (deals_mono() >= pool->retry_at) {
        deals_conn_open(conn);

    } else if (!pool->retry.set) {
        deals_ctx_timer(pool->ctx, DEALS_IDLE, &pool->retry, pool->retry_at);
    }
}


static int
most_params(void)
{
    int     n;
    size_t  i;

    for (n = 1, i = 0; i < deals_nstmts; i++) {
        if (deals_stmts[i].nparams > n) {
            n = deals_stmts[i].nparams;
        }
    }

    return n;
}


static int
slow_size(int size)
{
    return (size + 1) / 2;
}


deals_pool *
deals_pool_new(deals_ctx *ctx, const deals_pg_address *address)
{
    int             i, n, size, all;
    deals_pool     *pool;
    deals_pg_conn  *conn;

    pool = calloc(1, sizeof(deals_pool));

    if (pool == NULL) {
        return NULL;
    }

    pool->ctx = ctx;
    pool->address = address;
    deals_pool_health_init(pool);
    deals_post_init(&pool->kick, deals_pool_run, pool);

    size = ctx->config.pool_size;
    all = size + slow_size(size);
    n = most_params();
    pool->formats = calloc((size_t) n, sizeof(int));
    pool->conns = calloc((size_t) all, sizeof(deals_pg_conn));

    if (pool->formats == NULL || pool->conns == NULL) {
        deals_pool_free(pool);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        pool->formats[i] = 1;
    }

    /* the pool has them: NOLINTNEXTLINE(-Wanalyzer-malloc-leak) */
    for (i = 0; i < all; i++) {
        conn = &pool->conns[pool->nconns++];
        deals_conn_init(pool, conn, (unsigned) pool->nconns,
                        i < size ? LANE_SHORT : LANE_SLOW);

        conn->prepared = calloc(2, deals_nstmts + 1);

        if (conn->prepared == NULL) {
            deals_pool_free(pool);
            return NULL;
        }

        conn->generation = conn->prepared + deals_nstmts + 1;
    }

    return pool;
}


void
deals_pool_close(deals_pool *pool)
{
    int             i;
    deals_segment  *segment;

    for (i = 0; i < pool->nconns; i++) {
        deals_conn_close(&pool->conns[i]);
    }

    for (i = 0; i < LANES; i++) {
        while ((segment = pool->queue[i].first) != NULL) {
            deals_segments_remove(&pool->queue[i], segment);
            deals_segment_free(segment);
        }
    }

    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->retry);
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->grace);
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->stays);
    deals_post_cancel(&pool->kick);
}


void
deals_pool_free(deals_pool *pool)
{
    int  i;

    if (pool == NULL) {
        return;
    }

    for (i = 0; i < pool->nconns; i++) {
        /* nconns counts them: NOLINTNEXTLINE(*.NullDereference) */
        free(pool->conns[i].prepared);
    }

    free(pool->conns);
    free(pool->formats);
    free(pool);
}


void
deals_pool_status(const deals_pool *pool, deals_ctx_stats *stats)
{
    int       i;
    unsigned  n;

    for (n = 0, i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].state == CONN_READY
            || pool->conns[i].state == CONN_RECOVERING)
        {
            n += pool->conns[i].written.n;
        }
    }

    stats->connections = deals_pool_count(pool, LANE_SHORT, 1)
                         + deals_pool_count(pool, LANE_SLOW, 1);
    stats->in_flight = (int) n;
    stats->waiting = (int) (pool->queue[LANE_SHORT].n
                            + pool->queue[LANE_SLOW].n);
    stats->database_up = stats->connections > 0;
    stats->database_since = pool->since;
    stats->refusing = deals_pool_is_refusing(pool);
    stats->read_only = pool->read_only && stats->database_up;
    stats->pool_size = pool->nconns;
    stats->queue_size = pool->ctx->config.queue_size;
}
