
/*
 * Generations: counters in the zone that say what has changed, and whether bytes
 * that were made before are still good. They are read without the lock.
 */


#include "ngx_http_deals_cache.h"


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
