/*
 * base/encode.h - base64url, hex, percent-encoding, CRC-32.
 */

#ifndef DEALS_BASE_ENCODE_H
#define DEALS_BASE_ENCODE_H

#include <deals/types.h>

/* All return an absent string when out of memory; the decoding ones also when
 * the input is not exactly what the encoder would have written (padding, spare
 * bits and odd lengths included). */
deals_str  deals_base64url(deals_arena *arena, deals_str bytes);
deals_str  deals_base64url_decode(deals_arena *arena, deals_str text);
deals_str  deals_hex(deals_arena *arena, deals_str bytes);

/* Appends s with everything but [A-Za-z0-9-._~] as %XX. */
void       deals_percent(deals_buf *buf, deals_str s);

/* Decodes %XX, and '+' to a space if `plus` is set. 0; -1: a broken escape;
 * -2: out of memory. The bytes may be anything, NUL too. */
int        deals_percent_decode(deals_arena *arena, deals_str s, int plus,
               deals_str *out);

/* CRC-32 as in zlib and PNG. */
uint32_t   deals_crc32(deals_str bytes);

#endif /* DEALS_BASE_ENCODE_H */
