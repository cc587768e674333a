/*
 * Prepares every generated statement on a live server and prints how both see
 * it, a line each: name, write, parameters as generated, as prepared, columns
 * as generated, as described; or name and the server's error. Argument: a
 * conninfo.
 */

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "io/stmt.h"


static void
print_generated(const uint32_t *types, int n)
{
    int  i;

    printf("\t%d:", n);
    for (i = 0; i < n; i++) {
        printf(" %u", types[i]);
    }
}


static int
describe(PGconn *conn, const deals_stmt *stmt)
{
    int        i;
    PGresult  *result;

    printf("%s\t%d", stmt->name, stmt->write);
    result = PQprepare(conn, stmt->name, stmt->sql, stmt->nparams,
                       stmt->param_types);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        printf("\tERROR %.200s\n", PQresultErrorField(result,
                                                     PG_DIAG_MESSAGE_PRIMARY));
        PQclear(result);
        return -1;
    }
    PQclear(result);

    result = PQdescribePrepared(conn, stmt->name);
    print_generated(stmt->param_types, stmt->nparams);
    printf("\t%d:", PQnparams(result));
    for (i = 0; i < PQnparams(result); i++) {
        printf(" %u", PQparamtype(result, i));
    }
    print_generated(stmt->col_types, stmt->ncols);
    printf("\t%d:", PQnfields(result));
    for (i = 0; i < PQnfields(result); i++) {
        printf(" %u", PQftype(result, i));
    }
    printf("\n");
    PQclear(result);
    return 0;
}


int
main(int argc, char **argv)
{
    size_t   i;
    PGconn  *conn;

    if (argc != 2) {
        return 2;
    }
    conn = PQconnectdb(argv[1]);
    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(conn));
        return 3;
    }
    for (i = 0; i < deals_nstmts; i++) {
        (void) describe(conn, &deals_stmts[i]);
    }
    PQfinish(conn);
    return 0;
}
