/*
 * calls/confirm.h - the password, asked for again before what a session that
 * somebody found open must not do.
 */

#ifndef DEALS_CALLS_CONFIRM_H
#define DEALS_CALLS_CONFIRM_H

#include "calls/secret.h"

/* How the state of a call begins that asks for it. */
typedef struct {
    deals_use      use;
    deals_str      current;             /* as it was given; then wiped */
    deals_str      verified;            /* the hash that it was found to have */
    deals_secret  *secret;
    deals_query   *query;
    deals_step     next;                /* of deals_confirm */
} deals_confirmed;

/* Keeps the password that was given, to the deals_confirmed that `state` begins
 * with. 0, or -1: no memory. */
int   deals_confirm_with(deals_arena *arena, void *state, deals_str current);

/* Adds the mistake that none was given, if so, to the list. */
void  deals_confirm_given(deals_arena *arena, void *state,
          const deals_error **errors);

/* Goes on with `step` once the asker, who is known by now, was found to have
 * given the member's password. It ends with INVALID of field `current`, or
 * RATE_LIMITED by member, as signing in is. */
void  deals_confirm(deals_call *call, deals_step step);

/* Ends the call: this is not the password (any more). */
void  deals_confirm_wrong(deals_call *call);

/* All of it: deals_use_account, where none that was given is told with
 * use->errors; then deals_confirm. */
void  deals_confirm_member(deals_call *call, deals_step step);

#endif /* DEALS_CALLS_CONFIRM_H */
