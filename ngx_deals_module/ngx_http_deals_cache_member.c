
/*
 * Pages for members. One page is made for all of them, with holes where it
 * differs (a draft, see deals/view.h): a request that fills it puts its own
 * credentials aside first. Each member gets it with the own votes and name laid
 * over, of what the worker's context knows (see deals/viewer.h); what it does
 * not know, one call asks for. Moderators see more than others: their pages are
 * made for each of them alone.
 */


#include "ngx_http_deals_cache.h"


#define NGX_HTTP_DEALS_MEMBER_LEVEL  1          /* of gzip */


/* what is laid over a page */

typedef struct {
    deals_draft      draft;
    deals_str        name;                      /* of the member */
    int64_t          user_id;
    int8_t          *votes;
    u_char          *states;
    deals_vote_key  *rows;
} ngx_http_deals_over_t;


static ngx_uint_t ngx_http_deals_is_member(const deals_me *me);
static ngx_int_t ngx_http_deals_member_known(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_over_t *over);
static ngx_int_t ngx_http_deals_member_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_member_open(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, ngx_http_deals_over_t *over);
static ngx_int_t ngx_http_deals_member_over(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, ngx_http_deals_over_t *over,
    const char *status);
static ngx_int_t ngx_http_deals_member_bytes(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, uint64_t *hash, deals_str text);
static ngx_uint_t ngx_http_deals_member_has(ngx_http_deals_ctx_t *ctx,
    ngx_str_t *tag);


/* NGX_OK: the page of members will do, unless it turns out to be nobody */

ngx_int_t
ngx_http_deals_member_asks(ngx_http_deals_ctx_t *ctx)
{
    deals_ctx           *site;
    const deals_viewer  *viewer;

    if (ngx_http_deals_asker(ctx) != NGX_OK
        || ctx->asker.token.data == NULL)
    {
        return NGX_DECLINED;
    }

    site = ngx_http_deals_site(ctx);

    if (site == NULL) {
        return NGX_DECLINED;
    }

    if (deals_viewer_known(site, &ctx->asker, &viewer) == DEALS_KNOWN
        && !ngx_http_deals_is_member(deals_viewer_me(viewer)))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_deals_is_member(const deals_me *me)
{
    return me && deals_str_eq(me->role, DEALS_STR("member"));
}


/* who fills the page of all members asks as nobody */

void
ngx_http_deals_member_aside(ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_ctx_t  *ctx;

    if (!keyed->member) {
        return;
    }

    ctx = keyed->ctx;

    keyed->asker = ctx->asker;
    keyed->aside = 1;

    ctx->asker.token = DEALS_NONE;
    ctx->asker.strict = 0;
}


void
ngx_http_deals_member_back(ngx_http_deals_keyed_t *keyed)
{
    if (keyed->aside) {
        keyed->ctx->asker = keyed->asker;
        keyed->aside = 0;
    }
}


/* NGX_DECLINED: the database must be asked first */

ngx_int_t
ngx_http_deals_member_now(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy, const char *status)
{
    ngx_http_deals_over_t  over;

    if (ngx_http_deals_member_open(ctx, &copy->bytes, &over) != NGX_OK
        || ngx_http_deals_member_known(ctx, &over) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return ngx_http_deals_member_over(ctx, &copy->bytes, &over, status);
}


/* NGX_OK: all that is laid over is known */

static ngx_int_t
ngx_http_deals_member_known(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_over_t *over)
{
    const deals_me      *me;
    const deals_viewer  *viewer;

    if (deals_viewer_known(ngx_http_deals_site(ctx), &ctx->asker, &viewer)
        != DEALS_KNOWN)
    {
        return NGX_DECLINED;
    }

    me = deals_viewer_me(viewer);

    if (!ngx_http_deals_is_member(me)
        || deals_viewer_votes(viewer, over->rows, over->draft.nrows,
                              over->votes)
           != DEALS_KNOWN)
    {
        return NGX_DECLINED;
    }

    over->name = me->name;
    over->user_id = me->id;

    return NGX_OK;
}


/* the request has an arena; returns what a handler does */

ngx_int_t
ngx_http_deals_member_send(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status)
{
    ngx_int_t               rc;
    ngx_http_deals_ctx_t   *ctx;
    ngx_http_deals_over_t   over;

    ctx = keyed->ctx;

    /* bytes that a killed worker left behind are not trusted */

    if (ngx_http_deals_site(ctx) == NULL
        || ngx_http_deals_member_open(ctx, &copy->bytes, &over) != NGX_OK)
    {
        return ngx_http_deals_cache_alone(ctx);
    }

    if (ngx_http_deals_member_known(ctx, &over) == NGX_OK) {
        rc = ngx_http_deals_member_over(ctx, &copy->bytes, &over, status);

        return rc == NGX_DECLINED ? ngx_http_deals_cache_alone(ctx) : rc;
    }

    if (ngx_http_deals_copy_hold(ctx, copy) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    keyed->copy = copy;
    keyed->status = status;

    return ngx_http_deals_wait(ctx,
                               deals_overlay(ngx_http_deals_site(ctx),
                                             &ctx->asker, over.rows,
                                             over.draft.nrows,
                                             ngx_http_deals_call_done, ctx),
                               ngx_http_deals_member_step);
}


static ngx_int_t
ngx_http_deals_member_step(ngx_http_deals_ctx_t *ctx)
{
    ngx_int_t                rc;
    const char              *status;
    const deals_me          *me;
    ngx_http_deals_over_t    over;
    ngx_http_deals_bytes_t  *bytes;

    bytes = &ctx->keyed->copy->bytes;
    status = ctx->keyed->status;

    if (deals_call_error(ctx->call)) {
        ctx->keyed = NULL;
        return ngx_http_deals_error(ctx, deals_call_error(ctx->call));
    }

    /* nobody, or a moderator; what is wrong with a cookie a page of its own
     * tells */

    me = deals_call_viewer(ctx->call);

    if (!ngx_http_deals_is_member(me)
        || ngx_http_deals_member_open(ctx, bytes, &over) != NGX_OK)
    {
        return ngx_http_deals_cache_alone(ctx);
    }

    over.name = me->name;
    over.user_id = me->id;
    ngx_memcpy(over.votes, deals_overlay_votes(ctx->call), over.draft.nrows);

    rc = ngx_http_deals_member_over(ctx, bytes, &over, status);

    return rc == NGX_DECLINED ? ngx_http_deals_cache_alone(ctx) : rc;
}


static ngx_int_t
ngx_http_deals_member_open(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, ngx_http_deals_over_t *over)
{
    char             *p;
    size_t            i, n;
    deals_str         text;
    deals_draft_row   row;

    text.data = (char *) ngx_http_deals_bytes_plain(bytes);
    text.len = bytes->plain_len;

    if (deals_draft_open(&over->draft, text) != 0) {
        return NGX_DECLINED;
    }

    n = over->draft.nrows;

    if (n > DEALS_OVERLAY_ROWS) {
        return NGX_DECLINED;
    }

    p = ngx_palloc(ctx->request->pool, n * (sizeof(deals_vote_key) + 2) + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    over->rows = (deals_vote_key *) (void *) p;
    over->votes = (int8_t *) (over->rows + n);
    over->states = (u_char *) (over->votes + n);

    for (i = 0; i < n; i++) {
        row = deals_draft_get_row(&over->draft, i);
        over->rows[i].deal_id = row.deal_id;
        over->rows[i].comment_id = row.comment_id;
    }

    return NGX_OK;
}


/* NGX_DECLINED: that can't be, and nothing was sent */

static ngx_int_t
ngx_http_deals_member_over(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, ngx_http_deals_over_t *over,
    const char *status)
{
    u_char           *p;
    size_t            i, len;
    uint64_t          hash[2];
    deals_draft_row   row;

    for (i = 0; i < over->draft.nrows; i++) {
        row = deals_draft_get_row(&over->draft, i);
        over->states[i] = DEALS_DRAFT_STATE(over->votes[i],
                                            row.user_id == over->user_id);
    }

    len = deals_draft_size(&over->draft, over->states, over->name);

    if (len == 0) {
        return NGX_DECLINED;
    }

    p = ngx_palloc(ctx->request->pool, len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    deals_draft_write(&over->draft, over->states, over->name, (char *) p);
    deals_draft_hash(&over->draft, over->states, over->name,
                     (unsigned char *) hash);

    ctx->cache_status = status;

    if (ctx->outcome == NULL) {
        ctx->outcome = "ok";
    }

    return ngx_http_deals_member_bytes(ctx, bytes, hash,
                                       (deals_str) { (char *) p, len });
}


static ngx_int_t
ngx_http_deals_member_bytes(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, uint64_t *hash, deals_str text)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    tag;
    ngx_uint_t   gzip;

    gzip = text.len >= NGX_HTTP_DEALS_GZIP_MIN
           && ngx_http_deals_takes_gzip(ctx);

    tag.data = ngx_pnalloc(ctx->request->pool, NGX_HTTP_DEALS_TAG);
    if (tag.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    tag.len = ngx_http_deals_tag(tag.data, hash, gzip ? "z" : "") - tag.data;

    /* nginx answers 304 to who has it: nobody would see what is compressed */

    if (gzip && !ngx_http_deals_member_has(ctx, &tag)) {

        p = ngx_palloc(ctx->request->pool, text.len);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        len = ngx_http_deals_gzip(text, NGX_HTTP_DEALS_MEMBER_LEVEL, p,
                                  text.len);
        if (len) {
            return ngx_http_deals_bytes_send(ctx, bytes, p, len, &tag, 1);
        }
    }

    return ngx_http_deals_bytes_send(ctx, bytes, (u_char *) text.data,
                                     text.len, &tag, 0);
}


static ngx_uint_t
ngx_http_deals_member_has(ngx_http_deals_ctx_t *ctx, ngx_str_t *tag)
{
    ngx_str_t  *value;

    if (ctx->request->headers_in.if_none_match == NULL) {
        return 0;
    }

    value = &ctx->request->headers_in.if_none_match->value;

    return ngx_strlcasestrn(value->data, value->data + value->len, tag->data,
                            tag->len - 1)
           != NULL;
}
