
/*
 * What is counted, and when: requests when they are logged, what contexts know
 * of themselves a moment after something happened in them.
 */


#include "ngx_http_deals_status.h"


#define NGX_HTTP_DEALS_STATUS_DELAY  200        /* ms */


static ngx_int_t ngx_http_deals_status_log(ngx_http_request_t *r);
static ngx_uint_t ngx_http_deals_status_outcome(ngx_http_deals_ctx_t *ctx);
static void ngx_http_deals_status_due(ngx_event_t *ev);


/* in the order of the values */

const char  *ngx_http_deals_zone_names[NGX_HTTP_DEALS_STATUSES] = {
    "HIT", "MISS", "STALE", "UPDATING", "BYPASS"
};


/* debug logs of timers read the descriptor of a connection */

static ngx_event_t       ngx_http_deals_status_timer;
static ngx_connection_t  ngx_http_deals_status_nobody;


/* --- requests ------------------------------------------------------------- */


ngx_int_t
ngx_http_deals_status_count_requests(ngx_conf_t *cf)
{
    ngx_http_handler_pt         *h;
    ngx_http_core_main_conf_t   *cmcf;
    ngx_http_deals_main_conf_t  *dmcf;

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);

    if (dmcf->status == NULL || dmcf->backends.nelts == 0) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_deals_status_log;

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_status_log(ngx_http_request_t *r)
{
    ngx_uint_t                     k;
    ngx_http_deals_ctx_t          *ctx;
    ngx_http_deals_cache_t        *cache;
    ngx_http_deals_backend_t      *backend;
    ngx_http_deals_status_slot_t  *slot;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);

    if (ctx == NULL) {
        return NGX_OK;
    }

    backend = ctx->conf->backend;
    slot = ngx_http_deals_status_slot(backend->status);

    if (slot == NULL) {
        return NGX_OK;
    }

    if (backend->row != NGX_HTTP_DEALS_NO_ROW) {
        k = NGX_HTTP_DEALS_REQUESTS + ngx_http_deals_status_outcome(ctx);
        slot->sites[backend->row].values[k]++;
    }

    if (ctx->conf->cache == NULL || ctx->cache_status == NULL) {
        return NGX_OK;
    }

    cache = ctx->conf->cache->data;

    if (cache->row == NGX_HTTP_DEALS_NO_ROW) {
        return NGX_OK;
    }

    for (k = 0; k < NGX_HTTP_DEALS_STATUSES; k++) {
        if (ngx_http_deals_zone_names[k][0] == ctx->cache_status[0]) {
            slot->zones[cache->row].values[k]++;
            break;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_deals_status_outcome(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t           i, status;
    const char          *name;
    ngx_http_request_t  *r;

    r = ctx->request;
    name = ctx->outcome;
    status = r->err_status ? r->err_status : r->headers_out.status;

    if (status == 0 || status == NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        return NGX_HTTP_DEALS_ABORTED;
    }

    if (name == NULL) {
        return NGX_HTTP_DEALS_OTHERWISE;
    }

    if (name[0] == 'o' && name[1] == 'k') {
        return status < NGX_HTTP_INTERNAL_SERVER_ERROR ? DEALS_OK
                                                       : DEALS_INTERNAL;
    }

    for (i = DEALS_OK + 1; i < DEALS_CODES; i++) {
        if (name == deals_error_about(i)->name) {
            return i;
        }
    }

    return NGX_HTTP_DEALS_OTHERWISE;
}


/* --- the cache ------------------------------------------------------------ */


static void
ngx_http_deals_status_zone_add(ngx_http_deals_cache_t *cache, ngx_uint_t k,
    ngx_int_t n)
{
    ngx_http_deals_status_slot_t  *slot;

    if (cache->status == NULL || cache->row == NGX_HTTP_DEALS_NO_ROW) {
        return;
    }

    slot = ngx_http_deals_status_slot(cache->status);

    if (slot) {
        slot->zones[cache->row].values[k] += n;
    }
}


void
ngx_http_deals_status_evicted(ngx_http_deals_cache_t *cache)
{
    ngx_http_deals_status_zone_add(cache, NGX_HTTP_DEALS_EVICTIONS, 1);
}


/* one more is under way in this worker, or (-1) one less */

void
ngx_http_deals_status_fills(ngx_http_deals_cache_t *cache, ngx_int_t n)
{
    ngx_http_deals_status_zone_add(cache, NGX_HTTP_DEALS_FILLS, n);
}


/* --- contexts ------------------------------------------------------------- */


/*
 * Something happened in a context: soon the table will tell. A worker at rest is
 * not woken.
 */

void
ngx_http_deals_status_touch(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_deals_status_timer;

    if (ev->timer_set) {
        return;
    }

    ngx_http_deals_status_nobody.fd = (ngx_socket_t) -1;

    ev->handler = ngx_http_deals_status_due;
    ev->data = &ngx_http_deals_status_nobody;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_DEALS_STATUS_DELAY);
}


static void
ngx_http_deals_status_due(ngx_event_t *ev)
{
    ngx_http_deals_loop_tell_all();
}


/*
 * What a context says now, after it said `told`. Without a master process the
 * configuration, and with it the table, may be another one since.
 */

void
ngx_http_deals_status_site(ngx_http_deals_backend_t *backend,
    const deals_ctx_stats *now, deals_ctx_stats *told)
{
    ngx_uint_t                     i;
    volatile uint64_t             *v;
    ngx_http_deals_main_conf_t    *dmcf;
    ngx_http_deals_status_slot_t  *slot;

    dmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_deals_module);

    if (dmcf == NULL
        || dmcf->status == NULL
        || dmcf->status->table != backend->status->table
        || backend->row == NGX_HTTP_DEALS_NO_ROW)
    {
        return;
    }

    slot = ngx_http_deals_status_slot(backend->status);

    if (slot == NULL) {
        return;
    }

    v = slot->sites[backend->row].values;

    v[NGX_HTTP_DEALS_CALLS] += now->calls - told->calls;
    v[NGX_HTTP_DEALS_TIMEOUTS] += now->timeouts - told->timeouts;
    v[NGX_HTTP_DEALS_REFUSED] += now->refused - told->refused;
    v[NGX_HTTP_DEALS_RECONNECTS] += now->reconnects - told->reconnects;
    v[NGX_HTTP_DEALS_BATCHES] += now->batches - told->batches;
    v[NGX_HTTP_DEALS_BATCHED] += now->batched - told->batched;

    for (i = 0; i < DEALS_BATCH_SIZES; i++) {
        v[NGX_HTTP_DEALS_BATCH_SIZE + i] += now->batch_sizes[i]
                                            - told->batch_sizes[i];
    }

    v[NGX_HTTP_DEALS_CONNECTIONS] = now->connections;
    v[NGX_HTTP_DEALS_CONNECTIONS_LIMIT] = now->pool_size;
    v[NGX_HTTP_DEALS_IN_FLIGHT] = now->in_flight;
    v[NGX_HTTP_DEALS_WAITING] = now->waiting;
    v[NGX_HTTP_DEALS_WAITING_LIMIT] = now->queue_size;
    v[NGX_HTTP_DEALS_DATABASE_UP] = now->database_up;
    v[NGX_HTTP_DEALS_DATABASE_SINCE] = now->database_since;
    v[NGX_HTTP_DEALS_REFUSING] = now->refusing;
    v[NGX_HTTP_DEALS_READ_ONLY] = now->read_only;
    v[NGX_HTTP_DEALS_REDIS] = now->redis_up != -1;
    v[NGX_HTTP_DEALS_REDIS_UP] = now->redis_up == 1;
    v[NGX_HTTP_DEALS_REDIS_SINCE] = now->redis_since;

    *told = *now;
}


/* the context is gone, and with it its connections */

void
ngx_http_deals_status_closed(ngx_http_deals_backend_t *backend,
    deals_ctx_stats *told)
{
    deals_ctx_stats  now;

    now = *told;

    now.connections = 0;
    now.in_flight = 0;
    now.waiting = 0;
    now.database_up = 0;
    now.read_only = 0;
    now.redis_up = now.redis_up == -1 ? -1 : 0;

    ngx_http_deals_status_site(backend, &now, told);
    ngx_memzero(told, sizeof(deals_ctx_stats));
}
