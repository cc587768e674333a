/*
 * Counting in Redis, and without it.
 */

#define MOMENT  1       /* a count waits for 50 ms: here for ten times that */

#include "io/rate.h"
#include "io/redis.h"
#include "io_server.h"
#include "steady_clock.h"

static deals_ctx     *ctx;
static deals_config   config;
static char           address[128];
static int64_t        clock_usec;
static int            host_count;

static int64_t
now(void *host)
{
    (void) host;
    return clock_usec;
}

static int64_t
host_counts(void *host, deals_str key, int seconds)
{
    (void) host;
    (void) key;
    (void) seconds;

    return 1000 + host_count++;
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
    clock_usec = INT64_C(1700000000000000);
    host_count = 0;
    test_hooks.now = now;
    test_hooks.count = host_counts;
    ctx = ctx_new(&config);

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

static void
again(void)
{
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
}


/* --- one count ----------------------------------------------------------- */

typedef struct {
    int64_t     n;
    int         done;
    int         seconds;
    char        key[40];
} counting;

static void
count_end(deals_call *call)
{
    deals_call_finish(call, NULL);
}

static void
count_begin(deals_call *call)
{
    counting  *c = *(counting **) deals_call_state(call);

    deals_call_count(call, deals_str_of(c->key), c->seconds, &c->n, count_end);
}

static void
count_done(deals_call *call, void *data)
{
    (void) call;
    ((counting *) data)->done++;
}

static deals_call *
begin(counting *c, const char *key, int seconds)
{
    deals_call  *call;

    memset(c, 0, sizeof(*c));
    snprintf(c->key, sizeof(c->key), "%s", key);
    c->seconds = seconds;
    call = deals_call_new(ctx, sizeof(counting *), count_done, c);
    *(counting **) deals_call_state(call) = c;
    deals_call_start(call, count_begin);

    return call;
}

static int64_t
count(const char *key, int seconds)
{
    counting     c;
    deals_call  *call;

    call = begin(&c, key, seconds);
    wait_for(ctx, call);
    assert_int_equal(c.done, 1);
    assert_null(deals_call_error(call));
    deals_call_free(call);

    return c.n;
}

static void
spin(int ms)
{
    int64_t  start;

    for (start = deals_mono(); ms_since(start) < ms; ) {
        (void) deals_ctx_poll(ctx, 1);
    }
}

static int
redis_up(void)
{
    deals_ctx_stats  stats;

    deals_ctx_status(ctx, &stats);
    return stats.redis_up;
}

static int64_t
redis_since(void)
{
    deals_ctx_stats  stats;

    deals_ctx_status(ctx, &stats);
    return stats.redis_since;
}

static void
until_up(void)
{
    int64_t  start;

    for (start = deals_mono(); redis_up() != 1; ) {
        (void) count("probe", 60);
        spin(20);
        assert_true(ms_since(start) < LONG);
    }
}

/* What redis-cli says. */

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
redis_counts_for_all(void **state)
{
    int   i;
    char  out[200];

    (void) state;
    until_up();

    for (i = 1; i <= 5; i++) {
        assert_int_equal(count("signin:a b", 60), i);
    }

    assert_int_equal(count("signin:other", 60), 1);
    assert_int_equal(count("signin:a b", 30), 1);

    /* another worker */
    again();
    until_up();
    assert_int_equal(count("signin:a b", 60), 6);

    /* the next window */
    clock_usec += 60 * 1000000;
    assert_int_equal(count("signin:a b", 60), 1);

    cli(out, sizeof(out), "ttl 'deals:rate:shop:signin:a b:60:28333334'");
    assert_in_range(atoi(out), 50, 60);

    /* and here, in case that it is away the next time */
    host_count = 0;
    assert_int_equal(count("signin:a b", 60), 2);
    assert_int_equal(host_count, 1);
}


static void
counts_go_out_together(void **state)
{
    int           i;
    counting      c[100];
    deals_call   *calls[100];

    (void) state;
    until_up();

    for (i = 0; i < 100; i++) {
        calls[i] = begin(&c[i], "k", 60);
    }

    for (i = 0; i < 100; i++) {
        wait_for(ctx, calls[i]);
        assert_int_equal(c[i].n, i + 1);
        deals_call_free(calls[i]);
    }
}


static void
away_it_is_counted_here_and_comes_back(void **state)
{
    int      i;
    int64_t  start;

    (void) state;
    assert_int_equal(redis_since(), 0);
    until_up();
    assert_int_equal(redis_since(), clock_usec / 1000000);
    clock_usec += 7000000;
    stop_server(SIGKILL);
    start = deals_mono();

    for (i = 0; i < 10; i++) {
        assert_true(count("k", 60) >= 1000);
    }

    assert_true(ms_since(start) < 500);
    assert_int_equal(redis_up(), 0);
    assert_int_equal(redis_since(), clock_usec / 1000000);
    assert_int_equal(times_logged("redis: not available"), 1);
    spin(500);
    assert_int_equal(times_logged("redis: not available"), 1);

    start_redis(NULL, 0);
    host_count = 0;
    start = deals_mono();

    while (redis_up() != 1) {
        spin(20);
        assert_true(ms_since(start) < LONG);
    }

    assert_int_equal(count("k", 60), 1);
    assert_int_equal(times_logged("redis: available again"), 1);
}


static void
slow_it_is_not_waited_for(void **state)
{
    int64_t  start;

    (void) state;
    until_up();
    host_count = 0;
    kill(server_pid, SIGSTOP);
    start = deals_mono();
    assert_int_equal(count("k", 60), 1000);
    assert_in_range(ms_since(start), 45, 400);

    /* then it counts as away */
    spin(1200);
    assert_int_equal(redis_up(), 0);
    assert_int_equal(times_logged("does not answer"), 1);
    start = deals_mono();
    (void) count("k", 60);
    kill(server_pid, SIGCONT);
    until_up();
}


static void
a_short_silence_is_no_loss(void **state)
{
    (void) state;
    until_up();
    host_count = 0;
    assert_int_equal(count("k", 60), 1);
    assert_int_equal(count("k", 60), 2);
    kill(server_pid, SIGSTOP);

    /* nobody begins anew */
    assert_int_equal(count("k", 60), 1002);
    kill(server_pid, SIGCONT);
    spin(100);
    assert_int_equal(redis_up(), 1);

    /* the late one was counted there */
    assert_int_equal(count("k", 60), 4);
}


static void
an_error_of_redis_is_counted_here(void **state)
{
    char  out[100];

    (void) state;
    until_up();
    cli(out, sizeof(out), "config set maxmemory 1");
    assert_true(count("k", 60) >= 1000);
    assert_true(count("k", 60) >= 1000);
    assert_int_equal(times_logged("can't count"), 1);
    assert_int_equal(redis_up(), 1);
}


static void
a_password_may_be_missing(void **state)
{
    int64_t  start;
    char     out[100];

    (void) state;
    until_up();
    cli(out, sizeof(out), "config set requirepass 'p@ss'");
    again();
    start = deals_mono();

    while (times_logged("NOAUTH") == 0) {
        assert_true(count("k", 60) >= 1000);
        spin(10);
        assert_true(ms_since(start) < LONG);
    }

    assert_int_equal(redis_up(), 0);
    assert_int_equal(times_logged("redis: not available"), 1);
    cli(out, sizeof(out), "-a 'p@ss' config set requirepass '' 2>&1");
    until_up();
}


static void
over_a_network_with_a_password(void **state)
{
    int   port;
    char  out[100];

    (void) state;
    stop_server(SIGKILL);
    port = free_port();
    start_redis("p@ss", port);
    snprintf(address, sizeof(address), "redis://:p%%40ss@localhost:%d/3", port);
    again();
    until_up();
    assert_int_equal(count("k", 60), 1);
    cli(out, sizeof(out), "-a 'p@ss' -n 3 exists deals:rate:shop:k:60:28333333 "
        "2>/dev/null");
    assert_int_equal(atoi(out), 1);
}


/* Its process would end by a signal. */

static void
a_socket_that_takes_nothing_kills_nobody(void **state)
{
    int                 fd, peer;
    counting            c;
    deals_call         *call;
    struct sockaddr_un  sun;

    (void) state;
    assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/deaf", server_dir);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(address, sizeof(address), "unix:%s/deaf", server_dir);
    again();

    call = begin(&c, "k", 60);
    (void) deals_ctx_poll(ctx, 0);
    peer = accept(fd, NULL, NULL);
    assert_int_equal(shutdown(peer, SHUT_RD), 0);
    wait_for(ctx, call);
    assert_int_equal(c.n, 1000);
    assert_int_equal(times_logged("Broken pipe"), 1);
    deals_call_free(call);
    close(peer);
    close(fd);
}


/* What stands at the address says `lie` after the greeting and the count. */
static void
hear(const char *lie, const char *why)
{
    int                 fd, peer;
    counting            c;
    deals_call         *call;
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/liar", server_dir);
    (void) unlink(sun.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(address, sizeof(address), "unix:%s/liar", server_dir);
    again();

    call = begin(&c, "k", 60);
    (void) deals_ctx_poll(ctx, 0);
    peer = accept(fd, NULL, NULL);
    assert_int_equal(write(peer, lie, strlen(lie)), strlen(lie));
    wait_for(ctx, call);
    assert_int_equal(c.done, 1);
    spin(20);
    assert_int_equal(times_logged(why), 1);
    deals_call_free(call);
    close(peer);
    close(fd);
}


static void
lies_end_the_connection_alone(void **state)
{
    (void) state;

    hear("+OK\r\n+OK\r\n:7\r\n:8\r\n", "what nobody asked");
    hear("+OK\r\n+OK\r\n:7\r\n*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\ny\r\n",
         "what nobody asked");
    hear("+OK\r\n+OK\r\n*100000000\r\n", "Out of memory");
    hear("+OK\r\n+OK\r\nhello\r\n", "Protocol error");
}


static void
a_call_may_be_freed_while_it_counts(void **state)
{
    int          i;
    counting     c;
    deals_call  *call;

    (void) state;
    until_up();

    for (i = 0; i < 3; i++) {
        call = begin(&c, "k", 60);
        (void) deals_ctx_poll(ctx, 0);
        deals_call_free(call);
        assert_int_equal(c.done, 0);
    }

    assert_int_equal(count("k", 60), 4);

    /* and the context with it */
    call = begin(&c, "k", 60);
    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_free(ctx);
    ctx = NULL;
    assert_int_equal(c.done, 0);
    deals_call_free(call);
}


static void
alone_the_context_counts(void **state)
{
    int          i;
    char         key[40];
    int64_t      most;
    deals_rate  *rate;

    static const deals_pg_address  nowhere;

    (void) state;
    config.redis = NULL;
    test_hooks.count = NULL;
    again();
    assert_int_equal(redis_up(), -1);

    for (i = 1; i <= 5; i++) {
        assert_int_equal(count("a", 60), i);
        assert_int_equal(count("b", 60), i);
    }

    clock_usec += 60 * 1000000;
    assert_int_equal(count("a", 60), 1);

    /* who is counted often is not pushed out by many who are not */
    rate = deals_rate_new(ctx, &nowhere);

    for (most = 0, i = 0; i < 100000; i++) {
        snprintf(key, sizeof(key), "%d", i);
        (void) deals_rate_local(rate, deals_str_of(key), 1, 60);

        if (i % 100 == 0) {
            most = deals_rate_local(rate, DEALS_STR("often"), 1, 60);
        }
    }

    assert_int_equal(most, 1000);
    deals_rate_free(rate);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(redis_counts_for_all),
        TEST(counts_go_out_together),
        TEST(away_it_is_counted_here_and_comes_back),
        TEST(slow_it_is_not_waited_for),
        TEST(a_short_silence_is_no_loss),
        TEST(an_error_of_redis_is_counted_here),
        TEST(a_password_may_be_missing),
        TEST(over_a_network_with_a_password),
        TEST(a_socket_that_takes_nothing_kills_nobody),
        TEST(lies_end_the_connection_alone),
        TEST(a_call_may_be_freed_while_it_counts),
        TEST(alone_the_context_counts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    if (access("/usr/bin/redis-server", X_OK) != 0) {
        printf("1..0 # SKIP Redis is not installed\n");
        return 0;
    }

    return cmocka_run_group_tests_name("io_redis", tests, NULL, NULL);
}
