/*
 * fuzz_json.h - what JSON is (RFC 8259), with the limits that base/json.h adds:
 * 64 levels, whole surrogate pairs, integers of 64 bits, finite numbers of at
 * most 512 characters. As simple as it can be: nothing is kept.
 */

#ifndef DEALS_FUZZ_JSON_H
#define DEALS_FUZZ_JSON_H

#include <errno.h>
#include <math.h>

#include "fuzz.h"

typedef struct {
    const char  *p;
    const char  *end;
    int          depth;
} json_text;

static int  json_value(json_text *t);

static void
json_space(json_text *t)
{
    while (t->p < t->end && memchr(" \t\r\n", *t->p, 4) != NULL) {
        t->p++;
    }
}

static int
json_is(json_text *t, const char *word)
{
    size_t  n = strlen(word);

    if ((size_t) (t->end - t->p) < n || memcmp(t->p, word, n) != 0) {
        return 0;
    }

    t->p += n;

    return 1;
}

static size_t
json_digits(json_text *t)
{
    const char  *from = t->p;

    while (t->p < t->end && *t->p >= '0' && *t->p <= '9') {
        t->p++;
    }

    return (size_t) (t->p - from);
}

static int
json_number(json_text *t)
{
    int          whole = 1;
    char         copy[513];
    size_t       n;
    const char  *from = t->p;

    (void) json_is(t, "-");

    if (!json_is(t, "0") && json_digits(t) == 0) {
        return 0;
    }

    if (json_is(t, ".")) {
        whole = 0;
        if (json_digits(t) == 0) {
            return 0;
        }
    }

    if (json_is(t, "e") || json_is(t, "E")) {
        whole = 0;
        if (!json_is(t, "+")) {
            (void) json_is(t, "-");
        }
        if (json_digits(t) == 0) {
            return 0;
        }
    }

    n = (size_t) (t->p - from);
    if (n > 512) {
        return 0;
    }

    memcpy(copy, from, n);
    copy[n] = '\0';
    errno = 0;

    if (whole) {
        (void) strtoll(copy, NULL, 10);
        return errno == 0;
    }

    return isfinite(strtod(copy, NULL));
}

/* Four hexadecimal digits; -1. */
static int
json_hex(json_text *t)
{
    int   i, n = 0;
    char  digit[2] = "";

    if (t->end - t->p < 4) {
        return -1;
    }

    for (i = 0; i < 4; i++) {
        digit[0] = *t->p++;
        if (strspn(digit, "0123456789abcdefABCDEF") != 1) {
            return -1;
        }
        n = n * 16 + (int) strtol(digit, NULL, 16);
    }

    return n;
}

static int
json_string(json_text *t)
{
    int  n;

    if (!json_is(t, "\"")) {
        return 0;
    }

    while (t->p < t->end && *t->p != '"') {
        if ((unsigned char) *t->p < 0x20) {
            return 0;
        }

        if (*t->p++ != '\\') {
            continue;
        }

        if (t->p == t->end || memchr("\"\\/bfnrtu", *t->p, 9) == NULL) {
            return 0;
        }

        if (*t->p++ == 'u') {
            n = json_hex(t);
            if (n < 0 || (n >= 0xdc00 && n <= 0xdfff)) {
                return 0;
            }
            if (n >= 0xd800 && n <= 0xdbff) {
                if (!json_is(t, "\\u")) {
                    return 0;
                }
                n = json_hex(t);
                if (n < 0xdc00 || n > 0xdfff) {
                    return 0;
                }
            }
        }
    }

    return json_is(t, "\"");
}

/* What stands between brackets. */
static int
json_items(json_text *t, const char *end, int names)
{
    if (++t->depth > 64) {
        return 0;
    }

    json_space(t);

    if (!json_is(t, end)) {
        do {
            json_space(t);
            if (names) {
                if (!json_string(t)) {
                    return 0;
                }
                json_space(t);
                if (!json_is(t, ":")) {
                    return 0;
                }
            }
            if (!json_value(t)) {
                return 0;
            }
        } while (json_is(t, ","));

        if (!json_is(t, end)) {
            return 0;
        }
    }

    t->depth--;

    return 1;
}

static int
json_value(json_text *t)
{
    int  good;

    json_space(t);

    if (t->p < t->end && *t->p == '"') {
        good = json_string(t);

    } else if (json_is(t, "{")) {
        good = json_items(t, "}", 1);

    } else if (json_is(t, "[")) {
        good = json_items(t, "]", 0);

    } else {
        good = json_is(t, "null") || json_is(t, "true") || json_is(t, "false")
               || json_number(t);
    }

    json_space(t);

    return good;
}

static int
is_json(deals_str text)
{
    json_text  t = { text.data, text.data + text.len, 0 };

    return deals_utf8_valid(text) && json_value(&t) && t.p == t.end;
}

#endif /* DEALS_FUZZ_JSON_H */
