
/*
 * What a handler answers with. Comes with ngx_http_deals_module.h.
 */


#ifndef NGX_HTTP_DEALS_RESPONSE_H_INCLUDED_
#define NGX_HTTP_DEALS_RESPONSE_H_INCLUDED_


/* _response.c */

ngx_int_t ngx_http_deals_send(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const char *type, deals_buf *buf);
ngx_int_t ngx_http_deals_send_draft(ngx_http_deals_ctx_t *ctx, int rc,
    const char *type, deals_buf *buf);
ngx_int_t ngx_http_deals_send_memory(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status, const char *type, deals_str bytes);
ngx_int_t ngx_http_deals_send_empty(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
ngx_int_t ngx_http_deals_send_json(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status, const deals_shape *shape, const void *row);
ngx_int_t ngx_http_deals_output(ngx_http_request_t *r, u_char *p, size_t len);

/* _headers.c */

ngx_int_t ngx_http_deals_headers(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status, ngx_str_t *tag);
ngx_int_t ngx_http_deals_set_header(ngx_http_deals_ctx_t *ctx,
    const char *name, const char *value);
ngx_int_t ngx_http_deals_add_header(ngx_http_request_t *r,
    const char *name, const char *value);
ngx_int_t ngx_http_deals_is_gzip(ngx_http_request_t *r);
ngx_int_t ngx_http_deals_set_cookie(ngx_http_deals_ctx_t *ctx,
    deals_str token, int64_t expires_at);


/* a header without a value so far */

static ngx_inline ngx_table_elt_t *
ngx_http_deals_push_header(ngx_http_request_t *r, const char *name)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->lowcase_key = NULL;

    return h;
}


/* _redirect.c */

ngx_int_t ngx_http_deals_redirect(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status, const char *path);
ngx_int_t ngx_http_deals_to(ngx_http_deals_ctx_t *ctx, const char *path);
ngx_int_t ngx_http_deals_location(ngx_http_deals_ctx_t *ctx,
    const char *path);

/* _tag.c */

ngx_int_t ngx_http_deals_etag(ngx_http_request_t *r, deals_str bytes,
    ngx_str_t *tag);
u_char *ngx_http_deals_tag(u_char *p, uint64_t *hash, const char *suffix);
void ngx_http_deals_hash(uint64_t seed, const u_char *p, size_t len,
    uint64_t *hash);

/* _error.c */

ngx_int_t ngx_http_deals_error(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
ngx_int_t ngx_http_deals_fail(ngx_http_deals_ctx_t *ctx, deals_code code,
    const char *message);
ngx_int_t ngx_http_deals_error_headers(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
ngx_int_t ngx_http_deals_fail_field(ngx_http_deals_ctx_t *ctx,
    const char *field, const char *message);
ngx_int_t ngx_http_deals_to_login(ngx_http_deals_ctx_t *ctx, deals_str next);
ngx_int_t ngx_http_deals_to_factor(ngx_http_deals_ctx_t *ctx, deals_str next);
ngx_int_t ngx_http_deals_options(ngx_http_deals_ctx_t *ctx);

/* _page.c */

ngx_int_t ngx_http_deals_render(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    deals_page_id id, const void *content);
int ngx_http_deals_page(ngx_http_deals_ctx_t *ctx, const char *title);
const deals_me *ngx_http_deals_viewer(ngx_http_deals_ctx_t *ctx);
int ngx_http_deals_owes(ngx_http_deals_ctx_t *ctx);
const deals_error *ngx_http_deals_owed(ngx_http_deals_ctx_t *ctx, int least);
deals_str ngx_http_deals_own_path(ngx_http_deals_ctx_t *ctx);
deals_str ngx_http_deals_canonical(ngx_http_deals_ctx_t *ctx,
    const char *path);
char *ngx_http_deals_part(ngx_http_deals_ctx_t *ctx, const char *path,
    deals_str part);


#endif /* NGX_HTTP_DEALS_RESPONSE_H_INCLUDED_ */
