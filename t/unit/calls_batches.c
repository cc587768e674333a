/*
 * calls_batches.c - many votes at once, on a database in trouble: the counters
 * are what was answered, and what stands is what was cast last.
 */

#include "calls_server.h"

#define VOTES    1000
#define MEMBERS  40
#define DEALS    60

static member   who[MEMBERS];
static int64_t  deals[DEALS], comments[DEALS];

/* What each of them should stand at: the last that was cast; 9: none was. */
static int  cast[2][DEALS][MEMBERS];

typedef struct {
    deals_call  *call;
    int          kind, deal, member, value;
} vote;

static vote  votes[VOTES];

static void
community(void)
{
    int   i, k;
    char  name[20];

    for (i = 0; i < MEMBERS; i++) {
        snprintf(name, sizeof(name), "member%d", i);
        member_make(&who[i], name, "member");
    }

    /* The authors' own votes are not counted in. */
    for (i = 0; i < DEALS; i++) {
        deals[i] = deal_make(&who[0], "A deal");
        comments[i] = comment_make(&who[0], deals[i], 0, "Good.");
    }
    sql("DELETE FROM votes; UPDATE deal_stats SET up = 0, score = 0,"
        " hot = deals_hot(0, 0, created_at, 1134028003, 45000)");

    for (i = 0; i < DEALS; i++) {
        for (k = 0; k < MEMBERS; k++) {
            cast[0][i][k] = cast[1][i][k] = 9;
        }
    }
}

static void
submit(deals_ctx *on, vote *v)
{
    v->call = deals_vote(on, &who[v->member].asker, deals[v->deal],
                         v->kind ? comments[v->deal] : 0, v->value, NULL,
                         NULL);
    assert_non_null(v->call);
    cast[v->kind][v->deal][v->member] = v->value;
}

/* Random votes on the first n deals; a fourth of them on comments. */
static void
choose(vote *v, int n)
{
    v->kind = rand() % 4 == 0;
    v->deal = rand() % n;
    v->member = rand() % MEMBERS;
    v->value = rand() % 3 - 1;
}

static void
finish(int n)
{
    int  i;

    for (i = 0; i < n; i++) {
        if (votes[i].call != NULL) {
            deals_call_wait(votes[i].call, TIMEOUT);
        }
    }
}

static void
free_all(int n)
{
    int  i;

    for (i = 0; i < n; i++) {
        deals_call_free(votes[i].call);
        votes[i].call = NULL;
    }
}

/* All are answered well; repeats in one batch alike. */
static void
all_good(int n)
{
    int                       i;
    const deals_vote_result  *r;

    finish(n);
    for (i = 0; i < n; i++) {
        OK(votes[i].call);
        r = deals_vote_get(votes[i].call);
        assert_int_equal(r->score, r->up - r->down);
        assert_true(r->up >= 0 && r->down >= 0
                    && r->up + r->down <= MEMBERS);
        assert_true(r->up >= (r->my_vote == 1)
                    && r->down >= (r->my_vote == -1));
    }
    free_all(n);
}

static void
verify(void)
{
    int                         done;
    int64_t                     last;
    deals_call                 *call;
    const deals_verify_result  *r;

    for (done = 0, last = 0; !done; deals_call_free(call)) {
        call = OK(deals_verify_wait(ctx, last, TIMEOUT));
        r = deals_verify_get(call);
        assert_int_equal(r->drifts.len, 0);
        done = r->done;
        last = r->last_id;
    }
}

/* The database says what was cast last, and its counters say the same. */
static void
stands(void)
{
    int  i, k, kind, value;

    for (i = 0; i < DEALS; i++) {
        for (k = 0; k < MEMBERS; k++) {
            for (kind = 0; kind < 2; kind++) {
                value = cast[kind][i][k];
                if (value == 9) {
                    continue;
                }
                assert_int_equal(value, kind
                    ? sql_int("SELECT value FROM comment_votes WHERE deal_id ="
                              " %lld AND user_id = %lld",
                              (long long) deals[i], (long long) who[k].id)
                    : sql_int("SELECT value FROM votes WHERE deal_id = %lld"
                              " AND user_id = %lld", (long long) deals[i],
                              (long long) who[k].id));
            }
        }
    }

    verify();
}

/* Another client of the database, at the same time. */
static pid_t
meanwhile(const char *script_text)
{
    static char        text[2000], host[100];
    const char *const  psql[] = {
        BIN "psql", "-XAtq", "-h", host, "-U", "deals", "-d", "postgres", "-c",
        text, NULL
    };

    snprintf(text, sizeof(text), "%s", script_text);
    snprintf(host, sizeof(host), "%s", server_dir);

    return server_spawn(psql);
}

/* A session that has locked what others are to wait for, until it is told. */
static deals_script  *lock;

static void
lock_by(const char *format, int64_t id)
{
    char                text[300];
    const deals_error  *error = NULL;

    lock = deals_script_open(server_database, arena, &error);
    assert_non_null(lock);
    assert_int_equal(deals_script_run(lock, "BEGIN"), 0);
    snprintf(text, sizeof(text), format, (long long) id);
    assert_int_equal(deals_script_run(lock, text), 0);
}

static void
unlock(void)
{
    assert_int_equal(deals_script_run(lock, "COMMIT"), 0);
    deals_script_close(lock);
    lock = NULL;
}

/* What a test that failed has left locked would stop all others. */
static int
begin(void **state)
{
    deals_script_close(lock);
    lock = NULL;

    return empty(state);
}

/* Until so many backends wait for a lock. */
static void
until_blocked(deals_ctx *by, int n)
{
    int  i;

    for (i = 0; i < 2000; i++) {
        (void) deals_ctx_poll(by, 10);
        sql("SELECT pg_stat_clear_snapshot()");
        if (sql_int("SELECT count(*) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock'") >= n)
        {
            return;
        }
    }

    fail_msg("nobody waits");
}

/* Until nothing is asked but the batch that waits for a lock: what votes ask
 * before they join the next one is answered. Of more than some 16 at once those
 * that find no place elsewhere ask behind that batch. */
static void
until_joined(void)
{
    int              i;
    deals_ctx_stats  stats;

    for (i = 0; i < 2000; i++) {
        (void) deals_ctx_poll(ctx, 10);
        deals_ctx_status(ctx, &stats);
        if (i > 1 && stats.in_flight == 1 && stats.waiting == 0) {
            return;
        }
    }

    fail_msg("votes do not join");
}

/* Did the server write this to its log? */
static int
is_logged(const char *text)
{
    int    found = 0;
    char   path[100], line[1000];
    FILE  *f;

    snprintf(path, sizeof(path), "%s/log", server_dir);
    f = fopen(path, "r");
    assert_non_null(f);
    while (!found && fgets(line, sizeof(line), f) != NULL) {
        found = strstr(line, text) != NULL;
    }
    fclose(f);

    return found;
}

static uint64_t
batches(void)
{
    deals_ctx_stats  stats;

    deals_ctx_status(ctx, &stats);

    return stats.batches;
}


/* -- counters ------------------------------------------------------------- */

static void
together(int ndeals)
{
    int       i;
    uint64_t  before = batches();

    srand(7);
    community();
    for (i = 0; i < VOTES; i++) {
        choose(&votes[i], ndeals);
        submit(ctx, &votes[i]);
        if (i % 97 == 0) {
            (void) deals_ctx_poll(ctx, 0);
        }
    }
    all_good(VOTES);
    stands();

    /* Fewer transactions than votes is what it is for. */
    assert_true(batches() - before < VOTES / 5);
}

static void
test_few_deals(void **state)
{
    (void) state;
    together(3);
}

static void
test_many_deals(void **state)
{
    (void) state;
    together(DEALS);
}

/* A context that has one batch on its way at a time, whatever the deals, and a
 * second connection for what its votes ask before. */
static void
one_lane(void)
{
    int               i;
    deals_call       *calls[2];
    deals_config      config = { 0 };
    deals_ctx_stats   stats = { 0 };

    deals_ctx_free(ctx);
    config.pool_size = 2;
    config.signin_limit = config.signup_limit = config.post_limit
        = config.comment_limit = config.vote_limit = -1;
    ctx = server_ctx(&config);

    while (stats.connections < 2) {
        for (i = 0; i < 2; i++) {
            calls[i] = deals_whoami(ctx, &who[0].asker, NULL, NULL);
            assert_non_null(calls[i]);
        }

        for (i = 0; i < 2; i++) {
            deals_call_free(OK(deals_call_wait(calls[i], TIMEOUT)));
        }

        deals_ctx_status(ctx, &stats);
    }
}

/* Makes all votes up to the release go in one batch: the one before it waits
 * for a deal that is locked. */
static void
hold(vote *v)
{
    one_lane();
    *v = (vote) { .deal = DEALS - 1, .member = MEMBERS - 1, .value = 1 };
    sql("BEGIN; SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
        (long long) deals[v->deal]);
    submit(ctx, v);
    until_blocked(ctx, 1);
}

static void
release(void)
{
    until_joined();
    sql("COMMIT");
}

/* The last vote of a member in a batch is what all of them are told. */
static void
test_repeats(void **state)
{
    int       i;
    uint64_t  before;

    (void) state;
    community();
    hold(&votes[6]);
    before = batches();

    for (i = 0; i < 6; i++) {
        votes[i] = (vote) { .deal = 1, .member = 5, .value = i % 3 - 1 };
        submit(ctx, &votes[i]);
    }
    release();
    finish(7);
    for (i = 0; i < 6; i++) {
        assert_int_equal(deals_vote_get(OK(votes[i].call))->my_vote, 1);
        assert_int_equal(deals_vote_get(votes[i].call)->up, 1);
    }
    assert_int_equal(batches() - before, 1);
    free_all(7);
    stands();
}

static void
test_one_unknown(void **state)
{
    int  i;

    (void) state;
    community();
    deals[7] = 12345;
    for (i = 0; i < 20; i++) {
        votes[i] = (vote) { .deal = i, .member = i, .value = 1 };
        submit(ctx, &votes[i]);
    }
    finish(20);
    FAILS(votes[7].call, DEALS_NOT_FOUND, NULL);
    votes[7].call = NULL;
    cast[0][7][7] = 9;
    for (i = 0; i < 20; i++) {
        if (i != 7) {
            assert_int_equal(deals_vote_get(OK(votes[i].call))->score, 1);
        }
    }
    free_all(20);
    stands();
}

/* A vote that was cast before and comes after another one's commit. */
static void
test_order(void **state)
{
    deals_ctx     *other;
    deals_config   config = { 0 };

    (void) state;
    community();
    other = server_ctx(&config);

    votes[0] = (vote) { .deal = 1, .member = 5, .value = -1 };
    submit(other, &votes[0]);
    usleep(1000);
    votes[1] = (vote) { .deal = 1, .member = 5, .value = 1 };
    submit(ctx, &votes[1]);
    deals_call_wait(votes[1].call, TIMEOUT);
    assert_int_equal(deals_vote_get(OK(votes[1].call))->my_vote, 1);
    deals_call_wait(votes[0].call, TIMEOUT);
    assert_int_equal(deals_vote_get(OK(votes[0].call))->my_vote, 1);
    free_all(2);
    deals_ctx_free(other);
    stands();
}


/* -- leaving -------------------------------------------------------------- */

static void
test_cancelled(void **state)
{
    int  i;

    (void) state;
    community();
    hold(&votes[20]);
    lock_by("SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
            deals[0]);

    /* 0..9 are on their way, 10..19 wait. */
    for (i = 0; i < 20; i++) {
        votes[i] = (vote) { .deal = i % 2, .member = i, .value = 1 };
        submit(ctx, &votes[i]);
        if (i == 9) {
            release();
            until_blocked(ctx, 1);
        }
    }
    until_joined();
    for (i = 0; i < 20; i += 3) {
        deals_call_free(votes[i].call);
        votes[i].call = NULL;
        if (i >= 10) {
            cast[0][i % 2][i] = 9;
        }
    }
    unlock();
    finish(21);
    for (i = 0; i < 21; i++) {
        if (votes[i].call != NULL) {
            (void) OK(votes[i].call);
        }
    }
    free_all(21);

    stands();
    assert_int_equal(sql_int("SELECT count(*) FROM votes"), 10 + 7 + 1);
}


/* -- a database in trouble ------------------------------------------------ */

static void
test_deadlock(void **state)
{
    int    i;
    pid_t  locker;
    char   text[400];

    (void) state;
    community();
    hold(&votes[20]);
    assert_true(deals[0] < deals[1]);
    lock_by("SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
            deals[0]);

    for (i = 0; i < 20; i++) {
        votes[i] = (vote) { .deal = i % 3, .member = i, .value = 1 };
        submit(ctx, &votes[i]);
        if (i == 9) {
            until_joined();
        }
    }
    release();
    until_blocked(ctx, 1);

    /* Behind the batch somebody who has the second deal waits for the first.
     * When the batch holds that and comes to the second it is the one that
     * notices, after a second. */
    snprintf(text, sizeof(text), "SET deadlock_timeout = '10min'; BEGIN;"
             " SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE;"
             " UPDATE deal_stats SET up = up WHERE deal_id = %lld; COMMIT",
             (long long) deals[1], (long long) deals[0]);
    locker = meanwhile(text);
    until_blocked(ctx, 2);
    unlock();
    all_good(21);
    assert_int_equal(server_wait(locker), 0);
    stands();

    assert_true(is_logged("deadlock detected"));
}

static void
test_serialization(void **state)
{
    int               i;
    deals_ctx        *strict;
    deals_config      config = { 0 };
    deals_ctx_stats   stats;

    (void) state;
    community();
    sql("ALTER ROLE deals SET default_transaction_isolation"
        " = 'repeatable read'");
    strict = server_ctx(&config);
    deals_call_free(OK(deals_whoami_wait(strict, &who[0].asker, TIMEOUT)));
    sql("ALTER ROLE deals RESET default_transaction_isolation");

    lock_by("UPDATE deal_stats SET imported_up = 1, score = score + 1"
            " WHERE deal_id = %lld", deals[1]);

    for (i = 0; i < 20; i++) {
        votes[i] = (vote) { .deal = i % 3, .member = i, .value = 1 };
        submit(strict, &votes[i]);
    }
    until_blocked(strict, 1);
    unlock();
    all_good(20);
    deals_ctx_status(strict, &stats);
    assert_int_equal(stats.batched, 20);    /* none was divided */
    deals_ctx_free(strict);
    stands();
    assert_int_equal(sql_int("SELECT score FROM deal_stats WHERE deal_id ="
                             " %lld", (long long) deals[1]), 8);
}

/* Its backend is sent away in mid-flush: the same batch, on another one. */
static void
test_terminated(void **state)
{
    int  i;

    (void) state;
    community();
    usleep(1100000);                    /* a young connection is mistrusted */
    sql("BEGIN; SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
        (long long) deals[1]);

    for (i = 0; i < 20; i++) {
        votes[i] = (vote) { .deal = i % 3, .member = i, .value = 1 };
        submit(ctx, &votes[i]);
    }
    until_blocked(ctx, 1);
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock'");
    for (i = 0; i < 10; i++) {
        (void) deals_ctx_poll(ctx, 10);
    }
    sql("COMMIT");
    all_good(20);
    stands();
}

/* Killed, and with it the whole server for a while. What was answered holds;
 * the rest is known to be unknown, and may be cast again. */
static void
test_killed(void **state)
{
    int                 i, good;
    pid_t               pid;
    const deals_error  *error, *e;

    (void) state;
    community();
    sql("BEGIN; SELECT 1 FROM deal_stats WHERE deal_id = %lld FOR UPDATE",
        (long long) deals[1]);

    for (i = 0; i < 200; i++) {
        choose(&votes[i], 5);
        submit(ctx, &votes[i]);
    }
    until_blocked(ctx, 1);
    pid = (pid_t) sql_int("SELECT pid FROM pg_stat_activity"
                          " WHERE wait_event_type = 'Lock' LIMIT 1");
    assert_true(pid > 1);
    kill(pid, SIGKILL);

    finish(200);
    deals_script_close(script);
    script = NULL;
    for (i = 0; i < 1500 && script == NULL; i++) {
        usleep(20000);
        script = deals_script_open(server_database, arena, &error);
    }
    assert_non_null(script);

    for (i = 0, good = 0; i < 200; i++) {
        e = deals_call_error(votes[i].call);
        assert_true(deals_call_is_done(votes[i].call));
        assert_true(e == NULL || e->code == DEALS_UNAVAILABLE);
        good += e == NULL;
        deals_call_free(votes[i].call);
        votes[i].call = NULL;
    }
    print_message("# %d of 200 survived a crash\n", good);

    for (i = 0; i < 100; i++) {
        deals_call  *call = deals_whoami_wait(ctx, &who[0].asker, TIMEOUT);

        e = deals_call_error(call);
        deals_call_free(call);
        if (e == NULL) {
            break;
        }
        usleep(100000);
    }
    verify();

    /* Again, in the same order: nothing is counted twice. */
    for (i = 0; i < 200; i++) {
        submit(ctx, &votes[i]);
    }
    all_good(200);
    stands();
}

#define BATCH_TEST(f)  cmocka_unit_test_setup(f, begin)

static const struct CMUnitTest  tests[] = {
    BATCH_TEST(test_few_deals),
    BATCH_TEST(test_many_deals),
    BATCH_TEST(test_repeats),
    BATCH_TEST(test_one_unknown),
    BATCH_TEST(test_order),
    BATCH_TEST(test_cancelled),
    BATCH_TEST(test_deadlock),
    BATCH_TEST(test_serialization),
    BATCH_TEST(test_terminated),
    BATCH_TEST(test_killed),
};

RUN("calls: batches", tests)
