/*
 * base/json_check.c - what yajl would let through, or mend silently: characters,
 * UTF-8, surrogates, a string without an end.
 */

#include "base/json_reader.h"
#include "base/str.h"
#include "base/utf8.h"


/* The value of "\uXXXX" at i, or -1. */
static int
escape_at(deals_str text, size_t i)
{
    int     value;
    char    c;
    size_t  k;

    if (i + 6 > text.len || text.data[i] != '\\' || text.data[i + 1] != 'u') {
        return -1;
    }

    value = 0;

    for (k = i + 2; k < i + 6; k++) {
        c = deals_lower(text.data[k]);

        if (deals_is_digit((unsigned char) c)) {
            value = value * 16 + (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            value = value * 16 + (c - 'a' + 10);

        } else {
            return -1;
        }
    }

    return value;
}


const char *
deals_json_check(deals_str text, size_t *at)
{
    int            value, in_string;
    size_t         i, next;
    unsigned char  c;

    in_string = 0;

    for (i = 0; i < text.len; i = next) {
        *at = i;
        next = i;
        c = (unsigned char) text.data[i];

        if (deals_utf8_next(text, &next) < 0) {
            return "it is not valid UTF-8";
        }

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            return "there is a control character";
        }

        in_string ^= c == '"';

        if (c != '\\') {
            continue;
        }

        /* outside of strings a backslash is yajl's to refuse */
        value = escape_at(text, i);

        if (value < 0) {
            next = i + 2;

        } else if (value < 0xd800 || value > 0xdfff) {
            next = i + 6;

        } else {
            next = i + 12;
            if (value > 0xdbff || (escape_at(text, i + 6) & 0xfc00) != 0xdc00) {
                return "there is half of a surrogate pair";
            }
        }
    }

    /* behind the last value yajl waits for its end for ever */
    return in_string ? "a string has no end" : NULL;
}
