/*
 * calls/own_votes.h - the votes of the member who asks on the rows of a page:
 * those that the context knows, and one statement for the rest of the deals and
 * one for the rest of each deal's comments.
 */

#ifndef DEALS_CALLS_OWN_VOTES_H
#define DEALS_CALLS_OWN_VOTES_H

#include "calls/use.h"

typedef struct deals_votes_wanted  deals_votes_wanted;
typedef struct deals_votes_part    deals_votes_part;

typedef struct {
    const deals_vote_key  *rows;
    size_t                 n;
    int8_t                *values;      /* of rows; NULL: not asked for */
    deals_votes_wanted    *wanted;      /* those not known, by key */
    size_t                 nwanted;
    deals_votes_part      *parts;       /* the statements */
    deals_reading          reading;
} deals_own_votes;

/* Adds the statements to the segment, if there are any. `rows` live as long as
 * the call. 0, or -1: no memory. */
int      deals_own_votes_ask(deals_own_votes *own, deals_call *call,
             const deals_vote_key *rows, size_t n);

/* They are answered: fills `values`, and keeps them. */
void     deals_own_votes_take(deals_own_votes *own, deals_call *call);

/* They can't be answered: what is known, however old, and 0. */
void     deals_own_votes_guess(deals_own_votes *own, deals_call *call);

/* Of a row; 0 if votes were not asked for. */
int64_t  deals_own_vote(const deals_own_votes *own, size_t row);

#endif /* DEALS_CALLS_OWN_VOTES_H */
