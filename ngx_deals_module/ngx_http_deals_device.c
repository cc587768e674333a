
/*
 * The cookie by which a browser is known that somebody signed in with: it says
 * who, and is looked at when somebody signs in, and never else.
 */


#include "ngx_http_deals_module.h"

#include "core/device.h"


/*
 * As the session's cookie is named, but with a "_": no mount's session has that
 * in this place.
 */

ngx_int_t
ngx_http_deals_name_device(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *conf)
{
    u_char  *p;
    size_t   base;

    base = conf->cookie.data[0] == '_' ? sizeof("__Host-deals") - 1
                                       : sizeof("deals") - 1;

    conf->device.len = conf->cookie.len + sizeof("_device") - 1;
    conf->device.data = ngx_pnalloc(cf->pool, conf->device.len);
    if (conf->device.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(conf->device.data, conf->cookie.data, base);
    p = ngx_cpymem(p, "_device", sizeof("_device") - 1);
    ngx_memcpy(p, conf->cookie.data + base, conf->cookie.len - base);

    return NGX_OK;
}


void
ngx_http_deals_read_device(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = ctx->request;
    ngx_str_null(&value);

#if (nginx_version >= 1023000)

    if (ngx_http_parse_multi_header_lines(r, r->headers_in.cookie,
                                          &ctx->conf->device, &value)
        == NULL)
    {
        return;
    }

#else

    if (ngx_http_parse_multi_header_lines(&r->headers_in.cookies,
                                          &ctx->conf->device, &value)
        == NGX_DECLINED)
    {
        return;
    }

#endif

    if (value.len) {
        ctx->asker.device.data = (char *) value.data;
        ctx->asker.device.len = value.len;
    }
}


/* it outlives the session, and says nothing to anybody but us; absent: what the
 * browser has stays */

ngx_int_t
ngx_http_deals_set_device(ngx_http_deals_ctx_t *ctx, deals_str device)
{
    u_char      *p;
    ngx_str_t   *prefix, *name;
    ngx_uint_t   https;

    if (device.data == NULL) {
        return NGX_OK;
    }

    name = &ctx->conf->device;
    prefix = &ctx->conf->prefix;
    https = (name->data[0] == '_');

    p = ngx_pnalloc(ctx->request->pool,
                    name->len + device.len + prefix->len + NGX_INT64_LEN
                    + sizeof("=; Path=/; Max-Age=; HttpOnly; SameSite=Lax; "
                             "Secure"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_sprintf(p, "%V=%*s; Path=%*s/; Max-Age=%d; HttpOnly; "
                 "SameSite=Lax%s", name, device.len, device.data,
                 https ? (size_t) 0 : prefix->len, prefix->data,
                 DEALS_DEVICE_LIFE, https ? "; Secure" : "")
        = '\0';

    return ngx_http_deals_set_header(ctx, "Set-Cookie", (char *) p);
}
