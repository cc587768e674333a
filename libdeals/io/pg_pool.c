/*
 * Which segment goes to which connection, when to connect, and what is known of
 * the database.
 *
 * Nothing connects before the first call. From then on one connection is kept,
 * others are opened while all have something under way. When the last one is lost
 * and an attempt fails, calls still wait for a second (a restart takes less);
 * after it they are refused at once, until an attempt succeeds. Attempts are made
 * by idle timers, so they go on while nobody asks, and keep no worker alive.
 */

#include <stdlib.h>
#include <string.h>

#include "io/pg.h"

#define GRACE  1000000      /* microseconds of waiting when it is down */


/* --- segments ----------------------------------------------------------------- */

deals_segment *
deals_segment_new(unsigned nops)
{
    deals_segment  *segment;

    segment = calloc(1, sizeof(deals_segment) + nops * sizeof(deals_op));

    if (segment != NULL) {
        segment->written = -1;
    }

    return segment;
}


void
deals_segments_add(deals_segments *list, deals_segment *segment)
{
    segment->next = NULL;
    segment->prev = list->last;

    if (list->last != NULL) {
        list->last->next = segment;

    } else {
        list->first = segment;
    }

    list->last = segment;
    list->n++;
}


void
deals_segments_add_first(deals_segments *list, deals_segment *segment)
{
    segment->prev = NULL;
    segment->next = list->first;

    if (list->first != NULL) {
        list->first->prev = segment;

    } else {
        list->last = segment;
    }

    list->first = segment;
    list->n++;
}


void
deals_segments_remove(deals_segments *list, deals_segment *segment)
{
    if (segment->prev != NULL) {
        segment->prev->next = segment->next;

    } else {
        list->first = segment->next;
    }

    if (segment->next != NULL) {
        segment->next->prev = segment->prev;

    } else {
        list->last = segment->prev;
    }

    segment->prev = NULL;
    segment->next = NULL;
    list->n--;
}


void
deals_segment_end(deals_segment *segment, const deals_outcome *outcome)
{
    void            *owner;
    deals_outcome    copy;
    deals_answered   answered;

    owner = segment->owner;
    answered = segment->answered;
    copy = *outcome;

    if (owner != NULL) {
        answered(owner, &copy);
    }

    free(segment);
}


int64_t
deals_segment_written(const deals_segment *segment)
{
    return segment->written;
}


/* --- up and down ---------------------------------------------------------------- */

static int
count_state(const deals_pool *pool, int ready)
{
    int  i, n;

    for (n = 0, i = 0; i < pool->nconns; i++) {
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


static void
down_outcome(const deals_pool *pool, deals_outcome *outcome)
{
    int64_t  wait;

    *outcome = pool->down;

    wait = (pool->retry_at - deals_mono() + 999999) / 1000000;
    outcome->retry_after = wait > 1 ? (int) wait : 1;
}


/* A schema that is not ours does not become so within a second. */

static int
is_refusing(const deals_pool *pool)
{
    return pool->down_since != 0
           && (pool->down.code == DEALS_SCHEMA
               || deals_mono() - pool->down_since >= GRACE);
}


static void
refuse_waiting(deals_pool *pool)
{
    deals_outcome   outcome;
    deals_segment  *segment;

    down_outcome(pool, &outcome);

    while ((segment = pool->queue.first) != NULL) {
        deals_segments_remove(&pool->queue, segment);
        pool->ctx->stats.refused++;
        deals_segment_end(segment, &outcome);
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

    if (count_state(pool, 1) > 0) {
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

    if (is_refusing(pool)) {
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


/* --- connecting ------------------------------------------------------------------ */

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


static deals_pg_conn *
idlest(deals_pool *pool)
{
    int             i;
    deals_pg_conn  *conn, *best;

    best = NULL;

    for (i = 0; i < pool->nconns; i++) {
        conn = &pool->conns[i];

        if (deals_conn_takes(conn)
            && (best == NULL || conn->written.n < best->written.n))
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

    if (!pool->asked || count_state(pool, 0) > 0) {
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


/* --- segments to connections ------------------------------------------------------ */

static void
not_written(deals_pool *pool, deals_pg_conn *conn, deals_segment *segment,
    int rc)
{
    const char  *why;

    why = rc == -3 ? "the server has closed it" : PQerrorMessage(conn->pg);
    segment->written = -1;

    if (rc == -3) {
        deals_pool_requeue(pool, segment);

    } else if (rc == -2 && segment->nwrites > 0) {
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

    if (is_refusing(pool)) {
        down_outcome(pool, &outcome);
        deals_segment_end(segment, &outcome);
        return;
    }

    deals_segments_add_first(&pool->queue, segment);
    deals_pool_kick(pool);
}


deals_segment *
deals_pool_submit(deals_pool *pool, deals_query *queries, deals_arena *arena,
    deals_answered answered, void *owner, deals_outcome *refused)
{
    unsigned        n, writes;
    deals_query    *query;
    deals_segment  *segment;

    pool->asked = 1;
    refused->code = DEALS_OK;

    if (is_refusing(pool)) {
        pool->ctx->stats.refused++;
        down_outcome(pool, refused);
        return NULL;
    }

    /* some may only be waiting for the end of this turn */
    if (pool->queue.n >= (unsigned) pool->ctx->config.queue_size) {
        dispatch(pool);
    }

    if (pool->queue.n >= (unsigned) pool->ctx->config.queue_size) {
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

    segment = deals_segment_new(2 * n + 2);

    if (segment == NULL) {
        *refused = deals_outcome_no_memory;
        return NULL;
    }

    segment->answered = answered;
    segment->owner = owner;
    segment->arena = arena;
    segment->queries = queries;
    segment->nqueries = n;
    segment->nwrites = writes;

    deals_segments_add(&pool->queue, segment);
    deals_pool_kick(pool);

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


/* --- life -------------------------------------------------------------------------- */

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
    pool->retry.fire = retry_due;
    pool->retry.owner = pool;
    pool->grace.fire = grace_over;
    pool->grace.owner = pool;
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

    stats->connections = count_state(pool, 1);
    stats->in_flight = (int) n;
    stats->waiting = (int) pool->queue.n;
    stats->database_up = stats->connections > 0;
}
