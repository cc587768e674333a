/*
 * What writes change is told: to the host at once, to other nodes through Redis.
 */

#include "io_server.h"
#include "io/changes.h"
#include "steady_clock.h"

static deals_ctx     *ctx, *other;
static deals_config   config;
static char           address[128];
static char           told[4000];       /* "what:id " ... of any context */
static int            heard, all;

static void
changed(void *host, unsigned what, int64_t deal_id)
{
    size_t  n;

    (void) host;

    if (what == DEALS_CHANGE_HEARD) {
        heard++;
        return;
    }

    if (what == DEALS_CHANGE_ALL) {
        all++;
    }

    n = strlen(told);
    snprintf(told + n, sizeof(told) - n, "%u:%lld ", what,
             (long long) deal_id);
}

static int
set_up(void **state)
{
    (void) state;
    make_dir();

    if (start_redis(NULL, 0) != 0) {
        return -1;
    }

    snprintf(address, sizeof(address), "unix:%s", redis_socket());
    memset(&config, 0, sizeof(config));
    config.database = "host=/nowhere dbname=shop";
    config.redis = address;
    test_hooks.changed = changed;
    ctx = ctx_new(&config);
    other = ctx_new(&config);
    told[0] = '\0';
    heard = 0;
    all = 0;

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    deals_ctx_free(other);
    stop_server(SIGKILL);
    remove_dir();

    return 0;
}

static void
spin(int ms)
{
    int64_t  start;

    for (start = deals_mono(); ms_since(start) < ms; ) {
        (void) deals_ctx_poll(ctx, 2);
        (void) deals_ctx_poll(other, 2);
    }
}

static void
until(const int *n, int least)
{
    int64_t  start;

    for (start = deals_mono(); *n < least; ) {
        spin(5);
        assert_true(ms_since(start) < LONG);
    }
}

/* Until this was told, of whoever; and nothing else. */

static void
until_told(const char *what)
{
    int64_t  start;

    for (start = deals_mono(); strlen(told) < strlen(what)
                               && ms_since(start) < LONG; )
    {
        spin(5);
    }

    assert_string_equal(told, what);
}

/* Until this is among what was told. */

static void
until_among(const char *what)
{
    int64_t  start;

    for (start = deals_mono(); strstr(told, what) == NULL; ) {
        spin(5);
        assert_true(ms_since(start) < LONG);
    }
}

/* Without a turn of anybody: what is written so goes out together. */

static void
change(unsigned what, int64_t id)
{
    deals_call  *call;

    call = deals_call_new(ctx, 0, NULL, NULL);
    deals_call_change(call, what, id);
    deals_call_free(call);
}

/* A call that writes something, one way or another. */

static unsigned   changes;
static int64_t    changed_id;
static deals_code code;

static void
write_step(deals_call *call)
{
    deals_call_change(call, changes, changed_id);

    if (code != DEALS_OK) {
        deals_call_fail(call, code, NULL, "");
        return;
    }

    deals_call_finish(call, NULL);
}

static void
write_done(deals_call *call, void *data)
{
    (void) call;
    (void) data;

    /* told before the one who wrote */
    assert_string_not_equal(told, "");
}

static void
write_it(deals_ctx *by, unsigned what, int64_t deal_id)
{
    deals_call  *call;

    changes = what;
    changed_id = deal_id;
    call = deals_call_new(by, 0, write_done, NULL);
    deals_call_start(call, write_step);
    deals_call_free(deals_call_wait(call, LONG));
}


static void
the_host_is_told_before_who_wrote(void **state)
{
    (void) state;
    code = DEALS_OK;
    write_it(ctx, DEALS_CHANGE_DEAL, 7);
    assert_string_equal(told, "2:7 ");
}


/* That it was not answered does not mean that it did not happen. */

static void
a_write_that_failed_is_told_too(void **state)
{
    deals_call  *call;

    (void) state;
    code = DEALS_TIMEOUT;
    write_it(ctx, DEALS_CHANGE_LISTS, 8);
    assert_string_equal(told, "1:8 ");

    told[0] = '\0';
    call = deals_call_new(ctx, 0, NULL, NULL);
    deals_call_change(call, DEALS_CHANGE_SCORE, 9);
    deals_call_free(call);
    assert_string_equal(told, "8:9 ");
    code = DEALS_OK;
}


static void
another_node_hears_of_it(void **state)
{
    int  i;

    (void) state;
    assert_int_equal(deals_ctx_node(ctx, 1, 0), 0);
    assert_int_equal(deals_ctx_node(other, 2, 1), 0);
    until(&heard, 1);
    assert_int_equal(all, 1);           /* what it missed so far */

    told[0] = '\0';
    write_it(ctx, DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL, 5);
    assert_string_equal(told, "3:5 ");
    until_told("3:5 3:5 ");

    /* many within a moment: each deal once */
    told[0] = '\0';
    for (i = 0; i < 20; i++) {
        change(i % 2 ? DEALS_CHANGE_RANKS : DEALS_CHANGE_SCORE, 6);
    }

    told[0] = '\0';
    until_told("12:6 ");

    /* more than a message holds */
    for (i = 1; i <= 150; i++) {
        write_it(ctx, DEALS_CHANGE_DEAL, i);
        told[0] = ' ';
        told[1] = '\0';
    }

    until_among("2:150 ");
}


/* A deal and a member may have the same id. */

static void
members_are_told_apart(void **state)
{
    deals_call  *call;

    (void) state;
    assert_int_equal(deals_ctx_node(ctx, 1, 0), 0);
    assert_int_equal(deals_ctx_node(other, 2, 1), 0);
    until(&heard, 1);

    told[0] = '\0';
    call = deals_call_new(ctx, 0, NULL, NULL);
    deals_call_change(call, DEALS_CHANGE_SCORE, 5);
    deals_call_change(call, DEALS_CHANGE_VOTES, 5);
    deals_call_free(call);
    assert_string_equal(told, "8:5 128:5 ");
    change(DEALS_CHANGE_MEMBER, 5);
    change(DEALS_CHANGE_MEMBER, 6);
    told[0] = '\0';
    until_told("8:5 192:5 64:6 ");

    /* it turned out that there was none */
    told[0] = '\0';
    call = deals_call_new(ctx, 0, NULL, NULL);
    deals_call_change(call, DEALS_CHANGE_SCORE, 5);
    deals_call_change(call, DEALS_CHANGE_MEMBER, 5);
    deals_call_change_none(call);
    deals_call_free(call);
    assert_string_equal(told, "8:5 ");
}


/* What newer nodes say, or anybody. */

static void
what_is_not_understood_is_passed_over(void **state)
{
    size_t                    i;
    static const char *const  said[] = {
        "", "x", "9", "9 ", "9 64", "9 64:", "9 64:x", "9 256:5", "9 32:5",
        "9 66:5", "9 129:5", "9 -1:5", "9 99999999999:5", "1 64:5", "9 0:5"
    };

    (void) state;

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        deals_changes_read(ctx, 1, deals_str_of(said[i]));
        assert_string_equal(told, "");
    }

    deals_changes_read(ctx, 1, DEALS_STR("9 256:4 1024:4 320:5 66:4 448:6 2:7 4098:8"));
    assert_string_equal(told, "64:5 192:6 2:7 2:8 ");
}


static void
a_node_does_not_hear_itself(void **state)
{
    (void) state;
    assert_int_equal(deals_ctx_node(ctx, 77, 0), 0);
    assert_int_equal(deals_ctx_node(other, 77, 1), 0);
    until(&heard, 1);
    told[0] = '\0';
    write_it(ctx, DEALS_CHANGE_LISTS, 1);
    spin(300);
    assert_string_equal(told, "1:1 ");
}


/* A program that writes and ends: its last words arrive. */

static void
a_context_that_ends_has_told_all(void **state)
{
    (void) state;
    assert_int_equal(deals_ctx_node(other, 2, 1), 0);
    until(&heard, 1);
    told[0] = '\0';
    write_it(ctx, DEALS_CHANGE_LISTS, 3);
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
    until_told("1:3 1:3 ");
}


static void
it_beats_and_comes_back(void **state)
{
    int      n;
    int64_t  start;

    (void) state;
    assert_int_equal(deals_ctx_node(other, 2, 1), 0);
    until(&heard, 1);
    start = deals_mono();
    until(&heard, heard + 3);
    assert_in_range(ms_since(start), 1900, 10000);

    stop_server(SIGKILL);
    spin(1500);
    n = heard;
    spin(1300);
    assert_int_equal(heard, n);
    assert_int_equal(all, 1);

    assert_int_equal(start_redis(NULL, 0), 0);
    until(&heard, n + 1);
    assert_int_equal(all, 2);
}


static void
a_redis_that_is_away_holds_up_nobody(void **state)
{
    int      i;
    int64_t  start, took, best;

    (void) state;
    stop_server(SIGKILL);
    assert_int_equal(deals_ctx_node(other, 2, 1), 0);

    for (best = LONG, i = 0; i < 3; i++) {
        write_it(ctx, DEALS_CHANGE_LISTS, 3);
        start = clock_ns(CLOCK_MONOTONIC);
        deals_ctx_free(ctx);
        took = (clock_ns(CLOCK_MONOTONIC) - start) / 1000000;
        best = took < best ? took : best;
        ctx = ctx_new(&config);
    }

    assert_in_range(best, 0, 500);
}


static void
without_redis_only_the_host_is_told(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    config.redis = NULL;
    ctx = ctx_new(&config);
    assert_int_equal(deals_ctx_node(ctx, 1, 1), 0);
    write_it(ctx, DEALS_CHANGE_ALL, 0);
    assert_string_equal(told, "16:0 ");
    spin(50);
    assert_int_equal(heard, 0);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(the_host_is_told_before_who_wrote),
        TEST(a_write_that_failed_is_told_too),
        TEST(another_node_hears_of_it),
        TEST(members_are_told_apart),
        TEST(what_is_not_understood_is_passed_over),
        TEST(a_node_does_not_hear_itself),
        TEST(a_context_that_ends_has_told_all),
        TEST(it_beats_and_comes_back),
        TEST(a_redis_that_is_away_holds_up_nobody),
        TEST(without_redis_only_the_host_is_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (access("/usr/bin/redis-server", X_OK) != 0) {
        printf("1..0 # SKIP Redis is not installed\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_changes", tests, NULL, NULL);
}
