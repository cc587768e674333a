/*
 * io/script.h - a blocking connection of its own for the command line:
 * migrations, imports, checks. Never used while serving: everything here
 * waits.
 */

#ifndef DEALS_IO_SCRIPT_H
#define DEALS_IO_SCRIPT_H

#include <deals/types.h>

typedef struct deals_script  deals_script;

/* Connects (conninfo or URI, as deals_config.database). NULL and *error: a bad
 * address (DEALS_INVALID, field "database"), the server's refusal
 * (DEALS_UNAVAILABLE, its own words), DEALS_NO_MEMORY. */
deals_script  *deals_script_open(const char *database, deals_arena *arena,
                   const deals_error **error);
void           deals_script_close(deals_script *script);     /* NULL is ok */

/* Runs the text of one or more commands with the simple protocol. 0, or -1: see
 * deals_script_error. The rows of the last command that has any are kept until
 * the next run or query. */
int            deals_script_run(deals_script *script, const char *sql);

/* The same for one command with parameters $1 ... as text; NULL: SQL NULL. */
int            deals_script_query(deals_script *script, const char *sql,
                   int nparams, const char *const *params);

/* Calls row(arg, values, ncols) for each row as it arrives, so that results of
 * any size take little memory; values are texts, NULL for SQL NULL, and live
 * for the call. row returns 0 to go on; anything else stops: the connection
 * reads the rest away, and -2 is returned. 0: all rows were seen. -1: an
 * error. */
typedef int  (*deals_script_row)(void *arg, const char *const *values,
                 int ncols);
int            deals_script_each(deals_script *script, const char *sql,
                   int nparams, const char *const *params,
                   deals_script_row row, void *arg);

int            deals_script_nrows(const deals_script *script);
int            deals_script_ncols(const deals_script *script);
/* Text of a value; NULL: SQL NULL, or there is no such row or column. */
const char    *deals_script_value(const deals_script *script, int row, int col);
/* Rows that the last command inserted, updated or deleted. */
int64_t        deals_script_affected(const deals_script *script);

/* Of the last run, query or each that failed: a text for the person at the
 * terminal, and the SQLSTATE ("" if the connection was lost). Live until the
 * next one. */
const char    *deals_script_error(const deals_script *script);
const char    *deals_script_sqlstate(const deals_script *script);

#endif /* DEALS_IO_SCRIPT_H */
