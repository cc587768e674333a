#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/pg_open.h"
#include "io/script.h"

#define MAX_COLUMNS  64

struct deals_script {
    PGconn    *pg;
    PGresult  *res;             /* of the last command; NULL */
    char       error[1024];
    char       sqlstate[6];
};


static void
quiet(void *arg, const char *message)
{
    (void) arg;
    (void) message;
}


deals_script *
deals_script_open(const char *database, deals_arena *arena,
    const deals_error **error)
{
    char                    *message;
    PGconn                  *pg;
    deals_script            *script;
    const deals_pg_address  *address;

    *error = NULL;

    if (deals_pg_address_read(arena, database, 0, 1, &address, arena, error)
        != 0)
    {
        return NULL;
    }

    pg = deals_pg_open(address, 0, 1);
    script = pg != NULL ? calloc(1, sizeof(deals_script)) : NULL;

    if (script == NULL) {
        PQfinish(pg);
        (void) deals_error_oom(error);
        return NULL;
    }

    script->pg = pg;

    if (PQstatus(pg) != CONNECTION_OK) {
        message = deals_arena_printf(arena, "%s", PQerrorMessage(pg));

        if (message != NULL && strlen(message) > 0) {
            message[strlen(message) - 1] = '\0';
        }

        *error = deals_error_make(arena, DEALS_UNAVAILABLE, "database",
                                  "The database can't be reached: %s",
                                  message != NULL ? message : "");
        deals_script_close(script);
        return NULL;
    }

    (void) PQsetNoticeProcessor(pg, quiet, NULL);

    return script;
}


void
deals_script_close(deals_script *script)
{
    if (script == NULL) {
        return;
    }

    PQclear(script->res);
    PQfinish(script->pg);
    free(script);
}


static void
keep_error(deals_script *script, const PGresult *res)
{
    size_t       n;
    const char  *text, *sqlstate;

    text = res != NULL ? PQresultErrorMessage(res) : "";
    sqlstate = res != NULL ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;

    if (text[0] == '\0') {
        text = PQerrorMessage(script->pg);
    }

    (void) snprintf(script->error, sizeof(script->error), "%s", text);
    n = strlen(script->error);

    while (n > 0 && script->error[n - 1] == '\n') {
        script->error[--n] = '\0';
    }

    (void) snprintf(script->sqlstate, sizeof(script->sqlstate), "%s",
                    sqlstate != NULL ? sqlstate : "");
}


static void
forget(deals_script *script)
{
    PQclear(script->res);
    script->res = NULL;
    script->error[0] = '\0';
    script->sqlstate[0] = '\0';
}


static int
is_good(const PGresult *res)
{
    ExecStatusType  status;

    status = PQresultStatus(res);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
           || status == PGRES_EMPTY_QUERY;
}


static int
keep(deals_script *script, PGresult *res)
{
    if (res == NULL || !is_good(res)) {
        keep_error(script, res);
        PQclear(res);
        return -1;
    }

    script->res = res;

    return 0;
}


int
deals_script_run(deals_script *script, const char *sql)
{
    forget(script);

    return keep(script, PQexec(script->pg, sql));
}


int
deals_script_query(deals_script *script, const char *sql, int nparams,
    const char *const *params)
{
    forget(script);

    return keep(script, PQexecParams(script->pg, sql, nparams, NULL, params,
                                     NULL, NULL, 0));
}


static int
show_row(const PGresult *res, deals_script_row row, void *arg)
{
    int          i, n;
    const char  *values[MAX_COLUMNS];

    n = PQnfields(res);

    if (n > MAX_COLUMNS) {
        n = MAX_COLUMNS;
    }

    for (i = 0; i < n; i++) {
        values[i] = PQgetisnull(res, 0, i) ? NULL : PQgetvalue(res, 0, i);
    }

    return row(arg, values, n);
}


/* After a stop the rest is read away: the connection can't be used before. */

int
deals_script_each(deals_script *script, const char *sql, int nparams,
    const char *const *params, deals_script_row row, void *arg)
{
    int        rc;
    PGresult  *res;

    forget(script);

    if (!PQsendQueryParams(script->pg, sql, nparams, NULL, params, NULL, NULL,
                           0)
        || !PQsetSingleRowMode(script->pg))
    {
        keep_error(script, NULL);
        return -1;
    }

    rc = 0;

    while ((res = PQgetResult(script->pg)) != NULL) {
        if (PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
            if (rc == 0 && show_row(res, row, arg) != 0) {
                rc = -2;
            }

        } else if (!is_good(res) && rc != -1) {
            keep_error(script, res);
            rc = -1;
        }

        PQclear(res);
    }

    return rc;
}


int
deals_script_nrows(const deals_script *script)
{
    return PQntuples(script->res);
}


int
deals_script_ncols(const deals_script *script)
{
    return PQnfields(script->res);
}


const char *
deals_script_value(const deals_script *script, int row, int col)
{
    if (row < 0 || row >= PQntuples(script->res) || col < 0
        || col >= PQnfields(script->res) || PQgetisnull(script->res, row, col))
    {
        return NULL;
    }

    return PQgetvalue(script->res, row, col);
}


int64_t
deals_script_affected(const deals_script *script)
{
    return strtoll(PQcmdTuples(script->res), NULL, 10);
}


const char *
deals_script_error(const deals_script *script)
{
    return script->error;
}


const char *
deals_script_sqlstate(const deals_script *script)
{
    return script->sqlstate;
}
