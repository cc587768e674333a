/*
 * io/call.h - how a use case in calls/ is written: a call goes from step to
 * step, each step asks for one thing (a segment on PostgreSQL, a count, a
 * computation) and names the step that goes on with the answer.
 */

#ifndef DEALS_IO_CALL_H
#define DEALS_IO_CALL_H

#include <deals/ctx.h>
#include "io/stmt.h"

typedef void (*deals_step)(deals_call *call);

/* NULL: out of memory. `state_size` zeroed bytes of state in the arena. */
deals_call   *deals_call_new(deals_ctx *ctx, size_t state_size,
                  deals_done done, void *data);
void         *deals_call_state(deals_call *call);
deals_ctx    *deals_call_ctx(deals_call *call);
deals_arena  *deals_call_arena(deals_call *call);
int64_t       deals_call_now(deals_call *call);         /* seconds; the moment of
                                                           submission */
int64_t       deals_call_now_usec(deals_call *call);

/* The first step; it runs from the loop, never inside the submit. */
void  deals_call_start(deals_call *call, deals_step step);

/* Adds an execution to the segment being gathered. query NULL counts as out of
 * memory and is reported by deals_call_send. */
void  deals_call_query(deals_call *call, deals_query *query);

/* Writes the gathered segment. When it is answered, `step` runs and finds the
 * rows in its queries. With several writes the segment is wrapped in BEGIN and
 * COMMIT. On an error the call finishes with it, unless deals_call_catch was
 * called: then `step` runs and deals_call_sqlstate(call) is not NULL. */
void  deals_call_send(deals_call *call, deals_step step);

/* The next send hands errors of this SQLSTATE (five characters, e.g. "23505"),
 * or of a whole class of them (two, "23"), to its step. */
void         deals_call_catch(deals_call *call, const char *sqlstate);
const char  *deals_call_sqlstate(deals_call *call);

/* The next send goes on with its step also if the database is away, or does not
 * answer in time: deals_call_away is the error then that would have ended the
 * call, and the step ends it, one way or another. */
void                deals_call_catch_away(deals_call *call);
const deals_error  *deals_call_away(deals_call *call);

/*
 * A kind of call of which many go to PostgreSQL as one write (static; its
 * address is its identity in each context).
 */
typedef struct {
    size_t        max;              /* calls at a time */

    /* The statement that carries these calls, made when it is about to be
     * written, so it asks nothing of the context. It answers one row without
     * texts for each, in the order in which make leaves `calls`. The write is
     * idempotent by key: it may be sent twice. NULL: out of memory. */
    deals_query  *(*make)(deals_arena *arena, deals_call **calls, size_t n);

    /* Calls of one key are never on their way in two batches at once, so they
     * don't wait for each other's locks, nor overtake each other. */
    int64_t       (*key)(const deals_call *call);
} deals_batch_kind;

/* Goes to PostgreSQL together with other calls of this kind: at the end of this
 * turn, or when those are answered that are on their way. `step` runs after the
 * commit and finds its row in deals_call_row. The error of a batch that
 * could only fail for some (a conflict, a value that is refused) ends only those
 * calls that also fail apart from the others. */
void         deals_call_join(deals_call *call, const deals_batch_kind *kind,
                 deals_step step);
const void  *deals_call_row(deals_call *call);

/* 1: the server takes no changes at the moment: what need not be written is
 * left out. */
int          deals_call_read_only(const deals_call *call);

/* Counts an event of `key` in the current window of `seconds` (Redis; the
 * host's counter or the context's own while Redis is away). *count is set when
 * `step` runs. Never fails. */
void  deals_call_count(deals_call *call, deals_str key, int seconds,
          int64_t *count, deals_step step);

/* Bytes that lists need to go on as they began (deals_hooks.keep, and Redis, for
 * other nodes). They may be gone when they are asked for: *bytes is absent then
 * when `step` runs. Neither fails. */
int   deals_call_keeps(deals_call *call);       /* 0: nothing ever is */
void  deals_call_keep(deals_call *call, deals_str key, deals_str bytes,
          int seconds);
void  deals_call_kept(deals_call *call, deals_str key, deals_str *bytes,
          deals_step step);

/* 1: this context was told in the last half minute that what is identified by
 * this number was kept; 0: it was not, and is now. */
int   deals_call_kept_lately(deals_call *call, uint64_t number);

/* fn(arg) on another thread (deals_hooks.work), then `step`. `arg` is malloc'd
 * memory of its own, not the call's: the call may be cancelled while fn runs.
 * It is freed by the library after `step`, or on cancel, by release(arg). */
void  deals_call_work(deals_call *call, void (*fn)(void *arg), void *arg,
          void (*release)(void *arg), deals_step step);

/* What the writes of this call change (DEALS_CHANGE_...), of this deal if it is
 * not 0; or, with DEALS_CHANGE_MEMBER and _VOTES, of this member. One deal and
 * one member a call. Said with the query, told to caches when the call ends,
 * however it ends: that a write was not answered does not mean that it did not
 * happen. _none: it was answered, and changed nothing of the member. */
void  deals_call_change(deals_call *call, unsigned what, int64_t id);
void  deals_call_change_none(deals_call *call);

/* Ends the call. error NULL: success. The error and its texts lie in the call's
 * arena or are static. */
void  deals_call_finish(deals_call *call, const deals_error *error);

/* deals_call_finish with an error of code, field ("" or NULL: none), message. */
void  deals_call_fail(deals_call *call, deals_code code, const char *field,
          const char *message);

/* The limits of the context's configuration, defaults filled in. */
const deals_config  *deals_ctx_config(const deals_ctx *ctx);

/* Microseconds since 1970, later each time. If the clock is set back they go on
 * as time passes, in all processes of a machine alike: what was begun before has
 * the earlier one. */
int64_t  deals_ctx_moment(deals_ctx *ctx);

/* Microseconds since 1970: the host's clock. */
int64_t  deals_ctx_now_usec(const deals_ctx *ctx);

/* The hook `generation`; without it *keep_ms is 0. Whether there is one. */
int       deals_ctx_has_generations(const deals_ctx *ctx);
uint64_t  deals_ctx_generation(const deals_ctx *ctx, unsigned what,
              int64_t user_id, int64_t *keep_ms);

/* What calls/ keeps in a context: the place for it, and what frees it with the
 * context. Zeroed at first. */
typedef struct {
    void   *what;
    void  (*release)(void *what);
} deals_belongings;

deals_belongings  *deals_ctx_belongings(deals_ctx *ctx);

/* A new id (DESIGN: 41 bits of milliseconds since 2024, 12 of counter). */
int64_t  deals_ctx_new_id(deals_ctx *ctx);

#endif /* DEALS_IO_CALL_H */
