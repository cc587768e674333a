/*
 * Blocking computation on another thread. A job outlives its call and even its
 * context: the thread may be in the middle of it. What nobody waits for any more
 * is not begun: who leaves makes room for those behind.
 */

#include <stdlib.h>

#include "base/error.h"
#include "io/call_internal.h"

struct deals_job {
    deals_ctx    *ctx;              /* NULL: freed */
    deals_call   *call;             /* NULL: nobody waits */
    deals_job    *prev;             /* in ctx->jobs while it is under way */
    deals_job    *next;
    int           under_way;
    int           left;             /* by its call; the thread reads it too */
    void        (*fn)(void *arg);
    void         *arg;
    void        (*release)(void *arg);
    deals_post    post;             /* no thread: it runs from the loop */
};


static void
list_add(deals_ctx *ctx, deals_job *job)
{
    job->under_way = 1;
    job->prev = NULL;
    job->next = ctx->jobs;

    if (ctx->jobs != NULL) {
        ctx->jobs->prev = job;
    }

    ctx->jobs = job;
}


static void
list_remove(deals_job *job)
{
    if (job->ctx == NULL) {
        return;
    }

    if (job->prev != NULL) {
        job->prev->next = job->next;

    } else {
        job->ctx->jobs = job->next;
    }

    if (job->next != NULL) {
        job->next->prev = job->prev;
    }
}


void
deals_job_free(deals_job *job)
{
    if (job == NULL) {
        return;
    }

    if (job->release != NULL) {
        job->release(job->arg);
    }

    free(job);
}


/* On any thread. */

static void
compute(void *arg)
{
    deals_job  *job = arg;

    if (!__atomic_load_n(&job->left, __ATOMIC_RELAXED)) {
        job->fn(job->arg);
    }
}


static void
arrived(deals_job *job)
{
    list_remove(job);
    job->under_way = 0;

    if (job->call == NULL) {
        deals_job_free(job);
        return;
    }

    /* its call holds it until the step has run */
    deals_call_go_on(job->call);
}


static void
computed(void *arg)
{
    deals_ctx  *ctx;
    deals_job  *job = arg;

    ctx = job->ctx;

    if (ctx == NULL) {
        arrived(job);
        return;
    }

    deals_ctx_enter(ctx);
    arrived(job);
    deals_ctx_leave(ctx);
}


static void
run_here(void *owner)
{
    deals_job  *job = owner;

    compute(job);
    arrived(job);
}


void
deals_call_work(deals_call *call, void (*fn)(void *arg), void *arg,
    void (*release)(void *arg), deals_step step)
{
    int          rc;
    deals_ctx   *ctx;
    deals_job   *job;

    ctx = call->ctx;
    job = calloc(1, sizeof(deals_job));

    if (job == NULL) {
        if (release != NULL) {
            release(arg);
        }

        deals_call_finish(call, &deals_error_no_memory);
        return;
    }

    job->ctx = ctx;
    job->call = call;
    job->fn = fn;
    job->arg = arg;
    job->release = release;
    deals_post_init(&job->post, run_here, job);

    call->step = step;
    call->job = job;
    call->phase = CALL_WAITING;
    list_add(ctx, job);

    if (ctx->hooks.work == NULL) {
        deals_post_add(ctx, &job->post);
        return;
    }

    rc = ctx->hooks.work(ctx->hooks.host, compute, job, computed);

    if (rc != 0) {
        list_remove(job);
        job->under_way = 0;
        deals_call_fail(call, DEALS_UNAVAILABLE, NULL,
                        "Too many requests are waiting. Please try again "
                        "soon.");
    }
}


deals_job *
deals_job_take(deals_call *call)
{
    deals_job  *job;

    job = call->job;

    if (job != NULL) {
        call->job = NULL;
        job->call = NULL;
    }

    return job;
}


void
deals_job_abandon(deals_call *call)
{
    deals_job  *job;

    job = call->job;

    if (job == NULL) {
        return;
    }

    call->job = NULL;
    job->call = NULL;
    __atomic_store_n(&job->left, 1, __ATOMIC_RELAXED);

    if (job->post.queued) {
        deals_post_cancel(&job->post);
        list_remove(job);
        job->under_way = 0;
    }

    if (!job->under_way) {
        deals_job_free(job);
    }
}


void
deals_jobs_forget(deals_ctx *ctx)
{
    deals_job  *job;

    while ((job = ctx->jobs) != NULL) {
        list_remove(job);
        job->ctx = NULL;
    }
}
