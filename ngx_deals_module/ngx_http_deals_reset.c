
/*
 * A new password with a code that the operator gave, on a page and by the API.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_reset_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_show_reset(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_deals_reset_wrong(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_reset_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_reset_step(ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_reset_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx,
                               deals_whoami(ngx_http_deals_site(ctx),
                                            &ctx->asker,
                                            ngx_http_deals_call_done, ctx),
                               ngx_http_deals_reset_step);
}


static ngx_int_t
ngx_http_deals_reset_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_show_reset(ctx, NGX_HTTP_OK);
}


static ngx_int_t
ngx_http_deals_show_reset(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_plain_page  content;

    ngx_memzero(&content, sizeof(deals_plain_page));

    if (ngx_http_deals_page(ctx, "A new password") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_RESET, &content);
}


ngx_int_t
ngx_http_deals_reset_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_reset_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_RESET_FORM, &form) != 0) {
        return ngx_http_deals_reset_wrong(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_password_reset(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &form.in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_reset_done);
}


/* the page again, with the code, but without the password */

static ngx_int_t
ngx_http_deals_reset_wrong(ngx_http_deals_ctx_t *ctx, const deals_error *error)
{
    if (error->code != DEALS_INVALID && error->code != DEALS_RATE_LIMITED) {
        return ngx_http_deals_error(ctx, error);
    }

    ngx_http_deals_form_mistakes(ctx, error);

    if (error->code == DEALS_INVALID) {
        return ngx_http_deals_show_reset(ctx, 422);
    }

    if (ngx_http_deals_error_headers(ctx, error) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_show_reset(ctx, 429);
}


static ngx_int_t
ngx_http_deals_reset_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_reset_wrong(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_to(ctx, "/login?done=reset");
}


ngx_int_t
ngx_http_deals_api_reset(ngx_http_deals_ctx_t *ctx)
{
    deals_reset_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_reset_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_password_reset(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_api_reset_step);
}


static ngx_int_t
ngx_http_deals_api_reset_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_empty(ctx, NGX_HTTP_NO_CONTENT);
}
