
/*
 * Who asks, and from where: tokens, the origin of unsafe requests, addresses to
 * return to.
 */


#include "ngx_http_deals_module.h"

#include "base/utf8.h"


#define NGX_HTTP_DEALS_AGENT  200


static ngx_int_t ngx_http_deals_cookie(ngx_http_deals_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_deals_origin(ngx_http_deals_ctx_t *ctx,
    ngx_str_t *origin);


ngx_int_t
ngx_http_deals_asker(ngx_http_deals_ctx_t *ctx)
{
    deals_str            agent;
    ngx_str_t            token;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->route && ctx->route->kind == NGX_HTTP_DEALS_FILE) {
        return NGX_OK;
    }

    ctx->asker.address.data = (char *) r->connection->addr_text.data;
    ctx->asker.address.len = r->connection->addr_text.len;

    /* JSON has no texts for pages */

    ctx->asker.data_only = ctx->api;

    if (r->headers_in.user_agent) {
        agent.data = (char *) r->headers_in.user_agent->value.data;
        agent.len = r->headers_in.user_agent->value.len;

        if (deals_utf8_valid(agent)) {
            ctx->asker.user_agent = deals_utf8_cut(agent,
                                                   NGX_HTTP_DEALS_AGENT);
        }
    }

    if (ctx->api
        && r->headers_in.authorization
        && r->headers_in.authorization->value.len >= sizeof("Bearer") - 1
        && ngx_strncasecmp(r->headers_in.authorization->value.data,
                           (u_char *) "Bearer", sizeof("Bearer") - 1)
           == 0
        && (r->headers_in.authorization->value.len == sizeof("Bearer") - 1
            || r->headers_in.authorization->value.data[sizeof("Bearer") - 1]
               == ' '))
    {
        /* without a token it is a bad one */

        token = r->headers_in.authorization->value;
        token.data += sizeof("Bearer") - 1;
        token.len -= sizeof("Bearer") - 1;

        while (token.len && *token.data == ' ') {
            token.data++;
            token.len--;
        }

        ctx->bearer = 1;
        ctx->asker.strict = 1;

        /* an access token is good here alone, never as a cookie */

        ctx->asker.needs = ctx->route ? ctx->route->needs : DEALS_SCOPE_ANY;

    } else if (ngx_http_deals_cookie(ctx, &token) == NGX_OK) {
        ctx->cookie = 1;

    } else {
        return NGX_OK;
    }

    ctx->asker.token.data = (char *) token.data;
    ctx->asker.token.len = token.len;

    return NGX_OK;
}


/* what is created under it, and created again, is created once */

void
ngx_http_deals_idempotency_key(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t  *key;

    key = ngx_http_deals_header(ctx->request, "idempotency-key",
                                sizeof("idempotency-key") - 1);
    if (key) {
        ctx->asker.idempotency_key.data = (char *) key->data;
        ctx->asker.idempotency_key.len = key->len;
    }
}


ngx_uint_t
ngx_http_deals_has_cookie(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t  value;

    return ngx_http_deals_cookie(ctx, &value) == NGX_OK;
}


static ngx_int_t
ngx_http_deals_cookie(ngx_http_deals_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_request_t  *r;

    r = ctx->request;

#if (nginx_version >= 1023000)

    if (ngx_http_parse_multi_header_lines(r, r->headers_in.cookie,
                                          &ctx->conf->cookie, value)
        == NULL)
    {
        return NGX_DECLINED;
    }

#else

    if (ngx_http_parse_multi_header_lines(&r->headers_in.cookies,
                                          &ctx->conf->cookie, value)
        == NGX_DECLINED)
    {
        return NGX_DECLINED;
    }

#endif

    return value->len ? NGX_OK : NGX_DECLINED;
}


/*
 * Unsafe requests by cookie or form must come from our own pages: the browser
 * says so in Sec-Fetch-Site, an older one in Origin. A Bearer token is nothing
 * that a browser adds by itself. Neither is JSON without a cookie; but a browser
 * that sends it for a foreign page is refused all the same, because an answer
 * may set the cookie.
 */

ngx_int_t
ngx_http_deals_same_origin(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t           *site, *origin;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->bearer
        || (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)))
    {
        return NGX_OK;
    }

    site = ngx_http_deals_header(r, "sec-fetch-site",
                                 sizeof("sec-fetch-site") - 1);

    if (site && site->len == sizeof("same-origin") - 1
        && ngx_strncmp(site->data, "same-origin", site->len) == 0)
    {
        return NGX_OK;
    }

    /* the browser knows better than a comparison of names */

    if (site && !(site->len == sizeof("none") - 1
                  && ngx_strncmp(site->data, "none", site->len) == 0))
    {
        return NGX_DECLINED;
    }

    origin = ngx_http_deals_header(r, "origin", sizeof("origin") - 1);

    if (origin) {
        return ngx_http_deals_origin(ctx, origin);
    }

    if (site == NULL && ctx->api && !ctx->cookie) {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_deals_origin(ngx_http_deals_ctx_t *ctx, ngx_str_t *origin)
{
    u_char              *host;
    size_t               len;
    ngx_str_t           *url;
    ngx_uint_t           https;
    ngx_http_request_t  *r;

    r = ctx->request;
    url = &ctx->conf->url;

    if (url->len
        && url->len == origin->len
        && ngx_strncasecmp(url->data, origin->data, url->len) == 0)
    {
        return NGX_OK;
    }

    if (r->headers_in.host == NULL || r->headers_in.host->value.len == 0) {
        return NGX_DECLINED;
    }

    if (origin->len > sizeof("https://") - 1
        && ngx_strncasecmp(origin->data, (u_char *) "https://",
                           sizeof("https://") - 1)
           == 0)
    {
        https = 1;
        host = origin->data + sizeof("https://") - 1;

    } else if (origin->len > sizeof("http://") - 1
               && ngx_strncasecmp(origin->data, (u_char *) "http://",
                                  sizeof("http://") - 1)
                  == 0)
    {
        https = 0;
        host = origin->data + sizeof("http://") - 1;

    } else {
        return NGX_DECLINED;
    }

    /* without TLS anybody on the way may be this host */

    if (url->len
        && https != (ngx_strncmp(url->data, "https:", sizeof("https:") - 1)
                     == 0))
    {
        return NGX_DECLINED;
    }

    len = origin->data + origin->len - host;

    if (len == r->headers_in.host->value.len
        && ngx_strncasecmp(host, r->headers_in.host->value.data, len) == 0)
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* "." or "..", also as browsers read it: %2e is a dot */

static ngx_int_t
ngx_http_deals_dots(const char *p, const char *last)
{
    ngx_uint_t  n;

    for (n = 0; p < last; n++) {
        if (*p == '.') {
            p++;

        } else if (last - p >= 3
                   && ngx_strncasecmp((u_char *) p, (u_char *) "%2e", 3) == 0)
        {
            p += 3;

        } else {
            return 0;
        }
    }

    return n == 1 || n == 2;
}


/*
 * A path of this mount, which a browser can't read as another site's address,
 * nor as one that leads out of the mount.
 */

ngx_int_t
ngx_http_deals_local_path(ngx_http_deals_ctx_t *ctx, deals_str path)
{
    size_t       i;
    ngx_str_t   *prefix;
    const char  *p, *last, *segment;

    prefix = &ctx->conf->prefix;

    if (path.data == NULL
        || path.len <= prefix->len
        || ngx_strncmp(path.data, prefix->data, prefix->len) != 0
        || path.data[prefix->len] != '/'
        || (path.len > 1 && path.data[0] == '/' && path.data[1] == '/'))
    {
        return NGX_DECLINED;
    }

    for (i = 0; i < path.len; i++) {
        if ((u_char) path.data[i] <= 0x20
            || path.data[i] == 0x7f
            || path.data[i] == '\\')
        {
            return NGX_DECLINED;
        }
    }

    p = path.data;
    last = path.data + path.len;

    while (p < last && *p == '/') {
        segment = ++p;

        while (p < last && *p != '/' && *p != '?' && *p != '#') {
            p++;
        }

        if (ngx_http_deals_dots(segment, p)) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* the value of a header of the request; `name` in lower case */

ngx_str_t *
ngx_http_deals_header(ngx_http_request_t *r, const char *name, size_t len)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == len
            && ngx_strncmp(header[i].lowcase_key, name, len) == 0)
        {
            return &header[i].value;
        }
    }
}
