
/*
 * Errors: problem+json for programs, a page for people, the sign-in page for
 * people who are not signed in.
 */


#include "ngx_http_deals_module.h"


#define NGX_HTTP_DEALS_RETRY_AFTER  5


static ngx_int_t ngx_http_deals_allow(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_insufficient(ngx_http_deals_ctx_t *ctx,
    int lacks);
static ngx_int_t ngx_http_deals_help(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_to_page(ngx_http_deals_ctx_t *ctx,
    const char *page, deals_str next);
static ngx_int_t ngx_http_deals_problem(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_error_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_show_error(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);


/* an error of the module's own; the message is static */

ngx_int_t
ngx_http_deals_fail(ngx_http_deals_ctx_t *ctx, deals_code code,
    const char *message)
{
    deals_error  *error;

    static const deals_error  no_memory = { .code = DEALS_NO_MEMORY };

    error = deals_arena_alloc(ctx->arena, sizeof(deals_error));
    if (error == NULL) {
        return ngx_http_deals_error(ctx, &no_memory);
    }

    error->code = code;
    error->message = deals_str_of(message);

    return ngx_http_deals_error(ctx, error);
}


/* DEALS_INVALID, of one field */

ngx_int_t
ngx_http_deals_fail_field(ngx_http_deals_ctx_t *ctx, const char *field,
    const char *message)
{
    deals_error  *error;

    error = deals_arena_alloc(ctx->arena, sizeof(deals_error));
    if (error == NULL) {
        return ngx_http_deals_fail(ctx, DEALS_NO_MEMORY, "");
    }

    error->code = DEALS_INVALID;
    error->field = deals_str_of(field);
    error->message = deals_str_of(message);

    return ngx_http_deals_error(ctx, error);
}


ngx_int_t
ngx_http_deals_error(ngx_http_deals_ctx_t *ctx, const deals_error *error)
{
    ngx_int_t                rc;
    deals_ctx               *site;
    const deals_error_info  *info;

    info = deals_error_about(error->code);
    ctx->outcome = info->name;

    rc = ngx_http_deals_cache_failed(ctx, error->code);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_deals_cache_end(ctx, info->status);

    if (ctx->api) {
        return ngx_http_deals_problem(ctx, error);
    }

    if (error->code == DEALS_UNAUTHENTICATED) {
        return ngx_http_deals_to_login(ctx, ctx->form.next);
    }

    /* a member sees the page as a member, also that of a wrong address */

    if (ctx->asker.token.data
        && ctx->call == NULL
        && info->status < NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        site = ngx_http_deals_site(ctx);

        if (site) {
            ctx->error = error;

            return ngx_http_deals_wait(ctx,
                                       deals_whoami(site, &ctx->asker,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                                       ngx_http_deals_error_step);
        }
    }

    return ngx_http_deals_show_error(ctx, error);
}


static ngx_int_t
ngx_http_deals_error_step(ngx_http_deals_ctx_t *ctx)
{
    ctx->outcome = deals_error_about(ctx->error->code)->name;

    return ngx_http_deals_show_error(ctx, ctx->error);
}


static ngx_int_t
ngx_http_deals_show_error(ngx_http_deals_ctx_t *ctx, const deals_error *error)
{
    deals_error_page         content;
    const deals_error_info  *info;

    info = deals_error_about(error->code);

    if (ngx_http_deals_error_headers(ctx, error) != NGX_OK
        || ngx_http_deals_page(ctx, info->title) != 0)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.noindex = 1;
    ctx->page.canonical = DEALS_NONE;

    if (ctx->route == NULL) {

        /* nobody wants to come back here after signing in */

        ctx->page.path = deals_str_of(
                             deals_arena_printf(ctx->arena, "%.*s/",
                                                (int) ctx->conf->prefix.len,
                                                ctx->conf->prefix.data));
    }

    ngx_memzero(&content, sizeof(deals_error_page));

    content.status = info->status;
    content.reason = deals_str_of(info->title);
    content.retry = info->retryable;
    content.factor = (error->code == DEALS_FACTOR_REQUIRED);

    if (error->message.len) {
        content.detail = error->message;
    }

    return ngx_http_deals_render(ctx, info->status, DEALS_PAGE_ERROR,
                                 &content);
}


static ngx_int_t
ngx_http_deals_problem(ngx_http_deals_ctx_t *ctx, const deals_error *error)
{
    int64_t    start;
    deals_buf  buf;

    if (ngx_http_deals_error_headers(ctx, error) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    start = ngx_http_deals_clock();

    deals_buf_init(&buf);
    deals_json_problem(&buf, error);

    ctx->render_time = ngx_http_deals_clock() - start;

    return ngx_http_deals_send(ctx, deals_error_about(error->code)->status,
                               "application/problem+json", &buf);
}


ngx_int_t
ngx_http_deals_error_headers(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    u_char      *p;
    ngx_int_t    status, after;

    status = deals_error_about(error->code)->status;

    if (error->code == DEALS_FACTOR_REQUIRED) {
        return ngx_http_deals_help(ctx);
    }

    if (status == NGX_HTTP_UNAUTHORIZED) {
        return ngx_http_deals_set_header(ctx, "WWW-Authenticate",
                                         ctx->asker.token.data
                                         ? "Bearer realm=\"deals\", "
                                           "error=\"invalid_token\""
                                         : "Bearer realm=\"deals\"");
    }

    if (status == NGX_HTTP_FORBIDDEN && ctx->call && ctx->bearer) {
        return ngx_http_deals_insufficient(ctx, deals_call_lacks(ctx->call));
    }

    if (status == NGX_HTTP_NOT_ALLOWED) {
        return ngx_http_deals_allow(ctx);
    }

    after = error->retry_after;

    if (after <= 0 && status == NGX_HTTP_SERVICE_UNAVAILABLE) {
        after = NGX_HTTP_DEALS_RETRY_AFTER;
    }

    if (after > 0) {
        p = ngx_pnalloc(ctx->request->pool, NGX_INT_T_LEN + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *ngx_sprintf(p, "%i", after) = '\0';

        return ngx_http_deals_set_header(ctx, "Retry-After", (char *) p);
    }

    return NGX_OK;
}


/* programs are told of the page that people find a link to */

static ngx_int_t
ngx_http_deals_help(ngx_http_deals_ctx_t *ctx)
{
    char  *link;

    if (!ctx->api) {
        return NGX_OK;
    }

    link = deals_arena_printf(ctx->arena,
                              "<%.*s%.*s/settings/factor>; rel=\"help\"",
                              (int) ctx->conf->url.len, ctx->conf->url.data,
                              (int) ctx->conf->prefix.len,
                              ctx->conf->prefix.data);

    return link ? ngx_http_deals_set_header(ctx, "Link", link) : NGX_ERROR;
}


/* which scopes an access token would have to have; a session's has no name */

static ngx_int_t
ngx_http_deals_insufficient(ngx_http_deals_ctx_t *ctx, int lacks)
{
    if (lacks == 0) {
        return NGX_OK;
    }

    return ngx_http_deals_set_header(ctx, "WWW-Authenticate",
               lacks & DEALS_SCOPE_SESSION
               ? "Bearer realm=\"deals\", error=\"insufficient_scope\""
               : lacks & DEALS_SCOPE_READ
               ? "Bearer realm=\"deals\", error=\"insufficient_scope\", "
                 "scope=\"read\""
               : lacks & DEALS_SCOPE_VOTE
               ? "Bearer realm=\"deals\", error=\"insufficient_scope\", "
                 "scope=\"vote\""
               : "Bearer realm=\"deals\", error=\"insufficient_scope\", "
                 "scope=\"write\"");
}


static ngx_int_t
ngx_http_deals_allow(ngx_http_deals_ctx_t *ctx)
{
    u_char      *allow, *p;
    ngx_uint_t   i;

    static const struct {
        ngx_uint_t   method;
        const char  *name;
    } methods[] = {
        { NGX_HTTP_GET, "GET, " },
        { NGX_HTTP_HEAD, "HEAD, " },
        { NGX_HTTP_POST, "POST, " },
        { NGX_HTTP_PUT, "PUT, " },
        { NGX_HTTP_PATCH, "PATCH, " },
        { NGX_HTTP_DELETE, "DELETE, " }
    };

    allow = ngx_pnalloc(ctx->request->pool,
                        sizeof("GET, HEAD, POST, PUT, PATCH, DELETE, "
                               "OPTIONS"));
    if (allow == NULL) {
        return NGX_ERROR;
    }

    p = allow;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (ctx->allow & methods[i].method) {
            p = ngx_sprintf(p, "%s", methods[i].name);
        }
    }

    ngx_memcpy(p, "OPTIONS", sizeof("OPTIONS"));

    return ngx_http_deals_set_header(ctx, "Allow", (char *) allow);
}


ngx_int_t
ngx_http_deals_options(ngx_http_deals_ctx_t *ctx)
{
    ctx->outcome = "ok";

    if (ngx_http_deals_allow(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_empty(ctx, NGX_HTTP_NO_CONTENT);
}


/*
 * Signed in, a member comes back to `next`; absent: to the address that was
 * asked for, or, after a form, to the page that it stands on.
 */

ngx_int_t
ngx_http_deals_to_login(ngx_http_deals_ctx_t *ctx, deals_str next)
{
    return ngx_http_deals_to_page(ctx, "/login", next);
}


/* likewise, once a second factor is on, or will not be now */

ngx_int_t
ngx_http_deals_to_factor(ngx_http_deals_ctx_t *ctx, deals_str next)
{
    return ngx_http_deals_to_page(ctx, "/settings/factor", next);
}


static ngx_int_t
ngx_http_deals_to_page(ngx_http_deals_ctx_t *ctx, const char *page,
    deals_str next)
{
    u_char              *p;
    uintptr_t            escape;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_deals_local_path(ctx, next) != NGX_OK) {
        next = ngx_http_deals_own_path(ctx);
    }

    escape = 2 * ngx_escape_uri(NULL, (u_char *) next.data, next.len,
                                NGX_ESCAPE_URI_COMPONENT);

    p = ngx_pnalloc(r->pool, next.len + escape + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *(u_char *) ngx_escape_uri(p, (u_char *) next.data, next.len,
                               NGX_ESCAPE_URI_COMPONENT)
        = '\0';

    ctx->no_store = 1;

    return ngx_http_deals_to(ctx, deals_arena_printf(ctx->arena,
                                                     "%s?next=%s", page, p));
}
