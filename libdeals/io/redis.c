/*
 * The connection to Redis on the host's loop: up and down, the greeting, its
 * life. Its socket is in redis_socket.c, the answers in redis_reply.c.
 *
 * It is dropped from the loop and from timers only; where an answer is being
 * given it is marked as broken.
 */

#include <stdio.h>
#include <stdlib.h>

#include "io/redis_internal.h"

/* --- descriptor ---------------------------------------------------------- */

/* Ends the connection soon: not while an answer is given. */

static void
break_off(deals_redis *redis)
{
    redis->broken = 1;
    deals_ctx_timer(redis->ctx, DEALS_IDLE, &redis->patience, deals_mono());
}


void
deals_redis_watch(deals_redis *redis)
{
    int       more;
    unsigned  events;

    more = redis->sent < redis->out.len;
    events = !redis->connected ? DEALS_WRITE
             : redis->tls != NULL ? deals_tls_events(redis->tls, more)
             : more ? DEALS_READ | DEALS_WRITE : DEALS_READ;

    if (events != redis->io.events
        && deals_ctx_watch(redis->ctx, &redis->io, events) != 0)
    {
        break_off(redis);
    }
}


static void
keep_reason(deals_redis *redis, const char *why)
{
    if (redis->why[0] == '\0') {
        (void) snprintf(redis->why, sizeof(redis->why), "%s", why);
    }
}


/* --- up and down --------------------------------------------------------- */

/* A state is logged once. That it went away is said; that it came back as
 * somebody who is not trusted is something else. */

static deals_log_level
level_of_loss(deals_redis *redis, int refused)
{
    int  told;

    told = redis->known_down && (!refused || redis->refused);
    redis->refused |= refused;

    return told ? DEALS_LOG_DEBUG : DEALS_LOG_WARN;
}


static void
lost(deals_redis *redis, int refused)
{
    deals_ctx  *ctx;

    ctx = redis->ctx;
    deals_ctx_timer_stop(ctx, DEALS_IDLE, &redis->patience);

    if (redis->closing) {
        return;
    }

    deals_log(ctx, level_of_loss(redis, refused), "redis: not available: %s",
              redis->why[0] != '\0' ? redis->why
                                    : "it closed the connection");

    if (!redis->known_down) {
        redis->since = deals_ctx_now_usec(ctx) / 1000000;
    }

    redis->why[0] = '\0';
    redis->known_down = 1;
    redis->up = 0;
    redis->attempts++;
    redis->retry_at = deals_mono() + deals_backoff(redis->attempts);
    deals_ctx_timer(ctx, DEALS_IDLE, &redis->retry, redis->retry_at);
}


static void
drop(deals_redis *redis, const char *why)
{
    int  refused;

    keep_reason(redis, why);
    refused = !redis->up && redis->tls != NULL
              && deals_tls_is_refused(redis->tls);

    if (redis->reader != NULL) {
        deals_redis_shut(redis);
    }

    lost(redis, refused);
    deals_redis_unanswered(redis);
}


/* The greeting has as much time again. */

static void
shaken(deals_redis *redis)
{
    if (redis->shaking && deals_tls_is_up(redis->tls)) {
        redis->shaking = 0;
        redis->progress = deals_mono();
    }
}


static void
ready(deals_io *io, unsigned events)
{
    unsigned      opened;
    deals_ctx    *ctx;
    const char   *why;
    deals_redis  *redis;

    redis = io->owner;
    ctx = redis->ctx;
    opened = redis->opened;
    why = NULL;

    deals_ctx_enter(ctx);

    /* writing is what notices that it is connected, or that it can't be */
    if (!redis->connected) {
        why = deals_redis_is_connected(redis);

    } else if ((events & DEALS_READ) || redis->tls != NULL) {
        why = deals_redis_read(redis);
    }

    /* an answer may have ended it, and made another */
    if (redis->reader != NULL && redis->opened == opened) {

        if (why == NULL && !redis->broken) {
            why = deals_redis_flush(redis);
            shaken(redis);
        }

        if (why != NULL) {
            drop(redis, why);
        } else {
            deals_redis_watch(redis);
        }
    }

    deals_ctx_leave(ctx);
}


static void
patience_over(void *owner)
{
    int64_t       end;
    deals_redis  *redis = owner;

    if (redis->reader == NULL
        || (redis->up && redis->nasked == 0 && !redis->broken))
    {
        return;
    }

    end = redis->progress + DEALS_REDIS_PATIENCE;

    if (end > deals_mono() && !redis->broken) {
        deals_ctx_timer(redis->ctx, DEALS_IDLE, &redis->patience, end);
        return;
    }

    drop(redis, redis->broken ? "its connection can't be used"
                : redis->up ? "it does not answer"
                : redis->shaking && redis->connected
                ? "TLS: no handshake in time" : "no connection in time");
}


/* --- connecting ---------------------------------------------------------- */

/* The answer to one command of the greeting (data: the last one). Everything
 * behind a refused one fails too, so the connection is of no use. */

static void
greeted(deals_redis *redis, const redisReply *reply, void *data)
{
    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        keep_reason(redis, reply->str);
        break_off(redis);
        return;
    }

    redis->progress = deals_mono();

    if (data == NULL || redis->broken) {
        return;
    }

    if (redis->known_down) {
        deals_log(redis->ctx, DEALS_LOG_NOTICE, "redis: available again");
    }

    redis->since = deals_ctx_now_usec(redis->ctx) / 1000000;
    redis->up = 1;
    redis->known_down = 0;
    redis->refused = 0;
    redis->complained = 0;
    redis->attempts = 0;
    redis->retry_at = 0;

    if (redis->greeted != NULL) {
        redis->greeted(redis->owner);
    }
}


static int
greet(deals_redis *redis)
{
    int                          n;
    char                         db[16];
    deals_str                    args[3];
    const deals_redis_address   *a;

    a = redis->address;

    if (a->password != NULL) {
        n = 0;
        args[n++] = DEALS_STR("AUTH");

        if (a->user != NULL) {
            args[n++] = deals_str_of(a->user);
        }

        args[n++] = deals_str_of(a->password);

        if (deals_redis_command(redis, greeted, NULL, n, args) != 0) {
            return -1;
        }
    }

    (void) snprintf(db, sizeof(db), "%d", a->db);
    args[0] = DEALS_STR("SELECT");
    args[1] = deals_str_of(db);

    return deals_redis_command(redis, greeted, redis, 2, args);
}


void
deals_redis_connect(deals_redis *redis)
{
    const char  *why;

    redis->why[0] = '\0';
    redis->broken = 0;
    why = deals_redis_open(redis);

    if (why != NULL) {
        drop(redis, why);
        return;
    }

    redis->progress = deals_mono();
    deals_ctx_timer(redis->ctx, DEALS_IDLE, &redis->patience,
                    redis->progress + DEALS_REDIS_PATIENCE);

    if (greet(redis) != 0) {
        drop(redis, "out of memory");
    }
}


static void
retry_due(void *owner)
{
    deals_redis  *redis = owner;

    if (redis->reader == NULL && !redis->closing) {
        deals_redis_connect(redis);
    }
}


/* --- life ---------------------------------------------------------------- */

deals_redis *
deals_redis_new(deals_ctx *ctx, const deals_redis_address *address)
{
    deals_redis  *redis;

    redis = calloc(1, sizeof(deals_redis));

    if (redis == NULL) {
        return NULL;
    }

    redis->ctx = ctx;
    redis->address = address;
    redis->io.fd = -1;
    redis->io.ready = ready;
    redis->io.owner = redis;
    redis->patience.fire = patience_over;
    redis->patience.owner = redis;
    redis->retry.fire = retry_due;
    redis->retry.owner = redis;

    return redis;
}


void
deals_redis_close(deals_redis *redis)
{
    redis->closing = 1;

    /* what can be written at once is */
    if (redis->reader != NULL && redis->up) {
        (void) deals_redis_flush(redis);
    }

    if (redis->reader != NULL) {
        deals_redis_shut(redis);
    }

    redis->up = 0;
    deals_redis_unanswered(redis);
    deals_ctx_timer_stop(redis->ctx, DEALS_IDLE, &redis->patience);
    deals_ctx_timer_stop(redis->ctx, DEALS_IDLE, &redis->retry);
}


void
deals_redis_free(deals_redis *redis)
{
    free(redis);
}


int
deals_redis_is_up(const deals_redis *redis)
{
    return redis->up;
}


int64_t
deals_redis_since(const deals_redis *redis)
{
    return redis->since;
}
