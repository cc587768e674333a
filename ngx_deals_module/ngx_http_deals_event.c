
/*
 * Events of security in the error log, one line each: who signs in and out, up,
 * sets a password, makes access tokens, ends sessions; what was refused to whom.
 * A line tells when, what, how it ended, by which route, and who; nginx adds the
 * client's address and the request's first line. Nothing in it is a secret, and
 * nothing that somebody typed is in it but what can be a member's name.
 */


#include "ngx_http_deals_module.h"

#include "core/name.h"


static const struct {
    ngx_str_t    route;
    const char  *event;
} ngx_http_deals_events[] = {
    { ngx_string("login-form"), "sign-in" },
    { ngx_string("api-session-create"), "sign-in" },
    { ngx_string("code-form"), "sign-in" },
    { ngx_string("logout-form"), "sign-out" },
    { ngx_string("api-session-delete"), "sign-out" },
    { ngx_string("signup-form"), "sign-up" },
    { ngx_string("api-account-create"), "sign-up" },
    { ngx_string("password-form"), "password" },
    { ngx_string("api-password"), "password" },
    { ngx_string("reset-form"), "reset" },
    { ngx_string("api-reset"), "reset" },
    { ngx_string("session-end-form"), "end-session" },
    { ngx_string("api-session-end"), "end-session" },
    { ngx_string("sessions-end-form"), "end-sessions" },
    { ngx_string("api-sessions-end"), "end-sessions" },
    { ngx_string("token-form"), "token" },
    { ngx_string("api-token-create"), "token" },
    { ngx_string("token-end-form"), "end-token" },
    { ngx_string("api-token-end"), "end-token" },
    { ngx_string("factor-form"), "factor-begin" },
    { ngx_string("api-factor-begin"), "factor-begin" },
    { ngx_string("factor-confirm-form"), "factor-on" },
    { ngx_string("api-factor-confirm"), "factor-on" },
    { ngx_string("factor-codes-form"), "factor-codes" },
    { ngx_string("api-factor-codes"), "factor-codes" },
    { ngx_string("factor-end-form"), "factor-off" },
    { ngx_string("api-factor-end"), "factor-off" },
    { ngx_string("hide-form"), "hide" }
};


static const char *ngx_http_deals_event_name(ngx_http_deals_ctx_t *ctx);
static const char *ngx_http_deals_event_more(ngx_http_deals_ctx_t *ctx,
    const char *event);
static ngx_uint_t ngx_http_deals_event_level(ngx_http_deals_ctx_t *ctx,
    const char *event, deals_code code);
static deals_code ngx_http_deals_event_code(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
static deals_str ngx_http_deals_event_member(ngx_http_deals_ctx_t *ctx);
static deals_str ngx_http_deals_event_claim(ngx_http_deals_ctx_t *ctx);


/* with an answer's headers, when all is known */

void
ngx_http_deals_event(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_str    member, name;
    ngx_log_t   *log;
    ngx_uint_t   level;
    deals_code   code;
    const char  *event;

    log = ctx->request->connection->log;
    code = ngx_http_deals_event_code(ctx, status);
    event = ngx_http_deals_event_name(ctx);

    if (event == NULL && code == DEALS_OK) {
        return;
    }

    level = ngx_http_deals_event_level(ctx, event, code);

    if (level == NGX_CONF_UNSET_UINT || level > log->log_level) {
        return;
    }

    member = ngx_http_deals_event_member(ctx);
    name = ngx_http_deals_event_claim(ctx);

    ngx_log_error(level, log, 0,
                  "deals event=%s result=%s route=%V member=%*s name=%*s "
                  "time=%V",
                  event ? event : "request", deals_error_about(code)->name,
                  &ctx->route->name, member.len, member.data,
                  name.len, name.data, &ngx_cached_http_log_iso8601);
}


/* NULL: nothing that is told when it goes well */

static const char *
ngx_http_deals_event_name(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (ctx->route == NULL || (ctx->route->methods & NGX_HTTP_GET)) {
        return NULL;
    }

    for (i = 0; i < sizeof(ngx_http_deals_events)
                    / sizeof(ngx_http_deals_events[0]); i++)
    {
        name = (ngx_str_t *) &ngx_http_deals_events[i].route;

        if (name->len == ctx->route->name.len
            && ngx_strncmp(name->data, ctx->route->name.data, name->len) == 0)
        {
            return ngx_http_deals_event_more(ctx,
                                             ngx_http_deals_events[i].event);
        }
    }

    return NULL;
}


/* what went with it */

static const char *
ngx_http_deals_event_more(ngx_http_deals_ctx_t *ctx, const char *event)
{
    const deals_session_result  *session;

    if (ctx->call == NULL || !deals_call_is_done(ctx->call)) {
        return event;
    }

    session = deals_session_get(ctx->call);

    if (session && session->recovered) {
        return "sign-in-recovery";
    }

    return deals_password_reset_factor(ctx->call) ? "reset-factor" : event;
}


/* NGX_CONF_UNSET_UINT: not at all */

static ngx_uint_t
ngx_http_deals_event_level(ngx_http_deals_ctx_t *ctx, const char *event,
    deals_code code)
{
    if (ctx->route == NULL) {
        return NGX_CONF_UNSET_UINT;
    }

    switch (code) {

    case DEALS_OK:
        return NGX_LOG_NOTICE;

    case DEALS_UNAUTHENTICATED:

        /* whoever has no credentials at all is sent to the sign-in */

        return event || ctx->bearer ? NGX_LOG_WARN : NGX_CONF_UNSET_UINT;

    case DEALS_FORBIDDEN:
    case DEALS_RATE_LIMITED:
    case DEALS_CODE_WRONG:

        /* the last: whoever it is has the password */

        return NGX_LOG_WARN;

    case DEALS_FACTOR_REQUIRED:

        /* once all have to have one, many will hear of it */

        return NGX_LOG_NOTICE;

    case DEALS_INVALID:
    case DEALS_CONFLICT:

        /* a wrong password or code; others forgot a field */

        return event ? NGX_LOG_NOTICE : NGX_CONF_UNSET_UINT;

    case DEALS_MALFORMED:
    case DEALS_MEDIA_TYPE:
    case DEALS_TOO_LARGE:
        return NGX_LOG_INFO;

    default:

        /* not found; or a backend's, which is told where it happens */

        return event ? NGX_LOG_NOTICE : NGX_CONF_UNSET_UINT;
    }
}


static deals_code
ngx_http_deals_event_code(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t  code;

    for (code = DEALS_CODES - 1; code > DEALS_OK; code--) {
        if (ctx->outcome == deals_error_about(code)->name) {
            return code;
        }
    }

    /* a form with mistakes, whose page was asked for since */

    if (status >= NGX_HTTP_BAD_REQUEST) {
        return ctx->error ? ctx->error->code : DEALS_INVALID;
    }

    return DEALS_OK;
}


static deals_str
ngx_http_deals_event_member(ngx_http_deals_ctx_t *ctx)
{
    const deals_me              *viewer;
    const deals_session_result  *session;

    if (ctx->call && deals_call_is_done(ctx->call)) {
        viewer = deals_call_viewer(ctx->call);

        if (viewer) {
            return viewer->name;
        }

        session = deals_session_get(ctx->call);

        if (session && session->user) {
            return session->user->name;
        }
    }

    return DEALS_STR("-");
}


/* who it would be: a name that was typed, or the id in a token */

static deals_str
ngx_http_deals_event_claim(ngx_http_deals_ctx_t *ctx)
{
    size_t     len;
    deals_str  token;

    if (deals_name_valid(ctx->claimed)) {

        /* all else may be a password in the wrong field, or break the line */

        return ctx->claimed;
    }

    token = ctx->asker.token;

    for (len = 0; len < token.len; len++) {
        if (token.data[len] < '0' || token.data[len] > '9') {
            break;
        }
    }

    if (len == 0 || len == token.len || len > DEALS_NAME_MAX
        || token.data[len] != '.')
    {
        return DEALS_STR("-");
    }

    token.len = len;

    return token;
}
