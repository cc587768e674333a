/*
 * The subscription to what other nodes publish: a connection to Redis of its
 * own, because one that subscribes can't do anything else.
 *
 * It subscribes again every second to what it has already: the answer shows that
 * the connection lives.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/changes.h"
#include "io/redis_internal.h"

struct deals_listener {
    deals_ctx    *ctx;
    deals_redis  *redis;
    uint64_t      node;
    deals_str     channel;
    deals_timer   beat;
    int           subscribed;
};


static void
told(deals_listener *listener, unsigned what)
{
    deals_ctx  *ctx;

    ctx = listener->ctx;

    if (ctx->hooks.changed != NULL) {
        ctx->hooks.changed(ctx->hooks.host, what, 0);
    }
}


/* Two kinds of answer: ["subscribe", channel, n], ["message", channel, text].
 * None: the connection is gone. */

static void
heard(deals_redis *redis, const redisReply *reply, void *data)
{
    deals_listener  *listener = data;

    if (reply == NULL) {
        listener->subscribed = 0;
        redis->nasked = 0;
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    redis->progress = deals_mono();

    if (reply->element[2]->type == REDIS_REPLY_STRING) {
        deals_changes_read(listener->ctx, listener->node,
                           (deals_str) { reply->element[2]->str,
                                         (size_t) reply->element[2]->len });
        return;
    }

    redis->nasked = 0;

    if (!listener->subscribed) {
        listener->subscribed = 1;
        told(listener, DEALS_CHANGE_ALL);
    }

    told(listener, DEALS_CHANGE_HEARD);
}


static void
subscribe(void *owner)
{
    deals_str        args[2];
    deals_redis     *redis;
    deals_listener  *listener = owner;

    redis = listener->redis;

    if (redis->reader == NULL || redis->broken) {
        return;
    }

    args[0] = DEALS_STR("SUBSCRIBE");
    args[1] = listener->channel;

    if (deals_redis_command(redis, heard, listener, 2, args) == 0) {
        deals_redis_sent(redis);
    }

    deals_ctx_timer(listener->ctx, DEALS_IDLE, &listener->beat,
                    deals_mono() + DEALS_CHANGE_BEAT * 1000);
}


deals_listener *
deals_listener_new(deals_ctx *ctx, const deals_redis_address *address,
    uint64_t node, deals_str channel)
{
    deals_listener  *listener;

    listener = calloc(1, sizeof(deals_listener));

    if (listener == NULL) {
        return NULL;
    }

    listener->redis = deals_redis_new(ctx, address);

    if (listener->redis == NULL) {
        free(listener);
        return NULL;
    }

    listener->ctx = ctx;
    listener->node = node;
    listener->channel = channel;
    listener->beat.fire = subscribe;
    listener->beat.owner = listener;
    listener->redis->greeted = subscribe;
    listener->redis->heard = heard;
    listener->redis->owner = listener;

    deals_redis_connect(listener->redis);

    return listener;
}


void
deals_listener_close(deals_listener *listener)
{
    deals_redis_close(listener->redis);
    deals_ctx_timer_stop(listener->ctx, DEALS_IDLE, &listener->beat);
}


void
deals_listener_free(deals_listener *listener)
{
    if (listener == NULL) {
        return;
    }

    deals_redis_free(listener->redis);
    free(listener);
}
