/*
 * One connection: its states, its descriptor, its end.
 *
 * The host watches a duplicate of libpq's descriptor. libpq closes or replaces
 * its own one inside of its functions (PQconnectPoll tries the next address,
 * PQconsumeInput sees the end); the duplicate is ours, so it is always still
 * open when the host is told to forget it.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/pg.h"
#include "io/pg_open.h"


static void
unwatch(deals_pg_conn *conn)
{
    if (conn->io.fd == -1) {
        return;
    }

    (void) deals_ctx_watch(conn->pool->ctx, &conn->io, 0);
    (void) close(conn->io.fd);
    conn->io.fd = -1;
    conn->io.events = 0;
}


static int
watch(deals_pg_conn *conn, unsigned events)
{
    if (conn->io.fd == -1) {
        conn->io.fd = fcntl(PQsocket(conn->pg), F_DUPFD_CLOEXEC, 3);

        if (conn->io.fd == -1) {
            return -1;
        }
    }

    return deals_ctx_watch(conn->pool->ctx, &conn->io, events);
}


void
deals_conn_close(deals_pg_conn *conn)
{
    deals_segment  *segment;

    unwatch(conn);
    deals_ctx_timer_stop(conn->pool->ctx, DEALS_IDLE, &conn->timer);

    if (conn->pg != NULL) {
        PQfinish(conn->pg);
        conn->pg = NULL;
    }

    while ((segment = conn->written.first) != NULL) {
        deals_segments_remove(&conn->written, segment);
        deals_segment_free(segment);
    }

    conn->state = CONN_CLOSED;
    conn->open = 0;
    conn->barrier = 0;
    conn->poisoned = 0;
    conn->read_only = 0;
    conn->leaving = 0;
    conn->late = 0;
}


/* --- losing -------------------------------------------------------------- */

static void
settle_lost(deals_pool *pool, deals_segment *segment)
{
    if (segment->owner == NULL) {
        deals_segment_drop(segment);
        return;
    }

    if (deals_segment_in_doubt(segment)) {
        deals_segment_end(segment, &deals_outcome_unknown);
        return;
    }

    if (segment->again_lost) {
        deals_segment_end(segment, &deals_outcome_lost);
        return;
    }

    segment->again_lost = 1;
    deals_pool_requeue(pool, segment);
}


/* Once a minute: a server may send us away with each write. */

static void
tell_lost(deals_pg_conn *conn, const char *why)
{
    int64_t  now;

    now = deals_mono();

    if (conn->lost_told != 0 && now - conn->lost_told < DEALS_LOG_PAUSE) {
        deals_log(conn->pool->ctx, DEALS_LOG_DEBUG,
                  "database: connection %u was lost again: %s", conn->number,
                  why);
        return;
    }

    conn->lost_told = now;
    deals_log(conn->pool->ctx, DEALS_LOG_NOTICE,
              "database: connection %u was lost: %s", conn->number, why);
}


void
deals_conn_lost(deals_pg_conn *conn, const char *why)
{
    char            reason[256];
    deals_pool     *pool;
    deals_segment  *segment;
    deals_segments  lost;
    deals_pg_state  state;

    pool = conn->pool;
    state = conn->state;
    lost = conn->written;
    memset(&conn->written, 0, sizeof(conn->written));

    /* may be libpq's own text */
    strncpy(reason, why, sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';

    deals_conn_close(conn);
    deals_pool_conn_closed(pool);

    while ((segment = lost.first) != NULL) {
        deals_segments_remove(&lost, segment);
        settle_lost(pool, segment);
    }

    /* a server that lets nobody stay is as good as one that is away */
    if (state == CONN_CONNECTING || state == CONN_CHECKING
        || deals_mono() - conn->ready_since < 1000000)
    {
        deals_pool_conn_failed(conn, reason, &deals_outcome_down);
        return;
    }

    tell_lost(conn, reason);
    deals_pool_kick(pool);
}


/* --- connecting ---------------------------------------------------------- */

static void
notice(void *arg, const char *message)
{
    deals_pg_conn  *conn = arg;

    deals_log(conn->pool->ctx, DEALS_LOG_DEBUG, "database: connection %u: %s",
              conn->number, message);
}


static void
begin_check(deals_pg_conn *conn)
{
    size_t  n;

    n = deals_nstmts;
    memset(conn->prepared, 0, n);
    memset(conn->generation, 0, n);

    (void) PQsetErrorVerbosity(conn->pg, PQERRORS_TERSE);

    if (PQsetnonblocking(conn->pg, 1) == -1
        || PQenterPipelineMode(conn->pg) == 0)
    {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return;
    }

    conn->state = CONN_CHECKING;

    if (deals_schema_version == 0) {
        deals_conn_checked(conn, NULL, NULL);
        (void) deals_conn_flush(conn);
        return;
    }

    if (deals_conn_write_op(conn, OP_VERSION) != 0) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return;
    }

    (void) deals_conn_flush(conn);
}


/* The answer of the schema check: why NULL, it is ours. */

void
deals_conn_checked(deals_pg_conn *conn, const char *why,
    const deals_outcome *outcome)
{
    deals_pool  *pool;

    pool = conn->pool;
    deals_ctx_timer_stop(pool->ctx, DEALS_IDLE, &conn->timer);

    if (why != NULL) {
        deals_conn_close(conn);
        deals_pool_conn_failed(conn, why, outcome);
        return;
    }

    /* better fewer than some that write and some that don't */
    if (conn->read_only && !pool->read_only
        && deals_pool_count(pool, LANE_SHORT, 1) > 0)
    {
        pool->target++;
        deals_conn_close(conn);
        deals_pool_conn_failed(conn, "the server can only be read",
                               &deals_outcome_read_only);
        return;
    }

    conn->state = CONN_READY;

    if (conn->ready_since != 0) {
        pool->ctx->stats.reconnects++;
    }

    conn->ready_since = deals_mono();
    deals_pool_conn_ready(conn);
}


/* The descriptor is forgotten before each step: the step may replace it under
 * the same number. */

static void
connect_step(deals_pg_conn *conn)
{
    unsigned                    events;
    PostgresPollingStatusType   status;

    unwatch(conn);

    status = PQconnectPoll(conn->pg);

    if (status == PGRES_POLLING_OK) {
        begin_check(conn);
        return;
    }

    events = status == PGRES_POLLING_READING ? DEALS_READ : DEALS_WRITE;

    if (status == PGRES_POLLING_FAILED) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));

    } else if (watch(conn, events) != 0) {
        deals_conn_lost(conn, "its descriptor can't be watched");
    }
}


void
deals_conn_open(deals_pg_conn *conn)
{
    deals_ctx  *ctx;

    ctx = conn->pool->ctx;
    conn->state = CONN_CONNECTING;
    conn->pg = deals_pg_open(conn->pool->address, conn->pool->target, 0);

    if (conn->pg == NULL) {
        deals_conn_lost(conn, "out of memory");
        return;
    }

    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return;
    }

    (void) PQsetNoticeProcessor(conn->pg, notice, conn);

    deals_ctx_timer(ctx, DEALS_IDLE, &conn->timer,
                    deals_mono() + ctx->config.connect_timeout * 1000);

    if (watch(conn, DEALS_WRITE) != 0) {
        deals_conn_lost(conn, "its descriptor can't be watched");
    }
}


/* --- at work ------------------------------------------------------------- */

int
deals_conn_takes(const deals_pg_conn *conn)
{
    return conn->state == CONN_READY && !conn->barrier && !conn->poisoned
           && !conn->leaving
           && conn->written.n < (conn->lane == LANE_SLOW ? 1 : DEALS_PIPELINE);
}


/* One Sync for all that is open. */

static int
end_open(deals_pg_conn *conn)
{
    if (conn->open == 0) {
        return 0;
    }

    conn->open = 0;
    conn->written.last->shares = 0;

    return PQpipelineSync(conn->pg) ? 0 : -1;
}


int
deals_conn_flush(deals_pg_conn *conn)
{
    int         rc;
    deals_ctx  *ctx;

    ctx = conn->pool->ctx;
    rc = end_open(conn) == 0 ? PQflush(conn->pg) : -1;

    if (rc == -1) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return -1;
    }

    /* while something is left to write both directions are needed: the server
     * may wait for us to read */
    if (watch(conn, rc == 0 ? DEALS_READ : DEALS_READ | DEALS_WRITE) != 0) {
        deals_conn_lost(conn, "its descriptor can't be watched");
        return -1;
    }

    if (conn->written.n > 0 && !conn->timer.set) {
        deals_ctx_timer(ctx, DEALS_IDLE, &conn->timer,
                        conn->progress + 2000 * ctx->config.query_timeout);
    }

    return 0;
}


static void
ready(deals_io *io, unsigned events)
{
    deals_ctx      *ctx;
    deals_pg_conn  *conn;

    (void) events;

    conn = io->owner;
    ctx = conn->pool->ctx;

    deals_ctx_enter(ctx);

    if (conn->state == CONN_CONNECTING) {
        connect_step(conn);

    } else if (conn->state != CONN_CLOSED) {
        if (deals_conn_read(conn) == 0 && deals_conn_flush(conn) == 0) {
            deals_pool_kick(conn->pool);
        }
    }

    deals_ctx_leave(ctx);
}


/* While connecting: the attempt takes too long. Later: twice the time of a call
 * went by; a server that gave no sign of life meanwhile is not waited for. */

static void
timer_fired(void *owner)
{
    int64_t         end;
    deals_ctx      *ctx;
    deals_pool     *pool;
    deals_pg_conn  *conn = owner;

    pool = conn->pool;
    ctx = pool->ctx;

    if (conn->state == CONN_CONNECTING || conn->state == CONN_CHECKING) {
        /* the next attempt begins with the next address */
        pool->target++;
        deals_conn_lost(conn, "no answer within connect_timeout");
        return;
    }

    if (conn->written.n == 0) {
        return;
    }

    end = conn->progress + 2000 * ctx->config.query_timeout;

    if (end > deals_mono()) {
        deals_ctx_timer(ctx, DEALS_IDLE, &conn->timer, end);
        return;
    }

    deals_conn_lost(conn, "it does not answer");
}


void
deals_conn_init(deals_pool *pool, deals_pg_conn *conn, unsigned number,
    deals_lane lane)
{
    conn->pool = pool;
    conn->number = number;
    conn->lane = lane;
    conn->io.fd = -1;
    conn->io.ready = ready;
    conn->io.owner = conn;
    conn->timer.fire = timer_fired;
    conn->timer.owner = conn;
}
