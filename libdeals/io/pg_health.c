/*
 * What is known of the database: up, or down since when, and when the next
 * attempt may be made.
 *
 * When the last connection is lost and an attempt fails, calls still wait for
 * a second (a restart takes less); after it they are refused at once, until an
 * attempt succeeds. Attempts are made by idle timers, so they go on while
 * nobody asks, and keep no worker alive.
 */

#include "io/pg.h"

#define GRACE  1000000      /* microseconds of waiting when it is down */


int
deals_pool_count(const deals_pool *pool, deals_lane lane, int ready)
{
    int  i, n;

    for (n = 0, i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].lane != lane) {
            continue;
        }

        switch (pool->conns[i].state) {

        case CONN_READY:
        case CONN_RECOVERING:
            n += ready;
            break;

        case CONN_CONNECTING:
        case CONN_CHECKING:
            n += !ready;
            break;

        default:
            break;
        }
    }

    return n;
}


void
deals_pool_down(const deals_pool *pool, deals_outcome *outcome)
{
    int64_t  wait;

    *outcome = pool->down;

    wait = (pool->retry_at - deals_mono() + 999999) / 1000000;
    outcome->retry_after = wait > 1 ? (int) wait : 1;
}


/* A schema that is not ours does not become so within a second. */

int
deals_pool_is_refusing(const deals_pool *pool)
{
    return pool->down_since != 0
           && (pool->down.code == DEALS_SCHEMA
               || deals_mono() - pool->down_since >= GRACE);
}


static void
refuse_waiting(deals_pool *pool)
{
    int             lane;
    deals_outcome   outcome;
    deals_segment  *segment;

    deals_pool_down(pool, &outcome);

    for (lane = 0; lane < LANES; lane++) {
        while ((segment = pool->queue[lane].first) != NULL) {
            deals_segments_remove(&pool->queue[lane], segment);
            pool->ctx->stats.refused++;
            deals_segment_end(segment, &outcome);
        }
    }
}


static void
grace_over(void *owner)
{
    deals_pool  *pool = owner;

    if (pool->down_since != 0) {
        refuse_waiting(pool);
    }
}


static void
retry_due(void *owner)
{
    deals_pool_kick(owner);
}


void
deals_pool_conn_failed(deals_pg_conn *conn, const char *why,
    const deals_outcome *outcome)
{
    int64_t      now;
    deals_ctx   *ctx;
    deals_pool  *pool;

    pool = conn->pool;
    ctx = pool->ctx;
    now = deals_mono();

    pool->attempts++;
    pool->retry_at = now + deals_backoff(pool->attempts);
    deals_ctx_timer(ctx, DEALS_IDLE, &pool->retry, pool->retry_at);

    if (deals_pool_count(pool, LANE_SHORT, 1) > 0) {
        deals_log(ctx, pool->attempts == 1 ? DEALS_LOG_WARN : DEALS_LOG_DEBUG,
                  "database: no further connection: %s", why);
        return;
    }

    if (pool->down_since == 0 || pool->down.code != outcome->code) {
        deals_log(ctx, DEALS_LOG_ERROR, "database: not available: %s", why);

    } else {
        deals_log(ctx, DEALS_LOG_DEBUG, "database: still not available: %s",
                  why);
    }

    pool->down = *outcome;
    pool->down.detail[0] = '\0';    /* it is logged */

    if (pool->down_since == 0) {
        pool->down_since = now;
    }

    if (deals_pool_is_refusing(pool)) {
        refuse_waiting(pool);

    } else {
        deals_ctx_timer(ctx, DEALS_IDLE, &pool->grace,
                        pool->down_since + GRACE);
    }
}


void
deals_pool_conn_ready(deals_pg_conn *conn)
{
    deals_pool  *pool;

    pool = conn->pool;

    if (pool->down_since != 0) {
        deals_log(pool->ctx, DEALS_LOG_NOTICE, "database: available again");
    }

    if (pool->was_ready) {
        pool->ctx->stats.reconnects++;
    }

    pool->was_ready = 1;
    pool->attempts = 0;
    pool->retry_at = 0;
    pool->down_since = 0;
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->retry);
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->grace);

    deals_pool_kick(pool);
}


void
deals_pool_health_init(deals_pool *pool)
{
    pool->retry.fire = retry_due;
    pool->retry.owner = pool;
    pool->grace.fire = grace_over;
    pool->grace.owner = pool;
}
