/*
 * A host with a loop of its own: what the hooks are asked, and in which order.
 * The loop is epoll(7) as nginx uses it, so a descriptor that is forgotten too
 * late shows as an error of epoll_ctl.
 */

#include <sys/epoll.h>

#include "io_fake.h"

typedef struct {
    int        epoll;
    int        watched;
    int        failures;        /* of epoll_ctl */
    int        wakes;
    int64_t    timers[2];       /* deals_mono() when due; -1 */
    int        outside;         /* no library function is running */
    int        reentered;
    int        refuse_work;

    /* the one computation under way */
    void     (*fn)(void *);
    void      *arg;
    void     (*done)(void *);
    int64_t    count;
} host;

static host        h;
static fake       *srv;
static deals_ctx  *ctx;


static int
h_watch(void *data, deals_io *io, unsigned events)
{
    int                 op;
    host               *hh = data;
    struct epoll_event  ee;

    hh->reentered += hh->outside;
    memset(&ee, 0, sizeof(ee));
    ee.data.ptr = io;
    ee.events = ((events & DEALS_READ) ? EPOLLIN : 0)
                | ((events & DEALS_WRITE) ? EPOLLOUT : 0);

    op = events == 0 ? EPOLL_CTL_DEL
         : io->host == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (epoll_ctl(hh->epoll, op, io->fd, &ee) != 0) {
        hh->failures++;
        return -1;
    }

    hh->watched += op == EPOLL_CTL_ADD ? 1 : op == EPOLL_CTL_DEL ? -1 : 0;
    io->host = events == 0 ? NULL : hh;
    io->events = events;

    return 0;
}

static void
h_timer(void *data, int busy, int64_t ms)
{
    host  *hh = data;

    hh->timers[busy] = ms == -1 ? -1 : deals_mono() + ms * 1000;
}

static void
h_wake(void *data)
{
    ((host *) data)->wakes++;
}

static int64_t
h_now(void *data)
{
    (void) data;
    return INT64_C(1700000000123456);
}

static int
h_work(void *data, void (*fn)(void *), void *arg, void (*done)(void *))
{
    host  *hh = data;

    if (hh->refuse_work) {
        return -1;
    }

    hh->fn = fn;
    hh->arg = arg;
    hh->done = done;

    return 0;
}

static int64_t
h_count(void *data, deals_str key, int seconds)
{
    /* which community, and what */
    assert_true(deals_str_eq(key, DEALS_STR("d:abc")));
    assert_int_equal(seconds, 60);
    return ++((host *) data)->count;
}


/* One turn of the host. */

static void
turn(void)
{
    int                  i, n, busy;
    deals_io            *io;
    struct epoll_event   events[8];

    fake_turn(srv);
    n = epoll_wait(h.epoll, events, 1, 1);

    for (i = 0; i < n; i++) {
        io = events[i].data.ptr;
        io->ready(io, ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                       ? DEALS_READ : 0)
                      | ((events[i].events & EPOLLOUT) ? DEALS_WRITE : 0));
    }

    for (busy = 0; busy < 2; busy++) {
        if (h.timers[busy] != -1 && h.timers[busy] <= deals_mono()) {
            h.timers[busy] = -1;
            deals_ctx_run(ctx);
        }
    }

    if (h.wakes > 0) {
        h.wakes = 0;
        deals_ctx_run(ctx);
    }
}

static void
until(const int *what)
{
    int64_t  start;

    for (start = deals_mono(); *what == 0; ) {
        turn();
        assert_true(ms_since(start) < LONG);
    }
}

static void
turns(int ms)
{
    int64_t  start;

    for (start = deals_mono(); ms_since(start) < ms; ) {
        turn();
    }
}

static void
context(const char *database, const char *redis)
{
    deals_arena        *arena;
    deals_hooks         hooks;
    deals_config        config;
    const deals_error  *error;

    memset(&h, 0, sizeof(h));
    h.epoll = epoll_create1(EPOLL_CLOEXEC);
    h.timers[0] = h.timers[1] = -1;

    memset(&hooks, 0, sizeof(hooks));
    hooks.host = &h;
    hooks.watch = h_watch;
    hooks.timer = h_timer;
    hooks.wake = h_wake;
    hooks.now = h_now;
    hooks.log = keep_log;
    hooks.work = h_work;
    hooks.count = h_count;

    memset(&config, 0, sizeof(config));
    config.database = database;
    config.redis = redis;
    config.query_timeout = 2000;
    config.connect_timeout = 500;

    arena = deals_arena_new();
    ctx = deals_ctx_new(&config, &hooks, arena, &error);
    deals_arena_free(arena);
    assert_non_null(ctx);
    logged[0] = '\0';
}

static int
set_up(void **state)
{
    char  database[128];

    (void) state;
    srv = fake_new();
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    context(database, NULL);

    return 0;
}

/* Another one instead, after the first has cleaned up. */

static void
again(const char *database, const char *redis)
{
    deals_ctx_free(ctx);
    assert_int_equal(h.watched, 0);
    assert_int_equal(h.failures, 0);
    close(h.epoll);
    context(database, redis);
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    assert_int_equal(h.watched, 0);
    assert_int_equal(h.failures, 0);
    assert_int_equal(h.timers[0], -1);
    assert_int_equal(h.timers[1], -1);
    close(h.epoll);
    fake_free(srv);

    return 0;
}

static void
expect(asking *a, deals_code code)
{
    until(&a->done);
    assert_int_equal(a->code, code);
    forget(a);
}


static void
a_submit_wakes_the_host_once(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    assert_int_equal(h.wakes, 0);
    assert_int_equal(h.watched, 0);
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, NUMBER, 2, -1);
    assert_int_equal(h.wakes, 1);
    assert_true(h.timers[1] != -1);
    expect(&a, DEALS_OK);
    expect(&b, DEALS_OK);
    assert_int_equal(h.watched >= 1, 1);
}


static void
nobody_waits_nothing_is_busy(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    until(&a.done);
    assert_int_equal(h.timers[1], -1);
    forget(&a);

    ask(ctx, &a, NUMBER, 1, -1);
    forget(&a);
    assert_int_equal(h.timers[1], -1);

    /* reconnecting is maintenance */
    fake_away(srv);
    turns(700);
    assert_int_equal(h.timers[1], -1);
    assert_true(h.timers[0] != -1);
}


static void
descriptors_are_forgotten_before_they_close(void **state)
{
    int     i;
    asking  a = NEW;

    (void) state;

    for (i = 0; i < 4; i++) {
        srv->once = 1;
        ask(ctx, &a, NUMBER, i == 0 ? DROP : i == 1 ? GARBAGE : i == 2 ? FATAL
                             : CLOSE_AFTER, -1);
        until(&a.done);
        forget(&a);
        fake_hang_up(&srv->conns[0]);
        turns(120);
    }

    srv->mode = FAKE_REJECT;
    fake_away(srv);
    fake_listen(srv);
    turns(300);
    srv->mode = FAKE_SILENT;
    turns(900);
    assert_int_equal(h.failures, 0);
}


/* libpq goes on to the second one by itself, with another socket. */

static void
a_second_address_is_tried(void **state)
{
    fake    *other;
    char     two[200];
    asking   a = NEW;
    int64_t  start;

    (void) state;
    other = fake_new();
    other->mode = FAKE_STARTING;
    snprintf(two, sizeof(two), "host=%s,%s dbname=d user=u", other->dir,
             srv->dir);
    again(two, NULL);
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);

    while (!a.done && ms_since(start) < LONG) {
        fake_turn(other);
        turn();
    }

    assert_int_equal(a.code, DEALS_OK);
    assert_true(ms_since(start) < 450);
    assert_int_equal(times_logged("not available"), 0);
    forget(&a);
    fake_free(other);
}


static void
a_deadline_needs_no_descriptor(void **state)
{
    asking   a = NEW;
    int64_t  start;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK);
    srv->deaf = 1;
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_TIMEOUT);
    assert_in_range(ms_since(start), 1990, 3500);
}


static void
waiting_is_refused(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    deals_call_wait(a.call, 100);
    assert_int_equal(deals_call_error(a.call)->code, DEALS_INTERNAL);
    assert_int_equal(deals_ctx_poll(ctx, 0), -1);
    expect(&a, DEALS_INTERNAL);
}


/* --- computation --------------------------------------------------------- */

static int  computed, released, stepped, finished;

static void
compute(void *arg)
{
    computed++;
    *(int *) arg += 1;
}

static void
release(void *arg)
{
    released++;
    free(arg);
}

static void
after_work(deals_call *call)
{
    stepped++;
    assert_int_equal(released, 0);
    deals_call_finish(call, NULL);
}

static void
work(deals_call *call)
{
    deals_call_work(call, compute, calloc(1, sizeof(int)), release,
                    after_work);
}

static void
work_done(deals_call *call, void *data)
{
    (void) call;
    (void) data;
    finished++;
}

static deals_call *
work_new(void)
{
    deals_call  *call;

    computed = released = stepped = finished = 0;
    call = deals_call_new(ctx, 0, work_done, NULL);
    deals_call_start(call, work);

    return call;
}

static void
thread(void)
{
    h.fn(h.arg);
    h.done(h.arg);
    h.fn = NULL;
}


static void
work_goes_to_a_thread_and_comes_back(void **state)
{
    deals_call  *call;

    (void) state;
    call = work_new();
    turns(20);
    assert_non_null(h.fn);
    assert_int_equal(computed + stepped, 0);
    thread();
    assert_int_equal(computed, 1);
    assert_int_equal(stepped, 1);
    assert_int_equal(finished, 1);
    assert_int_equal(released, 1);
    deals_call_free(call);
    assert_int_equal(released, 1);
}


static void
work_outlives_its_call(void **state)
{
    deals_call  *call;

    (void) state;
    call = work_new();
    turns(20);
    deals_call_free(call);
    assert_int_equal(released, 0);
    thread();
    assert_int_equal(computed, 0);          /* for nobody */
    assert_int_equal(released, 1);
    assert_int_equal(stepped + finished, 0);

    /* while it is computed */
    call = work_new();
    turns(20);
    h.fn(h.arg);
    deals_call_free(call);
    assert_int_equal(computed, 1);
    assert_int_equal(released, 0);
    h.done(h.arg);
    assert_int_equal(released, 1);
}


static void
work_outlives_its_context(void **state)
{
    deals_call  *call;

    (void) state;
    call = work_new();
    turns(20);
    deals_ctx_free(ctx);
    ctx = NULL;
    thread();
    assert_int_equal(released, 1);
    assert_int_equal(stepped + finished, 0);
    deals_call_free(call);
}


static void
work_may_take_too_long(void **state)
{
    deals_call  *call;

    (void) state;
    call = work_new();
    until(&finished);
    assert_int_equal(deals_call_error(call)->code, DEALS_TIMEOUT);
    deals_call_free(call);
    assert_int_equal(released, 0);
    thread();
    assert_int_equal(computed, 0);
    assert_int_equal(released, 1);
}


static void
work_may_be_refused(void **state)
{
    deals_call  *call;

    (void) state;
    h.refuse_work = 1;
    call = work_new();
    until(&finished);
    assert_int_equal(deals_call_error(call)->code, DEALS_UNAVAILABLE);
    assert_int_equal(released, 1);
    assert_int_equal(computed + stepped, 0);
    deals_call_free(call);
}


/* --- counts, time -------------------------------------------------------- */

static int64_t  counted;

static void
after_count(deals_call *call)
{
    stepped++;
    deals_call_finish(call, NULL);
}

static void
count(deals_call *call)
{
    deals_call_count(call, DEALS_STR("abc"), 60, &counted, after_count);
}

static void
the_host_counts_when_there_is_no_redis(void **state)
{
    deals_call  *call;

    (void) state;
    h.count = 41;
    stepped = finished = 0;
    call = deals_call_new(ctx, 0, work_done, NULL);
    deals_call_start(call, count);
    until(&finished);
    assert_int_equal(counted, 42);
    deals_call_free(call);
}


/* A Redis that hangs up on everybody. */

static void
descriptors_of_redis_are_forgotten_too(void **state)
{
    int                 fd, peer, i;
    char                address[128], database[128];
    deals_call         *call;
    struct sockaddr_un  sun;

    (void) state;
    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/redis", srv->dir);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(address, sizeof(address), "unix:%s/redis", srv->dir);
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    again(database, address);

    for (i = 0; i < 3; i++) {
        stepped = finished = 0;
        call = deals_call_new(ctx, 0, work_done, NULL);
        deals_call_start(call, count);
        turn();
        peer = i == 0 ? accept(fd, NULL, NULL) : -1;
        assert_int_equal(h.watched, i == 0);

        if (peer != -1) {
            close(peer);
        }

        until(&finished);
        assert_int_equal(counted, i + 1);
        deals_call_free(call);
        assert_int_equal(h.watched, 0);
    }

    close(fd);
    unlink(sun.sun_path);
}


static void
the_host_says_what_time_it_is(void **state)
{
    int64_t      a, b;
    deals_call  *call;

    (void) state;
    call = deals_call_new(ctx, 0, NULL, NULL);
    assert_int_equal(deals_call_now(call), 1700000000);
    assert_int_equal(deals_call_now_usec(call), INT64_C(1700000000123456));
    deals_call_free(call);

    a = deals_ctx_new_id(ctx);
    b = deals_ctx_new_id(ctx);
    assert_true(b > a);
    assert_true(a > 0);
}


static void
no_step(deals_call *call)
{
    (void) call;
}

static void
a_step_that_leads_nowhere_is_a_defect(void **state)
{
    deals_call  *call;

    (void) state;
    finished = 0;
    call = deals_call_new(ctx, 0, work_done, NULL);
    deals_call_start(call, no_step);
    until(&finished);
    assert_int_equal(deals_call_error(call)->code, DEALS_INTERNAL);
    deals_call_free(call);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_submit_wakes_the_host_once),
        TEST(nobody_waits_nothing_is_busy),
        TEST(descriptors_are_forgotten_before_they_close),
        TEST(a_second_address_is_tried),
        TEST(a_deadline_needs_no_descriptor),
        TEST(waiting_is_refused),
        TEST(work_goes_to_a_thread_and_comes_back),
        TEST(work_outlives_its_call),
        TEST(work_outlives_its_context),
        TEST(work_may_take_too_long),
        TEST(work_may_be_refused),
        TEST(the_host_counts_when_there_is_no_redis),
        TEST(descriptors_of_redis_are_forgotten_too),
        TEST(the_host_says_what_time_it_is),
        TEST(a_step_that_leads_nowhere_is_a_defect),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_host", tests, NULL, NULL);
}
