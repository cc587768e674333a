
/*
 * Files that are part of the module: style sheet, script, icons, the API's
 * description; and what browsers and robots ask of a host's root.
 */


#include "ngx_http_deals_module.h"

#include "view/builtin.h"


static const deals_static_file *ngx_http_deals_find_file(deals_str name);
static ngx_int_t ngx_http_deals_send_file(ngx_http_deals_ctx_t *ctx,
    deals_str name);


static const deals_static_file *
ngx_http_deals_find_file(deals_str name)
{
    size_t  i;

    for (i = 0; i < deals_builtin_nstatic; i++) {
        if (deals_str_eq(name, deals_str_of(deals_builtin_static[i].name))) {
            return &deals_builtin_static[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_deals_send_file(ngx_http_deals_ctx_t *ctx, deals_str name)
{
    deals_str                 bytes;
    const deals_static_file  *file;

    file = ngx_http_deals_find_file(name);

    if (file == NULL) {
        return ngx_http_deals_fail(ctx, DEALS_NOT_FOUND,
                                   "There is no such file.");
    }

    ctx->outcome = "ok";
    bytes = file->bytes;

#if (NGX_HTTP_GZIP)

    if (file->gzip.len && ngx_http_gzip_ok(ctx->request) == NGX_OK) {

        if (ngx_http_deals_is_gzip(ctx->request) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        bytes = file->gzip;
    }

#endif

    return ngx_http_deals_send_memory(ctx, NGX_HTTP_OK, file->type, bytes);
}


/*
 * While nodes or workers change to a new version, a page of one may ask another
 * for its files. The answer must not stay in a cache for good.
 */

ngx_int_t
ngx_http_deals_static(ngx_http_deals_ctx_t *ctx)
{
    ctx->stale = !deals_str_eq(ctx->hash, deals_str_of(deals_builtin_hash));

    return ngx_http_deals_send_file(ctx, ctx->name);
}


/* of the host, thus only where the host is ours */

ngx_int_t
ngx_http_deals_favicon(ngx_http_deals_ctx_t *ctx)
{
    if (ctx->conf->prefix.len) {
        return ngx_http_deals_fail(ctx, DEALS_NOT_FOUND,
                                   "There is nothing at this address.");
    }

    return ngx_http_deals_send_file(ctx, DEALS_STR("icon.svg"));
}


ngx_int_t
ngx_http_deals_robots(ngx_http_deals_ctx_t *ctx)
{
    static const char  robots[] =
        "User-agent: *\n"
        "Disallow: /api/\n"
        "Disallow: /login\n"
        "Disallow: /signup\n"
        "Disallow: /submit\n"
        "Disallow: /deals/*/-/\n";

    if (ctx->conf->prefix.len) {
        return ngx_http_deals_fail(ctx, DEALS_NOT_FOUND,
                                   "There is nothing at this address.");
    }

    ctx->outcome = "ok";

    return ngx_http_deals_send_memory(ctx, NGX_HTTP_OK, "text/plain",
                                      deals_str_of(robots));
}


ngx_int_t
ngx_http_deals_openapi(ngx_http_deals_ctx_t *ctx)
{
    deals_str  text;

    text.data = (char *) ctx->conf->openapi.data;
    text.len = ctx->conf->openapi.len;

    ctx->outcome = "ok";

    return ngx_http_deals_send_memory(ctx, NGX_HTTP_OK, "application/json",
                                      text);
}


/* the address of this mount takes the place of the first "/api/v1" */

ngx_int_t
ngx_http_deals_init_openapi(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *dlcf)
{
    u_char    *p, *at;
    deals_str  text;

    text = deals_builtin_openapi;

    at = ngx_strlcasestrn((u_char *) text.data,
                          (u_char *) text.data + text.len,
                          (u_char *) "\"/api/v1\"",
                          sizeof("\"/api/v1\"") - 2);
    if (at == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "openapi.json names no server \"/api/v1\"");
        return NGX_ERROR;
    }

    dlcf->openapi.len = text.len + dlcf->url.len + dlcf->prefix.len;

    p = ngx_pnalloc(cf->pool, dlcf->openapi.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    dlcf->openapi.data = p;

    at++;
    p = ngx_cpymem(p, text.data, at - (u_char *) text.data);
    p = ngx_cpymem(p, dlcf->url.data, dlcf->url.len);
    p = ngx_cpymem(p, dlcf->prefix.data, dlcf->prefix.len);
    ngx_memcpy(p, at, (u_char *) text.data + text.len - at);

    return NGX_OK;
}
