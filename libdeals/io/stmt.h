/*
 * io/stmt.h - prepared statements and their executions: what the generated code
 * (build/gen/) hands to the connections.
 */

#ifndef DEALS_IO_STMT_H
#define DEALS_IO_STMT_H

#include <deals/types.h>

/* One prepared statement: a variant of a file in sql/statements. */
typedef struct {
    const char      *name;          /* "feed_hot_after_26" */
    const char      *sql;           /* $1 ... */
    int              nparams;
    const uint32_t  *param_types;   /* type OIDs */
    int              ncols;
    const uint32_t  *col_types;     /* type OIDs; all results are binary */
    int              write;         /* not a plain read */
    int              slow;          /* may take much longer than a page's: goes
                                       over connections of its own */
} deals_stmt;

/* Generated: all of them; an index in this table identifies one. */
extern const deals_stmt  deals_stmts[];
extern const size_t      deals_nstmts;

/* Generated: the number of the last migration. A database whose
 *     SELECT max(version) FROM schema_version
 * is another one is refused. 0: any will do (tests). */
extern const int         deals_schema_version;

/* One column of one row, as it came; len -1: NULL. It lives as long as the arena
 * of its query. */
typedef struct {
    const unsigned char  *data;
    int                   len;
} deals_cell;

/*
 * One execution. Made by the generated deals_q_NAME(arena, params), lives in
 * the call's arena; all parameters are binary.
 */
typedef struct deals_query  deals_query;

struct deals_query {
    unsigned             stmt;          /* index in deals_stmts */
    const char *const   *values;        /* NULL: SQL NULL */
    const int           *lengths;

    /* Fills a zeroed row of row_size; its texts lie in the cells. 0, or -1: out
     * of memory, or bytes that do not fit the type. */
    int                (*decode)(deals_arena *arena, const deals_cell *cells,
                                 void *row);
    size_t               row_size;      /* 0: no rows are expected */

    deals_list           rows;          /* the answer */
    deals_query         *next;
};

#endif /* DEALS_IO_STMT_H */
