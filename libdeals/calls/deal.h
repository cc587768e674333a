/*
 * calls/deal.h - the state of calls that answer with a deal, or first look at
 * the deal that they are about.
 */

#ifndef DEALS_CALLS_DEAL_H
#define DEALS_CALLS_DEAL_H

#include "calls/deal_input.h"
#include "calls/threads.h"
#include "calls/use.h"

typedef struct {
    deals_use          use;
    int64_t            id;
    int                with_comments;
    deals_threads      threads;
    deals_query       *deal, *vote, *status;
    int                attempts;        /* of a new id */
    int                hide;
    deals_deal_fields  fields;
    deals_deal_result  result;
} deals_deal_state;

/* The statement for a deal; whether an id can be one at all. */
deals_query  *deals_deal_query(deals_arena *arena, int64_t id);
int           deals_deal_id_valid(int64_t id);

/* The deal of an answered query, if this viewer may see it; NULL: the call was
 * ended with NOT_FOUND. `own` may be NULL. */
deals_deal   *deals_deal_visible(deals_call *call, const deals_query *query,
                  int *own);

void          deals_deal_not_found(deals_call *call);

/* Ends the call by what a function of the database answered; 0: "ok", go on. */
int           deals_deal_status(deals_call *call, const deals_query *query);

/* How rows are shown to the viewer of this call. */
deals_present deals_present_of(deals_call *call);

/* Fills in the row and the result, and ends the call. */
void          deals_deal_finish(deals_call *call, deals_deal *deal,
                  int64_t my_vote);

/* The viewer's vote of an answered my_votes query with one id. */
int64_t       deals_deal_my_vote(const deals_query *query);
deals_query  *deals_deal_vote_query(deals_arena *arena, int64_t user_id,
                  const int64_t *id);

#endif /* DEALS_CALLS_DEAL_H */
