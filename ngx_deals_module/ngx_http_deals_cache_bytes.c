
/*
 * Ready bytes: made once for a fill, as they are and compressed, each with a
 * strong tag of its own; and sent any number of times.
 */


#include "ngx_http_deals_cache.h"

#include <zlib.h>


#define NGX_HTTP_DEALS_GZIP_LEVEL  5


ngx_http_deals_copy_t *
ngx_http_deals_copy_alloc(size_t size)
{
    ngx_http_deals_copy_t  *copy;

    copy = ngx_alloc(offsetof(ngx_http_deals_copy_t, bytes) + size,
                     ngx_cycle->log);
    if (copy == NULL) {
        return NULL;
    }

    copy->next = NULL;
    copy->refs = 0;
    copy->kept = 0;

    return copy;
}


/* of the request's own fill; NULL: no memory */

ngx_http_deals_copy_t *
ngx_http_deals_copy_make(ngx_http_deals_keyed_t *keyed, const char *type,
    deals_str bytes)
{
    u_char                  *p;
    size_t                   size, max;
    uint64_t                 hash[2];
    ngx_http_deals_copy_t   *copy, *smaller;
    ngx_http_deals_bytes_t  *b;

    /* compressed it must be smaller to be of any use */

    max = bytes.len >= NGX_HTTP_DEALS_GZIP_MIN && !keyed->member
          ? bytes.len - 1 : 0;
    size = offsetof(ngx_http_deals_bytes_t, data) + keyed->key_len
           + bytes.len;

    copy = ngx_http_deals_copy_alloc(size + max);
    if (copy == NULL) {
        return NULL;
    }

    b = &copy->bytes;
    ngx_memzero(b, offsetof(ngx_http_deals_bytes_t, data));

    b->hash[0] = keyed->hash[0];
    b->hash[1] = keyed->hash[1];
    b->hard = keyed->hard;
    b->soft = keyed->soft;
    b->fill = keyed->fill;
    b->began = keyed->began;
    b->until = keyed->ctx->until == DEALS_NULL_INT ? INT64_MAX
                                                   : keyed->ctx->until;
    b->key_len = keyed->key_len;
    b->plain_len = bytes.len;

    b->draft = keyed->member;

    p = ngx_cpymem(b->data, keyed->key, keyed->key_len);
    p = ngx_cpymem(p, bytes.data, bytes.len);

    b->gzip_len = ngx_http_deals_gzip(bytes, NGX_HTTP_DEALS_GZIP_LEVEL, p,
                                      max);
    b->size = size + b->gzip_len;

    ngx_http_deals_hash(0, (u_char *) bytes.data, bytes.len, hash);

    b->plain_tag_len = ngx_http_deals_tag(b->plain_tag, hash, "")
                       - b->plain_tag;
    b->gzip_tag_len = ngx_http_deals_tag(b->gzip_tag, hash, "z")
                      - b->gzip_tag;

    b->type_len = ngx_min(ngx_strlen(type), sizeof(b->type));
    ngx_memcpy(b->type, type, b->type_len);

    smaller = realloc(copy, offsetof(ngx_http_deals_copy_t, bytes) + b->size);

    return smaller ? smaller : copy;
}


/* 0: it is not worth it */

size_t
ngx_http_deals_gzip(deals_str bytes, ngx_int_t level, u_char *out, size_t max)
{
    int       rc;
    z_stream  z;

    if (max == 0) {
        return 0;
    }

    ngx_memzero(&z, sizeof(z_stream));

    if (deflateInit2(&z, (int) level, Z_DEFLATED, MAX_WBITS + 16,
                     MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return 0;
    }

    z.next_in = (u_char *) bytes.data;
    z.avail_in = (uInt) bytes.len;
    z.next_out = out;
    z.avail_out = (uInt) max;

    rc = deflate(&z, Z_FINISH);

    (void) deflateEnd(&z);

    return rc == Z_STREAM_END ? max - z.avail_out : 0;
}


/* as long as the request lives */

ngx_int_t
ngx_http_deals_copy_hold(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    copy->refs++;
    cln->handler = ngx_http_deals_copy_release;
    cln->data = copy;

    return NGX_OK;
}


ngx_uint_t
ngx_http_deals_takes_gzip(ngx_http_deals_ctx_t *ctx)
{
#if (NGX_HTTP_GZIP)
    return ngx_http_gzip_ok(ctx->request) == NGX_OK;
#else
    return 0;
#endif
}


ngx_int_t
ngx_http_deals_copy_send(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy)
{
    ngx_str_t                tag;
    ngx_http_deals_bytes_t  *bytes;

    bytes = &copy->bytes;

    if (ngx_http_deals_copy_hold(ctx, copy) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (bytes->gzip_len && ngx_http_deals_takes_gzip(ctx)) {
        tag.data = bytes->gzip_tag;
        tag.len = bytes->gzip_tag_len;

        return ngx_http_deals_bytes_send(ctx, bytes,
                                         ngx_http_deals_bytes_plain(bytes)
                                         + bytes->plain_len,
                                         bytes->gzip_len, &tag, 1);
    }

    tag.data = bytes->plain_tag;
    tag.len = bytes->plain_tag_len;

    return ngx_http_deals_bytes_send(ctx, bytes,
                                     ngx_http_deals_bytes_plain(bytes),
                                     bytes->plain_len, &tag, 0);
}


/* bytes, in the pool or held, of the type of `bytes` */

ngx_int_t
ngx_http_deals_bytes_send(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, u_char *start, size_t len, ngx_str_t *tag,
    ngx_uint_t gzip)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (gzip) {
        if (ngx_http_deals_is_gzip(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {

        /* nor is it compressed on the way */

#if (NGX_HTTP_GZIP)
        r->gzip_tested = 1;
        r->gzip_ok = 0;
#endif
    }

    if (ngx_http_deals_headers(ctx, NGX_HTTP_OK, tag) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = len;
    r->headers_out.content_type.data = bytes->type;
    r->headers_out.content_type.len = bytes->type_len;
    r->headers_out.content_type_len = bytes->type_len;
    r->headers_out.content_type_lowcase = NULL;

    if (bytes->type[0] == 't') {
        ngx_str_set(&r->headers_out.charset, "utf-8");
    }

    return ngx_http_deals_output(r, start, len);
}
