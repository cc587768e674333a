/*
 * base/encode.c - base64url, hex, percent-encoding, CRC-32.
 */

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/str.h"

static const char  base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char  hex[] = "0123456789abcdef";
static const char  upper_hex[] = "0123456789ABCDEF";


deals_str
deals_base64url(deals_arena *arena, deals_str bytes)
{
    char                 *out, *p;
    size_t                i, left;
    uint32_t              v;
    const unsigned char  *in;

    if (bytes.len > SIZE_MAX / 2) {
        return DEALS_NONE;
    }

    out = deals_arena_alloc(arena, bytes.len / 3 * 4 + 4);
    if (out == NULL) {
        return DEALS_NONE;
    }

    in = (const unsigned char *) bytes.data;
    p = out;

    for (i = 0; i < bytes.len; i += 3) {
        left = bytes.len - i;
        v = (uint32_t) in[i] << 16;
        v |= left > 1 ? (uint32_t) in[i + 1] << 8 : 0;
        v |= left > 2 ? in[i + 2] : 0;

        *p++ = base64url[v >> 18];
        *p++ = base64url[v >> 12 & 63];
        if (left > 1) {
            *p++ = base64url[v >> 6 & 63];
        }
        if (left > 2) {
            *p++ = base64url[v & 63];
        }
    }

    return (deals_str) { out, (size_t) (p - out) };
}


static int
base64url_value(char c)
{
    const char  *p;

    p = c != '\0' ? strchr(base64url, c) : NULL;

    return p ? (int) (p - base64url) : -1;
}


deals_str
deals_base64url_decode(deals_arena *arena, deals_str text)
{
    int        value, bits;
    char      *out, *p;
    size_t     i;
    uint32_t   v;

    if (text.data == NULL || text.len % 4 == 1) {
        return DEALS_NONE;
    }

    out = deals_arena_alloc(arena, text.len / 4 * 3 + 3);
    if (out == NULL) {
        return DEALS_NONE;
    }

    p = out;
    v = 0;
    bits = 0;

    for (i = 0; i < text.len; i++) {
        value = base64url_value(text.data[i]);
        if (value < 0) {
            return DEALS_NONE;
        }

        v = v << 6 | (uint32_t) value;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            *p++ = (char) (v >> bits & 0xff);
        }
    }

    if (v & ((1u << bits) - 1)) {
        return DEALS_NONE;                  /* spare bits: another spelling */
    }

    return (deals_str) { out, (size_t) (p - out) };
}


deals_str
deals_hex(deals_arena *arena, deals_str bytes)
{
    char    *out;
    size_t   i;

    out = deals_arena_array(arena, bytes.len + 1, 2);
    if (out == NULL) {
        return DEALS_NONE;
    }

    for (i = 0; i < bytes.len; i++) {
        out[2 * i] = hex[(unsigned char) bytes.data[i] >> 4];
        out[2 * i + 1] = hex[(unsigned char) bytes.data[i] & 15];
    }

    return (deals_str) { out, 2 * bytes.len };
}


static int
hex_value(char c)
{
    const char  *p;

    p = c != '\0' ? strchr(hex, deals_lower(c)) : NULL;

    return p ? (int) (p - hex) : -1;
}


/* The byte that two digits stand for, or -1. */
static int
hex_byte(const char *digits)
{
    int  high, low;

    high = hex_value(digits[0]);
    low = hex_value(digits[1]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}


void
deals_percent(deals_buf *buf, deals_str s)
{
    char           *p;
    size_t          i;
    unsigned char   c;

    if (s.len == 0) {
        return;
    }

    p = s.len <= SIZE_MAX / 3 ? deals_buf_room(buf, 3 * s.len) : NULL;
    if (p == NULL) {
        buf->failed = 1;
        return;
    }

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.data[i];

        if (deals_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            *p++ = (char) c;

        } else {
            *p++ = '%';
            *p++ = upper_hex[c >> 4];
            *p++ = upper_hex[c & 15];
        }
    }

    buf->len = (size_t) (p - buf->data);
}


int
deals_percent_decode(deals_arena *arena, deals_str s, int plus, deals_str *out)
{
    int      byte;
    char    *p, *data;
    size_t   i;

    data = deals_arena_alloc(arena, s.len + 1);
    if (data == NULL) {
        return -2;
    }

    p = data;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '+' && plus) {
            *p++ = ' ';

        } else if (s.data[i] != '%') {
            *p++ = s.data[i];

        } else {
            byte = s.len - i > 2 ? hex_byte(s.data + i + 1) : -1;
            if (byte < 0) {
                return -1;
            }

            *p++ = (char) byte;
            i += 2;
        }
    }

    *out = (deals_str) { data, (size_t) (p - data) };

    return 0;
}


uint32_t
deals_crc32(deals_str bytes)
{
    int       bit;
    size_t    i;
    uint32_t  crc;

    crc = 0xffffffff;

    for (i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char) bytes.data[i];

        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }

    return ~crc;
}
