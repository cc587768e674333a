
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


typedef struct {
    ngx_rbtree_node_t            node;          /* key: hash[0] */
    ngx_queue_t                  queue;
    uint64_t                     hash[2];
    ngx_http_deals_bytes_t      *bytes;         /* NULL: none yet */

    uint64_t                     fill;          /* its number; 0: nobody */
    ngx_pid_t                    filler;
    ngx_msec_t                   dead;          /* after this it is */

    ngx_msec_t                   pass;          /* not kept until then */
    unsigned                     passing:1;
    unsigned                     failed:1;      /* the last fill */
    uint64_t                     last;          /* its number, if so */

    size_t                       key_len;
    u_char                       key[1];
} ngx_http_deals_entry_t;


typedef struct {
    ngx_atomic_t                 all;
    ngx_atomic_t                 hard;          /* of lists */
    ngx_atomic_t                 soft;
    ngx_atomic_t                 heard;         /* of others, ms; 0: never */
} ngx_http_deals_site_t;


typedef struct {
    ngx_atomic_t                 hard;
    ngx_atomic_t                 soft;
} ngx_http_deals_generation_t;


/* the first piece of the slab pool, always at the same address */

struct ngx_http_deals_zone_s {
    ngx_atomic_t                 inside;        /* who changes it */
    uint64_t                     node;
    uint64_t                     seed;
    ngx_http_deals_site_t        sites[NGX_HTTP_DEALS_SITES];
    ngx_http_deals_generation_t  deals[NGX_HTTP_DEALS_HASHED];

    ngx_uint_t                   broken;
    uint64_t                     fills;
    ngx_rbtree_t                 rbtree;
    ngx_rbtree_node_t            sentinel;
    ngx_queue_t                  queue;
};


static void ngx_http_deals_zone_lock(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_unlock(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_empty(ngx_http_deals_cache_t *cache);
static void ngx_http_deals_zone_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_http_deals_entry_t *ngx_http_deals_zone_lookup(
    ngx_http_deals_cache_t *cache, ngx_http_deals_keyed_t *keyed);
static ngx_http_deals_entry_t *ngx_http_deals_zone_add(
    ngx_http_deals_cache_t *cache, ngx_http_deals_keyed_t *keyed);
static void ngx_http_deals_zone_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_entry_t *entry);
static void *ngx_http_deals_zone_alloc(ngx_http_deals_cache_t *cache,
    size_t size);
static ngx_uint_t ngx_http_deals_zone_flies(ngx_http_deals_entry_t *entry);
static ngx_http_deals_found_e ngx_http_deals_zone_judge(
    ngx_http_deals_keyed_t *keyed, ngx_http_deals_entry_t *entry);
static void ngx_http_deals_zone_begin(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_entry_t *entry);
static ngx_http_deals_copy_t *ngx_http_deals_zone_copy(
    ngx_http_deals_keyed_t *keyed, ngx_http_deals_entry_t *entry);


ngx_int_t
ngx_http_deals_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_deals_cache_t  *old = data;

    ngx_http_deals_zone_t   *sh;
    ngx_http_deals_cache_t  *cache;

    cache = shm_zone->data;

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

    sh = ngx_slab_calloc(cache->shpool, sizeof(ngx_http_deals_zone_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->node = ((uint64_t) ngx_random() << 33) ^ ((uint64_t) ngx_random() << 11)
               ^ (uint64_t) ngx_pid ^ ngx_current_msec;
    sh->seed = ((uint64_t) ngx_random() << 32) ^ (uint64_t) ngx_random()
               ^ (uint64_t) (uintptr_t) sh;

    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_http_deals_zone_insert);
    ngx_queue_init(&sh->queue);

    cache->sh = sh;
    cache->shpool->data = sh;

    /* a full zone is nothing to complain about */

    cache->shpool->log_nomem = 0;

    return NGX_OK;
}


static void
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


static void
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

#if (NGX_DEBUG_MALLOC)
    ngx_http_deals_zone_t   saved = *cache->sh;
#endif

    sh = cache->sh;

    ngx_slab_init(cache->shpool);
    cache->shpool->log_nomem = 0;

    p = ngx_slab_alloc_locked(cache->shpool, sizeof(ngx_http_deals_zone_t));

    if (p != sh) {
        sh->broken = 1;
        return;
    }

#if (NGX_DEBUG_MALLOC)
    *sh = saved;
#endif

    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_http_deals_zone_insert);
    ngx_queue_init(&sh->queue);
}


uint64_t
ngx_http_deals_zone_node(ngx_http_deals_cache_t *cache)
{
    return cache->sh->node;
}


/* --- generations ---------------------------------------------------------- */


static ngx_uint_t
ngx_http_deals_zone_slot(ngx_uint_t site, int64_t deal_id)
{
    uint64_t  h;

    h = ((uint64_t) deal_id + site) * 0x9e3779b97f4a7c15ULL;

    return (ngx_uint_t) (h >> 40) % NGX_HTTP_DEALS_HASHED;
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
        deal = &cache->sh->deals[ngx_http_deals_zone_slot(n, ctx->id)];

        *hard = site->all + deal->hard;
        *soft = deal->soft;

    } else {
        *hard = site->all + site->hard;
        *soft = site->soft;
    }

    ngx_memory_barrier();
}


void
ngx_http_deals_zone_changed(ngx_http_deals_cache_t *cache, ngx_uint_t n,
    ngx_uint_t what, int64_t deal_id)
{
    ngx_http_deals_site_t        *site;
    ngx_http_deals_generation_t  *deal;

    site = &cache->sh->sites[n];
    deal = &cache->sh->deals[ngx_http_deals_zone_slot(n, deal_id)];

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


static ngx_http_deals_entry_t *
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


static ngx_http_deals_entry_t *
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

    return entry;
}


static void
ngx_http_deals_zone_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_entry_t *entry)
{
    ngx_queue_remove(&entry->queue);
    ngx_rbtree_delete(&cache->sh->rbtree, &entry->node);

    if (entry->bytes) {
        ngx_slab_free_locked(cache->shpool, entry->bytes);
    }

    ngx_slab_free_locked(cache->shpool, entry);
}


/* room is made by those that were not used for the longest time */

static void *
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
        p = ngx_slab_alloc_locked(cache->shpool, size);
    }

    return p;
}


/* --- fills ---------------------------------------------------------------- */


/* whether somebody fills it who is still alive */

static ngx_uint_t
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


/* bytes are copied out under the lock; no memory for that: it is not kept */

ngx_http_deals_found_e
ngx_http_deals_zone_find(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t **copy)
{
    ngx_http_deals_cache_t  *cache;
    ngx_http_deals_entry_t  *entry;
    ngx_http_deals_found_e   found;

    cache = keyed->cache;
    *copy = NULL;

    if (cache->sh->broken) {
        return NGX_HTTP_DEALS_PASS_BY;
    }

    ngx_http_deals_zone_lock(cache);

    entry = ngx_http_deals_zone_lookup(cache, keyed);

    if (entry == NULL) {
        entry = ngx_http_deals_zone_add(cache, keyed);

    } else if (entry->key_len != keyed->key_len
               || ngx_memcmp(entry->key, keyed->key, keyed->key_len) != 0)
    {
        /* another key of the same 128 bits */

        entry = NULL;

    } else {
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&cache->sh->queue, &entry->queue);
    }

    if (entry == NULL) {
        ngx_http_deals_zone_unlock(cache);
        return NGX_HTTP_DEALS_PASS_BY;
    }

    found = ngx_http_deals_zone_judge(keyed, entry);

    if (found == NGX_HTTP_DEALS_FILL) {
        ngx_http_deals_zone_begin(keyed, entry);

    } else if (found <= NGX_HTTP_DEALS_STALE) {
        *copy = ngx_http_deals_zone_copy(keyed, entry);

        if (*copy == NULL) {
            found = NGX_HTTP_DEALS_PASS_BY;
        }
    }

    ngx_http_deals_zone_unlock(cache);

    return found;
}


static ngx_http_deals_found_e
ngx_http_deals_zone_judge(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_entry_t *entry)
{
    ngx_uint_t  good, flies, passing;

    flies = ngx_http_deals_zone_flies(entry);

    passing = entry->passing
              && (ngx_msec_int_t) (ngx_current_msec - entry->pass) < 0;

    if (entry->bytes) {
        good = ngx_http_deals_good(entry->bytes, keyed->hard, keyed->soft,
                   ngx_http_deals_zone_ttl(keyed->cache,
                                           keyed->ctx->conf->backend));
        if (good == 2) {
            return NGX_HTTP_DEALS_HIT;
        }

        if (good == 1) {
            return (flies || passing) ? NGX_HTTP_DEALS_UPDATING
                                      : NGX_HTTP_DEALS_FILL;
        }

        /* only while the database is away, or does not answer in time */

        if ((entry->failed && (flies || passing))
            || (ngx_msec_int_t) (ngx_current_msec - keyed->give_up) >= 0)
        {
            return NGX_HTTP_DEALS_STALE;
        }

    } else if (entry->failed && entry->last == keyed->awaited) {

        /* who waited for it shares its failure, and does not try in turn */

        return NGX_HTTP_DEALS_AWAY;

    } else if (passing && !entry->failed) {
        return NGX_HTTP_DEALS_PASS_BY;
    }

    if (flies) {
        keyed->awaited = entry->fill;
    }

    return flies ? NGX_HTTP_DEALS_WAIT : NGX_HTTP_DEALS_FILL;
}


static void
ngx_http_deals_zone_begin(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_entry_t *entry)
{
    keyed->filling = 1;
    keyed->fill = ++keyed->cache->sh->fills;
    keyed->began = ngx_current_msec;

    /* what is read from now on is at least as new as these */

    ngx_http_deals_zone_generations(keyed->cache, keyed->ctx, &keyed->hard,
                                    &keyed->soft);

    entry->fill = keyed->fill;
    entry->filler = ngx_pid;
    entry->dead = ngx_current_msec
                  + ngx_http_deals_patience(keyed->ctx) + 1000;
}


/* the worker may have the same already */

static ngx_http_deals_copy_t *
ngx_http_deals_zone_copy(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_entry_t *entry)
{
    ngx_http_deals_copy_t  *copy;

    copy = ngx_http_deals_local_find(keyed->local, keyed->hash, keyed->key,
                                     keyed->key_len);

    if (copy
        && copy->bytes.fill == entry->bytes->fill
        && copy->bytes.size == entry->bytes->size)
    {
        return copy;
    }

    copy = ngx_http_deals_copy_alloc(entry->bytes->size);

    if (copy) {
        ngx_memcpy(&copy->bytes, entry->bytes, entry->bytes->size);
    }

    return copy;
}


/* whether the request should go on waiting */

ngx_uint_t
ngx_http_deals_zone_in_flight(ngx_http_deals_cache_t *cache,
    ngx_http_deals_keyed_t *keyed)
{
    ngx_uint_t               flies;
    ngx_http_deals_entry_t  *entry;

    ngx_http_deals_zone_lock(cache);

    entry = ngx_http_deals_zone_lookup(cache, keyed);

    flies = entry
            && ngx_http_deals_zone_judge(keyed, entry) == NGX_HTTP_DEALS_WAIT;

    ngx_http_deals_zone_unlock(cache);

    return flies;
}


/* who was replaced meanwhile may still bring what is newer than what is there */

void
ngx_http_deals_zone_store(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_bytes_t *bytes)
{
    ngx_http_deals_bytes_t  *old, *new;
    ngx_http_deals_cache_t  *cache;
    ngx_http_deals_entry_t  *entry;

    cache = keyed->cache;
    keyed->filling = 0;

    ngx_http_deals_zone_lock(cache);

    entry = ngx_http_deals_zone_lookup(cache, keyed);

    if (entry == NULL) {
        entry = ngx_http_deals_zone_add(cache, keyed);

    } else if (entry->key_len != keyed->key_len
               || ngx_memcmp(entry->key, keyed->key, keyed->key_len) != 0)
    {
        entry = NULL;
    }

    if (entry == NULL) {
        goto done;
    }

    old = entry->bytes;

    if (old && (ngx_msec_int_t) (bytes->began - old->began) < 0) {
        goto release;
    }

    /* entries that are filled are not evicted: not this one either */

    if (old) {
        entry->bytes = NULL;
        ngx_slab_free_locked(cache->shpool, old);
    }

    if (!ngx_http_deals_zone_flies(entry)) {
        ngx_http_deals_zone_begin(keyed, entry);
        keyed->filling = 0;
    }

    new = ngx_http_deals_zone_alloc(cache, bytes->size);

    if (new) {
        ngx_memcpy(new, bytes, bytes->size);
        entry->bytes = new;
    }

    entry->failed = 0;
    entry->passing = (new == NULL);
    entry->pass = ngx_current_msec + NGX_HTTP_DEALS_PASS;

release:

    if (entry->fill == keyed->fill) {
        entry->fill = 0;
    }

done:

    ngx_http_deals_zone_unlock(cache);
}


void
ngx_http_deals_zone_release(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_end_e end)
{
    ngx_http_deals_cache_t  *cache;
    ngx_http_deals_entry_t  *entry;

    cache = keyed->cache;
    keyed->filling = 0;

    ngx_http_deals_zone_lock(cache);

    entry = ngx_http_deals_zone_lookup(cache, keyed);

    if (entry == NULL || entry->fill != keyed->fill) {
        goto done;
    }

    entry->fill = 0;

    if (end == NGX_HTTP_DEALS_GIVEN_UP) {
        goto done;
    }

    entry->passing = 1;
    entry->pass = ngx_current_msec + NGX_HTTP_DEALS_PASS;

    if (end == NGX_HTTP_DEALS_FAILED) {
        entry->failed = 1;
        entry->last = keyed->fill;
        keyed->awaited = keyed->fill;
        goto done;
    }

    /* the page is gone; its place is the first to be taken */

    entry->failed = 0;

    if (entry->bytes) {
        ngx_slab_free_locked(cache->shpool, entry->bytes);
        entry->bytes = NULL;
    }

    ngx_queue_remove(&entry->queue);
    ngx_queue_insert_tail(&cache->sh->queue, &entry->queue);

done:

    ngx_http_deals_zone_unlock(cache);
}
