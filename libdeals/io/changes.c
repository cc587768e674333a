/*
 * What writes change. This node's cache is told at once. For the others changes
 * gather for some milliseconds, each deal and each member once, and go out as
 * one message:
 *
 *     NODE WHAT:ID WHAT:ID ...
 *
 * NODE in hexadecimal, WHAT a sum of DEALS_CHANGE_... in decimal, ID that of a
 * deal or 0; of a member if WHAT has DEALS_CHANGE_MEMBER or DEALS_CHANGE_VOTES,
 * and then it has nothing else. Of a WHAT the bits that a node does not know,
 * newer ones, are passed over. Sites whose Redis is the same database hear each
 * other; that costs a refresh, and harms nothing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/changes.h"
#include "io/redis.h"

#define GATHER    20000     /* microseconds */
#define GATHERED  64        /* deals and members a message */
#define FAREWELL  1000000   /* microseconds that a program waits at its end */

#define ABOUT_DEALS    (DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL                 \
                        | DEALS_CHANGE_RANKS | DEALS_CHANGE_SCORE             \
                        | DEALS_CHANGE_ALL)
#define ABOUT_MEMBERS  (DEALS_CHANGE_MEMBER | DEALS_CHANGE_VOTES)

typedef struct {
    int64_t   id;
    unsigned  what;
} change;

struct deals_changes {
    deals_ctx                  *ctx;
    const deals_redis_address  *address;
    deals_listener             *listener;
    uint64_t                    node;
    deals_timer                 due;
    size_t                      n;
    change                      list[GATHERED];
    char                        channel[32];
};


static void
publish(void *owner)
{
    int             len;
    char            text[32 + GATHERED * 32];
    size_t          i, used;
    deals_changes  *changes = owner;

    deals_ctx_timer_stop(changes->ctx, DEALS_IDLE, &changes->due);

    if (changes->n == 0) {
        return;
    }

    len = snprintf(text, sizeof(text), "%llx",
                   (unsigned long long) changes->node);
    used = (size_t) len;

    for (i = 0; i < changes->n; i++) {
        len = snprintf(text + used, sizeof(text) - used, " %u:%lld",
                       changes->list[i].what,
                       (long long) changes->list[i].id);
        used += (size_t) len;
    }

    changes->n = 0;

    (void) deals_redis_publish(changes->ctx->redis,
                               deals_str_of(changes->channel),
                               (deals_str) { text, used });
}


static void
gather(deals_changes *changes, unsigned what, int64_t id)
{
    size_t   i;
    change  *c;

    for (i = 0; i < changes->n; i++) {
        c = &changes->list[i];

        if (c->id == id
            && !(c->what & ABOUT_MEMBERS) == !(what & ABOUT_MEMBERS))
        {
            c->what |= what;
            return;
        }
    }

    changes->list[changes->n].id = id;
    changes->list[changes->n].what = what;

    if (changes->n++ == 0) {
        deals_ctx_timer(changes->ctx, DEALS_IDLE, &changes->due,
                        deals_mono() + GATHER);
    }

    if (changes->n == GATHERED) {
        publish(changes);
    }
}


void
deals_changes_tell(deals_ctx *ctx, unsigned what, int64_t id)
{
    if (ctx->hooks.changed != NULL) {
        ctx->hooks.changed(ctx->hooks.host, what, id);
    }

    if (ctx->changes != NULL) {
        gather(ctx->changes, what, id);
    }
}


/* --- what others say ----------------------------------------------------- */

/* Anybody who reaches Redis can write a message: what is not understood is
 * passed over. */

static void
hear(deals_ctx *ctx, unsigned what, int64_t id)
{
    what &= ABOUT_DEALS | ABOUT_MEMBERS;

    if (what == 0 || ((what & ABOUT_DEALS) && (what & ABOUT_MEMBERS))) {
        return;
    }

    ctx->hooks.changed(ctx->hooks.host, what, id);
}


void
deals_changes_read(deals_ctx *ctx, uint64_t node, deals_str message)
{
    int         n, read;
    char        text[32 + GATHERED * 32];
    char       *p;
    unsigned    what;
    long long   id;
    unsigned long long  from;

    if (ctx->hooks.changed == NULL || message.len >= sizeof(text)) {
        return;
    }

    memcpy(text, message.data, message.len);
    text[message.len] = '\0';

    /* NOLINTBEGIN(cert-err34-c): each number fits by its width */
    if (sscanf(text, "%16llx%n", &from, &read) != 1
        || (from == node && node != 0))
    {
        return;
    }

    p = text + read;

    for (n = 0; n < GATHERED; n++) {
        if (sscanf(p, " %9u:%16lld%n", &what, &id, &read) != 2) {
            return;
        }

        p += read;
        hear(ctx, what, id);
    }
    /* NOLINTEND(cert-err34-c) */
}


/* --- life ---------------------------------------------------------------- */

deals_changes *
deals_changes_new(deals_ctx *ctx, const deals_redis_address *address)
{
    deals_changes  *changes;

    changes = calloc(1, sizeof(deals_changes));

    if (changes == NULL) {
        return NULL;
    }

    changes->ctx = ctx;
    changes->address = address;
    changes->due.fire = publish;
    changes->due.owner = changes;
    (void) snprintf(changes->channel, sizeof(changes->channel),
                    "deals:changed:%d", address->db);

    return changes;
}


int
deals_ctx_node(deals_ctx *ctx, uint64_t node, int listen)
{
    deals_changes  *changes;

    changes = ctx->changes;

    if (changes == NULL || ctx->dead) {
        return 0;
    }

    changes->node = node;

    if (!listen || changes->listener != NULL) {
        return 0;
    }

    changes->listener = deals_listener_new(ctx, changes->address, node,
                                           deals_str_of(changes->channel));
    deals_ctx_touch(ctx);

    return changes->listener != NULL ? 0 : -1;
}


void
deals_changes_close(deals_ctx *ctx)
{
    if (ctx->changes == NULL) {
        return;
    }

    /* no connection is made for it any more */
    if (deals_redis_is_up(ctx->redis)) {
        publish(ctx->changes);
    }

    deals_ctx_timer_stop(ctx, DEALS_IDLE, &ctx->changes->due);

    if (ctx->changes->listener != NULL) {
        deals_listener_close(ctx->changes->listener);
    }
}


void
deals_changes_wait(deals_ctx *ctx)
{
    int64_t  until, now;

    if (ctx->changes == NULL) {
        return;
    }

    publish(ctx->changes);
    until = deals_mono() + FAREWELL;

    while (deals_redis_is_publishing(ctx->redis)) {
        now = deals_mono();

        if (now >= until
            || deals_ctx_poll(ctx, (until - now) / 1000 + 1) == -1)
        {
            return;
        }
    }
}


void
deals_changes_free(deals_changes *changes)
{
    if (changes == NULL) {
        return;
    }

    deals_listener_free(changes->listener);
    free(changes);
}
