/*
 * The same against a real PostgreSQL: what a scripted one might only pretend.
 */

#include "io_server.h"

static deals_ctx     *ctx;
static deals_config   config;
static deals_arena   *arena;
static deals_script  *script;

static void
run(const char *sql)
{
    if (deals_script_run(script, sql) != 0) {
        print_error("%s: %s\n", sql, deals_script_error(script));
        fail();
    }
}

static int64_t
number(const char *sql)
{
    run(sql);
    return strtoll(deals_script_value(script, 0, 0), NULL, 10);
}

/* Until the server says this number. */

static void
until_number(int64_t n, const char *sql)
{
    int64_t  start;

    for (start = deals_mono(); number(sql) != n && ms_since(start) < LONG; ) {
        usleep(20000);
    }

    assert_int_equal(number(sql), n);
}

static int
start_all(void **state)
{
    (void) state;

    return make_postgres();
}

static int
stop_all(void **state)
{
    (void) state;
    stop_server(SIGQUIT);
    remove_dir();

    return 0;
}

static int
set_up(void **state)
{
    const deals_error  *error;

    (void) state;
    arena = deals_arena_new();
    script = deals_script_open(postgres_conninfo(), arena, &error);
    assert_non_null(script);
    run("DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        "CREATE TABLE written (id int8 PRIMARY KEY);"
        "CREATE TABLE late (id int8 UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        "CREATE TABLE star (a int8); INSERT INTO star VALUES (7);"
        "CREATE SEQUENCE tries;"
        "CREATE FUNCTION fail_once(n int8) RETURNS int8 LANGUAGE plpgsql AS $$"
        " BEGIN IF nextval('tries') % 2 = 1 THEN"
        " RAISE EXCEPTION USING ERRCODE = CASE n WHEN 1 THEN '40001'"
        " ELSE '40P01' END; END IF; RETURN n; END $$");

    memset(&config, 0, sizeof(config));
    config.database = postgres_conninfo();
    config.pool_size = 2;
    config.connect_timeout = LONG;
    config.query_timeout = LONG;
    ctx = ctx_new(&config);

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    deals_script_close(script);
    deals_arena_free(arena);

    return 0;
}

static void
again(void)
{
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
}


static void
many_calls_share_two_connections(void **state)
{
    int              i;
    static asking    a[500];
    deals_ctx_stats  stats;

    (void) state;
    memset(a, 0, sizeof(a));

    for (i = 0; i < 500; i++) {
        ask(ctx, &a[i], NUMBER, i, NUMBER, 1000 + i, -1);
    }

    for (i = 0; i < 500; i++) {
        assert_int_equal(answer(&a[i]), DEALS_OK);
        assert_int_equal(a[i].results[0], i);
        assert_int_equal(a[i].results[1], 1000 + i);
    }

    /* The first may have answered all before the second was there. */
    for (i = 0; i < 200; i++) {
        deals_ctx_status(ctx, &stats);

        if (stats.connections == 2) {
            break;
        }

        (void) deals_ctx_poll(ctx, 50);
    }

    assert_int_equal(stats.connections, 2);
    assert_int_equal(stats.reconnects, 0);
    assert_int_equal(stats.calls, 500);
    assert_int_equal(deals_ctx_poll(ctx, -1), 0);
}


static void
results_may_be_large(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, MANY, 20000, NUMBER, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.nrows[0], 20000);
    assert_int_equal(a.results[1], 1);
}


/* Both sides have more to say than the socket takes. */

static void
both_directions_may_be_full(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    config.pool_size = 1;
    again();
    ask(ctx, &a, ECHO, 3000000, ECHO, 3000000, ECHO, 3000000, ECHO, 3000000,
        -1);
    ask(ctx, &b, ECHO, 3000000, ECHO, 3000000, NUMBER, 5, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(answer(&b), DEALS_OK);
    assert_int_equal(a.nrows[3], 1);
    assert_int_equal(b.results[2], 5);
}


/* What TLS has read ahead no poll(2) tells of. */

static void
over_a_network(void **state)
{
    int     i;
    char    text[160];
    asking  a = NEW;

    (void) state;
    config.pool_size = 1;
    config.database = text;

    for (i = 0; i <= postgres_tls; i++) {
        snprintf(text, sizeof(text), "host=localhost port=%d dbname=postgres "
                 "user=deals sslmode=%s", postgres_port,
                 i ? "require" : "disable");
        again();
        ask(ctx, &a, ECHO, 3000000, ECHO, 3000000, MANY, 3000, ECHO, 100000,
            WRITE, 1 + i, WRITE, 10 + i, -1);
        assert_int_equal(answer(&a), DEALS_OK);
        assert_int_equal(a.nrows[2], 3000);
        assert_int_equal(a.results[5], 10 + i);
        assert_int_equal(number("SELECT count(*) FROM pg_stat_ssl s JOIN "
                                "pg_stat_activity a USING (pid) WHERE s.ssl "
                                "AND a.application_name = 'deals'"), i);
    }

    if (!postgres_tls) {
        snprintf(text, sizeof(text), "host=localhost port=%d dbname=postgres "
                 "user=deals sslmode=require", postgres_port);
        again();
        ask(ctx, &a, NUMBER, 1, -1);
        assert_int_equal(answer(&a), DEALS_UNAVAILABLE);
    }

    /* nobody vouches for that certificate */
    snprintf(text, sizeof(text), "host=localhost port=%d dbname=postgres "
             "user=deals sslmode=verify-full sslrootcert=/dev/null",
             postgres_port);
    again();
    ask(ctx, &a, NUMBER, 1, -1);
    assert_int_equal(answer(&a), DEALS_UNAVAILABLE);
}


static void
several_writes_are_all_or_nothing(void **state)
{
    asking  a = { .catch = "23505" };

    (void) state;
    ask(ctx, &a, WRITE, 1, WRITE, 2, NOTHING, 3, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.results[1], 2);
    assert_int_equal(a.nrows[2], 0);
    assert_int_equal(number("SELECT count(*) FROM written"), 3);

    ask(ctx, &a, WRITE, 4, WRITE, 2, WRITE, 5, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "23505");
    assert_int_equal(number("SELECT count(*) FROM written"), 3);

    ask(ctx, &a, WRITE, 4, NUMBER, 9, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "");
    assert_int_equal(number("SELECT count(*) FROM written"), 4);
    assert_int_equal(number("SELECT count(*) FROM pg_stat_activity "
                            "WHERE state LIKE 'idle in%'"), 0);
}


/* The error comes when it is committed: at COMMIT, or at the Sync. */

static void
a_commit_may_fail(void **state)
{
    asking  a = { .catch = "23505" };

    (void) state;
    ask(ctx, &a, LATE, 1, LATE, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "23505");
    assert_int_equal(number("SELECT count(*) FROM late"), 0);

    ask(ctx, &a, LATE, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "");

    ask(ctx, &a, LATE, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "23505");
    assert_int_equal(number("SELECT count(*) FROM late"), 1);
}


static void
conflicts_are_tried_again(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, FAIL_ONCE, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.results[0], 1);
    ask(ctx, &a, WRITE_ONCE, 2, WRITE, 8, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(number("SELECT count(*) FROM written"), 2);
    assert_int_equal(number("SELECT last_value FROM tries"), 4);
}


static void
a_defect_is_logged_and_harms_nobody(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    config.pool_size = 1;
    again();
    ask(ctx, &a, FAIL, 0, -1);
    ask(ctx, &b, NUMBER, 4, -1);
    assert_int_equal(answer(&a), DEALS_INTERNAL);
    assert_int_equal(answer(&b), DEALS_OK);
    assert_int_equal(times_logged("FAIL: division by zero (SQLSTATE 22012)"),
                     1);
}


static void
a_table_that_is_missing_is_a_matter_of_schema(void **state)
{
    asking  a = NEW;

    (void) state;
    run("DROP TABLE star");
    ask(ctx, &a, STAR, 1, -1);
    assert_int_equal(answer(&a), DEALS_SCHEMA);
    ask(ctx, &a, NUMBER, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
}


static void
a_changed_table_is_prepared_for_again(void **state)
{
    asking  a = NEW;

    (void) state;
    config.pool_size = 1;
    again();
    ask(ctx, &a, STAR, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    run("ALTER TABLE star RENAME COLUMN a TO b");
    ask(ctx, &a, STAR, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.results[0], 7);

    /* other types are a defect, not a crash */
    run("ALTER TABLE star ALTER COLUMN b TYPE int4");
    ask(ctx, &a, STAR, 1, -1);
    assert_int_equal(answer(&a), DEALS_INTERNAL);
    run("ALTER TABLE star ADD COLUMN c int4");
    ask(ctx, &a, STAR, 1, -1);
    assert_int_equal(answer(&a), DEALS_INTERNAL);
    assert_int_equal(times_logged("columns expected"), 1);
}


/* For those who have little patience. */

static void
until_answered(void)
{
    asking   a = NEW;
    int64_t  start = deals_mono();

    do {
        assert_true(ms_since(start) < LONG);
        ask(ctx, &a, NUMBER, 1, -1);
    } while (answer(&a) != DEALS_OK);
}

static void
the_server_keeps_the_deadline_too(void **state)
{
    asking  a = NEW;

    (void) state;
    config.query_timeout = 100;
    config.pool_size = 1;
    again();
    until_answered();
    ask(ctx, &a, NAP, 1, -1);
    assert_int_equal(answer(&a), DEALS_TIMEOUT);
    until_answered();
    until_number(0, "SELECT count(*) FROM pg_stat_activity WHERE "
                 "state = 'active' AND pid <> pg_backend_pid() "
                 "AND query LIKE '%pg_sleep(6%'");
}


/* While a slow statement takes its time (the test holds the lock that it waits
 * for), pages are answered; so they are when there is no place for more slow
 * ones, and after the connection of one was lost. */

static void
slow_statements_delay_nobody(void **state)
{
    int     i;
    asking  slow[4], b = NEW, more = NEW;

    (void) state;
    memset(slow, 0, sizeof(slow));
    config.pool_size = 1;
    config.queue_size = 3;
    again();
    run("SELECT pg_advisory_lock(7)");

    ask(ctx, &slow[0], NUMBER, 1, SLOW, 0, -1);

    for (i = 0; number("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0;
         i++)
    {
        assert_true(i < 1000);
        (void) deals_ctx_poll(ctx, 10);
    }

    for (i = 1; i < 4; i++) {
        ask(ctx, &slow[i], SLOW, i, -1);
        ask(ctx, &b, NUMBER, i, -1);
        assert_int_equal(answer(&b), DEALS_OK);
    }

    ask(ctx, &more, SLOW, 9, -1);
    assert_int_equal(answer(&more), DEALS_UNAVAILABLE);
    ask(ctx, &b, NUMBER, 1, NUMBER, 2, -1);
    assert_int_equal(answer(&b), DEALS_OK);

    run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted");
    ask(ctx, &b, NUMBER, 1, -1);
    assert_int_equal(answer(&b), DEALS_OK);

    for (i = 0; i < 4; i++) {
        assert_int_equal(slow[i].done, 0);
    }

    run("SELECT pg_advisory_unlock(7)");

    for (i = 0; i < 4; i++) {
        assert_int_equal(answer(&slow[i]), DEALS_OK);
        assert_int_equal(slow[i].results[i == 0], i);
    }

    until_number(2, "SELECT count(*) FROM pg_stat_activity WHERE "
                 "application_name = 'deals' AND "
                 "backend_type = 'client backend' AND pid <> pg_backend_pid()");
}


static void
without_prepare_it_is_the_same(void **state)
{
    asking  a = { .catch = "23505" };

    (void) state;
    config.no_prepare = 1;
    again();
    ask(ctx, &a, NUMBER, 1, MANY, 10, WRITE, 1, WRITE, 2, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.nrows[1], 10);
    ask(ctx, &a, WRITE, 3, WRITE, 2, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    assert_string_equal(a.caught, "23505");
    assert_int_equal(number("SELECT count(*) FROM written"), 2);
}


/* --- when it goes away --------------------------------------------------- */

static void
a_backend_may_be_ended(void **state)
{
    asking  a = NEW, w = NEW;

    (void) state;
    config.pool_size = 1;
    again();
    ask(ctx, &a, NUMBER, 1, -1);
    assert_int_equal(answer(&a), DEALS_OK);
    usleep(1100000);        /* a connection that stays is believed */

    ask(ctx, &a, SLEEP, 3, -1);
    (void) deals_ctx_poll(ctx, 0);
    (void) deals_ctx_poll(ctx, 20);
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
        "application_name = 'deals' AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND query LIKE '%pg_sleep(0%'");
    assert_int_equal(answer(&a), DEALS_OK);
    assert_int_equal(a.results[0], 3);

    /* while nobody looks */
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
        "application_name = 'deals' AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'");
    until_number(0, "SELECT count(*) FROM pg_stat_activity WHERE "
                 "application_name = 'deals' AND pid <> pg_backend_pid() "
                 "AND backend_type = 'client backend'");
    ask(ctx, &w, WRITE, 1, -1);
    assert_int_equal(answer(&w), DEALS_OK);
    assert_int_equal(number("SELECT count(*) FROM written"), 1);
}


static void
restart(int sig)
{
    deals_script_close(script);
    script = NULL;
    stop_server(sig);
    start_postgres();
    script = deals_script_open(postgres_conninfo(), arena,
                               &(const deals_error *) { NULL });
    assert_non_null(script);
}


static void
a_restart_is_survived(void **state)
{
    int              i, round, sigs[] = { SIGINT, SIGQUIT };
    asking           a[20];
    int64_t          start;
    deals_ctx_stats  stats;

    (void) state;

    for (round = 0; round < 2; round++) {
        memset(a, 0, sizeof(a));

        for (i = 0; i < 20; i++) {
            ask(ctx, &a[i], NUMBER, i, -1);
            assert_int_equal(answer(&a[i]), DEALS_OK);
        }

        restart(sigs[round]);
        start = deals_mono();

        do {
            (void) deals_ctx_poll(ctx, 20);
            deals_ctx_status(ctx, &stats);
        } while (!stats.database_up && ms_since(start) < LONG);

        for (i = 0; i < 20; i++) {
            ask(ctx, &a[i], NUMBER, i, -1);
            assert_int_equal(answer(&a[i]), DEALS_OK);
        }
    }
}


static void
every_call_ends_when_the_server_dies(void **state)
{
    int     i;
    asking  a[40];

    (void) state;
    memset(a, 0, sizeof(a));

    for (i = 0; i < 40; i++) {
        ask(ctx, &a[i], SLEEP, i, -1);
    }

    for (i = 0; i < 20; i++) {
        (void) deals_ctx_poll(ctx, 20);
    }

    deals_script_close(script);
    script = NULL;
    stop_server(SIGQUIT);

    for (i = 0; i < 40; i++) {
        (void) deals_call_wait(a[i].call, LONG);
        assert_int_equal(a[i].done, 1);
        assert_true(a[i].code == DEALS_OK || a[i].code == DEALS_UNAVAILABLE);
        forget(&a[i]);
    }

    start_postgres();
}


static void
a_wrong_database_is_unavailable(void **state)
{
    asking  a = NEW;
    char    text[200];

    (void) state;
    snprintf(text, sizeof(text), "host=%s port=%d user=deals dbname=nowhere",
             server_dir, postgres_port);
    config.database = text;
    again();
    ask(ctx, &a, NUMBER, 1, -1);
    assert_int_equal(answer(&a), DEALS_UNAVAILABLE);
    assert_int_equal(times_logged("\"nowhere\" does not exist"), 1);
}


/* --- scripts ------------------------------------------------------------- */

static int
sum(void *arg, const char *const *values, int ncols)
{
    assert_int_equal(ncols, 2);
    assert_null(values[1]);
    *(int64_t *) arg += strtoll(values[0], NULL, 10);

    return *(int64_t *) arg > 1000000;
}

static void
scripts_run_commands(void **state)
{
    int64_t             total;
    deals_script       *other;
    const deals_error  *error;
    const char *const   params[] = { "41", NULL };

    (void) state;
    run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)");
    assert_int_equal(deals_script_affected(script), 3);
    run("SELECT a, NULL FROM t ORDER BY a");
    assert_int_equal(deals_script_nrows(script), 3);
    assert_int_equal(deals_script_ncols(script), 2);
    assert_string_equal(deals_script_value(script, 2, 0), "3");
    assert_null(deals_script_value(script, 2, 1));
    assert_null(deals_script_value(script, 3, 0));
    assert_null(deals_script_value(script, 0, -1));

    assert_int_equal(deals_script_query(script, "SELECT $1::int + 1, $2::int",
                                        2, params), 0);
    assert_string_equal(deals_script_value(script, 0, 0), "42");
    assert_null(deals_script_value(script, 0, 1));

    assert_int_equal(deals_script_run(script, "SELECT * FROM nothing"), -1);
    assert_string_equal(deals_script_sqlstate(script), "42P01");
    assert_non_null(strstr(deals_script_error(script), "nothing"));
    assert_int_equal(deals_script_nrows(script), 0);

    total = 0;
    assert_int_equal(deals_script_each(script, "SELECT g, NULL FROM "
                                       "generate_series(1, 1000) g", 0, NULL,
                                       sum, &total), 0);
    assert_int_equal(total, 500500);
    assert_int_equal(deals_script_each(script, "SELECT g, NULL FROM "
                                       "generate_series(1, 100000) g", 0,
                                       NULL, sum, &total), -2);
    assert_int_equal(deals_script_each(script, "SELECT g, 1 / (g - 5) FROM "
                                       "generate_series(5, 5) g", 0, NULL, sum,
                                       &total), -1);
    assert_string_equal(deals_script_sqlstate(script), "22012");
    run("SELECT 1");

    other = deals_script_open("host=/nowhere dbname=x", arena, &error);
    assert_null(other);
    assert_int_equal(error->code, DEALS_UNAVAILABLE);
    other = deals_script_open("what", arena, &error);
    assert_null(other);
    assert_int_equal(error->code, DEALS_INVALID);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(many_calls_share_two_connections),
        TEST(results_may_be_large),
        TEST(both_directions_may_be_full),
        TEST(over_a_network),
        TEST(several_writes_are_all_or_nothing),
        TEST(a_commit_may_fail),
        TEST(conflicts_are_tried_again),
        TEST(a_defect_is_logged_and_harms_nobody),
        TEST(a_table_that_is_missing_is_a_matter_of_schema),
        TEST(a_changed_table_is_prepared_for_again),
        TEST(the_server_keeps_the_deadline_too),
        TEST(slow_statements_delay_nobody),
        TEST(without_prepare_it_is_the_same),
        TEST(a_backend_may_be_ended),
        TEST(a_restart_is_survived),
        TEST(every_call_ends_when_the_server_dies),
        TEST(a_wrong_database_is_unavailable),
        TEST(scripts_run_commands),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (access("/usr/lib/postgresql", X_OK) != 0) {
        printf("1..0 # SKIP PostgreSQL is not installed\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_postgres", tests, start_all,
                                       stop_all);
}
