#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/error.h"
#include "io/breached.h"
#include "io/call_internal.h"
#include "io/changes.h"
#include "io/config.h"
#include "io/ctx.h"
#include "io/kept.h"
#include "io/loop.h"
#include "io/pool.h"
#include "io/rate.h"
#include "io/redis.h"


/* --- what a host without a loop gets ------------------------------------- */

static int64_t
own_now(void *host)
{
    struct timespec  ts;

    (void) host;

    if (clock_gettime(CLOCK_REALTIME, &ts) == -1) {
        return 0;
    }

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void
own_log(void *host, deals_log_level level, deals_str line)
{
    (void) host;

    if (level <= DEALS_LOG_WARN) {
        fprintf(stderr, "deals: %.*s\n", (int) line.len, line.data);
    }
}


/* --- life ---------------------------------------------------------------- */

static void
set_hooks(deals_ctx *ctx, const deals_hooks *hooks)
{
    if (hooks != NULL) {
        ctx->hooks = *hooks;
    }

    if (ctx->hooks.now == NULL) {
        ctx->hooks.now = own_now;
    }

    if (ctx->hooks.log == NULL) {
        ctx->hooks.log = own_log;
    }
}


void
deals_ctx_destroy(deals_ctx *ctx)
{
    if (ctx->belongings.release != NULL) {
        ctx->belongings.release(ctx->belongings.what);
    }

    deals_batches_free(ctx);
    deals_changes_free(ctx->changes);
    deals_kept_free(ctx->kept);
    deals_rate_free(ctx->rate);
    deals_redis_free(ctx->redis);
    deals_tls_free(ctx->tls);
    deals_pool_free(ctx->pool);
    deals_loop_free(ctx->loop);
    deals_breached_close(ctx->config.breached);
    deals_arena_free(ctx->arena);
    free(ctx);
}


static int
set_up(deals_ctx *ctx, const deals_config *config, deals_arena *arena,
    const deals_error **error)
{
    uint32_t         random;
    deals_settings   settings;

    ctx->arena = deals_arena_new();

    if (ctx->arena == NULL || sodium_init() == -1) {
        return deals_error_oom(error);
    }

    if (deals_config_load(ctx->arena, config, &settings, arena, error) != 0) {
        return -1;
    }

    ctx->config = settings.config;
    (void) deals_breached_hold(ctx->config.breached);
    ctx->lead = deals_ctx_now_usec(ctx);
    ctx->lead -= deals_mono();      /* in this order: see flowing() */
    randombytes_buf(&random, sizeof(random));
    deals_ids_init(&ctx->ids, random);

    if (ctx->hooks.watch == NULL) {
        ctx->loop = deals_loop_new();

        if (ctx->loop == NULL) {
            return deals_error_oom(error);
        }
    }

    ctx->pool = deals_pool_new(ctx, settings.database);
    ctx->rate = deals_rate_new(ctx, settings.database);
    ctx->kept = deals_kept_new(ctx);

    if (ctx->pool == NULL || ctx->rate == NULL || ctx->kept == NULL) {
        return deals_error_oom(error);
    }

    ctx->tls = config->tls != NULL
               ? deals_tls_keep(config->tls)
               : deals_config_tls(settings.redis, arena, error);

    if (*error != NULL) {
        return -1;
    }

    if (settings.redis != NULL) {
        ctx->redis = deals_redis_new(ctx, settings.redis);
        ctx->changes = deals_changes_new(ctx, settings.redis);

        if (ctx->redis == NULL || ctx->changes == NULL) {
            return deals_error_oom(error);
        }
    }

    return 0;
}


deals_ctx *
deals_ctx_new(const deals_config *config, const deals_hooks *hooks,
    deals_arena *arena, const deals_error **error)
{
    deals_ctx  *ctx;

    ctx = calloc(1, sizeof(deals_ctx));

    if (ctx == NULL) {
        (void) deals_error_oom(error);
        return NULL;
    }

    set_hooks(ctx, hooks);
    ctx->posted.prev = &ctx->posted;
    ctx->posted.next = &ctx->posted;
    ctx->wished[DEALS_IDLE] = -1;
    ctx->wished[DEALS_BUSY] = -1;

    if (set_up(ctx, config, arena, error) != 0) {
        deals_ctx_destroy(ctx);
        return NULL;
    }

    return ctx;
}


void
deals_ctx_free(deals_ctx *ctx)
{
    int  busy;

    if (ctx == NULL || ctx->dead) {
        return;
    }

    ctx->depth++;
    deals_calls_cancel_all(ctx);

    if (ctx->loop != NULL) {
        deals_changes_wait(ctx);
    }

    ctx->dead = 1;
    deals_changes_close(ctx);
    deals_jobs_forget(ctx);
    deals_pool_close(ctx->pool);

    if (ctx->redis != NULL) {
        deals_redis_close(ctx->redis);
    }

    while (deals_ctx_has_posted(ctx)) {
        deals_post_cancel(ctx->posted.next);
    }

    for (busy = 0; busy < 2; busy++) {
        ctx->timers[busy].root = NULL;

        if (ctx->wished[busy] != -1) {
            ctx->wished[busy] = -1;
            ctx->hooks.timer(ctx->hooks.host, busy, -1);
        }
    }

    if (--ctx->depth == 0) {
        deals_ctx_destroy(ctx);
    }
}


/* --- small services ------------------------------------------------------ */

int64_t
deals_ctx_now_usec(const deals_ctx *ctx)
{
    return ctx->hooks.now(ctx->hooks.host);
}


/* The time of day as it would be had nobody set the clock back since this context
 * began: with the time that passes, in all processes of a machine alike. Who is
 * interrupted between the two clocks finds too small a lead: the next look mends
 * that, while one that is too large would stay. */
static int64_t
flowing(deals_ctx *ctx)
{
    int64_t  now, lead, passed;

    now = deals_ctx_now_usec(ctx);
    passed = deals_mono();
    lead = now - passed;

    if (lead > ctx->lead) {
        ctx->lead = lead;
    }

    return passed + ctx->lead;
}


int64_t
deals_ctx_moment(deals_ctx *ctx)
{
    int64_t  now;

    now = flowing(ctx);
    ctx->moment = now > ctx->moment ? now : ctx->moment + 1;

    return ctx->moment;
}


int
deals_ctx_has_generations(const deals_ctx *ctx)
{
    return ctx->hooks.generation != NULL;
}


uint64_t
deals_ctx_generation(const deals_ctx *ctx, unsigned what, int64_t user_id,
    int64_t *keep_ms)
{
    *keep_ms = 0;

    if (ctx->hooks.generation == NULL) {
        return 0;
    }

    return ctx->hooks.generation(ctx->hooks.host, what, user_id, keep_ms);
}


deals_belongings *
deals_ctx_belongings(deals_ctx *ctx)
{
    return &ctx->belongings;
}


int64_t
deals_ctx_new_id(deals_ctx *ctx)
{
    /* Of a clock that was set back, processes would count through each other's
     * ids. */
    return deals_ids_next(&ctx->ids, flowing(ctx) / 1000);
}


const deals_config *
deals_ctx_config(const deals_ctx *ctx)
{
    return &ctx->config;
}


void
deals_ctx_status(deals_ctx *ctx, deals_ctx_stats *stats)
{
    *stats = ctx->stats;
    deals_pool_status(ctx->pool, stats);
    stats->redis_up = ctx->redis != NULL ? deals_redis_is_up(ctx->redis) : -1;
    stats->redis_since = ctx->redis != NULL ? deals_redis_since(ctx->redis) : 0;
}


int64_t
deals_backoff(int attempts)
{
    int64_t  delay;

    /* A backend that is back is used within two seconds. */
    delay = attempts < 5 ? INT64_C(50000) << attempts : 1200000;

    if (delay > 1200000) {
        delay = 1200000;
    }

    return delay - delay / 4 + randombytes_uniform((uint32_t) (delay / 4));
}


void
deals_log(const deals_ctx *ctx, deals_log_level level, const char *fmt, ...)
{
    int      n;
    char     line[1024];
    size_t   i;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);

    if (n < 0) {
        return;
    }

    if ((size_t) n >= sizeof(line)) {
        n = sizeof(line) - 1;
    }

    /* libpq's messages end in a newline */
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' ')) {
        n--;
    }

    for (i = 0; i < (size_t) n; i++) {
        if ((unsigned char) line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }

    ctx->hooks.log(ctx->hooks.host, level, (deals_str) { line, (size_t) n });
}
