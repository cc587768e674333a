
/*
 * The zone in shared memory. Entries stand in a tree by hash and in a queue by
 * last use; an entry knows who fills it.
 *
 * A worker can be killed anywhere, also in the middle of a change. So it writes
 * its pid into the zone before it changes anything, and clears it afterwards:
 * who gets the lock and finds one there knows that what he sees may be half
 * done, and starts with an empty zone. Nobody keeps pointers into the zone
 * beyond the lock: bytes are copied out under it.
 */


#include "ngx_http_deals_cache.h"

#include <signal.h>


#define NGX_HTTP_DEALS_EVICT  64        /* at most, for one that comes in */


static size_t ngx_http_deals_zone_size(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_empty(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static void ngx_http_deals_zone_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_entry_t *entry);


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

    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_http_deals_zone_insert);
    ngx_queue_init(&sh->queue);
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

    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_http_deals_zone_insert);
    ngx_queue_init(&sh->queue);
    sh->entries = 0;
    ngx_http_deals_kept_init(sh);
}


uint64_t
ngx_http_deals_zone_node(ngx_http_deals_cache_t *cache)
{
    return cache->sh->node;
}


/* --- generations ---------------------------------------------------------- */


static ngx_uint_t
ngx_http_deals_zone_slot(ngx_uint_t site, int64_t id, ngx_uint_t slots)
{
    uint64_t  h;

    h = ((uint64_t) id + site) * 0x9e3779b97f4a7c15ULL;

    return (ngx_uint_t) (h >> 40) & (slots - 1);
}


/* sums of counters that only grow: equal sums are equal counters */

void
ngx_http_deals_zone_generations(ngx_http_deals_cache_t *cache,
    ngx_http_deals_ctx_t *ctx, uint64_t *hard, uint64_t *soft)
{
    ngx_uint_t                    n;
    ngx_http_deals_site_t        *site;
    ngx_http_deals_generation_t  *deal;

    n = ctx->conf->backend->site;
    site = &cache->sh->sites[n];

    if (ctx->route->scope == NGX_HTTP_DEALS_OF_DEAL) {
        deal = &cache->sh->deals[ngx_http_deals_zone_slot(n, ctx->id,
                                                    NGX_HTTP_DEALS_HASHED)];

        *hard = site->all + deal->hard;
        *soft = deal->soft;

    } else {
        *hard = site->all + site->hard;
        *soft = site->soft;
    }

    ngx_memory_barrier();
}


/* of a member: sessions and role, or votes */

uint64_t
ngx_http_deals_zone_generation(ngx_http_deals_cache_t *cache, ngx_uint_t n,
    ngx_uint_t what, int64_t user_id)
{
    uint64_t                  generation;
    ngx_http_deals_member_t  *member;

    member = &cache->sh->members[ngx_http_deals_zone_slot(n, user_id,
                                                     cache->nmembers)];

    generation = cache->sh->sites[n].all;
    generation += (what & DEALS_CHANGE_VOTES) ? member->votes
                                              : member->sessions;
    ngx_memory_barrier();

    return generation;
}


/* `id` is a member's or a deal's: the kinds of changes don't mix */

void
ngx_http_deals_zone_changed(ngx_http_deals_cache_t *cache, ngx_uint_t n,
    ngx_uint_t what, int64_t id)
{
    ngx_http_deals_site_t        *site;
    ngx_http_deals_member_t      *member;
    ngx_http_deals_generation_t  *deal;

    site = &cache->sh->sites[n];
    deal = &cache->sh->deals[ngx_http_deals_zone_slot(n, id,
                                                      NGX_HTTP_DEALS_HASHED)];
    member = &cache->sh->members[ngx_http_deals_zone_slot(n, id,
                                                     cache->nmembers)];

    if (what & DEALS_CHANGE_MEMBER) {
        (void) ngx_atomic_fetch_add(&member->sessions, 1);
    }

    if (what & DEALS_CHANGE_VOTES) {
        (void) ngx_atomic_fetch_add(&member->votes, 1);
    }

    if (what & DEALS_CHANGE_ALL) {
        (void) ngx_atomic_fetch_add(&site->all, 1);
    }

    if (what & DEALS_CHANGE_LISTS) {
        (void) ngx_atomic_fetch_add(&site->hard, 1);
    }

    if (what & DEALS_CHANGE_RANKS) {
        (void) ngx_atomic_fetch_add(&site->soft, 1);
    }

    if (what & DEALS_CHANGE_DEAL) {
        (void) ngx_atomic_fetch_add(&deal->hard, 1);
    }

    if (what & DEALS_CHANGE_SCORE) {
        (void) ngx_atomic_fetch_add(&deal->soft, 1);
    }

    if (what & DEALS_CHANGE_HEARD) {
        site->heard = ngx_current_msec ? ngx_current_msec : 1;
    }
}


ngx_msec_t
ngx_http_deals_zone_ttl(ngx_http_deals_cache_t *cache,
    ngx_http_deals_backend_t *backend)
{
    ngx_msec_t  heard;

    heard = cache->sh->sites[backend->site].heard;

    if (heard
        && (ngx_msec_int_t) (ngx_current_msec - heard)
           < 3 * DEALS_CHANGE_BEAT)
    {
        return NGX_HTTP_DEALS_TTL;
    }

    return NGX_HTTP_DEALS_TTL_ALONE;
}


ngx_uint_t
ngx_http_deals_good(ngx_http_deals_bytes_t *bytes, uint64_t hard,
    uint64_t soft, ngx_msec_t ttl)
{
    ngx_msec_int_t  age;

    age = (ngx_msec_int_t) (ngx_current_msec - bytes->began);

    if ((int64_t) (bytes->hard - hard) < 0
        || bytes->until <= (int64_t) ngx_time()
        || age >= (ngx_msec_int_t) ttl)
    {
        return 0;
    }

    return ((int64_t) (bytes->soft - soft) < 0 && age >= NGX_HTTP_DEALS_SOFT)
           ? 1 : 2;
}


/* --- entries -------------------------------------------------------------- */


void
ngx_http_deals_zone_hash(ngx_http_deals_cache_t *cache, u_char *key, size_t len,
    uint64_t *hash)
{
    ngx_http_deals_hash(cache->sh->seed, key, len, hash);
}


static void
ngx_http_deals_zone_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t       **p;
    ngx_http_deals_entry_t   *a, *b;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            a = (ngx_http_deals_entry_t *) node;
            b = (ngx_http_deals_entry_t *) temp;
            p = (a->hash[1] < b->hash[1]) ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


ngx_http_deals_entry_t *
ngx_http_deals_zone_lookup(ngx_http_deals_cache_t *cache,
    ngx_http_deals_keyed_t *keyed)
{
    ngx_rbtree_node_t       *node, *sentinel;
    ngx_http_deals_entry_t  *entry;

    node = cache->sh->rbtree.root;
    sentinel = cache->sh->rbtree.sentinel;

    while (node != sentinel) {

        if (keyed->hash[0] != node->key) {
            node = (keyed->hash[0] < node->key) ? node->left : node->right;
            continue;
        }

        entry = (ngx_http_deals_entry_t *) node;

        if (keyed->hash[1] == entry->hash[1]) {
            return entry;
        }

        node = (keyed->hash[1] < entry->hash[1]) ? node->left : node->right;
    }

    return NULL;
}


ngx_http_deals_entry_t *
ngx_http_deals_zone_add(ngx_http_deals_cache_t *cache,
    ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_entry_t  *entry;

    entry = ngx_http_deals_zone_alloc(cache, sizeof(ngx_http_deals_entry_t)
                                             + keyed->key_len);
    if (entry == NULL) {
        return NULL;
    }

    ngx_memzero(entry, sizeof(ngx_http_deals_entry_t));

    entry->node.key = (ngx_rbtree_key_t) keyed->hash[0];
    entry->hash[0] = keyed->hash[0];
    entry->hash[1] = keyed->hash[1];
    entry->key_len = keyed->key_len;
    ngx_memcpy(entry->key, keyed->key, keyed->key_len);

    ngx_rbtree_insert(&cache->sh->rbtree, &entry->node);
    ngx_queue_insert_head(&cache->sh->queue, &entry->queue);
    cache->sh->entries++;

    return entry;
}


static void
ngx_http_deals_zone_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_entry_t *entry)
{
    ngx_queue_remove(&entry->queue);
    ngx_rbtree_delete(&cache->sh->rbtree, &entry->node);
    cache->sh->entries--;

    if (entry->bytes) {
        ngx_slab_free_locked(cache->shpool, entry->bytes);
    }

    ngx_slab_free_locked(cache->shpool, entry);
}


/* room is made by those that were not used for the longest time */

void *
ngx_http_deals_zone_alloc(ngx_http_deals_cache_t *cache, size_t size)
{
    void                    *p;
    ngx_uint_t               n;
    ngx_queue_t             *q;
    ngx_http_deals_entry_t  *entry;

    if (size > (size_t) (cache->shpool->end - cache->shpool->start) / 2) {
        return NULL;
    }

    p = ngx_slab_alloc_locked(cache->shpool, size);
    q = ngx_queue_last(&cache->sh->queue);

    for (n = 0; p == NULL && n < NGX_HTTP_DEALS_EVICT; n++) {

        if (q == ngx_queue_sentinel(&cache->sh->queue)) {
            return NULL;
        }

        entry = ngx_queue_data(q, ngx_http_deals_entry_t, queue);
        q = ngx_queue_prev(q);

        if (ngx_http_deals_zone_flies(entry)) {
            continue;
        }

        ngx_http_deals_zone_remove(cache, entry);
        ngx_http_deals_status_evicted(cache);
        p = ngx_slab_alloc_locked(cache->shpool, size);
    }

    return p;
}


/* whether somebody fills it who is still alive */

ngx_uint_t
ngx_http_deals_zone_flies(ngx_http_deals_entry_t *entry)
{
    if (entry->fill == 0) {
        return 0;
    }

    if ((ngx_msec_int_t) (ngx_current_msec - entry->dead) >= 0) {
        return 0;
    }

    return entry->filler == ngx_pid
           || kill(entry->filler, 0) == 0 || ngx_errno != ESRCH;
}
