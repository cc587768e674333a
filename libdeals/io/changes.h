/*
 * io/changes.h - what writes change is told to the caches of this node, by the
 * hook `changed`, and through Redis to those of others.
 */

#ifndef DEALS_IO_CHANGES_H
#define DEALS_IO_CHANGES_H

#include "io/config.h"
#include "io/ctx.h"

typedef struct deals_listener  deals_listener;

/* NULL: no memory. */
deals_changes   *deals_changes_new(deals_ctx *ctx,
                     const deals_redis_address *address);
void             deals_changes_free(deals_changes *changes);    /* NULL is ok */

/* `id` is a member's with DEALS_CHANGE_MEMBER and _VOTES, else a deal's. */
void             deals_changes_tell(deals_ctx *ctx, unsigned what, int64_t id);

/* Sends what has gathered. */
void             deals_changes_close(deals_ctx *ctx);
/* The same, and runs the context's own loop until Redis has it. */
void             deals_changes_wait(deals_ctx *ctx);

/* A message of another node, told to the host. */
void             deals_changes_read(deals_ctx *ctx, uint64_t node,
                     deals_str message);

/* listen.c. NULL: no memory. */
deals_listener  *deals_listener_new(deals_ctx *ctx,
                     const deals_redis_address *address, uint64_t node,
                     deals_str channel);
void             deals_listener_close(deals_listener *listener);
void             deals_listener_free(deals_listener *listener); /* NULL is ok */

#endif /* DEALS_IO_CHANGES_H */
