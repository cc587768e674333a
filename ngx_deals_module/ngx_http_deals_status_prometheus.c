
/*
 * The report in the text format of Prometheus, version 0.0.4.
 *
 * The label "worker" is the number of a slot, not a pid: a slot's counters go on
 * when another worker takes it, so a series never goes backwards, rates can be
 * summed, and reloads make no new series. deals_worker_info has the pids.
 */


#include "ngx_http_deals_status.h"

#include <deals/deals.h>


static void ngx_http_deals_metrics_process(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_backends(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_gauge(deals_buf *buf,
    ngx_http_deals_report_t *report, const char *name, const char *help,
    ngx_uint_t value, ngx_uint_t condition);
static void ngx_http_deals_metrics_calls(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_batches(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_requests(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_caches(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metrics_zones(deals_buf *buf,
    ngx_http_deals_report_t *report);
static void ngx_http_deals_metric(deals_buf *buf, const char *name,
    const char *type, const char *help);
static void ngx_http_deals_labels(deals_buf *buf, const char *name,
    ngx_http_deals_worker_t *worker, const char *kind,
    ngx_http_deals_subject_t *subject);
static void ngx_http_deals_label(deals_buf *buf, deals_str value);
static void ngx_http_deals_sample(deals_buf *buf, uint64_t n);


void
ngx_http_deals_report_prometheus(deals_buf *buf,
    ngx_http_deals_report_t *report)
{
    ngx_http_deals_metrics_process(buf, report);

    if (report->nsites) {
        ngx_http_deals_metrics_backends(buf, report);
        ngx_http_deals_metrics_calls(buf, report);
        ngx_http_deals_metrics_batches(buf, report);
        ngx_http_deals_metrics_requests(buf, report);
    }

    if (report->nzones) {
        ngx_http_deals_metrics_caches(buf, report);
        ngx_http_deals_metrics_zones(buf, report);
    }

    if (report->has_rate) {
        ngx_http_deals_metric(buf, "deals_rate_limit_counters", "gauge",
                              "Counters for rate limits while Redis is "
                              "away.");
        deals_buf_printf(buf, "deals_rate_limit_counters %u\n",
                         (unsigned) report->rate_size);

        ngx_http_deals_metric(buf, "deals_rate_limit_counters_used", "gauge",
                              "Those in use.");
        deals_buf_printf(buf, "deals_rate_limit_counters_used %u\n",
                         (unsigned) report->rate_used);
    }
}


static void
ngx_http_deals_metrics_process(deals_buf *buf,
    ngx_http_deals_report_t *report)
{
    ngx_uint_t                i;
    ngx_http_deals_worker_t  *worker;

    ngx_http_deals_metric(buf, "deals_build_info", "gauge",
                          "Versions, as labels.");
    deals_buf_printf(buf, "deals_build_info{version=\"%s\",nginx=\"%s\"} 1\n",
                     DEALS_VERSION, NGINX_VERSION);

    ngx_http_deals_metric(buf, "deals_start_time_seconds", "gauge",
                          "When counting began, since 1970.");
    deals_buf_printf(buf, "deals_start_time_seconds %lld\n",
                     (long long) report->since);

    ngx_http_deals_metric(buf, "deals_configuration", "gauge",
                          "The number of the configuration that answers; a "
                          "reload makes the next.");
    deals_buf_printf(buf, "deals_configuration %llu\n",
                     (unsigned long long) report->generation);

    if (report->nworkers == 0) {
        return;
    }

    ngx_http_deals_metric(buf, "deals_worker_info", "gauge",
                          "Workers that run, their processes and "
                          "configurations.");

    for (i = 0; i < report->nworkers; i++) {
        worker = report->workers[i];

        if (worker->pid) {
            deals_buf_printf(buf, "deals_worker_info{worker=\"%u\",pid=\"%ld\""
                             ",configuration=\"%llu\"} 1\n",
                             (unsigned) worker->number, (long) worker->pid,
                             (unsigned long long) worker->generation);
        }
    }

    ngx_http_deals_metric(buf, "deals_worker_start_time_seconds", "gauge",
                          "When the worker started, since 1970.");

    for (i = 0; i < report->nworkers; i++) {
        worker = report->workers[i];

        if (worker->pid) {
            ngx_http_deals_labels(buf, "deals_worker_start_time_seconds",
                                  worker, NULL, NULL);
            ngx_http_deals_sample(buf, worker->started);
        }
    }
}


static void
ngx_http_deals_metrics_backends(deals_buf *buf,
    ngx_http_deals_report_t *report)
{
    ngx_http_deals_metrics_gauge(buf, report, "deals_database_up",
                                 "Whether a connection to PostgreSQL is "
                                 "ready.",
                                 NGX_HTTP_DEALS_DATABASE_UP,
                                 NGX_HTTP_DEALS_CONNECTIONS_LIMIT);

    ngx_http_deals_metrics_gauge(buf, report, "deals_breaker_open",
                                 "Whether calls are refused at once, because "
                                 "PostgreSQL is known to be away.",
                                 NGX_HTTP_DEALS_REFUSING,
                                 NGX_HTTP_DEALS_CONNECTIONS_LIMIT);

    ngx_http_deals_metrics_gauge(buf, report, "deals_database_read_only",
                                 "Whether PostgreSQL can only be read, and so "
                                 "changes are refused at once.",
                                 NGX_HTTP_DEALS_READ_ONLY,
                                 NGX_HTTP_DEALS_CONNECTIONS_LIMIT);

    ngx_http_deals_metrics_gauge(buf, report,
                                 "deals_database_changed_timestamp_seconds",
                                 "When PostgreSQL came or went, since 1970.",
                                 NGX_HTTP_DEALS_DATABASE_SINCE,
                                 NGX_HTTP_DEALS_DATABASE_SINCE);

    ngx_http_deals_metrics_gauge(buf, report, "deals_redis_up",
                                 "Whether the connection to Redis is ready.",
                                 NGX_HTTP_DEALS_REDIS_UP,
                                 NGX_HTTP_DEALS_REDIS);

    ngx_http_deals_metrics_gauge(buf, report,
                                 "deals_redis_changed_timestamp_seconds",
                                 "When Redis came or went, since 1970.",
                                 NGX_HTTP_DEALS_REDIS_SINCE,
                                 NGX_HTTP_DEALS_REDIS_SINCE);
}


/* of workers that run; only where `condition` is not 0 there is one */

static void
ngx_http_deals_metrics_gauge(deals_buf *buf, ngx_http_deals_report_t *report,
    const char *name, const char *help, ngx_uint_t value,
    ngx_uint_t condition)
{
    uint64_t                  *own;
    ngx_uint_t                 i, n, some;
    ngx_http_deals_subject_t  *site;

    some = 0;

    for (n = 0; n < report->nsites; n++) {
        site = &report->sites[n];

        for (i = 0; i < report->nworkers; i++) {
            own = site->own + i * site->nvalues;

            if (report->workers[i]->pid == 0 || own[condition] == 0) {
                continue;
            }

            if (!some++) {
                ngx_http_deals_metric(buf, name, "gauge", help);
            }

            ngx_http_deals_labels(buf, name, report->workers[i], "site",
                                  site);
            ngx_http_deals_sample(buf, own[value]);
        }
    }
}


static void
ngx_http_deals_metrics_calls(deals_buf *buf, ngx_http_deals_report_t *report)
{
    ngx_uint_t                            i, n;
    ngx_http_deals_subject_t             *site;
    const ngx_http_deals_status_value_t  *value;

    for (value = ngx_http_deals_site_values; value->name; value++) {

        if (value->gauge) {
            ngx_http_deals_metrics_gauge(buf, report, value->metric,
                                         value->help, value->value,
                                         NGX_HTTP_DEALS_CONNECTIONS_LIMIT);
            continue;
        }

        ngx_http_deals_metric(buf, value->metric, "counter", value->help);

        for (n = 0; n < report->nsites; n++) {
            site = &report->sites[n];

            for (i = 0; i < report->nworkers; i++) {
                ngx_http_deals_labels(buf, value->metric, report->workers[i],
                                      "site", site);
                ngx_http_deals_sample(buf, site->total[i * site->nvalues
                                                       + value->value]);
            }
        }
    }
}


static void
ngx_http_deals_metrics_batches(deals_buf *buf,
    ngx_http_deals_report_t *report)
{
    uint64_t                   sum, *v;
    ngx_uint_t                 i, k, n;
    ngx_http_deals_subject_t  *site;

    static const char  *bounds[DEALS_BATCH_SIZES] = {
        "1", "10", "100", "+Inf"
    };

    ngx_http_deals_metric(buf, "deals_batch_size", "histogram",
                          "Calls that were carried out together, such as "
                          "votes.");

    for (n = 0; n < report->nsites; n++) {
        site = &report->sites[n];

        for (i = 0; i < report->nworkers; i++) {
            v = site->total + i * site->nvalues;
            sum = 0;

            for (k = 0; k < DEALS_BATCH_SIZES; k++) {
                sum += v[NGX_HTTP_DEALS_BATCH_SIZE + k];

                ngx_http_deals_labels(buf, "deals_batch_size_bucket",
                                      report->workers[i], "site", site);
                deals_buf_printf(buf, ",le=\"%s\"", bounds[k]);
                ngx_http_deals_sample(buf, sum);
            }

            ngx_http_deals_labels(buf, "deals_batch_size_sum",
                                  report->workers[i], "site", site);
            ngx_http_deals_sample(buf, v[NGX_HTTP_DEALS_BATCHED]);

            /* the sum of the sizes: it goes with the last bucket */

            ngx_http_deals_labels(buf, "deals_batch_size_count",
                                  report->workers[i], "site", site);
            ngx_http_deals_sample(buf, sum);
        }
    }
}


static void
ngx_http_deals_metrics_requests(deals_buf *buf,
    ngx_http_deals_report_t *report)
{
    ngx_uint_t                 i, k, n;
    ngx_http_deals_subject_t  *site;

    ngx_http_deals_metric(buf, "deals_requests_total", "counter",
                          "Requests by how they ended.");

    for (n = 0; n < report->nsites; n++) {
        site = &report->sites[n];

        for (i = 0; i < report->nworkers; i++) {
            for (k = 0; k < NGX_HTTP_DEALS_OUTCOMES; k++) {
                ngx_http_deals_labels(buf, "deals_requests_total",
                                      report->workers[i], "site", site);
                deals_buf_printf(buf, ",outcome=\"%s\"",
                                 ngx_http_deals_outcome_name(k));
                ngx_http_deals_sample(buf, site->total[i * site->nvalues
                                              + NGX_HTTP_DEALS_REQUESTS + k]);
            }
        }
    }
}


static void
ngx_http_deals_metrics_caches(deals_buf *buf, ngx_http_deals_report_t *report)
{
    size_t                     v[5];
    ngx_uint_t                 k, n;
    ngx_http_deals_subject_t  *zone;

    static const struct {
        const char  *name;
        const char  *help;
    } gauges[] = {
        { "deals_cache_size_bytes", "Memory for ready pages." },
        { "deals_cache_used_bytes", "What of it is in use." },
        { "deals_cache_entries", "Pages in it, also such as are filled." },
        { "deals_cache_snapshots_bytes",
          "What the order of lists takes of it, kept for paging." },
        { "deals_cache_broken", "Whether it is out of use until a restart." }
    };

    for (k = 0; k < sizeof(gauges) / sizeof(gauges[0]); k++) {
        ngx_http_deals_metric(buf, gauges[k].name, "gauge", gauges[k].help);

        for (n = 0; n < report->nzones; n++) {
            zone = &report->zones[n];

            v[0] = ngx_http_deals_zone_used(zone->cache, &v[1]);
            v[2] = zone->cache->sh->entries;
            v[3] = zone->cache->sh->kept_size;
            v[4] = zone->cache->sh->broken;

            ngx_http_deals_labels(buf, gauges[k].name, NULL, "zone", zone);
            ngx_http_deals_sample(buf, v[k]);
        }
    }
}


static void
ngx_http_deals_metrics_zones(deals_buf *buf, ngx_http_deals_report_t *report)
{
    uint64_t                             *v;
    ngx_uint_t                            i, n;
    ngx_http_deals_subject_t             *zone;
    const ngx_http_deals_status_value_t  *value;

    ngx_http_deals_metric(buf, "deals_cache_requests_total", "counter",
                          "Requests by what the cache did for them.");

    for (n = 0; n < report->nzones; n++) {
        zone = &report->zones[n];

        for (i = 0; i < report->nworkers; i++) {
            v = zone->total + i * zone->nvalues;

            for (value = ngx_http_deals_zone_values; value->name; value++) {
                ngx_http_deals_labels(buf, "deals_cache_requests_total",
                                      report->workers[i], "zone", zone);
                deals_buf_printf(buf, ",status=\"%s\"", value->name);
                ngx_http_deals_sample(buf, v[value->value]);
            }
        }
    }

    ngx_http_deals_metric(buf, "deals_cache_evictions_total", "counter",
                          "Pages given up to make room for others.");

    for (n = 0; n < report->nzones; n++) {
        zone = &report->zones[n];

        for (i = 0; i < report->nworkers; i++) {
            ngx_http_deals_labels(buf, "deals_cache_evictions_total",
                                  report->workers[i], "zone", zone);
            ngx_http_deals_sample(buf, zone->total[i * zone->nvalues
                                               + NGX_HTTP_DEALS_EVICTIONS]);
        }
    }

    ngx_http_deals_metric(buf, "deals_cache_fills_in_flight", "gauge",
                          "Pages that are being made.");

    for (n = 0; n < report->nzones; n++) {
        zone = &report->zones[n];

        for (i = 0; i < report->nworkers; i++) {
            if (report->workers[i]->pid) {
                ngx_http_deals_labels(buf, "deals_cache_fills_in_flight",
                                      report->workers[i], "zone", zone);
                ngx_http_deals_sample(buf, zone->own[i * zone->nvalues
                                                   + NGX_HTTP_DEALS_FILLS]);
            }
        }
    }
}


/* --- lines ---------------------------------------------------------------- */


static void
ngx_http_deals_metric(deals_buf *buf, const char *name, const char *type,
    const char *help)
{
    deals_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                     type);
}


/* the braces are closed by ngx_http_deals_sample() */

static void
ngx_http_deals_labels(deals_buf *buf, const char *name,
    ngx_http_deals_worker_t *worker, const char *kind,
    ngx_http_deals_subject_t *subject)
{
    deals_buf_c(buf, name);
    deals_buf_c(buf, "{");

    if (worker) {
        deals_buf_printf(buf, "worker=\"%u\"", (unsigned) worker->number);
    }

    if (subject) {
        deals_buf_printf(buf, "%s%s=\"", worker ? "," : "", kind);
        ngx_http_deals_label(buf, subject->name);
        deals_buf_c(buf, "\"");
    }
}


static void
ngx_http_deals_label(deals_buf *buf, deals_str value)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {

        switch (value.data[i]) {

        case '\n':
            deals_buf_c(buf, "\\n");
            break;

        case '"':
        case '\\':
            deals_buf_char(buf, '\\');
            /* fall through */

        default:
            deals_buf_char(buf, value.data[i]);
        }
    }
}


static void
ngx_http_deals_sample(deals_buf *buf, uint64_t n)
{
    deals_buf_printf(buf, "} %llu\n", (unsigned long long) n);
}
