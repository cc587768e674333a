
/*
 * The API. Each handler reads its input and makes one call; its step writes what
 * the call answers as JSON.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_api_query(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_query_t *query);
static ngx_int_t ngx_http_deals_api_feed_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_deal_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_created_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_empty_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_vote_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_comments_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_comment_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_session_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_signed_out_step(
    ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_me_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_api_user_step(ngx_http_deals_ctx_t *ctx);


#define ngx_http_deals_api_error(ctx)                                         \
    if (deals_call_error((ctx)->call)) {                                      \
        return ngx_http_deals_error(ctx, deals_call_error((ctx)->call));      \
    }


/* NGX_DECLINED: it is good; query->limit is then 0 if it was not given */

static ngx_int_t
ngx_http_deals_api_query(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_query_t *query)
{
    if (ngx_http_deals_read_query(ctx, query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    if (query->limit == DEALS_NULL_INT) {
        query->limit = 0;

    } else if (query->limit < 1 || query->limit > 100) {
        return ngx_http_deals_fail_field(ctx, "limit",
                                         "The limit is a number from 1 to "
                                         "100.");
    }

    if (query->cursor.len == 0) {
        query->cursor = DEALS_NONE;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_deals_api_feed(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t               rc;
    deals_feed_params       params;
    ngx_http_deals_query_t  query;

    rc = ngx_http_deals_api_query(ctx, &query);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_memzero(&params, sizeof(deals_feed_params));

    params.limit = (int) query.limit;
    params.cursor = query.cursor;
    params.until = (ctx->keyed != NULL);

    if (query.sort.len == 0 || deals_str_eq(query.sort, DEALS_STR("hot"))) {
        params.sort = DEALS_HOT;

    } else if (deals_str_eq(query.sort, DEALS_STR("new"))) {
        params.sort = DEALS_NEW;

    } else if (deals_str_eq(query.sort, DEALS_STR("top"))) {
        params.sort = DEALS_TOP;

    } else {
        return ngx_http_deals_fail_field(ctx, "sort",
                                         "The order is hot, new or top.");
    }

    if (ngx_http_deals_find_window(query.window, &params.window) != 0) {
        return ngx_http_deals_fail_field(ctx, "window",
                                         "The window is day, week, month, "
                                         "year or all.");
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_api_feed_step, deals_feed,
                               &params);
}


static ngx_int_t
ngx_http_deals_api_feed_step(ngx_http_deals_ctx_t *ctx)
{
    ctx->until = deals_feed_get(ctx->call)->until;

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_feed_shape,
                                    deals_feed_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_deal(ngx_http_deals_ctx_t *ctx)
{
    deals_deal_params  params;

    ngx_memzero(&params, sizeof(deals_deal_params));

    params.id = ctx->id;

    return ngx_http_deals_call(ctx, ngx_http_deals_api_deal_step,
                               deals_deal_get, &params);
}


static ngx_int_t
ngx_http_deals_api_deal_step(ngx_http_deals_ctx_t *ctx)
{
    ctx->until = deals_deal_result_get(ctx->call)->until;

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_deal_shape,
                                    deals_deal_result_get(ctx->call)->deal);
}


ngx_int_t
ngx_http_deals_api_deal_create(ngx_http_deals_ctx_t *ctx)
{
    uint64_t          given;
    deals_deal_input  in;

    if (ngx_http_deals_read_deal_json(ctx, &deals_deal_input_shape, &in,
                                      &given)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ngx_http_deals_idempotency_key(ctx);

    return ngx_http_deals_call(ctx, ngx_http_deals_api_created_step,
                               deals_deal_create, &in);
}


static ngx_int_t
ngx_http_deals_api_created_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_deal  *deal;

    deal = deals_deal_result_get(ctx->call)->deal;

    if (ngx_http_deals_location(ctx,
                                deals_arena_printf(ctx->arena,
                                                   "/api/v1/deals/%lld",
                                                   (long long) deal->id))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_CREATED, &deals_deal_shape,
                                    deal);
}


ngx_int_t
ngx_http_deals_api_deal_update(ngx_http_deals_ctx_t *ctx)
{
    uint64_t          given;
    deals_deal_input  in;

    if (ngx_http_deals_read_deal_json(ctx, &deals_deal_update_shape, &in,
                                      &given)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_api_deal_step,
                               deals_deal_update, ctx->id, &in, given);
}


ngx_int_t
ngx_http_deals_api_deal_delete(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_call(ctx, ngx_http_deals_api_empty_step,
                               deals_deal_delete, ctx->id);
}


static ngx_int_t
ngx_http_deals_api_empty_step(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_send_empty(ctx, NGX_HTTP_NO_CONTENT);
}


/* on the deal, or on a comment (ctx->cid) */

ngx_int_t
ngx_http_deals_api_vote(ngx_http_deals_ctx_t *ctx)
{
    deals_vote_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_vote_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_api_vote_step, deals_vote,
                               ctx->id, ctx->cid, in.value);
}


static ngx_int_t
ngx_http_deals_api_vote_step(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_vote_shape,
                                    deals_vote_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_comments(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t               rc;
    ngx_http_deals_query_t  query;

    rc = ngx_http_deals_api_query(ctx, &query);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_api_comments_step,
                               deals_comments, ctx->id, (int) query.limit,
                               query.cursor);
}


static ngx_int_t
ngx_http_deals_api_comments_step(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_comments_shape,
                                    deals_comments_get(ctx->call));
}


ngx_int_t
ngx_http_deals_api_comment_create(ngx_http_deals_ctx_t *ctx)
{
    deals_comment_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_comment_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ngx_http_deals_idempotency_key(ctx);

    return ngx_http_deals_call(ctx, ngx_http_deals_api_comment_step,
                               deals_comment_create, ctx->id, &in);
}


ngx_int_t
ngx_http_deals_api_comment_update(ngx_http_deals_ctx_t *ctx)
{
    deals_str  body;

    if (ngx_http_deals_read_json(ctx, &ngx_http_deals_body_shape, &body, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_api_comment_step,
                               deals_comment_update, ctx->id, ctx->cid, body);
}


/* of a comment that was written (which has no address of its own) or changed */

static ngx_int_t
ngx_http_deals_api_comment_step(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t            status;
    const deals_comment  *comment;

    comment = deals_comment_get(ctx->call);
    status = NGX_HTTP_OK;

    if (ctx->cid == 0) {
        status = NGX_HTTP_CREATED;

        if (ngx_http_deals_location(ctx,
                                    deals_arena_printf(ctx->arena,
                                                       "/api/v1/deals/%lld/"
                                                       "comments/%lld",
                                                       (long long) ctx->id,
                                                       (long long)
                                                       comment->id))
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_deals_send_json(ctx, status, &deals_comment_shape,
                                    comment);
}


ngx_int_t
ngx_http_deals_api_comment_delete(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_call(ctx, ngx_http_deals_api_empty_step,
                               deals_comment_delete, ctx->id, ctx->cid);
}


ngx_int_t
ngx_http_deals_api_account_create(ngx_http_deals_ctx_t *ctx)
{
    deals_account_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_account_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ctx->claimed = in.name;

    return ngx_http_deals_wait(ctx,
                               deals_account_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_api_session_step);
}


ngx_int_t
ngx_http_deals_api_session_create(ngx_http_deals_ctx_t *ctx)
{
    deals_session_input  in;

    if (ngx_http_deals_read_json(ctx, &deals_session_input_shape, &in, NULL)
        != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ctx->claimed = in.name;

    return ngx_http_deals_wait(ctx,
                               deals_session_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, &in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_api_session_step);
}


static ngx_int_t
ngx_http_deals_api_session_step(ngx_http_deals_ctx_t *ctx)
{
    const char                  *path;
    const deals_session_result  *session;

    ngx_http_deals_api_error(ctx);

    session = deals_session_get(ctx->call);

    if (ctx->route->handler == ngx_http_deals_api_account_create) {
        path = ngx_http_deals_part(ctx, "/api/v1/users/",
                                   session->user->name);

    } else {
        path = "/api/v1/sessions/current";
    }

    if (ngx_http_deals_location(ctx, path) != NGX_OK
        || ngx_http_deals_set_cookie(ctx, session->token,
                                     session->expires_at)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_CREATED,
                                    &deals_session_shape, session);
}


ngx_int_t
ngx_http_deals_api_session_delete(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_wait(ctx,
                               deals_session_delete(ngx_http_deals_site(ctx),
                                                    &ctx->asker,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_api_signed_out_step);
}


static ngx_int_t
ngx_http_deals_api_signed_out_step(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_api_error(ctx);

    if (ctx->cookie
        && ngx_http_deals_set_cookie(ctx, DEALS_NONE, 0) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_send_empty(ctx, NGX_HTTP_NO_CONTENT);
}


ngx_int_t
ngx_http_deals_api_me(ngx_http_deals_ctx_t *ctx)
{
    ctx->asker.strict = 1;

    return ngx_http_deals_call(ctx, ngx_http_deals_api_me_step, deals_whoami);
}


static ngx_int_t
ngx_http_deals_api_me_step(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_fail(ctx, DEALS_UNAUTHENTICATED,
                                   "Sign in first.");
    }

    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_me_shape,
                                    deals_call_viewer(ctx->call));
}


ngx_int_t
ngx_http_deals_api_user(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_call(ctx, ngx_http_deals_api_user_step,
                               deals_user_get, ctx->name);
}


static ngx_int_t
ngx_http_deals_api_user_step(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_send_json(ctx, NGX_HTTP_OK, &deals_user_shape,
                                    deals_user_result(ctx->call));
}
