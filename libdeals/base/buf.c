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
    char       digits[20], *p;
    uint64_t   u;

    u = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;
    p = digits + sizeof(digits);

    do {
        *--p = (char) ('0' + u % 10);
        u /= 10;
    } while (u != 0);

    if (n < 0) {
        *--p = '-';
    }

    deals_buf_put(buf, p, (size_t) (digits + sizeof(digits) - p));
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
