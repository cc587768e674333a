/*
 * core/token.h - tokens of sessions, "USER_ID.SECRET", the secret 24 random
 * bytes in base64url, and access tokens, "deals_USER_ID.SECRET". The database
 * keeps only the hash, which is another one for either kind: none passes for
 * the other.
 */

#ifndef DEALS_CORE_TOKEN_H
#define DEALS_CORE_TOKEN_H

#include <deals/types.h>

#define DEALS_TOKEN_RANDOM  24
#define DEALS_TOKEN_MAX     49      /* 16 digits, a dot, 32 characters */
#define DEALS_TOKEN_ACCESS  "deals_"        /* so begins an access token */
#define DEALS_TOKEN_ACCESS_MAX  (DEALS_TOKEN_MAX + 6)

typedef struct {
    int64_t        user_id;
    unsigned char  secret[DEALS_TOKEN_RANDOM];
    int            access;          /* 1: an access token */
} deals_token;

/* Absent when out of memory. */
deals_str  deals_token_make(deals_arena *arena, int64_t user_id,
               const unsigned char random[DEALS_TOKEN_RANDOM]);

deals_str  deals_token_make_access(deals_arena *arena, int64_t user_id,
               const unsigned char random[DEALS_TOKEN_RANDOM]);

/* 0, or -1: not a token (exactly what the two above write). */
int        deals_token_parse(deals_str text, deals_token *token);

/* 64 hex digits: SHA-256 of the secret's 24 bytes, behind the words "access
 * token" if it is one. Absent when out of memory. */
deals_str  deals_token_hash(deals_arena *arena, const deals_token *token);

#endif /* DEALS_CORE_TOKEN_H */
