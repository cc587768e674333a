/*
 * The life of a call: made, from step to step, finished, freed.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/call_internal.h"
#include "io/changes.h"


static void
list_add(deals_call *call)
{
    deals_ctx  *ctx;

    ctx = call->ctx;
    call->prev = NULL;
    call->next = ctx->calls;

    if (ctx->calls != NULL) {
        ctx->calls->prev = call;
    }

    ctx->calls = call;
    ctx->ncalls++;
}


static void
list_remove(deals_call *call)
{
    if (call->prev != NULL) {
        call->prev->next = call->next;

    } else {
        call->ctx->calls = call->next;
    }

    if (call->next != NULL) {
        call->next->prev = call->prev;
    }

    call->ctx->ncalls--;
}


/* A write that is still on its way will change it once more. */

static void
tell(deals_call *call, unsigned what, int64_t id)
{
    deals_segment  *segment;

    if (what == 0) {
        return;
    }

    deals_changes_tell(call->ctx, what, id);
    segment = call->segment != NULL ? call->segment : deals_batch_flush(call);

    if (segment != NULL) {
        deals_segment_owe(segment, call->ctx, what, id);
    }
}


/* Whatever it waits for goes on without it. */

static void
let_go(deals_call *call)
{
    tell(call, call->changes, call->changed_id);
    tell(call, call->member_changes, call->member_id);
    call->changes = 0;
    call->member_changes = 0;

    if (call->segment != NULL) {
        /* NOLINTNEXTLINE(*.NullDereference): a call in a list has its ctx */
        deals_pool_abandon(call->ctx->pool, call->segment);
        call->segment = NULL;
    }

    if (call->count != NULL) {
        deals_rate_abandon(call->count);
        call->count = NULL;
    }

    if (call->lookup != NULL) {
        deals_kept_abandon(call->lookup);
        call->lookup = NULL;
    }

    deals_batch_leave(call);
    deals_job_abandon(call);
    deals_post_cancel(&call->post);
    deals_ctx_timer_stop(call->ctx, DEALS_BUSY, &call->deadline);
}


/* --- running ------------------------------------------------------------- */

static void
run_step(deals_call *call)
{
    deals_job   *job;
    deals_step   step;

    step = call->step;
    job = deals_job_take(call);
    call->step = NULL;
    call->phase = CALL_GATHERING;

    step(call);

    deals_job_free(job);
    call->sqlstate[0] = '\0';

    if (call->phase == CALL_GATHERING) {
        deals_log(call->ctx, DEALS_LOG_ERROR,
                  "a step of a call neither went on nor finished");
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "Something went wrong here. It has been noted.");
    }
}


static void
run_posted(void *owner)
{
    deals_call  *call = owner;

    if (call->phase == CALL_POSTED) {
        run_step(call);
        return;
    }

    /* from now on it needs no context, and may outlive it */
    call->phase = CALL_DONE;
    list_remove(call);
    call->ctx = NULL;

    /* the call may be gone after it */
    if (call->done != NULL) {
        call->done(call, call->data);
    }
}


void
deals_call_go_on(deals_call *call)
{
    call->phase = CALL_POSTED;
    deals_post_add(call->ctx, &call->post);
}


static void
deadline_passed(void *owner)
{
    deals_call         *call = owner;
    const deals_error  *error;

    call->ctx->stats.timeouts++;
    error = deals_error_make(call->arena, DEALS_TIMEOUT, NULL, "%s",
                             "This took too long. Please try again.");

    if (!deals_call_go_on_away(call, error)) {
        deals_call_finish(call, error);
    }
}


/* --- for use cases ------------------------------------------------------- */

deals_call *
deals_call_new(deals_ctx *ctx, size_t state_size, deals_done done, void *data)
{
    deals_call   *call;
    deals_arena  *arena;

    arena = deals_arena_new();

    if (arena == NULL) {
        return NULL;
    }

    call = deals_arena_alloc(arena, sizeof(deals_call));

    if (call == NULL) {
        deals_arena_free(arena);
        return NULL;
    }

    call->state = deals_arena_alloc(arena, state_size > 0 ? state_size : 1);

    if (call->state == NULL) {
        deals_arena_free(arena);
        return NULL;
    }

    call->ctx = ctx;
    call->arena = arena;
    call->done = done;
    call->data = data;
    call->now = deals_ctx_now_usec(ctx);
    call->asked = -1;
    call->answered = -1;
    call->deadline.fire = deadline_passed;
    call->deadline.owner = call;
    deals_post_init(&call->post, run_posted, call);

    list_add(call);
    ctx->stats.calls++;

    return call;
}


void *
deals_call_state(deals_call *call)
{
    return call->state;
}


deals_ctx *
deals_call_ctx(deals_call *call)
{
    return call->ctx;
}


int64_t
deals_call_now(deals_call *call)
{
    return call->now / 1000000;
}


int64_t
deals_call_now_usec(deals_call *call)
{
    return call->now;
}


void
deals_call_start(deals_call *call, deals_step step)
{
    deals_ctx  *ctx;

    ctx = call->ctx;
    call->step = step;
    deals_call_go_on(call);
    deals_ctx_timer(ctx, DEALS_BUSY, &call->deadline,
                    deals_mono() + ctx->config.query_timeout * 1000);
    deals_ctx_touch(ctx);
}


void
deals_call_hurry(deals_call *call, int64_t ms)
{
    int64_t  at;

    at = deals_mono() + (ms > 1 ? ms : 1) * 1000;

    if (call->deadline.set && at < call->deadline.at) {
        deals_ctx_timer(call->ctx, DEALS_BUSY, &call->deadline, at);
        deals_ctx_touch(call->ctx);
    }
}


void
deals_call_change(deals_call *call, unsigned what, int64_t id)
{
    if (what & (DEALS_CHANGE_MEMBER | DEALS_CHANGE_VOTES)) {
        call->member_changes |= what;
        call->member_id = id;
        return;
    }

    call->changes |= what;
    call->changed_id = id;
}


void
deals_call_change_none(deals_call *call)
{
    call->member_changes = 0;
}


void
deals_call_finish(deals_call *call, const deals_error *error)
{
    if (call->phase >= CALL_FINISHED) {
        return;
    }

    /* What looked wrong may only have had no room: without memory a cursor can't
     * be read, nor a name be looked for. */
    if (error != NULL && deals_arena_refused(call->arena)) {
        error = &deals_error_no_memory;
    }

    let_go(call);
    call->error = error;
    call->phase = CALL_FINISHED;
    deals_post_add(call->ctx, &call->post);
    deals_ctx_touch(call->ctx);
}


void
deals_call_fail(deals_call *call, deals_code code, const char *field,
    const char *message)
{
    deals_call_finish(call, deals_error_make(call->arena, code, field, "%s",
                                             message));
}


/* --- for everybody ------------------------------------------------------- */

const deals_error *
deals_call_error(const deals_call *call)
{
    return call->error;
}


int
deals_call_is_done(const deals_call *call)
{
    return call->phase == CALL_DONE;
}


deals_arena *
deals_call_arena(deals_call *call)
{
    return call->arena;
}


int64_t
deals_call_db_time(const deals_call *call)
{
    if (call->asked == -1 || call->answered == -1) {
        return -1;
    }

    return call->answered - call->asked;
}


void
deals_call_free(deals_call *call)
{
    deals_ctx  *ctx;

    if (call == NULL) {
        return;
    }

    ctx = call->ctx;

    if (ctx != NULL) {
        let_go(call);
        list_remove(call);
    }

    deals_arena_free(call->arena);

    if (ctx != NULL) {
        deals_ctx_touch(ctx);
    }
}


void
deals_calls_cancel_all(deals_ctx *ctx)
{
    deals_call  *call;

    while ((call = ctx->calls) != NULL) {
        let_go(call);
        list_remove(call);
        call->phase = CALL_DONE;
        call->error = deals_error_make(call->arena, DEALS_UNAVAILABLE, NULL,
                                       "The connection was closed.");
        call->ctx = NULL;
    }
}


static int64_t
time_left(int64_t until)
{
    int64_t  ms;

    if (until == -1) {
        return -1;
    }

    ms = (until - deals_mono() + 999) / 1000;

    return ms > 0 ? ms : 0;
}


deals_call *
deals_call_wait(deals_call *call, int64_t timeout_ms)
{
    int64_t     until;
    deals_ctx  *ctx;

    if (call == NULL || call->phase == CALL_DONE) {
        return call;
    }

    ctx = call->ctx;
    until = timeout_ms < 0 ? -1 : deals_mono() + timeout_ms * 1000;

    deals_ctx_enter(ctx);

    while (call->phase != CALL_DONE && call->phase != CALL_FINISHED) {
        if (ctx->loop == NULL) {
            deals_call_fail(call, DEALS_INTERNAL, NULL,
                            "A context with hooks can't wait.");

        } else if (until != -1 && deals_mono() >= until
                   && call->away == NULL)
        {
            deadline_passed(call);

        } else if (deals_ctx_poll(ctx, time_left(until)) == -1) {
            deals_call_fail(call, DEALS_INTERNAL, NULL,
                            "The loop can't wait for its descriptors.");
        }
    }

    /* `done` runs like everywhere else: from a posted callback */
    while (ctx->loop != NULL && call->phase == CALL_FINISHED) {
        (void) deals_ctx_poll(ctx, 0);
    }

    deals_ctx_leave(ctx);

    return call;
}
