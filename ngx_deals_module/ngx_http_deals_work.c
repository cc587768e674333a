
/*
 * Computations in threads (argon2id), a few at a time: the hook `work`.
 *
 * A task is no part of a request, nor of a deals_ctx: both may be gone before
 * the thread is ready. The busy timer of its call keeps a leaving worker.
 */


#include "ngx_http_deals_module.h"


/* at once in a worker, each with 19 MB of memory; and those that wait for it */

#define NGX_HTTP_DEALS_WORKING  2
#define NGX_HTTP_DEALS_WAITING  64


typedef struct {
    ngx_thread_task_t     task;
    ngx_queue_t           queue;                /* while it waits */
    ngx_thread_pool_t    *thread_pool;
    void                (*fn)(void *arg);
    void                (*done)(void *arg);
    void                 *arg;
} ngx_http_deals_work_t;


static void ngx_http_deals_work_next(void);
static void ngx_http_deals_work_thread(void *data, ngx_log_t *log);
static void ngx_http_deals_work_done(ngx_event_t *ev);


static ngx_uint_t   ngx_http_deals_working;
static ngx_uint_t   ngx_http_deals_waiting;
static ngx_queue_t  ngx_http_deals_works;


ngx_int_t
ngx_http_deals_work(ngx_thread_pool_t *tp, void (*fn)(void *arg), void *arg,
    void (*done)(void *arg))
{
    ngx_http_deals_work_t  *work;

    if (ngx_http_deals_works.next == NULL) {
        ngx_queue_init(&ngx_http_deals_works);
    }

    if (ngx_http_deals_waiting >= NGX_HTTP_DEALS_WAITING) {
        return NGX_DECLINED;
    }

    work = ngx_calloc(sizeof(ngx_http_deals_work_t), ngx_cycle->log);
    if (work == NULL) {
        return NGX_ERROR;
    }

    work->thread_pool = tp;
    work->fn = fn;
    work->done = done;
    work->arg = arg;

    work->task.ctx = work;
    work->task.handler = ngx_http_deals_work_thread;
    work->task.event.handler = ngx_http_deals_work_done;
    work->task.event.data = work;
    work->task.event.log = ngx_cycle->log;

    if (ngx_http_deals_working >= NGX_HTTP_DEALS_WORKING) {
        ngx_queue_insert_tail(&ngx_http_deals_works, &work->queue);
        ngx_http_deals_waiting++;
        return NGX_OK;
    }

    if (ngx_thread_task_post(tp, &work->task) != NGX_OK) {
        ngx_free(work);
        return NGX_ERROR;
    }

    ngx_http_deals_working++;

    return NGX_OK;
}


/* a place is free; what the pool does not take is computed here and now */

static void
ngx_http_deals_work_next(void)
{
    ngx_queue_t            *q;
    ngx_http_deals_work_t  *work;

    if (ngx_queue_empty(&ngx_http_deals_works)) {
        return;
    }

    q = ngx_queue_head(&ngx_http_deals_works);
    ngx_queue_remove(q);
    ngx_http_deals_waiting--;

    work = ngx_queue_data(q, ngx_http_deals_work_t, queue);
    ngx_http_deals_working++;

    if (ngx_thread_task_post(work->thread_pool, &work->task) != NGX_OK) {
        work->fn(work->arg);
        ngx_post_event(&work->task.event, &ngx_posted_events);
    }
}


static void
ngx_http_deals_work_thread(void *data, ngx_log_t *log)
{
    ngx_http_deals_work_t  *work = data;

    work->fn(work->arg);
}


static void
ngx_http_deals_work_done(ngx_event_t *ev)
{
    ngx_http_deals_work_t  *work = ev->data;

    void  *arg;
    void (*done)(void *arg);

    arg = work->arg;
    done = work->done;

    ngx_free(work);

    ngx_http_deals_working--;
    ngx_http_deals_work_next();

    done(arg);
}
