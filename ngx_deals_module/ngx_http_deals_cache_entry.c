
/*
 * The entries of the zone, all under its lock. They stand in a tree by hash and
 * in a queue by last use; an entry knows who fills it.
 */


#include "ngx_http_deals_cache.h"

#include <signal.h>


#define NGX_HTTP_DEALS_EVICT  64        /* at most, for one that comes in */


static void ngx_http_deals_zone_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static void ngx_http_deals_zone_remove(ngx_http_deals_cache_t *cache,
    ngx_http_deals_entry_t *entry);


void
ngx_http_deals_entries_init(ngx_http_deals_zone_t *sh)
{
    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_http_deals_zone_insert);
    ngx_queue_init(&sh->queue);
    sh->entries = 0;
}


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
