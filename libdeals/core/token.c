/*
 * core/token.c - tokens of sessions, and access tokens.
 */

#include <string.h>

#include <sodium.h>

#include "base/encode.h"
#include "base/str.h"
#include "base/id.h"
#include "core/token.h"

#define ACCESS_LEN    (sizeof(DEALS_TOKEN_ACCESS) - 1)
#define ACCESS_HASH   "access token"
#define SECRET_CHARS  32        /* 24 bytes in base64url */
#define VARIANT       sodium_base64_VARIANT_URLSAFE_NO_PADDING


static deals_str
make(deals_arena *arena, const char *begin, int64_t user_id,
    const unsigned char random[DEALS_TOKEN_RANDOM])
{
    char  secret[SECRET_CHARS + 1];

    sodium_bin2base64(secret, sizeof(secret), random, DEALS_TOKEN_RANDOM,
                      VARIANT);

    return deals_str_of(deals_arena_printf(arena, "%s%lld.%s", begin,
                            (long long) user_id, secret));
}


deals_str
deals_token_make(deals_arena *arena, int64_t user_id,
    const unsigned char random[DEALS_TOKEN_RANDOM])
{
    return make(arena, "", user_id, random);
}


deals_str
deals_token_make_access(deals_arena *arena, int64_t user_id,
    const unsigned char random[DEALS_TOKEN_RANDOM])
{
    return make(arena, DEALS_TOKEN_ACCESS, user_id, random);
}


int
deals_token_parse(deals_str text, deals_token *token)
{
    char       again[SECRET_CHARS + 1];
    size_t     len;
    ptrdiff_t  dot;
    deals_str  id, secret;

    token->access = text.len > ACCESS_LEN
                    && memcmp(text.data, DEALS_TOKEN_ACCESS, ACCESS_LEN) == 0;

    if (token->access) {
        text = deals_str_sub(text, ACCESS_LEN, text.len);
    }

    dot = deals_str_index(text, '.');
    if (dot < 1 || text.len > DEALS_TOKEN_MAX) {
        return -1;
    }

    id = deals_str_sub(text, 0, (size_t) dot);
    secret = deals_str_sub(text, (size_t) dot + 1, text.len);

    if (id.data[0] == '0' || deals_str_int(id, &token->user_id) != 0
        || token->user_id < 1 || token->user_id > DEALS_ID_MAX
        || secret.len != SECRET_CHARS)
    {
        return -1;
    }

    if (sodium_base642bin(token->secret, DEALS_TOKEN_RANDOM, secret.data,
                          secret.len, NULL, &len, NULL, VARIANT) != 0
        || len != DEALS_TOKEN_RANDOM)
    {
        return -1;
    }

    /* libsodium reads some bytes above 0x7f as letters of its own choice */
    sodium_bin2base64(again, sizeof(again), token->secret, DEALS_TOKEN_RANDOM,
                      VARIANT);

    return memcmp(again, secret.data, SECRET_CHARS) == 0 ? 0 : -1;
}


deals_str
deals_token_hash(deals_arena *arena, const deals_token *token)
{
    unsigned char             hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state  state;

    crypto_hash_sha256_init(&state);

    if (token->access) {
        crypto_hash_sha256_update(&state,
                                  (const unsigned char *) ACCESS_HASH,
                                  sizeof(ACCESS_HASH) - 1);
    }

    crypto_hash_sha256_update(&state, token->secret, DEALS_TOKEN_RANDOM);
    crypto_hash_sha256_final(&state, hash);

    return deals_hex(arena, (deals_str) { (const char *) hash, sizeof(hash) });
}
