/*
 * io/kept.h - bytes that are kept for a while: by the host for all contexts of
 * its node and in Redis for other nodes, or by a context that has a loop of its
 * own for itself. See deals_call_keep in io/call.h.
 */

#ifndef DEALS_IO_KEPT_H
#define DEALS_IO_KEPT_H

#include "io/ctx.h"

typedef struct deals_lookup  deals_lookup;

deals_kept  *deals_kept_new(deals_ctx *ctx);    /* NULL: out of memory */
void         deals_kept_free(deals_kept *kept); /* NULL is ok */

/* The call that waits for Redis' answer does no more. */
void         deals_kept_abandon(deals_lookup *lookup);

#endif /* DEALS_IO_KEPT_H */
