/*
 * core/totp.h - codes that a secret and the time make (RFC 6238): six digits,
 * another each 30 seconds, by HMAC-SHA-1, as all programs for phones expect; and
 * recovery codes, which stand in for them.
 */

#ifndef DEALS_CORE_TOTP_H
#define DEALS_CORE_TOTP_H

#include <deals/types.h>

#define DEALS_TOTP_RANDOM   20          /* bytes of a secret: what SHA-1 has */
#define DEALS_TOTP_SECRET   32          /* letters and digits of it, in base32 */
#define DEALS_TOTP_STEP     30          /* seconds */
#define DEALS_TOTP_DIGITS   6

#define DEALS_RECOVERY_RANDOM  15       /* bytes of a recovery code: 120 bits */
#define DEALS_RECOVERY_CODE    24       /* letters and digits */

/* A code as somebody typed it, without spaces and hyphens. */
typedef struct {
    char       digits[DEALS_TOTP_DIGITS + 1];   /* "": it is not one of these */
    deals_str  recovery_hash;       /* absent: it is no recovery code */
} deals_typed_code;

/* Base32 (RFC 4648) of n bytes, which 5 divides. Absent: no memory. */
deals_str  deals_base32(deals_arena *arena, const unsigned char *bytes,
               size_t n);

/* The same in groups of four, "ABCD EFGH": `by` stands between them. */
deals_str  deals_in_groups(deals_arena *arena, deals_str text, char by);

/* Reads what was typed. 0, or -1: no memory. */
int        deals_code_read(deals_arena *arena, deals_str text,
               deals_typed_code *code);

/* 64 hex digits: SHA-256 of a recovery code's letters. Absent: no memory. */
deals_str  deals_recovery_hash(deals_arena *arena, deals_str code);

/* The code of a step, with its end; a secret in base32. 0, or -1: it is none. */
int        deals_totp_code(deals_str secret, int64_t step,
               char out[DEALS_TOTP_DIGITS + 1]);

/* The step whose code this is: that of `now`, or the one before or behind it,
 * for clocks that differ; and newer than `last`. 0: none; -1: that is no
 * secret. */
int64_t    deals_totp_match(deals_str secret, const char *digits, int64_t now,
               int64_t last);

/* A copy without colons, one of which stands between issuer and name. Absent: no
 * memory. */
deals_str  deals_totp_issuer(deals_arena *arena, deals_str name);

/* otpauth://totp/..., as programs for phones read it. Absent: no memory. */
deals_str  deals_totp_uri(deals_arena *arena, deals_str issuer, deals_str name,
               deals_str secret);

/* How many seconds after the last wrong code no code is looked at: none up to
 * five in a row, then longer each time, up to an hour, or, from where the member
 * signed in before, a minute. */
int64_t    deals_totp_pause(int64_t failed, int known);

#endif /* DEALS_CORE_TOTP_H */
