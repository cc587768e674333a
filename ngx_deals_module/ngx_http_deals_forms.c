
/*
 * Forms that write, change, hide and delete deals, and the buttons that vote.
 * What worked is followed by a 303 to where it can be seen; a mistake is shown
 * with all that was typed.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_submit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_submit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_edit_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_edit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_edit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_delete_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_hide_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_vote_done(ngx_http_deals_ctx_t *ctx);


ngx_int_t
ngx_http_deals_to_deal(ngx_http_deals_ctx_t *ctx, const char *anchor)
{
    return ngx_http_deals_to(ctx, deals_arena_printf(ctx->arena,
                                                     "/deals/%lld%s",
                                                     (long long) ctx->id,
                                                     anchor));
}


/* to the page that the form stood on, at the deal or comment */

ngx_int_t
ngx_http_deals_back(ngx_http_deals_ctx_t *ctx, char kind, int64_t id)
{
    char       *path;
    deals_str   next;
    u_char     *hash;

    next = ctx->form.next;

    if (ngx_http_deals_local_path(ctx, next) != NGX_OK) {
        path = deals_arena_printf(ctx->arena, "#%c%lld", kind,
                                  (long long) id);

        return path ? ngx_http_deals_to_deal(ctx, path)
                    : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    hash = ngx_strlchr((u_char *) next.data, (u_char *) next.data + next.len,
                       '#');
    if (hash) {
        next.len = (char *) hash - next.data;
    }

    path = deals_arena_printf(ctx->arena, "%.*s#%c%lld",
                              (int) next.len, next.data, kind,
                              (long long) id);

    return ngx_http_deals_redirect(ctx, NGX_HTTP_SEE_OTHER, path);
}


ngx_int_t
ngx_http_deals_submit_form(ngx_http_deals_ctx_t *ctx)
{
    uint64_t          given;
    deals_deal_input  in;

    if (ngx_http_deals_read_deal_form(ctx, &in, &given) != 0) {

        if (!ngx_http_deals_is_mistake(ctx->error)) {
            return ngx_http_deals_error(ctx, ctx->error);
        }

        return ngx_http_deals_call(ctx, ngx_http_deals_submit_wrong,
                                   deals_whoami);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_submit_done,
                              deals_deal_create, &in);
}


static ngx_int_t
ngx_http_deals_submit_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    return ngx_http_deals_show_submit(ctx, 422);
}


static ngx_int_t
ngx_http_deals_submit_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_deal   *deal;
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        if (!ngx_http_deals_is_mistake(error)) {
            return ngx_http_deals_error(ctx, error);
        }

        ngx_http_deals_form_mistakes(ctx, error);

        return ngx_http_deals_show_submit(ctx,
                                  ngx_http_deals_mistake_status(ctx, error));
    }

    deal = deals_deal_result_get(ctx->call)->deal;
    ctx->id = deal->id;

    return ngx_http_deals_to_deal(ctx,
                                  deals_arena_printf(ctx->arena, "/%.*s",
                                                     (int) deal->slug.len,
                                                     deal->slug.data));
}


/* the deal as it stands, to show a form about it again */

ngx_int_t
ngx_http_deals_get_deal(ngx_http_deals_ctx_t *ctx, ngx_uint_t comments,
    ngx_http_deals_handler_pt step)
{
    deals_deal_params  params;

    ngx_memzero(&params, sizeof(deals_deal_params));

    params.id = ctx->id;
    params.comments = comments;

    return ngx_http_deals_call(ctx, step, deals_deal_get, &params);
}


ngx_int_t
ngx_http_deals_edit_form(ngx_http_deals_ctx_t *ctx)
{
    uint64_t          given;
    deals_deal_input  in;

    if (ngx_http_deals_read_deal_form(ctx, &in, &given) != 0) {
        return ngx_http_deals_edit_mistake(ctx, ctx->error);
    }

    return ngx_http_deals_try(ctx, ngx_http_deals_edit_done,
                              deals_deal_update, ctx->id, &in, given);
}


static ngx_int_t
ngx_http_deals_edit_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    if (!ngx_http_deals_is_mistake(error)) {
        return ngx_http_deals_error(ctx, error);
    }

    ctx->error = error;

    return ngx_http_deals_get_deal(ctx, 0, ngx_http_deals_edit_wrong);
}


static ngx_int_t
ngx_http_deals_edit_wrong(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *owed;

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    if (!deals_deal_result_get(ctx->call)->deal->can_edit) {
        owed = ngx_http_deals_owed(ctx, DEALS_OWES_POWERS);

        if (owed) {
            return ngx_http_deals_error(ctx, owed);
        }

        return ngx_http_deals_fail(ctx, DEALS_FORBIDDEN,
                                   "Only its author and moderators can edit "
                                   "this deal.");
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    return ngx_http_deals_show_edit(ctx,
                             ngx_http_deals_mistake_status(ctx, ctx->error));
}


static ngx_int_t
ngx_http_deals_edit_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_deal   *deal;
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        return ngx_http_deals_edit_mistake(ctx, error);
    }

    deal = deals_deal_result_get(ctx->call)->deal;

    return ngx_http_deals_to_deal(ctx,
                                  deals_arena_printf(ctx->arena, "/%.*s",
                                                     (int) deal->slug.len,
                                                     deal->slug.data));
}


ngx_int_t
ngx_http_deals_delete_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_delete_done,
                               deals_deal_delete, ctx->id);
}


static ngx_int_t
ngx_http_deals_delete_done(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_to(ctx, "/");
}


ngx_int_t
ngx_http_deals_hide_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_hide_done, deals_deal_hide,
                               ctx->id, form.hide != 0);
}


static ngx_int_t
ngx_http_deals_hide_done(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_to_deal(ctx, "");
}


/* on the deal, or on a comment (ctx->cid) */

ngx_int_t
ngx_http_deals_vote_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_vote_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_VOTE_FORM, &form) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_call(ctx, ngx_http_deals_vote_done, deals_vote,
                               ctx->id, ctx->cid, form.in.value);
}


static ngx_int_t
ngx_http_deals_vote_done(ngx_http_deals_ctx_t *ctx)
{
    return ctx->cid ? ngx_http_deals_back(ctx, 'c', ctx->cid)
                    : ngx_http_deals_back(ctx, 'd', ctx->id);
}
