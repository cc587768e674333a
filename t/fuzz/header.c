/*
 * Headers of requests, with the module's own sources: who asks (Authorization,
 * the cookie, User-Agent), the type of a body, and which format of deals_status
 * is wanted (Accept). Nothing is read beyond a header, and what is found in it
 * stands in it.
 *
 * Nothing of nginx runs here, as in route.c; its reading of Cookie is stood for
 * by whatever bytes it could find there.
 */

/* nginx compiles its modules so */
#pragma clang diagnostic ignored "-Wunused-parameter"

#include "../../ngx_deals_module/ngx_http_deals_access.c"
#include "../../ngx_deals_module/ngx_http_deals_handler.c"
#include "../../ngx_deals_module/ngx_http_deals_status_page.c"

#include "fuzz.h"

#include <strings.h>

#include "core/token.h"

static ngx_str_t  cookie_value;

ngx_int_t
ngx_strncasecmp(u_char *a, u_char *b, size_t n)
{
    return strncasecmp((char *) a, (char *) b, n);
}

ngx_int_t
ngx_http_parse_multi_header_lines(ngx_array_t *headers, ngx_str_t *name,
    ngx_str_t *value)
{
    (void) headers;
    (void) name;
    *value = cookie_value;

    return value->data != NULL ? 0 : NGX_DECLINED;
}

/* A decimal times ten to the power of `point`. */
ngx_int_t
ngx_atofp(u_char *line, size_t n, size_t point)
{
    int        dot = 0;
    size_t     i;
    ngx_int_t  value = 0;

    for (i = 0; i < n; i++) {
        if (line[i] == '.' && !dot) {
            dot = 1;
            continue;
        }
        if (line[i] < '0' || line[i] > '9' || (dot && point == 0)
            || value > 100000000)
        {
            return NGX_ERROR;
        }
        value = value * 10 + (line[i] - '0');
        point -= (size_t) dot;
    }

    for ( /* void */ ; point > 0; point--) {
        value *= 10;
    }

    return n > 0 ? value : NGX_ERROR;
}


static ngx_http_request_t         request;
static ngx_http_deals_loc_conf_t  conf;
static ngx_connection_t           connection;
static ngx_http_deals_route_t     where;

static ngx_str_t
of(deals_str s)
{
    return (ngx_str_t) { s.len, (u_char *) (uintptr_t) s.data };
}


static void
begin(ngx_http_deals_ctx_t *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
    memset(&request, 0, sizeof(request));
    memset(&where, 0, sizeof(where));
    ctx->request = &request;
    ctx->conf = &conf;
    ctx->route = &where;
    request.connection = &connection;
    cookie_value = (ngx_str_t) { 0, NULL };
}


/* nginx refuses a header with a NUL. */
static int
header(ngx_table_elt_t *h, deals_str value)
{
    memset(h, 0, sizeof(*h));
    h->value = of(value);

    return memchr(value.data, '\0', value.len) == NULL;
}


/* Each ends where the input's own memory does. */
static deals_str
part(deals_str *input)
{
    return own_copy(take_part(input));
}


static void
end(deals_str s)
{
    free((void *) (uintptr_t) s.data);
}


/* -- who asks ------------------------------------------------------------- */

static int
contains(deals_str whole, deals_str s)
{
    return s.len == 0
           || (s.data >= whole.data && s.data + s.len
                                       <= whole.data + whole.len);
}


static void
need_asker(const ngx_http_deals_ctx_t *ctx, deals_str authorization,
    deals_str cookie)
{
    deals_str    token = ctx->asker.token;
    deals_token  parsed;

    need(!ctx->bearer || !ctx->cookie);
    need(!!ctx->asker.strict == !!ctx->bearer);

    if (ctx->bearer) {
        need(ctx->api && authorization.len >= 6
             && strncasecmp(authorization.data, "bearer", 6) == 0);
        need(contains(authorization, token));
        need(token.len == 0 || token.data[0] != ' ');
        need(token.data + token.len == authorization.data + authorization.len);

    } else if (ctx->cookie) {
        need_same(token, cookie);

    } else {
        need(token.data == NULL);
        return;
    }

    if (deals_token_parse(token, &parsed) == 0) {
        need(parsed.user_id > 0
             && token.len <= (parsed.access ? DEALS_TOKEN_ACCESS_MAX
                                            : DEALS_TOKEN_MAX));
    }
}


static void
asker(unsigned how, deals_str *input)
{
    deals_str             bearer = part(input), cookie = part(input);
    deals_str             agent = part(input);
    ngx_table_elt_t       headers[2];
    ngx_http_deals_ctx_t  ctx;

    begin(&ctx);
    ctx.api = how & 1;

    if (header(&headers[0], bearer) && header(&headers[1], agent)) {
        request.headers_in.authorization = how & 2 ? &headers[0] : NULL;
        request.headers_in.user_agent = how & 4 ? &headers[1] : NULL;

        if (how & 8) {
            cookie_value = of(cookie);
        }

        need(ngx_http_deals_asker(&ctx) == NGX_OK);
        need_asker(&ctx, bearer, cookie);
        need_text(ctx.asker.user_agent);
        need(deals_utf8_count(ctx.asker.user_agent) <= NGX_HTTP_DEALS_AGENT);
        need(contains(agent, ctx.asker.user_agent));
    }

    end(bearer);
    end(cookie);
    end(agent);
}


/* -- types ---------------------------------------------------------------- */

static void
media_type(unsigned how, deals_str value)
{
    size_t                len;
    const char           *want;
    ngx_table_elt_t       h;
    ngx_http_deals_ctx_t  ctx;

    begin(&ctx);
    where.body = how & 1 ? NGX_HTTP_DEALS_BODY_JSON : NGX_HTTP_DEALS_BODY_FORM;
    request.headers_in.content_length_n = how & 2 ? 1 : -1;
    request.headers_in.chunked = how >> 2 & 1;
    request.headers_in.content_type = how & 8 ? NULL : &h;

    if (!header(&h, value) || ngx_http_deals_media_type(&ctx) != NGX_OK) {
        return;
    }

    if (how & 8) {
        need(!(how & 7));               /* a form without a byte */
        return;
    }

    want = how & 1 ? "application/json" : "application/x-www-form-urlencoded";
    len = strlen(want);
    need(value.len >= len && strncasecmp(value.data, want, len) == 0);
    need(value.len == len || strchr("; \t", value.data[len]) != NULL);
}


static int
mentions(deals_str s, const char *word)
{
    size_t  i, n = strlen(word);

    for (i = 0; i + n <= s.len; i++) {
        if (strncasecmp(s.data + i, word, n) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
accepted(deals_str value)
{
    ngx_str_t                accept = of(value);
    ngx_http_deals_format_e  format;

    format = ngx_http_deals_status_accept(&accept);
    need(format < NGX_HTTP_DEALS_FORMATS);
    need(format != NGX_HTTP_DEALS_FORMAT_JSON
         || mentions(value, "application/json"));
    need(format != NGX_HTTP_DEALS_FORMAT_PROMETHEUS
         || mentions(value, "openmetrics") || mentions(value, "version"));
}


/* A byte for what is read and how. */
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
        asker(data[0] >> 2, &input);
        break;
    case 2:
        media_type(data[0] >> 2, input);
        break;
    default:
        accepted(input);
    }

    free(memory);

    return 0;
}
