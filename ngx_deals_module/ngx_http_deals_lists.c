
/*
 * Pages with a list: hot, new, top, of a tag, a merchant, a member.
 */


#include "ngx_http_deals_module.h"


typedef struct {
    const char                *name;
    const char                *label;
    const char                *title;
    deals_window               window;
} ngx_http_deals_window_t;


static ngx_int_t ngx_http_deals_feed_page(ngx_http_deals_ctx_t *ctx,
    deals_sort sort);
static ngx_int_t ngx_http_deals_feed_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_hot_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_new_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_top_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_tag_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_merchant_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_user_step(ngx_http_deals_ctx_t *ctx);
static ngx_int_t ngx_http_deals_show_list(ngx_http_deals_ctx_t *ctx,
    deals_page_id id, deals_list_page *list, const char *title,
    const char *path);
static deals_list ngx_http_deals_window_choices(ngx_http_deals_ctx_t *ctx);


static const ngx_http_deals_window_t  ngx_http_deals_windows[] = {
    { "day", "Day", "Top deals of the day", DEALS_DAY },
    { "week", "Week", "Top deals of the week", DEALS_WEEK },
    { "month", "Month", "Top deals of the month", DEALS_MONTH },
    { "year", "Year", "Top deals of the year", DEALS_YEAR },
    { "all", "All time", "Top deals of all time", DEALS_ALL }
};

#define NGX_HTTP_DEALS_WINDOWS                                                \
    (sizeof(ngx_http_deals_windows) / sizeof(ngx_http_deals_windows[0]))


/* 0, or -1: no such window; absent is the day */

int
ngx_http_deals_find_window(deals_str name, deals_window *window)
{
    ngx_uint_t  i;

    *window = DEALS_DAY;

    if (name.len == 0) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_DEALS_WINDOWS; i++) {
        if (deals_str_eq(name, deals_str_of(ngx_http_deals_windows[i].name)))
        {
            *window = ngx_http_deals_windows[i].window;
            return 0;
        }
    }

    return -1;
}


ngx_int_t
ngx_http_deals_hot_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_HOT);
}


ngx_int_t
ngx_http_deals_new_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_NEW);
}


ngx_int_t
ngx_http_deals_top_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_TOP);
}


ngx_int_t
ngx_http_deals_tag_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_BY_TAG);
}


ngx_int_t
ngx_http_deals_merchant_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_BY_MERCHANT);
}


ngx_int_t
ngx_http_deals_user_page(ngx_http_deals_ctx_t *ctx)
{
    return ngx_http_deals_feed_page(ctx, DEALS_BY_USER);
}


static ngx_int_t
ngx_http_deals_feed_page(ngx_http_deals_ctx_t *ctx, deals_sort sort)
{
    deals_feed_params       params;
    ngx_http_deals_query_t  query;

    if (ngx_http_deals_read_query(ctx, &query) != 0) {
        return ngx_http_deals_error(ctx, ctx->error);
    }

    ngx_memzero(&params, sizeof(deals_feed_params));

    params.sort = sort;
    params.until = (ctx->keyed != NULL);
    params.key = ctx->name;
    params.cursor = query.cursor.len ? query.cursor : DEALS_NONE;

    if (ngx_http_deals_find_window(query.window, &params.window) != 0) {
        return ngx_http_deals_fail(ctx, DEALS_INVALID,
                                   "The list of the best deals is kept for a "
                                   "day, week, month, year and all time.");
    }

    ctx->window = params.window;
    ctx->sort = sort;
    ctx->cursor = params.cursor;

    return ngx_http_deals_call(ctx, ngx_http_deals_feed_step, deals_feed,
                               &params);
}


static ngx_int_t
ngx_http_deals_feed_step(ngx_http_deals_ctx_t *ctx)
{
    ctx->until = deals_feed_get(ctx->call)->until;

    switch (ctx->sort) {

    case DEALS_HOT:
        return ngx_http_deals_hot_step(ctx);

    case DEALS_NEW:
        return ngx_http_deals_new_step(ctx);

    case DEALS_TOP:
        return ngx_http_deals_top_step(ctx);

    case DEALS_BY_TAG:
        return ngx_http_deals_tag_step(ctx);

    case DEALS_BY_MERCHANT:
        return ngx_http_deals_merchant_step(ctx);

    default: /* DEALS_BY_USER */
        return ngx_http_deals_user_step(ctx);
    }
}


static ngx_int_t
ngx_http_deals_hot_step(ngx_http_deals_ctx_t *ctx)
{
    deals_list_page  list;

    ngx_memzero(&list, sizeof(deals_list_page));

    ctx->page.on_hot = 1;
    ctx->page.description = DEALS_STR("Deals found, tested and voted on by "
                                      "people: what is hot now.");

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_HOT, &list, "Hot deals",
                                    "/");
}


static ngx_int_t
ngx_http_deals_new_step(ngx_http_deals_ctx_t *ctx)
{
    deals_list_page  list;

    ngx_memzero(&list, sizeof(deals_list_page));

    ctx->page.on_new = 1;
    ctx->page.description = DEALS_STR("The newest deals, as people post "
                                      "them.");

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_NEW, &list, "New deals",
                                    "/new");
}


static ngx_int_t
ngx_http_deals_top_step(ngx_http_deals_ctx_t *ctx)
{
    deals_list_page                 list;
    const ngx_http_deals_window_t  *window;

    window = &ngx_http_deals_windows[ctx->window];

    ngx_memzero(&list, sizeof(deals_list_page));

    list.window = deals_str_of(window->name);
    list.windows = ngx_http_deals_window_choices(ctx);

    ctx->page.on_top = 1;

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_TOP, &list, window->title,
                                    deals_arena_printf(ctx->arena,
                                                       "/top?window=%s",
                                                       window->name));
}


static ngx_int_t
ngx_http_deals_tag_step(ngx_http_deals_ctx_t *ctx)
{
    deals_str        tag;
    deals_list_page  list;

    ngx_memzero(&list, sizeof(deals_list_page));

    tag = deals_feed_get(ctx->call)->key;
    list.tag = tag;

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_TAG, &list,
                                    deals_arena_printf(ctx->arena,
                                                       "Deals tagged %.*s",
                                                       (int) tag.len,
                                                       tag.data),
                                    ngx_http_deals_part(ctx, "/tags/", tag));
}


static ngx_int_t
ngx_http_deals_merchant_step(ngx_http_deals_ctx_t *ctx)
{
    deals_list_page             list;
    const deals_card_merchant  *merchant;

    ngx_memzero(&list, sizeof(deals_list_page));

    merchant = deals_feed_get(ctx->call)->merchant;
    list.merchant = merchant;

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_MERCHANT, &list,
                                    deals_arena_printf(ctx->arena,
                                                       "Deals at %.*s",
                                                       (int)
                                                       merchant->name.len,
                                                       merchant->name.data),
                                    ngx_http_deals_part(ctx, "/merchants/",
                                                        merchant->slug));
}


static ngx_int_t
ngx_http_deals_user_step(ngx_http_deals_ctx_t *ctx)
{
    deals_list_page    list;
    const deals_user  *user;

    ngx_memzero(&list, sizeof(deals_list_page));

    user = deals_feed_get(ctx->call)->user;
    list.user = user;

    return ngx_http_deals_show_list(ctx, DEALS_PAGE_USER, &list,
                                    deals_arena_printf(ctx->arena,
                                                       "Deals by %.*s",
                                                       (int) user->name.len,
                                                       user->name.data),
                                    ngx_http_deals_part(ctx, "/users/",
                                                        user->name));
}


static ngx_int_t
ngx_http_deals_show_list(ngx_http_deals_ctx_t *ctx, deals_page_id id,
    deals_list_page *list, const char *title, const char *path)
{
    const deals_feed_result  *feed;

    feed = deals_feed_get(ctx->call);

    list->deals = feed->deals;
    list->next = feed->next;
    list->first = (ctx->cursor.data == NULL);
    list->empty = (feed->deals.len == 0);

    if (ngx_http_deals_page(ctx, title) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->page.noindex = !list->first;
    ctx->page.canonical = ngx_http_deals_canonical(ctx, path);

    return ngx_http_deals_render(ctx, NGX_HTTP_OK, id, list);
}


static deals_list
ngx_http_deals_window_choices(ngx_http_deals_ctx_t *ctx)
{
    ngx_uint_t     i;
    deals_list     list;
    deals_choice  *choice;

    list.items = NULL;
    list.len = 0;

    choice = deals_arena_alloc(ctx->arena,
                               NGX_HTTP_DEALS_WINDOWS * sizeof(deals_choice));
    if (choice == NULL) {
        return list;
    }

    for (i = 0; i < NGX_HTTP_DEALS_WINDOWS; i++) {
        choice[i].value = deals_str_of(ngx_http_deals_windows[i].name);
        choice[i].label = deals_str_of(ngx_http_deals_windows[i].label);
        choice[i].current = (ngx_http_deals_windows[i].window == ctx->window);
    }

    list.items = choice;
    list.len = NGX_HTTP_DEALS_WINDOWS;

    return list;
}
