/*
 * deals/factor.h - a second factor to sign in with: a program on the member's
 * phone that makes a code of six digits each half minute (TOTP, RFC 6238), from
 * a secret that it was told once; and ten recovery codes for when the phone is
 * lost. deals_session_create asks for either.
 *
 * It is each member's choice, or demanded (deals_config.second_factor,
 * deals_call_owes). Whether a member has one deals_sessions says
 * (deals_sessions_result.factor).
 * All calls need a member's session: UNAUTHENTICATED, or FORBIDDEN with an access
 * token. Wherever a code is asked for, a code that was taken is never taken
 * again; a wrong one is INVALID of field `code`, and a wrong password INVALID of
 * field `current`. RATE_LIMITED: as deals_session_create has it.
 */

#ifndef DEALS_FACTOR_H
#define DEALS_FACTOR_H

#include <deals/calls.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEALS_RECOVERY_CODES  10


/* What a phone has to know. Said only here. {"secret","uri"} */
typedef struct {
    deals_str  secret;          /* 32 letters and digits (base32) */
    deals_str  uri;             /* "otpauth://totp/...": for a QR code */
    deals_str  issuer;          /* as it stands in that; not in JSON */
} deals_factor_setup;

DEALS_API extern const deals_shape  deals_factor_setup_shape;

/* Makes a secret for the asker; asks for the password. It counts once
 * factor_confirm has seen a code of it, within 15 minutes and by the same
 * session; until then another begin replaces it. `issuer`: the community's name,
 * under which the phone lists it. CONFLICT: the member has a second factor. */
DEALS_API deals_call *deals_factor_begin(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_confirm_input *input, deals_str issuer,
                          deals_done done, void *data);
DEALS_API deals_call *deals_factor_begin_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_confirm_input *input, deals_str issuer,
                          int64_t timeout_ms);
/* Of factor_begin; and of a factor_confirm that ended with INVALID, to show it
 * again. Otherwise NULL. */
DEALS_API const deals_factor_setup  *deals_factor_setup_get(
                          const deals_call *call);

typedef struct {
    deals_str  code;            /* required */
} deals_code_input;

DEALS_API extern const deals_shape  deals_code_input_shape;

/* {"recovery_codes":[...]}: said only here, the database has their hashes */
typedef struct {
    deals_list  codes;          /* of deals_str: "ABCD-EFGH-...", each good once
                                   in the place of a code */
} deals_factor_codes_result;

DEALS_API extern const deals_shape  deals_factor_codes_shape;

/* Turns it on: from now on signing in takes a code. All sessions of the member
 * but the asker's end, as they began without one; access tokens go on.
 * CONFLICT: nothing was begun, or too long ago, or it is on already. */
DEALS_API deals_call *deals_factor_confirm(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_code_input *input, deals_str issuer,
                          deals_done done, void *data);
DEALS_API deals_call *deals_factor_confirm_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_code_input *input, deals_str issuer,
                          int64_t timeout_ms);

typedef struct {
    deals_str  current;         /* the member's password; required */
    deals_str  code;            /* required */
} deals_factor_input;

DEALS_API extern const deals_shape  deals_factor_input_shape;

/* Makes recovery codes in the place of those before; the code is one of the
 * phone's. CONFLICT: the member has no second factor. */
DEALS_API deals_call *deals_factor_renew(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_factor_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_factor_renew_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_factor_input *input,
                          int64_t timeout_ms);
/* Of factor_confirm and factor_renew. */
DEALS_API const deals_factor_codes_result  *deals_factor_codes_get(
                          const deals_call *call);

/* Turns it off, by a code or a recovery code. CONFLICT: the member has none. */
DEALS_API deals_call *deals_factor_end(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_factor_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_factor_end_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_factor_input *input,
                          int64_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_FACTOR_H */
