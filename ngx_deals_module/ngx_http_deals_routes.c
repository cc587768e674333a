
/*
 * The table of all addresses, and the search in it.
 *
 * A path is made of literal parts and of {id} and {cid} (positive integers),
 * {name} (one part, not empty), {slug} (likewise, or empty) and {hash}. Rows
 * with the same path differ in their methods; GET includes HEAD.
 *
 * What an access token needs is said of each address: pages and forms take
 * none, reading by the API needs DEALS_SCOPE_READ, and all else of the API has a
 * column for it. SESSION: no access token will do; ANY: each will, or it does
 * not matter who asks.
 */


#include "ngx_http_deals_module.h"

#include "base/utf8.h"


#define NGX_HTTP_DEALS_MAX_ID  INT64_C(9007199254740991)

#define NGX_HTTP_DEALS_READ    (NGX_HTTP_GET|NGX_HTTP_HEAD)

#define IN_CURSOR              NGX_HTTP_DEALS_IN_CURSOR
#define IN_WINDOW              NGX_HTTP_DEALS_IN_WINDOW
#define IN_SORT                NGX_HTTP_DEALS_IN_SORT
#define IN_LIMIT               NGX_HTTP_DEALS_IN_LIMIT


#define page(name, path, handler, cache)                                      \
    { ngx_string(name), NGX_HTTP_DEALS_READ, ngx_string(path),                \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_PAGE,                          \
      NGX_HTTP_DEALS_BODY_NONE, NGX_HTTP_DEALS_##cache,                       \
      NGX_HTTP_DEALS_OF_NOTHING, 0, DEALS_SCOPE_SESSION }

/* what anybody may see, and the cache may keep */

#define list_page(name, path, handler, inputs)                                \
    { ngx_string(name), NGX_HTTP_DEALS_READ, ngx_string(path),                \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_PAGE,                          \
      NGX_HTTP_DEALS_BODY_NONE, NGX_HTTP_DEALS_REVALIDATE,                    \
      NGX_HTTP_DEALS_OF_LISTS, inputs, DEALS_SCOPE_SESSION }

#define deal_page(name, path, inputs)                                         \
    { ngx_string(name), NGX_HTTP_DEALS_READ, ngx_string(path),                \
      ngx_http_deals_deal_page, NGX_HTTP_DEALS_PAGE,                          \
      NGX_HTTP_DEALS_BODY_NONE, NGX_HTTP_DEALS_REVALIDATE,                    \
      NGX_HTTP_DEALS_OF_DEAL, inputs, DEALS_SCOPE_SESSION }

#define read_api(name, path, handler, scope, inputs)                          \
    { ngx_string(name), NGX_HTTP_DEALS_READ, ngx_string(path),                \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_API,                           \
      NGX_HTTP_DEALS_BODY_NONE, NGX_HTTP_DEALS_REVALIDATE,                    \
      NGX_HTTP_DEALS_OF_##scope, inputs, DEALS_SCOPE_READ }

#define form(name, path, handler)                                             \
    { ngx_string(name), NGX_HTTP_POST, ngx_string(path),                      \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_FORM,                          \
      NGX_HTTP_DEALS_BODY_FORM, NGX_HTTP_DEALS_NO_STORE,                      \
      NGX_HTTP_DEALS_OF_NOTHING, 0, DEALS_SCOPE_SESSION }

#define api(name, method, path, handler, body, cache, needs)                  \
    { ngx_string(name), method, ngx_string(path),                             \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_API,                           \
      NGX_HTTP_DEALS_BODY_##body, NGX_HTTP_DEALS_##cache,                     \
      NGX_HTTP_DEALS_OF_NOTHING, 0, DEALS_SCOPE_##needs }

#define file(name, path, handler, cache)                                      \
    { ngx_string(name), NGX_HTTP_DEALS_READ, ngx_string(path),                \
      ngx_http_deals_##handler, NGX_HTTP_DEALS_FILE,                          \
      NGX_HTTP_DEALS_BODY_NONE, NGX_HTTP_DEALS_##cache,                       \
      NGX_HTTP_DEALS_OF_NOTHING, 0, DEALS_SCOPE_ANY }


static const ngx_http_deals_route_t  ngx_http_deals_routes[] = {

    list_page("hot", "/", hot_page, IN_CURSOR),
    list_page("new", "/new", new_page, IN_CURSOR),
    list_page("top", "/top", top_page, IN_CURSOR|IN_WINDOW),
    list_page("tag", "/tags/{name}", tag_page, IN_CURSOR),
    list_page("merchant", "/merchants/{name}", merchant_page, IN_CURSOR),
    list_page("user", "/users/{name}", user_page, IN_CURSOR),
    deal_page("deal", "/deals/{id}", IN_CURSOR),
    deal_page("deal", "/deals/{id}/{slug}", IN_CURSOR),

    page("submit", "/submit", submit_page, NO_STORE),
    form("submit-form", "/submit", submit_form),
    page("edit", "/deals/{id}/-/edit", edit_page, NO_STORE),
    form("edit-form", "/deals/{id}/-/edit", edit_form),
    form("delete-form", "/deals/{id}/-/delete", delete_form),
    form("hide-form", "/deals/{id}/-/hide", hide_form),
    form("vote-form", "/deals/{id}/-/vote", vote_form),
    form("comment-form", "/deals/{id}/-/comments", comment_form),
    form("comment-vote-form", "/deals/{id}/-/comments/{cid}/vote", vote_form),
    page("comment-edit", "/deals/{id}/-/comments/{cid}/edit", comment_page,
         NO_STORE),
    form("comment-edit-form", "/deals/{id}/-/comments/{cid}/edit",
         comment_edit_form),
    form("comment-delete-form", "/deals/{id}/-/comments/{cid}/delete",
         comment_delete_form),

    page("login", "/login", login_page, NO_STORE),
    form("login-form", "/login", login_form),
    page("signup", "/signup", signup_page, NO_STORE),
    form("signup-form", "/signup", signup_form),
    form("code-form", "/login/code", code_form),
    form("logout-form", "/logout", logout_form),

    page("reset", "/reset", reset_page, NO_STORE),
    form("reset-form", "/reset", reset_form),

    page("settings", "/settings", settings_page, NO_STORE),
    form("password-form", "/settings/password", password_form),
    form("sessions-end-form", "/settings/sessions/end", others_form),
    form("session-end-form", "/settings/sessions/{name}/end",
         session_end_form),
    page("factor", "/settings/factor", factor_ask_page, NO_STORE),
    form("factor-form", "/settings/factor", factor_form),
    form("factor-confirm-form", "/settings/factor/confirm",
         factor_confirm_form),
    form("factor-codes-form", "/settings/factor/codes", factor_codes_form),
    form("factor-end-form", "/settings/factor/end", factor_end_form),
    form("token-form", "/settings/tokens", token_form),
    form("token-end-form", "/settings/tokens/{name}/end", token_end_form),

    read_api("api-deals", "/api/v1/deals", api_feed, LISTS,
             IN_CURSOR|IN_WINDOW|IN_SORT|IN_LIMIT),
    api("api-deal-create", NGX_HTTP_POST, "/api/v1/deals", api_deal_create,
        JSON, NO_STORE, WRITE),
    read_api("api-deal", "/api/v1/deals/{id}", api_deal, DEAL, 0),
    api("api-deal-update", NGX_HTTP_PATCH, "/api/v1/deals/{id}",
        api_deal_update, JSON, NO_STORE, WRITE),
    api("api-deal-delete", NGX_HTTP_DELETE, "/api/v1/deals/{id}",
        api_deal_delete, NONE, NO_STORE, WRITE),
    api("api-vote", NGX_HTTP_PUT, "/api/v1/deals/{id}/vote", api_vote,
        JSON, NO_STORE, VOTE),
    read_api("api-comments", "/api/v1/deals/{id}/comments", api_comments,
             DEAL, IN_CURSOR|IN_LIMIT),
    api("api-comment-create", NGX_HTTP_POST, "/api/v1/deals/{id}/comments",
        api_comment_create, JSON, NO_STORE, WRITE),
    api("api-comment-update", NGX_HTTP_PATCH,
        "/api/v1/deals/{id}/comments/{cid}", api_comment_update,
        JSON, NO_STORE, WRITE),
    api("api-comment-delete", NGX_HTTP_DELETE,
        "/api/v1/deals/{id}/comments/{cid}", api_comment_delete,
        NONE, NO_STORE, WRITE),
    api("api-comment-vote", NGX_HTTP_PUT,
        "/api/v1/deals/{id}/comments/{cid}/vote", api_vote, JSON, NO_STORE,
        VOTE),
    api("api-account-create", NGX_HTTP_POST, "/api/v1/accounts",
        api_account_create, JSON, NO_STORE, ANY),
    api("api-session-create", NGX_HTTP_POST, "/api/v1/sessions",
        api_session_create, JSON, NO_STORE, ANY),
    api("api-session-delete", NGX_HTTP_DELETE, "/api/v1/sessions/current",
        api_session_delete, NONE, NO_STORE, ANY),
    api("api-sessions", NGX_HTTP_DEALS_READ, "/api/v1/sessions", api_sessions,
        NONE, NO_STORE, SESSION),
    api("api-sessions-end", NGX_HTTP_POST, "/api/v1/sessions/end",
        api_sessions_end, JSON, NO_STORE, SESSION),
    api("api-session-end", NGX_HTTP_POST, "/api/v1/sessions/{name}/end",
        api_session_end, JSON, NO_STORE, SESSION),
    api("api-tokens", NGX_HTTP_DEALS_READ, "/api/v1/tokens", api_tokens,
        NONE, NO_STORE, SESSION),
    api("api-token-create", NGX_HTTP_POST, "/api/v1/tokens",
        api_token_create, JSON, NO_STORE, SESSION),
    api("api-token-end", NGX_HTTP_DELETE, "/api/v1/tokens/{name}",
        api_token_end, NONE, NO_STORE, SESSION),
    api("api-reset", NGX_HTTP_POST, "/api/v1/password-resets", api_reset,
        JSON, NO_STORE, ANY),
    api("api-password", NGX_HTTP_PUT, "/api/v1/me/password", api_password,
        JSON, NO_STORE, SESSION),
    api("api-factor", NGX_HTTP_DEALS_READ, "/api/v1/me/factor", api_factor,
        NONE, NO_STORE, SESSION),
    api("api-factor-begin", NGX_HTTP_POST, "/api/v1/me/factor",
        api_factor_begin, JSON, NO_STORE, SESSION),
    api("api-factor-confirm", NGX_HTTP_POST, "/api/v1/me/factor/confirm",
        api_factor_confirm, JSON, NO_STORE, SESSION),
    api("api-factor-codes", NGX_HTTP_POST, "/api/v1/me/factor/codes",
        api_factor_codes, JSON, NO_STORE, SESSION),
    api("api-factor-end", NGX_HTTP_POST, "/api/v1/me/factor/end",
        api_factor_end, JSON, NO_STORE, SESSION),
    api("api-me", NGX_HTTP_DEALS_READ, "/api/v1/me", api_me, NONE, NO_STORE,
        READ),
    read_api("api-user", "/api/v1/users/{name}", api_user, LISTS, 0),

    file("openapi", "/api/v1/openapi.json", openapi, REVALIDATE),
    file("static", "/static/{hash}/{name}", static, IMMUTABLE),
    file("favicon", "/favicon.ico", favicon, REVALIDATE),
    file("robots", "/robots.txt", robots, REVALIDATE)
};


#define NGX_HTTP_DEALS_ROUTES                                                 \
    (sizeof(ngx_http_deals_routes) / sizeof(ngx_http_deals_routes[0]))


/* how much of each path stands before its first parameter; 0: not looked at
 * yet, since all begin with a slash */

static u_char  ngx_http_deals_heads[NGX_HTTP_DEALS_ROUTES];


static ngx_uint_t ngx_http_deals_may_match(ngx_uint_t i, u_char *p,
    u_char *last);
static ngx_int_t ngx_http_deals_match(ngx_http_deals_ctx_t *ctx,
    const ngx_str_t *path, u_char *p, u_char *last);
static ngx_int_t ngx_http_deals_parameter(ngx_http_deals_ctx_t *ctx,
    const u_char *name, size_t len, u_char *p, u_char *last);


/*
 * NGX_OK: ctx->route is set. NGX_DECLINED: it is not; ctx->allow has the methods
 * of the path, none if there is no such path.
 */

ngx_int_t
ngx_http_deals_find_route(ngx_http_deals_ctx_t *ctx)
{
    u_char                        *p, *last;
    ngx_uint_t                     i;
    ngx_http_request_t            *r;
    const ngx_http_deals_route_t  *route;

    r = ctx->request;

    if (r->uri.len <= ctx->conf->prefix.len) {
        return NGX_DECLINED;
    }

    p = r->uri.data + ctx->conf->prefix.len;
    last = r->uri.data + r->uri.len;

    ctx->api = (last - p >= 5 && ngx_strncmp(p, "/api/", 5) == 0);

    if (!deals_utf8_valid((deals_str) { (char *) p, last - p })) {
        return NGX_DECLINED;
    }

    for (i = 0; i < NGX_HTTP_DEALS_ROUTES; i++) {
        route = &ngx_http_deals_routes[i];

        if (!ngx_http_deals_may_match(i, p, last)
            || ngx_http_deals_match(ctx, &route->path, p, last) != NGX_OK)
        {
            continue;
        }

        if (route->methods & r->method) {
            ctx->route = route;
            return NGX_OK;
        }

        ctx->allow |= route->methods;
    }

    return NGX_DECLINED;
}


/* most rows are passed over by the last eight bytes before their first
 * parameter: in these they differ */

static ngx_uint_t
ngx_http_deals_may_match(ngx_uint_t i, u_char *p, u_char *last)
{
    size_t            n;
    u_char           *end;
    const ngx_str_t  *path;

    path = &ngx_http_deals_routes[i].path;
    n = ngx_http_deals_heads[i];

    if (n == 0) {
        end = ngx_strlchr(path->data, path->data + path->len, '{');
        n = (end ? end : path->data + path->len) - path->data;
        ngx_http_deals_heads[i] = (u_char) n;
    }

    if ((size_t) (last - p) < n) {
        return 0;
    }

    if (n < sizeof(uint64_t)) {
        return p[n - 1] == path->data[n - 1];
    }

    n -= sizeof(uint64_t);

    return ngx_memcmp(p + n, path->data + n, sizeof(uint64_t)) == 0;
}


static ngx_int_t
ngx_http_deals_match(ngx_http_deals_ctx_t *ctx, const ngx_str_t *path,
    u_char *p, u_char *last)
{
    u_char  *s, *end, *part, *name;

    s = path->data;
    end = path->data + path->len;

    for ( ;; ) {

        /* both stand at a slash, or at their ends */

        if (s == end || p == last) {
            return (s == end && p == last) ? NGX_OK : NGX_DECLINED;
        }

        if (*s++ != *p++) {
            return NGX_DECLINED;
        }

        for (part = p; p < last && *p != '/'; p++) { /* void */ }
        for (name = s; s < end && *s != '/'; s++) { /* void */ }

        if (s > name && *name == '{') {
            if (ngx_http_deals_parameter(ctx, name + 1, s - name - 2, part, p)
                != NGX_OK)
            {
                return NGX_DECLINED;
            }

            continue;
        }

        if (s - name != p - part || ngx_memcmp(name, part, s - name) != 0) {
            return NGX_DECLINED;
        }
    }
}


static ngx_int_t
ngx_http_deals_parameter(ngx_http_deals_ctx_t *ctx, const u_char *name,
    size_t len, u_char *p, u_char *last)
{
    int64_t     n;
    deals_str  *text;

    if (len == sizeof("id") - 1 || len == sizeof("cid") - 1) {

        n = 0;

        if (p == last || *p == '0') {
            return NGX_DECLINED;
        }

        for ( /* void */ ; p < last; p++) {
            if (*p < '0' || *p > '9') {
                return NGX_DECLINED;
            }

            n = n * 10 + (*p - '0');

            if (n > NGX_HTTP_DEALS_MAX_ID) {
                return NGX_DECLINED;
            }
        }

        if (len == sizeof("id") - 1) {
            ctx->id = n;

        } else {
            ctx->cid = n;
        }

        return NGX_OK;
    }

    if (p == last && *name != 's') {
        return NGX_DECLINED;
    }

    text = *name == 'h' ? &ctx->hash : &ctx->name;

    text->data = (char *) p;
    text->len = last - p;

    return NGX_OK;
}
