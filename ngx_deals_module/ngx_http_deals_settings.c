
/*
 * What members settle for themselves, on a page and by the API: the password, and
 * which sessions go on.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_settings_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_settings_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_password_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_session_end_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_others_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_sessions_step(ngx_http_deals_ctx_t *ctx);


static const struct {
    deals_str  done;
    deals_str  note;
} ngx_http_deals_notes[] = {
    { DEALS_STR("password"),
      DEALS_STR("Your password was changed. You are signed out everywhere "
                "else, and your access tokens are gone.") },
    { DEALS_STR("token"), DEALS_STR("That access token is revoked.") },
    { DEALS_STR("factor"),
      DEALS_STR("Your second factor is off, and its recovery codes are gone.") },
    { DEALS_STR("session"), DEALS_STR("That session has ended.") },
    { DEALS_STR("others"), DEALS_STR("You are signed out everywhere else.") }
};


deals_call *
ngx_http_deals_ask_sessions(ngx_http_deals_ctx_t *ctx)
{
    return deals_sessions(ngx_http_deals_site(ctx), &ctx->asker,
                          ngx_http_deals_call_done, ctx);
}


ngx_int_t
ngx_http_deals_settings_page(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t              i;
    ngx_http_deals_query_t  query;

    if (ngx_http_deals_read_query(ctx, &query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    for (i = 0; i < sizeof(ngx_http_deals_notes)
                    / sizeof(ngx_http_deals_notes[0]); i++)
    {
        if (query.done.len
            && deals_str_eq(query.done, ngx_http_deals_notes[i].done))
        {
            ctx->form.note = ngx_http_deals_notes[i].note;
        }
    }

    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_settings_step);
}


static ngx_int_t
ngx_http_deals_settings_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_show_settings(ctx, NGX_HTTP_OK);
}


static ngx_int_t
ngx_http_deals_settings_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    return ngx_http_deals_show_settings(ctx,
                             ngx_http_deals_mistake_status(ctx, ctx->error));
}


ngx_int_t
ngx_http_deals_show_settings(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t           token;
    deals_settings_page  content;

    token = (ctx->route->handler == ngx_http_deals_token_form);

    ngx_memzero(&content, sizeof(deals_settings_page));

    content.sessions = deals_sessions_get(ctx->call)->sessions;
    content.others = content.sessions.len > 1;
    content.tokens = deals_sessions_get(ctx->call)->tokens;
    content.has_tokens = content.tokens.len > 0;
    content.factor = deals_sessions_get(ctx->call)->factor;
    content.owes_powers = (deals_call_owes(ctx->call) == DEALS_OWES_POWERS);
    content.owes_writes = (deals_call_owes(ctx->call) == DEALS_OWES_WRITES);

    if (token && status == NGX_HTTP_OK) {
        content.made = deals_token_get(ctx->former)->token;
    }

    /* what was typed stays where something is wrong with it */

    if (!token || status == NGX_HTTP_OK) {
        ctx->form.days = DEALS_STR("90");
        ctx->form.scope_read = 1;
    }

    if (ngx_http_deals_page(ctx, "Settings") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.on_settings = 1;
    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_SETTINGS, &content);
}


/* the page again, with what is wrong; who isn't signed in comes back to it */

ngx_int_t
ngx_http_deals_settings_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    ctx->form.next = deals_str_of(deals_arena_printf(ctx->arena,
                                                 "%.*s/settings",
                                                 (int) ctx->conf->prefix.len,
                                                 ctx->conf->prefix.data));

    if (!ngx_http_deals_is_mistake(error)) {
        return ngx_http_deals_error(ctx, error);
    }

    ctx->error = error;

    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_settings_wrong);
}


ngx_int_t
ngx_http_deals_to_settings(ngx_http_deals_ctx_t *ctx, const char *done)
{
    return ngx_http_deals_to(ctx, deals_arena_printf(ctx->arena,
                                                     "/settings?done=%s",
                                                     done));
}


ngx_int_t
ngx_http_deals_password_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_password_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_PASSWORD_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_password_change(ngx_http_deals_site(ctx),
                                                     &ctx->asker, &form.in,
                                                     ngx_http_deals_call_done,
                                                     ctx),
                               ngx_http_deals_password_done);
}


static ngx_int_t
ngx_http_deals_password_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_settings_mistake(ctx,
                                               deals_call_error(ctx->call));
    }

    if (ngx_http_deals_set_device(ctx, deals_password_device(ctx->call))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_to_settings(ctx, "password");
}


/* each section of the page that asks for the password tells what is wrong with
 * it */

deals_str *
ngx_http_deals_current_error(ngx_http_deals_ctx_t *ctx)
{
    if (ctx->route->handler == ngx_http_deals_session_end_form
        || ctx->route->handler == ngx_http_deals_others_form)
    {
        return &ctx->form.ending_error;
    }

    if (ctx->route->handler == ngx_http_deals_token_form) {
        return &ctx->form.making_error;
    }

    if (ctx->route->handler == ngx_http_deals_factor_form
        || ctx->route->handler == ngx_http_deals_factor_codes_form
        || ctx->route->handler == ngx_http_deals_factor_end_form)
    {
        return &ctx->form.factor_error;
    }

    return &ctx->form.current_error;
}


ngx_int_t
ngx_http_deals_session_end_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_confirm_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CONFIRM_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_session_end(ngx_http_deals_site(ctx),
                                                 &ctx->asker, ctx->name,
                                                 &form.in,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_session_end_done);
}


/* one that ended before is what was wanted */

static ngx_int_t
ngx_http_deals_session_end_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error && error->code != DEALS_NOT_FOUND) {
        return ngx_http_deals_settings_mistake(ctx, error);
    }

    if (error == NULL && deals_sessions_get(ctx->call)->own_ended) {

        if (ngx_http_deals_set_cookie(ctx, DEALS_NONE, 0) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_deals_to(ctx, "/");
    }

    return ngx_http_deals_to_settings(ctx, "session");
}


ngx_int_t
ngx_http_deals_others_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_confirm_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_CONFIRM_FORM, &form)
        != 0)
    {
        return ngx_http_deals_settings_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_session_end_others(
                                                 ngx_http_deals_site(ctx),
                                                 &ctx->asker, &form.in,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_others_done);
}


static ngx_int_t
ngx_http_deals_others_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_settings_mistake(ctx,
                                               deals_call_error(ctx->call));
    }

    return ngx_http_deals_to_settings(ctx, "others");
}


ngx_int_t
ngx_http_deals_api_sessions(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx, ngx_http_deals_ask_sessions(ctx),
                               ngx_http_deals_api_sessions_step);
}


static ngx_int_t
ngx_http_deals_api_sessions_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_sessions_shape,
                                    deals_sessions_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_session_end(ngx_http_deals_ctx_t *ctx)
{
    deals_confirm_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_confirm_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_session_end(ngx_http_deals_site(ctx),
                                                 &ctx->asker, ctx->name, &in,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_ended_step);
}


ngx_int_t
ngx_http_deals_api_sessions_end(ngx_http_deals_ctx_t *ctx)
{
    deals_confirm_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_confirm_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_session_end_others(
                                                 ngx_http_deals_site(ctx),
                                                 &ctx->asker, &in,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_ended_step);
}


ngx_int_t
ngx_http_deals_api_password(ngx_http_deals_ctx_t *ctx)
{
    deals_password_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_password_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_password_change(ngx_http_deals_site(ctx),
                                                     &ctx->asker, &in,
                                                     ngx_http_deals_call_done,
                                                     ctx),
                               ngx_http_deals_ended_step);
}


ngx_int_t
ngx_http_deals_ended_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_sessions_result  *result;

    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    result = deals_sessions_get(ctx->call);

    if (result && result->own_ended && ctx->cookie
        && ngx_http_deals_set_cookie(ctx, DEALS_NONE, 0) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_deals_set_device(ctx, deals_password_device(ctx->call))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_empty(ctx, NGX_HTTP_NO_CONTENT);
}
