/*
 * core/password_common.c - whether a password is one of the commonest: it is in
 * the list, or is one of the words with little around it ("Dr4gon!2024"), or
 * what fingers do on a keyboard ("qwe123asd"), or a date, or says one thing over
 * and over. It is the whole password that counts: a long one may have any of
 * these in it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/password.h"
#include "core/password_words.h"

#define LONGEST     128     /* bytes that are looked at */
#define WORD        24      /* as a word: several make a phrase */
#define AROUND      6       /* characters that may stand around a word */
#define SHORTEST    3       /* a word, a step of a walk */
#define BLOCK       8       /* what is repeated */
#define LEFT_OVER   2       /* beside walks */

typedef int (*core_is)(const char *key, size_t len);

/* Where fingers walk, there and back; the columns lean both ways. */
static const char *const  walks[] = {
    "abcdefghijklmnopqrstuvwxyz", "01234567890-=", "!@#$%^&*()_+",
    "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop", "yxcvbnm",
    "azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz", "2wsx", "3edc", "4rfv",
    "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/", "!qaz", "@wsx", "#edc",
    "$rfv", "1qay", "2wsx", "147", "258", "369", "159", "357", "1q2w3e4r5t6y",
    "7u8i9o0p", "q1w2e3r4t5y6", "u7i8o9p0", "1a2b3c4d5e6f", "a1b2c3d4e5f6",
    "a1s2d3f4g5", "1a2s3d4f5g", "24680", "13579"
};


/* As it is read: i and l are one, so that 1 can be both. 0: it only parts. */
static char
read_as(char c)
{
    static const char  typed[] = "0134579@$!l", meant[] = "oieastgasii";

    const char  *at;

    if (c == ' ' || c == '-' || c == '_' || c == '.') {
        return '\0';
    }

    c = deals_lower(c);
    at = strchr(typed, c);

    return at != NULL && *at != '\0' ? meant[at - typed] : c;
}


/* Into a buffer of LONGEST + 1. 0: too long, or no text. */
static size_t
read_key(deals_str s, char *key)
{
    size_t  i, n = 0;

    if (s.len > LONGEST) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '\0') {
            return 0;
        }

        key[n] = read_as(s.data[i]);
        n += key[n] != '\0';
    }

    key[n] = '\0';

    return n;
}


static int
is_letter(char c)
{
    return deals_is_alnum((unsigned char) c)
           && !deals_is_digit((unsigned char) c);
}


/* Letters only: what has more in it is not dressed up once more. */
static int
key_is(const char *key, size_t len, const char *word)
{
    size_t  n = 0;
    char    c;

    for (/* void */; *word != '\0'; word++) {
        c = read_as(*word);

        if (n == len || key[n] != c || !is_letter(*word)) {
            return 0;
        }

        n++;
    }

    return n == len;
}


static int
in_list(const char *key, size_t len, const char *const *list)
{
    for (/* void */; *list != NULL; list++) {
        if (key_is(key, len, *list)) {
            return 1;
        }
    }

    return 0;
}


/* A word, its plural, or twice the same. */
static int
is_word(const char *key, size_t len)
{
    if (len >= 2 * SHORTEST && len % 2 == 0
        && memcmp(key, key + len / 2, len / 2) == 0)
    {
        len /= 2;
    }

    return len >= SHORTEST
           && (in_list(key, len, deals_password_words)
               || in_list(key, len, deals_password_list)
               || (key[len - 1] == 's'
                   && in_list(key, len - 1, deals_password_words)));
}


static int
is_said_word(const char *key, size_t len)
{
    size_t  i, n;

    /* with l read as i */
    static const char *const  before[] = { "my", "the", "iiove", "im", "new" };

    if (is_word(key, len)) {
        return 1;
    }

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        n = strlen(before[i]);
        if (len > n && memcmp(key, before[i], n) == 0
            && is_word(key + n, len - n))
        {
            return 1;
        }
    }

    return 0;
}


/* ASCII, and no letter. */
static int
is_around(char c)
{
    return (unsigned char) c < 0x80 && !is_letter(c);
}


static int
has_letter(deals_str s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (is_letter(s.data[i])) {
            return 1;
        }
    }

    return 0;
}


/* Calls for whatever is left when up to AROUND characters are taken away. What
 * stands around may be part of the word as well: "3lephant5". */
static int
within(deals_str s, deals_str exact, core_is is)
{
    size_t     before, after, len;
    char       key[LONGEST + 1], wanted[LONGEST + 1];
    deals_str  core;

    len = exact.len > 0 ? read_key(exact, wanted) : 0;

    for (before = 0; before <= AROUND && before < s.len; before++) {
        for (after = 0; before + after <= AROUND && before + after < s.len;
             after++)
        {
            if (after > 0 && !is_around(s.data[s.len - after])) {
                break;
            }

            core = deals_str_sub(s, before, s.len - before - after);

            if (is != NULL) {
                if (core.len <= WORD && has_letter(core)
                    && is(key, read_key(core, key)))
                {
                    return 1;
                }

            } else if (len > 0 && read_key(core, key) == len
                       && memcmp(key, wanted, len) == 0)
            {
                return 1;
            }
        }

        if (!is_around(s.data[before])) {
            break;
        }
    }

    return 0;
}


int
deals_password_is_around(deals_str password, deals_str text)
{
    return text.len >= SHORTEST && within(password, text, NULL);
}


static int
is_repeated(deals_str s)
{
    size_t  n;

    for (n = 1; n <= BLOCK && 2 * n <= s.len; n++) {
        if (memcmp(s.data, s.data + n, s.len - n) == 0) {
            return 1;
        }
    }

    return 0;
}


/* How far s goes along a walk from its beginning. */
static size_t
walked(const char *s, const char *walk)
{
    size_t       n, most = 0;
    const char  *at;

    for (at = walk; *s != '\0' && (at = strchr(at, *s)) != NULL; at++) {
        for (n = 1; s[n] != '\0' && s[n] == at[n]; n++) { /* void */ }
        most = n > most ? n : most;

        for (n = 1; s[n] != '\0' && (size_t) (at - walk) >= n
                    && s[n] == *(at - n); n++) { /* void */ }
        most = n > most ? n : most;
    }

    return most;
}


static size_t
step(const char *s)
{
    size_t  i, n, most;

    for (most = 1; s[most] != '\0' && s[most] == *s; most++) { /* void */ }

    for (i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
        n = walked(s, walks[i]);
        most = n > most ? n : most;
    }

    return most;
}


/* Nothing but steps of three and more, or nearly so. */
static int
is_walk(const char *s)
{
    size_t  n, left = 0;

    while (*s != '\0' && left <= LEFT_OVER) {
        n = step(s);

        if (n < SHORTEST) {
            n = 1;
            left++;
        }

        s += n;
    }

    return left <= LEFT_OVER;
}


static int
number(const char *digits, size_t len)
{
    int64_t  n;

    return deals_str_int((deals_str) { digits, len }, &n) == 0 ? (int) n : -1;
}


static int
is_day(const char *day, const char *month, const char *year)
{
    int  d = number(day, 2), m = number(month, 2), y = number(year, 4);

    return d >= 1 && d <= 31 && m >= 1 && m <= 12 && y >= 1900 && y < 2100;
}


/* Eight digits; or two years. */
static int
is_date(const char *s)
{
    size_t  i;

    for (i = 0; i < 8; i++) {
        if (!deals_is_digit((unsigned char) s[i])) {
            return 0;
        }
    }

    return s[8] == '\0'
           && (is_day(s, s + 2, s + 4) || is_day(s + 2, s, s + 4)
               || is_day(s + 6, s + 4, s) || is_day(s + 4, s + 6, s)
               || (is_day("01", "01", s) && is_day("01", "01", s + 4)));
}


static int
listed(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *) item);
}


int
deals_password_is_common(deals_str password)
{
    char    key[LONGEST + 1];
    size_t  i;

    if (is_repeated(password)) {
        return 1;
    }

    if (password.len < SHORTEST || password.len > LONGEST
        || deals_str_index(password, '\0') >= 0)
    {
        return 0;
    }

    for (i = 0; i < password.len; i++) {
        key[i] = deals_lower(password.data[i]);
    }

    key[i] = '\0';

    for (i = 0; deals_password_list[i] != NULL; i++) { /* void */ }

    return bsearch(key, deals_password_list, i, sizeof(deals_password_list[0]),
               listed) != NULL
           || is_walk(key) || is_date(key)
           || within(password, DEALS_NONE, is_said_word);
}
