/*
 * deals/demo.h - a community to try things out with.
 */

#ifndef DEALS_DEMO_H
#define DEALS_DEMO_H

#include <deals/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int        loaded;          /* 0: there were members or deals; nothing was
                                   done */
    deals_str  name;            /* the member who can sign in, a moderator */
    size_t     members, deals, votes, comments;
} deals_demo_result;

/* Fills an empty database in one transaction. It is the same each time, but for
 * the present, to which all dates are relative; nothing begins or ends in its
 * first hour. `password` is that of the one member who can sign in. */
DEALS_API deals_call               *deals_demo(deals_ctx *ctx,
                                        deals_str password, deals_done done,
                                        void *data);
DEALS_API deals_call               *deals_demo_wait(deals_ctx *ctx,
                                        deals_str password,
                                        int64_t timeout_ms);
DEALS_API const deals_demo_result  *deals_demo_get(const deals_call *call);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_DEMO_H */
