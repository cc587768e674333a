/*
 * One statement's result: rows decoded, versions compared, errors noted in the
 * segment. What follows from them is decided at its Sync.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/codec.h"
#include "io/pg.h"


static void
fail(deals_segment *segment, const deals_outcome *outcome)
{
    if (!segment->failed) {
        segment->failed = 1;
        segment->outcome = *outcome;
    }
}


static const char *
name_of(const deals_op *op)
{
    static const char *const  names[] = {
        [OP_BEGIN] = "BEGIN", [OP_COMMIT] = "COMMIT",
        [OP_ROLLBACK] = "ROLLBACK", [OP_VERSION] = "the schema's version"
    };

    if (op == NULL) {
        return "the end of the transaction";
    }

    if (op->kind == OP_EXECUTE || op->kind == OP_PREPARE) {
        return deals_stmts[op->stmt].name;
    }

    return names[op->kind];
}


static void
defect(deals_segment *segment, const deals_op *op, const char *why)
{
    deals_outcome  outcome;

    outcome = deals_outcome_defect;
    (void) snprintf(outcome.detail, sizeof(outcome.detail), "%s: %s",
                    name_of(op), why);
    fail(segment, &outcome);
}


static void
clear(void *res)
{
    PQclear(res);
}


static void
take_cells(deals_cell *cells, const PGresult *res, int row, int ncols)
{
    int  col;

    for (col = 0; col < ncols; col++) {
        cells[col].data = (const unsigned char *) PQgetvalue(res, row, col);
        cells[col].len = PQgetlength(res, row, col);

        /* NULL has no length, and most values have one */
        if (cells[col].len == 0 && PQgetisnull(res, row, col)) {
            cells[col].len = -1;
        }
    }
}


/* Whether rows point into the result. Numbers and times never do. */

static int
is_needed(const deals_stmt *stmt)
{
    int  i;

    for (i = 0; i < stmt->ncols; i++) {
        if (!deals_is_number(stmt->col_types[i])) {
            return 1;
        }
    }

    return 0;
}


/* Texts stay where libpq has put them: the result goes with the arena. 0; -1:
 * a value can't be read. */

static int
decode_rows(deals_segment *segment, const deals_op *op, PGresult *res,
    int nrows, int ncols, int *kept)
{
    int           row;
    char         *rows;
    deals_cell   *cells;
    deals_query  *query;

    query = op->query;

    cells = deals_arena_array(segment->arena, (size_t) ncols, sizeof(*cells));
    rows = deals_arena_array(segment->arena, (size_t) nrows, query->row_size);

    if (cells == NULL || rows == NULL) {
        fail(segment, &deals_outcome_no_memory);
        return 0;
    }

    for (row = 0; row < nrows; row++) {
        take_cells(cells, res, row, ncols);

        if (query->decode(segment->arena, cells,
                          rows + (size_t) row * query->row_size)
            == 0)
        {
            continue;
        }

        if (deals_arena_refused(segment->arena)) {
            fail(segment, &deals_outcome_no_memory);
            return 0;
        }

        return -1;
    }

    if (is_needed(&deals_stmts[op->stmt])) {
        if (deals_arena_adopt(segment->arena, res, clear) != 0) {
            fail(segment, &deals_outcome_no_memory);
            return 0;
        }

        *kept = 1;
    }

    query->rows.items = rows;
    query->rows.len = (size_t) nrows;

    return 0;
}


/* Whether the result was kept. */

static int
on_execute(deals_segment *segment, const deals_op *op, PGresult *res)
{
    int                nrows, ncols, kept;
    const deals_stmt  *stmt;

    stmt = &deals_stmts[op->stmt];

    if (stmt->write) {
        segment->wrote = 1;
    }

    /* the queries of an abandoned segment are gone */
    if (segment->owner == NULL || segment->failed
        || op->query->row_size == 0)
    {
        return 0;
    }

    nrows = PQntuples(res);
    ncols = PQnfields(res);

    op->query->rows.items = NULL;
    op->query->rows.len = 0;
    kept = 0;

    if (nrows == 0) {
        return 0;
    }

    if (ncols != stmt->ncols || !PQbinaryTuples(res)) {
        defect(segment, op, "the result has not the columns expected");

    } else if (decode_rows(segment, op, res, nrows, ncols, &kept) != 0) {
        defect(segment, op, "a value of the result can't be read");
    }

    return kept;
}


static void
on_version(deals_pg_conn *conn, deals_segment *segment, const PGresult *res)
{
    int            version;
    deals_outcome  outcome;

    version = PQntuples(res) == 1 && !PQgetisnull(res, 0, 0)
              ? (int) strtol(PQgetvalue(res, 0, 0), NULL, 10) : 0;
    conn->read_only = PQntuples(res) == 1 && PQnfields(res) == 2
                      && strcmp(PQgetvalue(res, 0, 1), "on") == 0;

    if (version == deals_schema_version) {
        return;
    }

    memset(&outcome, 0, sizeof(outcome));
    outcome.code = DEALS_SCHEMA;
    outcome.message = version < deals_schema_version
                      ? "The database's schema is older than this program: run "
                        "`deals migrate`."
                      : "The database's schema is newer than this program: "
                        "install the version that made it (`deals migrate` "
                        "can't go back).";

    (void) snprintf(outcome.detail, sizeof(outcome.detail), "the schema has "
                    "version %d, this program needs %d: %s", version,
                    deals_schema_version, version < deals_schema_version
                    ? "run `deals migrate`" : "install the newer program");

    /* during an upgrade old workers go on until they are replaced: a migration
     * leaves them what they need */
    if (version > deals_schema_version && conn->pool->was_ready) {
        deals_log(conn->pool->ctx, DEALS_LOG_WARN, "database: %s",
                  outcome.detail);
        return;
    }

    fail(segment, &outcome);
}


int
deals_result(deals_pg_conn *conn, deals_segment *segment, const deals_op *op,
    PGresult *res)
{
    if (op == NULL) {
        return 0;
    }

    switch (op->kind) {

    case OP_EXECUTE:
        return on_execute(segment, op, res);

    case OP_VERSION:
        on_version(conn, segment, res);
        return 0;

    default:
        return 0;
    }
}


static void
describe(deals_outcome *outcome, const deals_op *op, const PGresult *res)
{
    const char  *text;

    /* no DETAIL: it repeats values that people entered */
    text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    (void) snprintf(outcome->detail, sizeof(outcome->detail),
                    "%s: %.140s (SQLSTATE %s)", name_of(op),
                    text != NULL ? text : "no message", outcome->sqlstate);
}


void
deals_result_error(deals_pg_conn *conn, deals_segment *segment,
    const deals_op *op, const PGresult *res, const char *sqlstate)
{
    deals_outcome      outcome;
    deals_error_class  class;

    class = deals_sqlstate_class(sqlstate);

    if (class == ERROR_STALE_PLAN && op != NULL && op->kind == OP_EXECUTE
        && conn->generation[op->stmt] == op->generation)
    {
        conn->prepared[op->stmt] = 0;
        conn->generation[op->stmt]++;
    }

    if (class == ERROR_RECONNECT && (op == NULL || op->kind == OP_COMMIT)) {
        segment->unsure = 1;
    }

    memset(&outcome, 0, sizeof(outcome));
    deals_sqlstate_outcome(sqlstate, &outcome);
    describe(&outcome, op, res);

    if (op != NULL && op->kind == OP_VERSION && strcmp(sqlstate, "42P01") == 0)
    {
        outcome.message = "The database has no schema yet: run `deals "
                          "migrate`.";
        (void) snprintf(outcome.detail, sizeof(outcome.detail),
                        "there is no schema yet: run `deals migrate`");

    } else if (op != NULL && op->kind == OP_VERSION
               && strcmp(sqlstate, "42501") == 0)
    {
        outcome.code = DEALS_SCHEMA;
        outcome.message = "The database is not open to the workers' role: run "
                          "`deals migrate --role NAME`.";
        (void) snprintf(outcome.detail, sizeof(outcome.detail),
                        "the workers' role may not read it: run `deals migrate"
                        " --role NAME`");
    }

    fail(segment, &outcome);
}
