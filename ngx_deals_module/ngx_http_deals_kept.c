
/*
 * What contexts keep for each other in the zone: the hooks `keep` and `kept`.
 * Pieces of bytes under a key, which end after a while; they have a tree and a
 * queue by last use of their own, and their share of the zone, so that neither
 * they nor the pages push the others out.
 *
 * The first zone serves all sites; the database is part of the key. See
 * _cache_zone.c for the lock, and for workers that are killed in it.
 */


#include "ngx_http_deals_cache.h"


#define NGX_HTTP_DEALS_KEPT_SHARE  8    /* one part in so many */


typedef struct {
    ngx_rbtree_node_t            node;          /* key: hash[0] */
    ngx_queue_t                  queue;
    uint64_t                     hash;          /* hash[1] */
    ngx_msec_t                   ends;
    size_t                       takes;         /* of the pool */
    size_t                       len;
    u_char                       data[1];
} ngx_http_deals_piece_t;


static ngx_http_deals_cache_t *ngx_http_deals_kept_cache(
    ngx_http_deals_backend_t *backend);
static void ngx_http_deals_kept_hash(ngx_http_deals_cache_t *cache,
    ngx_http_deals_backend_t *backend, deals_str key, uint64_t *hash);
static size_t ngx_http_deals_kept_takes(size_t size);
static ngx_http_deals_piece_t *ngx_http_deals_kept_lookup(
    ngx_http_deals_cache_t *cache, uint64_t *hash);
static ngx_http_deals_piece_t *ngx_http_deals_kept_add(
    ngx_http_deals_cache_t *cache, uint64_t *hash, size_t size);
static void ngx_http_deals_kept_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_piece_t *piece);


void
ngx_http_deals_kept_init(ngx_http_deals_zone_t *sh)
{
    ngx_rbtree_init(&sh->kept, &sh->kept_sentinel, ngx_rbtree_insert_value);
    ngx_queue_init(&sh->kept_queue);
    sh->kept_size = 0;
}


/* NULL: there is no zone, or none that can be used */

static ngx_http_deals_cache_t *
ngx_http_deals_kept_cache(ngx_http_deals_backend_t *backend)
{
    ngx_shm_zone_t          **zones;
    ngx_http_deals_cache_t   *cache;

    if (backend->caches->nelts == 0) {
        return NULL;
    }

    zones = backend->caches->elts;
    cache = zones[0]->data;

    return cache->sh->broken ? NULL : cache;
}


static void
ngx_http_deals_kept_hash(ngx_http_deals_cache_t *cache,
    ngx_http_deals_backend_t *backend, deals_str key, uint64_t *hash)
{
    const char  *database;

    database = backend->config.database;

    ngx_http_deals_zone_hash(cache, (u_char *) database, ngx_strlen(database),
                             hash);
    ngx_http_deals_hash(hash[0] ^ hash[1], (u_char *) key.data, key.len, hash);
}


/* what the pool gives for it: pages, or a power of two */

static size_t
ngx_http_deals_kept_takes(size_t size)
{
    size_t  takes;

    if (size > ngx_pagesize / 2) {
        return ngx_align(size, ngx_pagesize);
    }

    for (takes = 8; takes < size; takes *= 2) { /* void */ }

    return takes;
}


void
ngx_http_deals_kept_put(ngx_http_deals_backend_t *backend, deals_str key,
    deals_str bytes, int seconds)
{
    size_t                   size;
    uint64_t                 hash[2];
    ngx_http_deals_cache_t  *cache;
    ngx_http_deals_piece_t  *piece;

    cache = ngx_http_deals_kept_cache(backend);

    if (cache == NULL) {
        return;
    }

    ngx_http_deals_kept_hash(cache, backend, key, hash);
    size = offsetof(ngx_http_deals_piece_t, data) + bytes.len;

    ngx_http_deals_zone_lock(cache);

    piece = ngx_http_deals_kept_lookup(cache, hash);

    if (piece && piece->takes != ngx_http_deals_kept_takes(size)) {
        ngx_http_deals_kept_remove(cache, piece);
        piece = NULL;
    }

    if (piece == NULL) {
        piece = ngx_http_deals_kept_add(cache, hash, size);
    }

    if (piece) {
        piece->ends = ngx_current_msec + (ngx_msec_t) seconds * 1000;
        piece->len = bytes.len;
        ngx_memcpy(piece->data, bytes.data, bytes.len);
    }

    ngx_http_deals_zone_unlock(cache);
}


deals_str
ngx_http_deals_kept_get(ngx_http_deals_backend_t *backend, deals_str key,
    deals_arena *arena)
{
    deals_str                bytes;
    uint64_t                 hash[2];
    ngx_http_deals_cache_t  *cache;
    ngx_http_deals_piece_t  *piece;

    bytes = DEALS_NONE;
    cache = ngx_http_deals_kept_cache(backend);

    if (cache == NULL) {
        return bytes;
    }

    ngx_http_deals_kept_hash(cache, backend, key, hash);

    ngx_http_deals_zone_lock(cache);

    piece = ngx_http_deals_kept_lookup(cache, hash);

    if (piece && (ngx_msec_int_t) (piece->ends - ngx_current_msec) <= 0) {
        ngx_http_deals_kept_remove(cache, piece);
        piece = NULL;
    }

    if (piece) {
        bytes.data = (char *) piece->data;
        bytes.len = piece->len;
        bytes = deals_arena_copy(arena, bytes);
    }

    ngx_http_deals_zone_unlock(cache);

    return bytes;
}


/* --- under the lock ------------------------------------------------------- */


/* what is found is used */

static ngx_http_deals_piece_t *
ngx_http_deals_kept_lookup(ngx_http_deals_cache_t *cache, uint64_t *hash)
{
    ngx_rbtree_node_t       *node, *sentinel;
    ngx_http_deals_piece_t  *piece;

    node = cache->sh->kept.root;
    sentinel = cache->sh->kept.sentinel;

    while (node != sentinel && hash[0] != node->key) {
        node = (hash[0] < node->key) ? node->left : node->right;
    }

    if (node == sentinel) {
        return NULL;
    }

    piece = (ngx_http_deals_piece_t *) node;

    /* another key of the same 64 bits makes room for this one */

    if (piece->hash != hash[1]) {
        ngx_http_deals_kept_remove(cache, piece);
        return NULL;
    }

    ngx_queue_remove(&piece->queue);
    ngx_queue_insert_head(&cache->sh->kept_queue, &piece->queue);

    return piece;
}


/* NULL: there is no room */

static ngx_http_deals_piece_t *
ngx_http_deals_kept_add(ngx_http_deals_cache_t *cache, uint64_t *hash,
    size_t size)
{
    size_t                   takes, share;
    ngx_queue_t             *q;
    ngx_http_deals_zone_t   *sh;
    ngx_http_deals_piece_t  *piece;

    sh = cache->sh;
    takes = ngx_http_deals_kept_takes(size);
    share = (size_t) (cache->shpool->end - cache->shpool->start)
            / NGX_HTTP_DEALS_KEPT_SHARE;

    if (takes > share) {
        return NULL;
    }

    while (sh->kept_size + takes > share) {
        q = ngx_queue_last(&sh->kept_queue);
        ngx_http_deals_kept_remove(cache,
                          ngx_queue_data(q, ngx_http_deals_piece_t, queue));
    }

    piece = ngx_http_deals_zone_alloc(cache, size);

    if (piece == NULL) {
        return NULL;
    }

    ngx_memzero(piece, sizeof(ngx_http_deals_piece_t));

    piece->node.key = (ngx_rbtree_key_t) hash[0];
    piece->hash = hash[1];
    piece->takes = takes;

    ngx_rbtree_insert(&sh->kept, &piece->node);
    ngx_queue_insert_head(&sh->kept_queue, &piece->queue);
    sh->kept_size += takes;

    return piece;
}


static void
ngx_http_deals_kept_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_piece_t *piece)
{
    ngx_queue_remove(&piece->queue);
    ngx_rbtree_delete(&cache->sh->kept, &piece->node);
    cache->sh->kept_size -= piece->takes;

    ngx_slab_free_locked(cache->shpool, piece);
}
