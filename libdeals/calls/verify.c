/*
 * calls/verify.c - recomputes every counter and rank from the rows and votes,
 * some deals at a time. See deals/admin.h.
 */

#include <deals/admin.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/use.h"

#define ID_MAX   INT64_MAX
#define MEMBERS  1000           /* in a part; verify_members.sql says so too */

typedef struct {
    deals_use             use;
    int64_t               after_id;
    deals_query          *range;
    deals_query          *deals;
    deals_query          *comments;
    deals_query          *members;
    deals_verify_result   result;
} verify_state;

#define FIELD(name, type, flags)                                              \
    { #name, type, flags, offsetof(deals_drift, name), NULL }

static const deals_field  drift_fields[] = {
    FIELD(deal_id, DEALS_INT, 0),
    FIELD(comment_id, DEALS_INT, 0),
    FIELD(user_id, DEALS_INT, 0),
    FIELD(field, DEALS_TEXT, 0),
    FIELD(stored, DEALS_TEXT, DEALS_NULLABLE),
    FIELD(expected, DEALS_TEXT, DEALS_NULLABLE)
};

const deals_shape  deals_drift_shape = {
    "drift", sizeof(deals_drift), drift_fields,
    sizeof(drift_fields) / sizeof(drift_fields[0])
};


static void
compared(deals_call *call)
{
    size_t                            i;
    deals_drift                      *drift;
    verify_state                     *st = deals_call_state(call);
    const deals_list                 *d = &st->deals->rows;
    const deals_list                 *c = &st->comments->rows;
    const deals_verify_deals_row     *of_deal = d->items;
    const deals_verify_comments_row  *of_comment = c->items;

    drift = deals_arena_array(deals_call_arena(call), d->len + c->len + 1,
                              sizeof(deals_drift));
    if (drift == NULL) {
        deals_use_no_memory(call);
        return;
    }
    st->result.drifts.items = drift;
    st->result.drifts.len = d->len + c->len;

    for (i = 0; i < d->len; i++, drift++) {
        drift->deal_id = of_deal[i].id;
        drift->field = of_deal[i].field;
        drift->stored = of_deal[i].stored;
        drift->expected = of_deal[i].expected;
    }
    for (i = 0; i < c->len; i++, drift++) {
        drift->deal_id = of_comment[i].deal_id;
        drift->comment_id = of_comment[i].id;
        drift->field = of_comment[i].field;
        drift->stored = of_comment[i].stored;
        drift->expected = of_comment[i].expected;
    }
    deals_call_finish(call, NULL);
}


static void
bounded(deals_call *call)
{
    verify_state                   *st = deals_call_state(call);
    deals_arena                    *arena = deals_call_arena(call);
    deals_verify_deals_params       d = { 0 };
    deals_verify_comments_params    c = { 0 };
    const deals_verify_range_row   *range = deals_use_row(st->range);

    if (range == NULL) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "There is no answer to how many deals come next.");
        return;
    }
    st->result.checked = range->count;
    st->result.total = range->total;
    st->result.done = range->last_id == DEALS_NULL_INT;
    st->result.last_id = st->result.done ? st->after_id : range->last_id;

    /* Behind the last deal there may still be votes on none. */
    d.after_id = st->after_id;
    d.last_id = st->result.done ? ID_MAX : range->last_id;
    c.after_id = d.after_id;
    c.last_id = d.last_id;
    st->deals = deals_q_verify_deals(arena, &d);
    st->comments = deals_q_verify_comments(arena, &c);
    deals_call_query(call, deals_q_verify_joins(arena));
    deals_call_query(call, st->deals);
    deals_call_query(call, st->comments);
    deals_call_send(call, compared);
}


static void
begin(deals_call *call)
{
    verify_state               *st = deals_call_state(call);
    deals_verify_range_params   p = { 0 };

    p.after_id = st->after_id;
    st->range = deals_q_verify_range(deals_call_arena(call), &p);
    deals_call_query(call, st->range);
    deals_call_send(call, bounded);
}


/* Who is shut out has no session. 0, or -1: no memory. */
static int
add_member(deals_arena *arena, const deals_verify_members_row *row,
    deals_drift *drift)
{
    drift->user_id = row->id;
    drift->field = DEALS_STR("sessions");
    drift->expected = DEALS_STR("0");
    drift->stored = deals_str_of(deals_arena_printf(arena, "%lld",
                                     (long long) row->sessions));

    return drift->stored.data != NULL ? 0 : -1;
}


static void
members_compared(deals_call *call)
{
    size_t                           i, n = 0;
    deals_drift                     *drift;
    verify_state                    *st = deals_call_state(call);
    deals_arena                     *arena = deals_call_arena(call);
    const deals_list                *list = &st->members->rows;
    const deals_verify_members_row  *row = list->items;

    drift = deals_arena_array(arena, list->len + 1, sizeof(deals_drift));
    st->result.drifts.items = drift;

    for (i = 0; drift != NULL && i < list->len; i++) {
        if (row[i].sessions > 0 && add_member(arena, &row[i], &drift[n++]) != 0)
        {
            drift = NULL;
        }
    }

    if (drift == NULL) {
        deals_use_no_memory(call);
        return;
    }

    st->result.drifts.len = n;
    st->result.checked = (int64_t) list->len;
    st->result.done = list->len < MEMBERS;
    st->result.last_id = list->len > 0 ? row[list->len - 1].id : st->after_id;

    deals_call_finish(call, NULL);
}


static void
begin_members(deals_call *call)
{
    verify_state                 *st = deals_call_state(call);
    deals_verify_members_params   p = { .after_member = st->after_id };

    st->members = deals_q_verify_members(deals_call_arena(call), &p);
    deals_call_query(call, st->members);
    deals_call_send(call, members_compared);
}


static deals_call *
submit(deals_ctx *ctx, int64_t after_id, deals_step step, deals_done done,
    void *data)
{
    deals_call    *call;
    verify_state  *st;

    call = deals_use_new(ctx, DEALS_USE_VERIFY, sizeof(verify_state), NULL,
                         done, data);
    if (call == NULL) {
        return NULL;
    }
    st = deals_call_state(call);
    st->after_id = after_id;
    deals_call_start(call, step);
    return call;
}


deals_call *
deals_verify(deals_ctx *ctx, int64_t after_id, deals_done done, void *data)
{
    return submit(ctx, after_id, begin, done, data);
}


deals_call *
deals_verify_wait(deals_ctx *ctx, int64_t after_id, int64_t timeout_ms)
{
    return deals_call_wait(deals_verify(ctx, after_id, NULL, NULL),
                           timeout_ms);
}


deals_call *
deals_verify_members(deals_ctx *ctx, int64_t after_id, deals_done done,
    void *data)
{
    return submit(ctx, after_id, begin_members, done, data);
}


deals_call *
deals_verify_members_wait(deals_ctx *ctx, int64_t after_id,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_verify_members(ctx, after_id, NULL, NULL),
                           timeout_ms);
}


const deals_verify_result *
deals_verify_get(const deals_call *call)
{
    const verify_state  *st = deals_use_result(call, DEALS_USE_VERIFY);

    return st != NULL ? &st->result : NULL;
}
