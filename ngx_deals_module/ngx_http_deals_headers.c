
/*
 * The headers that every answer has, and the cookie.
 */


#include "ngx_http_deals_module.h"


#define NGX_HTTP_DEALS_CSP                                                    \
    "default-src 'self'; object-src 'none'; base-uri 'none'; "                \
    "form-action 'self'; frame-ancestors 'none'"


/* those that are the same whatever is answered */

#define header(name, text)                                                    \
    { .hash = 1, .key = ngx_string(name), .value = ngx_string(text) }

static const ngx_table_elt_t  ngx_http_deals_same[] = {
    header("Vary", "Cookie, Authorization, Accept-Encoding"),
    header("Content-Security-Policy", NGX_HTTP_DEALS_CSP),
    header("X-Content-Type-Options", "nosniff"),
    header("X-Frame-Options", "DENY"),
    header("Referrer-Policy", "same-origin"),
    header("Cross-Origin-Opener-Policy", "same-origin"),
    header("Cross-Origin-Resource-Policy", "same-origin")
};

#undef header


static ngx_int_t ngx_http_deals_same_headers(ngx_http_request_t *r);
static const char *ngx_http_deals_cache_control(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);


ngx_int_t
ngx_http_deals_set_header(ngx_http_deals_ctx_t *ctx, const char *name,
    const char *value)
{
    return ngx_http_deals_add_header(ctx->request, name, value);
}


ngx_int_t
ngx_http_deals_add_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_deals_push_header(r, name);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


/* what follows is */

ngx_int_t
ngx_http_deals_is_gzip(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_http_deals_push_header(r, "Content-Encoding");
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->value, "gzip");
    r->headers_out.content_encoding = h;

    return NGX_OK;
}


/* the headers of every answer; no tag: NULL, or empty */

ngx_int_t
ngx_http_deals_headers(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    ngx_str_t *tag)
{
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_deals_cache_end(ctx, status);
    ngx_http_deals_event(ctx, status);

    r->headers_out.status = status;

    if (tag && tag->len) {
        h = ngx_http_deals_push_header(r, "ETag");
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->value = *tag;
        r->headers_out.etag = h;
    }

    /* "If-None-Match: *" is met by what has no tag, says nginx */

    r->disable_not_modified = (r->headers_out.etag == NULL);

    if (status == 422) {

        /* which nginx has no words for */

        ngx_str_set(&r->headers_out.status_line, "422 Unprocessable Content");
    }

    if (ctx->cookie
        && !ctx->signed_in
        && ctx->call
        && deals_call_is_done(ctx->call)
        && deals_call_viewer_bad(ctx->call)
        && ngx_http_deals_set_cookie(ctx, DEALS_NONE, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_deals_set_header(ctx, "Cache-Control",
                                  ngx_http_deals_cache_control(ctx, status))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_deals_same_headers(r);
}


static ngx_int_t
ngx_http_deals_same_headers(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    for (i = 0; i < sizeof(ngx_http_deals_same)
                    / sizeof(ngx_http_deals_same[0]); i++)
    {
        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_deals_same[i];
    }

    return NGX_OK;
}


static const char *
ngx_http_deals_cache_control(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    if (ctx->route == NULL
        || ctx->no_store
        || status >= NGX_HTTP_BAD_REQUEST
        || ctx->route->cache == NGX_HTTP_DEALS_NO_STORE)
    {
        return "no-store";
    }

    if (ctx->route->cache == NGX_HTTP_DEALS_IMMUTABLE && !ctx->stale) {
        return "public, max-age=31536000, immutable";
    }

    return (ctx->cookie || ctx->bearer) ? "private, no-cache"
                                        : "public, no-cache";
}


/* token absent: the cookie is cleared, and with it the pages that a browser
 * has kept for this member */

ngx_int_t
ngx_http_deals_set_cookie(ngx_http_deals_ctx_t *ctx, deals_str token,
    int64_t expires_at)
{
    u_char              *p;
    int64_t              age;
    ngx_str_t           *prefix, *name;
    ngx_uint_t           https;
    ngx_http_request_t  *r;

    r = ctx->request;
    name = &ctx->conf->cookie;
    prefix = &ctx->conf->prefix;

    https = (name->data[0] == '_');
    age = token.data ? expires_at - ngx_time() : 0;

    p = ngx_pnalloc(r->pool, name->len + token.len + prefix->len
                             + NGX_INT64_LEN
                             + sizeof("=; Path=/; Max-Age=; HttpOnly; "
                                      "SameSite=Lax; Secure"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* __Host- cookies are for all of a host */

    *ngx_sprintf(p, "%V=%*s; Path=%*s/; Max-Age=%L; HttpOnly; SameSite=Lax%s",
                 name, token.len, token.data ? token.data : "",
                 https ? (size_t) 0 : prefix->len, prefix->data,
                 (int64_t) ngx_max(age, 0), https ? "; Secure" : "")
        = '\0';

    ctx->signed_in = 1;

    if (token.data == NULL
        && ngx_http_deals_set_header(ctx, "Clear-Site-Data", "\"cache\"")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_deals_set_header(ctx, "Set-Cookie", (char *) p);
}
