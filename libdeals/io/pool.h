/*
 * io/pool.h - the connections of a context to PostgreSQL, as io/call.c sees
 * them: segments go in, answers come out.
 */

#ifndef DEALS_IO_POOL_H
#define DEALS_IO_POOL_H

#include "io/config.h"
#include "io/ctx.h"
#include "io/stmt.h"

typedef struct deals_segment  deals_segment;

/* How a segment ended: DEALS_OK, or what to tell a person. */
typedef struct {
    deals_code   code;
    const char  *message;           /* static */
    int          retry_after;
    char         sqlstate[6];       /* "": the server did not say one */
    char         detail[200];       /* for the log */
} deals_outcome;

extern const deals_outcome  deals_outcome_full;
extern const deals_outcome  deals_outcome_no_memory;
extern const deals_outcome  deals_outcome_defect;

/* Called once, never from inside deals_pool_submit or _abandon; the segment is
 * gone after it. */
typedef void (*deals_answered)(void *owner, const deals_outcome *outcome);

deals_pool     *deals_pool_new(deals_ctx *ctx, const deals_pg_address *address);
/* Closes all connections; answers nobody. */
void            deals_pool_close(deals_pool *pool);
void            deals_pool_free(deals_pool *pool);
void            deals_pool_status(const deals_pool *pool,
                    deals_ctx_stats *stats);

/*
 * Takes `n` queries linked by `next`, which live in `arena` until the answer or
 * deals_pool_abandon. NULL: out of memory. *refused is set if there is no place
 * or no database: then the outcome says so, NULL is returned and `answered` is
 * not called.
 */
deals_segment  *deals_pool_submit(deals_pool *pool, deals_query *queries,
                    deals_arena *arena, deals_answered answered, void *owner,
                    deals_outcome *refused);

/* The query of a segment, asked for once, when it is about to be written; in the
 * middle of the pool's work, so it calls nothing of the pool. NULL: no
 * memory. */
typedef deals_query *(*deals_bind)(void *owner);

/* The same for one write that is idempotent by key and known only when it is
 * written: after a loss that leaves its outcome in doubt it is asked once more.
 * Its owner bounds what waits in it: there is always a place for it. */
deals_segment  *deals_pool_submit_late(deals_pool *pool, deals_bind bind,
                    deals_arena *arena, deals_answered answered, void *owner,
                    deals_outcome *refused);

/* 1: the server takes no changes, and so writes are refused. */
int             deals_pool_is_read_only(const deals_pool *pool);

/* Nobody waits any more: not written yet, it never will be; else its answer is
 * read away. */
void            deals_pool_abandon(deals_pool *pool, deals_segment *segment);

/* Somebody does not wait any more, and yet this write changes something
 * (DEALS_CHANGE_...): it is told when its outcome is known. Not written yet, and
 * waited for by nobody, it changes nothing. */
void            deals_segment_owe(deals_segment *segment, deals_ctx *ctx,
                    unsigned what, int64_t id);

/* deals_mono() when its first byte was written; -1: not yet. */
int64_t         deals_segment_written(const deals_segment *segment);

#endif /* DEALS_IO_POOL_H */
