
/*
 * Counters of all workers, inside: a table in shared memory, and what a report
 * shows of it.
 *
 *     _status.c           the table: who counts where
 *     _status_count.c     what is counted
 *     _status_page.c      deals_status: the directive and the request
 *     _status_report.c    all workers' counters at one moment
 *     _status_text.c      the report for people
 *     _status_json.c      for programs
 *     _status_prometheus.c
 *
 * A worker has a slot and is the only one that writes to it: aligned words,
 * without locks. Counters in a slot only grow, also when another worker takes
 * it over, which notes what stood there: so sums never go backwards, and nothing
 * is moved when a worker ends or is killed.
 */


#ifndef NGX_HTTP_DEALS_STATUS_H_INCLUDED_
#define NGX_HTTP_DEALS_STATUS_H_INCLUDED_


#include "ngx_http_deals_cache.h"


#define NGX_HTTP_DEALS_STATUS_SLOTS  256    /* workers, leaving ones too */
#define NGX_HTTP_DEALS_STATUS_SITES  32
#define NGX_HTTP_DEALS_STATUS_ZONES  16
#define NGX_HTTP_DEALS_STATUS_NAME   128


/* how a request ended: a deals_code, or */

#define NGX_HTTP_DEALS_ABORTED       DEALS_CODES        /* by the client */
#define NGX_HTTP_DEALS_OTHERWISE     (DEALS_CODES + 1)  /* by nginx itself */
#define NGX_HTTP_DEALS_OUTCOMES      (DEALS_CODES + 2)


/* of a site: counters first */

enum {
    NGX_HTTP_DEALS_CALLS = 0,
    NGX_HTTP_DEALS_TIMEOUTS,
    NGX_HTTP_DEALS_REFUSED,
    NGX_HTTP_DEALS_RECONNECTS,
    NGX_HTTP_DEALS_BATCHES,
    NGX_HTTP_DEALS_BATCHED,
    NGX_HTTP_DEALS_BATCH_SIZE,
    NGX_HTTP_DEALS_REQUESTS = NGX_HTTP_DEALS_BATCH_SIZE + DEALS_BATCH_SIZES,
    NGX_HTTP_DEALS_SITE_COUNTERS = NGX_HTTP_DEALS_REQUESTS
                                   + NGX_HTTP_DEALS_OUTCOMES,

    NGX_HTTP_DEALS_CONNECTIONS = NGX_HTTP_DEALS_SITE_COUNTERS,
    NGX_HTTP_DEALS_CONNECTIONS_LIMIT,
    NGX_HTTP_DEALS_IN_FLIGHT,
    NGX_HTTP_DEALS_WAITING,
    NGX_HTTP_DEALS_WAITING_LIMIT,
    NGX_HTTP_DEALS_DATABASE_UP,
    NGX_HTTP_DEALS_DATABASE_SINCE,
    NGX_HTTP_DEALS_REFUSING,
    NGX_HTTP_DEALS_READ_ONLY,
    NGX_HTTP_DEALS_REDIS,               /* 1: configured */
    NGX_HTTP_DEALS_REDIS_UP,
    NGX_HTTP_DEALS_REDIS_SINCE,
    NGX_HTTP_DEALS_SITE_VALUES
};


/* of a cache zone: the first in the order of ngx_http_deals_zone_names */

enum {
    NGX_HTTP_DEALS_HITS = 0,
    NGX_HTTP_DEALS_MISSES,
    NGX_HTTP_DEALS_STALES,
    NGX_HTTP_DEALS_UPDATINGS,
    NGX_HTTP_DEALS_BYPASSES,
    NGX_HTTP_DEALS_STATUSES,
    NGX_HTTP_DEALS_EVICTIONS = NGX_HTTP_DEALS_STATUSES,
    NGX_HTTP_DEALS_ZONE_COUNTERS,

    NGX_HTTP_DEALS_FILLS = NGX_HTTP_DEALS_ZONE_COUNTERS,
    NGX_HTTP_DEALS_ZONE_VALUES
};


typedef struct {
    volatile uint64_t    values[NGX_HTTP_DEALS_SITE_VALUES];
    volatile uint64_t    before[NGX_HTTP_DEALS_SITE_COUNTERS];
} ngx_http_deals_status_site_t;


typedef struct {
    volatile uint64_t    values[NGX_HTTP_DEALS_ZONE_VALUES];
    volatile uint64_t    before[NGX_HTTP_DEALS_ZONE_COUNTERS];
} ngx_http_deals_status_zone_t;


typedef struct {
    ngx_http_deals_status_site_t  sites[NGX_HTTP_DEALS_STATUS_SITES];
    ngx_http_deals_status_zone_t  zones[NGX_HTTP_DEALS_STATUS_ZONES];
} ngx_http_deals_status_slot_t;


/* apart from the slots, so that looking for one touches few pages */

typedef struct {
    ngx_atomic_t                  pid;          /* 0: nobody's */
    ngx_atomic_t                  serial;       /* odd: is being taken */
    ngx_atomic_t                  used;         /* its slot is set up */
    volatile uint64_t             generation;   /* of the configuration */
    volatile uint64_t             started;      /* seconds since 1970 */
} ngx_http_deals_status_owner_t;


typedef struct {
    ngx_atomic_t                  n;
    u_char                        names[NGX_HTTP_DEALS_STATUS_SITES]
                                       [NGX_HTTP_DEALS_STATUS_NAME];
} ngx_http_deals_status_names_t;


typedef struct {
    uint64_t                      since;        /* seconds since 1970 */
    uint64_t                      generation;   /* of the configuration */
    ngx_http_deals_status_names_t sites;
    ngx_http_deals_status_names_t zones;        /* fewer of them */
    ngx_http_deals_status_owner_t owners[NGX_HTTP_DEALS_STATUS_SLOTS];
    ngx_http_deals_status_slot_t  slots[NGX_HTTP_DEALS_STATUS_SLOTS];
} ngx_http_deals_status_table_t;


/* the data of the zone */

struct ngx_http_deals_status_s {
    ngx_slab_pool_t                *shpool;
    ngx_http_deals_status_table_t  *table;
    ngx_http_deals_main_conf_t     *main;
    uint64_t                        generation;
};


/* --- a report ------------------------------------------------------------- */


/* one slot that is or was used, at one moment */

typedef struct {
    ngx_uint_t                    number;
    ngx_pid_t                     pid;          /* 0: nobody's at present */
    uint64_t                      generation;
    uint64_t                      started;
    ngx_http_deals_status_slot_t  slot;
} ngx_http_deals_worker_t;


/* a row of the table of site's or zone's values; see the enums */

typedef struct {
    const char                   *name;         /* in JSON */
    const char                   *metric;       /* of Prometheus */
    const char                   *help;
    ngx_uint_t                    value;
    unsigned                      gauge:1;
} ngx_http_deals_status_value_t;


/* a site, or a cache zone: for each worker its values, for the sums also those
 * of workers that are gone */

typedef struct {
    deals_str                     name;
    ngx_uint_t                    nvalues;
    ngx_uint_t                    ncounters;
    uint64_t                     *own;          /* a row for each worker */
    uint64_t                     *total;        /* likewise: with its slot's
                                                   former workers */
    uint64_t                     *gone;
    uint64_t                     *all;
    ngx_http_deals_cache_t       *cache;        /* of a zone */
} ngx_http_deals_subject_t;


typedef struct {
    int64_t                       now;
    int64_t                       since;
    uint64_t                      generation;

    ngx_uint_t                    nworkers;
    ngx_http_deals_worker_t     **workers;

    ngx_uint_t                    nsites;
    ngx_http_deals_subject_t     *sites;
    ngx_uint_t                    nzones;
    ngx_http_deals_subject_t     *zones;

    ngx_uint_t                    has_rate;
    ngx_uint_t                    rate_size;
    ngx_uint_t                    rate_used;
} ngx_http_deals_report_t;


/* _status.c */

extern const char  *ngx_http_deals_zone_names[NGX_HTTP_DEALS_STATUSES];

ngx_http_deals_status_slot_t *ngx_http_deals_status_slot(
    ngx_http_deals_status_t *status);
ngx_uint_t ngx_http_deals_status_alive(ngx_uint_t pid);

/* _status_report.c */

ngx_http_deals_report_t *ngx_http_deals_report(ngx_http_request_t *r,
    ngx_http_deals_status_t *status);
const char *ngx_http_deals_outcome_name(ngx_uint_t outcome);

size_t ngx_http_deals_zone_used(ngx_http_deals_cache_t *cache, size_t *used);

extern const ngx_http_deals_status_value_t  ngx_http_deals_site_values[];
extern const ngx_http_deals_status_value_t  ngx_http_deals_zone_values[];

/* _status_text.c _status_json.c _status_prometheus.c */

void ngx_http_deals_report_text(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report);
void ngx_http_deals_report_json(deals_buf *buf,
    ngx_http_deals_report_t *report);
void ngx_http_deals_report_prometheus(deals_buf *buf,
    ngx_http_deals_report_t *report);


#endif /* NGX_HTTP_DEALS_STATUS_H_INCLUDED_ */
