/*
 * calls/factor.h - a code of a member's second factor, as it is checked wherever
 * one is asked for.
 */

#ifndef DEALS_CALLS_FACTOR_H
#define DEALS_CALLS_FACTOR_H

#include "core/totp.h"
#include "calls/use.h"

/* What was typed, and what the database has. `step` or typed.recovery_hash is
 * what the statement that takes the code has to say whether it is new: no row is
 * CODE_WRONG too. */
typedef struct deals_code_check {
    deals_typed_code  typed;
    int64_t           user_id;
    deals_str         secret;
    int64_t           last_step, failed, failed_at;
    deals_str         network;      /* where the member signed in before; absent:
                                       elsewhere */
    int64_t           step;         /* DEALS_NULL_INT: a recovery code */
    deals_step        right;
    deals_step        wrong;
} deals_code_check;

/* Goes on with check->right once the code was found good, or may be a recovery
 * code; with check->wrong if it is not, which then was noted. Or ends the call
 * with RATE_LIMITED: codes count by member, or, where the member signed in
 * before, by member and network; and after some wrong ones there is a pause. */
void  deals_code_run(deals_call *call, deals_code_check *check);

#endif /* DEALS_CALLS_FACTOR_H */
