/*
 * A server that can only be read: a standby that was not promoted yet, or one
 * that was told to take no changes. A connection learns that when it is made.
 *
 * Reads go on there. Writes are refused at once, and now and then a connection
 * is made anew, until one finds a server that takes changes. The others may
 * lead to the former one: each is given up when it has answered.
 */

#include "io/pg.h"


int
deals_pool_is_read_only(const deals_pool *pool)
{
    return pool->read_only;
}


static void
refuse_writes(deals_pool *pool)
{
    int             lane;
    deals_segment  *segment, *next;

    for (lane = 0; lane < LANES; lane++) {
        for (segment = pool->queue[lane].first; segment != NULL;
             segment = next)
        {
            next = segment->next;

            if (segment->nwrites > 0) {
                deals_segments_remove(&pool->queue[lane], segment);
                pool->ctx->stats.refused++;
                deals_segment_end(segment, &deals_outcome_read_only);
            }
        }
    }
}


static void
leave_others(const deals_pg_conn *conn)
{
    int          i;
    deals_pool  *pool;

    pool = conn->pool;

    for (i = 0; i < pool->nconns; i++) {
        if (&pool->conns[i] != conn && pool->conns[i].state >= CONN_READY) {
            pool->conns[i].leaving = 1;
        }
    }
}


void
deals_pool_standing(deals_pg_conn *conn)
{
    deals_pool  *pool;

    pool = conn->pool;

    if (!conn->read_only) {
        if (pool->read_only) {
            deals_log(pool->ctx, DEALS_LOG_NOTICE,
                      "database: takes changes again");
            pool->read_only = 0;
            pool->probes = 0;
            leave_others(conn);
        }

        return;
    }

    if (!pool->read_only) {
        deals_log(pool->ctx, DEALS_LOG_ERROR,
                  "database: takes no changes: it can only be read");
        pool->read_only = 1;
        refuse_writes(pool);
    }

    /* the next attempt begins with the next address */
    pool->target++;
    pool->retry_at = deals_mono() + deals_backoff((int) ++pool->probes);
    deals_ctx_timer(pool->ctx, DEALS_IDLE, &pool->retry, pool->retry_at);
}


deals_pg_conn *
deals_pool_probe(deals_pool *pool)
{
    int             i;
    deals_pg_conn  *conn, *best;

    if (!pool->read_only || deals_mono() < pool->retry_at) {
        return NULL;
    }

    best = NULL;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->lane != LANE_SHORT) {
            continue;
        }

        if (conn->state == CONN_CLOSED) {
            return conn;
        }

        if (conn->leaving) {
            return NULL;
        }

        if (best == NULL || conn->written.n < best->written.n) {
            best = conn;
        }
    }

    if (best == NULL) {
        return NULL;
    }

    best->leaving = 1;
    deals_pool_retire(pool);

    return best->state == CONN_CLOSED ? best : NULL;
}


void
deals_pool_retire(deals_pool *pool)
{
    int             i;
    deals_pg_conn  *conn;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->leaving && conn->state == CONN_READY
            && conn->written.n == 0)
        {
            deals_conn_close(conn);
            deals_pool_conn_closed(pool);
        }
    }
}
