
/*
 * A deals_ctx on the worker's event loop. A loop belongs to one backend and one
 * process.
 */


#include "ngx_http_deals_loop.h"


/* wait so long until a context that could not be made is tried again */

#define NGX_HTTP_DEALS_RETRY  5000


static ngx_int_t ngx_http_deals_loop_open(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_loop_close(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_loop_tell(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_run_handler(ngx_event_t *ev);
static void ngx_http_deals_quit_handler(ngx_event_t *ev);


/* all loops of this process */

static ngx_queue_t  ngx_http_deals_loops;


ngx_http_deals_loop_t *
ngx_http_deals_loop(ngx_http_deals_backend_t *backend)
{
    ngx_queue_t            *q;
    ngx_http_deals_loop_t  *loop;

    if (ngx_http_deals_loops.next == NULL) {
        ngx_queue_init(&ngx_http_deals_loops);
    }

    for (q = ngx_queue_head(&ngx_http_deals_loops);
         q != ngx_queue_sentinel(&ngx_http_deals_loops);
         q = ngx_queue_next(q))
    {
        loop = ngx_queue_data(q, ngx_http_deals_loop_t, queue);

        if (loop->backend == backend) {
            return loop;
        }
    }

    loop = ngx_calloc(sizeof(ngx_http_deals_loop_t), ngx_cycle->log);
    if (loop == NULL) {
        return NULL;
    }

    loop->backend = backend;
    loop->ident = -1;

    loop->busy.handler = ngx_http_deals_run_handler;
    loop->busy.data = loop;
    loop->busy.log = ngx_cycle->log;

    loop->idle.handler = ngx_http_deals_run_handler;
    loop->idle.data = loop;
    loop->idle.log = ngx_cycle->log;
    loop->idle.cancelable = 1;

    loop->wake.handler = ngx_http_deals_run_handler;
    loop->wake.data = loop;
    loop->wake.log = ngx_cycle->log;

    loop->quit.handler = ngx_http_deals_quit_handler;
    loop->quit.data = loop;
    loop->quit.log = ngx_cycle->log;

    ngx_queue_insert_tail(&ngx_http_deals_loops, &loop->queue);

    (void) ngx_http_deals_loop_open(loop);

    return loop;
}


deals_ctx *
ngx_http_deals_loop_site(ngx_http_deals_loop_t *loop)
{
    if (loop->site == NULL
        && (ngx_msec_int_t) (ngx_current_msec - loop->again) >= 0)
    {
        (void) ngx_http_deals_loop_open(loop);
    }

    return loop->site;
}


static ngx_int_t
ngx_http_deals_loop_open(ngx_http_deals_loop_t *loop)
{
    deals_hooks         hooks;
    deals_arena        *arena;
    const deals_error  *error;

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_ERROR;
    }

    ngx_http_deals_loop_hooks(loop, &hooks);

    error = NULL;

    loop->site = deals_ctx_new(&loop->backend->config, &hooks, arena, &error);

    if (loop->site == NULL) {
        loop->again = ngx_current_msec + NGX_HTTP_DEALS_RETRY;

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "deals: %*s: %*s",
                      error ? error->field.len : 0,
                      error ? error->field.data : "",
                      error ? error->message.len : sizeof("no memory") - 1,
                      error ? error->message.data : "no memory");

        deals_arena_free(arena);
        return NGX_ERROR;
    }

    deals_arena_free(arena);

    /* what others write one worker hears for all, in the zone */

    if (loop->backend->caches->nelts
        && deals_ctx_node(loop->site,
                          ngx_http_deals_cache_node(loop->backend),
                          ngx_worker == 0)
           != 0)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "deals: no memory to hear of other nodes");
    }

    return NGX_OK;
}


static void
ngx_http_deals_loop_close(ngx_http_deals_loop_t *loop)
{
    if (loop->site) {
        ngx_http_deals_loop_tell(loop);
        ngx_http_deals_status_closed(loop->backend, &loop->told);

        deals_ctx_free(loop->site);
        loop->site = NULL;
    }

    if (loop->busy.timer_set) {
        ngx_del_timer(&loop->busy);
    }

    if (loop->idle.timer_set) {
        ngx_del_timer(&loop->idle);
    }

    if (loop->wake.posted) {
        ngx_delete_posted_event(&loop->wake);
    }

    if (loop->quit.posted) {
        ngx_delete_posted_event(&loop->quit);
    }
}


/* what contexts know of themselves, into the table that reports are made of */

static void
ngx_http_deals_loop_tell(ngx_http_deals_loop_t *loop)
{
    deals_ctx_stats  stats;

    if (loop->site) {
        deals_ctx_status(loop->site, &stats);
        ngx_http_deals_status_site(loop->backend, &stats, &loop->told);
    }
}


void
ngx_http_deals_loop_tell_all(void)
{
    ngx_queue_t  *q;

    if (ngx_http_deals_loops.next == NULL) {
        return;
    }

    for (q = ngx_queue_head(&ngx_http_deals_loops);
         q != ngx_queue_sentinel(&ngx_http_deals_loops);
         q = ngx_queue_next(q))
    {
        ngx_http_deals_loop_tell(ngx_queue_data(q, ngx_http_deals_loop_t,
                                                queue));
    }
}


/* requests that wait are counted, to know when a leaving worker is idle */

void
ngx_http_deals_loop_begin(ngx_http_deals_loop_t *loop)
{
    loop->requests++;
}


void
ngx_http_deals_loop_end(ngx_http_deals_loop_t *loop)
{
    loop->requests--;

    if (ngx_exiting && loop->requests == 0) {
        ngx_post_event(&loop->quit, &ngx_posted_events);
    }
}


void
ngx_http_deals_loop_free_all(void)
{
    ngx_queue_t            *q;
    ngx_http_deals_loop_t  *loop;

    if (ngx_http_deals_loops.next == NULL) {
        return;
    }

    while (!ngx_queue_empty(&ngx_http_deals_loops)) {
        q = ngx_queue_head(&ngx_http_deals_loops);
        loop = ngx_queue_data(q, ngx_http_deals_loop_t, queue);

        /* it leaves the queue: NOLINTNEXTLINE(*-unix.Malloc) */
        ngx_queue_remove(q);
        ngx_http_deals_loop_close(loop);
        ngx_free(loop);
    }
}


/*
 * A cleanup of the configuration's pool: without a master process a reload
 * gives back the old configuration while this process goes on.
 */

void
ngx_http_deals_loop_forget(void *data)
{
    ngx_http_deals_backend_t  *backend = data;

    ngx_queue_t            *q;
    ngx_http_deals_loop_t  *loop;

    if (ngx_http_deals_loops.next == NULL) {
        return;
    }

    for (q = ngx_queue_head(&ngx_http_deals_loops);
         q != ngx_queue_sentinel(&ngx_http_deals_loops);
         q = ngx_queue_next(q))
    {
        loop = ngx_queue_data(q, ngx_http_deals_loop_t, queue);

        if (loop->backend == backend) {
            ngx_queue_remove(q);
            ngx_http_deals_loop_close(loop);
            ngx_free(loop);
            return;
        }
    }
}


static void
ngx_http_deals_run_handler(ngx_event_t *ev)
{
    ngx_http_deals_loop_t  *loop = ev->data;

    ev->timedout = 0;

    ngx_http_deals_status_touch();

    if (loop->site) {
        deals_ctx_run(loop->site);
    }
}


/* a worker that leaves keeps no idle connection */

static void
ngx_http_deals_quit_handler(ngx_event_t *ev)
{
    ngx_http_deals_loop_t  *loop = ev->data;

    if (ngx_exiting && loop->requests == 0) {
        ngx_http_deals_loop_close(loop);
    }
}
