
/*
 * Who fills an entry, and what the others do meanwhile: judged and changed under
 * the zone's lock, of which bytes are copied out.
 */


#include "ngx_http_deals_cache.h"


static ngx_http_deals_found_e ngx_http_deals_zone_judge(
    ngx_http_deals_keyed_t *keyed, ngx_http_deals_entry_t *entry);
static void ngx_http_deals_zone_begin(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_entry_t *entry);
static ngx_http_deals_copy_t *ngx_http_deals_zone_copy(
    ngx_http_deals_keyed_t *keyed, ngx_http_deals_entry_t *entry);


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
        ngx_http_deals_status_fills(cache, 1);

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
    ngx_http_deals_status_fills(cache, -1);

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
    ngx_http_deals_status_fills(cache, -1);

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
