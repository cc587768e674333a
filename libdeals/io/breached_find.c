/*
 * io/breached_find.c - a password is looked for in a file of sorted hashes, by
 * halving it: some 20 reads of a few bytes for a file of tens of gigabytes. The
 * file is read and not mapped: one that is cut short meanwhile must not kill the
 * process.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "io/breached.h"

#define DIGITS  40
#define COUNT   20              /* digits of a count at most */
#define BLOCK   4096            /* is read line by line */

const char  deals_breached_no_line[] = "there is no line of 40 hexadecimal "
    "digits (SHA-1), with or without a colon and a count behind them";


const char *
deals_breached_reason(void)
{
    const char  *text = strerrordesc_np(errno);

    return text != NULL ? text : "an error that has no name";
}


static int
digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


static int
is_count(const char *text, size_t len)
{
    size_t  i;

    if (len < 2 || len > COUNT + 1 || text[0] != ':') {
        return 0;
    }

    for (i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
    }

    return 1;
}


ssize_t
deals_breached_line(const char *text, size_t len, int last,
    unsigned char hash[DEALS_SHA1_BYTES])
{
    int          high, low;
    size_t       i, end, all;
    const char  *newline;

    if (len > DEALS_BREACHED_LINE) {
        len = DEALS_BREACHED_LINE;
        last = 0;
    }

    newline = memchr(text, '\n', len);

    if (newline == NULL && !last) {
        return -1;
    }

    end = newline != NULL ? (size_t) (newline - text) : len;
    all = newline != NULL ? end + 1 : end;

    if (end > 0 && text[end - 1] == '\r') {
        end--;
    }

    if (end < DIGITS
        || (end > DIGITS && !is_count(text + DIGITS, end - DIGITS)))
    {
        return -1;
    }

    for (i = 0; i < DEALS_SHA1_BYTES; i++) {
        high = digit(text[2 * i]);
        low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return -1;
        }

        hash[i] = (unsigned char) (high << 4 | low);
    }

    return (ssize_t) all;
}


ssize_t
deals_breached_read(int fd, char *buf, size_t len, off_t at)
{
    size_t   done = 0;
    ssize_t  n;

    while (done < len) {
        n = pread(fd, buf + done, len - done, at + (off_t) done);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n < 0) {
            return -1;
        }

        if (n == 0) {
            break;
        }

        done += (size_t) n;
    }

    return (ssize_t) done;
}


int
deals_breached_seek(int fd, off_t from, off_t size, off_t *at,
    const char **why)
{
    char         buf[DEALS_BREACHED_LINE + 1];
    ssize_t      n;
    const char  *newline;

    if (from == 0) {
        *at = 0;
        return 0;
    }

    n = deals_breached_read(fd, buf, sizeof(buf), from - 1);

    if (n < 0) {
        *why = deals_breached_reason();
        return -1;
    }

    newline = memchr(buf, '\n', (size_t) n);

    if (newline != NULL) {
        *at = from + (newline - buf);

        if (*at > size) {
            *at = size;
        }

        return 0;
    }

    /* the last line need have no end */

    if (from - 1 + n >= size && n <= DEALS_BREACHED_LINE) {
        *at = size;
        return 0;
    }

    *why = deals_breached_no_line;

    return -1;
}


/* Compares the line at `at` with the key; *next: where the one behind begins. 0,
 * or -1: *why. */
static int
compare(int fd, off_t at, const unsigned char key[DEALS_SHA1_BYTES],
    int *order, off_t *next, const char **why)
{
    char           buf[DEALS_BREACHED_LINE];
    ssize_t        n, len;
    unsigned char  hash[DEALS_SHA1_BYTES];

    n = deals_breached_read(fd, buf, sizeof(buf), at);

    if (n < 0) {
        *why = deals_breached_reason();
        return -1;
    }

    len = deals_breached_line(buf, (size_t) n, n < (ssize_t) sizeof(buf),
                              hash);

    if (len < 0) {
        *why = deals_breached_no_line;
        return -1;
    }

    *order = memcmp(hash, key, DEALS_SHA1_BYTES);
    *next = at + len;

    return 0;
}


/* Line by line: those that begin from `low` on and before `high`. */
static int
scan(int fd, off_t low, off_t high,
    const unsigned char key[DEALS_SHA1_BYTES], const char **why)
{
    int            order;
    char           buf[BLOCK + DEALS_BREACHED_LINE];
    size_t         at = 0, wanted, room;
    ssize_t        n, len;
    unsigned char  hash[DEALS_SHA1_BYTES];

    wanted = (size_t) (high - low);
    room = wanted + DEALS_BREACHED_LINE;
    n = deals_breached_read(fd, buf, room, low);

    if (n < 0) {
        *why = deals_breached_reason();
        return -1;
    }

    while (at < wanted) {
        len = deals_breached_line(buf + at, (size_t) n > at
                                            ? (size_t) n - at : 0,
                                  (size_t) n < room, hash);

        if (len < 0) {
            *why = deals_breached_no_line;
            return -1;
        }

        order = memcmp(hash, key, DEALS_SHA1_BYTES);

        if (order >= 0) {
            return order == 0;
        }

        at += (size_t) len;
    }

    return 0;
}


/* The line, if there is one, begins from `low` on, where a line begins, and
 * before `high`; each turn halves what is between. */
static int
search(int fd, off_t size, const unsigned char key[DEALS_SHA1_BYTES],
    const char **why)
{
    int    order;
    off_t  low = 0, high = size, middle, at, next;

    while (high - low > BLOCK) {
        middle = low + (high - low) / 2;

        if (deals_breached_seek(fd, middle, size, &at, why) != 0) {
            return -1;
        }

        if (at >= high) {
            high = middle;
            continue;
        }

        if (compare(fd, at, key, &order, &next, why) != 0) {
            return -1;
        }

        if (order == 0) {
            return 1;
        }

        if (order > 0) {
            high = middle;

        } else {
            low = next;
        }
    }

    return low < high ? scan(fd, low, high, key, why) : 0;
}


int
deals_breached_find(const deals_breached *set, deals_str password,
    const char **why)
{
    struct stat    st;
    unsigned char  key[DEALS_SHA1_BYTES];

    if (EVP_Digest(password.data != NULL ? password.data : "", password.len,
                   key, NULL, EVP_sha1(), NULL)
        != 1)
    {
        /* whoever speaks TLS on this thread must not take it for an own one */
        ERR_clear_error();
        *why = "there is no SHA-1, or no memory for it";
        return -1;
    }

    if (fstat(set->fd, &st) != 0) {
        *why = deals_breached_reason();
        return -1;
    }

    if (st.st_size == 0) {
        *why = "it is empty by now";
        return -1;
    }

    return search(set->fd, st.st_size, key, why);
}


int
deals_breached_has(const deals_breached *set, deals_str password)
{
    const char  *why;

    return deals_breached_find(set, password, &why);
}
