/*
 * calls/feed.c - lists of deals. One segment brings the session and the list, a
 * second one the viewer's votes on it.
 */

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "core/cursor.h"
#include "core/name.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/present.h"
#include "calls/use.h"

#define LIMIT_DEFAULT  25
#define LIMIT_MAX      100
#define DAY            86400
#define SLUG_MAX       DEALS_CURSOR_QUALIFIER

typedef struct {
    deals_use           use;
    deals_sort          sort;
    deals_window        window;
    int                 limit;
    deals_str           key;            /* as the database has it */
    int                 impossible;     /* nothing can have this key */
    int                 after;          /* 1: goes on behind `cursor` */
    deals_cursor        cursor;         /* state: start of the window */

    deals_query        *cards;
    deals_query        *about;          /* the member or the merchant */
    deals_query        *votes;
    deals_feed_result   result;
} feed_state;

static const deals_field  fields[] = {
    { "deals", DEALS_LIST, 0, offsetof(deals_feed_result, deals),
      &deals_card_shape },
    { "next", DEALS_TEXT, DEALS_NULLABLE, offsetof(deals_feed_result, next),
      NULL }
};

const deals_shape  deals_feed_shape = {
    "deals", sizeof(deals_feed_result), fields,
    sizeof(fields) / sizeof(fields[0])
};

static const struct {
    const char  *name;
    int64_t      seconds;               /* 0: all times */
} windows[] = {
    { "day", DAY },
    { "week", 7 * DAY },
    { "month", 30 * DAY },
    { "year", 365 * DAY },
    { "all", 0 }
};

/* Types of the sort keys, by deals_sort; see core/cursor.h. */
static const char  *key_types[] = { "fi", "ti", "ni", "ti", "ti", "ti" };


static int
known(const deals_feed_params *params)
{
    return (unsigned) params->sort <= DEALS_BY_USER
           && (unsigned) params->window <= DEALS_ALL;
}


/* The key in the form that the database has; 0, or -1: no memory. */
static int
take_key(deals_arena *arena, feed_state *state, deals_str key)
{
    deals_str           tag;
    const deals_error  *errors = NULL;

    switch (state->sort) {

    case DEALS_BY_TAG:
        if (key.data == NULL
            || deals_text_tag(arena, "tag", key, &tag, &errors) < 0)
        {
            state->impossible = 1;
            return 0;
        }

        state->key = tag;
        return 0;

    case DEALS_BY_USER:
        if (!deals_name_valid(key)) {
            state->impossible = 1;
            return 0;
        }

        state->key = deals_name_key(arena, key);
        return state->key.data == NULL ? -1 : 0;

    case DEALS_BY_MERCHANT:
        if (key.data == NULL || key.len == 0 || key.len > SLUG_MAX
            || memchr(key.data, 0, key.len) != NULL
            || !deals_utf8_valid(key))
        {
            state->impossible = 1;
            return 0;
        }

        state->key = deals_arena_copy(arena, key);
        return state->key.data == NULL ? -1 : 0;

    default:
        return 0;
    }
}


static void
take_cursor(deals_call *call, feed_state *state, deals_str text)
{
    int64_t        now, seconds;
    deals_use     *use = &state->use;
    deals_arena   *arena;
    deals_cursor  *cursor = &state->cursor;

    now = deals_call_now(call);
    arena = deals_call_arena(call);
    seconds = windows[state->window].seconds;

    cursor->list = state->sort + 1;
    cursor->types = key_types[state->sort];
    cursor->qualifier = state->sort == DEALS_TOP
                        ? deals_str_of(windows[state->window].name)
                        : state->key;

    if (text.data == NULL) {
        if (state->sort == DEALS_TOP && seconds != 0) {
            cursor->state = now > seconds ? now - seconds : 0;
        }

        return;
    }

    if (deals_cursor_decode(arena, text, cursor, &use->errors) < 0) {
        return;
    }

    /* The qualifier that was decoded may be a copy, or not: it is the same. */
    state->after = 1;

    if (cursor->state > now) {
        deals_error_add(arena, &use->errors, DEALS_MALFORMED, "cursor",
                        "This cursor is not one of this list.");
    }
}


static int
take_params(deals_call *call, feed_state *state,
    const deals_feed_params *params)
{
    deals_arena  *arena = deals_call_arena(call);

    if (!known(params)) {
        deals_error_add(arena, &state->use.errors, DEALS_INVALID, "sort",
                        "There is no such list.");
        return 0;
    }

    state->sort = params->sort;
    state->window = params->sort == DEALS_TOP ? params->window : DEALS_ALL;
    state->limit = params->limit == 0 ? LIMIT_DEFAULT : params->limit;

    if (state->limit < 1 || state->limit > LIMIT_MAX) {
        deals_error_add(arena, &state->use.errors, DEALS_INVALID, "limit",
                        "A page holds 1 to %d deals.", LIMIT_MAX);
        return 0;
    }

    if (take_key(arena, state, params->key) < 0) {
        return -1;
    }

    if (!state->impossible) {
        take_cursor(call, state, params->cursor);
    }

    return 0;
}


static deals_query *
query_top(deals_arena *arena, const feed_state *state, int64_t now)
{
    int64_t                    seconds;
    deals_feed_top_params      window;
    deals_feed_top_all_params  all;

    seconds = windows[state->window].seconds;

    if (seconds == 0) {
        memset(&all, 0, sizeof(all));
        all.now = now;
        all.after = state->after;
        all.after_score = state->cursor.keys[0].i;
        all.after_id = state->cursor.keys[1].i;
        all.limit = state->limit + 1;

        return deals_q_feed_top_all(arena, &all);
    }

    memset(&window, 0, sizeof(window));
    window.now = now;
    window.since = state->cursor.state;
    window.first_day = window.since / DAY;
    window.last_day = (window.since + seconds) / DAY;
    window.after = state->after;
    window.after_score = state->cursor.keys[0].i;
    window.after_id = state->cursor.keys[1].i;
    window.limit = state->limit + 1;

    return deals_q_feed_top(arena, &window);
}


/* Lists in order of time. */
#define QUERY_BY(arena, state, list, column)                                  \
    do {                                                                      \
        deals_feed_##list##_params  p;                                        \
                                                                              \
        memset(&p, 0, sizeof(p));                                             \
        p.column = (state)->key;                                              \
        p.after = (state)->after;                                             \
        p.after_time = (state)->cursor.keys[0].i;                             \
        p.after_id = (state)->cursor.keys[1].i;                               \
        p.limit = (state)->limit + 1;                                         \
        return deals_q_feed_##list((arena), &p);                              \
    } while (0)


static deals_query *
query(deals_arena *arena, const feed_state *state, int64_t now)
{
    deals_feed_hot_params  hot;
    deals_feed_new_params  new;

    switch (state->sort) {

    case DEALS_TOP:
        return query_top(arena, state, now);

    case DEALS_BY_TAG:
        QUERY_BY(arena, state, tag, tag);

    case DEALS_BY_MERCHANT:
        QUERY_BY(arena, state, merchant, slug);

    case DEALS_BY_USER:
        QUERY_BY(arena, state, user, name_key);

    case DEALS_NEW:
        memset(&new, 0, sizeof(new));
        new.now = now;
        new.after = state->after;
        new.after_time = state->cursor.keys[0].i;
        new.after_id = state->cursor.keys[1].i;
        new.limit = state->limit + 1;
        return deals_q_feed_new(arena, &new);

    default:
        memset(&hot, 0, sizeof(hot));
        hot.now = now;
        hot.after = state->after;
        hot.after_hot = state->cursor.keys[0].f;
        hot.after_id = state->cursor.keys[1].i;
        hot.limit = state->limit + 1;
        return deals_q_feed_hot(arena, &hot);
    }
}


static deals_query *
query_about(deals_arena *arena, const feed_state *state)
{
    deals_user_get_params      user;
    deals_merchant_get_params  merchant;

    if (state->sort == DEALS_BY_USER) {
        memset(&user, 0, sizeof(user));
        user.name_key = state->key;
        return deals_q_user_get(arena, &user);
    }

    memset(&merchant, 0, sizeof(merchant));
    merchant.slug = state->key;

    return deals_q_merchant_get(arena, &merchant);
}


/* 0, or -1: the call was ended. */
static int
take_about(deals_call *call, feed_state *state)
{
    deals_card_merchant           *merchant;
    const deals_merchant_get_row  *row;

    if (state->about == NULL) {
        return 0;
    }

    row = deals_use_row(state->about);
    if (row == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        state->sort == DEALS_BY_USER
                        ? "There is no such member."
                        : "There is no such merchant.");
        return -1;
    }

    if (state->sort == DEALS_BY_USER) {
        state->result.user = deals_use_row(state->about);
        state->result.key = state->result.user->name;
        return 0;
    }

    merchant = deals_arena_alloc(deals_call_arena(call), sizeof(*merchant));
    if (merchant == NULL) {
        deals_use_no_memory(call);
        return -1;
    }

    merchant->name = row->name;
    merchant->slug = row->slug;
    state->result.merchant = merchant;
    state->result.key = row->name;

    return 0;
}


/* Cuts the page off the rows, and makes the cursor of the next one. */
static int
take_page(deals_arena *arena, feed_state *state)
{
    size_t             limit = state->limit;
    deals_list         rows = state->cards->rows;
    deals_cursor       cursor = state->cursor;
    const deals_card  *last;

    if (rows.len > limit) {
        rows.len = limit;
        last = (const deals_card *) rows.items + limit - 1;
        cursor.keys[1].i = last->id;

        switch (state->sort) {

        case DEALS_HOT:
            cursor.keys[0].f = last->rank;
            break;

        case DEALS_TOP:
            cursor.keys[0].i = last->score;
            break;

        default:
            cursor.keys[0].i = last->created_at;
            break;
        }

        state->result.next = deals_cursor_encode(arena, &cursor);
        if (state->result.next.data == NULL) {
            return -1;
        }
    }

    state->result.deals = rows;

    return 0;
}


static int64_t
my_vote(const deals_query *votes, int64_t id)
{
    size_t                     i;
    const deals_my_votes_row  *row;

    if (votes == NULL) {
        return 0;
    }

    row = votes->rows.items;

    for (i = 0; i < votes->rows.len; i++) {
        if (row[i].deal_id == id) {
            return row[i].value;
        }
    }

    return 0;
}


static void
present(deals_call *call)
{
    size_t          i;
    deals_card     *cards;
    feed_state     *state = deals_call_state(call);
    deals_present   how;

    how.arena = deals_call_arena(call);
    how.now = deals_call_now(call);
    how.viewer = state->use.viewer;
    how.moderator = deals_use_is_moderator(&state->use);

    cards = state->result.deals.items;

    for (i = 0; i < state->result.deals.len; i++) {
        if (deals_present_card(&how, &cards[i],
                               my_vote(state->votes, cards[i].id)) < 0)
        {
            deals_use_no_memory(call);
            return;
        }
    }

    deals_call_finish(call, NULL);
}


static void
listed(deals_call *call)
{
    size_t                  i, n;
    int64_t                *ids;
    feed_state             *state = deals_call_state(call);
    deals_arena            *arena = deals_call_arena(call);
    const deals_card       *cards;
    deals_my_votes_params   p;

    if (deals_use_answer(call) < 0 || take_about(call, state) < 0) {
        return;
    }

    if (take_page(arena, state) < 0) {
        deals_use_no_memory(call);
        return;
    }

    n = state->result.deals.len;

    if (state->use.viewer == NULL || n == 0) {
        present(call);
        return;
    }

    ids = deals_arena_array(arena, n, sizeof(int64_t));
    if (ids == NULL) {
        deals_use_no_memory(call);
        return;
    }

    cards = state->result.deals.items;

    for (i = 0; i < n; i++) {
        ids[i] = cards[i].id;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = state->use.user_id;
    p.deal_ids = ids;
    p.ndeal_ids = n;
    state->votes = deals_q_my_votes(arena, &p);

    deals_call_query(call, state->votes);
    (void) deals_use_touch(call);
    deals_call_send(call, present);
}


static void
start(deals_call *call)
{
    feed_state  *state = deals_call_state(call);

    if (state->use.errors != NULL) {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (state->impossible) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        state->sort == DEALS_BY_USER
                        ? "There is no such member."
                        : state->sort == DEALS_BY_TAG
                        ? "There is no such tag."
                        : "There is no such merchant.");
        return;
    }

    deals_use_ask(call);

    if (state->sort == DEALS_BY_USER || state->sort == DEALS_BY_MERCHANT) {
        state->about = query_about(deals_call_arena(call), state);
        deals_call_query(call, state->about);

    } else if (state->sort == DEALS_BY_TAG) {
        state->result.key = state->key;
    }

    state->cards = query(deals_call_arena(call), state,
                         deals_call_now(call));
    deals_call_query(call, state->cards);
    deals_call_send(call, listed);
}


deals_call *
deals_feed(deals_ctx *ctx, const deals_asker *asker,
    const deals_feed_params *params, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_FEED, sizeof(feed_state), asker, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    if (take_params(call, deals_call_state(call), params) < 0) {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_feed_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_feed_params *params, int64_t timeout_ms)
{
    return deals_call_wait(deals_feed(ctx, asker, params, NULL, NULL),
                           timeout_ms);
}


const deals_feed_result *
deals_feed_get(const deals_call *call)
{
    feed_state  *state = deals_use_result(call, DEALS_USE_FEED);

    return state != NULL ? &state->result : NULL;
}
