
/*
 * What a page depends on, as bytes: the mount, whether it is the page of
 * strangers or that of members, the route, what the address names, and those
 * inputs of the query that the route knows, checked and in one form. Never the
 * address as it came, nor Host.
 */


#include "ngx_http_deals_cache.h"


static ngx_int_t ngx_http_deals_key_query(ngx_http_deals_ctx_t *ctx);


/* NGX_DECLINED: it has none; what is wrong the handler will tell */

ngx_int_t
ngx_http_deals_cache_key(ngx_http_deals_ctx_t *ctx, ngx_uint_t member,
    u_char *key, size_t *len)
{
    u_char                         fixed[5], *p;
    ngx_http_deals_inputs_t       *in;
    const ngx_http_deals_route_t  *route;

    route = ctx->route;
    in = &ctx->inputs;

    if (ngx_http_deals_key_query(ctx) != NGX_OK
        || route->name.len + ctx->name.len + in->cursor.len
           > NGX_HTTP_DEALS_KEY - 16 - 8 - 2 - sizeof(fixed) - 1)
    {
        return NGX_DECLINED;
    }

    fixed[0] = (u_char) in->sort;
    fixed[1] = (u_char) in->window;
    fixed[2] = (u_char) in->limit;
    fixed[3] = (u_char) route->name.len;
    fixed[4] = (u_char) member;

    p = ngx_cpymem(key, ctx->conf->digest, 16);
    p = ngx_cpymem(p, fixed, sizeof(fixed));
    p = ngx_cpymem(p, route->name.data, route->name.len);
    p = ngx_cpymem(p, &ctx->id, sizeof(ctx->id));
    *p++ = (u_char) ctx->name.len;
    *p++ = (u_char) (ctx->name.len >> 8);

    if (ctx->name.len) {
        p = ngx_cpymem(p, ctx->name.data, ctx->name.len);
    }

    if (in->cursor.len) {
        p = ngx_cpymem(p, in->cursor.data, in->cursor.len);
    }

    *len = p - key;

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_key_query(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t                inputs;
    ngx_http_deals_query_t    query;
    ngx_http_deals_inputs_t  *in;

    in = &ctx->inputs;
    inputs = ctx->route->inputs;

    if (ctx->request->args.len == 0 || inputs == 0) {
        return NGX_OK;
    }

    if (ngx_http_deals_begin(ctx) != NGX_OK
        || ngx_http_deals_read_query(ctx, &query) != 0)
    {
        return NGX_DECLINED;
    }

    if (inputs & NGX_HTTP_DEALS_IN_CURSOR) {
        in->cursor = query.cursor;
    }

    if (inputs & NGX_HTTP_DEALS_IN_SORT) {
        if (deals_str_eq(query.sort, DEALS_STR("new"))) {
            in->sort = DEALS_NEW;

        } else if (deals_str_eq(query.sort, DEALS_STR("top"))) {
            in->sort = DEALS_TOP;

        } else if (query.sort.len && !deals_str_eq(query.sort,
                                                   DEALS_STR("hot")))
        {
            return NGX_DECLINED;
        }
    }

    if ((inputs & NGX_HTTP_DEALS_IN_WINDOW)
        && ngx_http_deals_find_window(query.window, &in->window) != 0)
    {
        return NGX_DECLINED;
    }

    if ((inputs & NGX_HTTP_DEALS_IN_SORT) && in->sort != DEALS_TOP) {
        in->window = DEALS_DAY;
    }

    if ((inputs & NGX_HTTP_DEALS_IN_LIMIT) && query.limit != DEALS_NULL_INT) {
        if (query.limit < 1 || query.limit > 100) {
            return NGX_DECLINED;
        }

        in->limit = query.limit == 25 ? 0 : query.limit;
    }

    return NGX_OK;
}
