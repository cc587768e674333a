/*
 * base/utf8.c - UTF-8.
 */

#include "base/utf8.h"
#include "base/word.h"


int32_t
deals_utf8_next(deals_str s, size_t *pos)
{
    size_t                i, more;
    uint32_t              cp, least;
    const unsigned char  *p;

    if (*pos >= s.len) {
        return -1;
    }

    p = (const unsigned char *) s.data + *pos;

    if (p[0] < 0x80) {
        (*pos)++;
        return p[0];
    }

    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        more = 1; cp = p[0] & 0x1f; least = 0x80;

    } else if ((p[0] & 0xf0) == 0xe0) {
        more = 2; cp = p[0] & 0x0f; least = 0x800;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        more = 3; cp = p[0] & 0x07; least = 0x10000;

    } else {
        (*pos)++;
        return -1;
    }

    for (i = 1; i <= more; i++) {
        if (i >= s.len - *pos || (p[i] & 0xc0) != 0x80) {
            (*pos)++;
            return -1;
        }

        cp = cp << 6 | (p[i] & 0x3f);
    }

    if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        (*pos)++;
        return -1;
    }

    *pos += more + 1;

    return (int32_t) cp;
}


/* Over ASCII, eight bytes at a time; without control characters if they are
 * looked for. */
static size_t
skip_plain(deals_str s, size_t pos, int controls)
{
    uint64_t  word, found;

    for ( /* void */ ; s.len - pos >= sizeof(word); pos += sizeof(word)) {
        word = deals_word(s.data + pos);
        found = deals_word_not_ascii(word);

        if (controls) {
            found |= deals_word_below(word, ' ') | deals_word_is(word, 0x7f);
        }

        if (deals_word_found(found)) {
            break;
        }
    }

    return pos;
}


int
deals_utf8_valid(deals_str s)
{
    size_t  pos;

    for (pos = skip_plain(s, 0, 0); pos < s.len; pos = skip_plain(s, pos, 0)) {
        if (deals_utf8_next(s, &pos) < 0) {
            return 0;
        }
    }

    return 1;
}


size_t
deals_utf8_count(deals_str s)
{
    size_t  pos, n;

    n = 0;

    for (pos = 0; pos < s.len; ) {
        (void) deals_utf8_next(s, &pos);
        n++;
    }

    return n;
}


size_t
deals_utf8_put(char *out, uint32_t cp)
{
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        return 0;
    }

    if (cp < 0x80) {
        out[0] = (char) cp;
        return 1;
    }

    if (cp < 0x800) {
        out[0] = (char) (0xc0 | cp >> 6);
        out[1] = (char) (0x80 | (cp & 0x3f));
        return 2;
    }

    if (cp < 0x10000) {
        out[0] = (char) (0xe0 | cp >> 12);
        out[1] = (char) (0x80 | (cp >> 6 & 0x3f));
        out[2] = (char) (0x80 | (cp & 0x3f));
        return 3;
    }

    out[0] = (char) (0xf0 | cp >> 18);
    out[1] = (char) (0x80 | (cp >> 12 & 0x3f));
    out[2] = (char) (0x80 | (cp >> 6 & 0x3f));
    out[3] = (char) (0x80 | (cp & 0x3f));

    return 4;
}


int
deals_utf8_is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f)
           || cp == 0x2028 || cp == 0x2029;
}


int
deals_utf8_is_space(uint32_t cp)
{
    return (cp >= '\t' && cp <= '\r') || cp == ' ' || cp == 0x85
           || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a)
           || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f
           || cp == 0x3000;
}


int
deals_utf8_is_invisible(uint32_t cp)
{
    return cp == 0xad || cp == 0x34f || cp == 0x61c || cp == 0x115f
           || cp == 0x1160 || (cp >= 0x17b4 && cp <= 0x17b5)
           || (cp >= 0x180b && cp <= 0x180f) || (cp >= 0x200b && cp <= 0x200f)
           || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f)
           || cp == 0x3164 || (cp >= 0xfe00 && cp <= 0xfe0f)
           || cp == 0xfeff || cp == 0xffa0 || (cp >= 0xe0000 && cp <= 0xe0fff);
}


int32_t
deals_utf8_control(deals_str s, int lines)
{
    size_t   pos;
    int32_t  cp;

    for (pos = skip_plain(s, 0, 1); pos < s.len; pos = skip_plain(s, pos, 1)) {
        cp = deals_utf8_next(s, &pos);

        if (cp >= 0 && deals_utf8_is_control((uint32_t) cp)
            && !(lines && (cp == '\n' || cp == '\t')))
        {
            return cp;
        }
    }

    return -1;
}


deals_str
deals_utf8_cut(deals_str s, size_t n)
{
    size_t  pos;

    for (pos = 0; pos < s.len && n > 0; n--) {
        (void) deals_utf8_next(s, &pos);
    }

    return (deals_str) { s.data, pos };
}


/* Where the code point before `end` begins. */
static size_t
back(deals_str s, size_t end)
{
    size_t  pos;

    pos = end - 1;
    while (pos > 0 && end - pos < 4 && (s.data[pos] & 0xc0) == 0x80) {
        pos--;
    }

    return pos;
}


deals_str
deals_utf8_trim(deals_str s)
{
    size_t   pos, start, end;
    int32_t  cp;

    for (pos = start = 0; start < s.len; start = pos) {
        cp = deals_utf8_next(s, &pos);
        if (cp < 0 || !deals_utf8_is_space((uint32_t) cp)) {
            break;
        }
    }

    while (s.len > start) {
        pos = end = back(s, s.len);
        cp = deals_utf8_next(s, &end);

        /* bytes behind it belong to no code point, and stay */
        if (cp < 0 || end != s.len || !deals_utf8_is_space((uint32_t) cp)) {
            break;
        }
        s.len = pos;
    }

    return s.data ? (deals_str) { s.data + start, s.len - start } : s;
}
