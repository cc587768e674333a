/*
 * Connections that are refused, hang, break or lie, and a database that is
 * away: what callers are told and when, and that service resumes by itself.
 */

#include <time.h>

#include "io_fake.h"

static fake          *srv;
static deals_ctx     *ctx;
static deals_config   config;
static char           database[128];

static int
set_up(void **state)
{
    (void) state;
    srv = fake_new();
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 1;
    ctx = ctx_new(&config);

    return 0;
}

static void
again(void)
{
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    fake_free(srv);
    test_hooks.log = keep_log;

    return 0;
}

static void
expect(asking *a, deals_code code)
{
    spin_until(ctx, srv, &a->done, 1);
    assert_int_equal(a->code, code);
    assert_int_equal(a->done, 1);
    forget(a);
}

static void
warm(void)
{
    asking  a = NEW;

    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK);
    srv->log[0] = '\0';
}

/* A connection that has just been made is mistrusted when it breaks. */

static void
settle(void)
{
    warm();
    spin_for(ctx, srv, 1100);
}


/* --- broken connections -------------------------------------------------- */

static void
a_read_is_asked_again_on_another_connection(void **state)
{
    asking           a = NEW, b = NEW;
    deals_ctx_stats  stats;

    (void) state;
    settle();
    srv->once = 1;
    ask(ctx, &a, NUMBER, 1, NUMBER, DROP, NUMBER, 3, -1);
    ask(ctx, &b, NUMBER, 4, -1);
    expect(&a, DEALS_OK);
    expect(&b, DEALS_OK);
    assert_int_equal(a.results[0], 1);
    assert_int_equal(a.results[2], 3);
    assert_int_equal(a.nrows[0], 1);
    assert_int_equal(b.results[0], 4);
    assert_int_equal(srv->accepted, 2);
    assert_int_equal(times_logged("was lost"), 1);

    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.reconnects, 1);
    assert_int_equal(stats.database_up, 1);
}


/* As soon as one connection was lost, the server closes the others, without a
 * word or with one. */

static const char  *last_word;

static void
lose_all(void *host, deals_log_level level, deals_str line)
{
    int         i;
    fake_conn  *c;

    keep_log(host, level, line);

    for (i = 0; i < 16 && times_logged("was lost") == 1; i++) {
        c = &srv->conns[i];

        if (c->fd != -1 && last_word != NULL) {
            fake_error(c, "FATAL", last_word);
            (void) !write(c->fd, c->out, c->nout);
        }

        fake_hang_up(c);
    }
}


/* They may all be lost at once, and one after the other be seen to be. */

static void
a_read_outlives_all_connections(void **state)
{
    int     i;
    asking  a = NEW;

    (void) state;
    config.pool_size = 2;
    test_hooks.log = lose_all;

    for (i = 0; i < 2; i++) {
        last_word = i == 0 ? NULL : "57P01";
        again();
        warm();
        settle();
        srv->accepted = 0;
        srv->once = 1;
        ask(ctx, &a, NUMBER, DROP, -1);
        expect(&a, DEALS_OK);
        assert_int_equal(times_logged("was lost"), 2);
        assert_true(srv->accepted > 0);
    }
}


static void
a_read_is_not_asked_a_third_time(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, DROP, -1);
    expect(&a, DEALS_UNAVAILABLE);
    assert_string_equal(srv->log, "0:NUMBER 1000\n0:NUMBER 1000\n");
}


static void
a_write_is_never_repeated_in_doubt(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    settle();

    srv->once = 1;
    ask(ctx, &a, WRITE, DROP, -1);
    expect(&a, DEALS_UNAVAILABLE);

    srv->once = 1;
    ask(ctx, &a, WRITE, CLOSE_AFTER, -1);
    expect(&a, DEALS_UNAVAILABLE);

    srv->once = 1;
    ask(ctx, &a, WRITE, 1, WRITE, CLOSE_AFTER, -1);
    ask(ctx, &b, NUMBER, 5, -1);
    expect(&a, DEALS_UNAVAILABLE);
    expect(&b, DEALS_OK);
    assert_string_equal(srv->log, "0:WRITE 1000\n0:WRITE 1004\n0:BEGIN 0\n"
                                  "0:WRITE 1\n0:WRITE 1004\n0:COMMIT 0\n"
                                  "0:NUMBER 5\n");
}


/* The server says that it goes down before it does what was asked. */

static void
a_write_that_was_refused_is_repeated(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, WRITE, FATAL, -1);
    expect(&a, DEALS_OK);

    srv->once = 1;
    ask(ctx, &a, WRITE, 1, WRITE, FATAL, -1);
    expect(&a, DEALS_OK);
    assert_string_equal(srv->log, "0:WRITE 1003\n0:WRITE 1003\n"
                                  "0:BEGIN 0\n0:WRITE 1\n0:WRITE 1003\n"
                                  "0:BEGIN 0\n0:WRITE 1\n0:WRITE 1003\n"
                                  "0:COMMIT 0\n");
}


static void
hang_up(void)
{
    before_send = NULL;
    fake_hang_up(&srv->conns[0]);
}

/* The server closed an idle connection, and nobody has looked yet. */

static void
a_write_does_not_go_to_a_dead_connection(void **state)
{
    asking  a = NEW;

    (void) state;
    warm();
    before_send = hang_up;
    ask(ctx, &a, WRITE, 7, -1);
    expect(&a, DEALS_OK);
    assert_string_equal(srv->log, "0:WRITE 7\n");
    assert_int_equal(srv->accepted, 2);
}


static void
garbage_ends_a_connection(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->once = 1;
    ask(ctx, &a, NUMBER, GARBAGE, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(srv->accepted, 2);
}


static void
an_idle_connection_is_made_anew(void **state)
{
    int              i;
    deals_ctx_stats  stats;

    (void) state;
    settle();
    fake_hang_up(&srv->conns[0]);

    for (i = 0; i < 200; i++) {
        spin_for(ctx, srv, 5);
    }

    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(srv->accepted, 2);
    assert_int_equal(times_logged("not available"), 0);
}


/* --- a database that is away --------------------------------------------- */

/* time(2) lags behind by some milliseconds. */

static int64_t
seconds(void)
{
    struct timespec  ts;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);

    return ts.tv_sec;
}

static void
away_is_told_soon_then_at_once_and_ends_by_itself(void **state)
{
    int              i;
    asking           a = NEW;
    int64_t          start, since;
    deals_ctx_stats  stats;

    (void) state;
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.pool_size, 2);
    assert_int_equal(stats.database_since, 0);
    assert_int_equal(stats.refusing, 0);

    fake_away(srv);
    since = seconds();
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_UNAVAILABLE);
    assert_true(deals_call_error(a.call)->retry_after >= 1);
    assert_in_range(ms_since(start), 900, 1900);
    forget(&a);

    /* known: no waiting any more */
    for (i = 0; i < 20; i++) {
        start = deals_mono();
        ask(ctx, &a, NUMBER, 1, -1);
        expect(&a, DEALS_UNAVAILABLE);
        assert_true(ms_since(start) < 100);
    }

    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.refused, 21);
    assert_int_equal(stats.database_up, 0);
    assert_int_equal(stats.refusing, 1);
    assert_in_range(stats.database_since, since, since + 1);
    assert_int_equal(times_logged("not available"), 1);

    since = seconds();
    fake_listen(srv);
    start = deals_mono();

    do {
        spin_for(ctx, srv, 20);
        deals_ctx_status(ctx, &stats);
    } while (!stats.database_up && ms_since(start) < 6000);

    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(times_logged("available again"), 1);
    assert_in_range(stats.database_since, since, seconds());
    assert_int_equal(stats.refusing, 0);
    assert_int_equal(stats.reconnects, 0);
}


/* It takes connections and ends them, as a standby does with each write. */

static void
each_change_is_logged_once(void **state)
{
    int              i;
    asking           a = NEW;
    deals_ctx_stats  stats;

    (void) state;
    settle();
    srv->once = 1000;

    for (i = 0; i < 10; i++) {
        ask(ctx, &a, NUMBER, E_25006, -1);
        expect(&a, DEALS_UNAVAILABLE);
    }

    deals_ctx_status(ctx, &stats);
    assert_true(stats.reconnects >= 5);
    assert_int_equal(times_logged("25006"), 1);
    assert_int_equal(times_logged("not available"), 1);
    assert_int_equal(times_logged("available again"), 0);

    srv->once = 0;
    spin_for(ctx, srv, 200);
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(times_logged("available again"), 0);
    spin_for(ctx, srv, 1100);
    assert_int_equal(times_logged("available again"), 1);

    srv->once = 1000;

    for (i = 0; i < 10; i++) {
        ask(ctx, &a, NUMBER, E_57014, -1);
        expect(&a, DEALS_TIMEOUT);
    }

    assert_int_equal(times_logged("57014"), 1);
    assert_int_equal(times_logged("not available"), 1);
}


static void
a_short_absence_is_waited_out(void **state)
{
    asking  a = NEW;

    (void) state;
    settle();
    fake_away(srv);
    ask(ctx, &a, NUMBER, 1, -1);
    spin_for(ctx, srv, 300);
    assert_int_equal(a.done, 0);
    fake_listen(srv);
    expect(&a, DEALS_OK);
}


static void
a_server_that_says_nothing_is_not_waited_for(void **state)
{
    asking   a = NEW;
    int64_t  start;

    (void) state;
    config.connect_timeout = 200;
    again();
    srv->mode = FAKE_SILENT;
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_UNAVAILABLE);
    assert_in_range(ms_since(start), 1000, 3000);
    assert_int_equal(times_logged("connect_timeout"), 1);

    srv->mode = FAKE_SERVE;
    fake_away(srv);
    fake_listen(srv);
    spin_for(ctx, srv, 6000);
    ask(ctx, &a, NUMBER, 1, -1);
    expect(&a, DEALS_OK);
}


/* The next attempt begins with the next address. */

static void
an_address_that_hangs_is_passed_over(void **state)
{
    fake     *other;
    char      two[200];
    asking    a = NEW;
    int64_t   start;

    (void) state;
    other = fake_new();
    other->mode = FAKE_SILENT;
    snprintf(two, sizeof(two), "host=%s,%s dbname=d user=u", other->dir,
             srv->dir);
    config.database = two;
    config.connect_timeout = 200;
    again();
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);

    while (!a.done && ms_since(start) < LONG) {
        fake_turn(other);
        spin_for(ctx, srv, 5);
    }

    assert_int_equal(a.code, DEALS_OK);
    assert_int_equal(other->accepted, 1);
    forget(&a);
    deals_ctx_free(ctx);
    ctx = NULL;
    fake_free(other);
}


static void
attempts_are_rare_while_it_is_away(void **state)
{
    asking  a = NEW;

    (void) state;
    srv->mode = FAKE_REJECT;
    ask(ctx, &a, NUMBER, 1, -1);
    spin_for(ctx, srv, 3000);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.code, DEALS_UNAVAILABLE);
    forget(&a);

    /* 0, 0.1, 0.3, 0.7, 1.5, 3.1 s, a quarter less at most */
    assert_in_range(srv->accepted, 4, 7);
}


static void
a_full_or_starting_server_is_waited_for(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    srv->mode = FAKE_FULL;
    ask(ctx, &a, NUMBER, 1, -1);
    spin_for(ctx, srv, 200);
    srv->mode = FAKE_STARTING;
    spin_for(ctx, srv, 200);
    assert_int_equal(a.done, 0);
    srv->mode = FAKE_SERVE;
    expect(&a, DEALS_OK);

    /* one more connection is not to be had: the first one does all */
    config.pool_size = 2;
    again();
    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    forget(&a);
    srv->mode = FAKE_FULL;
    ask(ctx, &a, NUMBER, HANG, -1);
    spin_for(ctx, srv, 300);
    ask(ctx, &b, NUMBER, 2, -1);
    spin_for(ctx, srv, 10);
    assert_int_equal(times_logged("no further connection"), 1);
    forget(&a);
    forget(&b);
}


/* --- deadlines ----------------------------------------------------------- */

static void
a_deadline_is_kept_and_the_late_answer_ignored(void **state)
{
    asking           a = NEW, b = NEW;
    int64_t          start;
    deals_ctx_stats  stats;

    (void) state;
    config.query_timeout = 300;
    again();
    warm();
    srv->deaf = 1;
    start = deals_mono();
    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    assert_int_equal(a.code, DEALS_TIMEOUT);
    assert_in_range(ms_since(start), 290, 1500);
    forget(&a);
    deals_ctx_status(ctx, &stats);
    assert_int_equal(stats.timeouts, 1);
    assert_int_equal(stats.in_flight, 1);

    srv->deaf = 0;
    ask(ctx, &b, NUMBER, 2, -1);
    expect(&b, DEALS_OK);
    assert_int_equal(b.results[0], 2);
    assert_string_equal(srv->log, "0:NUMBER 1\n0:NUMBER 2\n");
}


static void
a_connection_that_hangs_is_replaced(void **state)
{
    asking   a = NEW;
    int64_t  start;

    (void) state;
    config.query_timeout = 300;
    again();
    warm();
    srv->once = 1;
    start = deals_mono();
    ask(ctx, &a, NUMBER, HANG, -1);
    expect(&a, DEALS_TIMEOUT);

    while (srv->accepted < 2) {
        spin_for(ctx, srv, 10);
        assert_true(ms_since(start) < LONG);
    }

    assert_true(ms_since(start) >= 550);
    ask(ctx, &a, NUMBER, 3, -1);
    expect(&a, DEALS_OK);
    assert_int_equal(times_logged("does not answer"), 1);
}


/* It was idle for long, then it is asked: patience begins with the question. */

static void
patience_begins_with_the_question(void **state)
{
    asking  a = NEW;

    (void) state;
    config.query_timeout = 300;
    again();
    warm();
    spin_for(ctx, srv, 500);
    srv->deaf = 1;
    ask(ctx, &a, NUMBER, 1, -1);
    spin_for(ctx, srv, 200);
    srv->deaf = 0;
    expect(&a, DEALS_OK);
    assert_int_equal(srv->accepted, 1);
}


/* --- giving up ----------------------------------------------------------- */

static void
a_call_freed_before_it_is_written_never_is(void **state)
{
    asking  a = NEW, b = NEW;

    (void) state;
    ask(ctx, &a, WRITE, 1, -1);
    ask(ctx, &b, WRITE, 2, -1);
    (void) deals_ctx_poll(ctx, 0);
    forget(&a);
    expect(&b, DEALS_OK);
    assert_int_equal(a.done, 0);
    assert_string_equal(srv->log, "0:WRITE 2\n");
}


static void
a_call_freed_later_ignores_its_answer(void **state)
{
    asking  a = NEW, b = NEW, c = NEW;

    (void) state;
    warm();
    ask(ctx, &a, NUMBER, 1, -1);
    ask(ctx, &b, WRITE, 1, WRITE, E_23505, -1);
    (void) deals_ctx_poll(ctx, 0);
    forget(&a);
    ask(ctx, &c, NUMBER, 3, -1);
    (void) deals_ctx_poll(ctx, 0);
    forget(&b);
    expect(&c, DEALS_OK);
    assert_int_equal(c.results[0], 3);
    assert_int_equal(a.done + b.done, 0);
    assert_int_equal(srv->accepted, 1);
}


static void
a_call_freed_before_it_begins_never_does(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    forget(&a);
    spin_for(ctx, srv, 20);
    assert_int_equal(a.done, 0);
    assert_int_equal(srv->accepted, 0);
}


static void
the_end_of_a_context_ends_its_calls(void **state)
{
    int     i;
    asking  a[30];

    (void) state;
    memset(a, 0, sizeof(a));
    warm();

    for (i = 0; i < 30; i++) {
        ask(ctx, &a[i], NUMBER, i, -1);
    }

    (void) deals_ctx_poll(ctx, 0);
    deals_ctx_free(ctx);
    ctx = NULL;

    for (i = 0; i < 30; i++) {
        assert_int_equal(a[i].done, 0);
        assert_int_equal(deals_call_is_done(a[i].call), 1);
        assert_int_equal(deals_call_error(a[i].call)->code, DEALS_UNAVAILABLE);
        forget(&a[i]);
    }
}


static void
free_the_context(deals_call *call, void *data)
{
    (void) call;
    (*(int *) data)++;
    deals_ctx_free(ctx);
    ctx = NULL;
}

static void
no_step(deals_call *call)
{
    deals_call_finish(call, NULL);
}

static void
a_callback_may_free_the_context(void **state)
{
    int          n;
    deals_call  *call;

    (void) state;
    n = 0;
    call = deals_call_new(ctx, 0, free_the_context, &n);
    deals_call_start(call, no_step);
    (void) deals_ctx_poll(ctx, 100);
    assert_int_equal(n, 1);
    assert_null(ctx);
    deals_call_free(call);
}


static void
wait_in_callback(deals_call *call, void *data)
{
    asking  *inner = data;

    (void) call;
    ask(ctx, inner, NUMBER, 5, -1);
    spin_until(ctx, srv, &inner->done, 1);
    deals_call_free(call);
}

static void
a_callback_may_wait_for_another_call(void **state)
{
    asking       inner = NEW, outer = NEW;
    deals_call  *call;

    (void) state;
    warm();
    call = deals_call_new(ctx, 0, wait_in_callback, &inner);
    ask(ctx, &outer, NUMBER, 6, -1);
    deals_call_start(call, no_step);
    spin_until(ctx, srv, &inner.done, 1);
    assert_int_equal(inner.results[0], 5);
    expect(&outer, DEALS_OK);
    forget(&inner);
}


static void
waiting_ends_with_its_own_time(void **state)
{
    asking  a = NEW;

    (void) state;
    ask(ctx, &a, NUMBER, 1, -1);
    assert_ptr_equal(deals_call_wait(a.call, 50), a.call);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.code, DEALS_TIMEOUT);
    assert_int_equal(deals_call_is_done(a.call), 1);
    forget(&a);
    assert_null(deals_call_wait(NULL, 50));
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_read_is_asked_again_on_another_connection),
        TEST(a_read_outlives_all_connections),
        TEST(a_read_is_not_asked_a_third_time),
        TEST(a_write_is_never_repeated_in_doubt),
        TEST(a_write_that_was_refused_is_repeated),
        TEST(a_write_does_not_go_to_a_dead_connection),
        TEST(garbage_ends_a_connection),
        TEST(an_idle_connection_is_made_anew),
        TEST(away_is_told_soon_then_at_once_and_ends_by_itself),
        TEST(each_change_is_logged_once),
        TEST(a_short_absence_is_waited_out),
        TEST(a_server_that_says_nothing_is_not_waited_for),
        TEST(an_address_that_hangs_is_passed_over),
        TEST(attempts_are_rare_while_it_is_away),
        TEST(a_full_or_starting_server_is_waited_for),
        TEST(a_deadline_is_kept_and_the_late_answer_ignored),
        TEST(a_connection_that_hangs_is_replaced),
        TEST(patience_begins_with_the_question),
        TEST(a_call_freed_before_it_is_written_never_is),
        TEST(a_call_freed_later_ignores_its_answer),
        TEST(a_call_freed_before_it_begins_never_does),
        TEST(the_end_of_a_context_ends_its_calls),
        TEST(a_callback_may_free_the_context),
        TEST(a_callback_may_wait_for_another_call),
        TEST(waiting_ends_with_its_own_time),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_loss", tests, NULL, NULL);
}
