/*
 * core/token.h - session tokens: "USER_ID.SECRET", the secret 24 random bytes
 * in base64url. The database keeps only the hash.
 */

#ifndef DEALS_CORE_TOKEN_H
#define DEALS_CORE_TOKEN_H

#include <deals/types.h>

#define DEALS_TOKEN_RANDOM  24
#define DEALS_TOKEN_MAX     49      /* 16 digits, a dot, 32 characters */

typedef struct {
    int64_t        user_id;
    unsigned char  secret[DEALS_TOKEN_RANDOM];
} deals_token;

/* Absent when out of memory. */
deals_str  deals_token_make(deals_arena *arena, int64_t user_id,
               const unsigned char random[DEALS_TOKEN_RANDOM]);

/* 0, or -1: not a token (exactly what deals_token_make writes). */
int        deals_token_parse(deals_str text, deals_token *token);

/* 64 hex digits: SHA-256 of the secret's 24 bytes. Absent when out of
 * memory. */
deals_str  deals_token_hash(deals_arena *arena, const deals_token *token);

#endif /* DEALS_CORE_TOKEN_H */
