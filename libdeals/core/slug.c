/*
 * core/slug.c - texts as parts of addresses: lower-case ASCII words and dashes.
 */

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/text.h"

/* U+00C0 .. U+017F in ASCII; "" where there is no letter. */
static const char  latin[][3] = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i",
    "i", "i", "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u",
    "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e",
    "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "",
    "o", "u", "u", "u", "u", "y", "th", "y", "a", "a", "a", "a", "a", "a",
    "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", "d", "d", "e", "e",
    "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g", "g", "g",
    "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",
    "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l",
    "l", "l", "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n",
    "o", "o", "o", "o", "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r",
    "s", "s", "s", "s", "s", "s", "s", "s", "t", "t", "t", "t", "t", "t",
    "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "w", "w",
    "y", "y", "y", "z", "z", "z", "z", "z", "z", "s"
};

_Static_assert(sizeof(latin) / sizeof(latin[0]) == 0x180 - 0xc0, "latin");


/* What stands for a code point: letters, "" for nothing, NULL for a gap. *lost
 * is set if it was a letter that has no ASCII form. */
static const char *
ascii_of(int32_t cp, char *letter, int *lost)
{
    if (cp < 0x80) {
        if (cp == '\'') {
            return "";                              /* "don't" is "dont" */
        }

        letter[0] = deals_lower((char) cp);
        letter[1] = '\0';

        return cp >= 0 && deals_is_alnum((unsigned char) cp) ? letter : NULL;
    }

    if (cp >= 0xc0 && cp < 0x180) {
        return latin[cp - 0xc0][0] ? latin[cp - 0xc0] : NULL;
    }

    if (cp == 0x2019 || (cp >= 0x300 && cp < 0x370)) {
        return "";                  /* apostrophe; accents of their own */
    }

    if (cp >= 0x370 && !(cp >= 0x2000 && cp < 0x2c00)
        && !deals_utf8_is_space((uint32_t) cp)
        && !deals_utf8_is_invisible((uint32_t) cp))
    {
        *lost = 1;
    }

    return NULL;
}


/* At most DEALS_SLUG_MAX bytes, if possible cut between words. */
static size_t
cut(const char *slug, size_t len)
{
    size_t  n;

    if (len <= DEALS_SLUG_MAX) {
        return len;
    }

    for (n = DEALS_SLUG_MAX; n > DEALS_SLUG_MAX / 2; n--) {
        if (slug[n] == '-') {
            return n;
        }
    }

    return DEALS_SLUG_MAX;
}


/* Appends letters to the slug until it has `max` bytes or more; there is room
 * for `max` + 2. Returns its length. */
static size_t
make(char *slug, size_t max, deals_str in, int *lost)
{
    int          gap;
    char         letter[2];
    size_t       pos, len;
    const char  *ascii;

    gap = 0;
    len = 0;

    for (pos = 0; pos < in.len && len < max; ) {

        if (!gap && deals_is_alnum((unsigned char) in.data[pos])) {
            slug[len++] = deals_lower(in.data[pos++]);
            continue;
        }

        ascii = ascii_of(deals_utf8_next(in, &pos), letter, lost);

        if (ascii == NULL) {
            gap = 1;
            continue;
        }

        if (ascii[0] == '\0') {
            continue;
        }

        if (gap && len > 0) {
            slug[len++] = '-';
        }

        gap = 0;

        while (*ascii != '\0') {
            slug[len++] = *ascii++;
        }
    }

    return len;
}


deals_str
deals_text_slug(deals_arena *arena, deals_str in)
{
    int     lost;
    char    slug[DEALS_SLUG_MAX + 1 + 2];
    size_t  len;

    /* one more than there may be: then it is known where words end */
    len = make(slug, DEALS_SLUG_MAX + 1, in, &lost);
    len = cut(slug, len);

    return len > 0 ? deals_arena_copy(arena, (deals_str) { slug, len })
                   : DEALS_STR("deal");
}


deals_str
deals_text_slug_unique(deals_arena *arena, deals_str in)
{
    int        lost;
    char      *folded, *text;
    size_t     i;
    uint32_t   sum;
    deals_str  slug;

    /* a dash stands for a byte at least, two letters for two bytes */
    text = deals_arena_array(arena, in.len + 2, 2);
    folded = (char *) deals_arena_copy(arena, in).data;

    if (text == NULL || (folded == NULL && in.len > 0)) {
        return DEALS_NONE;
    }

    lost = 0;
    slug.data = text;
    slug.len = make(text, 2 * in.len, in, &lost);

    if (!lost && slug.len > 0 && slug.len <= DEALS_SLUG_MAX) {
        return slug;
    }

    for (i = 0; i < in.len; i++) {
        folded[i] = deals_lower(folded[i]);
    }

    sum = deals_crc32((deals_str) { folded, in.len });
    slug.len = cut(slug.data, slug.len);

    return deals_str_of(deals_arena_printf(arena, "%.*s%s%08x",
                            DEALS_FMT(slug), slug.len ? "-" : "m-", sum));
}
