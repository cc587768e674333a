/*
 * calls/once.h - what is made under a key of the member's is made once, however
 * often it is asked for: the key is claimed in the transaction that makes it.
 */

#ifndef DEALS_CALLS_ONCE_H
#define DEALS_CALLS_ONCE_H

#include "calls/use.h"

#define DEALS_ONCE_KEY     255          /* bytes */
#define DEALS_ONCE_KEPT    86400        /* seconds */

typedef struct {
    deals_str     key;                  /* absent: as often as it is asked */
    deals_str     digest;               /* of all that was asked for */
    deals_query  *claimed;
} deals_once;

/* Takes the asker's key, checks it (errors go to use->errors), and digests what
 * is asked for: which call, of which deal (0: none), with which input. 0, or
 * -1: no memory. */
int   deals_once_take(deals_call *call, deals_once *once,
          const deals_asker *asker, const char *what, int64_t id,
          const deals_shape *shape, const void *input);

/* Adds the claim to a segment that makes this deal or comment (0: a deal) and
 * catches 23505. Without a key nothing. */
void  deals_once_claim(deals_call *call, deals_once *once, int64_t deal_id,
          int64_t comment_id);

/* After a 23505: goes on with `step` once it is known whether it was the key;
 * and there what was made: 1 and its ids; 0: nothing, it was something else; -1:
 * something else was made, and the call was ended. */
void  deals_once_look(deals_call *call, deals_once *once, deals_step step);
int   deals_once_made(deals_call *call, deals_once *once, int64_t *deal_id,
          int64_t *comment_id);

#endif /* DEALS_CALLS_ONCE_H */
