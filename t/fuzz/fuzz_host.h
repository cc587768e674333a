/*
 * fuzz_host.h - a host for a context whose servers are the fuzzer itself: its
 * loop never waits, and it minds what it is told.
 */

#ifndef DEALS_FUZZ_HOST_H
#define DEALS_FUZZ_HOST_H

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <deals/ctx.h>

#include "fuzz.h"


/* -- hooks ---------------------------------------------------------------- */

/* No line of the log is forged. */
static void
host_log(void *host, deals_log_level level, deals_str line)
{
    size_t  i;

    (void) host;
    (void) level;

    for (i = 0; i < line.len; i++) {
        need((unsigned char) line.data[i] >= ' ' && line.data[i] != 0x7f,
             "%.*s", DEALS_FMT(line));
    }
}


static void
host_changed(void *host, unsigned what, int64_t id)
{
    (void) host;

    need((what & ~255u) == 0, "%u", what);
    need(id > -INT64_C(10000000000000000) && id < INT64_C(10000000000000000));
}


#define WATCHED  8

static deals_io  *watched[WATCHED];

static int
host_watch(void *host, deals_io *io, unsigned events)
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
host_timer(void *host, int busy, int64_t ms)
{
    (void) host;
    (void) busy;
    (void) ms;
}


static void
host_wake(void *host)
{
    (void) host;
}


static const deals_hooks  host_hooks = {
    .watch = host_watch, .timer = host_timer, .wake = host_wake,
    .log = host_log, .changed = host_changed
};


/* What is ready is told so, what is due is done. */
static void
host_turn(deals_ctx *ctx)
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


/* -- the server ----------------------------------------------------------- */

static char  server_dir[] = "/tmp/deals-fuzz-XXXXXX";
static char  server_path[64];
static int   server_fd = -1;

static void
server_tidy(void)
{
    (void) unlink(server_path);
    (void) rmdir(server_dir);
}


/* Listens on a socket of this name in a directory of its own, until the
 * program ends. */
static void
server_listen(const char *name)
{
    struct sockaddr_un  sun = { .sun_family = AF_UNIX };

    need(mkdtemp(server_dir) != NULL);
    snprintf(server_path, sizeof(server_path), "%s/%s", server_dir, name);
    strcpy(sun.sun_path, server_path);
    server_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    need(bind(server_fd, (struct sockaddr *) &sun, sizeof(sun)) == 0);
    need(listen(server_fd, 16) == 0);
    atexit(server_tidy);
}


/* Who has come; -1: nobody. */
static int
server_accept(void)
{
    return accept4(server_fd, NULL, NULL, SOCK_CLOEXEC);
}

#endif /* DEALS_FUZZ_HOST_H */
