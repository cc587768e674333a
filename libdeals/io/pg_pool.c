/*
 * Which segment goes to which connection, and how many there are. Nothing
 * connects before the first call. From then on one connection is kept, others
 * are opened while all have something under way. Those for slow statements,
 * half as many again, are opened when one waits.
 */

#include <stdlib.h>

#include "io/pg.h"


/* --- connecting ---------------------------------------------------------- */

/* Behind a batch only if there is no other place. */

static int
is_idler(const deals_pg_conn *a, const deals_pg_conn *b)
{
    return a->late != b->late ? a->late < b->late
                              : a->written.n < b->written.n;
}


static deals_pg_conn *
idlest(deals_pool *pool, deals_lane lane)
{
    int             i;
    deals_pg_conn  *conn, *best;

    best = NULL;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (conn->lane == lane && deals_conn_takes(conn)
            && (best == NULL || is_idler(conn, best)))
        {
            best = conn;
        }
    }

    return best;
}


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

static void
connect_as_needed(deals_pool *pool)
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


/* --- segments to connections --------------------------------------------- */

static void
not_written(deals_pool *pool, deals_pg_conn *conn, deals_segment *segment,
    int rc)
{
    const char  *why;

    why = rc == -3 ? "the server has closed it" : PQerrorMessage(conn->pg);
    segment->written = -1;

    if (rc == -3) {
        deals_pool_requeue(pool, segment);

    } else if (rc == -2 && deals_segment_in_doubt(segment)) {
        deals_segment_end(segment, &deals_outcome_unknown);

    } else if (segment->again_lost) {
        deals_segment_end(segment, &deals_outcome_lost);

    } else {
        segment->again_lost = 1;
        deals_pool_requeue(pool, segment);
    }

    deals_conn_lost(conn, why);
}


static void
flush_open(deals_pool *pool)
{
    int  i;

    for (i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].open > 0) {
            (void) deals_conn_flush(&pool->conns[i]);
        }
    }
}


static void
dispatch(deals_pool *pool, deals_lane lane)
{
    int             rc;
    deals_pg_conn  *conn;
    deals_segment  *segment;

    while ((segment = pool->queue[lane].first) != NULL
           && (conn = idlest(pool, lane)) != NULL)
    {
        if (conn->open > 0 && !deals_segment_may_share(segment)
            && deals_conn_flush(conn) != 0)
        {
            continue;
        }

        deals_segments_remove(&pool->queue[lane], segment);
        rc = deals_conn_write(conn, segment);

        if (rc == -4) {
            deals_segment_end(segment, &deals_outcome_no_memory);
            continue;
        }

        if (rc != 0) {
            not_written(pool, conn, segment, rc);
            continue;
        }

        if (conn->open == 0 || conn->open == DEALS_SHARERS) {
            (void) deals_conn_flush(conn);
        }
    }

    flush_open(pool);
}


static void
pool_run(void *owner)
{
    deals_pool  *pool = owner;

    dispatch(pool, LANE_SHORT);
    dispatch(pool, LANE_SLOW);
    deals_pool_retire(pool);
    connect_as_needed(pool);
}


void
deals_pool_kick(deals_pool *pool)
{
    deals_post_add(pool->ctx, &pool->kick);
}


void
deals_pool_requeue(deals_pool *pool, deals_segment *segment)
{
    deals_outcome  outcome;

    segment->conn = NULL;
    segment->written = -1;

    if (deals_pool_is_refusing(pool)) {
        deals_pool_down(pool, &outcome);
        deals_segment_end(segment, &outcome);
        return;
    }

    if (pool->read_only && segment->nwrites > 0) {
        deals_segment_end(segment, &deals_outcome_read_only);
        return;
    }

    deals_segments_insert(&pool->queue[segment->lane], segment);
    deals_pool_kick(pool);
}


static int
has_place(deals_pool *pool, deals_lane lane)
{
    unsigned  size;

    size = (unsigned) pool->ctx->config.queue_size;

    /* some may only be waiting for the end of this turn */
    if (pool->queue[lane].n >= size) {
        dispatch(pool, lane);
    }

    return pool->queue[lane].n < size;
}


/* A segment at the end of the queue; NULL: *refused says why. */

static deals_segment *
enqueue(deals_pool *pool, deals_lane lane, unsigned nqueries,
    deals_arena *arena, deals_answered answered, void *owner,
    deals_outcome *refused)
{
    deals_segment  *segment;

    segment = deals_segment_new(2 * nqueries + 2);

    if (segment == NULL) {
        *refused = deals_outcome_no_memory;
        return NULL;
    }

    segment->lane = lane;
    segment->serial = ++pool->serial;
    segment->answered = answered;
    segment->owner = owner;
    segment->arena = arena;

    deals_segments_add(&pool->queue[lane], segment);
    deals_pool_kick(pool);

    return segment;
}


static int
is_refusing(deals_pool *pool, unsigned writes, deals_outcome *refused)
{
    pool->asked = 1;
    refused->code = DEALS_OK;

    if (deals_pool_is_refusing(pool)) {
        deals_pool_down(pool, refused);

    } else if (pool->read_only && writes > 0) {
        *refused = deals_outcome_read_only;

    } else {
        return 0;
    }

    pool->ctx->stats.refused++;

    return 1;
}


deals_segment *
deals_pool_submit(deals_pool *pool, deals_query *queries, deals_arena *arena,
    deals_answered answered, void *owner, deals_outcome *refused)
{
    unsigned        n, writes;
    deals_lane      lane;
    deals_query    *query;
    deals_segment  *segment;

    n = 0;
    writes = 0;
    lane = LANE_SHORT;

    for (query = queries; query != NULL; query = query->next) {
        n++;
        writes += deals_stmts[query->stmt].write != 0;

        if (deals_stmts[query->stmt].slow) {
            lane = LANE_SLOW;
        }
    }

    if (is_refusing(pool, writes, refused)) {
        return NULL;
    }

    if (!has_place(pool, lane)) {
        pool->ctx->stats.refused++;
        *refused = deals_outcome_full;
        return NULL;
    }

    segment = enqueue(pool, lane, n, arena, answered, owner, refused);

    if (segment != NULL) {
        segment->queries = queries;
        segment->nwrites = writes;
    }

    return segment;
}


deals_segment *
deals_pool_submit_late(deals_pool *pool, deals_bind bind, deals_arena *arena,
    deals_answered answered, void *owner, deals_outcome *refused)
{
    deals_segment  *segment;

    if (is_refusing(pool, 1, refused)) {
        return NULL;
    }

    segment = enqueue(pool, LANE_SHORT, 1, arena, answered, owner, refused);

    if (segment != NULL) {
        segment->bind = bind;
        segment->nwrites = 1;
    }

    return segment;
}


void
deals_pool_abandon(deals_pool *pool, deals_segment *segment)
{
    if (segment->conn == NULL) {
        deals_segments_remove(&pool->queue[segment->lane], segment);
        deals_segment_free(segment);
        return;
    }

    segment->owner = NULL;
    segment->arena = NULL;
    segment->queries = NULL;
}


/* --- life ---------------------------------------------------------------- */

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
    deals_post_init(&pool->kick, pool_run, pool);

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
