/*
 * io/redis_internal.h - inside of the connection to Redis. Only io/redis*.c
 * include it, and hiredis.
 */

#ifndef DEALS_IO_REDIS_INTERNAL_H
#define DEALS_IO_REDIS_INTERNAL_H

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "io/redis.h"

/* Microseconds without an answer: it is away. */
#define DEALS_REDIS_PATIENCE  1000000

typedef struct deals_redis_question  deals_redis_question;

/* Gets an answer, which is gone when it returns; NULL: there is none, the
 * connection is gone. */
typedef void  (*deals_redis_fn)(deals_redis *redis, const redisReply *reply,
                   void *data);

struct deals_redis {
    deals_ctx                  *ctx;
    const deals_redis_address  *address;
    redisReader                *reader;     /* NULL: there is no connection */
    deals_io                    io;
    deals_tls_conn             *tls;        /* NULL: in the clear */
    int                         shaking;    /* hands, with TLS */
    int                         refused;    /* with TLS, since it was up; and
                                               logged */
    unsigned                    opened;     /* how many there were */
    size_t                      fed;        /* bytes to this reader */
    deals_buf                   out;        /* to be written */
    size_t                      sent;       /* of it */

    int                         connected;
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
    deals_redis_fn              heard;      /* what is said without a question;
                                               NULL: nothing may be. `owner` is
                                               its data */
    void                       *owner;

    deals_redis_question       *questions;  /* that wait for their answers */
    deals_redis_question       *last;
    redisReplyObjectFunctions   functions;  /* of the reader */
    void                     *(*create_array)(const redisReadTask *task,
                                    int n);
    char                        why[320];
};

/* Connects, or plans the next attempt. */
void  deals_redis_connect(deals_redis *redis);

/* The socket: NULL, or why it can't be had. It is not watched yet. */
const char  *deals_redis_open(deals_redis *redis);
void         deals_redis_shut(deals_redis *redis);
/* As recv(2) and send(2). */
ssize_t      deals_redis_recv(deals_redis *redis, void *buf, size_t size);
ssize_t      deals_redis_send(deals_redis *redis, const void *buf, size_t len);
/* Why one of them failed, with this errno. */
const char  *deals_redis_why(const deals_redis *redis, int error);
/* For a socket that can be written: NULL, or why it is not connected. */
const char  *deals_redis_is_connected(deals_redis *redis);
/* 0, or -1: no memory, and nothing was appended. */
int          deals_redis_append(deals_redis *redis, int argc,
                 const deals_str *args);
/* Writes what can be written. NULL, or why nothing can any more. */
const char  *deals_redis_flush(deals_redis *redis);

/* A reader with bounds to what it takes in; NULL: no memory. */
redisReader  *deals_redis_reader(deals_redis *redis);

/* Reads what is there and answers the questions. NULL; or why the connection
 * can't be used any more. */
const char  *deals_redis_read(deals_redis *redis);

/* The connection is gone: nobody's question is answered. */
void  deals_redis_unanswered(deals_redis *redis);

/* Watches for what there is to do. */
void  deals_redis_watch(deals_redis *redis);

/* At most 6 arguments. fn NULL: the answer does not matter. 0; -1: no memory,
 * fn will not be called. */
int   deals_redis_command(deals_redis *redis, deals_redis_fn fn, void *data,
          int argc, const deals_str *args);

/* One more command waits for its answer. */
void  deals_redis_sent(deals_redis *redis);

#endif /* DEALS_IO_REDIS_INTERNAL_H */
