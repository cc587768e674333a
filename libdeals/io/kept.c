/*
 * Bytes that are kept for a while. See io/kept.h.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/call_internal.h"
#include "io/rate.h"
#include "io/redis.h"

#define PATIENCE  50000         /* microseconds that Redis has to answer */
#define SLOTS     32            /* of a context's own */
#define LATELY    30000000      /* microseconds */
#define NOTES     64

/* Key and bytes lie behind each other. */
typedef struct {
    char     *data;             /* malloc'd; NULL: empty */
    size_t    key_len;
    size_t    len;
    int64_t   ends;             /* deals_mono() */
    uint64_t  used;
} slot;

struct deals_kept {
    deals_ctx  *ctx;
    uint64_t    uses;
    slot        slots[SLOTS];

    struct {
        uint64_t  number;
        int64_t   ends;
    } notes[NOTES];
};

/* What Redis was asked for; it lives until Redis' answer. */
struct deals_lookup {
    deals_call   *call;         /* NULL: nobody waits any more */
    deals_ctx    *ctx;
    deals_timer   timer;
};


deals_kept *
deals_kept_new(deals_ctx *ctx)
{
    deals_kept  *kept;

    kept = calloc(1, sizeof(deals_kept));

    if (kept != NULL) {
        kept->ctx = ctx;
    }

    return kept;
}


void
deals_kept_free(deals_kept *kept)
{
    size_t  i;

    if (kept == NULL) {
        return;
    }

    for (i = 0; i < SLOTS; i++) {
        free(kept->slots[i].data);
    }

    free(kept);
}


/* --- a context's own ------------------------------------------------------ */

static slot *
find(deals_kept *kept, deals_str key)
{
    slot    *s;
    size_t   i;

    for (i = 0; i < SLOTS; i++) {
        s = &kept->slots[i];

        if (s->data != NULL && s->key_len == key.len
            && memcmp(s->data, key.data, key.len) == 0)
        {
            s->used = ++kept->uses;
            return s;
        }
    }

    return NULL;
}


/* The one that was not used for the longest time is replaced. */

static void
keep_here(deals_kept *kept, deals_str key, deals_str bytes, int seconds)
{
    slot    *s;
    size_t   i;

    s = find(kept, key);

    if (s == NULL) {
        s = &kept->slots[0];

        for (i = 1; i < SLOTS; i++) {
            if (kept->slots[i].used < s->used) {
                s = &kept->slots[i];
            }
        }
    }

    free(s->data);
    s->used = 0;
    s->data = malloc(key.len + bytes.len + 1);

    if (s->data == NULL) {
        return;
    }

    memcpy(s->data, key.data, key.len);
    memcpy(s->data + key.len, bytes.data, bytes.len);
    /* the slot has it: NOLINTNEXTLINE(-Wanalyzer-malloc-leak) */
    s->key_len = key.len;
    s->len = bytes.len;
    s->ends = deals_mono() + (int64_t) seconds * 1000000;
    s->used = ++kept->uses;
}


static deals_str
kept_here(deals_kept *kept, deals_str key, deals_arena *arena)
{
    slot  *s;

    s = find(kept, key);

    if (s == NULL || s->ends <= deals_mono()) {
        return DEALS_NONE;
    }

    return deals_arena_copy(arena, (deals_str) { s->data + s->key_len,
                                                 s->len });
}


/* --- by the host, and in Redis -------------------------------------------- */

/* Communities that share a node or a Redis don't see each other's; absent: no
 * memory. */

static deals_str
whole_key(deals_call *call, deals_str key)
{
    char  *text;

    text = deals_arena_printf(call->arena, "deals:kept:%s:%.*s",
                              deals_rate_site(call->ctx->rate), (int) key.len,
                              key.data);

    return text != NULL ? deals_str_of(text) : DEALS_NONE;
}


int
deals_call_keeps(deals_call *call)
{
    return call->ctx->hooks.keep != NULL || call->ctx->loop != NULL;
}


void
deals_call_keep(deals_call *call, deals_str key, deals_str bytes, int seconds)
{
    deals_ctx  *ctx;
    deals_str   name;

    ctx = call->ctx;

    if (bytes.data == NULL || bytes.len > DEALS_KEEP_BYTES) {
        return;
    }

    if (ctx->hooks.keep == NULL) {
        if (ctx->loop != NULL) {
            keep_here(ctx->kept, key, bytes, seconds);
        }

        return;
    }

    name = whole_key(call, key);

    if (name.data == NULL) {
        return;
    }

    ctx->hooks.keep(ctx->hooks.host, name, bytes, seconds);

    if (ctx->redis != NULL) {
        (void) deals_redis_set(ctx->redis, name, bytes, seconds);
    }
}


int
deals_call_kept_lately(deals_call *call, uint64_t number)
{
    size_t       i = number % NOTES;
    int64_t      now;
    deals_kept  *kept;

    kept = call->ctx->kept;
    now = deals_mono();

    if (kept->notes[i].number == number && kept->notes[i].ends > now) {
        return 1;
    }

    kept->notes[i].number = number;
    kept->notes[i].ends = now + LATELY;

    return 0;
}


/* Its lookup ends; it goes on, with what was found. */

static void
settle(deals_lookup *lookup, deals_str bytes)
{
    deals_call  *call;

    call = lookup->call;

    if (call == NULL) {
        return;
    }

    deals_kept_abandon(lookup);
    call->lookup = NULL;

    if (bytes.data != NULL && bytes.len <= DEALS_KEEP_BYTES) {
        *call->found = deals_arena_copy(call->arena, bytes);
    }

    deals_call_go_on(call);
}


static void
too_late(void *owner)
{
    settle(owner, DEALS_NONE);
}


static void
from_redis(void *owner, deals_str bytes)
{
    settle(owner, bytes);
    free(owner);
}


static deals_lookup *
ask_redis(deals_call *call, deals_str name)
{
    deals_ctx     *ctx;
    deals_lookup  *lookup;

    ctx = call->ctx;
    lookup = calloc(1, sizeof(deals_lookup));

    if (lookup == NULL) {
        return NULL;
    }

    lookup->call = call;
    lookup->ctx = ctx;
    lookup->timer.fire = too_late;
    lookup->timer.owner = lookup;

    if (deals_redis_get(ctx->redis, name, from_redis, lookup) != 0) {
        free(lookup);
        return NULL;
    }

    deals_ctx_timer(ctx, DEALS_BUSY, &lookup->timer, deals_mono() + PATIENCE);

    return lookup;
}


void
deals_kept_abandon(deals_lookup *lookup)
{
    lookup->call = NULL;
    deals_ctx_timer_stop(lookup->ctx, DEALS_BUSY, &lookup->timer);
}


void
deals_call_kept(deals_call *call, deals_str key, deals_str *bytes,
    deals_step step)
{
    deals_ctx  *ctx;
    deals_str   name;

    ctx = call->ctx;
    *bytes = DEALS_NONE;

    call->step = step;
    call->found = bytes;
    call->phase = CALL_WAITING;

    if (ctx->hooks.kept == NULL) {
        if (ctx->loop != NULL) {
            *bytes = kept_here(ctx->kept, key, call->arena);
        }

        deals_call_go_on(call);
        return;
    }

    name = whole_key(call, key);

    if (name.data != NULL) {
        *bytes = ctx->hooks.kept(ctx->hooks.host, name, call->arena);

        if (bytes->data == NULL && ctx->redis != NULL) {
            call->lookup = ask_redis(call, name);

            if (call->lookup != NULL) {
                return;
            }
        }
    }

    deals_call_go_on(call);
}
