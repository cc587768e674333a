/*
 * What Redis is asked for.
 */

#include <stdio.h>
#include <stdlib.h>

#include "io/redis_internal.h"

#define MAX_ASKED  1000     /* commands without an answer */

typedef struct {
    deals_redis_answer   answer;
    void                *owner;
} asked;


static void
incremented(deals_redis *redis, const redisReply *reply, void *data)
{
    int64_t   n;
    asked    *a = data;

    redis->nasked--;
    n = -1;

    if (reply != NULL) {
        redis->progress = deals_mono();
    }

    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) {
        n = reply->integer;

    } else if (reply != NULL && reply->type == REDIS_REPLY_ERROR
               && !redis->broken)
    {
        deals_log(redis->ctx, redis->complained ? DEALS_LOG_DEBUG
                                                : DEALS_LOG_WARN,
                  "redis: can't count: %s", reply->str);
        redis->complained = 1;
    }

    a->answer(a->owner, n);
    free(a);
}


/* Connects if that is due; whether one more command can be sent. */

static int
usable(deals_redis *redis)
{
    if (redis->reader == NULL && !redis->closing
        && deals_mono() >= redis->retry_at)
    {
        deals_redis_connect(redis);
    }

    return redis->reader != NULL && !redis->broken
           && redis->nasked < MAX_ASKED;
}


void
deals_redis_sent(deals_redis *redis)
{
    if (redis->nasked++ == 0) {
        redis->progress = deals_mono();
    }

    if (!redis->patience.set) {
        deals_ctx_timer(redis->ctx, DEALS_IDLE, &redis->patience,
                        deals_mono() + DEALS_REDIS_PATIENCE);
    }
}


int
deals_redis_incr(deals_redis *redis, deals_str key, int seconds,
    deals_redis_answer answer, void *owner)
{
    int        rc;
    char       ttl[16];
    asked     *a;
    deals_str  args[6];

    if (!usable(redis)) {
        return -1;
    }

    a = malloc(sizeof(asked));

    if (a == NULL) {
        return -1;
    }

    a->answer = answer;
    a->owner = owner;

    (void) snprintf(ttl, sizeof(ttl), "%d", seconds);
    args[0] = DEALS_STR("SET");
    args[1] = key;
    args[2] = DEALS_STR("0");
    args[3] = DEALS_STR("EX");
    args[4] = deals_str_of(ttl);
    args[5] = DEALS_STR("NX");

    rc = deals_redis_command(redis, NULL, NULL, 6, args);

    if (rc == 0) {
        args[0] = DEALS_STR("INCR");
        rc = deals_redis_command(redis, incremented, a, 2, args);
    }

    if (rc != 0) {
        free(a);
        return -1;
    }

    deals_redis_sent(redis);

    return 0;
}


/* --- bytes -------------------------------------------------------------- */

typedef struct {
    deals_redis_found   found;
    void               *owner;
} wanted;


static void
complain(deals_redis *redis, const char *what, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR && !redis->broken) {
        deals_log(redis->ctx, redis->complained ? DEALS_LOG_DEBUG
                                                : DEALS_LOG_WARN,
                  "redis: can't %s: %s", what, reply->str);
        redis->complained = 1;
    }
}


static void
stored(deals_redis *redis, const redisReply *reply, void *data)
{
    (void) data;

    redis->nasked--;

    if (reply != NULL) {
        redis->progress = deals_mono();
        complain(redis, "keep", reply);
    }
}


int
deals_redis_set(deals_redis *redis, deals_str key, deals_str bytes,
    int seconds)
{
    char       ttl[16];
    deals_str  args[5];

    if (!usable(redis)) {
        return -1;
    }

    (void) snprintf(ttl, sizeof(ttl), "%d", seconds);
    args[0] = DEALS_STR("SET");
    args[1] = key;
    args[2] = bytes;
    args[3] = DEALS_STR("EX");
    args[4] = deals_str_of(ttl);

    if (deals_redis_command(redis, stored, redis, 5, args) != 0) {
        return -1;
    }

    deals_redis_sent(redis);

    return 0;
}


static void
fetched(deals_redis *redis, const redisReply *reply, void *data)
{
    wanted     *w = data;
    deals_str   bytes = DEALS_NONE;

    redis->nasked--;

    if (reply != NULL) {
        redis->progress = deals_mono();
        complain(redis, "look up", reply);

        if (reply->type == REDIS_REPLY_STRING) {
            bytes.data = reply->str;
            bytes.len = (size_t) reply->len;
        }
    }

    w->found(w->owner, bytes);
    free(w);
}


int
deals_redis_get(deals_redis *redis, deals_str key, deals_redis_found found,
    void *owner)
{
    wanted     *w;
    deals_str   args[2];

    if (!usable(redis)) {
        return -1;
    }

    w = malloc(sizeof(wanted));

    if (w == NULL) {
        return -1;
    }

    w->found = found;
    w->owner = owner;

    args[0] = DEALS_STR("GET");
    args[1] = key;

    if (deals_redis_command(redis, fetched, w, 2, args) != 0) {
        free(w);
        return -1;
    }

    deals_redis_sent(redis);

    return 0;
}


/* --- changes ------------------------------------------------------------- */

static void
published(deals_redis *redis, const redisReply *reply, void *data)
{
    (void) data;

    redis->nasked--;
    redis->npublished--;

    if (reply == NULL) {
        return;
    }

    redis->progress = deals_mono();

    if (reply->type == REDIS_REPLY_ERROR && !redis->broken) {
        deals_log(redis->ctx, redis->complained ? DEALS_LOG_DEBUG
                                                : DEALS_LOG_WARN,
                  "redis: can't publish: %s", reply->str);
        redis->complained = 1;
    }
}


int
deals_redis_publish(deals_redis *redis, deals_str channel, deals_str message)
{
    deals_str  args[3];

    if (!usable(redis)) {
        return -1;
    }

    args[0] = DEALS_STR("PUBLISH");
    args[1] = channel;
    args[2] = message;

    if (deals_redis_command(redis, published, redis, 3, args) != 0) {
        return -1;
    }

    redis->npublished++;
    deals_redis_sent(redis);

    return 0;
}


int
deals_redis_is_publishing(const deals_redis *redis)
{
    return redis->reader != NULL && !redis->broken && redis->npublished > 0;
}
