
/*
 * The table of counters: its zone, the names in it, and who has which slot.
 *
 * A slot is taken with a compare-and-swap of its owner's pid. Who is gone
 * without giving his back - he was killed - is found out when the next worker
 * looks for one.
 */


#include "ngx_http_deals_status.h"

#include <signal.h>

#include "base/utf8.h"


#define NGX_HTTP_DEALS_STATUS_SIZE                                            \
    (sizeof(ngx_http_deals_status_table_t)                                    \
     + sizeof(ngx_http_deals_status_table_t) / 64 + 64 * 1024)


#define NGX_HTTP_DEALS_STATUS_AGAIN  10000      /* ms */


static ngx_int_t ngx_http_deals_status_init(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_http_deals_status_name_all(ngx_http_deals_status_t *status,
    ngx_log_t *log);
static ngx_uint_t ngx_http_deals_status_site_row(
    ngx_http_deals_status_t *status, ngx_uint_t n, ngx_log_t *log);
static ngx_uint_t ngx_http_deals_status_row(
    ngx_http_deals_status_names_t *names, ngx_uint_t max, u_char *name,
    ngx_log_t *log);
static void ngx_http_deals_status_clean(u_char *dst, size_t size,
    ngx_str_t *name);
static ngx_int_t ngx_http_deals_status_take(ngx_http_deals_status_t *status,
    ngx_uint_t n);
static void ngx_http_deals_status_set_up(ngx_http_deals_status_t *status,
    ngx_uint_t n);


/* what this process has */

static struct {
    ngx_http_deals_status_table_t  *table;      /* NULL: not looked for yet */
    ngx_http_deals_status_slot_t   *slot;       /* NULL: there was none */
    ngx_http_deals_status_owner_t  *owner;
    ngx_msec_t                      again;      /* then one may be free */
} ngx_http_deals_status_own;


/* --- the zone ------------------------------------------------------------- */


ngx_int_t
ngx_http_deals_status_add(ngx_conf_t *cf, ngx_http_deals_main_conf_t *dmcf)
{
    ngx_str_t                 name = ngx_string("deals_status");
    ngx_shm_zone_t           *zone;
    ngx_http_deals_status_t  *status;

    if (dmcf->status) {
        return NGX_OK;
    }

    zone = ngx_shared_memory_add(cf, &name, NGX_HTTP_DEALS_STATUS_SIZE,
                                 &ngx_http_deals_module);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    status = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_status_t));
    if (status == NULL) {
        return NGX_ERROR;
    }

    status->main = dmcf;

    zone->init = ngx_http_deals_status_init;
    zone->data = status;

    dmcf->status = status;

    return NGX_OK;
}


/* in the master, before it makes workers of this configuration */

static ngx_int_t
ngx_http_deals_status_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_deals_status_t  *old = data;

    ngx_http_deals_status_t  *status;

    status = shm_zone->data;
    status->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        status->table = old->table;

    } else if (shm_zone->shm.exists) {
        status->table = status->shpool->data;

    } else {

        /* slots are set up when they are taken */

        status->table = ngx_slab_alloc(status->shpool,
                                       sizeof(ngx_http_deals_status_table_t));
        if (status->table == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(status->table,
                    offsetof(ngx_http_deals_status_table_t, slots));

        status->table->since = ngx_time();
        status->shpool->data = status->table;
    }

    status->generation = ++status->table->generation;

    ngx_http_deals_status_name_all(status, shm_zone->shm.log);

    return NGX_OK;
}


/*
 * Rows belong to names for good: old and new workers, of any configuration, mean
 * the same by a row.
 */

static void
ngx_http_deals_status_name_all(ngx_http_deals_status_t *status, ngx_log_t *log)
{
    u_char                       name[NGX_HTTP_DEALS_STATUS_NAME];
    ngx_uint_t                   i;
    ngx_shm_zone_t             **zones;
    ngx_http_deals_cache_t      *cache;
    ngx_http_deals_backend_t   **backends;

    backends = status->main->backends.elts;

    for (i = 0; i < status->main->backends.nelts; i++) {
        backends[i]->row = ngx_http_deals_status_site_row(status, i, log);
    }

    zones = status->main->caches.elts;

    for (i = 0; i < status->main->caches.nelts; i++) {
        cache = zones[i]->data;

        ngx_http_deals_status_clean(name, sizeof(name), &zones[i]->shm.name);

        cache->status = status;
        cache->row = ngx_http_deals_status_row(&status->table->zones,
                                               NGX_HTTP_DEALS_STATUS_ZONES,
                                               name, log);
    }
}


/* the same database with other settings is told apart by a number */

static ngx_uint_t
ngx_http_deals_status_site_row(ngx_http_deals_status_t *status, ngx_uint_t n,
    ngx_log_t *log)
{
    u_char                      *p, name[NGX_HTTP_DEALS_STATUS_NAME];
    ngx_uint_t                   i, row, number;
    ngx_http_deals_backend_t   **backends;

    backends = status->main->backends.elts;

    for (number = 1; /* void */ ; number++) {

        ngx_http_deals_status_clean(name, sizeof(name) - NGX_INT_T_LEN - 1,
                                    &backends[n]->name);

        if (number > 1) {
            p = name + ngx_strlen(name);
            *ngx_sprintf(p, "#%ui", number) = '\0';
        }

        row = ngx_http_deals_status_row(&status->table->sites,
                                        NGX_HTTP_DEALS_STATUS_SITES, name,
                                        log);

        for (i = 0; i < n; i++) {
            if (backends[i]->row == row) {
                break;
            }
        }

        if (i == n || row == NGX_HTTP_DEALS_NO_ROW) {
            return row;
        }
    }
}


/* NGX_HTTP_DEALS_NO_ROW: it is not counted */

static ngx_uint_t
ngx_http_deals_status_row(ngx_http_deals_status_names_t *names,
    ngx_uint_t max, u_char *name, ngx_log_t *log)
{
    ngx_uint_t  i;

    for (i = 0; i < names->n; i++) {
        if (ngx_strcmp(names->names[i], name) == 0) {
            return i;
        }
    }

    if (names->n == max) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "deals_status has counted for %ui others already, "
                      "\"%s\" is not in it until nginx is started again",
                      max, name);
        return NGX_HTTP_DEALS_NO_ROW;
    }

    ngx_memcpy(names->names[i], name, ngx_strlen(name) + 1);
    ngx_memory_barrier();
    names->n++;

    return i;
}


/* valid UTF-8 without control characters, terminated */

static void
ngx_http_deals_status_clean(u_char *dst, size_t size, ngx_str_t *name)
{
    size_t      i, len;
    ngx_uint_t  ascii;

    len = ngx_min(name->len, size - 1);

    /* not in the middle of a character */

    while (len && len < name->len && (name->data[len] & 0xc0) == 0x80) {
        len--;
    }

    ascii = !deals_utf8_valid((deals_str) { (char *) name->data, len });

    for (i = 0; i < len; i++) {
        dst[i] = (name->data[i] < 0x20 || name->data[i] == 0x7f
                  || (ascii && name->data[i] >= 0x80))
                 ? '?' : name->data[i];
    }

    dst[len] = '\0';
}


/* --- slots ---------------------------------------------------------------- */


/* NULL: all are taken */

ngx_http_deals_status_slot_t *
ngx_http_deals_status_slot(ngx_http_deals_status_t *status)
{
    ngx_uint_t  n, said;

    said = 0;

    if (ngx_http_deals_status_own.table == status->table) {

        if (ngx_http_deals_status_own.slot
            || (ngx_msec_int_t) (ngx_current_msec
                                 - ngx_http_deals_status_own.again) < 0)
        {
            return ngx_http_deals_status_own.slot;
        }

        said = 1;
    }

    ngx_http_deals_status_own.table = status->table;
    ngx_http_deals_status_own.slot = NULL;
    ngx_http_deals_status_own.owner = NULL;
    ngx_http_deals_status_own.again = ngx_current_msec
                                      + NGX_HTTP_DEALS_STATUS_AGAIN;

    for (n = 0; n < NGX_HTTP_DEALS_STATUS_SLOTS; n++) {

        if (ngx_http_deals_status_take(status, n) != NGX_OK) {
            continue;
        }

        ngx_http_deals_status_set_up(status, n);

        ngx_http_deals_status_own.owner = &status->table->owners[n];
        ngx_http_deals_status_own.slot = &status->table->slots[n];

        return ngx_http_deals_status_own.slot;
    }

    if (!said) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "deals_status counts for %d workers at most: not for "
                      "this one", NGX_HTTP_DEALS_STATUS_SLOTS);
    }

    return NULL;
}


ngx_uint_t
ngx_http_deals_status_alive(ngx_uint_t pid)
{
    if (pid == 0) {
        return 0;
    }

    return kill((ngx_pid_t) pid, 0) == 0 || ngx_errno != ESRCH;
}


static ngx_int_t
ngx_http_deals_status_take(ngx_http_deals_status_t *status, ngx_uint_t n)
{
    ngx_atomic_uint_t               pid;
    ngx_http_deals_status_owner_t  *owner;

    owner = &status->table->owners[n];
    pid = owner->pid;

    /* one of this number may have gone without giving it back */

    if (pid != (ngx_atomic_uint_t) ngx_pid
        && ngx_http_deals_status_alive(pid))
    {
        return NGX_DECLINED;
    }

    return ngx_atomic_cmp_set(&owner->pid, pid, (ngx_atomic_uint_t) ngx_pid)
           ? NGX_OK : NGX_DECLINED;
}


/* who reads meanwhile sees an odd serial number, and reads again */

static void
ngx_http_deals_status_set_up(ngx_http_deals_status_t *status, ngx_uint_t n)
{
    ngx_uint_t                      i, k;
    ngx_http_deals_status_slot_t   *slot;
    ngx_http_deals_status_site_t   *site;
    ngx_http_deals_status_zone_t   *zone;
    ngx_http_deals_status_owner_t  *owner;

    owner = &status->table->owners[n];
    slot = &status->table->slots[n];

    owner->serial |= 1;
    ngx_memory_barrier();

    if (!owner->used) {
        ngx_memzero((void *) slot, sizeof(ngx_http_deals_status_slot_t));
        ngx_memory_barrier();
        owner->used = 1;
    }

    for (i = 0; i < NGX_HTTP_DEALS_STATUS_SITES; i++) {
        site = &slot->sites[i];

        for (k = 0; k < NGX_HTTP_DEALS_SITE_COUNTERS; k++) {
            site->before[k] = site->values[k];
        }

        for ( /* void */ ; k < NGX_HTTP_DEALS_SITE_VALUES; k++) {
            site->values[k] = 0;
        }
    }

    for (i = 0; i < NGX_HTTP_DEALS_STATUS_ZONES; i++) {
        zone = &slot->zones[i];

        for (k = 0; k < NGX_HTTP_DEALS_ZONE_COUNTERS; k++) {
            zone->before[k] = zone->values[k];
        }

        for ( /* void */ ; k < NGX_HTTP_DEALS_ZONE_VALUES; k++) {
            zone->values[k] = 0;
        }
    }

    owner->generation = status->generation;
    owner->started = ngx_time();

    ngx_memory_barrier();
    owner->serial++;
}


/* a worker is there before it has anything to count */

void
ngx_http_deals_status_begin(ngx_http_deals_main_conf_t *dmcf)
{
    if (dmcf->status) {
        (void) ngx_http_deals_status_slot(dmcf->status);
    }
}


/* the end of the process; what was counted stays */

void
ngx_http_deals_status_leave(void)
{
    ngx_http_deals_status_owner_t  *owner;

    owner = ngx_http_deals_status_own.owner;

    ngx_http_deals_status_own.table = NULL;
    ngx_http_deals_status_own.slot = NULL;
    ngx_http_deals_status_own.owner = NULL;

    if (owner) {
        ngx_memory_barrier();
        owner->pid = 0;
    }
}
