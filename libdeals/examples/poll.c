/*
 * poll.c - several calls in flight in a program's own poll(2) loop: the hooks of
 * libdeals. Asks for the three lists at once, then for the first deal of each
 * with its comments, and prints what comes as it comes.
 *
 *     cc -o poll poll.c $(pkg-config --cflags --libs deals)
 *     DEALS_DATABASE='host=... dbname=deals ...' ./poll
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <deals/deals.h>

#define MAX_IO  16
#define ARG(s)  (int) (s).len, (s).data != NULL ? (s).data : ""

/* What the loop knows: descriptors to watch, when to run the context again. */
typedef struct {
    deals_ctx  *ctx;
    deals_io   *io[MAX_IO];
    int         nio;
    int         awake;          /* run the context soon */
    int64_t     due[2];         /* ms; -1: never; [0] maintenance, [1] busy */
    int         pending;        /* calls that are not done */
    int         failed;
} program;


static int64_t
clock_usec(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* --- hooks --- */

static int
hook_watch(void *host, deals_io *io, unsigned events)
{
    int       i;
    program  *p = host;

    for (i = 0; i < p->nio && p->io[i] != io; i++) { /* void */ }

    if (events == 0) {
        if (i < p->nio) {
            p->io[i] = p->io[--p->nio];
        }

        io->host = NULL;

    } else {
        if (i == p->nio) {
            if (p->nio == MAX_IO) {
                return -1;
            }

            p->io[p->nio++] = io;
        }

        io->host = p;
    }

    io->events = events;

    return 0;
}


static void
hook_timer(void *host, int busy, int64_t ms)
{
    program  *p = host;

    p->due[busy != 0] = ms < 0 ? -1 : clock_usec(CLOCK_MONOTONIC) / 1000 + ms;
}


static void
hook_wake(void *host)
{
    program  *p = host;

    p->awake = 1;
}


static int64_t
hook_now(void *host)
{
    (void) host;

    return clock_usec(CLOCK_REALTIME);
}


static void
hook_log(void *host, deals_log_level level, deals_str line)
{
    (void) host;

    if (level <= DEALS_LOG_WARN) {
        fprintf(stderr, "%.*s\n", ARG(line));
    }
}


/* --- calls --- */

/* Is this call one that succeeded? */

static int
succeeded(program *p, deals_call *call)
{
    const deals_error  *error = deals_call_error(call);

    p->pending--;

    if (error == NULL) {
        return 1;
    }

    fprintf(stderr, "poll: %.*s\n", ARG(error->message));
    p->failed = 1;

    return 0;
}


static void
submitted(program *p, deals_call *call)
{
    if (call == NULL) {
        fprintf(stderr, "poll: out of memory\n");
        p->failed = 1;
        return;
    }

    p->pending++;
}


static void
deal_done(deals_call *call, void *data)
{
    program                  *p = data;
    const deals_deal_result  *result;

    if (succeeded(p, call)) {
        result = deals_deal_result_get(call);
        printf("deal %lld: %.*s, %zu comments on its first page\n",
               (long long) result->deal->id, ARG(result->deal->title),
               result->comments.len);
    }

    deals_call_free(call);
}


static void
feed_done(deals_call *call, void *data)
{
    program                  *p = data;
    deals_deal_params         params = { .comments = 1 };
    const deals_card         *cards;
    const deals_feed_result  *feed;

    if (succeeded(p, call)) {
        feed = deals_feed_get(call);
        cards = feed->deals.items;
        printf("a list of %zu deals\n", feed->deals.len);

        if (feed->deals.len > 0) {
            params.id = cards[0].id;
            submitted(p, deals_deal_get(p->ctx, NULL, &params, deal_done, p));
        }
    }

    deals_call_free(call);
}


/* --- the loop --- */

/* Milliseconds until the context wants to run; -1: it does not. */

static int
timeout(const program *p)
{
    int      i;
    int64_t  now, ms, least = -1;

    if (p->awake) {
        return 0;
    }

    now = clock_usec(CLOCK_MONOTONIC) / 1000;

    for (i = 0; i < 2; i++) {
        if (p->due[i] >= 0) {
            ms = p->due[i] > now ? p->due[i] - now : 0;
            least = least < 0 || ms < least ? ms : least;
        }
    }

    return least > 60000 ? 60000 : (int) least;
}


static int
is_watched(const program *p, const deals_io *io)
{
    int  i;

    for (i = 0; i < p->nio; i++) {
        if (p->io[i] == io) {
            return 1;
        }
    }

    return 0;
}


static void
loop(program *p)
{
    int            i, n;
    unsigned       events;
    deals_io      *io[MAX_IO];
    struct pollfd  fds[MAX_IO];

    while (p->pending > 0) {
        n = p->nio;

        for (i = 0; i < n; i++) {
            io[i] = p->io[i];
            fds[i].fd = io[i]->fd;
            fds[i].events = (short) ((io[i]->events & DEALS_READ ? POLLIN : 0)
                            | (io[i]->events & DEALS_WRITE ? POLLOUT : 0));
        }

        if (poll(fds, (nfds_t) n, timeout(p)) == -1) {
            perror("poll");
            p->failed = 1;
            return;
        }

        for (i = 0; i < n; i++) {
            /* a handler may have taken another descriptor away */
            if (fds[i].revents == 0 || !is_watched(p, io[i])) {
                continue;
            }

            events = fds[i].revents & POLLOUT ? DEALS_WRITE : 0;

            if (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) {
                events |= DEALS_READ;
            }

            io[i]->ready(io[i], events);
        }

        if (timeout(p) == 0) {
            p->awake = 0;
            deals_ctx_run(p->ctx);
        }
    }
}


int
main(void)
{
    int                 i;
    program             p = { .due = { -1, -1 } };
    deals_arena        *arena;
    deals_hooks         hooks = {
        .host = &p, .watch = hook_watch, .timer = hook_timer,
        .wake = hook_wake, .now = hook_now, .log = hook_log
    };
    deals_config        config = { .database = getenv("DEALS_DATABASE") };
    const deals_sort    sorts[] = { DEALS_HOT, DEALS_NEW, DEALS_TOP };
    const deals_error  *error;
    deals_feed_params   params = { .window = DEALS_ALL, .limit = 5 };

    arena = deals_arena_new();
    if (arena == NULL) {
        return 1;
    }

    p.ctx = deals_ctx_new(&config, &hooks, arena, &error);

    if (p.ctx == NULL) {
        fprintf(stderr, "poll: %.*s\n", ARG(error->message));
        deals_arena_free(arena);
        return 1;
    }

    for (i = 0; i < 3; i++) {
        params.sort = sorts[i];
        submitted(&p, deals_feed(p.ctx, NULL, &params, feed_done, &p));
    }

    printf("%d calls on their way\n", p.pending);
    loop(&p);

    deals_ctx_free(p.ctx);
    deals_arena_free(arena);

    return p.failed;
}
