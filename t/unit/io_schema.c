/*
 * A database whose schema is not ours.
 */

#define SCHEMA_VERSION  6

#include "io_fake.h"

static fake       *srv;
static deals_ctx  *ctx;

static int
set_up(void **state)
{
    char          database[128];
    deals_config  config;

    (void) state;
    srv = fake_new();
    srv->version = 6;
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 1;
    ctx = ctx_new(&config);

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    fake_free(srv);

    return 0;
}

static void
expect(deals_code code, const char *words)
{
    asking     a = NEW;
    deals_str  message;

    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, code);

    if (words != NULL) {
        message = deals_call_error(a.call)->message;
        assert_non_null(memmem(message.data, message.len, words,
                               strlen(words)));
    }

    forget(&a);
}


static void
ours_is_taken(void **state)
{
    (void) state;
    expect(DEALS_OK, NULL);
}


static void
a_missing_one_is_told_at_once(void **state)
{
    int64_t  start;

    (void) state;
    srv->no_schema = 1;
    start = deals_mono();
    expect(DEALS_SCHEMA, "deals migrate");
    expect(DEALS_SCHEMA, "deals migrate");
    assert_true(ms_since(start) < 900);
    assert_int_equal(times_logged("no schema yet"), 1);
    assert_string_equal(srv->log, "");

    /* migrated meanwhile */
    srv->no_schema = 0;
    spin_for(ctx, srv, 2000);
    expect(DEALS_OK, NULL);
}


static void
one_that_may_not_be_read_needs_a_grant(void **state)
{
    (void) state;
    srv->no_right = 1;
    expect(DEALS_SCHEMA, "--role");
    assert_int_equal(times_logged("may not read it"), 1);

    /* granted meanwhile */
    srv->no_right = 0;
    spin_for(ctx, srv, 2000);
    expect(DEALS_OK, NULL);
}


static void
an_older_one_waits_for_its_migration(void **state)
{
    (void) state;
    srv->version = 5;
    expect(DEALS_SCHEMA, "deals migrate");
    assert_int_equal(times_logged("version 5, this program needs 6"), 1);
}


static void
a_newer_one_needs_a_newer_program(void **state)
{
    (void) state;
    srv->version = 7;
    expect(DEALS_SCHEMA, "newer than this program");
}


/* Old and new workers overlap during an upgrade. */

static void
who_was_there_before_goes_on(void **state)
{
    (void) state;
    expect(DEALS_OK, NULL);
    srv->version = 7;
    fake_hang_up(&srv->conns[0]);
    spin_for(ctx, srv, 300);
    expect(DEALS_OK, NULL);
    assert_int_equal(times_logged("version 7, this program needs 6"), 1);
}


static void
an_answer_that_does_not_come_is_not_waited_for(void **state)
{
    asking        a = NEW;
    char          database[128];
    deals_config  config;

    (void) state;
    deals_ctx_free(ctx);
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.connect_timeout = 100;
    ctx = ctx_new(&config);

    srv->hang_version = 1;
    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_UNAVAILABLE);
    forget(&a);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(ours_is_taken),
        TEST(a_missing_one_is_told_at_once),
        TEST(one_that_may_not_be_read_needs_a_grant),
        TEST(an_older_one_waits_for_its_migration),
        TEST(a_newer_one_needs_a_newer_program),
        TEST(who_was_there_before_goes_on),
        TEST(an_answer_that_does_not_come_is_not_waited_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_schema", tests, NULL, NULL);
}
