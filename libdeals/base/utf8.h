/*
 * base/utf8.h - UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing
 * above U+10FFFF.
 */

#ifndef DEALS_BASE_UTF8_H
#define DEALS_BASE_UTF8_H

#include <deals/types.h>

int      deals_utf8_valid(deals_str s);

/* Code points; each byte that is not part of a valid one counts as one. */
size_t   deals_utf8_count(deals_str s);

/* The code point at *pos, which moves behind it; -1: *pos is at the end, or the
 * bytes there are not valid (then *pos moves by one; at the end it stays). */
int32_t  deals_utf8_next(deals_str s, size_t *pos);

/* Writes a code point, returns its bytes (1..4); 0 if it is none. */
size_t   deals_utf8_put(char *out, uint32_t cp);

/* C0, DEL, C1, and the line and paragraph separators. */
int      deals_utf8_is_control(uint32_t cp);
/* White space as Unicode has it, control characters included. */
int      deals_utf8_is_space(uint32_t cp);
/* Takes no room on the page: zero-width and bidirectional marks, BOM. */
int      deals_utf8_is_invisible(uint32_t cp);

/* The first control character in s (newline and tab are let through if `lines`
 * is set), or -1. */
int32_t  deals_utf8_control(deals_str s, int lines);

/* Without white space (as Unicode has it) at both ends; absent stays absent. */
deals_str  deals_utf8_trim(deals_str s);

/* At most n code points from the beginning of s. */
deals_str  deals_utf8_cut(deals_str s, size_t n);

#endif /* DEALS_BASE_UTF8_H */
