/*
 * Questions to Redis and their answers. What it says hiredis' reader takes apart,
 * with bounds; an answer that nobody asked for ends the connection.
 */

#include <errno.h>
#include <stdlib.h>

#include "io/redis_internal.h"

#define ANSWER_MAX    (4 << 20)     /* bytes that are not an answer yet */
#define ELEMENTS_MAX  16            /* of an array: "message" has three */
#define FED_MAX       (1 << 20)     /* bytes until there is a new reader */

struct deals_redis_question {
    deals_redis_question   *next;
    deals_redis_fn          fn;         /* NULL: nobody wants the answer */
    void                   *data;
};


static void *
create_array(const redisReadTask *task, int n)
{
    deals_redis  *redis = task->privdata;

    return n > ELEMENTS_MAX ? NULL : redis->create_array(task, n);
}


redisReader *
deals_redis_reader(deals_redis *redis)
{
    redisReader  *reader;

    reader = redisReaderCreate();

    if (reader == NULL) {
        return NULL;
    }

    redis->functions = *reader->fn;
    redis->create_array = reader->fn->createArray;
    redis->functions.createArray = create_array;
    reader->fn = &redis->functions;
    reader->privdata = redis;

    /* it would give back its buffer and rely on getting another */
    reader->maxbuf = 0;
    redis->fed = 0;

    return reader;
}


/* A buffer only grows. Between two answers there may be a new one. */

static void
renew(deals_redis *redis)
{
    redisReader  *reader;

    if (redis->fed < FED_MAX) {
        return;
    }

    reader = deals_redis_reader(redis);

    if (reader != NULL) {
        redisReaderFree(redis->reader);
        redis->reader = reader;
    }
}


int
deals_redis_command(deals_redis *redis, deals_redis_fn fn, void *data,
    int argc, const deals_str *args)
{
    deals_redis_question  *question;

    question = NULL;

    /* what is heard is no answer to a certain question */
    if (fn == NULL || fn != redis->heard) {
        question = malloc(sizeof(deals_redis_question));

        if (question == NULL) {
            return -1;
        }
    }

    if (deals_redis_append(redis, argc, args) != 0) {
        free(question);
        return -1;
    }

    deals_redis_watch(redis);

    if (question == NULL) {
        return 0;
    }

    question->next = NULL;
    question->fn = fn;
    question->data = data;

    if (redis->questions == NULL) {
        redis->questions = question;
    } else {
        redis->last->next = question;
    }

    redis->last = question;

    return 0;
}


/* Gives an answer to whom it is for. -1: nobody asked. */

static int
answer(deals_redis *redis, redisReply *reply)
{
    deals_redis_question  *question;

    question = redis->questions;

    if (question == NULL) {
        if (redis->heard == NULL) {
            return -1;
        }

        redis->heard(redis, reply, redis->owner);
        return 0;
    }

    redis->questions = question->next;

    if (question->fn != NULL) {
        question->fn(redis, reply, question->data);
    }

    free(question);

    return 0;
}


/* 0; 1: nothing is there now; -1: the other side has closed it, or errno. */

static int
receive(deals_redis *redis)
{
    char     bytes[DEALS_TLS_RECORD];
    ssize_t  n;

    do {
        n = deals_redis_recv(redis, bytes, sizeof(bytes));
    } while (n == -1 && errno == EINTR);

    if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return 1;
    }

    if (n <= 0) {
        errno = n == 0 ? 0 : errno;
        return -1;
    }

    redis->fed += (size_t) n;

    /* an error is told with the next answer */
    (void) redisReaderFeed(redis->reader, bytes, (size_t) n);

    return 0;
}


const char *
deals_redis_read(deals_redis *redis)
{
    int           rc;
    void         *reply;
    unsigned      opened;
    redisReader  *reader;

    opened = redis->opened;
    rc = receive(redis);

    if (rc != 0) {
        return rc == 1 ? NULL : errno == 0 ? "it closed the connection"
                                           : deals_redis_why(redis, errno);
    }

    while (redis->reader != NULL && redis->opened == opened
           && !redis->broken)
    {
        reader = redis->reader;
        reply = NULL;

        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            return reader->errstr;
        }

        if (reply == NULL) {
            if (reader->len - reader->pos > ANSWER_MAX) {
                return "its answer is too long";
            }

            if (reader->len == reader->pos && reader->ridx == -1) {
                renew(redis);
            }

            return NULL;
        }

        rc = answer(redis, reply);
        freeReplyObject(reply);

        if (rc != 0) {
            return "it answers what nobody asked";
        }
    }

    return NULL;
}


void
deals_redis_unanswered(deals_redis *redis)
{
    deals_redis_question  *question, *next;

    next = redis->questions;
    redis->questions = NULL;

    while (next != NULL) {
        question = next;
        next = question->next;

        if (question->fn != NULL) {
            question->fn(redis, NULL, question->data);
        }

        free(question);
    }

    if (redis->heard != NULL) {
        redis->heard(redis, NULL, redis->owner);
    }
}
