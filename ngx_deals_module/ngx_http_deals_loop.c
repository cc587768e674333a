
/*
 * A deals_ctx on the worker's event loop: the hooks of deals/ctx.h.
 *
 * A loop belongs to one backend and one process. Sockets of libpq and hiredis
 * are watched level-triggered through ngx_connection_t of their own, which are
 * given back with c->shared set, so that the library alone closes the
 * descriptor.
 */


#include "ngx_http_deals_module.h"


/* wait so long until a context that could not be made is tried again */

#define NGX_HTTP_DEALS_RETRY  5000


struct ngx_http_deals_loop_s {
    ngx_queue_t                queue;
    ngx_http_deals_backend_t  *backend;

    /* ident must be after 3 pointers: debug logs of timers read it */
    ngx_int_t                  ident;

    deals_ctx                 *site;
    deals_ctx_stats            told;            /* of the site */
    ngx_msec_t                 again;           /* if it could not be made */
    ngx_uint_t                 requests;        /* that wait */

    ngx_event_t                busy;
    ngx_event_t                idle;
    ngx_event_t                wake;
    ngx_event_t                quit;
};


typedef struct {
    ngx_http_deals_loop_t     *loop;
    ngx_connection_t          *connection;
} ngx_http_deals_watch_t;


static ngx_int_t ngx_http_deals_loop_open(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_loop_close(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_loop_tell(ngx_http_deals_loop_t *loop);
static void ngx_http_deals_run_handler(ngx_event_t *ev);
static void ngx_http_deals_quit_handler(ngx_event_t *ev);
static int ngx_http_deals_hook_watch(void *host, deals_io *io,
    unsigned events);
static ngx_int_t ngx_http_deals_set_event(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t on);
static void ngx_http_deals_detach(deals_io *io);
static void ngx_http_deals_io_handler(ngx_event_t *ev);
static void ngx_http_deals_hook_timer(void *host, int busy, int64_t ms);
static void ngx_http_deals_hook_wake(void *host);
static int64_t ngx_http_deals_hook_now(void *host);
static void ngx_http_deals_hook_log(void *host, deals_log_level level,
    deals_str line);
static int ngx_http_deals_hook_work(void *host, void (*fn)(void *arg),
    void *arg, void (*done)(void *arg));
static int64_t ngx_http_deals_hook_count(void *host, deals_str key,
    int seconds);
static void ngx_http_deals_hook_changed(void *host, unsigned what,
    int64_t id);
static uint64_t ngx_http_deals_hook_generation(void *host, unsigned what,
    int64_t user_id, int64_t *keep_ms);
static void ngx_http_deals_hook_keep(void *host, deals_str key,
    deals_str bytes, int seconds);
static deals_str ngx_http_deals_hook_kept(void *host, deals_str key,
    deals_arena *arena);


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

    ngx_memzero(&hooks, sizeof(deals_hooks));

    hooks.host = loop;
    hooks.watch = ngx_http_deals_hook_watch;
    hooks.timer = ngx_http_deals_hook_timer;
    hooks.wake = ngx_http_deals_hook_wake;
    hooks.now = ngx_http_deals_hook_now;
    hooks.log = ngx_http_deals_hook_log;
    hooks.work = ngx_http_deals_hook_work;
    hooks.count = ngx_http_deals_hook_count;
    hooks.changed = ngx_http_deals_hook_changed;

    /* without a zone nobody would tell this worker of what others wrote */

    if (loop->backend->caches->nelts) {
        hooks.generation = ngx_http_deals_hook_generation;
        hooks.keep = ngx_http_deals_hook_keep;
        hooks.kept = ngx_http_deals_hook_kept;
    }

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


static int
ngx_http_deals_hook_watch(void *host, deals_io *io, unsigned events)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    if (events == 0) {
        ngx_http_deals_detach(io);
        return 0;
    }

    watch = io->host;

    if (watch == NULL) {

        watch = ngx_alloc(sizeof(ngx_http_deals_watch_t), ngx_cycle->log);
        if (watch == NULL) {
            return -1;
        }

        c = ngx_get_connection(io->fd, ngx_cycle->log);
        if (c == NULL) {
            ngx_free(watch);
            return -1;
        }

        watch->loop = loop;
        watch->connection = c;

        c->data = io;
        c->idle = 1;
        c->log_error = NGX_ERROR_INFO;

        c->read->handler = ngx_http_deals_io_handler;
        c->read->log = c->log;
        c->write->handler = ngx_http_deals_io_handler;
        c->write->log = c->log;

        io->host = watch;
        io->events = 0;
    }

    c = watch->connection;

    if (ngx_http_deals_set_event(c->read, NGX_READ_EVENT,
                                 events & DEALS_READ)
        != NGX_OK
        || ngx_http_deals_set_event(c->write, NGX_WRITE_EVENT,
                                    events & DEALS_WRITE)
           != NGX_OK)
    {
        ngx_http_deals_detach(io);
        return -1;
    }

    io->events = events;

    return 0;
}


static ngx_int_t
ngx_http_deals_set_event(ngx_event_t *ev, ngx_int_t event, ngx_uint_t on)
{
    if (on && !ev->active) {
        return ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (!on && ev->active) {
        return ngx_del_event(ev, event, 0);
    }

    return NGX_OK;
}


static void
ngx_http_deals_detach(deals_io *io)
{
    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    watch = io->host;

    io->host = NULL;
    io->events = 0;

    if (watch == NULL) {
        return;
    }

    c = watch->connection;
    ngx_free(watch);

    /*
     * The events are deleted one by one, because ngx_del_conn() with
     * NGX_CLOSE_EVENT relies on the close() that is not ours to do.
     */

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    c->shared = 1;
    ngx_close_connection(c);
}


static void
ngx_http_deals_io_handler(ngx_event_t *ev)
{
    deals_io                *io;
    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    c = ev->data;
    io = c->data;

    if (c->close) {

        /* graceful shutdown; the loop stays while requests wait on it */

        watch = io->host;
        c->close = 0;

        ngx_post_event(&watch->loop->quit, &ngx_posted_events);
        return;
    }

    ngx_http_deals_status_touch();

    io->ready(io, ev->write ? DEALS_WRITE : DEALS_READ);
}


static void
ngx_http_deals_hook_timer(void *host, int busy, int64_t ms)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_event_t  *ev;

    ev = busy ? &loop->busy : &loop->idle;

    /* ngx_add_timer() leaves a timer be that is nearly right */

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ms >= 0) {
        ngx_add_timer(ev, (ngx_msec_t) ngx_min(ms, NGX_MAX_INT32_VALUE));
    }
}


static void
ngx_http_deals_hook_wake(void *host)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_post_event(&loop->wake, &ngx_posted_events);
}


static int64_t
ngx_http_deals_hook_now(void *host)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void
ngx_http_deals_hook_log(void *host, deals_log_level level, deals_str line)
{
    static const ngx_uint_t  levels[] = {
        NGX_LOG_ERR, NGX_LOG_WARN, NGX_LOG_NOTICE, NGX_LOG_INFO
    };

    if ((ngx_uint_t) level >= sizeof(levels) / sizeof(levels[0])) {
        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                       "deals: %*s", line.len, line.data);
        return;
    }

    ngx_log_error(levels[level], ngx_cycle->log, 0,
                  "deals: %*s", line.len, line.data);
}


static int
ngx_http_deals_hook_work(void *host, void (*fn)(void *arg), void *arg,
    void (*done)(void *arg))
{
    ngx_http_deals_loop_t  *loop = host;

    return ngx_http_deals_work(loop->backend->thread_pool, fn, arg, done)
           == NGX_OK ? 0 : -1;
}


static int64_t
ngx_http_deals_hook_count(void *host, deals_str key, int seconds)
{
    ngx_http_deals_loop_t  *loop = host;

    return ngx_http_deals_rate_count(loop->backend->rate, key, ngx_time(),
                                     seconds);
}


static void
ngx_http_deals_hook_changed(void *host, unsigned what, int64_t id)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_http_deals_cache_changed(loop->backend, what, id);
}


static uint64_t
ngx_http_deals_hook_generation(void *host, unsigned what, int64_t user_id,
    int64_t *keep_ms)
{
    ngx_http_deals_loop_t  *loop = host;

    return ngx_http_deals_cache_generation(loop->backend, what, user_id,
                                           keep_ms);
}


static void
ngx_http_deals_hook_keep(void *host, deals_str key, deals_str bytes,
    int seconds)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_http_deals_kept_put(loop->backend, key, bytes, seconds);
}


static deals_str
ngx_http_deals_hook_kept(void *host, deals_str key, deals_arena *arena)
{
    ngx_http_deals_loop_t  *loop = host;

    return ngx_http_deals_kept_get(loop->backend, key, arena);
}
