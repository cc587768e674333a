/*
 * io/ctx.h - what the parts of io/ share: the context, its timers, and
 * callbacks that run later, from a clean stack.
 *
 * The rule that keeps it simple: nothing in io/ calls a step of a use case or
 * a host's `done` directly. It is posted, and runs when the function that the
 * host called is about to return (deals_ctx_leave).
 */

#ifndef DEALS_IO_CTX_H
#define DEALS_IO_CTX_H

#include <deals/ctx.h>
#include "base/id.h"
#include "io/call.h"
#include "io/timer.h"

typedef struct deals_loop  deals_loop;
typedef struct deals_pool  deals_pool;
typedef struct deals_redis deals_redis;
typedef struct deals_rate  deals_rate;
typedef struct deals_job   deals_job;
typedef struct deals_batch deals_batch;
typedef struct deals_changes deals_changes;
typedef struct deals_kept  deals_kept;

/* A callback that waits for a clean stack; kept by its owner. */
typedef struct deals_post  deals_post;

struct deals_post {
    void       (*run)(void *owner);
    void        *owner;
    deals_post  *prev;
    deals_post  *next;
    int          queued;
};

enum { DEALS_IDLE = 0, DEALS_BUSY = 1 };

/* Microseconds until the log says again what a server goes on complaining of. */
#define DEALS_LOG_PAUSE  60000000

typedef struct {
    char      sqlstate[6];
    int64_t   told;                 /* deals_mono(); 0: never */
    uint64_t  more;                 /* since then */
} deals_complaint;

struct deals_ctx {
    deals_hooks      hooks;
    deals_loop      *loop;          /* NULL: the host has one */
    deals_arena     *arena;         /* the configuration's strings */
    deals_config     config;        /* defaults filled in */

    deals_pool      *pool;
    deals_redis     *redis;         /* NULL: none configured */
    deals_tls       *tls;           /* of its connections; NULL: none */
    deals_rate      *rate;
    deals_changes   *changes;
    deals_kept      *kept;

    deals_timers     timers[2];     /* DEALS_IDLE, DEALS_BUSY */
    int64_t          wished[2];     /* what the host's timers were set to; -1 */

    deals_post       posted;        /* head of a ring */
    int              woken;         /* the host will call deals_ctx_run */

    deals_call      *calls;         /* not done yet */
    int              ncalls;
    deals_job       *jobs;          /* computations under way */
    deals_batch     *batches;       /* one a kind of call */
    deals_belongings  belongings;   /* of calls/ */

    deals_ids        ids;
    int64_t          moment;        /* the last one given out */
    int64_t          lead;          /* of the clock over the time that passes:
                                       grows if it is set forward */
    deals_ctx_stats  stats;         /* the counters in it */
    deals_complaint  complaints[4];

    int              depth;         /* inside of so many enter/leave */
    int              dead;          /* freed; the memory goes at depth 0 */
};

/* Every function that a host's loop calls is framed by these. After leave the
 * context may be gone. */
void     deals_ctx_enter(deals_ctx *ctx);
void     deals_ctx_leave(deals_ctx *ctx);
/* Gives the memory back: when it is dead and nobody is inside. */
void     deals_ctx_destroy(deals_ctx *ctx);
/* The last thing in a public function that may have posted or set a timer. */
void     deals_ctx_touch(deals_ctx *ctx);

/* The host's watch, if that changes anything. */
int      deals_ctx_watch(deals_ctx *ctx, deals_io *io, unsigned events);

void     deals_post_init(deals_post *post, void (*run)(void *), void *owner);
void     deals_post_add(deals_ctx *ctx, deals_post *post);
void     deals_post_cancel(deals_post *post);
int      deals_ctx_has_posted(const deals_ctx *ctx);

void     deals_ctx_timer(deals_ctx *ctx, int busy, deals_timer *timer,
             int64_t at);
void     deals_ctx_timer_stop(deals_ctx *ctx, int busy, deals_timer *timer);

/* Control characters become spaces: a server's words can't forge a line. */
void     deals_log(const deals_ctx *ctx, deals_log_level level,
             const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The delay before attempt n (1, 2 ...) of a reconnection, in microseconds:
 * doubled each time up to 1.2 s, a quarter of it at random. */
int64_t  deals_backoff(int attempts);

#endif /* DEALS_IO_CTX_H */
