/*
 * Addresses of requests and who sends them, with the module's own sources: a
 * route that is found, written with what was found in the address, is the
 * address. A path to return to stays on this site. An Origin that is let through
 * is that of the host.
 *
 * Nothing of nginx runs here: its handlers are never called, so they need not be
 * linked.
 */

#include "../../ngx_deals_module/ngx_http_deals_routes.c"
#include "../../ngx_deals_module/ngx_http_deals_access.c"

#include "fuzz.h"

#include <strings.h>

/* Like nginx', whatever the locale, as there is none here. */
ngx_int_t
ngx_strncasecmp(u_char *a, u_char *b, size_t n)
{
    return strncasecmp((char *) a, (char *) b, n);
}


static ngx_http_request_t         request;
static ngx_http_deals_loc_conf_t  conf;

static const char *const  prefixes[] = { "", "/deals", "/a/b" };


static ngx_str_t
of(deals_str s)
{
    return (ngx_str_t) { s.len, (u_char *) (uintptr_t) s.data };
}


static void
begin(ngx_http_deals_ctx_t *ctx, unsigned which)
{
    memset(ctx, 0, sizeof(*ctx));
    memset(&request, 0, sizeof(request));
    memset(&conf, 0, sizeof(conf));
    ctx->request = &request;
    ctx->conf = &conf;
    conf.prefix = of(deals_str_of(prefixes[which % 3]));
}


/* -- routes --------------------------------------------------------------- */

static void
add_parameter(deals_buf *buf, deals_str name, const ngx_http_deals_ctx_t *ctx)
{
    if (deals_str_is(name, "id")) {
        deals_buf_int(buf, ctx->id);
    } else if (deals_str_is(name, "cid")) {
        deals_buf_int(buf, ctx->cid);
    } else if (deals_str_is(name, "hash")) {
        deals_buf_str(buf, ctx->hash);
    } else {
        deals_buf_str(buf, ctx->name);
    }
}


static void
route(unsigned which, deals_str path)
{
    size_t                 i, end;
    ngx_int_t              rc;
    deals_buf              buf = { 0 };
    deals_str              pattern;
    ngx_http_deals_ctx_t   ctx;

    static const ngx_uint_t  methods[] = {
        NGX_HTTP_GET, NGX_HTTP_HEAD, NGX_HTTP_POST, NGX_HTTP_PUT,
        NGX_HTTP_PATCH, NGX_HTTP_DELETE, NGX_HTTP_OPTIONS, NGX_HTTP_TRACE
    };

    begin(&ctx, which);
    request.method = methods[which / 4 % 8];
    request.uri = of(path);
    rc = ngx_http_deals_find_route(&ctx);

    if (rc != NGX_OK) {
        need(rc == NGX_DECLINED && ctx.route == NULL);
        need((ctx.allow & request.method) == 0);
        return;
    }

    need(ctx.route != NULL && (ctx.route->methods & request.method));
    need(ctx.id >= 0 && ctx.id < INT64_C(1) << 53);
    pattern = (deals_str) { (char *) ctx.route->path.data,
                            ctx.route->path.len };

    for (i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '{') {
            deals_buf_char(&buf, pattern.data[i]);
            continue;
        }
        for (end = i; pattern.data[end] != '}'; end++) { /* void */ }
        add_parameter(&buf, deals_str_sub(pattern, i + 1, end - i - 1), &ctx);
        i = end;
    }

    /* the last part of the path may be empty where a slug may be */
    path = deals_str_sub(path, conf.prefix.len, path.len);
    need_same(((deals_str) { buf.data, buf.len }), path);
    deals_buf_free(&buf);
}


/* -- where to return to --------------------------------------------------- */

static void
local(unsigned which, deals_str path)
{
    size_t                i;
    deals_str             prefix;
    ngx_http_deals_ctx_t  ctx;

    begin(&ctx, which);

    if (ngx_http_deals_local_path(&ctx, path) != NGX_OK) {
        return;
    }

    prefix = deals_str_of(prefixes[which % 3]);
    need(path.len > prefix.len
         && deals_str_eq(deals_str_sub(path, 0, prefix.len), prefix));
    need(path.data[0] == '/' && path.data[prefix.len] == '/');
    need(path.len < 2 || (path.data[1] != '/' && path.data[1] != '\\'));

    for (i = 0; i < path.len; i++) {
        need((unsigned char) path.data[i] > ' ' && path.data[i] != 0x7f
             && path.data[i] != '\\');
    }
}


/* -- from where ----------------------------------------------------------- */

/* Parts of the input: Sec-Fetch-Site (none if empty), Origin, Host. */
static void
origin(unsigned which, deals_str input)
{
    int                    i;
    deals_str              parts[3], bare;
    ngx_table_elt_t        headers[2], host;
    ngx_http_deals_ctx_t   ctx;

    static const char *const  names[] = { "sec-fetch-site", "origin" };

    begin(&ctx, which);
    request.method = NGX_HTTP_POST;
    ctx.cookie = 1;
    memset(headers, 0, sizeof(headers));
    memset(&host, 0, sizeof(host));
    request.headers_in.headers.part.elts = headers;

    for (i = 0; i < 3; i++) {
        parts[i] = take_part(&input);
        if (deals_str_index(parts[i], '\0') >= 0) {
            return;             /* nginx refuses such a header */
        }
    }

    for (i = 0; i < 2; i++) {
        if (parts[i].len > 0) {
            ngx_table_elt_t  *h = &headers[request.headers_in.headers.part
                                           .nelts++];
            h->key = of(deals_str_of(names[i]));
            h->lowcase_key = h->key.data;
            h->value = of(parts[i]);
        }
    }

    host.value = of(parts[2]);
    request.headers_in.host = &host;

    if (which & 4) {
        conf.url = of(DEALS_STR("https://shop.example"));
    }

    if (ngx_http_deals_same_origin(&ctx) != NGX_OK
        || deals_str_is(parts[0], "same-origin"))
    {
        return;
    }

    need(parts[0].len == 0 || deals_str_is(parts[0], "none"));
    bare = parts[1];
    need(bare.len > 7);

    if ((which & 4) && deals_str_eq_case(bare, DEALS_STR("https://shop.example"))) {
        return;
    }

    bare = deals_str_sub(bare, bare.data[4] == ':' ? 7 : 8, bare.len);
    need(deals_str_eq_case(bare, parts[2]) && bare.len > 0);
}


/* A byte for what is done and how. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *memory;
    deals_str   input;

    if (size < 1) {
        return 0;
    }

    input = input_of(data + 1, size - 1);
    memory = (char *) (uintptr_t) input.data;

    switch (data[0] & 3) {
    case 0:
    case 1:
        route(data[0] / 4u, input);
        break;
    case 2:
        local(data[0] / 4u, input);
        break;
    default:
        origin(data[0] / 4u, input);
    }

    free(memory);

    return 0;
}
