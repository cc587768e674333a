/*
 * The n-th allocation fails, for every n of a call's whole life, libpq's included:
 * each time the call ends, once, and soon others are answered.
 */

#include "io_fake.h"
#include "failing_memory.h"

/* Both sides move; only the library's allocations fail. */

static void
turn(deals_ctx *ctx, fake *srv, int *rest)
{
    fake_turn(srv);
    fail_at = *rest;
    (void) deals_ctx_poll(ctx, 1);
    *rest = fail_at;
    fail_at = 0;
}

static void
one_life(fake *srv, int n)
{
    int           rest;
    char          database[128];
    asking        a = NEW, b = NEW;
    int64_t       start;
    deals_ctx    *ctx;
    deals_config  config;

    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 1;
    config.query_timeout = 300;
    ctx = ctx_new(&config);

    ask(ctx, &a, NUMBER, 1, WRITE, 2, WRITE, 3, -1);
    rest = n;

    for (start = deals_mono(); !a.done; ) {
        turn(ctx, srv, &rest);
        assert_true(ms_since(start) < LONG);
    }

    assert_true(a.code == DEALS_OK || a.code == DEALS_NO_MEMORY
                || a.code == DEALS_UNAVAILABLE || a.code == DEALS_TIMEOUT);
    assert_true(a.code != DEALS_OK || a.results[2] == 3);
    forget(&a);

    /* libpq may have lost count of its answers: then patience ends it */
    do {
        ask(ctx, &b, NUMBER, 7, -1);
        spin_until(ctx, srv, &b.done, 1);
        forget(&b);
        assert_true(ms_since(start) < LONG);
    } while (b.code != DEALS_OK);

    assert_int_equal(b.results[0], 7);
    deals_ctx_free(ctx);
    fake_turn(srv);
    fake_turn(srv);
}


static void
every_allocation_may_fail(void **state)
{
    int    n;
    fake  *srv;

    (void) state;

    srv = fake_new();

    for (failed = 1, n = 1; failed; n++) {
        failed = 0;
        one_life(srv, n);
    }

    assert_true(n > 30);
    fake_free(srv);
}


static void
a_call_may_not_get_its_memory(void **state)
{
    int            n;
    deals_call    *call;
    deals_ctx     *ctx;
    deals_config   config;

    (void) state;

    memset(&config, 0, sizeof(config));
    config.database = "host=/tmp dbname=d user=u";
    ctx = ctx_new(&config);

    for (failed = 1, n = 1; failed; n++) {
        failed = 0;
        fail_at = n;
        call = deals_call_new(ctx, 100000, NULL, NULL);
        fail_at = 0;
        assert_true(failed == (call == NULL));
        deals_call_free(call);
    }

    assert_true(n > 2);
    assert_int_equal(deals_ctx_poll(ctx, 0), 0);
    deals_ctx_free(ctx);
}


static void
a_context_may_not_get_its_memory(void **state)
{
    int                 n, done;
    deals_ctx          *ctx;
    deals_arena        *arena;
    deals_config        config;
    const deals_error  *error;

    (void) state;

    memset(&config, 0, sizeof(config));
    config.database = "host=/tmp dbname=d user=u";
    config.redis = "unix:/tmp/none";

    for (done = 0, n = 1; !done; n++) {
        arena = deals_arena_new();
        failed = 0;
        fail_at = n;
        ctx = deals_ctx_new(&config, &test_hooks, arena, &error);
        fail_at = 0;

        if (ctx == NULL) {
            assert_non_null(error);
        }

        done = !failed;
        assert_true(!done || ctx != NULL);
        deals_ctx_free(ctx);
        deals_arena_free(arena);
    }

    assert_true(n > 10);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_call_may_not_get_its_memory),
        cmocka_unit_test(a_context_may_not_get_its_memory),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (!is_ours()) {
        printf("1..0 # SKIP the allocator belongs to somebody else\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_memory", tests, NULL, NULL);
}
