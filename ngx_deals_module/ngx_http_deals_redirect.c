
/*
 * Where to go on: redirects, and the address of what was made.
 */


#include "ngx_http_deals_module.h"


/* to a path of this server (NULL: no memory); what can't stand in a header is
 * encoded */

ngx_int_t
ngx_http_deals_redirect(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const char *path)
{
    u_char               ch, *p;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    static const u_char  hex[] = "0123456789ABCDEF";

    r = ctx->request;

    if (path == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_pnalloc(r->pool, 3 * ngx_strlen(path) + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h = ngx_http_deals_push_header(r, "Location");
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->value.data = p;

    for ( /* void */ ; *path; path++) {
        ch = (u_char) *path;

        if (ch > 0x20 && ch < 0x7f && ngx_strchr("\"<>\\^`{|}", ch) == NULL) {
            *p++ = ch;
            continue;
        }

        *p++ = '%';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 0xf];
    }

    h->value.len = p - h->value.data;
    r->headers_out.location = h;

    return ngx_http_deals_send_empty(ctx, status);
}


/* 303 to a path of this mount */

ngx_int_t
ngx_http_deals_to(ngx_http_deals_ctx_t *ctx, const char *path)
{
    if (path == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    path = deals_arena_printf(ctx->arena, "%.*s%s",
                              (int) ctx->conf->prefix.len,
                              ctx->conf->prefix.data, path);

    return ngx_http_deals_redirect(ctx, NGX_HTTP_SEE_OTHER, path);
}


/* of what was created, under the mount; path NULL: no memory */

ngx_int_t
ngx_http_deals_location(ngx_http_deals_ctx_t *ctx, const char *path)
{
    char    *p;
    size_t   len;

    if (path == NULL) {
        return NGX_ERROR;
    }

    len = ctx->conf->prefix.len + ngx_strlen(path);

    p = ngx_pnalloc(ctx->request->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf((u_char *) p, "%V%s", &ctx->conf->prefix, path) = '\0';

    return ngx_http_deals_set_header(ctx, "Location", p);
}
