/*
 * A segment onto a connection: [BEGIN] [prepare, execute] ... [COMMIT] Sync.
 * The Sync of reads that are written together is left to the last of them
 * (deals_conn_flush): a transaction less for the server, and all go out at
 * once.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "io/pg.h"

#define NAME_SIZE  32


static void
statement_name(char *name, unsigned stmt, unsigned generation)
{
    (void) snprintf(name, NAME_SIZE, "d%u_%u", stmt, generation);
}


static void
note(deals_segment *segment, deals_op_kind kind, unsigned stmt,
    unsigned generation, deals_query *query)
{
    deals_op  *op;

    op = &segment->ops[segment->nops++];
    op->kind = kind;
    op->stmt = stmt;
    op->generation = generation;
    op->query = query;
}


static int
write_text(deals_pg_conn *conn, deals_segment *segment, deals_op_kind kind,
    const char *sql)
{
    note(segment, kind, 0, 0, NULL);

    return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0)
           ? 0 : -1;
}


static int
write_query(deals_pg_conn *conn, deals_segment *segment, deals_query *query)
{
    int                rc;
    char               name[NAME_SIZE];
    unsigned           id, generation;
    const deals_stmt  *stmt;

    id = query->stmt;
    stmt = &deals_stmts[id];

    if (conn->pool->ctx->config.no_prepare) {
        note(segment, OP_EXECUTE, id, 0, query);

        rc = PQsendQueryParams(conn->pg, stmt->sql, stmt->nparams,
                               stmt->param_types, query->values,
                               query->lengths, conn->pool->formats, 1);
        return rc ? 0 : -1;
    }

    generation = conn->generation[id];
    statement_name(name, id, generation);

    if (!conn->prepared[id]) {
        note(segment, OP_PREPARE, id, generation, NULL);

        if (!PQsendPrepare(conn->pg, name, stmt->sql, stmt->nparams,
                           stmt->param_types))
        {
            return -1;
        }

        /* what is written behind relies on it; on_prepare takes it back */
        conn->prepared[id] = 1;
    }

    note(segment, OP_EXECUTE, id, generation, query);

    rc = PQsendQueryPrepared(conn->pg, name, stmt->nparams, query->values,
                             query->lengths, conn->pool->formats, 1);
    return rc ? 0 : -1;
}


/* libpq learns of a closed connection by reading, and an idle one is read only
 * when the host's loop turns. A write that went there would be of unknown fate,
 * and a read that was lost once not be asked a third time, so it is worth a
 * look. An error is all that a server says before it closes an idle one. */

static int
is_gone(deals_pg_conn *conn)
{
    char     byte;
    ssize_t  n;

    n = recv(conn->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (n == -1) {
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }

    return n == 0 || byte == 'E';
}


static void
begin(deals_pg_conn *conn, deals_segment *segment)
{
    segment->op = 0;
    segment->nops = 0;
    segment->seen = 0;
    segment->failed = 0;
    segment->wrote = 0;
    segment->unsure = 0;
    segment->skipped = 0;
    segment->outcome = deals_outcome_ok;
    segment->written = deals_mono();

    if (conn->written.n == 0) {
        conn->progress = segment->written;
    }
}


int
deals_conn_write(deals_pg_conn *conn, deals_segment *segment)
{
    int           wrap;
    deals_query  *query;

    if ((segment->nwrites > 0 || segment->again_lost)
        && conn->written.n == 0 && is_gone(conn))
    {
        return -3;
    }

    if (segment->queries == NULL) {
        segment->queries = segment->bind(segment->owner);

        if (segment->queries == NULL) {
            return -4;
        }
    }

    begin(conn, segment);
    wrap = segment->nwrites > 1;

    if (wrap && write_text(conn, segment, OP_BEGIN, "BEGIN") != 0) {
        return -1;
    }

    for (query = segment->queries; query != NULL; query = query->next) {
        if (write_query(conn, segment, query) != 0) {
            return -1;
        }
    }

    if (wrap && write_text(conn, segment, OP_COMMIT, "COMMIT") != 0) {
        return -1;
    }

    segment->shares = deals_segment_may_share(segment);

    /* from here on the server may commit */
    if (!segment->shares && !PQpipelineSync(conn->pg)) {
        return -2;
    }

    conn->open += segment->shares;
    segment->conn = conn;
    deals_segments_add(&conn->written, segment);
    conn->barrier = wrap;
    conn->late += segment->bind != NULL;

    return 0;
}


/* A segment of the connection's own. */

int
deals_conn_write_op(deals_pg_conn *conn, deals_op_kind kind)
{
    const char     *sql;
    deals_segment  *segment;

    segment = deals_segment_new(1);

    if (segment == NULL) {
        return -1;
    }

    sql = kind == OP_VERSION ? "SELECT max(version), current_setting("
                               "'transaction_read_only') FROM schema_version"
                             : "ROLLBACK";
    begin(conn, segment);

    if (write_text(conn, segment, kind, sql) != 0
        || !PQpipelineSync(conn->pg))
    {
        free(segment);
        return -1;
    }

    segment->conn = conn;
    deals_segments_add(&conn->written, segment);

    return 0;
}
