
/*
 * A request's way through the cache: from the worker's copies, from the zone,
 * waiting for who fills the entry, or filling it.
 */


#include "ngx_http_deals_cache.h"


/* whose page a request asks for */

typedef enum {
    NGX_HTTP_DEALS_STRANGER = 0,
    NGX_HTTP_DEALS_MEMBER,
    NGX_HTTP_DEALS_ONE_ALONE        /* nobody else's */
} ngx_http_deals_audience_e;


static ngx_http_deals_audience_e ngx_http_deals_cache_audience(
    ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_cache_go(ngx_http_deals_keyed_t *keyed);
static ngx_int_t ngx_http_deals_cache_wait(ngx_http_deals_keyed_t *keyed);
static ngx_int_t ngx_http_deals_cache_local(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_cache_t *cache, ngx_http_deals_local_t *local,
    uint64_t *hash, u_char *key, size_t len);
static ngx_int_t ngx_http_deals_cache_send(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status);


/*
 * NGX_DECLINED: nothing ready; goes on with the handler of the route or, if
 * ctx->keyed is set, with ngx_http_deals_cache_enter().
 */

ngx_int_t
ngx_http_deals_cache_handler(ngx_http_deals_ctx_t *ctx)
{
    size_t                      len;
    u_char                      key[NGX_HTTP_DEALS_KEY];
    uint64_t                    hash[2];
    ngx_int_t                   rc;
    ngx_http_deals_cache_t     *cache;
    ngx_http_deals_keyed_t     *keyed;
    ngx_http_deals_local_t     *local;
    ngx_http_deals_audience_e   audience;

    ctx->cache_status = NGX_HTTP_DEALS_BYPASS;

    if (ctx->route == NULL
        || ctx->route->scope == NGX_HTTP_DEALS_OF_NOTHING
        || ctx->conf->cache == NULL)
    {
        return NGX_DECLINED;
    }

    audience = ngx_http_deals_cache_audience(ctx);

    if (audience == NGX_HTTP_DEALS_ONE_ALONE
        || ngx_http_deals_cache_key(ctx, audience, key, &len) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    cache = ctx->conf->cache->data;
    local = ngx_http_deals_local(cache);

    if (local == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_deals_zone_hash(cache, key, len, hash);

    rc = ngx_http_deals_cache_local(ctx, cache, local, hash, key, len);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    keyed = ngx_pcalloc(ctx->request->pool,
                        sizeof(ngx_http_deals_keyed_t) + len);
    if (keyed == NULL) {
        return NGX_DECLINED;
    }

    keyed->ctx = ctx;
    keyed->cache = cache;
    keyed->local = local;
    keyed->member = (audience == NGX_HTTP_DEALS_MEMBER);
    keyed->hash[0] = hash[0];
    keyed->hash[1] = hash[1];
    keyed->give_up = ngx_current_msec + ngx_http_deals_patience(ctx);
    ctx->give_up = keyed->give_up;
    keyed->key_len = len;
    ngx_memcpy(keyed->key, key, len);

    ngx_http_deals_zone_generations(cache, ctx, &keyed->hard, &keyed->soft);

    ctx->keyed = keyed;

    return NGX_DECLINED;
}


/*
 * Private bytes can't get into the zone: strangers have no credentials, and who
 * fills the page of members puts his aside. What is no credential of ours counts
 * as one too, but nobody can be known by it.
 */

static ngx_http_deals_audience_e
ngx_http_deals_cache_audience(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_DEALS_ONE_ALONE;
    }

    if (r->headers_in.authorization) {
        return ctx->api && ngx_http_deals_member_asks(ctx) == NGX_OK
               ? NGX_HTTP_DEALS_MEMBER : NGX_HTTP_DEALS_ONE_ALONE;
    }

#if (nginx_version >= 1023000)
    if (r->headers_in.cookie == NULL) {
        return NGX_HTTP_DEALS_STRANGER;
    }
#else
    if (r->headers_in.cookies.nelts == 0) {
        return NGX_HTTP_DEALS_STRANGER;
    }
#endif

    if (!ngx_http_deals_has_cookie(ctx)) {
        return NGX_HTTP_DEALS_STRANGER;
    }

    return ngx_http_deals_member_asks(ctx) == NGX_OK
           ? NGX_HTTP_DEALS_MEMBER : NGX_HTTP_DEALS_ONE_ALONE;
}


/* no lock is taken here */

static ngx_int_t
ngx_http_deals_cache_local(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_cache_t *cache, ngx_http_deals_local_t *local,
    uint64_t *hash, u_char *key, size_t len)
{
    uint64_t                hard, soft;
    ngx_int_t               rc;
    ngx_http_deals_copy_t  *copy;

    copy = ngx_http_deals_local_find(local, hash, key, len);

    if (copy == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_deals_zone_generations(cache, ctx, &hard, &soft);

    if (ngx_http_deals_good(&copy->bytes, hard, soft,
                            ngx_http_deals_zone_ttl(cache,
                                                    ctx->conf->backend))
        != 2)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_discard_request_body(ctx->request);

    if (rc != NGX_OK) {
        return rc;
    }

    if (copy->bytes.draft) {
        return ngx_http_deals_member_now(ctx, copy, "HIT");
    }

    ctx->cache_status = "HIT";
    ctx->outcome = "ok";

    return ngx_http_deals_copy_send(ctx, copy);
}


static ngx_int_t
ngx_http_deals_cache_send(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status)
{
    ngx_http_deals_ctx_t  *ctx;

    ctx = keyed->ctx;

    if (keyed->member) {
        return ngx_http_deals_member_send(keyed, copy, status);
    }

    ctx->cache_status = status;

    if (ctx->outcome == NULL) {
        ctx->outcome = "ok";
    }

    return ngx_http_deals_copy_send(ctx, copy);
}


/* a copy that has just been made, or that the worker has already */

ngx_int_t
ngx_http_deals_cache_keep(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status)
{
    ngx_int_t  rc;

    if (!copy->kept) {
        ngx_http_deals_local_keep(keyed->local, copy);
    }

    rc = ngx_http_deals_cache_send(keyed, copy, status);

    /* too large to be kept, and nothing was sent of it */

    if (copy->refs == 0 && !copy->kept) {
        ngx_free(copy);
    }

    return rc;
}


/* one that the zone had: with NGX_HTTP_DEALS_STALE at most */

ngx_int_t
ngx_http_deals_cache_found(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, ngx_http_deals_found_e found)
{
    static const char  *names[] = { "HIT", "UPDATING", "STALE" };

    return ngx_http_deals_cache_keep(keyed, copy, names[found]);
}


/* the request has its arena and its cleanup; returns what a handler does */

ngx_int_t
ngx_http_deals_cache_enter(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_cache_go(ctx->keyed);
}


static ngx_int_t
ngx_http_deals_cache_go(ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_ctx_t   *ctx;
    ngx_http_deals_copy_t  *copy;
    ngx_http_deals_found_e  found;

    ctx = keyed->ctx;
    ctx->cache_status = NGX_HTTP_DEALS_MISS;

    found = ngx_http_deals_zone_find(keyed, &copy);

    switch (found) {

    case NGX_HTTP_DEALS_HIT:
    case NGX_HTTP_DEALS_UPDATING:
    case NGX_HTTP_DEALS_STALE:
        return ngx_http_deals_cache_found(keyed, copy, found);

    case NGX_HTTP_DEALS_WAIT:
        return ngx_http_deals_cache_wait(keyed);

    case NGX_HTTP_DEALS_AWAY:
        ctx->keyed = NULL;
        return ngx_http_deals_fail(ctx, DEALS_UNAVAILABLE,
                                   "The database cannot be reached.");

    case NGX_HTTP_DEALS_PASS_BY:
        if (keyed->member) {
            return ngx_http_deals_cache_alone(ctx);
        }

        ctx->keyed = NULL;
        break;

    default: /* NGX_HTTP_DEALS_FILL */
        ngx_http_deals_member_aside(keyed);
        break;
    }

    return ngx_http_deals_run(ctx);
}


static ngx_int_t
ngx_http_deals_cache_wait(ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_ctx_t  *ctx;
    ngx_http_request_t    *r;

    ctx = keyed->ctx;
    r = ctx->request;

    if ((ngx_msec_int_t) (ngx_current_msec - keyed->give_up) >= 0) {
        return ngx_http_deals_fail(ctx, DEALS_TIMEOUT,
                                   "This took too long. Please try again.");
    }

    if (ngx_http_deals_local_wait(keyed) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    return NGX_DONE;
}


/* from a clean stack, when an entry was filled or given up */

void
ngx_http_deals_cache_resume(ngx_http_deals_keyed_t *keyed)
{
    ngx_int_t                rc;
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_deals_copy_t   *copy;

    r = keyed->ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    /* a copy that is good enough for when this request came */

    copy = ngx_http_deals_local_find(keyed->local, keyed->hash, keyed->key,
                                     keyed->key_len);

    if (copy
        && ngx_http_deals_good(&copy->bytes, keyed->hard, keyed->soft,
                               ngx_http_deals_zone_ttl(keyed->cache,
                                                   keyed->ctx->conf->backend))
           == 2)
    {
        rc = ngx_http_deals_cache_send(keyed, copy, "HIT");

    } else {
        rc = ngx_http_deals_cache_go(keyed);
    }

    if (rc == NGX_DONE) {
        return;
    }

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}
