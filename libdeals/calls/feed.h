/*
 * calls/feed.h - the state of a list of deals, the statements that fill it, and
 * its pages.
 */

#ifndef DEALS_CALLS_FEED_H
#define DEALS_CALLS_FEED_H

#include "core/cursor.h"
#include "calls/own_votes.h"
#include "calls/snapshot.h"
#include "calls/use.h"

typedef struct {
    deals_use           use;
    deals_sort          sort;
    deals_window        window;
    int                 limit;
    deals_str           key;            /* as the database has it */
    int                 impossible;     /* nothing can have this key */
    int                 after;          /* 1: goes on behind `cursor` */
    deals_cursor        cursor;         /* state: start of the window */

    deals_snapshot      snapshot;       /* ids NULL: pages by keys */
    size_t              slice;          /* so many ids of it were asked for */

    deals_query        *cards;
    deals_query        *about;          /* the member or the merchant */
    deals_own_votes     own;
    int                 until;          /* is wanted */
    deals_query        *start;          /* of the next deal; NULL: not asked */
    deals_feed_result   result;
} deals_feed_state;

/* Takes and checks what was asked for; bad input goes to state->use.errors. 0,
 * or -1: no memory. */
int           deals_feed_take(deals_call *call, deals_feed_state *state,
                  const deals_feed_params *params);

/* The list, one deal more than the page holds; and the member or merchant
 * whose list it is. NULL: no memory. */
deals_query  *deals_feed_query(deals_arena *arena,
                  const deals_feed_state *state, int64_t now);
deals_query  *deals_feed_about(deals_arena *arena,
                  const deals_feed_state *state);

/* The last day, since 1970, whose deals a window has that begins at `since`. */
int64_t       deals_feed_last_day(const deals_feed_state *state, int64_t since);

/* Finds the snapshot that the cursor names, if any, then `step`. */
void          deals_feed_find(deals_call *call, deals_step step);

/* Adds the statement for the cards. Once they are answered: 1, and another
 * statement was added, because those were too few; 0. */
void          deals_feed_ask(deals_call *call);
int           deals_feed_ask_again(deals_call *call);

/* Cuts the page off the rows, and makes the cursor of the next one. 0, or -1: no
 * memory. */
int           deals_feed_cut(deals_call *call);

#endif /* DEALS_CALLS_FEED_H */
