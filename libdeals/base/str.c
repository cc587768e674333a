/*
 * base/str.c - small things with strings.
 */

#include <string.h>

#include "base/str.h"


deals_str
deals_str_of(const char *cstring)
{
    if (cstring == NULL) {
        return DEALS_NONE;
    }

    return (deals_str) { cstring, strlen(cstring) };
}


int
deals_str_eq(deals_str a, deals_str b)
{
    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }

    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}


int
deals_str_cmp(deals_str a, deals_str b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    return rc != 0 ? rc : (a.len > b.len) - (a.len < b.len);
}


int
deals_str_eq_case(deals_str a, deals_str b)
{
    size_t  i;

    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (deals_lower(a.data[i]) != deals_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
deals_str_is(deals_str s, const char *cstring)
{
    return deals_str_eq(s, deals_str_of(cstring));
}


int
deals_str_starts(deals_str s, const char *prefix)
{
    size_t  n;

    n = strlen(prefix);

    return s.len >= n && (n == 0 || memcmp(s.data, prefix, n) == 0);
}


deals_str
deals_str_trim(deals_str s)
{
    while (s.len > 0 && deals_is_space((unsigned char) s.data[0])) {
        s.data++;
        s.len--;
    }

    while (s.len > 0 && deals_is_space((unsigned char) s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


deals_str
deals_str_sub(deals_str s, size_t from, size_t len)
{
    if (s.data == NULL) {
        return s;
    }

    if (from > s.len) {
        from = s.len;
    }

    if (len > s.len - from) {
        len = s.len - from;
    }

    return (deals_str) { s.data + from, len };
}


ptrdiff_t
deals_str_index(deals_str s, char c)
{
    const char  *p;

    p = s.len ? memchr(s.data, c, s.len) : NULL;

    return p ? p - s.data : -1;
}


int
deals_str_word(deals_str *rest, const char *separators, deals_str *word)
{
    size_t  i;

    if (rest->data == NULL) {
        return 0;
    }

    for (i = 0; i < rest->len; i++) {
        if (rest->data[i] != '\0' && strchr(separators, rest->data[i])) {
            *word = deals_str_sub(*rest, 0, i);
            *rest = deals_str_sub(*rest, i + 1, rest->len);
            return 1;
        }
    }

    *word = *rest;
    *rest = DEALS_NONE;

    return 1;
}


int
deals_str_int(deals_str s, int64_t *n)
{
    int       negative;
    size_t    i;
    uint64_t  u, limit;

    negative = s.len > 0 && s.data[0] == '-';
    limit = (uint64_t) INT64_MAX + (negative ? 1 : 0);
    u = 0;

    if (s.len == (size_t) negative) {
        return -1;
    }

    for (i = (size_t) negative; i < s.len; i++) {
        unsigned  digit;

        if (!deals_is_digit((unsigned char) s.data[i])) {
            return -1;
        }

        digit = (unsigned) (s.data[i] - '0');

        if (u > (limit - digit) / 10) {
            return -1;
        }

        u = u * 10 + digit;
    }

    *n = negative ? (int64_t) (0 - u) : (int64_t) u;

    return 0;
}
