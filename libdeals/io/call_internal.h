/*
 * io/call_internal.h - what a call consists of, for io/call*.c and io/ctx.c.
 */

#ifndef DEALS_IO_CALL_INTERNAL_H
#define DEALS_IO_CALL_INTERNAL_H

#include "io/batch.h"
#include "io/call.h"
#include "io/ctx.h"
#include "io/kept.h"
#include "io/pool.h"
#include "io/rate.h"

#define DEALS_CATCHES  4

typedef enum {
    CALL_GATHERING = 0,     /* made, or in a step */
    CALL_POSTED,            /* `step` runs at the end of this turn */
    CALL_WAITING,           /* for a segment, a batch, a count or a
                               computation */
    CALL_FINISHED,          /* `done` runs at the end of this turn */
    CALL_DONE               /* `done` was called, or never will be */
} deals_call_phase;

struct deals_call {
    deals_ctx           *ctx;           /* NULL: done */
    deals_arena         *arena;         /* the call itself lies in it */
    void                *state;
    deals_call          *prev;          /* in ctx->calls */
    deals_call          *next;

    deals_done           done;
    void                *data;
    const deals_error   *error;

    deals_call_phase     phase;
    deals_step           step;
    deals_post           post;
    deals_timer          deadline;
    int64_t              now;           /* microseconds since 1970 */
    int64_t              asked;         /* deals_mono(): the first byte out */
    int64_t              answered;      /* ... and the last in; -1 */

    deals_query         *first;         /* the segment being gathered */
    deals_query         *last;
    int                  no_memory;
    deals_segment       *segment;
    char                 catches[DEALS_CATCHES][6];
    int                  ncatches;
    char                 sqlstate[6];   /* of the error caught; "" */
    int                  catch_away;
    const deals_error   *away;          /* caught */

    unsigned             changes;       /* DEALS_CHANGE_... */
    int64_t              changed_id;
    unsigned             member_changes;
    int64_t              member_id;

    deals_count         *count;
    int64_t             *counted;       /* where it goes */
    deals_lookup        *lookup;
    deals_str           *found;         /* where its bytes go */
    deals_job           *job;
    deals_seat           seat;
};

/* The context ends: all are done with an error, none is called back. */
void  deals_calls_cancel_all(deals_ctx *ctx);

/* What the call waited for is there. */
void  deals_call_go_on(deals_call *call);

/* Ends it with how its segment ended, and logs that. */
void  deals_call_refuse(deals_call *call, const deals_outcome *outcome);

/* 1: the call waited for a segment, and goes on without its answer, because it
 * catches that the database is away. */
int   deals_call_go_on_away(deals_call *call, const deals_error *error);

/* call_work.c */
deals_job  *deals_job_take(deals_call *call);   /* NULL: there is none */
void  deals_job_free(deals_job *job);           /* NULL is ok */
void  deals_job_abandon(deals_call *call);
void  deals_jobs_forget(deals_ctx *ctx);

#endif /* DEALS_IO_CALL_INTERNAL_H */
