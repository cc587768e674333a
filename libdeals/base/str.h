/*
 * base/str.h - small things with strings. Nothing here allocates, all results
 * point into the argument. Only ASCII is folded or counted as white space.
 */

#ifndef DEALS_BASE_STR_H
#define DEALS_BASE_STR_H

#include <deals/types.h>

/* space \t \n \v \f \r */
static inline int
deals_is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


static inline int
deals_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}


static inline int
deals_is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || deals_is_digit(c);
}


static inline char
deals_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}


/* <0, 0, >0 by bytes, the shorter one first. */
int        deals_str_cmp(deals_str a, deals_str b);
int        deals_str_eq_case(deals_str a, deals_str b);     /* ignores case */
int        deals_str_is(deals_str s, const char *cstring);  /* equal */
int        deals_str_starts(deals_str s, const char *prefix);

/* Without white space at both ends; absent stays absent. */
deals_str  deals_str_trim(deals_str s);

/* From `from` for at most `len` bytes, within s. */
deals_str  deals_str_sub(deals_str s, size_t from, size_t len);

/* Index of the first c, or -1. */
ptrdiff_t  deals_str_index(deals_str s, char c);

/* Cuts the next word off *rest: what stands before the first byte of
 * `separators`, or all. 0: there was none left (*rest is absent). Empty words
 * count. */
int        deals_str_word(deals_str *rest, const char *separators,
               deals_str *word);

/* A decimal integer: optional '-', digits, nothing else, in int64_t. 0 or
 * -1. */
int        deals_str_int(deals_str s, int64_t *n);

/* For printf's "%.*s". */
#define DEALS_FMT(s)   (int) ((s).len > 4096 ? 4096 : (s).len), \
                       (s).data ? (s).data : ""

#endif /* DEALS_BASE_STR_H */
