/*
 * Batches: calls of one kind that share a statement.
 *
 * While one flush is on its way, calls gather; when it is answered, the next
 * takes all that wait. Which calls a flush carries is settled when it is about
 * to be written: whoever leaves before that is not in it, and whoever comes
 * before that is. When nothing is on its way a flush goes out at the end of the
 * turn, with all calls that joined in it: nobody waits for company.
 *
 * One flush at a time would leave the server idle while it waits for its disk,
 * so a kind has a few lanes, each with a flush of its own. Which one a call takes
 * is settled by its key: what belongs to one key is written in its order.
 *
 * A flush that fails because of what is in it is done again in halves, down to
 * single calls: only those at fault get the error.
 */

#include <stdlib.h>

#include "base/arena.h"
#include "io/batch_internal.h"


void
deals_batch_insert(deals_batch *batch, deals_call *call, deals_call *behind)
{
    deals_call  *before;

    before = behind != NULL ? behind->seat.before : batch->last;
    call->seat.batch = batch;
    call->seat.flushed = 0;
    call->seat.before = before;
    call->seat.behind = behind;

    if (before != NULL) {
        before->seat.behind = call;

    } else {
        batch->first = call;
    }

    if (behind != NULL) {
        behind->seat.before = call;

    } else {
        batch->last = call;
    }

    batch->nwaiting++;
}


void
deals_batch_take_out(deals_batch *batch, deals_call *call)
{
    deals_call  *before, *behind;

    before = call->seat.before;
    behind = call->seat.behind;

    if (before != NULL) {
        before->seat.behind = behind;

    } else {
        batch->first = behind;
    }

    if (behind != NULL) {
        behind->seat.before = before;

    } else {
        batch->last = before;
    }

    batch->nwaiting--;
    call->seat.batch = NULL;
}


void
deals_batch_later(deals_batch *batch)
{
    if (batch->nwaiting > 0) {
        deals_post_add(batch->ctx, &batch->post);
    }
}


void
deals_batch_forget(deals_batch *batch)
{
    deals_arena_free(batch->arena);
    batch->segment = NULL;
    batch->arena = NULL;
    batch->query = NULL;
    batch->flushed = NULL;
    batch->nflushed = 0;
    batch->nleft = 0;
}


/* The first of those that wait, as many as may go together. */

static size_t
choose(const deals_batch *batch)
{
    size_t       n, most;
    deals_call  *call;

    n = 0;
    most = batch->kind->max;

    for (call = batch->first; call != NULL; call = call->seat.behind) {
        if (call->seat.limit < most) {
            most = call->seat.limit;
        }

        if (n >= most) {
            break;
        }

        n++;
    }

    return n;
}


static void
count_batch(deals_ctx_stats *stats, size_t n)
{
    stats->batches++;
    stats->batched += n;
    stats->batch_sizes[n <= 1 ? 0 : n <= 10 ? 1 : n <= 100 ? 2 : 3]++;
}


static deals_query *
bind(void *owner)
{
    size_t        i, n;
    deals_call   *call;
    deals_call  **calls;
    deals_batch  *batch = owner;

    n = choose(batch);
    calls = deals_arena_array(batch->arena, n, sizeof(*calls));

    if (calls == NULL) {
        return NULL;
    }

    for (i = 0, call = batch->first; i < n; i++) {
        calls[i] = call;
        call = call->seat.behind;
    }

    batch->query = batch->kind->make(batch->arena, calls, n);

    if (batch->query == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        deals_batch_take_out(batch, calls[i]);
        calls[i]->seat.batch = batch;
        calls[i]->seat.flushed = 1;
        calls[i]->seat.place = i;
    }

    batch->flushed = calls;
    batch->nflushed = n;
    batch->nleft = n;
    count_batch(&batch->ctx->stats, n);

    return batch->query;
}


static void
flush(void *owner)
{
    deals_batch    *batch = owner;
    deals_outcome   refused;

    if (batch->segment != NULL || batch->nwaiting == 0) {
        return;
    }

    refused = deals_outcome_no_memory;
    batch->arena = deals_arena_new();

    if (batch->arena != NULL) {
        batch->segment = deals_pool_submit_late(batch->ctx->pool, bind,
                                                batch->arena,
                                                deals_batch_answered, batch,
                                                &refused);
    }

    if (batch->segment == NULL) {
        deals_batch_forget(batch);
        refused.detail[0] = '\0';
        deals_batch_fail(batch, &refused);
    }
}


/* One connection is left to the others. */

static unsigned
lane_of(const deals_ctx *ctx, uint64_t key)
{
    int  n;

    n = ctx->config.pool_size - 1;

    if (n > DEALS_LANES) {
        n = DEALS_LANES;
    }

    /* neighbours in time are neighbours in number: their low bits are a count,
     * their high ones are alike */
    return n > 1 ? (unsigned) ((key * 0x9e3779b97f4a7c15) >> 32) % (unsigned) n
                 : 0;
}


static deals_batch *
find(deals_ctx *ctx, const deals_batch_kind *kind, unsigned lane)
{
    deals_batch  *batch;

    for (batch = ctx->batches; batch != NULL; batch = batch->next) {
        if (batch->kind == kind && batch->lane == lane) {
            return batch;
        }
    }

    batch = calloc(1, sizeof(deals_batch));

    if (batch != NULL) {
        batch->ctx = ctx;
        batch->kind = kind;
        batch->lane = lane;
        batch->next = ctx->batches;
        ctx->batches = batch;
        deals_post_init(&batch->post, flush, batch);
    }

    return batch;
}


/* In all lanes of this kind. */

static size_t
waiting(const deals_ctx *ctx, const deals_batch_kind *kind)
{
    size_t              n;
    const deals_batch  *batch;

    n = 0;

    for (batch = ctx->batches; batch != NULL; batch = batch->next) {
        if (batch->kind == kind) {
            n += batch->nwaiting;
        }
    }

    return n;
}


void
deals_call_join(deals_call *call, const deals_batch_kind *kind,
    deals_step step)
{
    deals_ctx      *ctx;
    deals_batch    *batch;
    deals_outcome   outcome;

    ctx = call->ctx;
    batch = find(ctx, kind, lane_of(ctx, (uint64_t) kind->key(call)));

    if (batch == NULL) {
        outcome = deals_outcome_no_memory;
        deals_call_refuse(call, &outcome);
        return;
    }

    if (waiting(ctx, kind) >= (size_t) ctx->config.queue_size) {
        ctx->stats.refused++;
        outcome = deals_outcome_full;
        deals_call_refuse(call, &outcome);
        return;
    }

    call->step = step;
    call->phase = CALL_WAITING;
    call->seat.row = NULL;
    call->seat.limit = kind->max;
    deals_batch_insert(batch, call, NULL);

    if (batch->segment == NULL) {
        deals_batch_later(batch);
    }
}


const void *
deals_call_row(deals_call *call)
{
    return call->seat.row;
}


deals_segment *
deals_batch_flush(deals_call *call)
{
    return call->seat.batch != NULL && call->seat.flushed
           ? call->seat.batch->segment : NULL;
}


/* A flush that nobody waits for any more does not hold up the others. */

void
deals_batch_leave(deals_call *call)
{
    int           idle;
    deals_batch  *batch;

    batch = call->seat.batch;

    if (batch == NULL) {
        return;
    }

    if (call->seat.flushed) {
        batch->flushed[call->seat.place] = NULL;
        call->seat.batch = NULL;
        idle = --batch->nleft == 0;

    } else {
        deals_batch_take_out(batch, call);
        idle = batch->segment != NULL && batch->nflushed == 0
               && batch->nwaiting == 0;
    }

    if (idle) {
        deals_pool_abandon(batch->ctx->pool, batch->segment);
        deals_batch_forget(batch);
        deals_batch_later(batch);
    }
}


void
deals_batches_free(deals_ctx *ctx)
{
    deals_batch  *batch;

    while ((batch = ctx->batches) != NULL) {
        ctx->batches = batch->next;
        free(batch);
    }
}
