#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "io/loop.h"

struct deals_loop {
    deals_io       **ios;
    struct pollfd   *fds;       /* of the wait under way, as ios */
    size_t           n;
    size_t           cap;
    unsigned         turn;      /* counts waits: one may start inside another */
};


deals_loop *
deals_loop_new(void)
{
    return calloc(1, sizeof(deals_loop));
}


void
deals_loop_free(deals_loop *loop)
{
    if (loop == NULL) {
        return;
    }

    free(loop->ios);
    free(loop->fds);
    free(loop);
}


static int
grow(deals_loop *loop)
{
    size_t           cap;
    deals_io       **ios;
    struct pollfd   *fds;

    cap = loop->cap > 0 ? loop->cap * 2 : 8;

    ios = realloc(loop->ios, cap * sizeof(*ios));
    if (ios == NULL) {
        return -1;
    }

    loop->ios = ios;

    fds = realloc(loop->fds, cap * sizeof(*fds));
    if (fds == NULL) {
        return -1;
    }

    loop->fds = fds;
    loop->cap = cap;

    return 0;
}


/* io->host is the place in `ios`, counted from 1. A place that was given up
 * stays empty until the next wait, so that the one under way keeps its
 * numbers. */

int
deals_loop_watch(deals_loop *loop, deals_io *io, unsigned events)
{
    size_t  i;

    i = (size_t) (uintptr_t) io->host;

    if (events == 0) {
        if (i > 0) {
            loop->ios[i - 1] = NULL;
            io->host = NULL;
        }

        io->events = 0;
        return 0;
    }

    if (i == 0) {
        if (loop->n == loop->cap && grow(loop) != 0) {
            return -1;
        }

        loop->ios[loop->n++] = io;
        io->host = (void *) (uintptr_t) loop->n;
    }

    io->events = events;

    return 0;
}


static void
prepare(deals_loop *loop)
{
    size_t          i, n;
    deals_io       *io;
    struct pollfd  *fd;

    for (n = 0, i = 0; i < loop->n; i++) {
        io = loop->ios[i];

        if (io == NULL) {
            continue;
        }

        fd = &loop->fds[n];
        fd->fd = io->fd;
        fd->revents = 0;
        fd->events = 0;

        if (io->events & DEALS_READ) {
            fd->events |= POLLIN;
        }

        if (io->events & DEALS_WRITE) {
            fd->events |= POLLOUT;
        }

        loop->ios[n++] = io;
        io->host = (void *) (uintptr_t) n;
    }

    loop->n = n;
}


int
deals_loop_run(deals_loop *loop, int64_t timeout_ms)
{
    int        rc;
    size_t     i, n;
    unsigned   events, turn;
    deals_io  *io;

    prepare(loop);

    turn = ++loop->turn;
    n = loop->n;

    if (timeout_ms > INT_MAX) {
        timeout_ms = INT_MAX;
    }

    rc = poll(loop->fds, n, timeout_ms < 0 ? -1 : (int) timeout_ms);

    if (rc == -1) {
        return errno == EINTR ? 0 : -1;
    }

    for (i = 0; rc > 0 && i < n; i++) {
        if (loop->fds[i].revents == 0) {
            continue;
        }

        rc--;
        io = loop->ios[i];
        events = 0;

        if (loop->fds[i].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) {
            events |= DEALS_READ;
        }

        if (loop->fds[i].revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) {
            events |= DEALS_WRITE;
        }

        /* not the one that was waited for, if its place was given up */
        if (io == NULL) {
            continue;
        }

        io->ready(io, events);

        if (loop->turn != turn) {
            break;
        }
    }

    return 0;
}
