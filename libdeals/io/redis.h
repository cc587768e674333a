/*
 * io/redis.h - the connection of a context to Redis.
 */

#ifndef DEALS_IO_REDIS_H
#define DEALS_IO_REDIS_H

#include "io/config.h"
#include "io/ctx.h"

/* An answer: an integer, or none (an error, a loss; n is -1). */
typedef void (*deals_redis_answer)(void *owner, int64_t n);

deals_redis  *deals_redis_new(deals_ctx *ctx,
                  const deals_redis_address *address);
/* Commands under way are answered with -1. */
void          deals_redis_close(deals_redis *redis);
void          deals_redis_free(deals_redis *redis);     /* NULL is ok */
int           deals_redis_is_up(const deals_redis *redis);
/* Seconds since 1970: up, or known to be down, since then; 0: not known. */
int64_t       deals_redis_since(const deals_redis *redis);

/* INCR of a key that lives for `seconds` from its first event. Connects if that
 * is due. 0: `answer` comes, exactly once and never from inside this function;
 * -1: Redis is away or too much is under way, it does not come. */
int           deals_redis_incr(deals_redis *redis, deals_str key, int seconds,
                  deals_redis_answer answer, void *owner);

/* SET ... EX. Connects if that is due. -1: Redis is away. Whether it came there
 * nobody learns. */
int           deals_redis_set(deals_redis *redis, deals_str key,
                  deals_str bytes, int seconds);

/* GET; otherwise as deals_redis_incr. The bytes are gone when `found` returns;
 * absent: there are none. */
typedef void (*deals_redis_found)(void *owner, deals_str bytes);

int           deals_redis_get(deals_redis *redis, deals_str key,
                  deals_redis_found found, void *owner);

/* PUBLISH. Connects if that is due. -1: Redis is away, nobody will hear. */
int           deals_redis_publish(deals_redis *redis, deals_str channel,
                  deals_str message);

/* Whether something was published that Redis has not confirmed, and still may. */
int           deals_redis_is_publishing(const deals_redis *redis);

#endif /* DEALS_IO_REDIS_H */
