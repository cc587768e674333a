/*
 * calls_no_memory_setup.c - memory runs out before there are calls: while a
 * configuration is read, a context made, a schema brought up to date, an input
 * taken apart.
 */

#include <openssl/err.h>

#include "calls_no_memory.h"

static const deals_error  no_memory = { DEALS_NO_MEMORY, { NULL, 0 },
                                        DEALS_STR("no memory"), NULL, 0 };

/* 0, or why not, as an outcome. */
static int
outcome(int rc, const deals_error *error)
{
    if (rc == 0) {
        return WORKED;
    }

    if (error == NULL || error->message.len == 0) {
        return WRONG;
    }

    if (error->code != DEALS_NO_MEMORY) {
        print_error("error %d: %.*s\n", (int) error->code,
                    (int) error->message.len, error->message.data);
    }

    return error->code == DEALS_NO_MEMORY ? NO_MEMORY : WRONG;
}

/* The work, with an arena of its own. */
#define WITH_ARENA(name, body)                                                \
    static int                                                                \
    name(void)                                                                \
    {                                                                         \
        int                 rc = -1;                                          \
        deals_arena        *a = deals_arena_new();                            \
        const deals_error  *error = NULL;                                     \
                                                                              \
        if (a == NULL) {                                                      \
            return NO_MEMORY;                                                 \
        }                                                                     \
        body;                                                                 \
        rc = outcome(rc, error);                                              \
        deals_arena_free(a);                                                  \
                                                                              \
        return rc;                                                            \
    }


/* -- contexts ------------------------------------------------------------- */

static deals_config
config_of(void)
{
    deals_config  config = { 0 };

    config.database = "postgresql://kim:pw@127.0.0.1,[::1]/d?application_name=x";
    config.redis = "redis://:secret@127.0.0.1:1/3";

    return config;
}

WITH_ARENA(config_check, {
    deals_config  config = config_of();

    error = deals_config_check(&config, a);
    rc = error != NULL ? -1 : 0;
})

WITH_ARENA(config_resolve, {
    deals_config  config = config_of();

    error = deals_config_resolve(&config, a);
    rc = error != NULL ? -1 : 0;
})

/* There is nothing to read. What OpenSSL does with files, and what it keeps for
 * itself then, is io_tls_memory.c's. */
WITH_ARENA(tls_new, {
    deals_config  config = config_of();

    assert_null(deals_tls_new(&config, a, &error));
    rc = error != NULL ? -1 : 0;
})

/* Says no more than that there is none. */
static int
config_name(void)
{
    int            rc;
    deals_config   config = config_of();
    deals_arena   *a = deals_arena_new();
    const char    *name = a != NULL ? deals_config_name(&config, a) : NULL;

    rc = name == NULL ? NO_MEMORY
         : strncmp(name, "d@127.0.0.1", 11) == 0 ? WORKED : WRONG;
    deals_arena_free(a);

    return rc;
}

static deals_ctx *
ctx_of(deals_arena *a, const deals_error **error)
{
    deals_hooks   hooks = { 0 };
    deals_config  config = { 0 };

    hooks.log = quiet;
    config.database = server_database;
    config.redis = server_redis;

    return deals_ctx_new(&config, &hooks, a, error);
}

WITH_ARENA(ctx_new, {
    deals_ctx  *c = ctx_of(a, &error);

    rc = c == NULL ? -1 : 0;
    deals_ctx_free(c);
})

WITH_ARENA(ctx_node, {
    int         i;
    deals_ctx  *c = ctx_of(a, &error);

    if (c != NULL) {
        rc = deals_ctx_node(c, 7, 1);
        if (rc != 0) {
            error = &no_memory;
        }

        /* it subscribes, or tries to */
        for (i = 0; i < 5; i++) {
            (void) deals_ctx_poll(c, 1);
        }
        deals_ctx_free(c);
    }
})


/* -- breached passwords ---------------------------------------------------- */

static char             breached_path[200];
static deals_breached  *breached;       /* "correct horse" is in it */

static void
make_breached(void)
{
    FILE               *f;
    const deals_error  *error;

    snprintf(breached_path, sizeof(breached_path), "%s/breached", server_dir);
    f = fopen(breached_path, "w");
    assert_non_null(f);
    fputs("2F9E53523B62ABC141A2B4D6019D23CBA835DBD0:3\n", f);
    assert_int_equal(fclose(f), 0);
    breached = deals_breached_open(breached_path, arena, &error);
    assert_non_null(breached);

    /* where OpenSSL keeps a thread's errors, for as long as it lives */
    ERR_clear_error();
}

WITH_ARENA(breached_open, {
    deals_breached  *set = deals_breached_open(breached_path, a, &error);

    rc = set == NULL ? -1 : 0;
    deals_breached_close(set);
})

/* What can't be said is neither yes nor no. */
static int
breached_has(void)
{
    int  has = deals_breached_has(breached, S("correct horse"));
    int  not = deals_breached_has(breached, S("correct horses"));

    return has == 0 || not == 1 ? WRONG
           : has == 1 && not == 0 ? WORKED : NO_MEMORY;
}


/* -- the schema ----------------------------------------------------------- */

static char  fresh[160];

static int
migrate_to(const char *database, int memory, int *to)
{
    int                    rc;
    deals_arena           *a = deals_arena_new();
    const deals_error     *error = NULL;
    deals_migrate_params   params = { 0 };
    deals_migrate_result   result = { 0 };

    if (a == NULL) {
        return NO_MEMORY;
    }

    params.database = database;
    rc = deals_migrate(&params, a, &result, &error);
    *to = result.to;

    /* libpq may not have had any, and says so */
    if (rc != 0 && !memory && error->code == DEALS_UNAVAILABLE
        && error->message.len > 0)
    {
        rc = NO_MEMORY;

    } else {
        rc = outcome(rc, error);
    }

    deals_arena_free(a);

    return rc;
}

static int
migrate(void)
{
    int  to;

    return migrate_to(server_database, 0, &to);
}

static void
wipe(void)
{
    deals_arena         *a = deals_arena_new();
    deals_script        *other;
    const deals_error   *error = NULL;

    other = deals_script_open(fresh, a, &error);
    assert_non_null(other);
    assert_int_equal(deals_script_run(other, "DROP SCHEMA public CASCADE;"
                                             " CREATE SCHEMA public"), 0);
    deals_script_close(other);
    deals_arena_free(a);
}

/* From nothing. What was begun is ended by whoever comes next. */
static int
migrate_fresh(void)
{
    int  rc, again, to, whole;

    rc = migrate_to(fresh, 0, &to);
    fail_at = 0;
    again = migrate_to(fresh, 1, &whole);

    if (again != WORKED || (rc == WORKED && to != whole)) {
        rc = WRONG;
    }

    wipe();

    return rc;
}


/* -- inputs --------------------------------------------------------------- */

WITH_ARENA(input_json, {
    deals_deal_input  in;
    deals_str         body = S("{\"title\":\"A \\u00fc title\",\"tags\":[\"a\","
        "\"b\"],\"price\":{\"amount\":1999,\"currency\":\"USD\"},"
        "\"starts_at\":\"2026-01-31T12:00:00Z\"}");

    rc = deals_input_json(&deals_deal_input_shape, body, &in, NULL, a, &error);
    assert_true(rc != 0 || (in.tags.len == 2 && in.price->amount == 1999));
})

WITH_ARENA(input_form, {
    deals_deal_input  in;

    rc = deals_input_form(&deals_deal_input_shape,
                          S("title=A+%C3%BC&tags=a,b&price=19.99&url=&currency="
                            "EUR&merchant=M"), &in, NULL, a, &error);
    assert_true(rc != 0 || (in.tags.len == 2 && in.price->amount == 1999));
})

WITH_ARENA(input_query, {
    deals_deal_input  in;

    rc = deals_input_query(&deals_deal_input_shape, S("x=1&title=T&tags=a"),
                           &in, NULL, a, &error);
    assert_true(rc != 0 || in.tags.len == 1);
})

/* Each bad field is told, or that memory ran out. */
WITH_ARENA(input_check, {
    int                 n = 0;
    const deals_error  *e;
    deals_deal_input    in = { 0 };
    deals_error        *own = deals_arena_alloc(a, sizeof(*own));

    if (own == NULL) {
        error = &no_memory;

    } else {
        own->code = DEALS_INVALID;
        own->field = S("tags");
        own->message = S("bad");
        error = own;
        in.title = S("x");
        in.url = S("ftp://x");
        deals_deal_input_check(&in, 3, a, &error);
        for (e = error; e != NULL; e = e->next) {
            n++;
        }
        rc = n == 3 ? 0 : -1;
    }
})

WITH_ARENA(import_read, {
    const deals_error    *changes = NULL;
    deals_import_record   r;

    rc = deals_import_read(a, S("{\"source\":\"s\",\"source_id\":\"1\","
             "\"title\":\" A  title \",\"url\":\"https://www.example.com/\","
             "\"description\":\"*x*\",\"tags\":[\"a\"],\"price\":{\"amount\":1,"
             "\"currency\":\"USD\"},\"created_at\":\"2025-01-31T12:00:00Z\"}"),
             time(NULL), &r, &changes, &error);
    assert_true(rc != 0 || (r.html.len > 0 && r.merchant.len > 0));
})


static const deed  deeds[] = {
    DEED(deals_config_check, config_check),
    DEED(deals_config_resolve, config_resolve),
    DEED(deals_tls_new, tls_new),
    DEED(deals_config_name, config_name),
    DEED(deals_ctx_new, ctx_new),
    DEED(deals_ctx_node, ctx_node),
    DEED(deals_breached_open, breached_open),
    DEED(deals_breached_has, breached_has),
    LONG_DEED(deals_migrate, migrate, 20),
    LONG_DEED(deals_migrate, migrate_fresh, 2),
    DEED(deals_input_json, input_json),
    DEED(deals_input_form, input_form),
    DEED(deals_input_query, input_query),
    DEED(deals_deal_input_check, input_check),
    DEED(deals_import_read, import_read),
};

/* The system loads what it knows of users from, when the first place does not
 * answer. */
static int
begin(void **state)
{
    (void) getpwuid(54321);

    if (dry_begin(state) != 0) {
        return -1;
    }

    snprintf(fresh, sizeof(fresh), "host=%s user=deals dbname=fresh",
             server_dir);
    sql("CREATE DATABASE fresh");
    make_breached();

    return 0;
}

static int
finish(void **state)
{
    deals_breached_close(breached);
    (void) unlink(breached_path);

    return dry_end(state);
}

NO_MEMORY_RUN("calls_no_memory_setup", deeds, deed_test, begin, finish)
