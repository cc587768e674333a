/*
 * The deals of the demo community, and the votes on them. See calls/demo.h.
 */

#include <string.h>

#include <deals/view.h>

#include "base/arena.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/demo.h"

#define BEGAN    40             /* days ago */
#define BAD      40             /* of 1,000 deals are none */


/* Is one of the words of `a` also one of `b`? */
static int
share_word(const char *a, const char *b)
{
    size_t       n, m;
    const char  *w;

    for ( /* void */ ; *a != '\0'; a += n + strspn(a + n, " ")) {
        n = strcspn(a, " ");

        for (w = b; *w != '\0'; w += m + strspn(w + m, " ")) {
            m = strcspn(w, " ");

            if (n == m && memcmp(a, w, n) == 0) {
                return 1;
            }
        }
    }

    return 0;
}


int
deals_demo_fits(const deals_demo_line *line, const deals_demo_deal *deal)
{
    /* what costs money, but is not sent */
    static const char  elsewhere[] =
        "restaurant course pc-games ebooks software subscription event "
        "magazine audiobooks coupon suit gym family";

    if (line->where == NULL) {
        return deal->shop != NULL && deal->price > 0
               && deal->kind != DEMO_TRAVEL
               && !share_word(elsewhere, deal->tags);
    }

    if (*line->where == '\0') {
        return deal->price != 0;
    }

    return share_word(line->where, deal->tags);
}


/* What its author writes: rather of the thing itself than of prices. */
static const char *
describe(deals_demo_state *st, const deals_demo_deal *deal)
{
    size_t                  i, n = 0;
    const char             *text = NULL;
    const deals_demo_line  *line;

    for (i = 0; i < deals_demo_ntexts; i++) {
        line = &deals_demo_texts[i];

        if (deals_demo_fits(line, deal)) {
            n += line->where != NULL && *line->where != '\0' ? 3 : 1;

            if (deals_demo_below(st, (uint32_t) n) < 2) {
                text = line->text;
            }
        }
    }

    return text;
}


static deals_list
split_tags(deals_arena *arena, const char *text)
{
    size_t       n;
    deals_str   *tags;
    deals_list   list = { NULL, 0 };

    tags = deals_arena_array(arena, DEALS_TAGS_MAX, sizeof(deals_str));
    if (tags == NULL) {
        return list;
    }

    list.items = tags;

    while (*text != '\0' && list.len < DEALS_TAGS_MAX) {
        n = strcspn(text, " ");
        tags[list.len++] = (deals_str) { text, n };
        text += n + strspn(text + n, " ");
    }

    return list;
}


static void
link_shop(deals_arena *arena, const deals_demo_deal *data,
    deals_deal_create_params *p)
{
    deals_str  shop, slug;

    if (data->shop == NULL) {
        return;
    }

    shop = deals_text_slug(arena, deals_str_of(data->shop));
    slug = deals_text_slug(arena, p->title);

    p->url = deals_str_of(deals_arena_printf(arena,
                              "https://%.*s.example/%.*s", (int) shop.len,
                              shop.data, (int) slug.len, slug.data));
    p->merchant_name = deals_str_of(data->shop);
    p->merchant_slug = shop;
}


/* Some have ended, some end today or later, a few have not begun. Nothing
 * begins or ends in the hour from now. */
static void
period(deals_demo_state *st, const deals_demo_post *post,
    deals_deal_create_params *p)
{
    int64_t   age = st->now - post->created;
    uint32_t  dice = deals_demo_below(st, 100);
    uint32_t  part = deals_demo_below(st, 1000);

    p->starts_at = p->expires_at = DEALS_NULL_INT;

    if (dice < 18 && age > DEMO_DAY) {
        p->expires_at = post->created + age / 4 + age * part / 2000;

    } else if (dice < 30) {
        p->expires_at = st->now + 2 * DEMO_HOUR + DEMO_DAY * part / 1000;

    } else if (dice < 52) {
        p->expires_at = st->now + DEMO_DAY + 12 * DEMO_DAY * part / 1000;

    } else if (dice > 90 && age < 2 * DEMO_DAY && age > DEMO_HOUR) {
        p->starts_at = st->now + 3 * DEMO_HOUR + 2 * DEMO_DAY * part / 1000;
        p->expires_at = p->starts_at + 5 * DEMO_DAY;
    }
}


static void
add_deal(deals_call *call, const deals_demo_post *post)
{
    deals_list                 tags;
    const char                *text;
    deals_demo_state          *st = deals_call_state(call);
    deals_arena               *arena = deals_call_arena(call);
    deals_deal_create_params   p = { 0 };
    const deals_demo_deal     *data = post->data;

    tags = split_tags(arena, data->tags);
    text = describe(st, data);

    p.id = post->id;
    p.user_id = st->members[post->author];
    p.author_name = deals_str_of(deals_demo_members[post->author]);
    p.title = deals_str_of(data->title);
    p.html_version = DEALS_NULL_INT;
    p.price_amount = data->price < 0 ? DEALS_NULL_INT : data->price;
    p.price_currency = data->price < 0 ? DEALS_NONE : DEALS_STR("USD");
    p.list_price_amount = data->list_price > 0 ? data->list_price
                                               : DEALS_NULL_INT;
    p.list_price_currency = data->list_price > 0 ? DEALS_STR("USD")
                                                 : DEALS_NONE;
    p.tags = tags.items;
    p.ntags = tags.len;
    p.now = post->created;

    if (text != NULL) {
        p.description = deals_str_of(text);
        p.html = deals_demo_markdown(call, text);
        p.html_version = DEALS_MARKDOWN_VERSION;
    }

    link_shop(arena, data, &p);
    period(st, post, &p);

    deals_call_query(call, deals_q_deal_create(arena, &p));
    st->result.deals++;
}


/* Those who have seen it by now, and whom it pleased or not. */
static void
vote(deals_demo_state *st, const deals_demo_post *post)
{
    double    q = post->quality;
    uint32_t  i, interested, pleased;

    interested = (uint32_t) (post->seen * (60 + 920 * q * q));
    pleased = 620 + (uint32_t) (340 * q);

    if (deals_demo_below(st, 1000) < BAD) {
        interested = (uint32_t) (post->seen * 500);
        pleased = 200;
    }

    for (i = 0; i < deals_demo_nmembers; i++) {

        if (i == post->author) {
            deals_demo_vote(st, st->votes, post, 0, i, 1, post->created);

        } else if (deals_demo_below(st, 1000) < interested) {
            deals_demo_vote(st, st->votes, post, 0, i,
                            deals_demo_below(st, 1000) < pleased,
                            deals_demo_later(st, post->created));
        }
    }
}


/* The table is sorted by kind; a community is not. */
static void
shuffle(deals_demo_state *st, size_t *order, size_t n)
{
    size_t  i, j, swap;

    for (i = 0; i < n; i++) {
        order[i] = i;
    }

    for (i = n; i > 1; i--) {
        j = deals_demo_below(st, (uint32_t) i);
        swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}


/* Oldest first, ever denser until some minutes ago. */
int
deals_demo_post_all(deals_call *call)
{
    double             x;
    size_t             i, n = deals_demo_ndeals, *order;
    int64_t            age;
    deals_demo_post    post;
    deals_demo_state  *st = deals_call_state(call);

    order = deals_arena_array(deals_call_arena(call), n, sizeof(size_t));
    if (order == NULL) {
        return -1;
    }

    shuffle(st, order, n);

    for (i = 0; i < n; i++) {
        x = (double) (n - i) / (double) n;
        age = 300 + (int64_t) (x * x * BEGAN * DEMO_DAY);
        age += age * deals_demo_below(st, 100) / 1000;

        post.data = &deals_demo_deals[order[i]];
        post.created = st->now - age;
        post.id = deals_demo_id(st, post.created);
        post.author = deals_demo_below(st, (uint32_t) deals_demo_nmembers);
        post.quality = deals_demo_below(st, 1000) / 999.0;
        post.seen = (double) age / (double) (age + 2 * DEMO_HOUR);

        add_deal(call, &post);
        vote(st, &post);

        if (deals_demo_thread(call, &post) != 0) {
            return -1;
        }
    }

    return 0;
}
