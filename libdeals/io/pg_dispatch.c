/*
 * Which segment goes to which connection: they wait in a queue for each lane,
 * and at the end of a turn go to where the least is under way.
 */


#include "io/pg.h"


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


void
deals_pool_run(void *owner)
{
    deals_pool  *pool = owner;

    dispatch(pool, LANE_SHORT);
    dispatch(pool, LANE_SLOW);
    deals_pool_retire(pool);
    deals_pool_grow(pool);
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
