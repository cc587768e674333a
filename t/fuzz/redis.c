/*
 * What Redis may say: the input is written to the connection that counts,
 * publishes and keeps, and to the one that listens. Whatever comes, each
 * question is answered once, what other nodes are said to have changed is within
 * bounds, and no line of the log is forged.
 */

#include "fuzz.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/redis.h"

#define ASKED  8

static char  dir[] = "/tmp/deals-fuzz-XXXXXX";
static char  path[64];
static char  address[80];
static int   listener = -1;
static int   changes;


/* -- the host ------------------------------------------------------------- */

static void
keep_log(void *host, deals_log_level level, deals_str line)
{
    size_t  i;

    (void) host;
    (void) level;

    for (i = 0; i < line.len; i++) {
        need((unsigned char) line.data[i] >= ' ' && line.data[i] != 0x7f);
    }
}


static void
changed(void *host, unsigned what, int64_t id)
{
    (void) host;

    need((what & ~255u) == 0, "%u", what);
    need(id > -INT64_C(10000000000000000) && id < INT64_C(10000000000000000));
    changes++;
}


/* A loop that never waits. */

#define WATCHED  8

static deals_io  *watched[WATCHED];

static int
watch(void *host, deals_io *io, unsigned events)
{
    int  i;

    (void) host;

    for (i = 0; i < WATCHED && watched[i] != io; i++) { /* void */ }

    if (i == WATCHED) {
        for (i = 0; i < WATCHED && watched[i] != NULL; i++) { /* void */ }
    }

    need(i < WATCHED);
    watched[i] = events != 0 ? io : NULL;
    io->events = events;
    io->host = watched[i];

    return 0;
}


static void
timer(void *host, int busy, int64_t ms)
{
    (void) host;
    (void) busy;
    (void) ms;
}


static void
wake(void *host)
{
    (void) host;
}


static void
turn(deals_ctx *ctx)
{
    int            i;
    unsigned       events;
    struct pollfd  pfd;

    for (i = 0; i < WATCHED; i++) {
        if (watched[i] == NULL) {
            continue;
        }

        pfd.fd = watched[i]->fd;
        pfd.events = (short) ((watched[i]->events & DEALS_READ ? POLLIN : 0)
                              | (watched[i]->events & DEALS_WRITE ? POLLOUT
                                                                  : 0));
        if (poll(&pfd, 1, 0) > 0) {
            events = pfd.revents & (POLLERR | POLLHUP)
                     ? watched[i]->events
                     : (pfd.revents & POLLIN ? DEALS_READ : 0u)
                       | (pfd.revents & POLLOUT ? DEALS_WRITE : 0u);
            watched[i]->ready(watched[i], events);
        }
    }

    deals_ctx_run(ctx);
}


static int  answers[ASKED];

static void
answered(void *owner, int64_t n)
{
    (void) n;
    ++*(int *) owner;
}

static void
found(void *owner, deals_str bytes)
{
    need(deals_utf8_count(bytes) <= bytes.len);     /* they can be read */
    ++*(int *) owner;
}


/* -- the server ----------------------------------------------------------- */

static void
tidy(void)
{
    (void) unlink(path);
    (void) rmdir(dir);
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct sockaddr_un  sun = { .sun_family = AF_UNIX };

    (void) argc;
    (void) argv;

    need(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(address, sizeof(address), "unix:%s", path);
    strcpy(sun.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    need(bind(listener, (struct sockaddr *) &sun, sizeof(sun)) == 0);
    need(listen(listener, 16) == 0);
    atexit(tidy);

    return 0;
}


/* Says a part of the input on a connection, and lets the context hear it. */
static void
say(deals_ctx *ctx, int fd, deals_str bytes)
{
    char  ignored[4096];

    while (fd >= 0 && recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0) {
        /* void */
    }

    if (fd >= 0 && bytes.len > 0) {
        (void) !send(fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    turn(ctx);
    turn(ctx);
}


static void
ask(deals_ctx *ctx, unsigned how, int *sent)
{
    int        i, rc;
    deals_str  key = DEALS_STR("key");

    for (i = 0; i < ASKED; i++) {
        switch ((how >> (i % 4)) & 3) {
        case 0:
        case 1:
            rc = deals_redis_incr(ctx->redis, key, 60, answered, &answers[i]);
            break;
        case 2:
            rc = deals_redis_get(ctx->redis, key, found, &answers[i]);
            break;
        default:
            (void) deals_redis_publish(ctx->redis, key, key);
            rc = -1;
        }
        sent[i] = rc == 0;
    }
}


static void
converse(deals_ctx *ctx, deals_str input)
{
    int       i, sent[ASKED], fds[2] = { -1, -1 };
    unsigned  how = take_byte(&input);

    memset(answers, 0, sizeof(answers));
    ask(ctx, how, sent);
    fds[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    (void) deals_ctx_node(ctx, 7, 1);
    turn(ctx);
    fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    /* both connect at once; a part of the input for each in turn */
    for (i = 0; i < 16 && input.len > 0; i++) {
        say(ctx, fds[i % 2], take_part(&input));
    }

    say(ctx, -1, DEALS_NONE);

    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0 && (how & 0x40)) {
            close(fds[i]);
            fds[i] = -1;
            say(ctx, -1, DEALS_NONE);
        }
    }

    deals_ctx_free(ctx);

    for (i = 0; i < ASKED; i++) {
        need(answers[i] == sent[i], "%d: %d for %d", i, answers[i], sent[i]);
    }

    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 fd;
    char               *memory;
    deals_ctx          *ctx;
    deals_str           input;
    const deals_hooks   hooks = { .watch = watch, .timer = timer, .wake = wake,
                                  .log = keep_log, .changed = changed };
    deals_config        config = { .database = "host=/nowhere dbname=none" };
    const deals_error  *error;

    config.redis = address;
    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    ctx = deals_ctx_new(&config, &hooks, arena, &error);
    need(ctx != NULL, "%.*s", DEALS_FMT(error->message));
    changes = 0;

    converse(ctx, input);

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        close(fd);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
