/*
 * calls/demo.h - what the parts of the demo community share: demo.c makes its
 * members, demo_post.c their deals and votes, demo_thread.c their talk. All
 * from one seed, so that it is the same each time, only later.
 */

#ifndef DEALS_CALLS_DEMO_H
#define DEALS_CALLS_DEMO_H

#include <deals/demo.h>

#include "base/id.h"
#include "calls/demo_data.h"
#include "calls/secret.h"

#define DEMO_HOUR      3600
#define DEMO_DAY       86400
#define DEMO_MEMBERS   64
#define DEMO_VOTES     16384

/* Votes, as columns: what the statements take. */
typedef struct {
    size_t   n;
    int64_t  deal[DEMO_VOTES];
    int64_t  comment[DEMO_VOTES];
    int64_t  user[DEMO_VOTES];
    int64_t  vote[DEMO_VOTES];
    int64_t  time[DEMO_VOTES];
} deals_demo_votes;

typedef struct {
    deals_use           use;
    deals_str           password;
    deals_demo_result   result;
    deals_query        *empty;
    deals_secret       *secret;

    uint64_t            random;
    int64_t             now;
    deals_ids           ids;
    int64_t             members[DEMO_MEMBERS];
    deals_demo_votes   *votes;          /* on deals */
    deals_demo_votes   *talk;           /* on comments */
} deals_demo_state;

/* A deal while it is made. */
typedef struct {
    const deals_demo_deal  *data;
    int64_t                 id;
    int64_t                 created;
    uint32_t                author;     /* index of a member */
    double                  quality;    /* 0 .. 1: how it pleases */
    double                  seen;       /* 0 .. 1: by how many until now */
} deals_demo_post;

/* A number from 0 to n - 1. */
uint32_t   deals_demo_below(deals_demo_state *st, uint32_t n);
/* A moment between `from` and now, nearer to `from`. */
int64_t    deals_demo_later(deals_demo_state *st, int64_t from);
int64_t    deals_demo_id(deals_demo_state *st, int64_t time);

/* Rendered, in the call's arena; absent: out of memory. */
deals_str  deals_demo_markdown(deals_call *call, const char *text);

/* Can this be said of that deal? */
int        deals_demo_fits(const deals_demo_line *line,
               const deals_demo_deal *deal);

void       deals_demo_vote(deals_demo_state *st, deals_demo_votes *votes,
               const deals_demo_post *post, int64_t comment, uint32_t member,
               int up, int64_t time);

/* Adds to the call's segment all deals; one deal's thread. -1: no memory. */
int        deals_demo_post_all(deals_call *call);
int        deals_demo_thread(deals_call *call, const deals_demo_post *post);

#endif /* DEALS_CALLS_DEMO_H */
