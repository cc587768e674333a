
/*
 * A second factor, on the settings' pages and by the API. What is said once, the
 * secret and the recovery codes, stands in the answer itself: no address has it.
 */


#include "ngx_http_deals_module.h"

#include "core/totp.h"


static ngx_int_t ngx_http_deals_factor_ask_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_begin_wrong(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t offered, const deals_error *error);
static ngx_int_t ngx_http_deals_factor_ask_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_begun(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_confirmed(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_factor_ended(ngx_http_deals_ctx_t *ctx);
static ngx_uint_t ngx_http_deals_factor_next(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_show_ask(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
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


/* where to go on afterwards; 1: that was said, otherwise it is the settings */

static ngx_uint_t
ngx_http_deals_factor_next(ngx_http_deals_ctx_t *ctx)
{
    if (ngx_http_deals_local_path(ctx, ctx->form.next) == NGX_OK) {
        return 1;
    }

    ctx->form.next = deals_str_of(deals_arena_printf(ctx->arena,
                                                 "%.*s/settings",
                                                 (int) ctx->conf->prefix.len,
                                                 ctx->conf->prefix.data));

    return 0;
}


/* offered on a page of its own, to whoever came for something else */

ngx_int_t
ngx_http_deals_factor_ask_page(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_query_t  query;

    if (ngx_http_deals_read_query(ctx, &query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ctx->form.next = query.next;

    return ngx_http_deals_call(ctx, ngx_http_deals_factor_ask_step,
                               deals_whoami);
}


static ngx_int_t
ngx_http_deals_factor_ask_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_me  *me;

    me = deals_call_viewer(ctx->call);

    if (me == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    if (me->has_factor) {
        (void) ngx_http_deals_factor_next(ctx);

        return ngx_http_deals_go_on(ctx);
    }

    return ngx_http_deals_show_ask(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_factor_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t                     offered;
    ngx_http_deals_confirm_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CONFIRM_FORM, &form)
        != 0)
    {
        offered = ngx_http_deals_factor_next(ctx);

        return ngx_http_deals_factor_begin_wrong(ctx, offered, ctx->error);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_factor_begun,
                              deals_factor_begin, &form.in,
                              ngx_http_deals_issuer(ctx));
}


static ngx_int_t
ngx_http_deals_factor_begun(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t          offered;
    const deals_error  *error;

    error = deals_call_error(ctx->call);
    offered = ngx_http_deals_factor_next(ctx);

    return error ? ngx_http_deals_factor_begin_wrong(ctx, offered, error)
                 : ngx_http_deals_show_setup(ctx, NGX_HTTP_OK);
}


/* the page again that the form stands on */

static ngx_int_t
ngx_http_deals_factor_begin_wrong(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t offered, const deals_error *error)
{
    if (!offered
        || (error->code != DEALS_INVALID && error->code != DEALS_RATE_LIMITED))
    {
        return ngx_http_deals_settings_mistake(ctx, error);
    }

    ctx->error = error;

    return ngx_http_deals_call(ctx, ngx_http_deals_factor_ask_wrong,
                               deals_whoami);
}


static ngx_int_t
ngx_http_deals_factor_ask_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, ctx->form.next);
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    return ngx_http_deals_show_ask(ctx,
                             ngx_http_deals_mistake_status(ctx, ctx->error));
}


ngx_int_t
ngx_http_deals_factor_confirm_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_code_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CODE_FORM, &form) != 0) {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_factor_confirmed,
                              deals_factor_confirm, &form.in,
                              ngx_http_deals_issuer(ctx));
}


/* and of codes that were made anew */

static ngx_int_t
ngx_http_deals_factor_confirmed(ngx_http_deals_ctx_t *ctx)
{
    deals_factor_page   content;
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    (void) ngx_http_deals_factor_next(ctx);

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
ngx_http_deals_show_ask(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    int                owes;
    deals_factor_page  content;

    owes = ngx_http_deals_owes(ctx);

    ngx_memzero(&content, sizeof(deals_factor_page));

    content.ask = 1;
    content.owes_powers = (owes == DEALS_OWES_POWERS);
    content.owes_writes = (owes == DEALS_OWES_WRITES);

    (void) ngx_http_deals_factor_next(ctx);

    return ngx_http_deals_show_factor(ctx, status, "Second factor", &content);
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

    return ngx_http_deals_try(ctx, ngx_http_deals_factor_confirmed,
                              deals_factor_renew, &form.in);
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

    return ngx_http_deals_try(ctx, ngx_http_deals_factor_ended,
                              deals_factor_end, &form.in);
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
    return ngx_http_deals_call(ctx, ngx_http_deals_api_factor_step,
                               deals_sessions);
}


static ngx_int_t
ngx_http_deals_api_factor_step(ngx_http_deals_ctx_t *ctx)
{
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

    return ngx_http_deals_call(ctx, ngx_http_deals_api_setup_step,
                               deals_factor_begin, &in,
                               ngx_http_deals_issuer(ctx));
}


static ngx_int_t
ngx_http_deals_api_setup_step(ngx_http_deals_ctx_t *ctx)
{
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

    return ngx_http_deals_call(ctx, ngx_http_deals_api_codes_step,
                               deals_factor_confirm, &in,
                               ngx_http_deals_issuer(ctx));
}


static ngx_int_t
ngx_http_deals_api_codes_step(ngx_http_deals_ctx_t *ctx)
{
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

    return ngx_http_deals_call(ctx, ngx_http_deals_api_codes_step,
                               deals_factor_renew, &in);
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

    return ngx_http_deals_call(ctx, ngx_http_deals_ended_step,
                               deals_factor_end, &in);
}
