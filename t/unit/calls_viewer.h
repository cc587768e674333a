/*
 * calls_viewer.h - a node for tests of what contexts keep of members: several
 * contexts that share generations and a clock that only the test moves, and a
 * look at what they ask the server.
 */

#ifndef CALLS_VIEWER_H
#define CALLS_VIEWER_H

#include "calls_server.h"

#include "io/call.h"
#include "io/stmt.h"

#define S_   INT64_C(1000000)
#define MIN_ (60 * S_)

typedef struct {
    int64_t   id;
    uint64_t  members, votes;
} generation_of;

static generation_of  generations[64];
static size_t         ngenerations;
static uint64_t       epoch;
static int64_t        keep_members, keep_votes;     /* ms */
static int64_t        began;                        /* a whole second; us */
static int64_t        ahead;                        /* of that: the clock; us */
static deals_ctx     *a, *b;                        /* of one node */
static long           logged;                       /* of the server's log */

/* For SQL: to_timestamp() of the test's beginning. */
UNUSED static long long
began_s(void)
{
    return (long long) (began / S_);
}

static int64_t
clock_now(void *host)
{
    (void) host;

    return began + ahead;
}

static generation_of *
generation_find(int64_t id)
{
    size_t  i;

    for (i = 0; i < ngenerations; i++) {
        if (generations[i].id == id) {
            return &generations[i];
        }
    }

    assert_true(ngenerations < 64);
    generations[ngenerations].id = id;

    return &generations[ngenerations++];
}

static uint64_t
generation(void *host, unsigned what, int64_t id, int64_t *keep_ms)
{
    generation_of  *g = generation_find(id);

    (void) host;
    *keep_ms = what == DEALS_CHANGE_MEMBER ? keep_members : keep_votes;

    return epoch + (what == DEALS_CHANGE_MEMBER ? g->members : g->votes);
}

static void
changed(void *host, unsigned what, int64_t id)
{
    (void) host;

    if (what & DEALS_CHANGE_ALL) {
        epoch++;
    }
    if (what & DEALS_CHANGE_MEMBER) {
        assert_int_equal(what, DEALS_CHANGE_MEMBER);
        generation_find(id)->members++;
    }
    if (what & DEALS_CHANGE_VOTES) {
        assert_int_equal(what, DEALS_CHANGE_VOTES);
        generation_find(id)->votes++;
    }
}

static void
silent(void *host, deals_log_level level, deals_str line)
{
    (void) host;
    (void) level;
    (void) line;
}

static deals_ctx *
node_ctx(int64_t query_timeout)
{
    deals_ctx          *made;
    deals_hooks         hooks = { 0 };
    deals_config        config = { 0 };
    const deals_error  *error = NULL;

    hooks.now = clock_now;
    hooks.log = silent;
    hooks.changed = changed;
    hooks.generation = generation;
    config.database = server_database;
    config.pool_size = 1;
    config.query_timeout = query_timeout;
    config.signin_limit = config.signup_limit = config.post_limit
        = config.comment_limit = config.vote_limit = -1;
    made = deals_ctx_new(&config, &hooks, arena, &error);
    assert_non_null(made);

    return made;
}

/* An empty community, and a node that nobody has asked yet. */
static int
node_begin(void **state)
{
    int  rc = empty(state);

    keep_members = keep_votes = 10000;
    began = server_now(NULL) / S_ * S_ + MIN_;
    ahead = 0;
    a = node_ctx(TIMEOUT);
    b = node_ctx(TIMEOUT);

    /* A minute ahead of all else: what a node does is later than what was there.
     * Of a clock that stands moments go on from the first one. */
    (void) deals_ctx_moment(a);
    (void) deals_ctx_moment(b);

    return rc;
}

static int
node_end(void **state)
{
    (void) state;
    deals_ctx_free(a);
    deals_ctx_free(b);

    return 0;
}

#define NODE_TEST(f)                                                          \
    cmocka_unit_test_setup_teardown(f, node_begin, node_end)


/* -- what the server is asked --------------------------------------------- */

/* Each statement with the transaction that it ran in. */
UNUSED static int
log_begin(void **state)
{
    int  i;

    if (server_begin(state) != 0) {
        return -1;
    }

    sql("ALTER SYSTEM SET log_statement = 'all'");
    sql("ALTER SYSTEM SET log_line_prefix = '%%v '");
    sql("SELECT pg_reload_conf()");

    /* whoever starts sessions has heard of it before those that run */
    for (i = 0; i < 1000; i++) {
        if (sql_int("SELECT (current_setting('log_statement') = 'all'"
                    " AND current_setting('log_line_prefix') = '%%v ')::int"))
        {
            return 0;
        }
        usleep(20000);
    }

    return -1;
}

/* The statements since the last time: "session+my_votes feed_hot": a `+` joins
 * those of one segment. */
UNUSED static const char *
asked(void)
{
    FILE         *f;
    char          path[96], line[4096], segment[40], last[40] = "";
    size_t        n = 0;
    unsigned      stmt;
    const char   *p;
    static char   names[1000];

    snprintf(path, sizeof(path), "%s/log", server_dir);
    f = fopen(path, "r");
    assert_non_null(f);
    fseek(f, logged, SEEK_SET);
    names[0] = '\0';

    while (fgets(line, sizeof(line), f) != NULL) {
        p = strstr(line, "execute d");
        if (p == NULL || sscanf(line, "%39s", segment) != 1
            || sscanf(p, "execute d%u_", &stmt) != 1 || n > 900)
        {
            continue;
        }

        n += (size_t) snprintf(names + n, sizeof(names) - n, "%s%s",
                               n == 0 ? "" : strcmp(segment, last) == 0 ? "+"
                                                                        : " ",
                               deals_stmts[stmt].name);
        strcpy(last, segment);
    }

    logged = ftell(f);
    fclose(f);

    return names;
}

#define ASKED(names)  assert_string_equal(asked(), names)

#define NODE_RUN(name, tests)                                                 \
    int                                                                       \
    main(void)                                                                \
    {                                                                         \
        cmocka_set_message_output(CM_OUTPUT_TAP);                             \
        return cmocka_run_group_tests_name(name, tests, log_begin,            \
                                           server_finish);                    \
    }


/* -- asking --------------------------------------------------------------- */

#define MOST  600

/* The overlay's answer; 9: it failed. The viewer's name is `seen`. */
static char  seen[32];

UNUSED static const int8_t *
overlay(deals_ctx *on, const member *m, const deals_vote_key *rows, size_t n)
{
    deals_call     *call;
    static int8_t   votes[MOST];

    call = deals_overlay_wait(on, m != NULL ? &m->asker : NULL, rows, n,
                              TIMEOUT);
    memset(votes, 9, sizeof(votes));
    seen[0] = '\0';

    if (deals_call_error(call) == NULL) {
        memcpy(votes, deals_overlay_votes(call), n);
        if (deals_call_viewer(call) != NULL) {
            snprintf(seen, sizeof(seen), "%.*s",
                     (int) deals_call_viewer(call)->name.len,
                     deals_call_viewer(call)->name.data);
        }
    }
    deals_call_free(call);

    return votes;
}

/* One vote of the member, as the overlay has it. */
UNUSED static int
vote_of(deals_ctx *on, const member *m, int64_t deal, int64_t comment)
{
    deals_vote_key  key = { deal, comment };

    return overlay(on, m, &key, 1)[0];
}

UNUSED static void
cast(deals_ctx *on, const member *m, int64_t deal, int64_t comment, int value)
{
    deals_call_free(OK(deals_vote_wait(on, &m->asker, deal, comment, value,
                                       TIMEOUT)));
}

/* Without asking the server: 1, the member is known and good. */
UNUSED static int
knows(deals_ctx *on, const member *m)
{
    const deals_viewer  *viewer;

    return deals_viewer_known(on, &m->asker, &viewer) == DEALS_KNOWN
           && viewer != NULL && deals_viewer_me(viewer)->id == m->id;
}

UNUSED static int
knows_vote(deals_ctx *on, const member *m, int64_t deal, int64_t comment,
    int *value)
{
    int8_t               vote;
    deals_known          known;
    deals_vote_key       key = { deal, comment };
    const deals_viewer  *viewer;

    if (deals_viewer_known(on, &m->asker, &viewer) != DEALS_KNOWN
        || viewer == NULL)
    {
        return 0;
    }

    known = deals_viewer_votes(viewer, &key, 1, &vote);
    if (value != NULL) {
        *value = vote;
    }

    return known == DEALS_KNOWN;
}

/* The role that a call sees the member in; "": nobody. */
UNUSED static const char *
whoami(deals_ctx *on, const member *m)
{
    deals_call      *call;
    const deals_me  *me;
    static char      role[32];

    call = deals_whoami_wait(on, &m->asker, TIMEOUT);
    me = deals_call_viewer(call);
    snprintf(role, sizeof(role), "%.*s", me != NULL ? (int) me->role.len : 0,
             me != NULL ? me->role.data : "");
    deals_call_free(call);

    return role;
}

#endif /* CALLS_VIEWER_H */
