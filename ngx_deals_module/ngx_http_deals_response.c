
/*
 * The bytes of answers: from memory, from a buffer, as JSON, or none.
 */


#include "ngx_http_deals_module.h"


static void ngx_http_deals_free_buf(void *data);


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
    ngx_str_t            tag;
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

    return ngx_http_deals_output(r, (u_char *) bytes.data, bytes.len);
}


/* header and bytes, which live as long as the request */

ngx_int_t
ngx_http_deals_output(ngx_http_request_t *r, u_char *p, size_t len)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = p;
    b->last = b->pos + len;
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
