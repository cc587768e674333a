/*
 * io/loop.h - the loop of a context whose host has none: poll(2).
 */

#ifndef DEALS_IO_LOOP_H
#define DEALS_IO_LOOP_H

#include "io/ctx.h"

deals_loop  *deals_loop_new(void);
void         deals_loop_free(deals_loop *loop);

/* The hook `watch`. */
int          deals_loop_watch(deals_loop *loop, deals_io *io, unsigned events);

/* Waits for at most timeout_ms (-1: for ever) and tells who is ready. 0, or -1
 * on an error of poll(2). Ready functions may run the loop again. */
int          deals_loop_run(deals_loop *loop, int64_t timeout_ms);

#endif /* DEALS_IO_LOOP_H */
