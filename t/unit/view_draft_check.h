/*
 * What the tests of drafts share: members who vote, and the same rows as a
 * draft has them and as one member gets them.
 */

#ifndef DEALS_T_VIEW_DRAFT_CHECK_H
#define DEALS_T_VIEW_DRAFT_CHECK_H

#include "view_check.h"

#include <deals/calls.h>
#include <deals/pages.h>

#include "calls/present.h"
#include "view/builtin.h"

#define NOW     INT64_C(1700000000)
#define PEOPLE  6

/* The last one wrote nothing. */
static const deals_me  people[PEOPLE] = {
    { .id = 11, .name = S("kim"), .role = S("member") },
    { .id = 12, .name = S("Lee_Lee"), .role = S("member") },
    { .id = 13, .name = S("ab-"), .role = S("member") },
    { .id = 14, .name = S("a2345678901234567890"), .role = S("member") },
    { .id = 15, .name = S("___"), .role = S("member") },
    { .id = 16, .name = S("Zed-the-Reader"), .role = S("member") },
};

typedef struct {
    deals_card      *cards;
    size_t           ncards;
    deals_deal      *deal;
    deals_comment   *roots;
    size_t           nroots;
    deals_comment   *flat;
    size_t           nflat, cap;
    int64_t          next_id;
} world;


/* What everybody voted in this round. */
static inline int64_t
vote_of(const deals_me *me, int64_t id, int round)
{
    uint64_t  x = (uint64_t) id * 2654435761u + (uint64_t) me->id * 97
                  + (uint64_t) round * 31;

    x ^= x >> 13;

    return round < 0 ? 0 : (int64_t) (x % 3) - 1;
}


/* Nobody here for each sixth row, and for each ninth a name from elsewhere. */
static inline const deals_card_author *
author_of(int64_t id, int64_t *user_id)
{
    const deals_me     *me = &people[id % (PEOPLE - 1)];
    deals_card_author  *author;

    *user_id = DEALS_NULL_INT;

    if (id % 6 == 0) {
        return NULL;
    }

    author = deals_arena_alloc(arena, sizeof(*author));
    author->name = me->name;

    if (id % 9 != 0) {
        author->member = 1;
        *user_id = me->id;
    }

    return author;
}


static inline deals_list
some_tags(void)
{
    static deals_str  tags[] = { { "phones", 6 }, { "<b>", 3 } };

    return (deals_list) { tags, 2 };
}


static inline void
make_cards(world *w, size_t n)
{
    size_t       i;
    deals_card  *card;
    deals_money  price = { 1999, S("USD"), DEALS_NONE };

    w->ncards = n;
    w->cards = deals_arena_array(arena, n + 1, sizeof(deals_card));

    for (i = 0; i < n; i++) {
        card = &w->cards[i];
        card->id = ++w->next_id;
        card->title = deals_str_of(deals_arena_printf(arena,
                                       "Deal %zu <of> \"many\" & more", i));
        card->url = i % 4 ? S("https://shop.example/a?b=1&c=2") : DEALS_NONE;
        card->price = deals_arena_alloc(arena, sizeof(price));
        *(deals_money *) (uintptr_t) card->price = price;
        card->author = author_of(card->id, &card->user_id);
        card->tags = some_tags();
        card->score = (int64_t) i * 5 - 10;
        card->created_at = NOW - 3600 * (int64_t) i;
        card->starts_at = DEALS_NULL_INT;
        card->expires_at = i % 3 ? NOW + 86400 : DEALS_NULL_INT;
    }
}


static inline void
make_deal(world *w)
{
    w->deal = deals_arena_alloc(arena, sizeof(*w->deal));
    w->deal->id = w->next_id += 10;
    w->deal->title = S("A deal of one's own");
    w->deal->html = S("<p>It is <em>good</em></p>\n");
    w->deal->author = author_of(w->deal->id + 1, &w->deal->user_id);
    w->deal->tags = some_tags();
    w->deal->created_at = NOW - 100;
    w->deal->starts_at = DEALS_NULL_INT;
    w->deal->expires_at = DEALS_NULL_INT;
    w->deal->edited_at = DEALS_NULL_INT;
}


/* n comments below one another, in twos. */
static inline deals_list
make_comments(world *w, size_t n, int64_t depth)
{
    size_t          i, width = n < 2 ? n : 2, below;
    deals_comment  *c, *items;

    items = deals_arena_array(arena, width + 1, sizeof(deals_comment));
    n -= width;

    for (i = 0; i < width; i++) {
        below = i == 0 ? n / 2 : n - n / 2;
        c = &items[i];
        c->id = ++w->next_id;
        c->parent_id = DEALS_NULL_INT;
        c->depth = depth;
        c->deal_id = w->deal->id;
        c->deleted = c->id % 11 == 0;
        c->created_at = NOW - 60;
        c->edited_at = DEALS_NULL_INT;
        c->author = author_of(c->id, &c->user_id);

        if (c->deleted) {
            c->author = NULL;           /* who it was is not told */
        } else {
            c->body = S("*Thanks*");
            c->html = S("<p><em>Thanks</em></p>\n");
        }

        c->replies = make_comments(w, below, depth + 1);
    }

    return (deals_list) { items, width };
}


static inline void
make_threads(world *w, size_t n)
{
    deals_list  list = make_comments(w, n, 0);

    w->roots = list.items;
    w->nroots = list.len;
    w->cap = n;
    w->flat = deals_arena_array(arena, n + 1, sizeof(deals_comment));
}


/* -- as one member gets them; me NULL: anonymous -------------------------- */

static inline void
present_comments(world *w, const deals_present *how, deals_comment *items,
    size_t n, const deals_me *me, int round)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        assert_int_equal(deals_present_comment(how, &items[i],
                             me ? vote_of(me, items[i].id, round) : 0,
                             deals_present_poster(w->deal)), 0);
        w->flat[w->nflat++] = items[i];
        present_comments(w, how, items[i].replies.items, items[i].replies.len,
                         me, round);
    }
}


static inline void
present(world *w, const deals_me *me, int round)
{
    size_t         i;
    deals_present  how = { arena, NOW, me, 0, 0 };

    for (i = 0; i < w->ncards; i++) {
        assert_int_equal(deals_present_card(&how, &w->cards[i],
                             me ? vote_of(me, w->cards[i].id, round) : 0), 0);
    }

    if (w->deal == NULL) {
        return;
    }

    assert_int_equal(deals_present_deal(&how, w->deal,
                         me ? vote_of(me, w->deal->id, round) : 0), 0);
    w->nflat = 0;
    present_comments(w, &how, w->roots, w->nroots, me, round);
}


/* Any page, for this member. */
static inline void
make_page(deals_page *page, deals_page_viewer *viewer, const deals_me *me)
{
    static const deals_form  form;

    memset(page, 0, sizeof(*page));
    page->prefix = S("/shop");
    page->origin = S("https://deals.example");
    page->site = S("Deals");
    page->title = S("Hot & new");
    page->path = S("/shop/?a=1&b=2");
    page->assets = S("0123abcd");
    page->now = NOW;
    page->form = &form;

    if (me) {
        *viewer = (deals_page_viewer) { .name = me->name, .role = me->role };
        page->viewer = viewer;
    }
}


/* The content of a page; NULL: one that has none of these rows. */
static inline const void *
make_content(const world *w, int page)
{
    deals_list_page  *list;
    deals_deal_page  *deal;

    static const deals_card_merchant  merchant = { S("A shop"), S("a-shop") };
    static const deals_user           user = { .name = S("kim"),
                                               .role = S("member"),
                                               .created_at = NOW - 1000 };

    if (page <= DEALS_PAGE_USER) {
        list = deals_arena_alloc(arena, sizeof(*list));
        list->deals = (deals_list) { w->cards, w->ncards };
        list->first = 1;
        list->empty = w->ncards == 0;
        list->next = w->ncards > 1 ? S("abc") : DEALS_NONE;
        list->window = S("day");
        list->tag = S("phones");
        list->merchant = &merchant;
        list->user = &user;
        return list;
    }

    if (page == DEALS_PAGE_DEAL || page == DEALS_PAGE_EDIT) {
        deal = deals_arena_alloc(arena, sizeof(*deal));
        deal->deal = w->deal;
        deal->comments = (deals_list) { w->roots, w->nroots };
        return deal;
    }

    return deals_arena_alloc(arena, deals_page_table[page].content->size);
}


/* -- drafts --------------------------------------------------------------- */

static inline deals_templates *
load_templates(const char *path)
{
    deals_templates    *set;
    const deals_error  *error = NULL;

    set = deals_templates_load(deals_builtin_templates,
                               deals_builtin_ntemplates, path, arena, &error);
    if (set == NULL) {
        fail_msg("%.*s", DEALS_FMT(error->message));
    }

    return set;
}


/* The states of a draft's rows for a member. */
static inline unsigned char *
states_of(const deals_draft *draft, const deals_me *me, int round)
{
    size_t            i;
    deals_draft_row   row;
    unsigned char    *states = deals_arena_alloc(arena, draft->nrows + 1);

    for (i = 0; i < draft->nrows; i++) {
        row = deals_draft_get_row(draft, i);
        states[i] = DEALS_DRAFT_STATE(
                        vote_of(me, row.comment_id ? row.comment_id
                                                   : row.deal_id, round),
                        row.user_id == me->id);
    }

    return states;
}


/* What a member gets from a draft, in a block of exactly its size. */
static inline deals_str
overlay(deals_str bytes, const deals_me *me, int round)
{
    char           *out;
    size_t          size;
    deals_draft     draft;
    unsigned char  *states;

    assert_int_equal(deals_draft_open(&draft, bytes), 0);
    states = states_of(&draft, me, round);
    size = deals_draft_size(&draft, states, me->name);
    assert_true(size > 0);
    out = malloc(size);
    assert_non_null(out);
    deals_draft_write(&draft, states, me->name, out);

    return (deals_str) { out, size };
}


static inline void
assert_same_bytes(deals_str got, deals_str wanted, const char *of)
{
    size_t  i;

    for (i = 0; i < got.len && i < wanted.len; i++) {
        if (got.data[i] != wanted.data[i]) {
            break;
        }
    }

    if (i < got.len || i < wanted.len) {
        size_t  from = i > 60 ? i - 60 : 0;

        fail_msg("%s, byte %zu of %zu:\n%.*s\nand not (%zu)\n%.*s", of, i,
                 got.len, (int) (got.len - from > 160 ? 160 : got.len - from),
                 got.data + from, wanted.len,
                 (int) (wanted.len - from > 160 ? 160 : wanted.len - from),
                 wanted.data + from);
    }
}

#endif /* DEALS_T_VIEW_DRAFT_CHECK_H */
