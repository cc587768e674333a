/*
 * io_check.h - what the tests of io/ share: a table of statements of their own
 * (the linker takes it instead of the generated one), calls that ask for them,
 * a log that can be searched, and time.
 */

#ifndef IO_CHECK_H
#define IO_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/call.h"
#include "io/timer.h"

#define unused  __attribute__((unused))

/* valgrind and sanitizers take their time */
#define LONG    20000


/* --- statements ---------------------------------------------------------- */

enum {
    NUMBER, WRITE, MANY, SLEEP, FAIL, FAIL_ONCE, WRITE_ONCE, LATE, STAR, PID,
    NOTHING, ECHO, BATCH, SLOW, NAP, NSTMTS
};

static const uint32_t  int8_oid[] = { 20, 20 };
static const uint32_t  int8_text[] = { 20, 25 };
static const uint32_t  text_oid[] = { 25 };

#define STMT(name, sql, ncols, write)                                         \
    [name] = { #name, sql, 1, int8_oid, ncols, int8_text, write, 0 }

const deals_stmt  deals_stmts[] = {
    STMT(NUMBER, "SELECT $1::int8 /* number */", 1, 0),
    STMT(WRITE, "INSERT INTO written VALUES ($1) RETURNING id", 1, 1),
    STMT(MANY, "SELECT g, repeat('x', 1000) FROM generate_series(1, $1) g",
         2, 0),
    STMT(SLEEP, "SELECT $1::int8 FROM pg_sleep(0.3)", 1, 0),
    STMT(NAP, "SELECT $1::int8 FROM pg_sleep(60)", 1, 0),
    STMT(FAIL, "SELECT 1 / $1::int8", 1, 0),
    STMT(FAIL_ONCE, "SELECT fail_once($1)", 1, 0),
    STMT(WRITE_ONCE, "INSERT INTO written VALUES (fail_once($1)) RETURNING id",
         1, 1),
    STMT(LATE, "INSERT INTO late VALUES ($1) RETURNING id", 1, 1),
    STMT(STAR, "SELECT * FROM star WHERE $1 > 0", 1, 0),
    STMT(PID, "SELECT pg_backend_pid()::int8 + $1", 1, 0),
    STMT(NOTHING, "INSERT INTO written VALUES ($1)", 0, 1),
    STMT(BATCH, "INSERT INTO batch VALUES ($1) RETURNING id", 1, 1),
    [ECHO] = { "ECHO", "SELECT 1::int8, $1", 1, text_oid, 2, int8_text, 0, 0 },
    [SLOW] = { "SLOW", "SELECT $1::int8 FROM pg_advisory_xact_lock(7)",
               1, int8_oid, 1, int8_text, 0, 1 },
};

const size_t  deals_nstmts = NSTMTS;

#ifndef SCHEMA_VERSION
#define SCHEMA_VERSION  0
#endif

const int  deals_schema_version = SCHEMA_VERSION;

typedef struct {
    int64_t    n;
    deals_str  text;
} test_row;

static int
decode_number(deals_arena *arena, const deals_cell *cells, void *row)
{
    int        i;
    uint64_t   n;
    test_row  *r = row;

    (void) arena;

    if (cells[0].len != 8) {
        return -1;
    }

    for (n = 0, i = 0; i < 8; i++) {
        n = n << 8 | cells[0].data[i];
    }

    r->n = (int64_t) n;

    return 0;
}

static int
decode_many(deals_arena *arena, const deals_cell *cells, void *row)
{
    test_row  *r = row;

    r->text = deals_arena_copy(arena, (deals_str) { (const char *)
                                                    cells[1].data,
                                                    (size_t) cells[1].len });

    return r->text.data == NULL ? -1 : decode_number(arena, cells, row);
}

unused static deals_query *
query_new(deals_arena *arena, unsigned stmt, int64_t n)
{
    int           i, *lengths;
    char         *value, **values;
    deals_query  *query;

    query = deals_arena_alloc(arena, sizeof(*query));
    values = deals_arena_alloc(arena, sizeof(*values));
    lengths = deals_arena_alloc(arena, sizeof(*lengths));
    value = deals_arena_alloc(arena, 8);

    if (query == NULL || values == NULL || lengths == NULL || value == NULL) {
        return NULL;            /* as generated code does */
    }

    for (i = 7; i >= 0; i--) {
        value[i] = (char) (n & 0xff);
        n >>= 8;
    }

    lengths[0] = 8;
    values[0] = value;
    query->stmt = stmt;
    query->values = (const char *const *) values;
    query->lengths = lengths;
    query->decode = stmt == MANY ? decode_many : decode_number;
    query->row_size = stmt == NOTHING ? 0 : sizeof(test_row);

    return query;
}

/* For ECHO: n bytes. */

unused static deals_query *
query_text(deals_arena *arena, size_t n)
{
    int          *lengths;
    char         *value, **values;
    deals_query  *query;

    query = query_new(arena, ECHO, 0);
    values = deals_arena_alloc(arena, sizeof(*values));
    lengths = deals_arena_alloc(arena, sizeof(*lengths));
    value = deals_arena_alloc(arena, n);
    memset(value, 'e', n);
    values[0] = value;
    lengths[0] = (int) n;
    query->values = (const char *const *) values;
    query->lengths = lengths;
    query->decode = decode_many;

    return query;
}


/* --- calls --------------------------------------------------------------- */

#define MAX_ASKED  8

/* One call of a test: what it asks, and what became of it. */
typedef struct {
    deals_call   *call;
    int           n;
    unsigned      stmts[MAX_ASKED];
    int64_t       args[MAX_ASKED];
    const char   *catch;
    deals_query  *queries[MAX_ASKED];

    int           steps;
    int           done;             /* how often it was called back */
    deals_code    code;
    char          caught[6];
    int64_t       results[MAX_ASKED];
    size_t        nrows[MAX_ASKED];
} asking;

static void
asking_end(deals_call *call)
{
    int         i;
    deals_list  rows;
    asking     *a = *(asking **) deals_call_state(call);

    a->steps++;

    if (deals_call_sqlstate(call) != NULL) {
        snprintf(a->caught, sizeof(a->caught), "%s", deals_call_sqlstate(call));
    }

    for (i = 0; i < a->n; i++) {
        rows = a->queries[i]->rows;
        a->nrows[i] = rows.len;
        a->results[i] = rows.len > 0 ? ((test_row *) rows.items)[0].n : -1;
    }

    deals_call_finish(call, NULL);
}

static void  (*before_send)(void);

static void
asking_begin(deals_call *call)
{
    int      i;
    asking  *a = *(asking **) deals_call_state(call);

    for (i = 0; i < a->n; i++) {
        a->queries[i] = a->stmts[i] == ECHO
                        ? query_text(deals_call_arena(call),
                                     (size_t) a->args[i])
                        : query_new(deals_call_arena(call), a->stmts[i],
                                    a->args[i]);
        deals_call_query(call, a->queries[i]);
    }

    if (a->catch != NULL) {
        deals_call_catch(call, a->catch);
    }

    if (before_send != NULL) {
        before_send();
    }

    deals_call_send(call, asking_end);
}

static void
asking_done(deals_call *call, void *data)
{
    asking  *a = data;

    a->done++;
    a->code = deals_call_error(call) != NULL ? deals_call_error(call)->code
                                             : DEALS_OK;
}

/* ask(ctx, &a, NUMBER, 1, WRITE, 2, -1): the statements and their arguments. */

unused static void
ask(deals_ctx *ctx, asking *a, ...)
{
    int          stmt;
    va_list      list;
    const char  *catch;

    catch = a->catch;
    memset(a, 0, sizeof(*a));
    a->catch = catch;

    va_start(list, a);

    while ((stmt = va_arg(list, int)) != -1) {
        a->stmts[a->n] = (unsigned) stmt;
        a->args[a->n++] = va_arg(list, int);
    }

    va_end(list);

    a->call = deals_call_new(ctx, sizeof(asking *), asking_done, a);
    assert_non_null(a->call);
    *(asking **) deals_call_state(a->call) = a;
    deals_call_start(a->call, asking_begin);
    assert_int_equal(a->done, 0);
}

#define NEW  { .catch = NULL }

unused static void
forget(asking *a)
{
    deals_call_free(a->call);
    a->call = NULL;
}

/* Waits in the own loop; frees the call. */

unused static deals_code
answer(asking *a)
{
    deals_call_wait(a->call, LONG);
    assert_int_equal(a->done, 1);
    forget(a);

    return a->code;
}


/* --- contexts ------------------------------------------------------------ */

static char  logged[65536];

static void
keep_log(void *host, deals_log_level level, deals_str line)
{
    size_t  n;

    (void) host;

    n = strlen(logged);

    if (level <= DEALS_LOG_INFO && n + line.len + 2 < sizeof(logged)) {
        memcpy(logged + n, line.data, line.len);
        memcpy(logged + n + line.len, "\n", 2);
    }

    if (getenv("IO_CHECK_VERBOSE") != NULL) {
        fprintf(stderr, "# %d %.*s\n", level, (int) line.len, line.data);
    }
}

unused static int
times_logged(const char *text)
{
    int          n;
    const char  *p;

    for (n = 0, p = logged; (p = strstr(p, text)) != NULL; p++) {
        n++;
    }

    return n;
}

static deals_hooks  test_hooks = { .log = keep_log };

unused static deals_ctx *
ctx_new(const deals_config *config)
{
    deals_ctx          *ctx;
    deals_arena        *arena;
    const deals_error  *error;

    arena = deals_arena_new();
    ctx = deals_ctx_new(config, &test_hooks, arena, &error);

    if (ctx == NULL) {
        print_error("%.*s\n", (int) error->message.len, error->message.data);
    }

    deals_arena_free(arena);
    assert_non_null(ctx);
    logged[0] = '\0';

    return ctx;
}

unused static int64_t
ms_since(int64_t start)
{
    return (deals_mono() - start) / 1000;
}

/* Until it has come to an end, however slow the other side is. */

unused static void
wait_for(deals_ctx *ctx, const deals_call *call)
{
    int64_t  start;

    for (start = deals_mono(); !deals_call_is_done(call); ) {
        (void) deals_ctx_poll(ctx, 10);
        assert_true(ms_since(start) < LONG);
    }
}

#endif /* IO_CHECK_H */
