
/*
 * Counters for rate limits, shared by the workers: the hook `count`.
 *
 * A table of fixed size: a key's hash names a bucket of a few slots; a new key
 * takes the slot whose window ended first. So memory never runs out, and a flood
 * of keys can at worst make a count start again.
 */


#include "ngx_http_deals_module.h"

#include <sodium.h>


#define NGX_HTTP_DEALS_RATE_BUCKETS  8192
#define NGX_HTTP_DEALS_RATE_SLOTS    4
#define NGX_HTTP_DEALS_RATE_SIZE     (1024 * 1024)


typedef struct {
    uint64_t                     key;
    uint32_t                     end;           /* of the window, seconds */
    uint32_t                     count;
} ngx_http_deals_rate_slot_t;


typedef struct {
    u_char                       secret[crypto_shorthash_KEYBYTES];
    ngx_http_deals_rate_slot_t   slots[NGX_HTTP_DEALS_RATE_BUCKETS
                                       * NGX_HTTP_DEALS_RATE_SLOTS];
} ngx_http_deals_rate_table_t;


typedef struct {
    ngx_slab_pool_t              *shpool;
    ngx_http_deals_rate_table_t  *table;
} ngx_http_deals_rate_t;


static ngx_int_t ngx_http_deals_rate_init(ngx_shm_zone_t *zone, void *data);
static uint64_t ngx_http_deals_rate_hash(const u_char *secret, deals_str key,
    uint32_t seconds);


ngx_shm_zone_t *
ngx_http_deals_rate_zone(ngx_conf_t *cf)
{
    ngx_str_t               name = ngx_string("deals_rate");
    ngx_shm_zone_t         *zone;
    ngx_http_deals_rate_t  *rate;

    zone = ngx_shared_memory_add(cf, &name, NGX_HTTP_DEALS_RATE_SIZE,
                                 &ngx_http_deals_module);
    if (zone == NULL) {
        return NULL;
    }

    if (zone->data) {
        return zone;
    }

    rate = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_rate_t));
    if (rate == NULL) {
        return NULL;
    }

    zone->init = ngx_http_deals_rate_init;
    zone->data = rate;

    return zone;
}


static ngx_int_t
ngx_http_deals_rate_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_deals_rate_t  *old = data;

    ngx_http_deals_rate_t        *rate;
    ngx_http_deals_rate_table_t  *table;

    rate = zone->data;

    if (old) {
        *rate = *old;
        return NGX_OK;
    }

    rate->shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        rate->table = rate->shpool->data;
        return NGX_OK;
    }

    table = ngx_slab_calloc(rate->shpool,
                            sizeof(ngx_http_deals_rate_table_t));
    if (table == NULL || sodium_init() < 0) {
        return NGX_ERROR;
    }

    /* which keys share a bucket must not be known outside */

    randombytes_buf(table->secret, sizeof(table->secret));

    rate->table = table;
    rate->shpool->data = table;
    rate->shpool->log_nomem = 0;

    return NGX_OK;
}


int64_t
ngx_http_deals_rate_count(ngx_shm_zone_t *zone, deals_str key, time_t now,
    int seconds)
{
    int64_t                       count;
    uint32_t                      end, length;
    uint64_t                      hash;
    ngx_uint_t                    i;
    ngx_http_deals_rate_t        *rate;
    ngx_http_deals_rate_slot_t   *slot, *oldest;

    rate = zone->data;

    length = seconds > 0 ? (uint32_t) seconds : 1;
    end = ((uint32_t) now / length + 1) * length;

    hash = ngx_http_deals_rate_hash(rate->table->secret, key, length);

    slot = &rate->table->slots[hash % NGX_HTTP_DEALS_RATE_BUCKETS
                               * NGX_HTTP_DEALS_RATE_SLOTS];
    oldest = slot;

    ngx_shmtx_lock(&rate->shpool->mutex);

    for (i = 0; i < NGX_HTTP_DEALS_RATE_SLOTS; i++) {

        if (slot[i].key == hash && slot[i].end == end) {
            oldest = &slot[i];
            break;
        }

        if (slot[i].end < oldest->end) {
            oldest = &slot[i];
        }
    }

    /* the count last: a slot half written is a slot that starts again */

    if (oldest->key != hash || oldest->end != end) {
        oldest->count = 0;
        oldest->key = hash;
        oldest->end = end;
    }

    if (oldest->count < NGX_MAX_INT32_VALUE) {
        oldest->count++;
    }

    count = oldest->count;

    ngx_shmtx_unlock(&rate->shpool->mutex);

    return count;
}


/* how many counters are in use, of `size`; read without the lock */

ngx_uint_t
ngx_http_deals_rate_used(ngx_shm_zone_t *zone, time_t now, ngx_uint_t *size)
{
    ngx_uint_t              i, n;
    ngx_http_deals_rate_t  *rate;

    rate = zone->data;

    *size = NGX_HTTP_DEALS_RATE_BUCKETS * NGX_HTTP_DEALS_RATE_SLOTS;
    n = 0;

    for (i = 0; i < *size; i++) {
        n += rate->table->slots[i].end > (uint32_t) now;
    }

    return n;
}


static uint64_t
ngx_http_deals_rate_hash(const u_char *secret, deals_str key,
    uint32_t seconds)
{
    uint64_t  parts[2];

    crypto_shorthash((u_char *) &parts[0], (const u_char *) key.data, key.len,
                     secret);
    parts[1] = seconds;
    crypto_shorthash((u_char *) &parts[0], (const u_char *) parts,
                     sizeof(parts), secret);

    return parts[0];
}
