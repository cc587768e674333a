
/*
 * A request's way: the route, who asks, the body, the route's handler, the call
 * that it waits for, the step after it.
 *
 * A handler or step returns what a content handler does: the result of sending,
 * a status for nginx' own page, or NGX_DONE when it waits for a call.
 */


#include "ngx_http_deals_module.h"


/* the default of deals_query_timeout, ms */

#define NGX_HTTP_DEALS_PATIENCE  5000


static ngx_int_t ngx_http_deals_refuse(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_no_route(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_media_type(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_plain_body(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_wait_for(ngx_http_deals_ctx_t *ctx,
    deals_call *call, ngx_http_deals_handler_pt step, ngx_uint_t either);
static void ngx_http_deals_cleanup(void *data);


ngx_int_t
ngx_http_deals_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_deals_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;
    ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_deals_module);
    ctx->db_time = -1;
    ctx->render_time = -1;
    ctx->until = DEALS_NULL_INT;

    ngx_http_set_ctx(r, ctx, ngx_http_deals_module);

    (void) ngx_http_deals_find_route(ctx);

    rc = ngx_http_deals_cache_handler(ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_deals_begin(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->route && ctx->route->body != NGX_HTTP_DEALS_BODY_NONE) {
        rc = ngx_http_deals_refuse(ctx);

        if (rc == NGX_DECLINED) {
            return ngx_http_deals_read_body(ctx);
        }

    } else {
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_deals_refuse(ctx);

        if (rc == NGX_DECLINED) {
            rc = ctx->keyed ? ngx_http_deals_cache_enter(ctx)
                            : ngx_http_deals_run(ctx);
        }
    }

    if (rc == NGX_DONE) {
        r->main->count++;
    }

    return rc;
}


/* what a request needs that is not answered at once */

ngx_int_t
ngx_http_deals_begin(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_cleanup_t  *cln;

    if (ctx->arena) {
        return NGX_OK;
    }

    ctx->arena = deals_arena_new();
    if (ctx->arena == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(ctx->request, 0);
    if (cln == NULL) {
        deals_arena_free(ctx->arena);
        ctx->arena = NULL;
        return NGX_ERROR;
    }

    cln->handler = ngx_http_deals_cleanup;
    cln->data = ctx;

    return NGX_OK;
}


/* how long a request may wait for the database */

ngx_msec_t
ngx_http_deals_patience(ngx_http_deals_ctx_t *ctx)
{
    int64_t  timeout;

    timeout = ctx->conf->backend->config.query_timeout;

    return timeout ? (ngx_msec_t) timeout : NGX_HTTP_DEALS_PATIENCE;
}


/*
 * Answers what needs neither body nor database. NGX_DECLINED: nothing is wrong
 * with the request so far.
 */

static ngx_int_t
ngx_http_deals_refuse(ngx_http_deals_ctx_t *ctx)
{
    const char          *message;
    deals_code           code;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->route == NULL) {
        return ngx_http_deals_no_route(ctx);
    }

    if (ngx_http_deals_asker(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_deals_same_origin(ctx) != NGX_OK) {
        code = DEALS_FORBIDDEN;
        message = "This request did not come from a page of this site.";

    } else if (ctx->route->body != NGX_HTTP_DEALS_BODY_NONE
               && r->headers_in.content_length_n
                  > (off_t) ctx->conf->body_size)
    {
        code = DEALS_TOO_LARGE;
        message = "That is more than this site takes in one request.";

    } else if (ctx->route->body != NGX_HTTP_DEALS_BODY_NONE
               && ngx_http_deals_media_type(ctx) != NGX_OK)
    {
        code = DEALS_MEDIA_TYPE;
        message = ctx->route->body == NGX_HTTP_DEALS_BODY_JSON
                  ? "The body must be application/json."
                  : "The body must be application/x-www-form-urlencoded.";

    } else if (ngx_http_deals_plain_body(ctx) != NGX_OK) {
        code = DEALS_MEDIA_TYPE;
        message = "The body must not be compressed or coded otherwise.";

        if (ngx_http_deals_set_header(ctx, "Accept-Encoding", "identity")
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {
        return NGX_DECLINED;
    }

    if (ctx->route->body != NGX_HTTP_DEALS_BODY_NONE) {

        /* the client need not send what nobody reads; whether it does is not
         * known: what follows may be a request or the body */

        if (r->headers_in.expect) {
            r->keepalive = 0;
        }

        r->expect_tested = 1;

        if (ngx_http_discard_request_body(r) != NGX_OK) {
            r->keepalive = 0;
        }
    }

    return ngx_http_deals_fail(ctx, code, message);
}


static ngx_int_t
ngx_http_deals_no_route(ngx_http_deals_ctx_t *ctx)
{
    if (ngx_http_deals_asker(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->allow == 0) {
        return ngx_http_deals_fail(ctx, DEALS_NOT_FOUND,
                                   "There is nothing at this address.");
    }

    if (ctx->request->method == NGX_HTTP_OPTIONS) {
        return ngx_http_deals_options(ctx);
    }

    return ngx_http_deals_fail(ctx, DEALS_METHOD,
                               "This address does not take that method.");
}


static ngx_int_t
ngx_http_deals_media_type(ngx_http_deals_ctx_t *ctx)
{
    size_t              len;
    ngx_str_t          *type;
    const char         *want;
    ngx_http_request_t  *r;

    r = ctx->request;

    want = ctx->route->body == NGX_HTTP_DEALS_BODY_JSON
           ? "application/json" : "application/x-www-form-urlencoded";
    len = ngx_strlen(want);

    if (r->headers_in.content_type == NULL) {

        /* a form's button may send nothing at all */

        return ctx->route->body == NGX_HTTP_DEALS_BODY_FORM
               && r->headers_in.content_length_n <= 0
               && !r->headers_in.chunked
               ? NGX_OK : NGX_DECLINED;
    }

    type = &r->headers_in.content_type->value;

    if (type->len < len
        || ngx_strncasecmp(type->data, (u_char *) want, len) != 0)
    {
        return NGX_DECLINED;
    }

    if (type->len == len
        || type->data[len] == ';' || type->data[len] == ' '
        || type->data[len] == '\t')
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* coded bytes that happen to read as a body are not what the client meant */

static ngx_int_t
ngx_http_deals_plain_body(ngx_http_deals_ctx_t *ctx)
{
    ngx_str_t  *coding;

    coding = ngx_http_deals_header(ctx->request, "content-encoding",
                                   sizeof("content-encoding") - 1);

    if (coding == NULL
        || coding->len == 0
        || (coding->len == sizeof("identity") - 1
            && ngx_strncasecmp(coding->data, (u_char *) "identity",
                               coding->len)
               == 0))
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* the route's handler, once the body is there */

ngx_int_t
ngx_http_deals_run(ngx_http_deals_ctx_t *ctx)
{
    if (ctx->route->kind == NGX_HTTP_DEALS_FILE) {
        return ctx->route->handler(ctx);
    }

    if (ngx_http_deals_site(ctx) == NULL) {
        return ngx_http_deals_fail(ctx, DEALS_UNAVAILABLE,
                                   "The database cannot be reached.");
    }

    return ctx->route->handler(ctx);
}


deals_ctx *
ngx_http_deals_site(ngx_http_deals_ctx_t *ctx)
{
    if (ctx->loop == NULL) {
        ctx->loop = ngx_http_deals_loop(ctx->conf->backend);

        if (ctx->loop == NULL) {
            return NULL;
        }
    }

    return ngx_http_deals_loop_site(ctx->loop);
}


/* `step` goes on when the call is done; always the last thing a handler does */

ngx_int_t
ngx_http_deals_expect(ngx_http_deals_ctx_t *ctx, deals_call *call,
    ngx_http_deals_handler_pt step)
{
    return ngx_http_deals_wait_for(ctx, call, step, 0);
}


ngx_int_t
ngx_http_deals_wait(ngx_http_deals_ctx_t *ctx, deals_call *call,
    ngx_http_deals_handler_pt step)
{
    return ngx_http_deals_wait_for(ctx, call, step, 1);
}


static ngx_int_t
ngx_http_deals_wait_for(ngx_http_deals_ctx_t *ctx, deals_call *call,
    ngx_http_deals_handler_pt step, ngx_uint_t either)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (call == NULL) {
        return ngx_http_deals_fail(ctx, DEALS_NO_MEMORY, "");
    }

    /* what a step shows may come from the call before, never from earlier */

    deals_call_free(ctx->former);

    ctx->former = ctx->call;
    ctx->call = call;
    ctx->step = step;
    ctx->either = either;
    ctx->waiting = 1;

    /* one deadline for all calls of a request, and what it waited before */

    if (ctx->give_up) {
        deals_call_hurry(call, (ngx_msec_int_t) (ctx->give_up
                                                 - ngx_current_msec));
    } else {
        ctx->give_up = ngx_current_msec + ngx_http_deals_patience(ctx);
    }

    ngx_http_deals_loop_begin(ctx->loop);

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    return NGX_DONE;
}


/* the callback of every call, from a clean stack */

void
ngx_http_deals_call_done(deals_call *call, void *data)
{
    ngx_http_deals_ctx_t *ctx = data;

    int64_t              usec;
    ngx_int_t            rc;
    ngx_connection_t    *c;
    const deals_error   *error;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ctx->waiting = 0;
    ngx_http_deals_loop_end(ctx->loop);

    usec = deals_call_db_time(call);

    if (usec >= 0) {
        ctx->db_time = usec + (ctx->db_time > 0 ? ctx->db_time : 0);
    }

    error = deals_call_error(call);
    ctx->outcome = error ? deals_error_about(error->code)->name : "ok";

    rc = error && !ctx->either ? ngx_http_deals_error(ctx, error)
                               : ctx->step(ctx);

    if (rc == NGX_DONE) {
        return;
    }

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


/* microseconds of no particular beginning */

int64_t
ngx_http_deals_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void
ngx_http_deals_cleanup(void *data)
{
    ngx_http_deals_ctx_t *ctx = data;

    ngx_http_deals_cache_end(ctx, 0);

    if (ctx->waiting) {
        ctx->waiting = 0;
        ngx_http_deals_loop_end(ctx->loop);
    }

    deals_call_free(ctx->call);
    ctx->call = NULL;

    deals_call_free(ctx->former);
    ctx->former = NULL;

    deals_arena_free(ctx->arena);
    ctx->arena = NULL;
}
