
/*
 * The report for people: aligned tables, a row for each worker, one for those
 * that are gone, one for all together.
 */


#include "ngx_http_deals_status.h"

#include <deals/deals.h>

#include "base/time.h"


#define NGX_HTTP_DEALS_CELL   32
#define NGX_HTTP_DEALS_CELLS  32        /* of a row */


/* the first row has the names of the columns */

typedef struct {
    ngx_uint_t     ncolumns;
    ngx_uint_t     ncells;
    ngx_uint_t     max;
    ngx_uint_t     failed;
    u_char       (*cells)[NGX_HTTP_DEALS_CELL];
} ngx_http_deals_table_t;


static void ngx_http_deals_text_workers(deals_buf *buf,
    ngx_http_request_t *r, ngx_http_deals_report_t *report);
static void ngx_http_deals_text_backends(deals_buf *buf,
    ngx_http_request_t *r, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *site);
static void ngx_http_deals_text_calls(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site);
static void ngx_http_deals_text_batches(deals_buf *buf,
    ngx_http_request_t *r, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *site);
static void ngx_http_deals_text_requests(deals_buf *buf,
    ngx_http_request_t *r, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *site);
static void ngx_http_deals_text_zone(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *zone);
static void ngx_http_deals_text_values(deals_buf *buf,
    ngx_http_request_t *r, ngx_http_deals_report_t *report,
    ngx_http_deals_subject_t *subject, const char **names,
    const ngx_uint_t *columns, ngx_uint_t n);
static void ngx_http_deals_table_init(ngx_http_deals_table_t *table,
    ngx_http_request_t *r, ngx_uint_t nrows, ngx_uint_t ncolumns);
static void ngx_http_deals_cell(ngx_http_deals_table_t *table,
    const char *fmt, ...);
static void ngx_http_deals_cell_time(ngx_http_deals_table_t *table,
    int64_t seconds);
static void ngx_http_deals_table_add(deals_buf *buf,
    ngx_http_deals_table_t *table);


void
ngx_http_deals_report_text(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report)
{
    char        now[DEALS_TIME_SIZE], since[DEALS_TIME_SIZE];
    ngx_uint_t  i;

    (void) deals_time_format(now, report->now);
    (void) deals_time_format(since, report->since);

    deals_buf_printf(buf, "deals %s, %s, at %s\n"
                     "configuration %llu, counted since %s\n\n",
                     DEALS_VERSION, NGINX_VER, now,
                     (unsigned long long) report->generation, since);

    ngx_http_deals_text_workers(buf, r, report);

    for (i = 0; i < report->nsites; i++) {
        deals_buf_printf(buf, "\nsite %s\n\n", report->sites[i].name.data);

        ngx_http_deals_text_backends(buf, r, report, &report->sites[i]);
        ngx_http_deals_text_calls(buf, r, report, &report->sites[i]);
        ngx_http_deals_text_batches(buf, r, report, &report->sites[i]);
        ngx_http_deals_text_requests(buf, r, report, &report->sites[i]);
    }

    for (i = 0; i < report->nzones; i++) {
        ngx_http_deals_text_zone(buf, r, report, &report->zones[i]);
    }

    if (report->has_rate) {
        deals_buf_printf(buf, "\nrate limits without Redis: %u of %u counters "
                         "in use\n", (unsigned) report->rate_used,
                         (unsigned) report->rate_size);
    }
}


static void
ngx_http_deals_text_workers(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report)
{
    int64_t                   uptime;
    ngx_uint_t                n;
    ngx_http_deals_table_t    table;
    ngx_http_deals_worker_t  *worker;

    ngx_http_deals_table_init(&table, r, report->nworkers, 5);

    ngx_http_deals_cell(&table, "worker");
    ngx_http_deals_cell(&table, "pid");
    ngx_http_deals_cell(&table, "configuration");
    ngx_http_deals_cell(&table, "started");
    ngx_http_deals_cell(&table, "uptime");

    for (n = 0; n < report->nworkers; n++) {
        worker = report->workers[n];

        if (worker->pid == 0) {
            continue;
        }

        uptime = ngx_max(report->now - (int64_t) worker->started, 0);

        ngx_http_deals_cell(&table, "%ui", worker->number);
        ngx_http_deals_cell(&table, "%P", worker->pid);
        ngx_http_deals_cell(&table, "%uL", worker->generation);
        ngx_http_deals_cell_time(&table, worker->started);
        ngx_http_deals_cell(&table, "%Ld %02L:%02L:%02L", uptime / 86400,
                            uptime / 3600 % 24, uptime / 60 % 60,
                            uptime % 60);
    }

    ngx_http_deals_table_add(buf, &table);
}


static void
ngx_http_deals_text_backends(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site)
{
    uint64_t                *v;
    ngx_uint_t               n;
    ngx_http_deals_table_t   table;

    ngx_http_deals_table_init(&table, r, report->nworkers, 6);

    ngx_http_deals_cell(&table, "worker");
    ngx_http_deals_cell(&table, "database");
    ngx_http_deals_cell(&table, "since");
    ngx_http_deals_cell(&table, "breaker");
    ngx_http_deals_cell(&table, "redis");
    ngx_http_deals_cell(&table, "since");

    for (n = 0; n < report->nworkers; n++) {

        if (report->workers[n]->pid == 0) {
            continue;
        }

        v = site->own + n * site->nvalues;

        ngx_http_deals_cell(&table, "%ui", report->workers[n]->number);
        ngx_http_deals_cell(&table, v[NGX_HTTP_DEALS_READ_ONLY] ? "read-only"
                            : v[NGX_HTTP_DEALS_DATABASE_UP] ? "up"
                            : v[NGX_HTTP_DEALS_DATABASE_SINCE] ? "down"
                            : "not asked");
        ngx_http_deals_cell_time(&table, v[NGX_HTTP_DEALS_DATABASE_SINCE]);
        ngx_http_deals_cell(&table, v[NGX_HTTP_DEALS_REFUSING] ? "open"
                                                               : "closed");
        ngx_http_deals_cell(&table, v[NGX_HTTP_DEALS_REDIS_UP] ? "up"
                            : v[NGX_HTTP_DEALS_REDIS_SINCE] ? "down"
                            : v[NGX_HTTP_DEALS_REDIS] ? "not asked"
                            : "none");
        ngx_http_deals_cell_time(&table, v[NGX_HTTP_DEALS_REDIS_SINCE]);
    }

    ngx_http_deals_table_add(buf, &table);
}


static void
ngx_http_deals_text_calls(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site)
{
    static const char  *names[] = {
        "connections", "limit", "in flight", "waiting", "limit", "calls",
        "timeouts", "refused", "reconnects"
    };

    static const ngx_uint_t  columns[] = {
        NGX_HTTP_DEALS_CONNECTIONS, NGX_HTTP_DEALS_CONNECTIONS_LIMIT,
        NGX_HTTP_DEALS_IN_FLIGHT, NGX_HTTP_DEALS_WAITING,
        NGX_HTTP_DEALS_WAITING_LIMIT, NGX_HTTP_DEALS_CALLS, NGX_HTTP_DEALS_TIMEOUTS,
        NGX_HTTP_DEALS_REFUSED, NGX_HTTP_DEALS_RECONNECTS
    };

    deals_buf_c(buf, "\n");

    ngx_http_deals_text_values(buf, r, report, site, names, columns,
                               sizeof(columns) / sizeof(columns[0]));
}


static void
ngx_http_deals_text_batches(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site)
{
    static const char  *names[] = {
        "batches", "calls in them", "of 1", "2-10", "11-100", "101-500"
    };

    static const ngx_uint_t  columns[] = {
        NGX_HTTP_DEALS_BATCHES, NGX_HTTP_DEALS_BATCHED,
        NGX_HTTP_DEALS_BATCH_SIZE, NGX_HTTP_DEALS_BATCH_SIZE + 1,
        NGX_HTTP_DEALS_BATCH_SIZE + 2, NGX_HTTP_DEALS_BATCH_SIZE + 3
    };

    deals_buf_c(buf, "\n");

    ngx_http_deals_text_values(buf, r, report, site, names, columns,
                               sizeof(columns) / sizeof(columns[0]));
}


/* only what happened */

static void
ngx_http_deals_text_requests(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *site)
{
    const char  *names[NGX_HTTP_DEALS_OUTCOMES];
    ngx_uint_t   k, n, columns[NGX_HTTP_DEALS_OUTCOMES];

    n = 0;

    for (k = 0; k < NGX_HTTP_DEALS_OUTCOMES; k++) {
        if (k == DEALS_OK || site->all[NGX_HTTP_DEALS_REQUESTS + k]) {
            names[n] = k == DEALS_OK ? "requests: ok"
                                     : ngx_http_deals_outcome_name(k);
            columns[n++] = NGX_HTTP_DEALS_REQUESTS + k;
        }
    }

    deals_buf_c(buf, "\n");

    ngx_http_deals_text_values(buf, r, report, site, names, columns, n);
}


static void
ngx_http_deals_text_zone(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *zone)
{
    size_t  size, used;

    static const char  *names[] = {
        "hit", "miss", "stale", "updating", "bypass", "evicted", "filling"
    };

    static const ngx_uint_t  columns[] = {
        NGX_HTTP_DEALS_HITS, NGX_HTTP_DEALS_MISSES, NGX_HTTP_DEALS_STALES,
        NGX_HTTP_DEALS_UPDATINGS, NGX_HTTP_DEALS_BYPASSES,
        NGX_HTTP_DEALS_EVICTIONS, NGX_HTTP_DEALS_FILLS
    };

    size = ngx_http_deals_zone_used(zone->cache, &used);

    deals_buf_printf(buf, "\ncache %s: %llu of %llu bytes in use, %llu "
                     "entries, %llu bytes of snapshots%s\n\n",
                     zone->name.data,
                     (unsigned long long) used, (unsigned long long) size,
                     (unsigned long long) zone->cache->sh->entries,
                     (unsigned long long) zone->cache->sh->kept_size,
                     zone->cache->sh->broken ? ", broken: restart nginx"
                                             : "");

    ngx_http_deals_text_values(buf, r, report, zone, names, columns,
                               sizeof(columns) / sizeof(columns[0]));
}


/* what is now has no row of those that are gone */

static void
ngx_http_deals_text_values(deals_buf *buf, ngx_http_request_t *r,
    ngx_http_deals_report_t *report, ngx_http_deals_subject_t *subject,
    const char **names, const ngx_uint_t *columns, ngx_uint_t n)
{
    ngx_uint_t              i, k;
    ngx_http_deals_table_t  table;

    ngx_http_deals_table_init(&table, r, report->nworkers + 2, n + 1);

    ngx_http_deals_cell(&table, "worker");

    for (k = 0; k < n; k++) {
        ngx_http_deals_cell(&table, "%s", names[k]);
    }

    for (i = 0; i < report->nworkers; i++) {

        if (report->workers[i]->pid == 0) {
            continue;
        }

        ngx_http_deals_cell(&table, "%ui", report->workers[i]->number);

        for (k = 0; k < n; k++) {
            ngx_http_deals_cell(&table, "%uL",
                                subject->own[i * subject->nvalues
                                             + columns[k]]);
        }
    }

    ngx_http_deals_cell(&table, "gone");

    for (k = 0; k < n; k++) {
        if (columns[k] < subject->ncounters) {
            ngx_http_deals_cell(&table, "%uL", subject->gone[columns[k]]);

        } else {
            ngx_http_deals_cell(&table, "-");
        }
    }

    ngx_http_deals_cell(&table, "all");

    for (k = 0; k < n; k++) {
        ngx_http_deals_cell(&table, "%uL", subject->all[columns[k]]);
    }

    ngx_http_deals_table_add(buf, &table);
}


/* --- tables --------------------------------------------------------------- */


static void
ngx_http_deals_table_init(ngx_http_deals_table_t *table,
    ngx_http_request_t *r, ngx_uint_t nrows, ngx_uint_t ncolumns)
{
    table->ncolumns = ncolumns;
    table->ncells = 0;
    table->max = (nrows + 1) * ncolumns;
    table->cells = ngx_palloc(r->pool, table->max * NGX_HTTP_DEALS_CELL);
    table->failed = table->cells == NULL || ncolumns > NGX_HTTP_DEALS_CELLS;
}


/* the next one; as in ngx_sprintf() */

static void
ngx_http_deals_cell(ngx_http_deals_table_t *table, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    if (table->failed || table->ncells == table->max) {
        return;
    }

    p = table->cells[table->ncells++];

    va_start(args, fmt);
    *ngx_vslprintf(p, p + NGX_HTTP_DEALS_CELL - 1, fmt, args) = '\0';
    va_end(args);
}


static void
ngx_http_deals_cell_time(ngx_http_deals_table_t *table, int64_t seconds)
{
    char  text[DEALS_TIME_SIZE];

    if (seconds == 0) {
        ngx_http_deals_cell(table, "-");
        return;
    }

    (void) deals_time_format(text, seconds);
    ngx_http_deals_cell(table, "%s", text);
}


static void
ngx_http_deals_table_add(deals_buf *buf, ngx_http_deals_table_t *table)
{
    size_t      width[NGX_HTTP_DEALS_CELLS];
    ngx_uint_t  i, k;

    if (table->failed) {
        buf->failed = 1;
        return;
    }

    for (k = 0; k < table->ncolumns; k++) {
        width[k] = 0;

        for (i = k; i < table->ncells; i += table->ncolumns) {
            width[k] = ngx_max(width[k], ngx_strlen(table->cells[i]));
        }
    }

    for (i = 0; i < table->ncells; i++) {
        /* NOLINTNEXTLINE(*.DivideZero): a table has columns */
        k = i % table->ncolumns;

        deals_buf_printf(buf, "%s%*s%s", k ? "  " : "", (int) width[k],
                         table->cells[i],
                         k == table->ncolumns - 1 ? "\n" : "");
    }
}
