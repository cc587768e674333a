/*
 * calls/present.h - from a row as it was stored to one as it is shown: what
 * depends on the viewer and on now, and the texts that people read.
 */

#ifndef DEALS_CALLS_PRESENT_H
#define DEALS_CALLS_PRESENT_H

#include <deals/rows.h>

/* A deal's heat by its score. */
#define DEALS_HEAT_HOT   30
#define DEALS_HEAT_WARM  10
#define DEALS_HEAT_COOL  0              /* less: cold */

typedef struct {
    deals_arena     *arena;
    int64_t          now;
    const deals_me  *viewer;            /* NULL: anonymous */
    int              moderator;         /* the viewer is one */
    int              data_only;         /* texts for pages are not made */
} deals_present;

/* 0, or -1: out of memory. */
int  deals_present_card(const deals_present *present, deals_card *card,
         int64_t my_vote);
int  deals_present_deal(const deals_present *present, deals_deal *deal,
         int64_t my_vote);
/* poster: the member who posted the deal; absent: not a member, or unknown. */
int  deals_present_comment(const deals_present *present, deals_comment *comment,
         int64_t my_vote, deals_str poster);

/* The earlier of `until` and when a deal begins or ends that at `now` has not
 * yet; DEALS_NULL_INT: never. */
int64_t  deals_present_until(int64_t until, int64_t starts_at,
             int64_t expires_at, int64_t now);

/* The name of the member who posted the deal; absent: nobody here. */
deals_str  deals_present_poster(const deals_deal *deal);

#endif /* DEALS_CALLS_PRESENT_H */
