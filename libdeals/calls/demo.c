/*
 * calls/demo.c - the demo community: who is there, what they post, how they vote
 * and what they say, all from one seed. Everything goes into one segment, and so
 * into one transaction: it is there whole, or not at all.
 */

#include <string.h>

#include <deals/demo.h>
#include <deals/view.h>

#include "base/error.h"
#include "core/id.h"
#include "core/name.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/demo_data.h"
#include "calls/secret.h"

#define SEED         0x9e3779b97f4a7c15ULL
#define HOUR         3600
#define DAY          86400
#define MEMBERS_MAX  64
#define VOTES_MAX    16384
#define TALK_MAX     30             /* comments of a deal */

/* Votes, as columns: what the statements take. */
typedef struct {
    size_t   n;
    int64_t  deal[VOTES_MAX];
    int64_t  comment[VOTES_MAX];
    int64_t  user[VOTES_MAX];
    int64_t  vote[VOTES_MAX];
    int64_t  time[VOTES_MAX];
} demo_votes;

typedef struct {
    deals_use           use;
    deals_str           password;
    deals_demo_result   result;
    deals_query        *empty;
    deals_secret       *secret;

    uint64_t            random;
    int64_t             now;
    deals_ids           ids;
    int64_t             members[MEMBERS_MAX];
    demo_votes         *votes;          /* on deals */
    demo_votes         *talk;           /* on comments */
} demo_state;

/* A deal while it is made. */
typedef struct {
    const demo_deal  *data;
    int64_t           id;
    int64_t           created;
    int64_t           author;       /* index of a member */
    double            quality;      /* 0 .. 1 */
} demo_post;


/* xorshift64*: the same numbers everywhere. */
static uint32_t
below(demo_state *st, uint32_t n)
{
    st->random ^= st->random >> 12;
    st->random ^= st->random << 25;
    st->random ^= st->random >> 27;

    return (uint32_t) ((st->random * 0x2545f4914f6cdd1dULL) >> 33) % n;
}


static int64_t
new_id(demo_state *st, int64_t time)
{
    return deals_ids_next(&st->ids, time * 1000);
}


static deals_str
markdown(deals_call *call, const char *text)
{
    deals_buf  html = { 0 };
    deals_str  out = DEALS_NONE;

    if (deals_markdown(deals_str_of(text), &html) == 0 && !html.failed) {
        out = deals_arena_copy(deals_call_arena(call),
                               (deals_str) { html.data, html.len });
    }

    deals_buf_free(&html);

    return out;
}


static void
add_member(deals_call *call, size_t i)
{
    demo_state                   *st = deals_call_state(call);
    deals_arena                  *arena = deals_call_arena(call);
    deals_account_name_params     claim = { 0 };
    deals_account_insert_params   insert = { 0 };
    deals_member_role_params      role = { 0 };

    insert.now = st->now - (60 + below(st, 700)) * DAY - below(st, DAY);
    insert.user_id = st->members[i] = new_id(st, insert.now);
    insert.name = deals_str_of(deals_demo_members[i]);
    insert.password_hash = deals_str_of(i == 0 ? st->secret->hash
                                               : deals_password_nobody);

    claim.user_id = insert.user_id;
    claim.name = insert.name;
    claim.name_key = deals_name_key(arena, insert.name);

    deals_call_query(call, deals_q_account_name(arena, &claim));
    deals_call_query(call, deals_q_account_insert(arena, &insert));

    if (i == 0) {
        role.user_id = insert.user_id;
        role.role = DEALS_STR("moderator");
        deals_call_query(call, deals_q_member_role(arena, &role));
    }
}


static void
add_vote(demo_votes *v, const demo_post *post, int64_t comment, int64_t user,
    int up, int64_t time)
{
    if (v->n == VOTES_MAX) {
        return;
    }

    v->deal[v->n] = post->id;
    v->comment[v->n] = comment;
    v->user[v->n] = user;
    v->vote[v->n] = up ? 1 : -1;
    v->time[v->n] = time;
    v->n++;
}


/* A moment between `from` and now, nearer to `from`. */
static int64_t
later(demo_state *st, int64_t from)
{
    double  x = below(st, 10000) / 10000.0;

    return from + (int64_t) (x * x * (double) (st->now - from));
}


/* How many members have seen it by now, and how it pleased them. */
static void
vote_on_deal(demo_state *st, const demo_post *post)
{
    size_t   i, n;
    double   seen;

    seen = (double) (st->now - post->created) / (20 * HOUR);
    seen = seen > 1 ? 1 : seen;
    n = (size_t) ((0.08 + 0.92 * post->quality * post->quality) * seen
                  * (double) deals_demo_nmembers);

    for (i = 0; i < deals_demo_nmembers; i++) {

        if ((int64_t) i == post->author) {
            add_vote(st->votes, post, 0, st->members[i], 1, post->created);

        } else if (below(st, (uint32_t) deals_demo_nmembers) < n) {
            add_vote(st->votes, post, 0, st->members[i],
                     below(st, 100) < 45 + (uint32_t) (54 * post->quality),
                     later(st, post->created));
        }
    }
}


static void
vote_on_comment(demo_state *st, const demo_post *post, int64_t comment,
    int64_t author, int64_t created)
{
    size_t    i;
    uint32_t  liked = 40 + below(st, 60);
    uint32_t  seen = below(st, 5 + (uint32_t) (25 * post->quality));

    for (i = 0; i < deals_demo_nmembers; i++) {
        if ((int64_t) i == author || below(st, 100) < seen) {
            add_vote(st->talk, post, comment, st->members[i],
                     (int64_t) i == author || below(st, 100) < liked,
                     later(st, created));
        }
    }
}


static void
add_comment(deals_call *call, const demo_post *post, int64_t id,
    int64_t parent, int64_t author, const char *text, int64_t time)
{
    demo_state                   *st = deals_call_state(call);
    deals_comment_create_params   p = { 0 };

    p.deal_id = post->id;
    p.id = id;
    p.parent_id = parent;
    p.user_id = st->members[author];
    p.author_name = deals_str_of(deals_demo_members[author]);
    p.body = deals_str_of(text);
    p.html = markdown(call, text);
    p.html_version = DEALS_MARKDOWN_VERSION;
    p.now = time;
    p.max_replies = TALK_MAX;
    p.max_depth = TALK_MAX;

    deals_call_query(call,
                     deals_q_comment_create(deals_call_arena(call), &p));

    st->result.comments++;
}


/* Threads: a root says something about the deal, the others answer. */
static void
talk(deals_call *call, const demo_post *post)
{
    size_t             i, n, root;
    int64_t            author, time;
    int64_t            ids[TALK_MAX], times[TALK_MAX];
    demo_state        *st = deals_call_state(call);
    const char *const *roots = deals_demo_comments[post->data->kind];

    n = below(st, 2 + (uint32_t) (post->quality * (TALK_MAX - 4)));
    if (st->now - post->created < 2 * HOUR) {
        n = n > 2 ? 2 : n;
    }

    time = post->created;
    root = below(st, DEMO_COMMENTS);

    for (i = 0; i < n; i++) {
        time += 1 + (st->now - time) / (4 + below(st, 12));
        author = below(st, (uint32_t) deals_demo_nmembers);
        times[i] = time;
        ids[i] = new_id(st, time);

        if (i == 0 || (i < DEMO_COMMENTS && below(st, 100) < 45)) {
            add_comment(call, post, ids[i], DEALS_NULL_INT, author,
                        roots[(root + i) % DEMO_COMMENTS], time);
        } else {
            add_comment(call, post, ids[i], ids[below(st, (uint32_t) i)],
                        author, deals_demo_replies[below(st, DEMO_REPLIES)], time);
        }

        vote_on_comment(st, post, ids[i], author, times[i]);
    }
}


static deals_list
split_tags(deals_arena *arena, const char *text)
{
    size_t       n;
    deals_str   *tags;
    deals_list   list = { NULL, 0 };

    tags = deals_arena_alloc(arena, DEALS_TAGS_MAX * sizeof(deals_str));
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
link_shop(deals_arena *arena, const demo_deal *data,
    deals_deal_create_params *p)
{
    char       *url;
    deals_str   shop, slug;

    if (data->shop == NULL) {
        return;
    }

    shop = deals_text_slug(arena, deals_str_of(data->shop));
    slug = deals_text_slug(arena, p->title);
    url = deals_arena_printf(arena, "https://%.*s.example/%.*s",
                             (int) shop.len, shop.data, (int) slug.len,
                             slug.data);

    p->url = deals_str_of(url);
    p->merchant_name = deals_str_of(data->shop);
    p->merchant_slug = shop;
}


/* Some end soon, some have ended, a few have not begun; nothing within an hour
 * of now. */
static void
period(demo_state *st, const demo_post *post, deals_deal_create_params *p)
{
    uint32_t  dice = below(st, 100);
    int64_t   age = st->now - post->created;

    p->starts_at = p->expires_at = DEALS_NULL_INT;

    if (age > 3 * DAY && dice < 12) {
        p->expires_at = post->created + age / 2;

    } else if (dice < 45) {
        p->expires_at = st->now + 2 * HOUR + below(st, 12 * DAY);

    } else if (age < 12 * HOUR && dice > 92) {
        p->starts_at = st->now + 3 * HOUR + below(st, 2 * DAY);
        p->expires_at = p->starts_at + 5 * DAY;
    }
}


static void
add_deal(deals_call *call, const demo_post *post)
{
    deals_list                 tags;
    const char                *text;
    demo_state                *st = deals_call_state(call);
    deals_arena               *arena = deals_call_arena(call);
    deals_deal_create_params   p = { 0 };
    const demo_deal           *data = post->data;

    text = deals_demo_texts[data->kind][below(st, DEMO_TEXTS)];

    p.id = post->id;
    p.user_id = st->members[post->author];
    p.author_name = deals_str_of(deals_demo_members[post->author]);
    p.title = deals_str_of(data->title);
    p.description = deals_str_of(text);
    p.html = markdown(call, text);
    p.html_version = DEALS_MARKDOWN_VERSION;
    p.price_amount = data->price < 0 ? DEALS_NULL_INT : data->price;
    p.price_currency = data->price < 0 ? DEALS_NONE : DEALS_STR("USD");
    p.list_price_amount = data->list_price > 0 ? data->list_price
                                               : DEALS_NULL_INT;
    p.list_price_currency = data->list_price > 0 ? DEALS_STR("USD")
                                                 : DEALS_NONE;
    tags = split_tags(arena, data->tags);
    p.tags = tags.items;
    p.ntags = tags.len;
    p.now = post->created;

    link_shop(arena, data, &p);
    period(st, post, &p);

    deals_call_query(call, deals_q_deal_create(arena, &p));
    st->result.deals++;
}


/* The table is sorted by kind; a community is not. */
static void
shuffle(demo_state *st, size_t *order, size_t n)
{
    size_t  i, j, swap;

    for (i = 0; i < n; i++) {
        order[i] = i;
    }

    for (i = n; i > 1; i--) {
        j = below(st, (uint32_t) i);
        swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}


/* Oldest first: 40 days ago, ever denser until some minutes ago. */
static int
add_deals(deals_call *call)
{
    double       x;
    size_t       i, *order;
    demo_post    post;
    demo_state  *st = deals_call_state(call);

    order = deals_arena_alloc(deals_call_arena(call),
                              deals_demo_ndeals * sizeof(size_t));
    if (order == NULL) {
        return -1;
    }

    shuffle(st, order, deals_demo_ndeals);

    for (i = 0; i < deals_demo_ndeals; i++) {
        x = (double) (deals_demo_ndeals - i) / (double) deals_demo_ndeals;

        post.data = &deals_demo_deals[order[i]];
        post.created = st->now - 9 * 60
                       - (int64_t) (x * x * 40 * DAY * (0.3 + 0.7 * x))
                       - below(st, 600);
        post.id = new_id(st, post.created);
        post.author = below(st, (uint32_t) deals_demo_nmembers);
        post.quality = below(st, 1000) / 999.0;

        add_deal(call, &post);
        vote_on_deal(st, &post);
        talk(call, &post);
    }

    return 0;
}


static void
add_votes(deals_call *call)
{
    demo_state                       *st = deals_call_state(call);
    deals_arena                      *arena = deals_call_arena(call);
    deals_demo_votes_params           p = { 0 };
    deals_demo_comment_votes_params   c = { 0 };

    p.deal_ids = st->votes->deal;
    p.user_ids = st->votes->user;
    p.votes = st->votes->vote;
    p.times = st->votes->time;
    p.ndeal_ids = p.nuser_ids = p.nvotes = p.ntimes = st->votes->n;

    c.deal_ids = st->talk->deal;
    c.comment_ids = st->talk->comment;
    c.user_ids = st->talk->user;
    c.votes = st->talk->vote;
    c.times = st->talk->time;
    c.ndeal_ids = c.ncomment_ids = c.nuser_ids = c.nvotes = c.ntimes
        = st->talk->n;

    deals_call_query(call, deals_q_demo_votes(arena, &p));
    deals_call_query(call, deals_q_demo_comment_votes(arena, &c));

    st->result.votes = st->votes->n + st->talk->n;
}


static void
filled(deals_call *call)
{
    demo_state  *st = deals_call_state(call);

    st->result.loaded = 1;
    deals_call_finish(call, NULL);
}


static void
fill(deals_call *call)
{
    size_t       i;
    demo_state  *st = deals_call_state(call);

    if (st->secret->result != 0) {
        deals_use_no_memory(call);
        return;
    }

    for (i = 0; i < deals_demo_nmembers && i < MEMBERS_MAX; i++) {
        add_member(call, i);
        st->result.members++;
    }

    if (add_deals(call) != 0) {
        deals_use_no_memory(call);
        return;
    }

    add_votes(call);
    deals_call_send(call, filled);
}


static void
looked(deals_call *call)
{
    demo_state                  *st = deals_call_state(call);
    const deals_demo_empty_row  *row = deals_use_row(st->empty);

    if (row == NULL || !row->is_empty) {
        deals_call_finish(call, NULL);
        return;
    }

    st->secret = deals_secret_hash(call, st->password, fill);
}


static void
look(deals_call *call)
{
    demo_state   *st = deals_call_state(call);
    deals_arena  *arena = deals_call_arena(call);

    st->now = deals_call_now(call);
    st->votes = deals_arena_alloc(arena, sizeof(demo_votes));
    st->talk = deals_arena_alloc(arena, sizeof(demo_votes));

    if (st->votes == NULL || st->talk == NULL) {
        deals_use_no_memory(call);
        return;
    }

    st->empty = deals_q_demo_empty(arena);
    deals_call_query(call, st->empty);
    deals_call_send(call, looked);
}


deals_call *
deals_demo(deals_ctx *ctx, deals_str password, deals_done done, void *data)
{
    deals_call  *call;
    demo_state  *st;

    call = deals_use_new(ctx, DEALS_USE_DEMO, sizeof(demo_state), NULL, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->random = SEED;
    st->result.name = deals_str_of(deals_demo_members[0]);
    st->password = deals_arena_copy(deals_call_arena(call), password);
    deals_ids_init(&st->ids, 0);

    if (st->password.data == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, look);

    return call;
}


deals_call *
deals_demo_wait(deals_ctx *ctx, deals_str password, int64_t timeout_ms)
{
    return deals_call_wait(deals_demo(ctx, password, NULL, NULL), timeout_ms);
}


const deals_demo_result *
deals_demo_get(const deals_call *call)
{
    const demo_state  *st = deals_use_result(call, DEALS_USE_DEMO);

    return st != NULL ? &st->result : NULL;
}
