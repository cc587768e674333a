/*
 * io/rate.h - counting events in windows of time, in Redis or without.
 */

#ifndef DEALS_IO_RATE_H
#define DEALS_IO_RATE_H

#include "io/config.h"
#include "io/ctx.h"

typedef struct deals_count  deals_count;

/* NULL: out of memory. Keys are the database's: communities that share a Redis or
 * a node don't count together. */
deals_rate   *deals_rate_new(deals_ctx *ctx,
                  const deals_pg_address *database);
void          deals_rate_free(deals_rate *rate);    /* NULL is ok */

/* What stands before every key: the name of the database. */
const char   *deals_rate_site(const deals_rate *rate);

/*
 * Counts one event, in Redis and here: what is counted here is the answer where
 * Redis has none in time. With an answer at once it returns NULL and sets *n. Else
 * `answered` comes later, never from inside this function, unless the count is
 * abandoned before.
 */
deals_count  *deals_rate_count(deals_rate *rate, deals_str key, int seconds,
                  int64_t *n, void (*answered)(void *owner, int64_t n),
                  void *owner);
void          deals_rate_abandon(deals_count *count);

/* The context's own counter: a small table; what falls out of it was seldom
 * counted. */
int64_t       deals_rate_local(deals_rate *rate, deals_str key,
                  int64_t window, int seconds);

#endif /* DEALS_IO_RATE_H */
