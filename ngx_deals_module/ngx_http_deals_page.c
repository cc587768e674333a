
/*
 * What all pages have in common: the outer page, and rendering.
 */


#include "ngx_http_deals_module.h"

#include "view/builtin.h"


static int ngx_http_deals_page_viewer(ngx_http_deals_ctx_t *ctx);
static deals_call *ngx_http_deals_knowing(ngx_http_deals_ctx_t *ctx);
static int ngx_http_deals_currencies(ngx_http_deals_ctx_t *ctx);
static u_char *ngx_http_deals_own_query(ngx_http_deals_ctx_t *ctx,
    u_char *p);


/* fills ctx->page; 0, or -1: no memory. Handlers change what is special. */

int
ngx_http_deals_page(ngx_http_deals_ctx_t *ctx, const char *title)
{
    deals_page                 *page;
    ngx_http_deals_loc_conf_t  *dlcf;

    dlcf = ctx->conf;
    page = &ctx->page;

    page->prefix.data = (char *) dlcf->prefix.data;
    page->prefix.len = dlcf->prefix.len;
    page->origin.data = (char *) dlcf->url.data;
    page->origin.len = dlcf->url.len;
    page->site.data = (char *) dlcf->site_name.data;
    page->site.len = dlcf->site_name.len;

    page->title = deals_str_of(title);
    page->path = ngx_http_deals_own_path(ctx);
    page->assets = deals_str_of(deals_builtin_hash);
    page->now = ngx_time();
    page->form = &ctx->form;

    if (title == NULL
        || page->path.data == NULL
        || ngx_http_deals_page_viewer(ctx) != 0
        || ngx_http_deals_currencies(ctx) != 0)
    {
        return -1;
    }

    return 0;
}


static int
ngx_http_deals_page_viewer(ngx_http_deals_ctx_t *ctx)
{
    const deals_me     *me;
    deals_page_viewer  *viewer;

    me = ngx_http_deals_viewer(ctx);

    if (me == NULL) {
        return 0;
    }

    viewer = deals_arena_alloc(ctx->arena, sizeof(deals_page_viewer));
    if (viewer == NULL) {
        return -1;
    }

    viewer->name = me->name;
    viewer->role = me->role;

    /* of members nothing is told here: pages that are kept for all of them
     * would not have it */

    if (!deals_str_eq(me->role, DEALS_STR("member"))) {
        viewer->owes_factor = (ngx_http_deals_owes(ctx) != DEALS_OWES_NOTHING);
        viewer->is_moderator = !viewer->owes_factor;
    }

    ctx->page.viewer = viewer;

    return 0;
}


/* who asks, as the calls so far know; NULL: nobody who signed in */

const deals_me *
ngx_http_deals_viewer(ngx_http_deals_ctx_t *ctx)
{
    deals_call  *call;

    call = ngx_http_deals_knowing(ctx);

    return call ? deals_call_viewer(call) : NULL;
}


/* DEALS_OWES_...: for want of a second factor */

int
ngx_http_deals_owes(ngx_http_deals_ctx_t *ctx)
{
    deals_call  *call;

    call = ngx_http_deals_knowing(ctx);

    return call ? deals_call_owes(call) : DEALS_OWES_NOTHING;
}


/* the error of whoever owes that much at least, or NULL */

const deals_error *
ngx_http_deals_owed(ngx_http_deals_ctx_t *ctx, int least)
{
    int  owes;

    owes = ngx_http_deals_owes(ctx);

    return owes >= least ? deals_owes_error(owes) : NULL;
}


static deals_call *
ngx_http_deals_knowing(ngx_http_deals_ctx_t *ctx)
{
    if (ctx->call
        && deals_call_is_done(ctx->call)
        && deals_call_viewer(ctx->call))
    {
        return ctx->call;
    }

    if (ctx->former
        && deals_call_is_done(ctx->former)
        && deals_call_viewer(ctx->former))
    {
        return ctx->former;
    }

    return NULL;
}


/* the choice of a form: common ones, and the one that the form has already */

static int
ngx_http_deals_currencies(ngx_http_deals_ctx_t *ctx)
{
    size_t         i, n, current;
    deals_str      currency;
    deals_choice  *choice;

    static const deals_choice  common[] = {
        { DEALS_STR("USD"), DEALS_STR("USD $"), 0 },
        { DEALS_STR("EUR"), DEALS_STR("EUR €"), 0 },
        { DEALS_STR("GBP"), DEALS_STR("GBP £"), 0 },
        { DEALS_STR("AUD"), DEALS_STR("AUD"), 0 },
        { DEALS_STR("BRL"), DEALS_STR("BRL"), 0 },
        { DEALS_STR("CAD"), DEALS_STR("CAD"), 0 },
        { DEALS_STR("CHF"), DEALS_STR("CHF"), 0 },
        { DEALS_STR("CNY"), DEALS_STR("CNY"), 0 },
        { DEALS_STR("CZK"), DEALS_STR("CZK"), 0 },
        { DEALS_STR("DKK"), DEALS_STR("DKK"), 0 },
        { DEALS_STR("HUF"), DEALS_STR("HUF"), 0 },
        { DEALS_STR("INR"), DEALS_STR("INR ₹"), 0 },
        { DEALS_STR("JPY"), DEALS_STR("JPY ¥"), 0 },
        { DEALS_STR("KRW"), DEALS_STR("KRW ₩"), 0 },
        { DEALS_STR("MXN"), DEALS_STR("MXN"), 0 },
        { DEALS_STR("NOK"), DEALS_STR("NOK"), 0 },
        { DEALS_STR("NZD"), DEALS_STR("NZD"), 0 },
        { DEALS_STR("PLN"), DEALS_STR("PLN"), 0 },
        { DEALS_STR("SEK"), DEALS_STR("SEK"), 0 },
        { DEALS_STR("SGD"), DEALS_STR("SGD"), 0 },
        { DEALS_STR("TRY"), DEALS_STR("TRY"), 0 },
        { DEALS_STR("ZAR"), DEALS_STR("ZAR"), 0 }
    };

    n = sizeof(common) / sizeof(common[0]);

    choice = deals_arena_alloc(ctx->arena, (n + 1) * sizeof(deals_choice));
    if (choice == NULL) {
        return -1;
    }

    currency = ctx->form.currency;

    if (currency.len == 0) {
        currency = common[0].value;
    }

    current = n;

    for (i = 0; i < n; i++) {
        choice[i] = common[i];

        if (deals_str_eq(currency, common[i].value)) {
            current = i;
        }
    }

    if (current == n) {
        choice[n].value = currency;
        choice[n].label = currency;
        n++;
    }

    choice[current].current = 1;

    ctx->page.currencies.items = choice;
    ctx->page.currencies.len = n;

    return 0;
}


/*
 * A page that others will get too has what it depends on in its address, and
 * nothing else of what this one asked with. The query as it came was longer.
 */

static u_char *
ngx_http_deals_own_query(ngx_http_deals_ctx_t *ctx, u_char *p)
{
    char                      sep;
    ngx_http_deals_inputs_t  *in;

    static const char  *windows[] = { "day", "week", "month", "year", "all" };

    in = &ctx->inputs;
    sep = '?';

    if (in->window != DEALS_DAY) {
        p = ngx_sprintf(p, "?window=%s", windows[in->window]);
        sep = '&';
    }

    if (in->cursor.len) {
        p = ngx_sprintf(p, "%ccursor=", sep);
        p = (u_char *) ngx_escape_uri(p, (u_char *) in->cursor.data,
                                      in->cursor.len,
                                      NGX_ESCAPE_URI_COMPONENT);
    }

    return p;
}


/*
 * The address of the page that is shown, with its query, for links that come
 * back to it. After a form that is the page on which the form stands.
 */

deals_str
ngx_http_deals_own_path(ngx_http_deals_ctx_t *ctx)
{
    char                *path;
    u_char              *p, *uri;
    size_t               i, len;
    ngx_str_t           *prefix;
    ngx_http_request_t  *r;

    static const u_char  hex[] = "0123456789ABCDEF";

    r = ctx->request;
    prefix = &ctx->conf->prefix;

    if (ctx->route && ctx->route->kind == NGX_HTTP_DEALS_FORM && ctx->id
        && ctx->route->handler != ngx_http_deals_edit_form
        && ctx->route->handler != ngx_http_deals_comment_edit_form)
    {
        path = deals_arena_printf(ctx->arena, "%.*s/deals/%lld",
                                  (int) prefix->len, prefix->data,
                                  (long long) ctx->id);
        return deals_str_of(path);
    }

    if (ctx->route && ctx->route->handler == ngx_http_deals_logout_form) {
        path = deals_arena_printf(ctx->arena, "%.*s/", (int) prefix->len,
                                  prefix->data);
        return deals_str_of(path);
    }

    len = r->uri.len + 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len,
                                          NGX_ESCAPE_URI);

    uri = ngx_pnalloc(r->pool, len + sizeof("?window=month&cursor=")
                               + 3 * r->args.len);
    if (uri == NULL) {
        return DEALS_NONE;
    }

    (void) ngx_escape_uri(uri, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
    p = uri + len;

    if (ctx->keyed) {
        p = ngx_http_deals_own_query(ctx, p);

        return (deals_str) { (char *) uri, p - uri };
    }

    if (r->args.len && (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        *p++ = '?';

        for (i = 0; i < r->args.len; i++) {
            if (r->args.data[i] > 0x20 && r->args.data[i] < 0x7f) {
                *p++ = r->args.data[i];
                continue;
            }

            *p++ = '%';
            *p++ = hex[r->args.data[i] >> 4];
            *p++ = hex[r->args.data[i] & 0xf];
        }
    }

    return (deals_str) { (char *) uri, p - uri };
}


/* a path and one part of it from elsewhere, encoded; NULL: no memory */

char *
ngx_http_deals_part(ngx_http_deals_ctx_t *ctx, const char *path,
    deals_str part)
{
    char    *text;
    u_char  *p;
    size_t   len;

    len = ngx_strlen(path);

    text = deals_arena_alloc(ctx->arena, len + 3 * part.len + 1);
    if (text == NULL) {
        return NULL;
    }

    p = ngx_cpymem(text, path, len);

    p = (u_char *) ngx_escape_uri(p, (u_char *) part.data, part.len,
                                  NGX_ESCAPE_URI_COMPONENT);
    *p = '\0';

    return text;
}


/* absent: no memory. The canonical address is absolute where it can be. */

deals_str
ngx_http_deals_canonical(ngx_http_deals_ctx_t *ctx, const char *path)
{
    if (path == NULL) {
        return DEALS_NONE;
    }

    return deals_str_of(deals_arena_printf(ctx->arena, "%.*s%.*s%s",
                                           (int) ctx->conf->url.len,
                                           ctx->conf->url.data,
                                           (int) ctx->conf->prefix.len,
                                           ctx->conf->prefix.data, path));
}


ngx_int_t
ngx_http_deals_render(ngx_http_deals_ctx_t *ctx, ngx_uint_t status,
    deals_page_id id, const void *content)
{
    int        rc;
    int64_t    start;
    deals_buf  buf;

    start = ngx_http_deals_clock();

    deals_buf_init(&buf);

    if (status == NGX_HTTP_OK && ngx_http_deals_cache_drafts(ctx)) {
        rc = deals_templates_draft(ctx->conf->set, id, &ctx->page, content,
                                   &deals_vary, &buf);

        ctx->render_time = ngx_http_deals_clock() - start;

        return ngx_http_deals_send_draft(ctx, rc, "text/html", &buf);
    }

    /* a page has some 20 KB: grow once */

    (void) deals_buf_reserve(&buf, 32 * 1024);

    deals_templates_render(ctx->conf->set, id, &ctx->page, content, &buf);

    ctx->render_time = ngx_http_deals_clock() - start;

    return ngx_http_deals_send(ctx, status, "text/html", &buf);
}
