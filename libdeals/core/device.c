/*
 * core/device.c - what a browser keeps of a sign-in.
 */

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "core/device.h"

#define MAC       crypto_auth_hmacsha256_BYTES
#define SECRET    (DEALS_DEVICE_NONCE + MAC)
#define CHARS     64                    /* of the secret */
#define HEAD      (DEALS_DEVICE_MAX - CHARS + 1)
#define PURPOSE   "a device of"
#define VARIANT   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define EARLY     300                   /* seconds: clocks of nodes differ */


/* Of the text before the secret, and the nonce. */
static void
sign(const char *head, size_t len,
    const unsigned char nonce[DEALS_DEVICE_NONCE], deals_str key,
    unsigned char mac[MAC])
{
    crypto_auth_hmacsha256_state  state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *) key.data,
                                key.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) PURPOSE,
                                  sizeof(PURPOSE));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) head, len);
    crypto_auth_hmacsha256_update(&state, nonce, DEALS_DEVICE_NONCE);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));
}


static size_t
put_head(char head[HEAD], int64_t user_id, int64_t now)
{
    return (size_t) snprintf(head, HEAD, "%lld.%lld.", (long long) user_id,
                             (long long) now);
}


deals_str
deals_device_make(deals_arena *arena, int64_t user_id, int64_t now,
    const unsigned char nonce[DEALS_DEVICE_NONCE], deals_str password_hash)
{
    char           head[HEAD], secret[CHARS + 1];
    size_t         len;
    unsigned char  raw[SECRET];

    _Static_assert(SECRET * 4 / 3 == CHARS, "no padding");

    len = put_head(head, user_id, now);
    memcpy(raw, nonce, DEALS_DEVICE_NONCE);
    sign(head, len, nonce, password_hash, raw + DEALS_DEVICE_NONCE);
    sodium_bin2base64(secret, sizeof(secret), raw, SECRET, VARIANT);

    return deals_str_of(deals_arena_printf(arena, "%s%s", head, secret));
}


/* The time that stands in it, if it begins as one of this member's does and is
 * as long; or -1. */
static int64_t
made_at(deals_str text, int64_t user_id, size_t *len)
{
    char       head[HEAD];
    int64_t    id, at;
    ptrdiff_t  dot, second;
    deals_str  rest;

    dot = deals_str_index(text, '.');
    if (text.len > DEALS_DEVICE_MAX || dot < 1) {
        return -1;
    }

    rest = deals_str_sub(text, (size_t) dot + 1, text.len);
    second = deals_str_index(rest, '.');
    if (second < 1 || rest.len - (size_t) second - 1 != CHARS
        || deals_str_int(deals_str_sub(text, 0, (size_t) dot), &id) != 0
        || deals_str_int(deals_str_sub(rest, 0, (size_t) second), &at) != 0
        || id != user_id || id < 0 || at < 0)
    {
        return -1;
    }

    /* there is one way to write it */
    *len = put_head(head, id, at);

    return *len == text.len - CHARS && memcmp(head, text.data, *len) == 0
           ? at : -1;
}


int
deals_device_is(deals_str text, int64_t user_id, int64_t now,
    deals_str password_hash, unsigned char nonce[DEALS_DEVICE_NONCE])
{
    size_t         len, n;
    int64_t        at;
    unsigned char  raw[SECRET], mac[MAC];

    at = made_at(text, user_id, &len);

    if (at < 0 || at - EARLY > now || now - at >= DEALS_DEVICE_LIFE
        || sodium_base642bin(raw, SECRET, text.data + len, CHARS, NULL, &n,
                             NULL, VARIANT) != 0
        || n != SECRET)
    {
        return 0;
    }

    sign(text.data, len, raw, password_hash, mac);

    if (sodium_memcmp(mac, raw + DEALS_DEVICE_NONCE, MAC) != 0) {
        return 0;
    }

    memcpy(nonce, raw, DEALS_DEVICE_NONCE);

    return 1;
}
