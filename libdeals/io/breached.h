/*
 * io/breached.h - what is behind deals/breached.h.
 */

#ifndef DEALS_IO_BREACHED_H
#define DEALS_IO_BREACHED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <deals/ctx.h>

#define DEALS_SHA1_BYTES  20

/* A hash, a colon, 20 digits, CR and LF. */
#define DEALS_BREACHED_LINE  64

struct deals_breached {
    int        fd;
    unsigned   holders;         /* atomic: contexts on many threads may be */
    int        failing;         /* atomic: the last try could not read it */
    char      *path;
};

/* One more deals_breached_close is needed. Returns `set`; NULL is ok. */
deals_breached  *deals_breached_hold(deals_breached *set);

/* As deals_breached_has; -1: *why says why, a static text. */
int              deals_breached_find(const deals_breached *set,
                     deals_str password, const char **why);

/* 1: `failed` is not what the last one said, here or on another thread. */
int              deals_breached_turned(deals_breached *set, int failed);

/* The line that `text` begins with, and what of the file follows, all of it if
 * `last`: fills `hash` and returns the line's length with its end. -1: it
 * begins with no line, or with one that is not all there. */
ssize_t          deals_breached_line(const char *text, size_t len, int last,
                     unsigned char hash[DEALS_SHA1_BYTES]);

/* Reads from `at` until `len` bytes are there or the file ends. -1: errno. */
ssize_t          deals_breached_read(int fd, char *buf, size_t len, off_t at);

/* Where the first line begins that begins at `from` or behind: fills `at`
 * (`size`: none does). 0, or -1: *why. */
int              deals_breached_seek(int fd, off_t from, off_t size, off_t *at,
                     const char **why);

/* What errno says; a static text. */
const char      *deals_breached_reason(void);

extern const char  deals_breached_no_line[];

#endif /* DEALS_IO_BREACHED_H */
