
/*
 * A report: the counters of all workers, copied out of the table without locks.
 *
 * A slot's serial number is the same before and after it was copied, and even:
 * then it was nobody else's meanwhile. Each counter is a word that its owner
 * alone writes, so that one is never half written.
 */


#include "ngx_http_deals_status.h"


#define NGX_HTTP_DEALS_STATUS_TRIES  1000


static ngx_int_t ngx_http_deals_report_workers(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status);
static void ngx_http_deals_report_copy(ngx_http_deals_worker_t *worker,
    ngx_http_deals_status_table_t *table, ngx_uint_t n);
static void ngx_http_deals_report_words(uint64_t *to,
    const volatile uint64_t *from, size_t size);
static ngx_int_t ngx_http_deals_report_sites(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status);
static ngx_int_t ngx_http_deals_report_zones(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status);
static ngx_int_t ngx_http_deals_subject_init(ngx_http_request_t *r,
    ngx_http_deals_subject_t *subject, ngx_uint_t nworkers);
static void ngx_http_deals_subject_sum(ngx_http_deals_subject_t *subject,
    ngx_uint_t n, ngx_http_deals_worker_t *worker,
    const volatile uint64_t *values, const volatile uint64_t *before);


const ngx_http_deals_status_value_t  ngx_http_deals_site_values[] = {

    { "connections", "deals_connections",
      "Connections to PostgreSQL that are ready.",
      NGX_HTTP_DEALS_CONNECTIONS, 1 },

    { "connections_limit", "deals_connections_limit",
      "Connections to PostgreSQL that there may be (deals_pool_size, and some "
      "for slow statements).",
      NGX_HTTP_DEALS_CONNECTIONS_LIMIT, 1 },

    { "in_flight", "deals_calls_in_flight",
      "Calls written to PostgreSQL and not answered.",
      NGX_HTTP_DEALS_IN_FLIGHT, 1 },

    { "waiting", "deals_calls_waiting",
      "Calls that wait for a connection to PostgreSQL.",
      NGX_HTTP_DEALS_WAITING, 1 },

    { "waiting_limit", "deals_calls_waiting_limit",
      "Calls that may wait, more are refused (deals_queue_size).",
      NGX_HTTP_DEALS_WAITING_LIMIT, 1 },

    { "calls", "deals_calls_total",
      "Calls of the library.",
      NGX_HTTP_DEALS_CALLS, 0 },

    { "timeouts", "deals_call_timeouts_total",
      "Calls that were not answered in time.",
      NGX_HTTP_DEALS_TIMEOUTS, 0 },

    { "refused", "deals_calls_refused_total",
      "Calls refused at once: PostgreSQL is away, or too many wait.",
      NGX_HTTP_DEALS_REFUSED, 0 },

    { "reconnects", "deals_reconnects_total",
      "Connections to PostgreSQL that were made anew.",
      NGX_HTTP_DEALS_RECONNECTS, 0 },

    { NULL, NULL, NULL, 0, 0 }
};


const ngx_http_deals_status_value_t  ngx_http_deals_zone_values[] = {

    { "hit", NULL, NULL, NGX_HTTP_DEALS_HITS, 0 },
    { "miss", NULL, NULL, NGX_HTTP_DEALS_MISSES, 0 },
    { "stale", NULL, NULL, NGX_HTTP_DEALS_STALES, 0 },
    { "updating", NULL, NULL, NGX_HTTP_DEALS_UPDATINGS, 0 },
    { "bypass", NULL, NULL, NGX_HTTP_DEALS_BYPASSES, 0 },
    { NULL, NULL, NULL, 0, 0 }
};


const char *
ngx_http_deals_outcome_name(ngx_uint_t outcome)
{
    switch (outcome) {

    case NGX_HTTP_DEALS_ABORTED:
        return "aborted";

    case NGX_HTTP_DEALS_OTHERWISE:
        return "other";

    default:
        return deals_error_about(outcome)->name;
    }
}


/* NULL: no memory */

ngx_http_deals_report_t *
ngx_http_deals_report(ngx_http_request_t *r, ngx_http_deals_status_t *status)
{
    ngx_http_deals_report_t    *report;
    ngx_http_deals_backend_t  **backends;

    report = ngx_pcalloc(r->pool, sizeof(ngx_http_deals_report_t));
    if (report == NULL) {
        return NULL;
    }

    report->now = ngx_time();
    report->since = status->table->since;
    report->generation = status->generation;

    /* this worker's contexts say what they know now */

    ngx_http_deals_loop_tell_all();

    if (ngx_http_deals_report_workers(r, report, status) != NGX_OK
        || ngx_http_deals_report_sites(r, report, status) != NGX_OK
        || ngx_http_deals_report_zones(r, report, status) != NGX_OK)
    {
        return NULL;
    }

    if (status->main->backends.nelts) {
        backends = status->main->backends.elts;

        report->has_rate = 1;
        report->rate_used = ngx_http_deals_rate_used(backends[0]->rate,
                                                     ngx_time(),
                                                     &report->rate_size);
    }

    return report;
}


static ngx_int_t
ngx_http_deals_report_workers(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status)
{
    ngx_uint_t                      n;
    ngx_http_deals_worker_t        *worker;
    ngx_http_deals_status_table_t  *table;

    table = status->table;

    report->workers = ngx_palloc(r->pool, NGX_HTTP_DEALS_STATUS_SLOTS
                                          * sizeof(ngx_http_deals_worker_t *));
    if (report->workers == NULL) {
        return NGX_ERROR;
    }

    for (n = 0; n < NGX_HTTP_DEALS_STATUS_SLOTS; n++) {

        if (!table->owners[n].used) {
            continue;
        }

        worker = ngx_palloc(r->pool, sizeof(ngx_http_deals_worker_t));
        if (worker == NULL) {
            return NGX_ERROR;
        }

        ngx_http_deals_report_copy(worker, table, n);

        report->workers[report->nworkers++] = worker;
    }

    return NGX_OK;
}


static void
ngx_http_deals_report_copy(ngx_http_deals_worker_t *worker,
    ngx_http_deals_status_table_t *table, ngx_uint_t n)
{
    ngx_uint_t                      try, pid;
    ngx_atomic_uint_t               serial;
    ngx_http_deals_status_slot_t   *from, *to;
    ngx_http_deals_status_owner_t  *owner;

    owner = &table->owners[n];
    from = &table->slots[n];
    to = &worker->slot;

    worker->number = n;

    /* who is killed while he takes a slot leaves it odd: then it is nobody's */

    for (try = 0; try < NGX_HTTP_DEALS_STATUS_TRIES; try++) {

        serial = owner->serial;
        ngx_memory_barrier();

        pid = owner->pid;
        worker->generation = owner->generation;
        worker->started = owner->started;

        ngx_http_deals_report_words((uint64_t *) to->sites,
                                    (volatile uint64_t *) from->sites,
                   table->sites.n * sizeof(ngx_http_deals_status_site_t));
        ngx_http_deals_report_words((uint64_t *) to->zones,
                                    (volatile uint64_t *) from->zones,
                   table->zones.n * sizeof(ngx_http_deals_status_zone_t));

        ngx_memory_barrier();

        if (serial == owner->serial && !(serial & 1)) {
            worker->pid = ngx_http_deals_status_alive(pid) ? (ngx_pid_t) pid
                                                           : 0;
            return;
        }

        ngx_cpu_pause();
    }

    worker->pid = 0;
}


/* word by word, as they are written */

static void
ngx_http_deals_report_words(uint64_t *to, const volatile uint64_t *from,
    size_t size)
{
    size_t  i;

    for (i = 0; i < size / sizeof(uint64_t); i++) {
        to[i] = from[i];
    }
}


static ngx_int_t
ngx_http_deals_report_sites(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status)
{
    ngx_uint_t                     i, n;
    ngx_http_deals_worker_t       *worker;
    ngx_http_deals_subject_t      *subject;
    ngx_http_deals_backend_t     **backends;
    ngx_http_deals_status_site_t  *site;

    backends = status->main->backends.elts;

    report->sites = ngx_pcalloc(r->pool, (status->main->backends.nelts + 1)
                                         * sizeof(ngx_http_deals_subject_t));
    if (report->sites == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < status->main->backends.nelts; i++) {

        if (backends[i]->row == NGX_HTTP_DEALS_NO_ROW) {
            continue;
        }

        subject = &report->sites[report->nsites++];

        subject->name = deals_str_of((char *)
                            status->table->sites.names[backends[i]->row]);
        subject->nvalues = NGX_HTTP_DEALS_SITE_VALUES;
        subject->ncounters = NGX_HTTP_DEALS_SITE_COUNTERS;

        if (ngx_http_deals_subject_init(r, subject, report->nworkers)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        for (n = 0; n < report->nworkers; n++) {
            worker = report->workers[n];
            site = &worker->slot.sites[backends[i]->row];

            ngx_http_deals_subject_sum(subject, n, worker, site->values,
                                       site->before);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_report_zones(ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_status_t *status)
{
    ngx_uint_t                      i, n;
    ngx_shm_zone_t                **zones;
    ngx_http_deals_cache_t         *cache;
    ngx_http_deals_worker_t        *worker;
    ngx_http_deals_subject_t       *subject;
    ngx_http_deals_status_zone_t   *zone;

    zones = status->main->caches.elts;

    report->zones = ngx_pcalloc(r->pool, (status->main->caches.nelts + 1)
                                         * sizeof(ngx_http_deals_subject_t));
    if (report->zones == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < status->main->caches.nelts; i++) {
        cache = zones[i]->data;

        if (cache->row == NGX_HTTP_DEALS_NO_ROW) {
            continue;
        }

        subject = &report->zones[report->nzones++];

        subject->name = deals_str_of((char *)
                            status->table->zones.names[cache->row]);
        subject->nvalues = NGX_HTTP_DEALS_ZONE_VALUES;
        subject->ncounters = NGX_HTTP_DEALS_ZONE_COUNTERS;
        subject->cache = cache;

        if (ngx_http_deals_subject_init(r, subject, report->nworkers)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        for (n = 0; n < report->nworkers; n++) {
            worker = report->workers[n];
            zone = &worker->slot.zones[cache->row];

            ngx_http_deals_subject_sum(subject, n, worker, zone->values,
                                       zone->before);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_subject_init(ngx_http_request_t *r,
    ngx_http_deals_subject_t *subject, ngx_uint_t nworkers)
{
    uint64_t  *p;

    p = ngx_pcalloc(r->pool, (2 * nworkers + 2) * subject->nvalues
                             * sizeof(uint64_t));
    if (p == NULL) {
        return NGX_ERROR;
    }

    subject->all = p;
    subject->gone = p + subject->nvalues;
    subject->own = p + 2 * subject->nvalues;
    subject->total = p + (2 + nworkers) * subject->nvalues;

    return NGX_OK;
}


static void
ngx_http_deals_subject_sum(ngx_http_deals_subject_t *subject, ngx_uint_t n,
    ngx_http_deals_worker_t *worker, const volatile uint64_t *values,
    const volatile uint64_t *before)
{
    uint64_t    *own, *total;
    ngx_uint_t   k;

    own = subject->own + n * subject->nvalues;
    total = subject->total + n * subject->nvalues;

    for (k = 0; k < subject->ncounters; k++) {
        total[k] = values[k];
        own[k] = worker->pid ? values[k] - before[k] : 0;

        subject->gone[k] += total[k] - own[k];
        subject->all[k] += total[k];
    }

    /* the rest has only who is there */

    for ( /* void */ ; worker->pid && k < subject->nvalues; k++) {
        total[k] = values[k];
        own[k] = values[k];

        subject->all[k] += values[k];
    }
}


/* what of a zone is in use is counted in pages; its size is returned */

size_t
ngx_http_deals_zone_used(ngx_http_deals_cache_t *cache, size_t *used)
{
    size_t            size, unused;
    ngx_slab_pool_t  *pool;

    pool = cache->shpool;

    size = pool->end - pool->start;
    unused = pool->pfree * ngx_pagesize;

    *used = size > unused ? size - unused : 0;

    return size;
}
