/*
 * Answers off a connection, and what follows from them. Which result belongs to
 * which statement is known from our own list: after a loss libpq repeats errors
 * and then says nothing for ever.
 */

#include <stdlib.h>
#include <string.h>

#include "io/pg.h"


int
deals_segment_may_hold(const deals_segment *segment)
{
    if (segment->nwrites == 0) {
        return 0;
    }

    if (!segment->failed || segment->unsure) {
        return 1;
    }

    /* BEGIN and COMMIT undo it everywhere; the transaction of a Sync does not
     * if the tables are spread over several servers */
    return segment->wrote && segment->nwrites == 1;
}


int
deals_segment_in_doubt(const deals_segment *segment)
{
    return deals_segment_may_hold(segment)
           && (segment->bind == NULL || segment->again_lost);
}


/* --- the end of a segment ------------------------------------------------ */

/* Whether the same segment is to be asked once more. */

static int
is_worth_another(deals_segment *segment, deals_error_class class)
{
    if (segment->owner == NULL || deals_segment_in_doubt(segment)) {
        return 0;
    }

    switch (class) {

    case ERROR_CONFLICT:
        if (segment->again_conflict) {
            return 0;
        }

        segment->again_conflict = 1;
        return 1;

    case ERROR_STALE_PLAN:
        if (segment->again_prepared) {
            return 0;
        }

        segment->again_prepared = 1;
        return 1;

    case ERROR_ABORTED:
        if (segment->again_aborted) {
            return 0;
        }

        segment->again_aborted = 1;
        return 1;

    case ERROR_RECONNECT:
        if (segment->again_lost) {
            return 0;
        }

        segment->again_lost = 1;
        return 1;

    default:
        return 0;
    }
}


static void
settle(deals_pool *pool, deals_segment *segment, deals_error_class class)
{
    if (!segment->failed) {
        deals_segment_end(segment, &deals_outcome_ok);

    } else if (segment->skipped && segment->owner != NULL) {
        segment->alone = 1;
        deals_pool_requeue(pool, segment);

    } else if (is_worth_another(segment, class)) {
        deals_log(pool->ctx, DEALS_LOG_DEBUG, "database: once more after %s",
                  segment->outcome.detail);
        deals_pool_requeue(pool, segment);

    } else if (class == ERROR_RECONNECT && deals_segment_may_hold(segment)) {
        deals_segment_end(segment, &deals_outcome_unknown);

    } else {
        deals_segment_end(segment, &segment->outcome);
    }
}


/* After its answers are all there: is the connection still in a transaction? */

static int
recover(deals_pg_conn *conn)
{
    PGTransactionStatusType  status;

    if (conn->written.n > 0) {
        return 0;
    }

    status = PQtransactionStatus(conn->pg);

    if (status == PQTRANS_IDLE) {
        conn->poisoned = 0;
        conn->state = CONN_READY;
        return 0;
    }

    if (conn->state == CONN_RECOVERING
        || (status != PQTRANS_INTRANS && status != PQTRANS_INERROR))
    {
        deals_conn_lost(conn, "its transaction can't be ended");
        return -1;
    }

    conn->state = CONN_RECOVERING;

    if (deals_conn_write_op(conn, OP_ROLLBACK) != 0) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return -1;
    }

    return 0;
}


/* All of it is answered, and it is in no list. -1: the connection is lost, and
 * closed. */

static int
end(deals_pg_conn *conn, deals_segment *segment)
{
    deals_error_class  class;

    class = segment->failed ? deals_sqlstate_class(segment->outcome.sqlstate)
                            : ERROR_OTHER;

    if (class == ERROR_ABORTED) {
        conn->poisoned = 1;
    }

    settle(conn->pool, segment, class);

    if (class == ERROR_RECONNECT) {
        deals_conn_lost(conn, "the server sends us away");
        return -1;
    }

    return 0;
}


/* One that waits for no Sync. */

static int
at_end(deals_pg_conn *conn, deals_segment *segment)
{
    deals_segments_remove(&conn->written, segment);
    segment->conn = NULL;

    return end(conn, segment);
}


static int
at_sync(deals_pg_conn *conn, deals_segment *segment)
{
    int            failed;
    deals_outcome  outcome;

    deals_segments_remove(&conn->written, segment);
    segment->conn = NULL;
    conn->late -= segment->bind != NULL;

    /* one that was written before the barrier does not lift it */
    if (segment->nwrites > 1) {
        conn->barrier = 0;
    }

    if (conn->state == CONN_CHECKING) {
        failed = segment->failed;
        outcome = segment->outcome;
        free(segment);

        deals_conn_checked(conn, failed ? outcome.detail : NULL, &outcome);

        return conn->state == CONN_READY ? 0 : -1;
    }

    return end(conn, segment) == 0 ? recover(conn) : -1;
}


/* --- results ------------------------------------------------------------- */

static void
unprepare(deals_pg_conn *conn, const deals_op *op)
{
    if (op != NULL && op->kind == OP_PREPARE
        && conn->generation[op->stmt] == op->generation)
    {
        conn->prepared[op->stmt] = 0;
    }
}


/* One result; NULL ends those of a statement. 0; 1: there is nothing more to be
 * had now; -1: the connection is lost and closed. *kept: it has an owner. */

static int
take(deals_pg_conn *conn, PGresult *res, int *kept)
{
    const char      *sqlstate;
    const deals_op  *op;
    deals_segment   *segment;

    segment = conn->written.first;
    op = segment->op < segment->nops ? &segment->ops[segment->op] : NULL;

    if (res == NULL) {
        if (!segment->seen) {
            return 1;
        }

        segment->seen = 0;
        segment->op += op != NULL;

        return segment->shares && segment->op == segment->nops
               ? at_end(conn, segment) : 0;
    }

    switch (PQresultStatus(res)) {

    case PGRES_PIPELINE_SYNC:
        if (op != NULL) {
            deals_conn_lost(conn, "answers are missing");
            return -1;
        }

        return at_sync(conn, segment);

    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        segment->seen = 1;
        *kept = deals_result(conn, segment, op, res);
        return 0;

    case PGRES_PIPELINE_ABORTED:
        segment->seen = 1;
        unprepare(conn, op);

        if (!segment->failed) {
            segment->failed = 1;
            segment->skipped = 1;
        }

        return 0;

    case PGRES_FATAL_ERROR:
        sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

        /* libpq's own: the server says what state it is in */
        if (sqlstate == NULL) {
            deals_conn_lost(conn, PQresultErrorMessage(res));
            return -1;
        }

        segment->seen = 1;
        unprepare(conn, op);
        deals_result_error(conn, segment, op, res, sqlstate);
        return 0;

    default:
        deals_conn_lost(conn, "an answer that nobody asked for");
        return -1;
    }
}


static int
take_all(deals_pg_conn *conn)
{
    int        rc, kept, some;
    PGresult  *res;

    rc = 0;
    some = 0;

    while (rc == 0 && conn->written.n > 0 && !PQisBusy(conn->pg)) {
        res = PQgetResult(conn->pg);
        kept = 0;
        rc = take(conn, res, &kept);

        /* a result outlives its connection */
        if (!kept) {
            PQclear(res);
        }

        some |= rc == 0;
    }

    if (some && rc != -1) {
        conn->progress = deals_mono();
    }

    return rc == -1 ? -1 : 0;
}


/* Without memory for a Sync libpq takes it off the connection, says so, and
 * waits for it for ever. (A server that has none says "ERROR:  ..." first.) */

static int
has_starved(const deals_pg_conn *conn)
{
    size_t              len;
    const char         *why, *last;
    static const char   starved[] = "out of memory";

    if (conn->written.n == 0 || !PQisBusy(conn->pg)) {
        return 0;
    }

    why = PQerrorMessage(conn->pg);
    len = strlen(why);
    len -= len > 0 && why[len - 1] == '\n';

    if (len < sizeof(starved) - 1) {
        return 0;
    }

    last = why + len - (sizeof(starved) - 1);

    return memcmp(last, starved, sizeof(starved) - 1) == 0
           && (last == why || last[-1] == '\n');
}


int
deals_conn_read(deals_pg_conn *conn)
{
    int  alive;

    alive = PQconsumeInput(conn->pg);

    /* what came before the end counts */
    if (take_all(conn) != 0) {
        return -1;
    }

    if (!alive || PQstatus(conn->pg) != CONNECTION_OK || has_starved(conn)) {
        deals_conn_lost(conn, PQerrorMessage(conn->pg));
        return -1;
    }

    return 0;
}
