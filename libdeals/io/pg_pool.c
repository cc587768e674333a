/*
 * Which segment goes to which connection, and how many there are. Nothing
 * connects before the first call. From then on one connection is kept, others
 * are opened while all have something under way.
 */

#include <stdlib.h>

#include "io/pg.h"


/* --- connecting ---------------------------------------------------------- */

/* One attempt at a time. */

static void
open_one(deals_pool *pool)
{
    int  i;

    if (deals_mono() < pool->retry_at) {
        if (!pool->retry.set) {
            deals_ctx_timer(pool->ctx, DEALS_IDLE, &pool->retry,
                            pool->retry_at);
        }

        return;
    }

    for (i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].state == CONN_CLOSED) {
            deals_conn_open(&pool->conns[i]);
            return;
        }
    }
}


/* Behind a batch only if there is no other place. */

static int
is_idler(const deals_pg_conn *a, const deals_pg_conn *b)
{
    return a->late != b->late ? a->late < b->late
                              : a->written.n < b->written.n;
}


static deals_pg_conn *
idlest(deals_pool *pool)
{
    int             i;
    deals_pg_conn  *conn, *best;

    best = NULL;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (deals_conn_takes(conn)
            && (best == NULL || is_idler(conn, best)))
        {
            best = conn;
        }
    }

    return best;
}


static void
connect_as_needed(deals_pool *pool)
{
    int  i;

    if (!pool->asked || deals_pool_count(pool, 0) > 0) {
        return;
    }

    for (i = 0; i < pool->nconns; i++) {
        if (pool->conns[i].state == CONN_READY
            && pool->conns[i].written.n == 0)
        {
            return;
        }
    }

    open_one(pool);
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
dispatch(deals_pool *pool)
{
    int             rc;
    deals_pg_conn  *conn;
    deals_segment  *segment;

    while ((segment = pool->queue.first) != NULL
           && (conn = idlest(pool)) != NULL)
    {
        deals_segments_remove(&pool->queue, segment);
        rc = deals_conn_write(conn, segment);

        if (rc == -4) {
            deals_segment_end(segment, &deals_outcome_no_memory);
            continue;
        }

        if (rc != 0) {
            not_written(pool, conn, segment, rc);
            continue;
        }

        (void) deals_conn_flush(conn);
    }
}


static void
pool_run(void *owner)
{
    deals_pool  *pool = owner;

    dispatch(pool);
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

    deals_segments_insert(&pool->queue, segment);
    deals_pool_kick(pool);
}


static int
has_place(deals_pool *pool)
{
    unsigned  size;

    size = (unsigned) pool->ctx->config.queue_size;

    /* some may only be waiting for the end of this turn */
    if (pool->queue.n >= size) {
        dispatch(pool);
    }

    return pool->queue.n < size;
}


/* A segment at the end of the queue; NULL: *refused says why. */

static deals_segment *
enqueue(deals_pool *pool, unsigned nqueries, deals_arena *arena,
    deals_answered answered, void *owner, deals_outcome *refused)
{
    deals_segment  *segment;

    segment = deals_segment_new(2 * nqueries + 2);

    if (segment == NULL) {
        *refused = deals_outcome_no_memory;
        return NULL;
    }

    segment->serial = ++pool->serial;
    segment->answered = answered;
    segment->owner = owner;
    segment->arena = arena;

    deals_segments_add(&pool->queue, segment);
    deals_pool_kick(pool);

    return segment;
}


static int
is_refusing(deals_pool *pool, deals_outcome *refused)
{
    pool->asked = 1;
    refused->code = DEALS_OK;

    if (!deals_pool_is_refusing(pool)) {
        return 0;
    }

    pool->ctx->stats.refused++;
    deals_pool_down(pool, refused);

    return 1;
}


deals_segment *
deals_pool_submit(deals_pool *pool, deals_query *queries, deals_arena *arena,
    deals_answered answered, void *owner, deals_outcome *refused)
{
    unsigned        n, writes;
    deals_query    *query;
    deals_segment  *segment;

    if (is_refusing(pool, refused)) {
        return NULL;
    }

    if (!has_place(pool)) {
        pool->ctx->stats.refused++;
        *refused = deals_outcome_full;
        return NULL;
    }

    n = 0;
    writes = 0;

    for (query = queries; query != NULL; query = query->next) {
        n++;
        writes += deals_stmts[query->stmt].write != 0;
    }

    segment = enqueue(pool, n, arena, answered, owner, refused);

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

    if (is_refusing(pool, refused)) {
        return NULL;
    }

    segment = enqueue(pool, 1, arena, answered, owner, refused);

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
        deals_segments_remove(&pool->queue, segment);
        free(segment);
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


deals_pool *
deals_pool_new(deals_ctx *ctx, const deals_pg_address *address)
{
    int             i, n;
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

    n = most_params();
    pool->formats = calloc((size_t) n, sizeof(int));
    pool->conns = calloc((size_t) ctx->config.pool_size,
                         sizeof(deals_pg_conn));

    if (pool->formats == NULL || pool->conns == NULL) {
        deals_pool_free(pool);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        pool->formats[i] = 1;
    }

    for (i = 0; i < ctx->config.pool_size; i++) {
        conn = &pool->conns[pool->nconns++];
        deals_conn_init(pool, conn, (unsigned) pool->nconns);

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

    while ((segment = pool->queue.first) != NULL) {
        deals_segments_remove(&pool->queue, segment);
        free(segment);
    }

    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->retry);
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &pool->grace);
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

    stats->connections = deals_pool_count(pool, 1);
    stats->in_flight = (int) n;
    stats->waiting = (int) pool->queue.n;
    stats->database_up = stats->connections > 0;
    stats->database_since = pool->since;
    stats->refusing = deals_pool_is_refusing(pool);
    stats->pool_size = pool->nconns;
    stats->queue_size = pool->ctx->config.queue_size;
}
