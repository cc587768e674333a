/*
 * base/word.h - eight bytes of a text looked at together: whether one of them
 * needs a closer look. An answer of no is right; an answer of yes may be for
 * nothing if a byte before was one of those looked for.
 */

#ifndef DEALS_BASE_WORD_H
#define DEALS_BASE_WORD_H

#include <stdint.h>
#include <string.h>

#define DEALS_WORD_ONES  (~UINT64_C(0) / 255)       /* 0x0101... */

static inline uint64_t
deals_word(const char *p)
{
    uint64_t  word;

    memcpy(&word, p, sizeof(word));

    return word;
}


/* These have the top bit of a byte set where it was found; `word` is ASCII, or
 * deals_word_not_ascii tells so. */
static inline uint64_t
deals_word_not_ascii(uint64_t word)
{
    return word;
}


static inline uint64_t
deals_word_below(uint64_t word, unsigned char c)
{
    return word - DEALS_WORD_ONES * c;
}


static inline uint64_t
deals_word_is(uint64_t word, unsigned char c)
{
    return (word ^ DEALS_WORD_ONES * c) - DEALS_WORD_ONES;
}


static inline int
deals_word_found(uint64_t found)
{
    return (found & DEALS_WORD_ONES * 0x80) != 0;
}

#endif /* DEALS_BASE_WORD_H */
