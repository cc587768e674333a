
/*
 * The report as JSON. Numbers are of each worker, of those that are gone, and of
 * all together; times are RFC 3339.
 */


#include "ngx_http_deals_status.h"

#include <deals/deals.h>

#include "base/time.h"


static void ngx_http_deals_json_workers(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_json_site(deals_buf *buf,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site);
static void ngx_http_deals_json_site_values(deals_buf *buf, uint64_t *values,
    ngx_uint_t gauges);
static void ngx_http_deals_json_backends(deals_buf *buf, uint64_t *values);
static void ngx_http_deals_json_zone(deals_buf *buf,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *zone);
static void ngx_http_deals_json_zone_values(deals_buf *buf, uint64_t *values,
    ngx_uint_t gauges);
static void ngx_http_deals_json_number(deals_buf *buf, const char *name,
    uint64_t n);
static void ngx_http_deals_json_time(deals_buf *buf, const char *name,
    int64_t seconds);


void
ngx_http_deals_report_json(deals_buf *buf, ngx_http_deals_report_t *report)
{
    ngx_uint_t  i;

    deals_buf_printf(buf, "{\"version\":\"%s\",\"nginx\":\"%s\"",
                     DEALS_VERSION, NGINX_VERSION);

    ngx_http_deals_json_time(buf, "now", report->now);
    ngx_http_deals_json_time(buf, "since", report->since);
    ngx_http_deals_json_number(buf, "configuration", report->generation);

    ngx_http_deals_json_workers(buf, report);

    deals_buf_c(buf, ",\"sites\":[");

    for (i = 0; i < report->nsites; i++) {
        deals_buf_c(buf, i ? "," : "");
        ngx_http_deals_json_site(buf, report, &report->sites[i]);
    }

    deals_buf_c(buf, "],\"caches\":[");

    for (i = 0; i < report->nzones; i++) {
        deals_buf_c(buf, i ? "," : "");
        ngx_http_deals_json_zone(buf, report, &report->zones[i]);
    }

    deals_buf_c(buf, "],\"rate_limits\":");

    if (report->has_rate) {
        deals_buf_printf(buf, "{\"counters\":%u,\"counters_used\":%u}",
                         (unsigned) report->rate_size,
                         (unsigned) report->rate_used);

    } else {
        deals_buf_c(buf, "null");
    }

    deals_buf_c(buf, "}\n");
}


static void
ngx_http_deals_json_workers(deals_buf *buf, ngx_http_deals_report_t *report)
{
    int64_t                   uptime;
    ngx_uint_t                i, n;
    ngx_http_deals_worker_t  *worker;

    deals_buf_c(buf, ",\"workers\":[");

    for (i = 0, n = 0; i < report->nworkers; i++) {
        worker = report->workers[i];

        if (worker->pid == 0) {
            continue;
        }

        uptime = ngx_max(report->now - (int64_t) worker->started, 0);

        deals_buf_printf(buf, "%s{\"worker\":%u,\"pid\":%ld", n++ ? "," : "",
                         (unsigned) worker->number, (long) worker->pid);

        ngx_http_deals_json_number(buf, "configuration", worker->generation);
        ngx_http_deals_json_time(buf, "started", worker->started);
        ngx_http_deals_json_number(buf, "uptime_seconds", uptime);

        deals_buf_c(buf, "}");
    }

    deals_buf_c(buf, "]");
}


static void
ngx_http_deals_json_site(deals_buf *buf, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *site)
{
    uint64_t    *own;
    ngx_uint_t   i, n;

    deals_buf_c(buf, "{\"site\":");
    deals_json_string(buf, site->name);
    deals_buf_c(buf, ",\"workers\":[");

    for (i = 0, n = 0; i < report->nworkers; i++) {

        if (report->workers[i]->pid == 0) {
            continue;
        }

        own = site->own + i * site->nvalues;

        deals_buf_printf(buf, "%s{\"worker\":%u", n++ ? "," : "",
                         (unsigned) report->workers[i]->number);

        ngx_http_deals_json_backends(buf, own);
        ngx_http_deals_json_site_values(buf, own, 1);

        deals_buf_c(buf, "}");
    }

    deals_buf_c(buf, "],\"gone\":{\"worker\":null");
    ngx_http_deals_json_site_values(buf, site->gone, 0);

    deals_buf_c(buf, "},\"all\":{\"worker\":null");
    ngx_http_deals_json_site_values(buf, site->all, 1);

    deals_buf_c(buf, "}}");
}


static void
ngx_http_deals_json_backends(deals_buf *buf, uint64_t *v)
{
    deals_buf_printf(buf, ",\"database\":{\"up\":%s,\"breaker\":\"%s\"",
                     v[NGX_HTTP_DEALS_DATABASE_UP] ? "true" : "false",
                     v[NGX_HTTP_DEALS_REFUSING] ? "open" : "closed");
    deals_buf_printf(buf, ",\"read_only\":%s",
                     v[NGX_HTTP_DEALS_READ_ONLY] ? "true" : "false");
    ngx_http_deals_json_time(buf, "since", v[NGX_HTTP_DEALS_DATABASE_SINCE]);

    if (!v[NGX_HTTP_DEALS_REDIS]) {
        deals_buf_c(buf, "},\"redis\":null");
        return;
    }

    deals_buf_printf(buf, "},\"redis\":{\"up\":%s",
                     v[NGX_HTTP_DEALS_REDIS_UP] ? "true" : "false");
    ngx_http_deals_json_time(buf, "since", v[NGX_HTTP_DEALS_REDIS_SINCE]);

    deals_buf_c(buf, "}");
}


static void
ngx_http_deals_json_site_values(deals_buf *buf, uint64_t *v,
    ngx_uint_t gauges)
{
    ngx_uint_t                           i;
    const ngx_http_deals_status_value_t  *value;

    for (value = ngx_http_deals_site_values; value->name; value++) {
        if (gauges || !value->gauge) {
            ngx_http_deals_json_number(buf, value->name, v[value->value]);
        }
    }

    ngx_http_deals_json_number(buf, "batches", v[NGX_HTTP_DEALS_BATCHES]);
    ngx_http_deals_json_number(buf, "batched_calls",
                               v[NGX_HTTP_DEALS_BATCHED]);

    v += NGX_HTTP_DEALS_BATCH_SIZE;

    deals_buf_printf(buf, ",\"batch_sizes\":{\"1\":%llu,\"2-10\":%llu,"
                     "\"11-100\":%llu,\"101-500\":%llu},\"requests\":{",
                     (unsigned long long) v[0], (unsigned long long) v[1],
                     (unsigned long long) v[2], (unsigned long long) v[3]);

    v += NGX_HTTP_DEALS_REQUESTS - NGX_HTTP_DEALS_BATCH_SIZE;

    for (i = 0; i < NGX_HTTP_DEALS_OUTCOMES; i++) {
        deals_buf_printf(buf, "%s\"%s\":%llu", i ? "," : "",
                         ngx_http_deals_outcome_name(i),
                         (unsigned long long) v[i]);
    }

    deals_buf_c(buf, "}");
}


static void
ngx_http_deals_json_zone(deals_buf *buf, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *zone)
{
    size_t      size, used;
    ngx_uint_t  i, n;

    size = ngx_http_deals_zone_used(zone->cache, &used);

    deals_buf_c(buf, "{\"zone\":");
    deals_json_string(buf, zone->name);

    ngx_http_deals_json_number(buf, "size_bytes", size);
    ngx_http_deals_json_number(buf, "used_bytes", used);
    ngx_http_deals_json_number(buf, "entries", zone->cache->sh->entries);
    ngx_http_deals_json_number(buf, "snapshots_bytes",
                               zone->cache->sh->kept_size);

    deals_buf_printf(buf, ",\"broken\":%s,\"workers\":[",
                     zone->cache->sh->broken ? "true" : "false");

    for (i = 0, n = 0; i < report->nworkers; i++) {

        if (report->workers[i]->pid == 0) {
            continue;
        }

        deals_buf_printf(buf, "%s{\"worker\":%u", n++ ? "," : "",
                         (unsigned) report->workers[i]->number);

        ngx_http_deals_json_zone_values(buf, zone->own + i * zone->nvalues,
                                        1);
        deals_buf_c(buf, "}");
    }

    deals_buf_c(buf, "],\"gone\":{\"worker\":null");
    ngx_http_deals_json_zone_values(buf, zone->gone, 0);

    deals_buf_c(buf, "},\"all\":{\"worker\":null");
    ngx_http_deals_json_zone_values(buf, zone->all, 1);

    deals_buf_c(buf, "}}");
}


static void
ngx_http_deals_json_zone_values(deals_buf *buf, uint64_t *v,
    ngx_uint_t gauges)
{
    const ngx_http_deals_status_value_t  *value;

    for (value = ngx_http_deals_zone_values; value->name; value++) {
        ngx_http_deals_json_number(buf, value->name, v[value->value]);
    }

    ngx_http_deals_json_number(buf, "evictions", v[NGX_HTTP_DEALS_EVICTIONS]);

    if (gauges) {
        ngx_http_deals_json_number(buf, "fills_in_flight",
                                   v[NGX_HTTP_DEALS_FILLS]);
    }
}


/* never the first member of an object */

static void
ngx_http_deals_json_number(deals_buf *buf, const char *name, uint64_t n)
{
    deals_buf_printf(buf, ",\"%s\":%llu", name, (unsigned long long) n);
}


static void
ngx_http_deals_json_time(deals_buf *buf, const char *name, int64_t seconds)
{
    char  text[DEALS_TIME_SIZE];

    if (seconds == 0) {
        deals_buf_printf(buf, ",\"%s\":null", name);
        return;
    }

    (void) deals_time_format(text, seconds);
    deals_buf_printf(buf, ",\"%s\":\"%s\"", name, text);
}
