
/*
 * Forms that write, change and delete comments.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_comment_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_comment_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_uint_t ngx_http_deals_comment_told(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_edit_mistake(
    ngx_http_deals_ctx_t *ctx, const deals_error *error);
static ngx_int_t ngx_http_deals_comment_edit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_edit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_delete_done(
    ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_comment_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_comment_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_COMMENT_FORM, &form)
        != 0)
    {
        return ngx_http_deals_comment_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_comment_done,
                              deals_comment_create, ctx->id, &form.in);
}


/* the page of the deal again, which is the form's */

static ngx_int_t
ngx_http_deals_comment_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    if (!ngx_http_deals_is_mistake(error)) {
        return ngx_http_deals_error(ctx, error);
    }

    ctx->error = error;

    return ngx_http_deals_get_deal(ctx, 1, ngx_http_deals_comment_wrong);
}


static ngx_int_t
ngx_http_deals_comment_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    return ngx_http_deals_show_deal(ctx, ngx_http_deals_comment_told(ctx));
}


/* the form has one field, and all is told there; the status of the page */

static ngx_uint_t
ngx_http_deals_comment_told(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_form_mistakes(ctx, ctx->error);

    if (ctx->form.body_error.data == NULL) {
        ctx->form.body_error = ctx->form.error;
    }

    return ngx_http_deals_mistake_status(ctx, ctx->error);
}


static ngx_int_t
ngx_http_deals_comment_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        return ngx_http_deals_comment_mistake(ctx, error);
    }

    return ngx_http_deals_back(ctx, 'c', deals_comment_get(ctx->call)->id);
}


ngx_int_t
ngx_http_deals_comment_edit_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_comment_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_COMMENT_FORM, &form)
        != 0)
    {
        return ngx_http_deals_comment_edit_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_comment_edit_done,
                              deals_comment_update, ctx->id, ctx->cid,
                              form.in.body);
}


static ngx_int_t
ngx_http_deals_comment_edit_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    if (!ngx_http_deals_is_mistake(error)) {
        return ngx_http_deals_error(ctx, error);
    }

    ctx->error = error;

    return ngx_http_deals_call(ctx, ngx_http_deals_comment_edit_wrong,
                               deals_comment_one, ctx->id, ctx->cid);
}


static ngx_int_t
ngx_http_deals_comment_edit_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    if (!deals_comment_get(ctx->call)->can_edit) {
        return ngx_http_deals_fail(ctx, DEALS_FORBIDDEN,
                                   "Only its author can edit this comment.");
    }

    return ngx_http_deals_show_comment(ctx, ngx_http_deals_comment_told(ctx));
}


static ngx_int_t
ngx_http_deals_comment_edit_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        return ngx_http_deals_comment_edit_mistake(ctx, error);
    }

    return ngx_http_deals_back(ctx, 'c', ctx->cid);
}


ngx_int_t
ngx_http_deals_comment_delete_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_comment_delete_done,
                               deals_comment_delete, ctx->id, ctx->cid);
}


static ngx_int_t
ngx_http_deals_comment_delete_done(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_to_deal(ctx, "#comments");
}
