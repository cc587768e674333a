
/*
 * The hooks of deals/ctx.h, by which a deals_ctx reaches what nginx has: timers,
 * log, threads, and memory that the workers share.
 */


#include "ngx_http_deals_loop.h"


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


void
ngx_http_deals_loop_hooks(ngx_http_deals_loop_t *loop, deals_hooks *hooks)
{
    ngx_memzero(hooks, sizeof(deals_hooks));

    hooks->host = loop;
    hooks->watch = ngx_http_deals_hook_watch;
    hooks->timer = ngx_http_deals_hook_timer;
    hooks->wake = ngx_http_deals_hook_wake;
    hooks->now = ngx_http_deals_hook_now;
    hooks->log = ngx_http_deals_hook_log;
    hooks->work = ngx_http_deals_hook_work;
    hooks->count = ngx_http_deals_hook_count;
    hooks->changed = ngx_http_deals_hook_changed;

    /* without a zone nobody would tell this worker of what others wrote */

    if (loop->backend->caches->nelts) {
        hooks->generation = ngx_http_deals_hook_generation;
        hooks->keep = ngx_http_deals_hook_keep;
        hooks->kept = ngx_http_deals_hook_kept;
    }
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
