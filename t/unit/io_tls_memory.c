/*
 * The n-th allocation fails, OpenSSL's included: while certificates and keys are
 * read, while hands are shaken with Redis, while it counts. Each time the count
 * comes, from Redis or from here, and soon it comes from Redis again. What is left
 * of memory is OpenSSL's own, once: not the second time. FULL=1 leaves out none.
 */

#include "io_tls.h"
#include "failing_memory.h"
#include "fast_clock.h"

#define DENSE  60       /* then more and more are left out */
#define SPEED  20       /* of time */

static char  address[600];

static int64_t
ms_now(void)
{
    struct timespec  ts;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static int
next_after(int n)
{
    return getenv("FULL") != NULL ? n + 1 : n + 1 + n / DENSE;
}

static deals_config
config_of(void)
{
    deals_config  config = { 0 };

    config.database = "host=/nowhere dbname=shop";
    config.redis = address;

    return config;
}


/* --- certificates and keys ------------------------------------------------ */

/* 1, or 0: an error that says something. */

static int
read_all(int n)
{
    deals_tls          *tls;
    deals_arena        *arena = deals_arena_new();
    deals_config        config = config_of();
    const deals_error  *error = NULL;

    failed = 0;
    fail_at = n;
    tls = deals_tls_new(&config, arena, &error);
    fail_at = 0;
    assert_true(tls == NULL ? error != NULL && error->message.len > 0
                            : error == NULL);
    assert_true(tls != NULL || failed);
    assert_int_equal(ERR_peek_error(), 0);
    deals_tls_free(tls);
    deals_arena_free(arena);

    return tls != NULL;
}

static void
certificates_and_keys(void **state)
{
    int   n, tries, refused = 0;
    long  before, left;

    (void) state;

    /* what OpenSSL keeps for itself, it has then */
    assert_true(read_all(0));
    assert_true(read_all(0));

    for (n = 1, failed = 1; failed; n = next_after(n)) {
        for (tries = 0; tries < 2; tries++) {
            before = live;
            refused += !read_all(n);
            left = live - before;

            if (left == 0) {
                break;
            }
        }

        if (left != 0) {
            fail_msg("allocation %d: %ld blocks left", n, left);
        }
    }

    printf("# %d allocations, %d times refused\n", n, refused);
    assert_true(refused > 20);
}


/* --- a connection ---------------------------------------------------------- */

typedef struct {
    int64_t  n;
    int      done;
} counting;

static int64_t
host_counts(void *host, deals_str key, int seconds)
{
    (void) host;
    (void) key;
    (void) seconds;

    return 1000000;
}

static void
count_end(deals_call *call)
{
    deals_call_finish(call, NULL);
}

static void
count_begin(deals_call *call)
{
    counting  *c = *(counting **) deals_call_state(call);

    deals_call_count(call, DEALS_STR("k"), 60, &c->n, count_end);
}

static void
count_done(deals_call *call, void *data)
{
    (void) call;
    ((counting *) data)->done++;
}

/* *rest: after how many more allocations one fails. */

static int64_t
count(deals_ctx *ctx, int *rest)
{
    counting     c = { -1, 0 };
    int64_t      poll, start = ms_now();
    deals_call  *call;

    call = deals_call_new(ctx, sizeof(counting *), count_done, &c);
    assert_non_null(call);
    *(counting **) deals_call_state(call) = &c;
    deals_call_start(call, count_begin);

    while (!c.done) {
        poll = ms_now();
        fail_at = *rest;
        (void) deals_ctx_poll(ctx, 1);
        *rest = fail_at;
        fail_at = 0;
        poll = ms_now() - poll;
        later += (SPEED - 1) * (poll < 2 ? poll : 2);   /* idle, not at work */
        assert_int_equal(ERR_peek_error(), 0);
        assert_true(ms_now() - start < LONG);
    }

    assert_null(deals_call_error(call));
    deals_call_free(call);

    return c.n;
}

/* How many counts until one comes from Redis; with the same context. */

static int
one_life(int n)
{
    int           rest = n, counts;
    int64_t       got, start = ms_now();
    deals_ctx    *ctx;
    deals_config  config = config_of();

    ctx = ctx_new(&config);
    later += 2000;

    for (counts = 1; ; counts++) {
        got = count(ctx, &rest);
        assert_true(got >= 1);

        /* a bit more, so that hands are shaken with little memory too */
        if (got < 1000000 && (rest == 0 || counts > 1)) {
            break;
        }

        assert_true(ms_now() - start < LONG);
    }

    deals_ctx_free(ctx);

    return counts;
}

static void
a_connection_that_counts(void **state)
{
    int   n, tries, again = 0;
    long  before, left;

    (void) state;
    test_hooks.count = host_counts;
    (void) one_life(0);
    (void) one_life(0);

    for (n = 1, failed = 1; failed; n = next_after(n)) {
        for (tries = 0; tries < 2; tries++) {
            before = live;
            failed = 0;
            again += one_life(n) > 2;
            left = live - before;

            if (left == 0) {
                break;
            }
        }

        if (left != 0) {
            fail_msg("allocation %d: %ld blocks left", n, left);
        }
    }

    printf("# %d allocations, %d times not at once\n", n, again);
    assert_true(n > 100);
    assert_true(again > 10);
}


static int
begin_all(void **state)
{
    int  port;

    (void) state;
    make_certificates();
    port = free_port();
    start_redis_tls(port);
    snprintf(address, sizeof(address), "rediss://localhost:%d/0"
             "?ssl_trusted_certificate=%s&ssl_certificate=%s"
             "&ssl_certificate_key=%s", port, pem_ca, pem_client, key_client);

    return 0;
}

static int
end_all(void **state)
{
    (void) state;
    stop_server(SIGKILL);
    remove_dir();

    return 0;
}

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(certificates_and_keys),
        cmocka_unit_test(a_connection_that_counts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (!is_ours()) {
        printf("1..0 # SKIP the allocator belongs to somebody else\n");
        return 0;
    }

    if (access("/usr/bin/redis-server", X_OK) != 0) {
        printf("1..0 # SKIP Redis is not installed\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_tls_memory", tests, begin_all,
                                       end_all);
}
