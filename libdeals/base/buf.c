/*
 * base/buf.c - growing buffers.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define SMALLEST  256
#define LARGE     16384     /* growing faster up to there */

const char  deals_digit_pairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

const uint64_t  deals_powers_of_ten[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
    UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
    UINT64_C(10000000000000), UINT64_C(100000000000000),
    UINT64_C(1000000000000000), UINT64_C(10000000000000000),
    UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000)
};


void
deals_buf_init(deals_buf *buf)
{
    memset(buf, 0, sizeof(*buf));
}


void
deals_buf_free(deals_buf *buf)
{
    free(buf->data);
    deals_buf_init(buf);
}


void
deals_buf_clear(deals_buf *buf)
{
    buf->len = 0;
    buf->failed = 0;
}


int
deals_buf_reserve(deals_buf *buf, size_t more)
{
    char    *p;
    size_t   cap;

    if (buf->failed) {
        return -1;
    }

    if (more <= buf->cap - buf->len) {
        return 0;
    }

    if (more > SIZE_MAX / 2 - buf->len) {
        buf->failed = 1;
        return -1;
    }

    cap = buf->cap ? buf->cap : SMALLEST;
    while (cap < buf->len + more) {
        cap *= cap < LARGE ? 4 : 2;
    }

    p = realloc(buf->data, cap);
    if (p == NULL) {
        buf->failed = 1;
        return -1;
    }

    buf->data = p;
    buf->cap = cap;

    return 0;
}


void
deals_buf_add(deals_buf *buf, const void *data, size_t len)
{
    if (len == 0 || deals_buf_reserve(buf, len) != 0) {
        return;
    }

    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}


void
deals_buf_str(deals_buf *buf, deals_str s)
{
    deals_buf_add(buf, s.data, s.len);
}


void
deals_buf_c(deals_buf *buf, const char *cstring)
{
    deals_buf_add(buf, cstring, strlen(cstring));
}


void
deals_buf_char(deals_buf *buf, char c)
{
    if (buf->len == buf->cap && deals_buf_reserve(buf, 1) != 0) {
        return;
    }

    if (!buf->failed) {
        buf->data[buf->len++] = c;
    }
}


void
deals_buf_int(deals_buf *buf, int64_t n)
{
    char  text[DEALS_INT_SIZE];

    deals_buf_put(buf, text, (size_t) (deals_put_int(text, n) - text));
}


void
deals_buf_printf(deals_buf *buf, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    if (n < 0 || deals_buf_reserve(buf, (size_t) n + 1) != 0) {
        buf->failed = 1;
        return;
    }

    va_start(args, fmt);
    vsnprintf(buf->data + buf->len, (size_t) n + 1, fmt, args);
    va_end(args);

    buf->len += (size_t) n;
}
