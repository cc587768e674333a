/*
 * The connection to Redis: hiredis' asynchronous context on the host's loop,
 * but for the answers (redis_reply.c).
 *
 * hiredis may free its context inside of any function of its own; it calls
 * `cleanup` then, before the descriptor is closed. That is the one place where
 * the context is taken to be gone. We free it only from timers and at the end,
 * never inside of a callback of hiredis.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "io/redis_internal.h"

/* --- descriptor ---------------------------------------------------------- */

/* Ends the connection soon: inside of hiredis it must not be freed. */

static void
break_off(deals_redis *redis)
{
    redis->broken = 1;
    deals_ctx_timer(redis->ctx, DEALS_IDLE, &redis->patience, deals_mono());
}


static void
want(deals_redis *redis, unsigned events)
{
    redis->wanted = events;

    if (redis->io.fd != -1
        && deals_ctx_watch(redis->ctx, &redis->io, events) != 0)
    {
        break_off(redis);
    }
}


static void
add_read(void *data)
{
    deals_redis  *redis = data;

    want(redis, redis->wanted | DEALS_READ);
}


static void
del_read(void *data)
{
    deals_redis  *redis = data;

    want(redis, redis->wanted & ~(unsigned) DEALS_READ);
}


static void
add_write(void *data)
{
    deals_redis  *redis = data;

    want(redis, redis->wanted | DEALS_WRITE);
}


static void
del_write(void *data)
{
    deals_redis  *redis = data;

    want(redis, redis->wanted & ~(unsigned) DEALS_WRITE);
}


static void
keep_reason(deals_redis *redis, const char *why)
{
    if (redis->why[0] == '\0') {
        (void) snprintf(redis->why, sizeof(redis->why), "%s", why);
    }
}


static void
cleanup(void *data)
{
    deals_redis        *redis = data;
    redisAsyncContext  *ac;

    ac = redis->ac;
    want(redis, 0);
    redis->io.fd = -1;
    redis->ac = NULL;
    deals_redis_unanswered(redis, ac);
}


/* --- up and down --------------------------------------------------------- */

/* The context is gone. */

static void
lost(deals_redis *redis)
{
    deals_ctx  *ctx;

    ctx = redis->ctx;
    deals_ctx_timer_stop(ctx, DEALS_IDLE, &redis->patience);

    if (redis->closing) {
        return;
    }

    deals_log(ctx, redis->known_down ? DEALS_LOG_DEBUG : DEALS_LOG_WARN,
              "redis: not available: %s", redis->why[0] != '\0' ? redis->why
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
    keep_reason(redis, why);

    if (redis->ac != NULL) {
        redisAsyncFree(redis->ac);
    }

    lost(redis);
}


static void
on_connect(const redisAsyncContext *ac, int status)
{
    deals_redis  *redis = ac->data;

    if (status != REDIS_OK) {
        keep_reason(redis, ac->errstr);
    }
}


static void
on_disconnect(const redisAsyncContext *ac, int status)
{
    deals_redis  *redis = ac->data;

    if (status != REDIS_OK) {
        keep_reason(redis, ac->errstr);
    }
}


/* hiredis has returned: did it free its context meanwhile? */

static void
look_after(deals_redis *redis, redisAsyncContext *before)
{
    if (before != NULL && redis->ac == NULL) {
        lost(redis);
    }
}


/* hiredis writes without MSG_NOSIGNAL; not every program ignores SIGPIPE. */

static void
write_quietly(redisAsyncContext *ac)
{
    sigset_t                pipe_only, before, pending;
    const struct timespec   now = { 0, 0 };

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);

    redisAsyncHandleWrite(ac);

    /* ours is eaten, one that waited before is left */
    if (!sigismember(&pending, SIGPIPE)) {
        while (sigtimedwait(&pipe_only, NULL, &now) == -1 && errno == EINTR) {
            /* void */
        }
    }

    pthread_sigmask(SIG_SETMASK, &before, NULL);
}


static void
ready(deals_io *io, unsigned events)
{
    deals_ctx          *ctx;
    const char         *why;
    deals_redis        *redis;
    redisAsyncContext  *ac;

    redis = io->owner;
    ctx = redis->ctx;
    ac = redis->ac;

    deals_ctx_enter(ctx);

    /* writing is what notices that it is connected, or that it can't be */
    if ((events & DEALS_READ) && (io->events & DEALS_READ)
        && (ac->c.flags & REDIS_CONNECTED))
    {
        why = deals_redis_read(redis);

        if (why != NULL && redis->ac == ac) {
            keep_reason(redis, why);
            redisAsyncFree(ac);
        }
    }

    if (redis->ac == ac && (events & DEALS_WRITE)
        && (io->events & DEALS_WRITE))
    {
        write_quietly(ac);
    }

    look_after(redis, ac);
    deals_ctx_leave(ctx);
}


static void
patience_over(void *owner)
{
    int64_t       end;
    deals_redis  *redis = owner;

    if (redis->ac == NULL
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
                : redis->up ? "it does not answer" : "no connection in time");
}


/* --- connecting ---------------------------------------------------------- */

/* The answer to one command of the greeting (data: the last one). Everything
 * behind a refused one fails too, so the connection is of no use. */

static void
greeted(redisAsyncContext *ac, void *r, void *data)
{
    deals_redis  *redis = ac->data;
    redisReply   *reply = r;

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

        if (deals_redis_command(redis, greeted, NULL, n, args) != REDIS_OK) {
            return -1;
        }
    }

    (void) snprintf(db, sizeof(db), "%d", a->db);
    args[0] = DEALS_STR("SELECT");
    args[1] = deals_str_of(db);

    return deals_redis_command(redis, greeted, redis, 2, args) == REDIS_OK
           ? 0 : -1;
}


void
deals_redis_connect(deals_redis *redis)
{
    redisAsyncContext          *ac;
    const deals_redis_address  *a;

    a = redis->address;
    redis->why[0] = '\0';

    ac = a->path != NULL ? redisAsyncConnectUnix(a->path)
                         : redisAsyncConnect(a->host, a->port);

    if (ac == NULL) {
        drop(redis, "out of memory");
        return;
    }

    if (ac->err) {
        keep_reason(redis, ac->errstr);
        redisAsyncFree(ac);
        lost(redis);
        return;
    }

    redis->ac = ac;
    redis->io.fd = ac->c.fd;
    redis->io.events = 0;
    redis->io.host = NULL;
    redis->wanted = 0;
    redis->broken = 0;
    redis->progress = deals_mono();

    ac->data = redis;
    ac->ev.data = redis;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;

    deals_redis_bound(redis);
    (void) redisAsyncSetConnectCallback(ac, on_connect);
    (void) redisAsyncSetDisconnectCallback(ac, on_disconnect);

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

    if (redis->ac == NULL && !redis->closing) {
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
    if (redis->ac != NULL && redis->up && (redis->wanted & DEALS_WRITE)) {
        write_quietly(redis->ac);
    }

    if (redis->ac != NULL) {
        redisAsyncFree(redis->ac);
    }

    redis->up = 0;
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
