/*
 * Questions to Redis and their answers.
 *
 * hiredis' own list of callbacks is not used: it ends the program (assert) when
 * the other side says something that nobody asked for, in a way that it does not
 * expect. Here that ends the connection. What it takes apart it takes apart: the
 * reader is hiredis', with bounds.
 */

#include <stdlib.h>

#include "io/redis_internal.h"

#define ANSWER_MAX    (4 << 20)     /* bytes that are not an answer yet */
#define ELEMENTS_MAX  16            /* of an array: "message" has three */

struct deals_redis_question {
    deals_redis_question   *next;
    redisCallbackFn        *fn;         /* NULL: nobody wants the answer */
    void                   *data;
};


static void *
create_array(const redisReadTask *task, int n)
{
    deals_redis  *redis = task->privdata;

    return n > ELEMENTS_MAX ? NULL : redis->create_array(task, n);
}


void
deals_redis_bound(deals_redis *redis)
{
    redisReader  *reader;

    reader = redis->ac->c.reader;
    redis->functions = *reader->fn;
    redis->create_array = reader->fn->createArray;
    redis->functions.createArray = create_array;
    reader->fn = &redis->functions;
    reader->privdata = redis;
}


int
deals_redis_command(deals_redis *redis, redisCallbackFn *fn, void *data,
    int argc, const deals_str *args)
{
    int                    i;
    size_t                 lengths[6];
    const char            *argv[6];
    redisAsyncContext     *ac;
    deals_redis_question  *question;

    ac = redis->ac;

    for (i = 0; i < argc; i++) {
        argv[i] = args[i].data;
        lengths[i] = args[i].len;
    }

    question = NULL;

    /* what is heard is no answer to a certain question */
    if (fn == NULL || fn != redis->heard) {
        question = malloc(sizeof(deals_redis_question));

        if (question == NULL) {
            return REDIS_ERR;
        }
    }

    if (redisAppendCommandArgv(&ac->c, argc, argv, lengths) != REDIS_OK) {
        free(question);
        return REDIS_ERR;
    }

    ac->ev.addWrite(ac->ev.data);

    if (question == NULL) {
        return REDIS_OK;
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

    return REDIS_OK;
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

        redis->heard(redis->ac, reply, redis->owner);
        return 0;
    }

    redis->questions = question->next;

    if (question->fn != NULL) {
        question->fn(redis->ac, reply, question->data);
    }

    free(question);

    return 0;
}


const char *
deals_redis_read(deals_redis *redis)
{
    int                 rc;
    void               *reply;
    redisReader        *reader;
    redisAsyncContext  *ac;

    ac = redis->ac;
    reader = ac->c.reader;

    if (redisBufferRead(&ac->c) != REDIS_OK) {
        return ac->c.errstr;
    }

    while (redis->ac == ac && !redis->broken) {

        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            return reader->errstr;
        }

        if (reply == NULL) {
            return reader->len - reader->pos > ANSWER_MAX
                   ? "its answer is too long" : NULL;
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
deals_redis_unanswered(deals_redis *redis, redisAsyncContext *ac)
{
    deals_redis_question  *question, *next;

    next = redis->questions;
    redis->questions = NULL;

    while (next != NULL) {
        question = next;
        next = question->next;

        if (question->fn != NULL) {
            question->fn(ac, NULL, question->data);
        }

        free(question);
    }

    if (redis->heard != NULL) {
        redis->heard(ac, NULL, redis->owner);
    }
}
