/*
 * Bytes that are kept for a while: by the host and in Redis, by a context alone.
 */

#define MOMENT  1       /* a look waits for 50 ms: here for ten times that */

#include "io/redis.h"
#include "io_server.h"
#include "steady_clock.h"

static deals_ctx     *ctx;
static deals_config   config;
static char           address[128];

/* A host's memory: one piece. */
static char    host_key[100];
static char    host_bytes[DEALS_KEEP_BYTES];
static size_t  host_len;
static int     host_seconds, host_kept, host_asked;

static void
host_keep(void *host, deals_str key, deals_str bytes, int seconds)
{
    (void) host;
    assert_true(key.len < sizeof(host_key) && bytes.len <= sizeof(host_bytes));
    memcpy(host_key, key.data, key.len);
    host_key[key.len] = '\0';
    memcpy(host_bytes, bytes.data, bytes.len);
    host_len = bytes.len;
    host_seconds = seconds;
    host_kept++;
}

static deals_str
host_find(void *host, deals_str key, deals_arena *arena)
{
    (void) host;
    host_asked++;

    if (!deals_str_eq(key, deals_str_of(host_key))) {
        return DEALS_NONE;
    }

    return deals_arena_copy(arena, (deals_str) { host_bytes, host_len });
}

static void
begin(int hooks, int redis)
{
    config.redis = redis ? address : NULL;
    test_hooks.keep = hooks ? host_keep : NULL;
    test_hooks.kept = hooks ? host_find : NULL;
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
    host_key[0] = '\0';
    host_kept = host_asked = 0;
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
    ctx = NULL;
    begin(1, 1);

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    stop_server(SIGKILL);
    remove_dir();

    return 0;
}


/* --- one call ------------------------------------------------------------ */

typedef struct {
    const char  *key;
    deals_str    put;           /* what it keeps; absent: it looks */
    int          seconds;
    deals_str    got;
    int          done;
} keeping;

static void
keep_end(deals_call *call)
{
    deals_call_finish(call, NULL);
}

static void
keep_begin(deals_call *call)
{
    keeping  *k = *(keeping **) deals_call_state(call);

    if (k->put.data != NULL) {
        deals_call_keep(call, deals_str_of(k->key), k->put, k->seconds);
        deals_call_finish(call, NULL);
        return;
    }

    deals_call_kept(call, deals_str_of(k->key), &k->got, keep_end);
}

static void
keep_done(deals_call *call, void *data)
{
    (void) call;
    ((keeping *) data)->done++;
}

static deals_call *
submit(keeping *k)
{
    deals_call  *call;

    call = deals_call_new(ctx, sizeof(keeping *), keep_done, k);
    *(keeping **) deals_call_state(call) = k;
    deals_call_start(call, keep_begin);

    return call;
}

static void
put(const char *key, deals_str bytes, int seconds)
{
    keeping      k = { key, bytes, seconds, DEALS_NONE, 0 };
    deals_call  *call;

    call = submit(&k);
    wait_for(ctx, call);
    assert_int_equal(k.done, 1);
    deals_call_free(call);
}

/* Whether this is what is kept; NULL: nothing. */

static int
is(const char *key, const char *expected)
{
    int          same;
    keeping      k = { key, DEALS_NONE, 0, DEALS_NONE, 0 };
    deals_call  *call;

    call = submit(&k);
    wait_for(ctx, call);
    assert_int_equal(k.done, 1);
    assert_null(deals_call_error(call));
    same = expected == NULL ? k.got.data == NULL
                            : deals_str_eq(k.got, deals_str_of(expected));
    deals_call_free(call);

    return same;
}

static void
spin(int ms)
{
    int64_t  start;

    for (start = deals_mono(); ms_since(start) < ms; ) {
        (void) deals_ctx_poll(ctx, 1);
    }
}

/* Redis is connected by the first that is asked of it. */

static void
until_up(void)
{
    int64_t          start;
    deals_ctx_stats  stats;

    for (start = deals_mono(); ; spin(20)) {
        (void) is("nothing", NULL);
        deals_ctx_status(ctx, &stats);

        if (stats.redis_up == 1) {
            return;
        }

        assert_true(ms_since(start) < LONG);
    }
}

static void
cli(char *out, size_t size, const char *args)
{
    char    command[300];
    FILE   *f;
    size_t  n;

    snprintf(command, sizeof(command), "redis-cli -s %s %s", redis_socket(),
             args);
    f = popen(command, "r");
    n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    pclose(f);
}


static void
the_host_keeps_it_and_redis(void **state)
{
    char  out[100];

    (void) state;
    until_up();
    put("a b", DEALS_STR("bytes"), 50);
    assert_string_equal(host_key, "deals:kept:shop:a b");
    assert_int_equal(host_seconds, 50);
    assert_true(is("a b", "bytes"));

    /* another node */
    begin(1, 1);
    until_up();
    assert_true(is("a b", "bytes"));
    assert_true(host_asked > 0);
    assert_true(is("a", NULL));
    cli(out, sizeof(out), "ttl 'deals:kept:shop:a b'");
    assert_in_range(atoi(out), 40, 50);

    /* of another community */
    config.database = "host=/nowhere dbname=other";
    begin(1, 1);
    until_up();
    assert_true(is("a b", NULL));
}


static void
bytes_are_any(void **state)
{
    keeping      k = { "k", DEALS_NONE, 0, DEALS_NONE, 0 };
    static char  most[DEALS_KEEP_BYTES + 1];
    deals_call  *call;

    (void) state;
    memset(most, '\0', sizeof(most));
    memcpy(most, "\r\n$-1\r\n", 7);
    until_up();

    /* too many are not kept */
    put("k", (deals_str) { most, sizeof(most) }, 50);
    assert_int_equal(host_kept, 0);
    put("k", (deals_str) { most, DEALS_KEEP_BYTES }, 50);

    host_key[0] = '\0';
    call = submit(&k);
    wait_for(ctx, call);
    assert_int_equal(k.got.len, DEALS_KEEP_BYTES);
    assert_memory_equal(k.got.data, most, DEALS_KEEP_BYTES);
    deals_call_free(call);
}


static void
what_else_stands_there_is_nothing(void **state)
{
    char  out[100];

    (void) state;
    until_up();
    cli(out, sizeof(out), "rpush deals:kept:shop:list 1 2 3");
    assert_true(is("list", NULL));
    assert_int_equal(times_logged("can't look up"), 1);
    cli(out, sizeof(out), "setrange deals:kept:shop:long 40000 x");
    assert_true(is("long", NULL));
    cli(out, sizeof(out), "set deals:kept:shop:empty ''");
    assert_true(is("empty", ""));
}


static void
slow_it_is_not_waited_for(void **state)
{
    int64_t      start;
    keeping      k = { "k", DEALS_NONE, 0, DEALS_NONE, 0 };
    deals_call  *call;

    (void) state;
    until_up();
    put("k", DEALS_STR("v"), 50);
    assert_true(is("k", "v"));
    host_key[0] = '\0';

    kill(server_pid, SIGSTOP);
    start = deals_mono();
    assert_true(is("k", NULL));
    assert_in_range(ms_since(start), 45, 400);

    /* given up before the answer comes, and behind it */
    call = submit(&k);
    spin(10);
    deals_call_free(call);
    assert_int_equal(k.done, 0);
    kill(server_pid, SIGCONT);
    spin(100);
    assert_true(is("k", "v"));

    /* away */
    stop_server(SIGKILL);
    spin(20);
    start = deals_mono();
    assert_true(is("k", NULL));
    put("k", DEALS_STR("w"), 50);
    assert_true(is("k", "w"));
    assert_true(ms_since(start) < 500);
}


static void
a_context_may_end_meanwhile(void **state)
{
    keeping      k = { "k", DEALS_NONE, 0, DEALS_NONE, 0 };
    deals_call  *call;

    (void) state;
    until_up();
    kill(server_pid, SIGSTOP);
    call = submit(&k);
    spin(10);
    deals_ctx_free(ctx);
    ctx = NULL;
    assert_int_equal(k.done, 0);
    assert_true(deals_call_is_done(call));
    deals_call_free(call);
    kill(server_pid, SIGCONT);
}


static void
alone_the_context_keeps_a_few(void **state)
{
    int   i, n;
    char  key[20];

    (void) state;
    begin(0, 1);
    assert_true(is("k", NULL));
    put("k", DEALS_STR("one"), 50);
    put("k", DEALS_STR("another"), 50);
    assert_true(is("k", "another"));
    put("short", DEALS_STR("x"), 1);
    assert_true(is("short", "x"));
    spin(1100);
    assert_true(is("short", NULL));
    assert_true(is("k", "another"));

    for (i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        put(key, deals_str_of(key), 50);
        assert_true(is("k", "another"));
    }

    for (i = 0, n = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        n += is(key, key);
    }

    assert_in_range(n, 8, 64);

    /* and nobody else */
    begin(0, 1);
    assert_true(is("k", NULL));
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(the_host_keeps_it_and_redis),
        TEST(bytes_are_any),
        TEST(what_else_stands_there_is_nothing),
        TEST(slow_it_is_not_waited_for),
        TEST(a_context_may_end_meanwhile),
        TEST(alone_the_context_keeps_a_few),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (access("/usr/bin/redis-server", X_OK) != 0) {
        printf("1..0 # SKIP Redis is not installed\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_kept", tests, NULL, NULL);
}
