/*
 * core/device.h - what a browser keeps of a sign-in, to be known by at the next
 * one: "USER_ID.TIME.SECRET", the secret 16 random bytes and a HMAC-SHA-256 of
 * all of it, in base64url. Nobody keeps a copy. The key is the hash of the
 * member's password, with a salt of 128 random bits in it: so it is another
 * member's or an own one without that hash no more than any other text, tells
 * nothing of the password, and ends with it.
 */

#ifndef DEALS_CORE_DEVICE_H
#define DEALS_CORE_DEVICE_H

#include <deals/types.h>

#define DEALS_DEVICE_NONCE  16
#define DEALS_DEVICE_MAX    (16 + 1 + 16 + 1 + 64)
#define DEALS_DEVICE_LIFE   (180 * 86400)       /* seconds */

/* Absent when out of memory. */
deals_str  deals_device_make(deals_arena *arena, int64_t user_id, int64_t now,
               const unsigned char nonce[DEALS_DEVICE_NONCE],
               deals_str password_hash);

/* 1: it was made for this member and with this hash, and not too long ago;
 * `nonce` gets its. 0: not. */
int        deals_device_is(deals_str text, int64_t user_id, int64_t now,
               deals_str password_hash,
               unsigned char nonce[DEALS_DEVICE_NONCE]);

#endif /* DEALS_CORE_DEVICE_H */
