
/*
 * Actions of forms on deals and comments. What worked is followed by a 303 to
 * where it can be seen; a mistake is shown with all that was typed.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_is_mistake(const deals_error *error);
static ngx_uint_t ngx_http_deals_mistake_status(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
static ngx_int_t ngx_http_deals_to_deal(ngx_http_deals_ctx_t *ctx,
    const char *anchor);
static ngx_int_t ngx_http_deals_back(ngx_http_deals_ctx_t *ctx, char kind,
    int64_t id);

static ngx_int_t ngx_http_deals_submit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_submit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_get_deal(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t comments, ngx_http_deals_handler_pt step);
static ngx_int_t ngx_http_deals_edit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_edit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_delete_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_hide_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_vote_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_edit_wrong(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_edit_done(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_comment_delete_done(
    ngx_http_deals_ctx_t *ctx);


/* errors that are told in the form */

static ngx_int_t
ngx_http_deals_is_mistake(const deals_error *error)
{
    return error->code == DEALS_INVALID
           || error->code == DEALS_CONFLICT
           || error->code == DEALS_RATE_LIMITED;
}


/* and the header that goes with it: Retry-After */

static ngx_uint_t
ngx_http_deals_mistake_status(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    if (error->code != DEALS_RATE_LIMITED) {
        return 422;
    }

    (void) ngx_http_deals_error_headers(ctx, error);

    return 429;
}


static ngx_int_t
ngx_http_deals_to_deal(ngx_http_deals_ctx_t *ctx, const char *anchor)
{
    return ngx_http_deals_to(ctx, deals_arena_printf(ctx->arena,
                                                     "/deals/%lld%s",
                                                     (long long) ctx->id,
                                                     anchor));
}


/* to the page that the form stood on, at the deal or comment */

static ngx_int_t
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
    uint64_t           given;
    deals_ctx         *site;
    deals_deal_input   in;

    site = ngx_http_deals_site(ctx);

    if (ngx_http_deals_read_deal_form(ctx, &in, &given) != 0) {

        if (!ngx_http_deals_is_mistake(ctx->error)) {
            return ngx_http_deals_error(ctx, ctx->error);
        }

        return ngx_http_deals_wait(ctx,
                                   deals_whoami(site, &ctx->asker,
                                                ngx_http_deals_call_done,
                                                ctx),
                                   ngx_http_deals_submit_wrong);
    }

    return ngx_http_deals_wait(ctx,
                               deals_deal_create(site, &ctx->asker, &in,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_submit_done);
}


static ngx_int_t
ngx_http_deals_submit_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

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

static ngx_int_t
ngx_http_deals_get_deal(ngx_http_deals_ctx_t *ctx, ngx_uint_t comments,
    ngx_http_deals_handler_pt step)
{
    deals_deal_params  params;

    ngx_memzero(&params, sizeof(deals_deal_params));

    params.id = ctx->id;
    params.comments = comments;

    return ngx_http_deals_wait(ctx,
                               deals_deal_get(ngx_http_deals_site(ctx),
                                              &ctx->asker, &params,
                                              ngx_http_deals_call_done, ctx),
                               step);
}


ngx_int_t
ngx_http_deals_edit_form(ngx_http_deals_ctx_t *ctx)
{
    uint64_t          given;
    deals_deal_input  in;

    if (ngx_http_deals_read_deal_form(ctx, &in, &given) != 0) {

        if (!ngx_http_deals_is_mistake(ctx->error)) {
            return ngx_http_deals_error(ctx, ctx->error);
        }

        return ngx_http_deals_get_deal(ctx, 0, ngx_http_deals_edit_wrong);
    }

    return ngx_http_deals_wait(ctx,
                               deals_deal_update(ngx_http_deals_site(ctx),
                                                 &ctx->asker, ctx->id, &in,
                                                 given,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_edit_done);
}


static ngx_int_t
ngx_http_deals_edit_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    if (!deals_deal_result_get(ctx->call)->deal->can_edit) {
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
        if (!ngx_http_deals_is_mistake(error)) {
            return ngx_http_deals_error(ctx, error);
        }

        ctx->error = error;

        return ngx_http_deals_get_deal(ctx, 0, ngx_http_deals_edit_wrong);
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

    return ngx_http_deals_wait(ctx,
                               deals_deal_delete(ngx_http_deals_site(ctx),
                                                 &ctx->asker, ctx->id,
                                                 ngx_http_deals_call_done,
                                                 ctx),
                               ngx_http_deals_delete_done);
}


static ngx_int_t
ngx_http_deals_delete_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

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

    return ngx_http_deals_wait(ctx,
                               deals_deal_hide(ngx_http_deals_site(ctx),
                                               &ctx->asker, ctx->id,
                                               form.hide != 0,
                                               ngx_http_deals_call_done, ctx),
                               ngx_http_deals_hide_done);
}


static ngx_int_t
ngx_http_deals_hide_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

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

    return ngx_http_deals_wait(ctx,
                               deals_vote(ngx_http_deals_site(ctx),
                                          &ctx->asker, ctx->id, ctx->cid,
                                          form.in.value,
                                          ngx_http_deals_call_done, ctx),
                               ngx_http_deals_vote_done);
}


static ngx_int_t
ngx_http_deals_vote_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ctx->cid ? ngx_http_deals_back(ctx, 'c', ctx->cid)
                    : ngx_http_deals_back(ctx, 'd', ctx->id);
}


ngx_int_t
ngx_http_deals_comment_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_comment_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_COMMENT_FORM, &form)
        != 0)
    {
        if (!ngx_http_deals_is_mistake(ctx->error)) {
            return ngx_http_deals_error(ctx, ctx->error);
        }

        return ngx_http_deals_get_deal(ctx, 1, ngx_http_deals_comment_wrong);
    }

    return ngx_http_deals_wait(ctx,
                               deals_comment_create(ngx_http_deals_site(ctx),
                                                    &ctx->asker, ctx->id,
                                                    &form.in,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_comment_done);
}


static ngx_int_t
ngx_http_deals_comment_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    /* the form has one field, and all is told there */

    if (ctx->form.body_error.data == NULL) {
        ctx->form.body_error = ctx->form.error;
    }

    return ngx_http_deals_show_deal(ctx,
                             ngx_http_deals_mistake_status(ctx, ctx->error));
}


static ngx_int_t
ngx_http_deals_comment_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        if (!ngx_http_deals_is_mistake(error)) {
            return ngx_http_deals_error(ctx, error);
        }

        ctx->error = error;

        return ngx_http_deals_get_deal(ctx, 1, ngx_http_deals_comment_wrong);
    }

    return ngx_http_deals_back(ctx, 'c', deals_comment_get(ctx->call)->id);
}


ngx_int_t
ngx_http_deals_comment_edit_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_comment_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_COMMENT_FORM, &form)
        != 0)
    {
        if (!ngx_http_deals_is_mistake(ctx->error)) {
            return ngx_http_deals_error(ctx, ctx->error);
        }

        return ngx_http_deals_wait(ctx,
                                   deals_comment_one(
                                       ngx_http_deals_site(ctx), &ctx->asker,
                                       ctx->id, ctx->cid,
                                       ngx_http_deals_call_done, ctx),
                                   ngx_http_deals_comment_edit_wrong);
    }

    return ngx_http_deals_wait(ctx,
                               deals_comment_update(ngx_http_deals_site(ctx),
                                                    &ctx->asker, ctx->id,
                                                    ctx->cid, form.in.body,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_comment_edit_done);
}


static ngx_int_t
ngx_http_deals_comment_edit_wrong(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    if (deals_call_viewer(ctx->call) == NULL) {
        return ngx_http_deals_to_login(ctx, DEALS_NONE);
    }

    if (!deals_comment_get(ctx->call)->can_edit) {
        return ngx_http_deals_fail(ctx, DEALS_FORBIDDEN,
                                   "Only its author can edit this comment.");
    }

    ngx_http_deals_form_mistakes(ctx, ctx->error);

    if (ctx->form.body_error.data == NULL) {
        ctx->form.body_error = ctx->form.error;
    }

    return ngx_http_deals_show_comment(ctx,
                             ngx_http_deals_mistake_status(ctx, ctx->error));
}


static ngx_int_t
ngx_http_deals_comment_edit_done(ngx_http_deals_ctx_t *ctx)
{
    const deals_error  *error;

    error = deals_call_error(ctx->call);

    if (error) {
        if (!ngx_http_deals_is_mistake(error)) {
            return ngx_http_deals_error(ctx, error);
        }

        ctx->error = error;

        return ngx_http_deals_wait(ctx,
                                   deals_comment_one(
                                       ngx_http_deals_site(ctx), &ctx->asker,
                                       ctx->id, ctx->cid,
                                       ngx_http_deals_call_done, ctx),
                                   ngx_http_deals_comment_edit_wrong);
    }

    return ngx_http_deals_back(ctx, 'c', ctx->cid);
}


ngx_int_t
ngx_http_deals_comment_delete_form(ngx_http_deals_ctx_t *ctx)
{
    ngx_http_deals_action_form_t  form;

    if (ngx_http_deals_read_form(ctx, NGX_HTTP_DEALS_ACTION_FORM, &form) != 0)
    {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    return ngx_http_deals_wait(ctx,
                               deals_comment_delete(ngx_http_deals_site(ctx),
                                                    &ctx->asker, ctx->id,
                                                    ctx->cid,
                                                    ngx_http_deals_call_done,
                                                    ctx),
                               ngx_http_deals_comment_delete_done);
}


static ngx_int_t
ngx_http_deals_comment_delete_done(ngx_http_deals_ctx_t *ctx)
{
    if (deals_call_error(ctx->call)) {
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    return ngx_http_deals_to_deal(ctx, "#comments");
}
