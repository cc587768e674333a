/*
 * io/breached.c - a file of breached passwords is opened, looked through, held
 * and closed. See deals/breached.h.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/breached.h"

#define FIELD   "breached_passwords"
#define PIECE   8192            /* bytes */
#define PIECES  128             /* that are looked through of a large file */

typedef struct {
    int                   fd;
    off_t                 size;
    const char           *path;
    deals_arena          *arena;
    const deals_error   **error;
    unsigned char         last[DEALS_SHA1_BYTES];   /* hash so far */
} look;

#define REFUSE(l, ...)                                                        \
    deals_error_add((l)->arena, (l)->error, DEALS_INVALID, FIELD, __VA_ARGS__)


static int
failed(look *l, const char *what)
{
    return REFUSE(l, "the file \"%s\" can't be %s: %s", l->path, what,
                  deals_breached_reason());
}


static int
no_list(look *l, off_t at, const char *why)
{
    return REFUSE(l, "\"%s\" is no list of breached passwords: at byte %lld %s",
                  l->path, (long long) at, why);
}


/* The lines that begin from `at` on, where one does, and before `end`: each is
 * one, and none is less than the one before. */
static int
walk(look *l, off_t at, off_t end)
{
    int            last;
    char           buf[PIECE];
    size_t         i;
    ssize_t        n, len;
    unsigned char  hash[DEALS_SHA1_BYTES];

    while (at < end) {
        n = deals_breached_read(l->fd, buf, sizeof(buf), at);

        if (n < 0) {
            return failed(l, "read");
        }

        last = n < (ssize_t) sizeof(buf);

        for (i = 0; at < end; i += (size_t) len, at += len) {
            if (!last && sizeof(buf) - i < DEALS_BREACHED_LINE) {
                break;                          /* it may go on */
            }

            len = deals_breached_line(buf + i, (size_t) n - i, last, hash);

            if (len < 0) {
                return no_list(l, at, deals_breached_no_line);
            }

            if (memcmp(hash, l->last, DEALS_SHA1_BYTES) < 0) {
                return REFUSE(l, "\"%s\" is not sorted by hash: the line at "
                              "byte %lld is less than one before it; there is "
                              "an edition that is ordered by hash", l->path,
                              (long long) at);
            }

            memcpy(l->last, hash, DEALS_SHA1_BYTES);
        }
    }

    return 0;
}


static int
look_through(look *l)
{
    int          i;
    off_t        from, at;
    const char  *why;

    if (l->size <= (off_t) PIECE * PIECES) {
        return walk(l, 0, l->size);
    }

    for (i = 0; i < PIECES; i++) {
        from = (l->size - PIECE) / (PIECES - 1) * i;

        if (i == PIECES - 1) {
            from = l->size - PIECE;
        }

        if (deals_breached_seek(l->fd, from, l->size, &at, &why) != 0) {
            return no_list(l, from, why);
        }

        if (walk(l, at, from + PIECE) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
check(look *l)
{
    struct stat  st;

    if (fstat(l->fd, &st) != 0) {
        return failed(l, "looked at");
    }

    if (!S_ISREG(st.st_mode)) {
        return REFUSE(l, "\"%s\" is not a plain file", l->path);
    }

    if (st.st_size == 0) {
        return REFUSE(l, "the file \"%s\" is empty", l->path);
    }

    l->size = st.st_size;

    return look_through(l);
}


deals_breached *
deals_breached_open(const char *path, deals_arena *arena,
    const deals_error **error)
{
    look             l = { .path = path, .arena = arena, .error = error };
    deals_breached  *set;

    *error = NULL;

    /* a pipe must not keep anybody waiting */

    l.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (l.fd < 0) {
        (void) failed(&l, "opened");
        return NULL;
    }

    if (check(&l) != 0) {
        (void) close(l.fd);
        return NULL;
    }

    set = calloc(1, sizeof(*set));

    if (set == NULL || (set->path = strdup(path)) == NULL) {
        free(set);
        (void) close(l.fd);
        (void) deals_error_oom(error);
        return NULL;
    }

    /* pages around the one that is read are of no use */

    (void) posix_fadvise(l.fd, 0, 0, POSIX_FADV_RANDOM);
    set->fd = l.fd;
    set->holders = 1;

    return set;
}


deals_breached *
deals_breached_hold(deals_breached *set)
{
    if (set != NULL) {
        (void) __atomic_add_fetch(&set->holders, 1, __ATOMIC_RELAXED);
    }

    return set;
}


void
deals_breached_close(deals_breached *set)
{
    if (set == NULL
        || __atomic_sub_fetch(&set->holders, 1, __ATOMIC_ACQ_REL) > 0)
    {
        return;
    }

    (void) close(set->fd);
    free(set->path);
    free(set);
}


int
deals_breached_turned(deals_breached *set, int now)
{
    return __atomic_exchange_n(&set->failing, now, __ATOMIC_RELAXED) != now;
}
