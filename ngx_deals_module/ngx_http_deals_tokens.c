
/*
 * Access tokens that members make for programs of theirs, on the page of
 * settings and by the API.
 */


#include "ngx_http_deals_module.h"


static void ngx_http_deals_token_typed(ngx_http_deals_ctx_t *ctx,
    const deals_list *scopes);
static ngx_int_t ngx_http_deals_token_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_token_made(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_token_end_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_tokens_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_token_step(ngx_http_deals_ctx_t *ctx);


/* the boxes as they were ticked */

static void
ngx_http_deals_token_typed(ngx_http_deals_ctx_t *ctx,
    const deals_list *scopes)
{
    size_t            i;
    const deals_str  *scope;

    scope = scopes->items;

    for (i = 0; i < scopes->len; i++) {

        if (deals_str_eq(scope[i], DEALS_STR("read"))) {
            ctx->form.scope_read = 1;

        } else if (deals_str_eq(scope[i], DEALS_STR("vote"))) {
            ctx->form.scope_vote = 1;

        } else if (deals_str_eq(scope[i], DEALS_STR("write"))) {
            ctx->form.scope_write = 1;
        }
    }
}


ngx_int_t
ngx_http_deals_token_form(ngx_http_deals_ctx_t *ctx)
{
    int                          rc;
    ngx_http_deals_token_form_t  form;

    rc = ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_TOKEN_FORM, &form);

    ngx_http_deals_token_typed(ctx, &form.in.scopes);

    if (rc != 0) {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_token_create(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &form.in,
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_token_done);
}


/* the answer itself says the token: no address does, and it isn't kept */

static ngx_int_t
ngx_http_deals_token_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_settings_mistake(ctx,
                                               deals_call_error(ctx->call));
    }

    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_token_made);
}


static ngx_int_t
ngx_http_deals_token_made(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    ctx->form.label = DEALS_NONE;
    ctx->form.scope_vote = 0;
    ctx->form.scope_write = 0;

    return ngx_http_deals_show_settings(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_token_end_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_token_end(ngx_http_deals_site(ctx),
                                               &ctx->asker, ctx->name,
                                               ngx_http_deals_call_done, ctx),
                               ngx_http_deals_token_end_done);
}


/* one that was revoked before is what was wanted */

static ngx_int_t
ngx_http_deals_token_end_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error && error->code != DEALS_NOT_FOUND) {
        return ngx_http_deals_settings_mistake(ctx, error);
    }

    return ngx_http_deals_to_settings(ctx, "token");
}


ngx_int_t
ngx_http_deals_api_tokens(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_api_tokens_step);
}


static ngx_int_t
ngx_http_deals_api_tokens_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_tokens_shape,
                                    deals_sessions_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_token_create(ngx_http_deals_ctx_t *ctx)
{
    deals_token_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_token_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_token_create(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &in,
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_api_token_step);
}


static ngx_int_t
ngx_http_deals_api_token_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_token_result  *result;

    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    result = deals_token_get(ctx->call);

    if (ngx_http_deals_location(ctx, ngx_http_deals_part(ctx,
                                                         "/api/v1/tokens/",
                                                         result->info.id))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_CREATED,
                                    &deals_token_shape, result);
}


ngx_int_t
ngx_http_deals_api_token_end(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx,
                               deals_token_end(ngx_http_deals_site(ctx),
                                               &ctx->asker, ctx->name,
                                               ngx_http_deals_call_done, ctx),
                               ngx_http_deals_ended_step);
}
