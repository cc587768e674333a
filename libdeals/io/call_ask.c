/*
 * What a step of a call can ask for: a segment, a count.
 */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "io/call_internal.h"


/* --- segments ------------------------------------------------------------ */

void
deals_call_query(deals_call *call, deals_query *query)
{
    if (query == NULL) {
        call->no_memory = 1;
        return;
    }

    query->next = NULL;

    if (call->last != NULL) {
        call->last->next = query;

    } else {
        call->first = query;
    }

    call->last = query;
}


void
deals_call_catch(deals_call *call, const char *sqlstate)
{
    size_t  len;

    len = strlen(sqlstate);

    if (call->ncatches < DEALS_CATCHES && (len == 5 || len == 2)) {
        memcpy(call->catches[call->ncatches++], sqlstate, len + 1);
    }
}


const char *
deals_call_sqlstate(deals_call *call)
{
    return call->sqlstate[0] != '\0' ? call->sqlstate : NULL;
}


void
deals_call_catch_away(deals_call *call)
{
    call->catch_away = 1;
}


const deals_error *
deals_call_away(deals_call *call)
{
    return call->away;
}


int
deals_call_go_on_away(deals_call *call, const deals_error *error)
{
    if (!call->catch_away
        || (error->code != DEALS_UNAVAILABLE && error->code != DEALS_TIMEOUT))
    {
        return 0;
    }

    if (call->segment != NULL) {
        deals_pool_abandon(call->ctx->pool, call->segment);
        call->segment = NULL;
    }

    call->catch_away = 0;
    call->away = error;
    deals_call_go_on(call);

    return 1;
}


static int
is_caught(const deals_call *call, const char *sqlstate)
{
    int  i;

    for (i = 0; i < call->ncatches; i++) {
        if (strncmp(call->catches[i], sqlstate, strlen(call->catches[i]))
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* The one about this, or the oldest. */

static deals_complaint *
complaint_of(deals_ctx *ctx, const char *sqlstate)
{
    size_t            i;
    deals_complaint  *c, *oldest;

    oldest = &ctx->complaints[0];

    for (i = 0; i < sizeof(ctx->complaints) / sizeof(*c); i++) {
        c = &ctx->complaints[i];

        if (c->told != 0 && strcmp(c->sqlstate, sqlstate) == 0) {
            return c;
        }

        if (c->told < oldest->told) {
            oldest = c;
        }
    }

    memset(oldest, 0, sizeof(*oldest));
    snprintf(oldest->sqlstate, sizeof(oldest->sqlstate), "%s", sqlstate);

    return oldest;
}


/* A defect is told each time; a state of the server, in which each call fails,
 * once a minute. */

static void
complain(deals_ctx *ctx, const deals_outcome *outcome)
{
    int64_t           now;
    deals_complaint  *c;
    deals_log_level   level;

    if (outcome->code == DEALS_INTERNAL) {
        deals_log(ctx, DEALS_LOG_ERROR, "database: %s", outcome->detail);
        return;
    }

    now = deals_mono();
    c = complaint_of(ctx, outcome->sqlstate);

    if (c->told != 0 && now - c->told < DEALS_LOG_PAUSE) {
        c->more++;
        deals_log(ctx, DEALS_LOG_DEBUG, "database: %s", outcome->detail);
        return;
    }

    level = outcome->code == DEALS_SCHEMA ? DEALS_LOG_ERROR : DEALS_LOG_WARN;

    if (c->more == 0) {
        deals_log(ctx, level, "database: %s", outcome->detail);

    } else {
        deals_log(ctx, level, "database: %s, and %llu times since the last "
                  "line", outcome->detail, (unsigned long long) c->more);
    }

    c->told = now;
    c->more = 0;
}


void
deals_call_refuse(deals_call *call, const deals_outcome *outcome)
{
    deals_error  *error;

    if (outcome->detail[0] != '\0') {
        complain(call->ctx, outcome);
    }

    if (outcome->code == DEALS_TIMEOUT) {
        call->ctx->stats.timeouts++;
    }

    error = deals_arena_alloc(call->arena, sizeof(*error));

    if (error == NULL) {
        deals_call_finish(call, &deals_error_no_memory);
        return;
    }

    error->code = outcome->code;
    error->message = deals_str_of(outcome->message);
    error->retry_after = outcome->retry_after;

    if (!deals_call_go_on_away(call, error)) {
        deals_call_finish(call, error);
    }
}


static void
answered(void *owner, const deals_outcome *outcome)
{
    int64_t      written;
    deals_call  *call = owner;

    written = deals_segment_written(call->segment);
    call->segment = NULL;

    if (written != -1) {
        call->answered = deals_mono();

        if (call->asked == -1) {
            call->asked = written;
        }
    }

    if (outcome->code == DEALS_OK) {
        deals_call_go_on(call);

    } else if (is_caught(call, outcome->sqlstate)) {
        memcpy(call->sqlstate, outcome->sqlstate, sizeof(call->sqlstate));
        deals_call_go_on(call);

    } else {
        deals_call_refuse(call, outcome);
    }

    call->ncatches = 0;
    call->catch_away = 0;
}


void
deals_call_send(deals_call *call, deals_step step)
{
    deals_query    *queries;
    deals_outcome   refused;

    queries = call->first;
    call->first = NULL;
    call->last = NULL;
    call->step = step;

    if (call->no_memory) {
        deals_call_finish(call, &deals_error_no_memory);
        return;
    }

    if (queries == NULL) {
        call->catch_away = 0;
        deals_call_go_on(call);
        return;
    }

    call->segment = deals_pool_submit(call->ctx->pool, queries, call->arena,
                                      answered, call, &refused);

    if (call->segment == NULL) {
        refused.detail[0] = '\0';
        deals_call_refuse(call, &refused);
        return;
    }

    call->phase = CALL_WAITING;
}


int
deals_call_read_only(const deals_call *call)
{
    return deals_pool_is_read_only(call->ctx->pool);
}


/* --- counts -------------------------------------------------------------- */

static void
counted(void *owner, int64_t n)
{
    deals_call  *call = owner;

    call->count = NULL;
    *call->counted = n;
    deals_call_go_on(call);
}


void
deals_call_count(deals_call *call, deals_str key, int seconds, int64_t *count,
    deals_step step)
{
    call->step = step;
    call->counted = count;
    call->phase = CALL_WAITING;

    call->count = deals_rate_count(call->ctx->rate, key, seconds, count,
                                   counted, call);

    if (call->count == NULL) {
        deals_call_go_on(call);
    }
}
