/*
 * calls/deal.h - the state of calls that answer with a deal, or first look at
 * the deal that they are about.
 */

#ifndef DEALS_CALLS_DEAL_H
#define DEALS_CALLS_DEAL_H

#include "calls/deal_input.h"
#include "calls/once.h"
#include "calls/threads.h"
#include "calls/use.h"

typedef struct {
    deals_use          use;
    int64_t            id;
    int                with_comments;
    deals_threads      threads;
    deals_query       *deal, *vote, *status;
    deals_vote_key     key;             /* of the deal */
    deals_own_votes    own;             /* on it */
    int                attempts;        /* of a new id */
    deals_once         once;            /* it is made */
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

/* Ends the call by what a function of the database answered; 0: "ok", go
 * on. */
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

/* A call about the deal `id` (0: not yet any). */
deals_call   *deals_deal_new(deals_ctx *ctx, const deals_asker *asker,
                  int64_t id, deals_done done, void *data);

/* For writes: the session and the deal together, then `step`; and there the
 * deal, if the member may change it (NULL: the call was ended). */
void          deals_deal_look(deals_call *call, deals_step step);
deals_deal   *deals_deal_changeable(deals_call *call);

/* Adds the deal and the member's vote as they are after the write, whose
 * statement is state->status; and the step that shows them. */
void          deals_deal_ask_after(deals_call *call);
void          deals_deal_written(deals_call *call);

#endif /* DEALS_CALLS_DEAL_H */
