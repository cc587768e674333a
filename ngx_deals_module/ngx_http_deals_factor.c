
/*
 * A second factor, on the settings' pages and by the API. What is said once, the
 * secret and the recovery codes, stands in the answer itself: no address has it.
 */


#include "ngx_http_deals_module.h"

#include "core/totp.h"


static ngx_int_t ngx_http_deals_factor_begun(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_confirmed(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_ended(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_show_setup(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_deals_show_factor(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status, const char *title, deals_factor_page *content);
static ngx_int_t ngx_http_deals_api_factor_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_setup_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_codes_step(ngx_http_deals_ctx_t *ctx);


/* under which a phone lists it */

static deals_str
ngx_http_deals_issuer(ngx_http_deals_ctx_t *ctx)
{
    return (deals_str) { (char *) ctx->conf->site_name.data,
                         ctx->conf->site_name.len };
}


static deals_call *
ngx_http_deals_ask_confirm(ngx_http_deals_ctx_t *ctx,
    const deals_code_input *in)
{
    return deals_factor_confirm(ngx_http_deals_site(ctx), &ctx->asker, in,
                                ngx_http_deals_issuer(ctx),
                                ngx_http_deals_call_done, ctx);
}


ngx_int_t
ngx_http_deals_factor_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_confirm_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CONFIRM_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_begin(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &form.in,
                                                  ngx_http_deals_issuer(ctx),
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_factor_begun);
}


static ngx_int_t
ngx_http_deals_factor_begun(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_settings_mistake(ctx,
                                               deals_call_error(ctx->call));
    }

    return ngx_http_deals_show_setup(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_factor_confirm_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_code_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CODE_FORM, &form) != 0) {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               ngx_http_deals_ask_confirm(ctx, &form.in),
                               ngx_http_deals_factor_confirmed);
}


/* and of codes that were made anew */

static ngx_int_t
ngx_http_deals_factor_confirmed(ngx_http_deals_ctx_t *ctx)
{
    deals_factor_page   content;
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {

        if (deals_factor_setup_get(ctx->call) == NULL) {
            return ngx_http_deals_settings_mistake(ctx, error);
        }

        ngx_http_deals_form_mistakes(ctx, error);

        return ngx_http_deals_show_setup(ctx, 422);
    }

    ngx_memzero(&content, sizeof(deals_factor_page));

    content.codes = deals_factor_codes_get(ctx->call)->codes;
    content.renewed = (ctx->route->handler
                       == ngx_http_deals_factor_codes_form);

    return ngx_http_deals_show_factor(ctx, NGX_HTTP_OK, "Recovery codes",
                                      &content);
}


static ngx_int_t
ngx_http_deals_show_setup(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_picture              picture;
    deals_factor_page          content;
    const deals_factor_setup  *setup;

    setup = deals_factor_setup_get(ctx->call);

    ngx_memzero(&content, sizeof(deals_factor_page));

    content.setup = 1;
    content.key = setup->secret;
    content.secret = deals_in_groups(ctx->arena, setup->secret, ' ');
    content.issuer = setup->issuer;
    content.member = deals_call_viewer(ctx->call)->name;
    content.picture = &picture;

    if (content.secret.data == NULL
        || deals_qr(ctx->arena, setup->uri, &picture) != 0)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_show_factor(ctx, status, "Second factor", &content);
}


static ngx_int_t
ngx_http_deals_show_factor(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    const char *title, deals_factor_page *content)
{
    if (ngx_http_deals_page(ctx, title) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.on_settings = 1;
    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_FACTOR, content);
}


ngx_int_t
ngx_http_deals_factor_codes_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_factor_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_FACTOR_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_renew(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &form.in,
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_factor_confirmed);
}


ngx_int_t
ngx_http_deals_factor_end_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_factor_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_FACTOR_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_end(ngx_http_deals_site(ctx),
                                                &ctx->asker, &form.in,
                                                ngx_http_deals_call_done,
                                                ctx),
                               ngx_http_deals_factor_ended);
}


static ngx_int_t
ngx_http_deals_factor_ended(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_settings_mistake(ctx,
                                               deals_call_error(ctx->call));
    }

    return ngx_http_deals_to_settings(ctx, "factor");
}


ngx_int_t
ngx_http_deals_api_factor(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_api_factor_step);
}


static ngx_int_t
ngx_http_deals_api_factor_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK,
                                    &deals_factor_info_shape,
                                    deals_sessions_get(ctx->call)->factor);
}


ngx_int_t
ngx_http_deals_api_factor_begin(ngx_http_deals_ctx_t *ctx)
{
    deals_confirm_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_confirm_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_begin(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &in,
                                                  ngx_http_deals_issuer(ctx),
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_api_setup_step);
}


static ngx_int_t
ngx_http_deals_api_setup_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK,
                                    &deals_factor_setup_shape,
                                    deals_factor_setup_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_factor_confirm(ngx_http_deals_ctx_t *ctx)
{
    deals_code_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_code_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_confirm(ctx, &in),
                               ngx_http_deals_api_codes_step);
}


static ngx_int_t
ngx_http_deals_api_codes_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK,
                                    &deals_factor_codes_shape,
                                    deals_factor_codes_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_factor_codes(ngx_http_deals_ctx_t *ctx)
{
    deals_factor_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_factor_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_renew(ngx_http_deals_site(ctx),
                                                  &ctx->asker, &in,
                                                  ngx_http_deals_call_done,
                                                  ctx),
                               ngx_http_deals_api_codes_step);
}


ngx_int_t
ngx_http_deals_api_factor_end(ngx_http_deals_ctx_t *ctx)
{
    deals_factor_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_factor_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_factor_end(ngx_http_deals_site(ctx),
                                                &ctx->asker, &in,
                                                ngx_http_deals_call_done,
                                                ctx),
                               ngx_http_deals_ended_step);
}
