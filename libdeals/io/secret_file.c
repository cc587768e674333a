/*
 * A connection string, with its password, in a file; or a key. As with the keys
 * of PostgreSQL: nobody but its owner may touch it, and the group may read it if
 * that is root.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "io/secret_file.h"

#define FILE_MAX  4096

typedef struct {
    const char           *path;
    const char           *field;
    const char           *what;
    deals_arena          *arena;
    const deals_error   **error;
} place;

#define REFUSE(p, ...)                                                        \
    deals_error_add((p)->arena, (p)->error, DEALS_INVALID, (p)->field,        \
                    __VA_ARGS__)


static int
failed(place *p, const char *what)
{
    return REFUSE(p, "the file \"%s\" can't be %s: %s", p->path, what,
                  strerror(errno));
}


static int
check(place *p, int fd)
{
    unsigned     mode;
    struct stat  st;

    if (fstat(fd, &st) != 0) {
        return failed(p, "looked at");
    }

    if (!S_ISREG(st.st_mode)) {
        return REFUSE(p, "\"%s\" is not a plain file", p->path);
    }

    mode = st.st_mode & 07777;

    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        return REFUSE(p, "the file \"%s\" belongs to user %u, who could "
                      "change it: it must belong to root, or to user %u, who "
                      "reads it", p->path, (unsigned) st.st_uid,
                      (unsigned) geteuid());
    }

    if (mode & (st.st_uid == 0 ? 027 : 077)) {
        return REFUSE(p, "the file \"%s\" has mode %04o, so that others than "
                      "its owner get at %s: chmod it to 0600%s", p->path, mode,
                      p->what, st.st_uid == 0
                      ? " (0640 lets its group read it)" : "");
    }

    return 0;
}


/* The bytes read, at most `size`, or -1. */
static ssize_t
fill(int fd, char *buf, size_t size)
{
    size_t   len = 0;
    ssize_t  n;

    while (len < size) {
        n = read(fd, buf + len, size - len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n < 0) {
            return -1;
        }

        if (n == 0) {
            break;
        }

        len += (size_t) n;
    }

    return (ssize_t) len;
}


int
deals_secret_bytes(const char *path, const char *field, const char *what,
    char *buf, size_t size, size_t *len, deals_arena *error_arena,
    const deals_error **error)
{
    int      fd, rc;
    place    p = { path, field, what, error_arena, error };
    ssize_t  n = 0;

    *len = 0;

    /* a pipe must not keep anybody waiting */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return failed(&p, "opened");
    }

    rc = check(&p, fd);

    if (rc == 0) {
        n = fill(fd, buf, size);

        if (n < 0) {
            rc = failed(&p, "read");

        } else if ((size_t) n == size) {
            rc = REFUSE(&p, "the file \"%s\" must have less than %zu bytes",
                        path, size);
        } else {
            *len = (size_t) n;
        }
    }

    (void) close(fd);

    return rc;
}


int
deals_secret_file(deals_arena *arena, const char *path, const char *field,
    deals_str *line, deals_arena *error_arena, const deals_error **error)
{
    int     rc;
    char    buf[FILE_MAX];
    size_t  n;
    place   p = { path, field, NULL, error_arena, error };

    *line = DEALS_NONE;
    rc = deals_secret_bytes(path, field, "the password", buf, sizeof(buf), &n,
                            error_arena, error);

    while (n > 0 && strchr("\r\n \t", buf[n - 1]) != NULL) {
        n--;
    }

    if (rc != 0) {
        /* said already */

    } else if (n == 0 || memchr(buf, '\0', n) != NULL
               || memchr(buf, '\n', n) != NULL)
    {
        rc = REFUSE(&p, "the file \"%s\" must hold one line of less than %d "
                    "bytes: what else would stand in place of its name", path,
                    FILE_MAX);

    } else {
        *line = deals_arena_copy(arena, (deals_str) { buf, n });
        rc = line->data != NULL ? 0 : deals_error_oom(error);
    }

    explicit_bzero(buf, sizeof(buf));

    return rc;
}
