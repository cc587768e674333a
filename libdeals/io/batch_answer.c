/*
 * What the answer to a flush means for the calls it carried: each gets its row,
 * or the error; where only some are at fault they go again in halves.
 */

#include <string.h>

#include "base/arena.h"
#include "io/batch_internal.h"


void
deals_batch_fail(deals_batch *batch, deals_outcome *outcome)
{
    deals_call  *call;

    while ((call = batch->first) != NULL) {
        deals_batch_take_out(batch, call);
        deals_call_refuse(call, outcome);
        outcome->detail[0] = '\0';      /* it is logged */
    }
}


static void
fail_flushed(deals_batch *batch, deals_outcome *outcome)
{
    size_t       i;
    deals_call  *call;

    for (i = 0; i < batch->nflushed; i++) {
        call = batch->flushed[i];

        if (call != NULL) {
            call->seat.batch = NULL;
            deals_call_refuse(call, outcome);
            outcome->detail[0] = '\0';
        }
    }
}


static void
give_row(deals_call *call, const deals_query *query, size_t i)
{
    void           *row;
    deals_outcome   outcome;

    row = deals_arena_alloc(call->arena, query->row_size);

    if (row == NULL) {
        outcome = deals_outcome_no_memory;
        deals_call_refuse(call, &outcome);
        return;
    }

    memcpy(row, (const char *) query->rows.items + i * query->row_size,
           query->row_size);
    call->seat.row = row;
    deals_call_go_on(call);
}


static void
give_rows(deals_batch *batch)
{
    size_t       i;
    deals_call  *call;

    for (i = 0; i < batch->nflushed; i++) {
        call = batch->flushed[i];

        if (call != NULL) {
            call->seat.batch = NULL;
            give_row(call, batch->query, i);
        }
    }
}


static void
note_times(deals_batch *batch, int64_t written)
{
    size_t       i;
    int64_t      now;
    deals_call  *call;

    now = deals_mono();

    for (i = 0; i < batch->nflushed; i++) {
        call = batch->flushed[i];

        if (call != NULL && written != -1) {
            call->answered = now;

            if (call->asked == -1) {
                call->asked = written;
            }
        }
    }
}


/* A value that is refused, or a conflict with another transaction that did not
 * go away: some of the calls may be without fault. */

static int
is_divisible(const deals_batch *batch, const char *sqlstate)
{
    size_t                    i;
    static const char *const  classes[] = { "22", "23", "40", "P0" };

    if (batch->nflushed < 2) {
        return 0;
    }

    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strncmp(sqlstate, classes[i], 2) == 0) {
            return 1;
        }
    }

    return 0;
}


/* Back before all others, to be flushed in halves. */

static void
divide(deals_batch *batch)
{
    size_t       i, limit;
    deals_call  *call;

    limit = (batch->nleft + 1) / 2;

    for (i = batch->nflushed; i > 0; i--) {
        call = batch->flushed[i - 1];

        if (call != NULL) {
            call->seat.limit = limit;
            deals_batch_insert(batch, call, batch->first);
        }
    }
}


void
deals_batch_answered(void *owner, const deals_outcome *outcome)
{
    deals_batch    *batch = owner;
    deals_outcome   copy;

    copy = *outcome;
    note_times(batch, deals_segment_written(batch->segment));

    if (copy.code == DEALS_OK && batch->query->rows.len != batch->nflushed) {
        copy = deals_outcome_defect;
        strcpy(copy.detail, "a batch was answered with too few rows");
    }

    if (batch->nflushed == 0) {
        deals_batch_fail(batch, &copy);

    } else if (copy.code == DEALS_OK) {
        give_rows(batch);

    } else if (is_divisible(batch, copy.sqlstate)) {
        deals_log(batch->ctx, DEALS_LOG_NOTICE, "database: %zu calls again, in "
                  "halves, after %s", batch->nleft, copy.detail);
        divide(batch);

    } else {
        fail_flushed(batch, &copy);
    }

    deals_batch_forget(batch);
    deals_batch_later(batch);
}
