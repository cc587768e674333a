/*
 * core/text.h - the texts that people write: what is accepted, and what is made
 * of them. A check takes the raw input, puts the text to keep into *out (in
 * `arena`) and returns 0, or adds an error about `field` to *errors and
 * returns -1. Lengths are in characters (code points).
 */

#ifndef DEALS_CORE_TEXT_H
#define DEALS_CORE_TEXT_H

#include <deals/types.h>

#define DEALS_TITLE_MIN     3
#define DEALS_TITLE_MAX     300
#define DEALS_BODY_MAX      20000
#define DEALS_HTML_MAX      131072      /* bytes, of a body that is rendered */
#define DEALS_TAG_MAX       30
#define DEALS_TAGS_MAX      8
#define DEALS_MERCHANT_MAX  80
#define DEALS_SLUG_MAX      60
#define DEALS_LABEL_MAX     50

/* One line, DEALS_TITLE_MIN..MAX, no control characters; white space at both
 * ends is dropped. */
int  deals_text_title(deals_arena *arena, const char *field, deals_str in,
         deals_str *out, const deals_error **errors);

/* The same, 1..DEALS_LABEL_MAX. */
int  deals_text_label(deals_arena *arena, const char *field, deals_str in,
         deals_str *out, const deals_error **errors);

/* Lines, at most DEALS_BODY_MAX; no control characters but newline and tab;
 * CR LF becomes LF. With `required` set, something must stand in it. */
int  deals_text_body(deals_arena *arena, const char *field, deals_str in,
         int required, deals_str *out, const deals_error **errors);

/* [a-z0-9-]{1,30} after folding: lower case, a leading '#' dropped. */
int  deals_text_tag(deals_arena *arena, const char *field, deals_str in,
         deals_str *out, const deals_error **errors);

/* A list of deals_str: each a tag, repeats dropped, order kept, at most
 * DEALS_TAGS_MAX. */
int  deals_text_tags(deals_arena *arena, const char *field, deals_list in,
         deals_list *out, const deals_error **errors);

/* A merchant's name: one line, 1..DEALS_MERCHANT_MAX, runs of white space
 * become one space; and its slug, which identifies it ("Best Buy" = "best
 * buy"). */
int  deals_text_merchant(deals_arena *arena, const char *field, deals_str in,
         deals_str *name, deals_str *slug, const deals_error **errors);

/*
 * For import: makes a text acceptable. Control characters become spaces
 * (newline and tab stay if `lines` is set; CR LF becomes LF), those of C1 what
 * Windows-1252 means by them (U+0093 a quote), invalid UTF-8 becomes U+FFFD;
 * white space at both ends goes; without `lines` runs of spaces around a
 * removed character become one. *changed is set to 1 if that changed more than
 * white space at the ends and line ends; never to 0. Nothing is cut. Absent:
 * absent stays absent, or out of memory.
 */
deals_str  deals_text_clean(deals_arena *arena, deals_str in, int lines,
               int *changed);

/* For addresses: "New: 50% off café crème" -> "new-50-off-cafe-creme".
 * Lower-case ASCII words and dashes, at most DEALS_SLUG_MAX bytes, cut between
 * words, never empty ("deal"). Absent only when out of memory. */
deals_str  deals_text_slug(deals_arena *arena, deals_str in);

/* For what its slug identifies (a merchant): as deals_text_slug, but texts that
 * differ in letters without an ASCII form, or behind the cut, get different
 * ones: a checksum is added ("m-5d41402a" if nothing else is left). At most
 * DEALS_SLUG_MAX + 9 bytes. */
deals_str  deals_text_slug_unique(deals_arena *arena, deals_str in);

/* "just now", "1 minute ago", "3 hours ago", "2 days ago", "3 months ago",
 * "2 years ago"; "in a moment", "in 5 minutes", "in 2 days" ... */
deals_str  deals_text_when(deals_arena *arena, int64_t then, int64_t now);

#endif /* DEALS_CORE_TEXT_H */
