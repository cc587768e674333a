/*
 * io/batch_internal.h - inside of a batch. Only io/batch*.c include it.
 */

#ifndef DEALS_IO_BATCH_INTERNAL_H
#define DEALS_IO_BATCH_INTERNAL_H

#include "io/call_internal.h"

struct deals_batch {
    deals_ctx               *ctx;
    const deals_batch_kind  *kind;
    unsigned                 lane;
    deals_batch             *next;          /* of the context's */
    deals_post               post;          /* the next flush */

    deals_call              *first;         /* those that wait */
    deals_call              *last;
    size_t                   nwaiting;

    /* the flush; NULL: none is on its way */
    deals_segment           *segment;
    deals_arena             *arena;
    deals_query             *query;
    deals_call             **flushed;       /* NULL: has left */
    size_t                   nflushed;
    size_t                   nleft;         /* that have not left */
};

/* batch.c: a place before `behind`, or at the end. */
void  deals_batch_insert(deals_batch *batch, deals_call *call,
          deals_call *behind);
void  deals_batch_take_out(deals_batch *batch, deals_call *call);
/* The flush is over; another one, if calls wait. */
void  deals_batch_forget(deals_batch *batch);
void  deals_batch_later(deals_batch *batch);

/* batch_answer.c: of the flush; and when there can be none, to all that wait. */
void  deals_batch_answered(void *owner, const deals_outcome *outcome);
void  deals_batch_fail(deals_batch *batch, deals_outcome *outcome);

#endif /* DEALS_IO_BATCH_INTERNAL_H */
