/*
 * calls_server.h - a private PostgreSQL and Redis for a test of calls/, and
 * what such tests share. Both live in one temporary directory and end with the
 * program, however it ends.
 */

#ifndef CALLS_SERVER_H
#define CALLS_SERVER_H

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include <deals/deals.h>

#include "io/script.h"

#define UNUSED   __attribute__((unused))
#define BIN      "/usr/lib/postgresql/15/bin/"
#define TIMEOUT  60000      /* ms that no call takes, on whatever machine */

static char           server_dir[64];
static char           server_database[128];
static char           server_redis[128];
static uid_t          server_uid;
static gid_t          server_gid;
static pid_t          postgres_pid, redis_pid;
static deals_script  *script;

/* The context of most tests: no limits, no Redis. */
static deals_ctx     *ctx;
static deals_arena   *arena;

/* Where the clock of contexts stands, in microseconds; 0: it goes. */
static int64_t        clock_stands;


/* -- the servers ---------------------------------------------------------- */

/* Runs a program as an unprivileged user; its words go to dir/log. */
static pid_t
server_spawn(const char *const *argv)
{
    pid_t  pid = fork();

    if (pid != 0) {
        return pid;
    }

    (void) prctl(PR_SET_PDEATHSIG, SIGINT);

    if (geteuid() == 0
        && (setgroups(0, NULL) < 0 || setgid(server_gid) < 0
            || setuid(server_uid) < 0))
    {
        _exit(126);
    }

    if (chdir(server_dir) < 0 || freopen("log", "a", stdout) == NULL
        || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
    {
        _exit(126);
    }

    unsetenv("LD_PRELOAD");
    execv(argv[0], (char *const *) argv);
    _exit(127);
}

static int
server_wait(pid_t pid)
{
    int  status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        /* again */
    }

    return status;
}

static void
server_stop(pid_t *pid, int sig)
{
    if (*pid > 0) {
        kill(*pid, sig);
        server_wait(*pid);
    }

    *pid = 0;
}

static void
server_end(void)
{
    char   dir[sizeof(server_dir)];
    pid_t  pid;

    deals_script_close(script);
    script = NULL;
    server_stop(&postgres_pid, SIGQUIT);
    server_stop(&redis_pid, SIGTERM);

    if (server_dir[0] == '\0') {
        return;
    }

    strcpy(dir, server_dir);
    server_dir[0] = '\0';
    pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", dir, (char *) NULL);
        _exit(127);
    }
    server_wait(pid);
}

UNUSED static void
redis_start(void)
{
    int                 i, fd, rc = -1;
    struct sockaddr_un  sun = { .sun_family = AF_UNIX };
    const char *const   argv[] = {
        "/usr/bin/redis-server", "--port", "0", "--unixsocket",
        server_redis + 5, "--save", "", "--appendonly", "no", "--dir",
        server_dir, NULL
    };

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/redis.sock", server_dir);
    unlink(sun.sun_path);
    redis_pid = server_spawn(argv);

    for (i = 0; i < 1000 && rc < 0; i++) {
        usleep(20000);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        rc = connect(fd, (struct sockaddr *) &sun, sizeof(sun));
        close(fd);
    }
}

UNUSED static void
redis_stop(void)
{
    server_stop(&redis_pid, SIGTERM);
}

static int
server_migrate(void)
{
    const deals_error     *error = NULL;
    deals_migrate_params   params = { 0 };
    deals_migrate_result   result;

    params.database = server_database;

    if (deals_migrate(&params, arena, &result, &error) < 0) {
        print_error("migrate: %.*s\n", (int) error->message.len,
                    error->message.data);
        return -1;
    }

    return 0;
}

static int64_t
server_now(void *host)
{
    struct timespec  ts;

    (void) host;

    if (clock_stands != 0) {
        return clock_stands;
    }

    clock_gettime(CLOCK_REALTIME, &ts);

    return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

/* A context on the server, whose clock a test may stop. */
static deals_ctx *
server_ctx(deals_config *config)
{
    deals_ctx          *made;
    deals_hooks         hooks = { .now = server_now };
    const deals_error  *error = NULL;

    config->database = server_database;
    config->query_timeout = config->connect_timeout = TIMEOUT;
    made = deals_ctx_new(config, &hooks, arena, &error);
    if (made == NULL) {
        fail_msg("%.*s", (int) error->message.len, error->message.data);
    }

    return made;
}

/* Of the group. */
static int
server_begin(void **state)
{
    int                 i;
    char                data[80];
    struct passwd      *pw = getpwnam("postgres");
    deals_config        config = { 0 };
    const deals_error  *error = NULL;
    const char *const   initdb[] = {
        BIN "initdb", "-D", "data", "-U", "deals", "-A", "trust", "-E",
        "UTF8", "--locale=C", "--no-sync", "--no-instructions", NULL
    };
    const char *const   postgres[] = {
        BIN "postgres", "-D", "data", "-k", server_dir, "-c",
        "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
        "-c", "shared_buffers=32MB", "-c", "jit=off", NULL
    };

    (void) state;
    server_uid = pw != NULL ? pw->pw_uid : geteuid();
    server_gid = pw != NULL ? pw->pw_gid : getegid();

    strcpy(server_dir, "/tmp/deals-calls-XXXXXX");
    if (mkdtemp(server_dir) == NULL || chmod(server_dir, 0755) < 0) {
        return -1;
    }
    if (geteuid() == 0 && chown(server_dir, server_uid, server_gid) < 0) {
        return -1;
    }
    atexit(server_end);

    snprintf(data, sizeof(data), "%s/data", server_dir);
    snprintf(server_database, sizeof(server_database),
             "host=%s user=deals dbname=postgres", server_dir);
    snprintf(server_redis, sizeof(server_redis), "unix:%s/redis.sock",
             server_dir);

    if (server_wait(server_spawn(initdb)) != 0) {
        print_error("initdb failed\n");
        return -1;
    }
    postgres_pid = server_spawn(postgres);
    arena = deals_arena_new();

    for (i = 0; i < 1500 && script == NULL; i++) {
        usleep(20000);
        script = deals_script_open(server_database, arena, &error);
    }
    if (script == NULL || server_migrate() < 0) {
        return -1;
    }

    config.signin_limit = config.signup_limit = config.post_limit
        = config.comment_limit = config.vote_limit = -1;
    ctx = server_ctx(&config);

    return 0;
}

static int
server_finish(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    deals_arena_free(arena);
    server_end();

    return 0;
}

#define RUN(name, tests)                                                      \
    int                                                                       \
    main(void)                                                                \
    {                                                                         \
        cmocka_set_message_output(CM_OUTPUT_TAP);                             \
        return cmocka_run_group_tests_name(name, tests, server_begin,         \
                                           server_finish);                    \
    }


/* -- the database behind the calls' back ---------------------------------- */

__attribute__((format(printf, 1, 2))) UNUSED static void
sql(const char *format, ...)
{
    int      tries;
    char     text[4096];
    va_list  args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    /* A call that a test has cancelled may still run on the server, and want the
     * same tables. */
    for (tries = 0; deals_script_run(script, text) < 0; tries++) {
        if (tries == 5
            || strstr(deals_script_error(script), "deadlock") == NULL)
        {
            fail_msg("%s: %s", text, deals_script_error(script));
        }
    }
}

__attribute__((format(printf, 1, 2))) UNUSED static int64_t
sql_int(const char *format, ...)
{
    char         text[4096];
    va_list      args;
    const char  *value;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    if (deals_script_run(script, text) < 0) {
        fail_msg("%s: %s", text, deals_script_error(script));
    }

    value = deals_script_value(script, 0, 0);

    return value == NULL ? DEALS_NULL_INT : atoll(value);
}

/* Before each test: nobody and nothing. */
UNUSED static int
empty(void **state)
{
    (void) state;
    clock_stands = 0;
    sql("TRUNCATE users, user_names, user_emails, sessions, deals, deal_stats,"
        " deal_tags, votes, comments, comment_votes, merchants CASCADE");

    return 0;
}

#define TEST(f)  cmocka_unit_test_setup(f, empty)


/* -- calls ---------------------------------------------------------------- */

#define S(lit)  DEALS_STR(lit)

#define assert_str(s, cstring)                                                \
    assert_str_at((s), (cstring), __FILE__, __LINE__)

UNUSED static void
assert_str_at(deals_str s, const char *expected, const char *file, int line)
{
    if (!deals_str_eq(s, deals_str_of(expected))) {
        print_error("\"%.*s\"%s is not \"%s\"\n", (int) s.len,
                    s.data ? s.data : "", s.data ? "" : " (absent)",
                    expected ? expected : "(absent)");
        _fail(file, line);
    }
}

/* The call succeeded; returns it. */
#define OK(call)  call_ok((call), __FILE__, __LINE__)

UNUSED static deals_call *
call_ok(deals_call *call, const char *file, int line)
{
    const deals_error  *e;

    if (call == NULL) {
        print_error("no call\n");
        _fail(file, line);
    }

    e = deals_call_error(call);
    if (!deals_call_is_done(call) || e != NULL) {
        print_error("error %d in \"%.*s\": %.*s\n", e ? (int) e->code : -1,
                    e ? (int) e->field.len : 0, e ? e->field.data : "",
                    e ? (int) e->message.len : 0, e ? e->message.data : "");
        _fail(file, line);
    }

    return call;
}

/* The call failed with this code, and an error about `field` (NULL: the first
 * one is about none). Frees it. */
#define FAILS(call, code, field)                                              \
    call_fails((call), (code), (field), __FILE__, __LINE__)

UNUSED static void
call_fails(deals_call *call, deals_code code, const char *field,
    const char *file, int line)
{
    const deals_error  *e, *first;

    if (call == NULL || !deals_call_is_done(call)) {
        print_error("no answer\n");
        _fail(file, line);
    }

    first = deals_call_error(call);
    if (first == NULL) {
        print_error("it succeeded\n");
        _fail(file, line);
    }

    for (e = first; e != NULL; e = e->next) {
        if (field == NULL ? e->field.len == 0
                          : deals_str_eq(e->field, deals_str_of(field)))
        {
            break;
        }
    }

    if (first->code != code || e == NULL) {
        print_error("error %d in \"%.*s\": %.*s\n", (int) first->code,
                    (int) first->field.len, first->field.data,
                    (int) first->message.len, first->message.data);
        _fail(file, line);
    }

    deals_call_free(call);
}

/* A member, signed in. */
typedef struct {
    int64_t      id;
    char         token[64];
    deals_asker  asker;
} member;

/* Makes one, with a password that costs next to nothing: "password of NAME". */
UNUSED static void
member_make(member *m, const char *name, const char *role)
{
    static int64_t  next = 1000;
    char            password[64], hash[crypto_pwhash_STRBYTES];

    snprintf(password, sizeof(password), "password of %s", name);
    assert_int_equal(crypto_pwhash_str(hash, password, strlen(password), 1,
                                       8192), 0);

    m->id = ++next;
    sql("INSERT INTO user_names VALUES (lower('%s'), %lld, '%s');"
        "INSERT INTO users VALUES (%lld, '%s', NULL, '%s', '%s', now());"
        "INSERT INTO sessions VALUES (%lld, encode(sha256("
        "'012345678901234567890123'), 'hex'), now(), now(),"
        " now() + interval '30 days')",
        name, (long long) m->id, name, (long long) m->id, name, role,
        hash, (long long) m->id);

    memset(&m->asker, 0, sizeof(m->asker));
    snprintf(m->token, sizeof(m->token),
             "%lld.MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", (long long) m->id);
    m->asker.token = deals_str_of(m->token);
    m->asker.address = S("192.0.2.1");
}

/* A deal with nothing but a title; returns its id. */
UNUSED static int64_t
deal_make(const member *m, const char *title)
{
    int64_t            id;
    deals_call        *call;
    deals_deal_input   input = { 0 };

    input.title = deals_str_of(title);
    input.starts_at = DEALS_NULL_INT;
    input.expires_at = DEALS_NULL_INT;

    call = OK(deals_deal_create_wait(ctx, &m->asker, &input, TIMEOUT));
    id = deals_deal_result_get(call)->deal->id;
    deals_call_free(call);

    return id;
}

UNUSED static int64_t
comment_make(const member *m, int64_t deal, int64_t parent, const char *body)
{
    int64_t               id;
    deals_call           *call;
    deals_comment_input   input;

    input.body = deals_str_of(body);
    input.parent_id = parent == 0 ? DEALS_NULL_INT : parent;

    call = OK(deals_comment_create_wait(ctx, &m->asker, deal, &input,
                                        TIMEOUT));
    id = deals_comment_get(call)->id;
    deals_call_free(call);

    return id;
}

#endif /* CALLS_SERVER_H */
