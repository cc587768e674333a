/*
 * calls/factor_set.h - what factor_begin.c and factor_set.c share: the calls by
 * which a member sets a second factor.
 */

#ifndef DEALS_CALLS_FACTOR_SET_H
#define DEALS_CALLS_FACTOR_SET_H

#include <deals/factor.h>

#include "calls/confirm.h"
#include "calls/factor.h"

typedef struct {
    deals_confirmed            head;
    deals_code_check           code;
    int                        confirm; /* what was begun, not what counts */
    deals_step                 then;    /* once the code was found good */
    deals_str                  issuer;
    deals_factor_setup         setup;
    deals_factor_codes_result  codes;   /* in groups, as they are said */
    deals_str                  hashes[DEALS_RECOVERY_CODES];
    deals_query               *query;
} deals_factor_state;

/* NULL: no memory. */
deals_call  *deals_factor_new(deals_ctx *ctx, const deals_asker *asker,
                 deals_str issuer, deals_done done, void *data);

/* The secret as the member is shown it. 0, or -1: no memory, and the call was
 * ended. */
int          deals_factor_say_setup(deals_call *call, deals_str secret);

#endif /* DEALS_CALLS_FACTOR_SET_H */
