
/*
 * Pages that show a deal, and the forms to write and edit one.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_deal_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_submit_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_edit_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_step(ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_deal_page(ngx_http_deals_ctx_t *ctx)
{
    deals_deal_params       params;
    ngx_http_deals_query_t  query;

    if (ngx_http_deals_read_query(ctx, &query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ngx_memzero(&params, sizeof(deals_deal_params));

    params.id = ctx->id;
    params.comments = 1;
    params.comments_cursor = query.cursor.len ? query.cursor : DEALS_NONE;

    ctx->cursor = params.comments_cursor;

    return ngx_http_deals_call(ctx, ngx_http_deals_deal_step, deals_deal_get,
                               &params);
}


/*
 * An address with another slug is moved to the one of today's title. Titles
 * change: the answer must not be kept, or two of them could make a ring.
 */

static ngx_int_t
ngx_http_deals_deal_step(ngx_http_deals_ctx_t *ctx)
{
    char                *path;
    ngx_str_t           *args;
    const deals_deal    *deal;

    deal = deals_deal_result_get(ctx->call)->deal;
    ctx->until = deals_deal_result_get(ctx->call)->until;

    if (!deals_str_eq(deal->slug, ctx->name)) {
        args = &ctx->request->args;

        path = deals_arena_printf(ctx->arena, "%.*s/deals/%lld/%.*s%s%.*s",
                                  (int) ctx->conf->prefix.len,
                                  ctx->conf->prefix.data, (long long) ctx->id,
                                  (int) deal->slug.len, deal->slug.data,
                                  args->len ? "?" : "",
                                  (int) args->len, args->data);

        return ngx_http_deals_redirect(ctx, NGX_HTTP_MOVED_PERMANENTLY, path);
    }

    return ngx_http_deals_show_deal(ctx, NGX_HTTP_OK);
}


/* the page of the deal that ctx->call has got */

ngx_int_t
ngx_http_deals_show_deal(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    char                     *path;
    const deals_deal         *deal;
    deals_deal_page           content;
    const deals_deal_result  *result;

    result = deals_deal_result_get(ctx->call);
    deal = result->deal;

    content.deal = deal;
    content.comments = result->threads;
    content.comments_next = result->comments_next;

    if (ngx_http_deals_page(ctx,
                            deals_arena_printf(ctx->arena, "%.*s",
                                               (int) deal->title.len,
                                               deal->title.data))
        != 0)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    path = deals_arena_printf(ctx->arena, "/deals/%lld/%.*s",
                              (long long) deal->id,
                              (int) deal->slug.len, deal->slug.data);

    if (status == NGX_HTTP_OK) {
        ctx->page.canonical = ngx_http_deals_canonical(ctx, path);
    }

    ctx->page.noindex = (status != NGX_HTTP_OK || ctx->cursor.data
                         || deal->hidden);

    if (deal->price) {
        ctx->page.description =
            deals_str_of(deals_arena_printf(ctx->arena, "%.*s%s%.*s",
                                            (int) deal->price->text.len,
                                            deal->price->text.data,
                                            deal->merchant ? " at " : "",
                                            deal->merchant
                                            ? (int) deal->merchant->name.len
                                            : 0,
                                            deal->merchant
                                            ? deal->merchant->name.data
                                            : ""));
    }

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_DEAL, &content);
}


ngx_int_t
ngx_http_deals_submit_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_call(ctx, ngx_http_deals_submit_step, deals_whoami);
}


static ngx_int_t
ngx_http_deals_submit_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *owed;

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    owed = ngx_http_deals_owed(ctx, DEALS_OWES_WRITES);

    if (owed) {
        return ngx_http_deals_error(ctx, owed);
    }

    return ngx_http_deals_show_submit(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_show_submit(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_deal_page  content;

    ngx_memzero(&content, sizeof(deals_deal_page));

    if (ngx_http_deals_page(ctx, "Post a deal") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.on_submit = 1;
    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_SUBMIT, &content);
}


ngx_int_t
ngx_http_deals_edit_page(ngx_http_deals_ctx_t *ctx)
{
    deals_deal_params  params;

    ngx_memzero(&params, sizeof(deals_deal_params));

    params.id = ctx->id;

    return ngx_http_deals_call(ctx, ngx_http_deals_edit_step, deals_deal_get,
                               &params);
}


static ngx_int_t
ngx_http_deals_edit_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_deal   *deal;
    const deals_error  *owed;

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    deal = deals_deal_result_get(ctx->call)->deal;
    owed = ngx_http_deals_owed(ctx, deal->can_edit ? DEALS_OWES_WRITES
                                                   : DEALS_OWES_POWERS);

    if (owed) {
        return ngx_http_deals_error(ctx, owed);
    }

    if (!deal->can_edit) {
        return ngx_http_deals_fail(ctx, DEALS_FORBIDDEN,
                                   "Only its author and moderators can edit "
                                   "this deal.");
    }

    if (ngx_http_deals_form_deal(ctx, deal) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_deals_show_edit(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_show_edit(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_deal_page  content;

    ngx_memzero(&content, sizeof(deals_deal_page));

    content.deal = deals_deal_result_get(ctx->call)->deal;

    if (ngx_http_deals_page(ctx, "Edit your deal") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_EDIT, &content);
}


ngx_int_t
ngx_http_deals_comment_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_call(ctx, ngx_http_deals_comment_step,
                               deals_comment_one, ctx->id, ctx->cid);
}


static ngx_int_t
ngx_http_deals_comment_step(ngx_http_deals_ctx_t *ctx)
{
    const deals_error    *owed;
    const deals_comment  *comment;

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    owed = ngx_http_deals_owed(ctx, DEALS_OWES_WRITES);

    if (owed) {
        return ngx_http_deals_error(ctx, owed);
    }

    comment = deals_comment_get(ctx->call);

    if (!comment->can_edit) {
        return ngx_http_deals_fail(ctx, DEALS_FORBIDDEN,
                                   "Only its author can edit this comment.");
    }

    ctx->form.body = comment->body;

    return ngx_http_deals_show_comment(ctx, NGX_HTTP_OK);
}


ngx_int_t
ngx_http_deals_show_comment(ngx_http_deals_ctx_t *ctx, ngx_uint_t status)
{
    deals_comment_page  content;

    content.deal_id = ctx->id;
    content.comment = deals_comment_get(ctx->call);

    if (ngx_http_deals_page(ctx, "Edit your comment") != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.noindex = 1;

    return ngx_http_deals_render(ctx, status, DEALS_PAGE_COMMENT, &content);
}
