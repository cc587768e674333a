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
#define STAYS  1000000      /* microseconds until a connection is believed */


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


/* --- up and down ---------------------------------------------------------- */

static void
note(deals_pool *pool)
{
    int  up;

    up = deals_pool_count(pool, LANE_SHORT, 1)
         + deals_pool_count(pool, LANE_SLOW, 1) > 0;

    if (up != pool->up || pool->since == 0) {
        pool->up = up;
        pool->since = deals_ctx_now_usec(pool->ctx) / 1000000;
    }
}


void
deals_pool_conn_closed(deals_pool *pool)
{
    if (pool->since != 0) {
        note(pool);
    }
}


/* Each change is told once: a server that takes connections and ends them is
 * down until one has stayed. */

static void
tell_down(deals_pool *pool, const deals_pg_conn *conn, const char *why,
    deals_code code)
{
    deals_ctx  *ctx;

    ctx = pool->ctx;
    deals_ctx_timer_stop(ctx, DEALS_IDLE, &pool->stays);

    if (conn->ready_since != 0 && deals_mono() - conn->ready_since < STAYS) {
        pool->flaps = 1;
    }

    if (!pool->told_down || pool->down.code != code) {
        deals_log(ctx, DEALS_LOG_ERROR, "database: not available: %s", why);

    } else {
        deals_log(ctx, DEALS_LOG_DEBUG, "database: still not available: %s",
                  why);
    }

    pool->told_down = 1;
}


static void
tell_up(void *owner)
{
    deals_pool  *pool = owner;

    deals_log(pool->ctx, DEALS_LOG_NOTICE, "database: available again");
    pool->told_down = 0;
    pool->flaps = 0;
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
        deals_log(ctx, pool->attempts == 1 && !pool->told_down
                       ? DEALS_LOG_WARN : DEALS_LOG_DEBUG,
                  "database: no further connection: %s", why);
        return;
    }

    tell_down(pool, conn, why, outcome->code);
    note(pool);

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

    note(pool);

    if (pool->flaps) {
        deals_ctx_timer(pool->ctx, DEALS_IDLE, &pool->stays,
                        deals_mono() + STAYS);

    } else if (pool->told_down) {
        tell_up(pool);
    }

    pool->was_ready = 1;
    pool->attempts = 0;
    pool->retry_at = 0;
    pool->down_since = 0;
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->retry);
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->grace);

    deals_pool_standing(conn);
    deals_pool_kick(pool);
}


void
deals_pool_health_init(deals_pool *pool)
{
    pool->retry.fire = retry_due;
    pool->retry.owner = pool;
    pool->grace.fire = grace_over;
    pool->grace.owner = pool;
    pool->stays.fire = tell_up;
    pool->stays.owner = pool;
}
