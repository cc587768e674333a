
/*
 * The zone in shared memory: how it begins, and who may change it.
 *
 * A worker can be killed anywhere, also in the middle of a change. So it writes
 * its pid into the zone before it changes anything, and clears it afterwards:
 * who gets the lock and finds one there knows that what he sees may be half
 * done, and starts with an empty zone. Nobody keeps pointers into the zone
 * beyond the lock: bytes are copied out under it.
 */


#include "ngx_http_deals_cache.h"


static size_t ngx_http_deals_zone_size(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_empty(ngx_http_deals_cache_t *cache);


static size_t
ngx_http_deals_zone_size(ngx_http_deals_cache_t *cache)
{
    return sizeof(ngx_http_deals_zone_t)
           + (cache->nmembers - 1) * sizeof(ngx_http_deals_member_t);
}


ngx_int_t
ngx_http_deals_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_deals_cache_t  *old = data;

    ngx_http_deals_zone_t   *sh;
    ngx_http_deals_cache_t  *cache;

    cache = shm_zone->data;

    /* for these a thirty-second of it */

    for (cache->nmembers = NGX_HTTP_DEALS_MEMBERS;
         cache->nmembers * sizeof(ngx_http_deals_member_t)
         > shm_zone->shm.size / 32;
         cache->nmembers /= 2)
    {
        /* void */
    }

    if (old) {
        cache->shpool = old->shpool;
        cache->sh = old->sh;
        return NGX_OK;
    }

    cache->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        cache->sh = cache->shpool->data;
        return NGX_OK;
    }

    sh = ngx_slab_calloc(cache->shpool, ngx_http_deals_zone_size(cache));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->node = ((uint64_t) ngx_random() << 33) ^ ((uint64_t) ngx_random() << 11)
               ^ (uint64_t) ngx_pid ^ ngx_current_msec;
    sh->seed = ((uint64_t) ngx_random() << 32) ^ (uint64_t) ngx_random()
               ^ (uint64_t) (uintptr_t) sh;

    ngx_http_deals_entries_init(sh);
    ngx_http_deals_kept_init(sh);

    cache->sh = sh;
    cache->shpool->data = sh;

    /* a full zone is nothing to complain about */

    cache->shpool->log_nomem = 0;

    return NGX_OK;
}


void
ngx_http_deals_zone_lock(ngx_http_deals_cache_t *cache)
{
    ngx_shmtx_lock(&cache->shpool->mutex);

    if (cache->sh->inside) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "process %P died while it changed cache zone \"%V\": "
                      "the zone starts empty", (ngx_pid_t) cache->sh->inside,
                      &cache->shm_zone->shm.name);

        ngx_http_deals_zone_empty(cache);
    }

    cache->sh->inside = (ngx_atomic_uint_t) ngx_pid;
    ngx_memory_barrier();
}


void
ngx_http_deals_zone_unlock(ngx_http_deals_cache_t *cache)
{
    ngx_memory_barrier();
    cache->sh->inside = 0;

    ngx_shmtx_unlock(&cache->shpool->mutex);
}


/*
 * The generations live on: others read them without the lock. They lie where
 * they lay, because the pool gives its first pages first.
 */

static void
ngx_http_deals_zone_empty(ngx_http_deals_cache_t *cache)
{
    void                   *p;
    ngx_http_deals_zone_t  *sh;

    size_t                  size;

    sh = cache->sh;
    size = ngx_http_deals_zone_size(cache);

#if (NGX_DEBUG_MALLOC)
    void                   *saved;

    saved = ngx_alloc(size, ngx_cycle->log);
    if (saved == NULL) {
        sh->broken = 1;
        return;
    }

    ngx_memcpy(saved, sh, size);
#endif

    ngx_slab_init(cache->shpool);
    cache->shpool->log_nomem = 0;

    p = ngx_slab_alloc_locked(cache->shpool, size);

#if (NGX_DEBUG_MALLOC)
    ngx_memcpy(sh, saved, size);
    ngx_free(saved);
#endif

    if (p != sh) {
        sh->broken = 1;
        return;
    }

    ngx_http_deals_entries_init(sh);
    ngx_http_deals_kept_init(sh);
}


uint64_t
ngx_http_deals_zone_node(ngx_http_deals_cache_t *cache)
{
    return cache->sh->node;
}
