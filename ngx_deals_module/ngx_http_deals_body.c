
/*
 * Reading a body: piece by piece into memory, and never more than
 * deals_body_size of it, whether its length was announced or not.
 *
 * Another module (a mirror, an authentication) may have read the body before; it
 * may then stand in a temporary file.
 */


#include "ngx_http_deals_module.h"


static void ngx_http_deals_body_start(ngx_http_request_t *r);
static void ngx_http_deals_body_event(ngx_http_request_t *r);
static ngx_int_t ngx_http_deals_body_continue(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_body_take(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_body_add(ngx_http_deals_ctx_t *ctx,
    ngx_buf_t *b);
static u_char *ngx_http_deals_body_room(ngx_http_deals_ctx_t *ctx,
    size_t len);
static ngx_int_t ngx_http_deals_body_too_large(ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_read_body(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_deals_body_start);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


static void
ngx_http_deals_body_start(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);

    r->read_event_handler = ngx_http_deals_body_event;

    rc = ngx_http_deals_body_continue(ctx);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


static void
ngx_http_deals_body_event(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);

    if (!r->reading_body) {
        return;
    }

    rc = ngx_http_read_unbuffered_request_body(r);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    rc = ngx_http_deals_body_continue(ctx);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* takes what is there and reads on; NGX_DONE: there is more to come */

static ngx_int_t
ngx_http_deals_body_continue(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    for ( ;; ) {
        rc = ngx_http_deals_body_take(ctx);

        if (rc == NGX_DECLINED) {
            return ngx_http_deals_body_too_large(ctx);
        }

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (!r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            return rc;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return NGX_DONE;
        }
    }

    r->read_event_handler = ngx_http_test_reading;

    if (ctx->body.data == NULL) {
        ctx->body.data = "";
    }

    return ngx_http_deals_run(ctx);
}


static ngx_int_t
ngx_http_deals_body_take(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *cl, *ln;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; /* void */ ) {

        rc = ngx_http_deals_body_add(ctx, cl->buf);

        if (rc != NGX_OK) {
            return rc;
        }

        if (!r->reading_body) {
            cl = cl->next;
            continue;
        }

        /* what was taken may be used for the next piece */

        cl->buf->pos = cl->buf->last;

        ln = cl;
        cl = cl->next;
        ngx_free_chain(r->pool, ln);

        r->request_body->bufs = cl;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_body_add(ngx_http_deals_ctx_t *ctx, ngx_buf_t *b)
{
    off_t     size;
    u_char   *p;
    ssize_t   n;

    size = ngx_buf_size(b);

    if (size <= 0) {
        return NGX_OK;
    }

    if (size > (off_t) ctx->conf->body_size
        || ctx->body.len + (size_t) size > ctx->conf->body_size)
    {
        return NGX_DECLINED;
    }

    p = ngx_http_deals_body_room(ctx, (size_t) size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_buf_in_memory(b)) {
        ngx_memcpy(p, b->pos, (size_t) size);

    } else {
        n = ngx_read_file(b->file, p, (size_t) size, b->file_pos);

        if (n != (ssize_t) size) {
            return NGX_ERROR;
        }
    }

    ctx->body.len += (size_t) size;

    return NGX_OK;
}


static u_char *
ngx_http_deals_body_room(ngx_http_deals_ctx_t *ctx, size_t len)
{
    u_char              *p;
    size_t               cap;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->body_cap - ctx->body.len < len) {

        cap = ngx_max(ctx->body_cap * 2, ctx->body.len + len);

        if (r->headers_in.content_length_n > (off_t) cap
            && r->headers_in.content_length_n <= (off_t) ctx->conf->body_size)
        {
            cap = (size_t) r->headers_in.content_length_n;
        }

        p = ngx_palloc(r->pool, cap);
        if (p == NULL) {
            return NULL;
        }

        if (ctx->body.len) {
            ngx_memcpy(p, ctx->body.data, ctx->body.len);
            (void) ngx_pfree(r->pool, (void *) ctx->body.data);
        }

        ctx->body.data = (char *) p;
        ctx->body_cap = cap;
    }

    return (u_char *) ctx->body.data + ctx->body.len;
}


/* known only while a chunked body arrives */

static ngx_int_t
ngx_http_deals_body_too_large(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    r->keepalive = 0;
    r->lingering_close = 1;
    r->read_event_handler = ngx_http_block_reading;

    return ngx_http_deals_fail(ctx, DEALS_TOO_LARGE,
                               "That is more than this site takes in one "
                               "request.");
}
