/*
 * base/buf.h - appending a few bytes without a call, for code that appends
 * very often. See deals/types.h for the buffers.
 */

#ifndef DEALS_BASE_BUF_H
#define DEALS_BASE_BUF_H

#include <string.h>

#include <deals/types.h>

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

#endif /* DEALS_BASE_BUF_H */
