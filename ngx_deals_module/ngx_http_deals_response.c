
/*
 * Answers: their headers, bytes and redirects.
 */


#include "ngx_http_deals_module.h"


#define NGX_HTTP_DEALS_CSP                                                    \
    "default-src 'self'; object-src 'none'; base-uri 'none'; "                \
    "form-action 'self'; frame-ancestors 'none'"


static const char *ngx_http_deals_cache_control(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_deals_etag(ngx_http_request_t *r, deals_str bytes,
    ngx_str_t *tag);
static void ngx_http_deals_free_buf(void *data);


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

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);
    h->lowcase_key = NULL;

    return NGX_OK;
}


/* takes the buffer, and frees it when it was sent */

ngx_int_t
ngx_http_deals_send(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const char *type, deals_buf *buf)
{
    ngx_int_t            rc;
    deals_str            bytes;
    ngx_pool_cleanup_t  *cln;

    if (buf->failed) {
        deals_buf_free(buf);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        deals_buf_free(buf);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* what is kept has bytes of its own: these go with the request too */

    cln->handler = ngx_http_deals_free_buf;
    cln->data = buf->data;

    bytes.data = buf->data;
    bytes.len = buf->len;

    if (status == NGX_HTTP_OK) {
        rc = ngx_http_deals_cache_filled(ctx, type, bytes);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return ngx_http_deals_send_memory(ctx, status, type, bytes);
}


/* the page of all members, which is nobody's as it is; rc: of drafting it */

ngx_int_t
ngx_http_deals_send_draft(ngx_http_deals_ctx_t *ctx, int rc, const char *type,
    deals_buf *buf)
{
    ngx_int_t  sent;

    sent = NGX_DECLINED;

    if (rc == 0) {
        sent = ngx_http_deals_cache_filled(ctx, type,
                                           (deals_str) { buf->data,
                                                         buf->len });
    }

    deals_buf_free(buf);

    return sent != NGX_DECLINED ? sent : ngx_http_deals_cache_alone(ctx);
}


static void
ngx_http_deals_free_buf(void *data)
{
    free(data);
}


/* the bytes live as long as the request */

ngx_int_t
ngx_http_deals_send_memory(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const char *type, deals_str bytes)
{
    ngx_int_t            rc;
    ngx_str_t            tag;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (bytes.len == 0) {
        return ngx_http_deals_send_empty(ctx, status);
    }

    tag.len = 0;

    if (status == NGX_HTTP_OK
        && ctx->route
        && ctx->route->cache != NGX_HTTP_DEALS_NO_STORE
        && !ctx->no_store
        && ngx_http_deals_etag(r, bytes, &tag) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_deals_headers(ctx, status, &tag) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = bytes.len;
    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = strcspn(type, ";");
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_strncmp(type, "text/", 5) == 0) {

        /* nginx adds it to types without parameters */

        ngx_str_set(&r->headers_out.charset, "utf-8");
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) bytes.data;
    b->last = b->pos + bytes.len;
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_deals_send_empty(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_deals_headers(ctx, status, NULL) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


ngx_int_t
ngx_http_deals_send_json(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const deals_shape *shape, const void *row)
{
    int        rc;
    int64_t    start;
    deals_buf  buf;

    start = ngx_http_deals_clock();

    deals_buf_init(&buf);

    if (status == NGX_HTTP_OK && ngx_http_deals_cache_drafts(ctx)) {
        rc = deals_json_draft(shape, row, &deals_vary, &buf);

        ctx->render_time = ngx_http_deals_clock() - start;

        return ngx_http_deals_send_draft(ctx, rc, "application/json", &buf);
    }

    deals_json_write(&buf, shape, row);

    ctx->render_time = ngx_http_deals_clock() - start;

    return ngx_http_deals_send(ctx, status, "application/json", &buf);
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
        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->hash = 1;
#if (nginx_version >= 1023000)
        h->next = NULL;
#endif
        h->lowcase_key = NULL;
        ngx_str_set(&h->key, "ETag");
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
        != NGX_OK
        || ngx_http_deals_set_header(ctx, "Vary",
                                     "Cookie, Authorization, Accept-Encoding")
           != NGX_OK
        || ngx_http_deals_set_header(ctx, "Content-Security-Policy",
                                     NGX_HTTP_DEALS_CSP)
           != NGX_OK
        || ngx_http_deals_set_header(ctx, "X-Content-Type-Options", "nosniff")
           != NGX_OK
        || ngx_http_deals_set_header(ctx, "Referrer-Policy", "same-origin")
           != NGX_OK)
    {
        return NGX_ERROR;
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


/*
 * A strong tag from the bytes: two hashes of 64 bits, each over all of them. It
 * need not withstand anybody: who makes two texts of one tag fools himself.
 */

static ngx_int_t
ngx_http_deals_etag(ngx_http_request_t *r, deals_str bytes, ngx_str_t *tag)
{
    uint64_t  hash[2];

    tag->data = ngx_pnalloc(r->pool, 2 * 16 + 2);
    if (tag->data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_deals_hash(0, (u_char *) bytes.data, bytes.len, hash);

    tag->len = ngx_http_deals_tag(tag->data, hash, "") - tag->data;

    return NGX_OK;
}


u_char *
ngx_http_deals_tag(u_char *p, uint64_t *hash, const char *suffix)
{
    return ngx_sprintf(p, "\"%016xL%016xL%s\"", (int64_t) hash[0],
                       (int64_t) hash[1], suffix);
}


static ngx_inline uint64_t
ngx_http_deals_word(const u_char *p, size_t len)
{
    uint64_t  word;

    word = 0;
    ngx_memcpy(&word, p, len);

    return word;
}


static ngx_inline uint64_t
ngx_http_deals_mix_a(uint64_t a, uint64_t word)
{
    a = (a ^ word) * 0xff51afd7ed558ccdULL;

    return a ^ a >> 29;
}


static ngx_inline uint64_t
ngx_http_deals_mix_b(uint64_t b, uint64_t word)
{
    b = ((b << 27 | b >> 37) + word) * 0x9fb21c651e98df25ULL;

    return b ^ b >> 31;
}


/* a step waits for the one before: so four go side by side over what is long */

void
ngx_http_deals_hash(uint64_t seed, const u_char *p, size_t len,
    uint64_t *hash)
{
    size_t      n;
    uint64_t    a[4], b[4], word[4];
    ngx_uint_t  i;

    for (i = 0; i < 4; i++) {
        a[i] = (0x9e3779b97f4a7c15ULL ^ len) + seed + i;
        b[i] = 0xc2b2ae3d27d4eb4fULL ^ seed ^ i;
    }

    for ( /* void */ ; len >= sizeof(word); len -= sizeof(word)) {
        ngx_memcpy(word, p, sizeof(word));

        a[0] = ngx_http_deals_mix_a(a[0], word[0]);
        b[0] = ngx_http_deals_mix_b(b[0], word[0]);
        a[1] = ngx_http_deals_mix_a(a[1], word[1]);
        b[1] = ngx_http_deals_mix_b(b[1], word[1]);
        a[2] = ngx_http_deals_mix_a(a[2], word[2]);
        b[2] = ngx_http_deals_mix_b(b[2], word[2]);
        a[3] = ngx_http_deals_mix_a(a[3], word[3]);
        b[3] = ngx_http_deals_mix_b(b[3], word[3]);

        p += sizeof(word);
    }

    for (i = 1; i < 4; i++) {
        a[0] = ngx_http_deals_mix_a(a[0], a[i]);
        b[0] = ngx_http_deals_mix_b(b[0], b[i]);
    }

    for ( /* void */ ; len; len -= n, p += n) {
        n = ngx_min(len, sizeof(uint64_t));

        word[0] = ngx_http_deals_word(p, n);
        a[0] = ngx_http_deals_mix_a(a[0], word[0]);
        b[0] = ngx_http_deals_mix_b(b[0], word[0]);
    }

    hash[0] = a[0];
    hash[1] = b[0];
}


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

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->lowcase_key = NULL;
    ngx_str_set(&h->key, "Location");
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
