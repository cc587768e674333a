/*
 * io/redis_internal.h - inside of the connection to Redis. Only io/redis*.c
 * include it, and hiredis.
 */

#ifndef DEALS_IO_REDIS_INTERNAL_H
#define DEALS_IO_REDIS_INTERNAL_H

#include <hiredis/async.h>

#include "io/redis.h"

/* Microseconds without an answer: it is away. */
#define DEALS_REDIS_PATIENCE  1000000

typedef struct deals_redis_question  deals_redis_question;

struct deals_redis {
    deals_ctx                  *ctx;
    const deals_redis_address  *address;
    redisAsyncContext          *ac;         /* NULL: none */
    deals_io                    io;
    unsigned                    wanted;     /* what hiredis wants watched */

    int                         up;         /* greeted */
    int                         known_down; /* and logged */
    int                         complained; /* of an error reply, since up */
    int                         closing;
    int                         broken;     /* to be dropped by the timer */
    int                         nasked;
    int                         npublished; /* of these */
    int                         attempts;
    int64_t                     retry_at;
    int64_t                     since;      /* seconds since 1970: up, or known
                                               to be down; 0: not known */
    int64_t                     progress;
    deals_timer                 patience;
    deals_timer                 retry;
    void                      (*greeted)(void *owner);  /* may be NULL */
    redisCallbackFn            *heard;      /* what is said without a question;
                                               NULL: nothing may be. `owner` is
                                               its data, no reply: the
                                               connection is gone */
    void                       *owner;

    deals_redis_question       *questions;  /* that wait for their answers */
    deals_redis_question       *last;
    redisReplyObjectFunctions   functions;  /* of the reader */
    void                     *(*create_array)(const redisReadTask *task,
                                    int n);
    char                        why[160];
};

/* Sets `ac`, or leaves it NULL and plans the next attempt. */
void  deals_redis_connect(deals_redis *redis);

/* Puts bounds to what a new connection takes in. */
void  deals_redis_bound(deals_redis *redis);

/* Reads what is there and answers the questions. NULL; or why the connection
 * can't be used any more. */
const char  *deals_redis_read(deals_redis *redis);

/* The connection `ac` is gone: nobody's question is answered. */
void  deals_redis_unanswered(deals_redis *redis, redisAsyncContext *ac);

/* At most 6 arguments. fn NULL: the answer does not matter. REDIS_OK, or
 * REDIS_ERR: fn will not be called. */
int   deals_redis_command(deals_redis *redis, redisCallbackFn *fn, void *data,
          int argc, const deals_str *args);

/* One more command waits for its answer. */
void  deals_redis_sent(deals_redis *redis);

#endif /* DEALS_IO_REDIS_INTERNAL_H */
