/*
 * base/buf.h - appending a few bytes without a call, for code that appends
 * very often. See deals/types.h for the buffers.
 */

#ifndef DEALS_BASE_BUF_H
#define DEALS_BASE_BUF_H

#include <stdint.h>
#include <string.h>

#include <deals/types.h>

enum { DEALS_INT_SIZE = 20 };       /* the longest number, with its sign */

extern const char      deals_digit_pairs[];         /* "000102...99" */
extern const uint64_t  deals_powers_of_ten[];       /* up to 10^19 */

/* Where the next n bytes go, which the caller writes and counts in buf->len;
 * NULL: out of memory, or it was before. */
static inline char *
deals_buf_room(deals_buf *buf, size_t n)
{
    if (n > buf->cap - buf->len && deals_buf_reserve(buf, n) != 0) {
        return NULL;
    }

    return buf->failed ? NULL : buf->data + buf->len;
}


static inline void
deals_buf_put(deals_buf *buf, const char *data, size_t len)
{
    char  *p = len > 0 ? deals_buf_room(buf, len) : NULL;

    if (p != NULL) {
        memcpy(p, data, len);
        buf->len += len;
    }
}


static inline void
deals_buf_put_char(deals_buf *buf, char c)
{
    char  *p = deals_buf_room(buf, 1);

    if (p != NULL) {
        *p = c;
        buf->len++;
    }
}



/* Decimal digits of a number. */
static inline unsigned
deals_digits(uint64_t n)
{
    unsigned  about;

    about = (unsigned) (64 - __builtin_clzll(n | 1)) * 1233 >> 12;

    return about + (about == 0 || n >= deals_powers_of_ten[about]);
}


/* Writes n, of DEALS_INT_SIZE bytes at most, at p; returns where it ends. */
static inline char *
deals_put_int(char *p, int64_t n)
{
    char      *end;
    uint64_t   u;

    u = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;

    if (n < 0) {
        *p++ = '-';
    }

    end = p + deals_digits(u);

    for (p = end; u >= 10; u /= 100) {
        p -= 2;
        memcpy(p, deals_digit_pairs + u % 100 * 2, 2);
    }

    /* an odd one is left, or none */
    if (u > 0 || p == end) {
        p[-1] = (char) ('0' + u);
    }

    return end;
}

#endif /* DEALS_BASE_BUF_H */
