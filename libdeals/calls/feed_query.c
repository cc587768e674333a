/*
 * calls/feed_query.c - which list was asked for, and the statement for it. See
 * calls/feed.h.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "core/name.h"
#include "core/text.h"
#include "stmts.h"
#include "calls/feed.h"

#define LIMIT_DEFAULT  25
#define LIMIT_MAX      100
#define DAY            86400
#define SLUG_MAX       DEALS_CURSOR_QUALIFIER

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
take_key(deals_arena *arena, deals_feed_state *state, deals_str key)
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
take_cursor(deals_call *call, deals_feed_state *state, deals_str text)
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


int
deals_feed_take(deals_call *call, deals_feed_state *state,
    const deals_feed_params *params)
{
    deals_arena  *arena = deals_call_arena(call);

    if (!known(params)) {
        deals_error_add(arena, &state->use.errors, DEALS_INVALID, "sort",
                        "There is no such list.");
        return 0;
    }

    state->sort = params->sort;
    state->until = params->until;
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


/* The day after today too: some other node, or this one before its clock was set
 * back, may have it already. */
int64_t
deals_feed_last_day(const deals_feed_state *state, int64_t since)
{
    return (since + windows[state->window].seconds) / DAY + 1;
}


static deals_query *
query_top(deals_arena *arena, const deals_feed_state *state, int64_t now)
{
    deals_feed_top_params      window;
    deals_feed_top_all_params  all;

    if (windows[state->window].seconds == 0) {
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
    window.last_day = deals_feed_last_day(state, window.since);
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


deals_query *
deals_feed_query(deals_arena *arena, const deals_feed_state *state, int64_t now)
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


deals_query *
deals_feed_about(deals_arena *arena, const deals_feed_state *state)
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
