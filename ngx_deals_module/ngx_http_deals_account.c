
/*
 * Signing up, in and out on pages.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_account_page(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_account_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_account_wrong(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_show_account(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_deals_show_code(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_deals_account_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_logout_done(ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_login_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_account_page(ctx);
}


ngx_int_t
ngx_http_deals_signup_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_account_page(ctx);
}


static ngx_int_t
ngx_http_deals_account_page(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_query_t  query;

    if (ngx_http_deals_read_query(ctx, &query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    if (ngx_http_deals_local_path(ctx, query.next) == NGX_OK) {
        ctx->form.next = query.next;
    }

    if (deals_str_eq(query.done, DEALS_STR("reset"))) {
        ctx->form.note = DEALS_STR("Your password was set. Sign in with it.");
    }

    return ngx_http_deals_wait(ctx,
                               deals_whoami(ngx_http_deals_site(ctx),
                                            &ctx->asker,
                                            ngx_http_deals_call_done, ctx),
                               ngx_http_deals_account_step);
}


static ngx_int_t
ngx_http_deals_account_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    if (deals_call_viewer(ctx->call)) {
        return ngx_http_deals_go_on(ctx);
    }

    return ngx_http_deals_show_account(ctx, NGX_HTTP_OK);
}


/* to where one wanted to go before this */

ngx_int_t
ngx_http_deals_go_on(ngx_http_deals_ctx_t *ctx)
{
    deals_str  next;

    next = ctx->form.next;

    if (ngx_http_deals_local_path(ctx, next) != NGX_OK) {
        return ngx_http_deals_to(ctx, "/");
    }

    return ngx_http_deals_redirect(ctx, NGX_HTTP_SEE_OTHER,
                                   deals_arena_printf(ctx->arena, "%.*s",
                                                      (int) next.len,
                                                      next.data));
}


ngx_int_t
ngx_http_deals_login_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_session_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_SESSION_FORM, &form)
        != 0)
    {
        return ngx_http_deals_account_wrong(ctx, ctx->error);
    }

    ctx->claimed = form.in.name;
    form.in.wants_ticket = 1;
    ngx_http_deals_read_device(ctx);

    return ngx_http_deals_wait(ctx,
                               deals_session_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &form.in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_account_done);
}


/* a code, behind the password, for which a ticket stands */

ngx_int_t
ngx_http_deals_code_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_ticket_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_TICKET_FORM, &form)
        != 0)
    {
        return ngx_http_deals_account_wrong(ctx, ctx->error);
    }

    ctx->claimed = form.in.name;

    return ngx_http_deals_wait(ctx,
                               deals_session_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &form.in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_account_done);
}


ngx_int_t
ngx_http_deals_signup_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_account_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACCOUNT_FORM, &form)
        != 0)
    {
        return ngx_http_deals_account_wrong(ctx, ctx->error);
    }

    ctx->claimed = form.in.name;

    return ngx_http_deals_wait(ctx,
                               deals_account_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &form.in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_account_done);
}


/* the page again, with what is wrong; the password is never shown */

static ngx_int_t
ngx_http_deals_account_wrong(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    switch (error->code) {

    case DEALS_CODE_NEEDED:
        ctx->form.token = deals_session_ticket(ctx->call);
        return ngx_http_deals_show_code(ctx, NGX_HTTP_OK);

    case DEALS_CODE_WRONG:
    case DEALS_INVALID:
    case DEALS_CONFLICT:
    case DEALS_UNAUTHENTICATED:
        ngx_http_deals_form_mistakes(ctx, error);
        return ngx_http_deals_show_account(ctx, 422);

    case DEALS_RATE_LIMITED:
        ngx_http_deals_form_mistakes(ctx, error);

        if (ngx_http_deals_error_headers(ctx, error) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_deals_show_account(ctx, 429);

    default:
        return ngx_http_deals_error(ctx, error);
    }
}


/* the second step of signing in: what the first one found right goes along */

static ngx_int_t
ngx_http_deals_show_code(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_plain_page  content;

    ngx_memzero(&content, sizeof(deals_plain_page));

    if (ngx_http_deals_local_path(ctx, ctx->form.next) != NGX_OK) {
        ctx->form.next = DEALS_NONE;
    }

    if (ngx_http_deals_page(ctx, "Your code") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.on_login = 1;
    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_CODE, &content);
}


static ngx_int_t
ngx_http_deals_show_account(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t        login;
    deals_plain_page  content;

    if (ctx->route->handler == ngx_http_deals_code_form
        && ctx->outcome != deals_error_about(DEALS_UNAUTHENTICATED)->name)
    {
        return ngx_http_deals_show_code(ctx, status);
    }

    login = ctx->route->handler != ngx_http_deals_signup_page
            && ctx->route->handler != ngx_http_deals_signup_form;

    ngx_memzero(&content, sizeof(deals_plain_page));

    if (ngx_http_deals_local_path(ctx, ctx->form.next) != NGX_OK) {
        ctx->form.next = DEALS_NONE;
    }

    if (ngx_http_deals_page(ctx, login ? "Sign in" : "Create an account")
        != 0)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.on_login = login;
    ctx->page.on_signup = !login;
    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status,
                                 login ? DEALS_PAGE_LOGIN : DEALS_PAGE_SIGNUP,
                                 &content);
}


static ngx_int_t
ngx_http_deals_account_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_session_result  *session;

    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_account_wrong(ctx, deals_call_error(ctx->call));
    }

    session = deals_session_get(ctx->call);

    if (ngx_http_deals_set_cookie(ctx, session->token, session->expires_at)
        != NGX_OK
        || ngx_http_deals_set_device(ctx, session->device) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (deals_call_owes(ctx->call) != DEALS_OWES_NOTHING) {

        if (ngx_http_deals_local_path(ctx, ctx->form.next) != NGX_OK) {
            return ngx_http_deals_to(ctx, "/settings/factor");
        }

        return ngx_http_deals_to_factor(ctx, ctx->form.next);
    }

    return ngx_http_deals_go_on(ctx);
}


ngx_int_t
ngx_http_deals_logout_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_session_delete(ngx_http_deals_site(ctx),
                                                    &ctx->asker,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_logout_done);
}


static ngx_int_t
ngx_http_deals_logout_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    if (ngx_http_deals_set_cookie(ctx, DEALS_NONE, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_go_on(ctx);
}
