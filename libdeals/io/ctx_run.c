/*
 * How a context runs: descriptors, timers and callbacks that wait for a clean
 * stack, in a host's loop or in its own.
 */

#include "io/ctx.h"
#include "io/loop.h"


/* --- what the host does for us ------------------------------------------- */

int
deals_ctx_watch(deals_ctx *ctx, deals_io *io, unsigned events)
{
    if (io->events == events) {
        return 0;
    }

    if (ctx->loop != NULL) {
        return deals_loop_watch(ctx->loop, io, events);
    }

    return ctx->hooks.watch(ctx->hooks.host, io, events);
}


void
deals_ctx_timer(deals_ctx *ctx, int busy, deals_timer *timer, int64_t at)
{
    deals_timer_set(&ctx->timers[busy], timer, at);
}


void
deals_ctx_timer_stop(deals_ctx *ctx, int busy, deals_timer *timer)
{
    deals_timer_stop(&ctx->timers[busy], timer);
}


/*
 * Tells the host when to come back. A wish that became too early is left to
 * stand, its run asks anew; only the last timer's end is told at once, because
 * a worker that is to exit waits for it.
 */

static void
wish(deals_ctx *ctx)
{
    int      busy;
    int64_t  at, ms;

    for (busy = 0; busy < 2; busy++) {
        at = deals_timers_first(&ctx->timers[busy]);

        if (at == -1) {
            if (ctx->wished[busy] != -1) {
                ctx->wished[busy] = -1;
                ctx->hooks.timer(ctx->hooks.host, busy, -1);
            }

            continue;
        }

        if (ctx->wished[busy] != -1 && ctx->wished[busy] <= at) {
            continue;
        }

        ms = (at - deals_mono() + 999) / 1000;
        ctx->wished[busy] = at;
        ctx->hooks.timer(ctx->hooks.host, busy, ms > 0 ? ms : 0);
    }
}


/* --- posted callbacks ---------------------------------------------------- */

void
deals_post_init(deals_post *post, void (*run)(void *), void *owner)
{
    post->run = run;
    post->owner = owner;
    post->queued = 0;
}


void
deals_post_add(deals_ctx *ctx, deals_post *post)
{
    if (post->queued || ctx->dead) {
        return;
    }

    post->queued = 1;
    post->prev = ctx->posted.prev;
    post->next = &ctx->posted;
    post->prev->next = post;
    post->next->prev = post;
}


void
deals_post_cancel(deals_post *post)
{
    if (!post->queued) {
        return;
    }

    post->queued = 0;
    post->prev->next = post->next;
    post->next->prev = post->prev;
}


int
deals_ctx_has_posted(const deals_ctx *ctx)
{
    return ctx->posted.next != &ctx->posted;
}


/* A callback may run the loop (a blocking call inside of a callback) or free
 * the context, so nothing is kept over one. The bound is for hosts with other
 * work: they are asked for another turn. */

static void
run_posted(deals_ctx *ctx)
{
    int          n;
    deals_post  *post;

    for (n = 0; n < 1000 && deals_ctx_has_posted(ctx); n++) {
        post = ctx->posted.next;
        deals_post_cancel(post);
        post->run(post->owner);
    }
}


void
deals_ctx_enter(deals_ctx *ctx)
{
    ctx->depth++;
}


void
deals_ctx_leave(deals_ctx *ctx)
{
    run_posted(ctx);

    ctx->depth--;

    if (ctx->dead) {
        if (ctx->depth == 0) {
            deals_ctx_destroy(ctx);
        }

        return;
    }

    deals_ctx_touch(ctx);
}


void
deals_ctx_touch(deals_ctx *ctx)
{
    if (ctx->depth > 0 || ctx->dead || ctx->loop != NULL) {
        return;
    }

    if (deals_ctx_has_posted(ctx) && !ctx->woken) {
        ctx->woken = 1;
        ctx->hooks.wake(ctx->hooks.host);
    }

    wish(ctx);
}


/* --- running ------------------------------------------------------------- */

static void
run_timers(deals_ctx *ctx)
{
    int64_t  now;

    now = deals_mono();
    (void) deals_timers_run(&ctx->timers[DEALS_BUSY], now);
    (void) deals_timers_run(&ctx->timers[DEALS_IDLE], now);
}


/* Which of its reasons brought the host here it does not say, and its clock may
 * be a little early: so all wishes are told again. */

void
deals_ctx_run(deals_ctx *ctx)
{
    int  busy;

    deals_ctx_enter(ctx);
    ctx->woken = 0;

    for (busy = 0; busy < 2; busy++) {
        if (ctx->wished[busy] != -1) {
            ctx->wished[busy] = INT64_MAX;
        }
    }

    run_timers(ctx);
    deals_ctx_leave(ctx);
}


static int64_t
poll_timeout(const deals_ctx *ctx, int64_t timeout_ms)
{
    int      busy;
    int64_t  at, ms;

    if (deals_ctx_has_posted(ctx) || (timeout_ms < 0 && ctx->ncalls == 0)) {
        return 0;
    }

    for (busy = 0; busy < 2; busy++) {
        at = deals_timers_first(&ctx->timers[busy]);

        if (at == -1) {
            continue;
        }

        ms = (at - deals_mono() + 999) / 1000;

        if (ms < 0) {
            ms = 0;
        }

        if (timeout_ms < 0 || ms < timeout_ms) {
            timeout_ms = ms;
        }
    }

    return timeout_ms;
}


int
deals_ctx_poll(deals_ctx *ctx, int64_t timeout_ms)
{
    int  rc, n;

    if (ctx->loop == NULL || ctx->dead) {
        return -1;
    }

    deals_ctx_enter(ctx);

    rc = deals_loop_run(ctx->loop, poll_timeout(ctx, timeout_ms));

    if (!ctx->dead) {
        run_timers(ctx);
        run_posted(ctx);
    }

    n = ctx->ncalls;
    deals_ctx_leave(ctx);

    return rc == 0 ? n : -1;
}
