/*
 * io/batch.h - batches, as calls and the context see them. What a use case
 * needs of them is in io/call.h.
 */

#ifndef DEALS_IO_BATCH_H
#define DEALS_IO_BATCH_H

#include "io/call.h"
#include "io/ctx.h"
#include "io/pool.h"

/* Flushes of one kind that may be on their way at once. */
#define DEALS_LANES  2

/* A call's place in its batch. */
typedef struct {
    deals_batch  *batch;        /* NULL: it is in none */
    deals_call   *before;       /* while it waits */
    deals_call   *behind;
    int           flushed;      /* it does not wait any more */
    size_t        place;        /* in the flush */
    size_t        limit;        /* so many may be flushed with it */
    const void   *row;          /* its answer */
} deals_seat;

/* What carries it to PostgreSQL now; NULL: nothing does. */
deals_segment  *deals_batch_flush(deals_call *call);
/* It waits for nothing any more; not yet written, it never will be. */
void  deals_batch_leave(deals_call *call);
/* The context ends, and all calls have left. */
void  deals_batches_free(deals_ctx *ctx);

#endif /* DEALS_IO_BATCH_H */
