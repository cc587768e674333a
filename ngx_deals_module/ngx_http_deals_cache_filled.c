
/*
 * How a request ends that fills an entry: with an answer for everybody, with one
 * that cannot be kept, or with none.
 */


#include "ngx_http_deals_cache.h"


/* the page of members is being made: with holes, see deals_draft */

ngx_uint_t
ngx_http_deals_cache_drafts(ngx_http_deals_ctx_t *ctx)
{
    return ctx->keyed && ctx->keyed->member && ctx->keyed->filling;
}


/*
 * The answer to a request that fills: it is kept, and sent from what is kept.
 * NGX_DECLINED: it is not, and must be sent as it is; a draft can't.
 */

ngx_int_t
ngx_http_deals_cache_filled(ngx_http_deals_ctx_t *ctx, const char *type,
    deals_str bytes)
{
    ngx_http_deals_copy_t   *copy;
    ngx_http_deals_keyed_t  *keyed;

    keyed = ctx->keyed;

    if (keyed == NULL || !keyed->filling) {
        return NGX_DECLINED;
    }

    /* whatever might come here one day: these are nobody's private bytes */

    if (ctx->asker.token.data
        || ((ctx->cookie || ctx->bearer) && !keyed->aside)
        || ctx->signed_in || ctx->no_store
        || ngx_http_deals_viewer(ctx))
    {
        ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, 0,
                      "a private page was about to be kept");
        return NGX_DECLINED;
    }

    copy = ngx_http_deals_copy_make(keyed, type, bytes);

    if (copy == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_deals_zone_store(keyed, &copy->bytes);
    ngx_http_deals_local_landed(keyed);
    ngx_http_deals_member_back(keyed);

    return ngx_http_deals_cache_keep(keyed, copy, NGX_HTTP_DEALS_MISS);
}


/*
 * The request ends otherwise. `status` is that of its answer; 0: there is
 * none.
 */

void
ngx_http_deals_cache_end(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    ngx_http_deals_end_e     end;
    ngx_http_deals_keyed_t  *keyed;

    keyed = ctx->keyed;

    if (keyed == NULL) {
        return;
    }

    if (keyed->waiting) {
        ngx_http_deals_local_leave(keyed);
    }

    if (!keyed->filling) {
        return;
    }

    end = status == 0 ? NGX_HTTP_DEALS_GIVEN_UP
          : status >= NGX_HTTP_INTERNAL_SERVER_ERROR ? NGX_HTTP_DEALS_FAILED
          : NGX_HTTP_DEALS_NOT_KEPT;

    ngx_http_deals_zone_release(keyed, end);
    ngx_http_deals_local_landed(keyed);
    ngx_http_deals_member_back(keyed);
}


/*
 * The page of all members can't be had, or is none for this one: it is made for
 * who asks alone. Returns what a handler does.
 */

ngx_int_t
ngx_http_deals_cache_alone(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_cache_end(ctx, NGX_HTTP_NOT_FOUND);

    ctx->keyed = NULL;
    ctx->cache_status = NGX_HTTP_DEALS_BYPASS;
    ngx_memzero(&ctx->page, sizeof(deals_page));

    return ngx_http_deals_run(ctx);
}


/*
 * The fill failed. If the database is away, what was kept before is better than
 * nothing; what all members can't see one of them may. NGX_DECLINED: there is
 * nothing.
 */

ngx_int_t
ngx_http_deals_cache_failed(ngx_http_deals_ctx_t *ctx, deals_code code)
{
    ngx_http_deals_copy_t   *copy;
    ngx_http_deals_found_e   found;
    ngx_http_deals_keyed_t  *keyed;

    keyed = ctx->keyed;

    if (keyed == NULL) {
        return NGX_DECLINED;
    }

    if (code != DEALS_UNAVAILABLE && code != DEALS_TIMEOUT) {
        return ngx_http_deals_cache_drafts(ctx)
               ? ngx_http_deals_cache_alone(ctx) : NGX_DECLINED;
    }

    ngx_http_deals_cache_end(ctx, NGX_HTTP_SERVICE_UNAVAILABLE);

    found = ngx_http_deals_zone_find(keyed, &copy);

    if (found <= NGX_HTTP_DEALS_STALE) {
        return ngx_http_deals_cache_found(keyed, copy, found);
    }

    ngx_http_deals_cache_end(ctx, NGX_HTTP_SERVICE_UNAVAILABLE);

    return NGX_DECLINED;
}
