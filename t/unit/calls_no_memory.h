/*
 * calls_no_memory.h - a community on a private PostgreSQL and Redis in which
 * calls are made while memory runs out. However a call ends, it ends once, and
 * says why; it was done or not, never by half; who makes it again gets what it
 * is to bring; and the context serves others.
 */

#ifndef CALLS_NO_MEMORY_H
#define CALLS_NO_MEMORY_H

#include "no_memory.h"
#undef UNUSED
#include "calls_server.h"
#include "fast_clock.h"

#define PATIENCE  10000     /* ms until others are answered again */
#define SPEED     30        /* of time */
#define DENSE     16

typedef struct {
    const char   *name;             /* the symbol; its _wait is the same */
    const char   *label;            /* what of it; NULL: all */
    void        (*prepare)(void);   /* with memory; may be NULL */
    deals_call *(*submit)(deals_ctx *c, deals_done done, void *data);
    void        (*holds)(const deals_call *call);   /* it succeeded: is all as
                                       it is to be? May be NULL */
    deals_code    again;            /* DEALS_OK, or how it ends for who makes it
                                       again, and it had been done already */
    void        (*whole)(void);     /* nothing may be half done; may be NULL */
    int           dense;            /* how many fail one by one */
} row;

#define ROW(symbol, prepare, submit, holds)                                   \
    { #symbol, NULL, prepare, submit, holds, DEALS_OK, NULL, DENSE }
#define ROW_OF(symbol, label, prepare, submit, holds)                         \
    { #symbol, label, prepare, submit, holds, DEALS_OK, NULL, 5 }
#define WRITE(symbol, prepare, submit, holds, again, whole)                   \
    { #symbol, NULL, prepare, submit, holds, again, whole, DENSE }
#define WRITE_OF(symbol, label, prepare, submit, holds, again, whole)         \
    { #symbol, label, prepare, submit, holds, again, whole, DENSE }
/* Each takes long. */
#define SLOW(symbol, prepare, submit, holds, again, whole)                    \
    { #symbol, NULL, prepare, submit, holds, again, whole, 4 }

static member    kim, lee, mod;
static int64_t   deal_id, comment_id, reply_id;
static deals_ctx  *dry;             /* its memory runs out */
static uint64_t    turn_of;         /* counts what the host's caches forget */
static long        unavailable, timeouts;
static int         ended;           /* how often `done` was called */
static int         wrong;           /* of this row */

static void
quiet(void *host, deals_log_level level, deals_str line)
{
    (void) host;

    if (getenv("VERBOSE") != NULL) {
        fprintf(stderr, "# %lld %d %.*s\n", (long long) ms_now() % 100000,
                (int) level, (int) line.len, line.data);
    }
}

/* Each time another: sessions are read, and kept, each time. */
static uint64_t
another(void *host, unsigned what, int64_t id, int64_t *keep_ms)
{
    (void) host;
    (void) what;
    (void) id;
    *keep_ms = 10000;

    return turn_of;
}

static deals_ctx *
dry_ctx(void)
{
    deals_ctx          *c;
    deals_hooks         hooks = { 0 };
    deals_config        config = { 0 };
    deals_arena        *errors = deals_arena_new();
    const deals_error  *error = NULL;

    hooks.log = quiet;
    hooks.generation = another;
    config.database = server_database;
    config.redis = server_redis;
    config.pool_size = 1;
    config.query_timeout = 500 * SPEED;
    config.signin_limit = config.signup_limit = config.post_limit
        = config.comment_limit = config.vote_limit = 1000000;
    c = deals_ctx_new(&config, &hooks, errors, &error);
    assert_non_null(c);
    deals_arena_free(errors);

    return c;
}

static void
done_once(deals_call *call, void *data)
{
    assert_non_null(call);
    assert_ptr_equal(data, &ended);
    ended++;
}

static deals_call *
await(deals_call *call)
{
    int64_t  start, took;

    while (call != NULL && !deals_call_is_done(call)) {
        start = ms_now();
        assert_int_not_equal(deals_ctx_poll(dry, 1), -1);
        took = ms_now() - start;
        later += (SPEED - 1) * (took < 2 ? took : 2);   /* idle, not at work */
    }

    return call;
}

/* The row's call, from being made to its end. */
static deals_call *
call_once(const row *r, int n)
{
    deals_call  *call;

    ended = 0;
    arm(n);
    call = await(r->submit(dry, done_once, &ended));
    disarm();
    assert_int_equal(ended, call != NULL);

    return call;
}

/* Others are answered, now or as soon as the database is reached again. */
static void
others_go_on(void)
{
    int          ok;
    int64_t      start = ms_now();
    deals_call  *call;

    do {
        call = await(deals_whoami(dry, &lee.asker, NULL, NULL));
        assert_non_null(call);
        ok = deals_call_error(call) == NULL;
        if (ok) {
            assert_str(deals_call_viewer(call)->name, "lee");
        }
        deals_call_free(call);
        assert_true(ms_now() - start < PATIENCE);
    } while (!ok);
}

static const char *
at(const row *r, int n)
{
    static char  text[160];

    snprintf(text, sizeof(text), "%s%s%s, allocation %d%s", r->name,
             r->label != NULL ? " " : "", r->label != NULL ? r->label : "", n,
             fail_on ? " and on" : "");

    return text;
}

/* libpq may have had no memory. */
static int
away(deals_code code)
{
    return code == DEALS_UNAVAILABLE || code == DEALS_TIMEOUT;
}

/* An error that says what was the matter. */
static void
judge(const row *r, int n, const deals_call *call)
{
    const deals_error  *e;

    if (call == NULL) {
        if (!failed) {
            fail_msg("%s: no call", at(r, n));
        }
        return;
    }

    e = deals_call_error(call);

    if (e == NULL) {
        if (r->holds != NULL) {
            r->holds(call);
        }
        return;
    }

    unavailable += e->code == DEALS_UNAVAILABLE;
    timeouts += e->code == DEALS_TIMEOUT;

    if (!failed || e->message.len == 0
        || (e->code != DEALS_NO_MEMORY && !away(e->code)))
    {
        wrong++;
        print_error("%s: error %d: %.*s\n", at(r, n), (int) e->code,
                    (int) e->message.len, e->message.data);
    }
}

/* With memory the same is done, unless it had been done before. */
static void
make_again(const row *r, int n)
{
    deals_call         *call;
    const deals_error  *e;

    int64_t             start = ms_now();

    for ( ;; ) {
        call = call_once(r, 0);
        assert_non_null(call);
        e = deals_call_error(call);

        if (e == NULL || !away(e->code) || ms_now() - start > PATIENCE) {
            break;
        }

        deals_call_free(call);
    }

    if (e == NULL) {
        if (r->holds != NULL) {
            r->holds(call);
        }

    } else if (r->again == DEALS_OK || e->code != r->again) {
        wrong++;
        print_error("%s, again: error %d: %.*s\n", at(r, n), (int) e->code,
                    (int) e->message.len, e->message.data);
    }

    deals_call_free(call);
}

/* 1: this one failed; 0: none is left that could. */
static int
one_failure(const row *r, int n)
{
    int          ok, any;
    deals_call  *call;

    turn_of++;
    later += 2000;
    if (r->prepare != NULL) {
        r->prepare();
    }

    call = call_once(r, n);
    any = failed;
    ok = call != NULL && deals_call_error(call) == NULL;
    judge(r, n, call);
    deals_call_free(call);
    others_go_on();

    if (!ok) {
        make_again(r, n);
    }
    if (r->whole != NULL) {
        r->whole();
    }

    return any;
}

static long
blocks(void)
{
    sql("SELECT 1");        /* what the script keeps of its last answer */

    return live;
}

UNUSED static void
sweep(const row *r)
{
    int      n = 0, any;
    long     before, lost_before = unavailable + timeouts;
    int64_t  start = ms_now();

    wrong = 0;

    /* what libraries keep for themselves, they have then */
    dry = dry_ctx();
    (void) one_failure(r, 0);
    (void) one_failure(r, 0);
    deals_ctx_free(dry);

    for (fail_on = 0; fail_on <= FEW; fail_on += FEW) {
        before = blocks();
        dry = dry_ctx();
        others_go_on();

        for (n = 1, any = 1; any; n = next_after(n, r->dense)) {
            any = one_failure(r, n);
        }

        deals_ctx_free(dry);
        dry = NULL;

        if (blocks() != before) {
            fail_msg("%s: %ld blocks left", at(r, 0), live - before);
        }
    }

    fail_on = 0;
    assert_int_equal(wrong, 0);

    if (getenv("VERBOSE") != NULL) {
        printf("# %s: %d, %ld lost, %lld ms\n", at(r, n), n,
               unavailable + timeouts - lost_before,
               (long long) (ms_now() - start));
    }
}

UNUSED static void
row_test(void **state)
{
    sweep(*state);
}

/* Every counter is what the votes say. */
static void
verify_all(void)
{
    int64_t                     after = 0;
    deals_call                 *call;
    const deals_verify_result  *r;

    do {
        call = OK(deals_verify_wait(ctx, after, TIMEOUT));
        r = deals_verify_get(call);
        assert_int_equal(r->drifts.len, 0);
        after = r->done ? -1 : r->last_id;
        deals_call_free(call);
    } while (after != -1);
}

static int
dry_begin(void **state)
{
    int                 i;
    deals_call         *call;
    deals_deal_input    in = { 0 };
    static deals_str    tags[] = { DEALS_STR("lego"), DEALS_STR("toys") };
    static deals_money  price = { 1999, DEALS_STR("USD"), { NULL, 0 } };

    if (server_begin(state) != 0) {
        return -1;
    }

    redis_start();
    member_make(&kim, "kim", "member");
    member_make(&lee, "lee", "member");
    member_make(&mod, "mod", "moderator");

    for (i = 0; i < 30; i++) {
        in.title = S("A deal with everything");
        in.url = S("https://www.example.com/a");
        in.description = S("Some *words*.");
        in.price = &price;
        in.tags = (deals_list) { tags, 2 };
        in.starts_at = DEALS_NULL_INT;
        in.expires_at = time(NULL) + 86400;
        call = OK(deals_deal_create_wait(ctx, &kim.asker, &in, TIMEOUT));
        deal_id = deals_deal_result_get(call)->deal->id;
        deals_call_free(call);
    }

    comment_id = comment_make(&kim, deal_id, 0, "First");
    reply_id = comment_make(&lee, deal_id, comment_id, "Second");
    deals_call_free(OK(deals_vote_wait(ctx, &lee.asker, deal_id, 0, 1,
                                       TIMEOUT)));

    return 0;
}

static int
dry_end(void **state)
{
    printf("# %ld calls were told that the database is away, %ld waited for it"
           " in vain\n", unavailable, timeouts);
    verify_all();

    return server_finish(state);
}

#define CALLS_NO_MEMORY_RUN(program, rows)                                    \
    NO_MEMORY_RUN(program, rows, row_test, dry_begin, dry_end)

#endif /* CALLS_NO_MEMORY_H */
