/*
 * calls/vote.c - votes on deals and comments. A vote is a state and carries
 * its time: one that comes late, or again, changes nothing. So votes can be
 * written in batches, and a batch be sent twice.
 */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/deal.h"

#define BATCH  500                  /* votes in one statement at most */

typedef struct {
    deals_use           use;
    int64_t             deal_id;
    int64_t             comment_id;     /* 0: on the deal */
    int64_t             value;
    int64_t             voted_at;       /* microseconds */
    deals_vote_result   result;
} vote_state;

#define FIELD(member)                                                         \
    { #member, DEALS_INT, 0, offsetof(deals_vote_result, member), NULL }

static const deals_field  result_fields[] = {
    FIELD(id),
    FIELD(score),
    FIELD(up),
    FIELD(down),
    FIELD(my_vote)
};

const deals_shape  deals_vote_shape = {
    "vote", sizeof(deals_vote_result), result_fields,
    sizeof(result_fields) / sizeof(result_fields[0])
};

static const deals_field  input_fields[] = {
    { "value", DEALS_INT, DEALS_REQUIRED, offsetof(deals_vote_input, value),
      NULL }
};

const deals_shape  deals_vote_input_shape = {
    "vote", sizeof(deals_vote_input), input_fields, 1
};


static void
not_found(deals_call *call)
{
    vote_state  *state = deals_call_state(call);

    if (state->comment_id == 0) {
        deals_deal_not_found(call);
        return;
    }

    deals_call_fail(call, DEALS_NOT_FOUND, NULL, "There is no such comment.");
}


/* Rows of both statements have the same columns. */
#define TAKE(result, type, call)                                              \
    do {                                                                      \
        const type  *row = deals_call_row(call);                              \
                                                                              \
        if (!row->found) {                                                    \
            not_found(call);                                                  \
            return;                                                           \
        }                                                                     \
                                                                              \
        (result)->score = row->score;                                         \
        (result)->up = row->up;                                               \
        (result)->down = row->down;                                           \
        (result)->my_vote = row->value;                                       \
    } while (0)


static void
counted(deals_call *call)
{
    vote_state  *state = deals_call_state(call);

    if (state->comment_id == 0) {
        TAKE(&state->result, deals_vote_row, call);
        state->result.id = state->deal_id;

    } else {
        TAKE(&state->result, deals_comment_vote_row, call);
        state->result.id = state->comment_id;
    }

    deals_call_finish(call, NULL);
}


/* -- batches -------------------------------------------------------------- */

typedef struct {
    int64_t  *deals;
    int64_t  *comments;
    int64_t  *users;
    int64_t  *values;
    int64_t  *times;
} columns;

static int
compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}


/* The order in which rows are locked, everywhere; a member's votes in that in
 * which they were cast. */
static int
order(const void *a, const void *b)
{
    int          n;
    vote_state  *x = deals_call_state(*(deals_call *const *) a);
    vote_state  *y = deals_call_state(*(deals_call *const *) b);

    if ((n = compare(x->deal_id, y->deal_id)) == 0
        && (n = compare(x->comment_id, y->comment_id)) == 0
        && (n = compare(x->use.user_id, y->use.user_id)) == 0)
    {
        n = compare(x->voted_at, y->voted_at);
    }

    return n;
}


/* 0, or -1: no memory. */
static int
sort_out(deals_arena *arena, deals_call **calls, size_t n, columns *c)
{
    size_t       i;
    int64_t     *all;
    vote_state  *state;

    all = deals_arena_array(arena, n, 5 * sizeof(int64_t));
    if (all == NULL) {
        return -1;
    }

    c->deals = all;
    c->comments = all + n;
    c->users = all + 2 * n;
    c->values = all + 3 * n;
    c->times = all + 4 * n;

    qsort(calls, n, sizeof(*calls), order);

    for (i = 0; i < n; i++) {
        state = deals_call_state(calls[i]);
        c->deals[i] = state->deal_id;
        c->comments[i] = state->comment_id;
        c->users[i] = state->use.user_id;
        c->values[i] = state->value;
        c->times[i] = state->voted_at;
    }

    return 0;
}


static deals_query *
on_deals(deals_arena *arena, deals_call **calls, size_t n)
{
    columns            c;
    deals_vote_params  p;

    if (sort_out(arena, calls, n, &c) < 0) {
        return NULL;
    }

    p.deal_ids = c.deals;
    p.user_ids = c.users;
    p.votes = c.values;
    p.times = c.times;
    p.ndeal_ids = p.nuser_ids = p.nvotes = p.ntimes = n;

    return deals_q_vote(arena, &p);
}


static deals_query *
on_comments(deals_arena *arena, deals_call **calls, size_t n)
{
    columns                    c;
    deals_comment_vote_params  p;

    if (sort_out(arena, calls, n, &c) < 0) {
        return NULL;
    }

    p.deal_ids = c.deals;
    p.comment_ids = c.comments;
    p.user_ids = c.users;
    p.votes = c.values;
    p.times = c.times;
    p.ndeal_ids = p.ncomment_ids = p.nuser_ids = p.nvotes = p.ntimes = n;

    return deals_q_comment_vote(arena, &p);
}


/* A deal's counters are locked until the end of the batch that moves them. */
static int64_t
deal_of(const deals_call *call)
{
    const vote_state  *state = deals_call_state((deals_call *) call);

    return state->deal_id;
}


static const deals_batch_kind  deal_votes = { BATCH, on_deals, deal_of };
static const deals_batch_kind  comment_votes = { BATCH, on_comments, deal_of };


/* -- a vote's way --------------------------------------------------------- */

static void
join(deals_call *call)
{
    vote_state  *state = deals_call_state(call);

    deals_call_change(call, state->comment_id == 0
                            ? DEALS_CHANGE_RANKS | DEALS_CHANGE_SCORE
                            : DEALS_CHANGE_SCORE,
                      state->deal_id);
    deals_call_change(call, DEALS_CHANGE_VOTES, state->use.user_id);
    deals_call_join(call, state->comment_id == 0 ? &deal_votes : &comment_votes,
                    counted);
}


static void
vote(deals_call *call)
{
    if (deals_use_touch(call)) {
        deals_call_send(call, join);
        return;
    }

    join(call);
}


static void
known(deals_call *call)
{
    vote_state  *state = deals_call_state(call);

    if (state->value < -1 || state->value > 1) {
        deals_call_fail(call, DEALS_INVALID, "value",
                        "A vote is 1 (up), -1 (down) or 0 (none).");
        return;
    }

    if (!deals_deal_id_valid(state->deal_id)
        || (state->comment_id != 0 && !deals_deal_id_valid(state->comment_id)))
    {
        not_found(call);
        return;
    }

    deals_use_limit_member(call, "vote",
                           deals_ctx_config(deals_call_ctx(call))->vote_limit,
                           vote);
}


static void
start(deals_call *call)
{
    deals_use_member(call, DEALS_SCOPE_VOTE, known);
}


deals_call *
deals_vote(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, int64_t value, deals_done done, void *data)
{
    deals_call  *call;
    vote_state  *state;

    call = deals_use_new(ctx, DEALS_USE_VOTE, sizeof(vote_state), asker, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->deal_id = deal_id;
    state->comment_id = comment_id;
    state->value = value;
    state->voted_at = deals_ctx_moment(ctx);

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_vote_wait(deals_ctx *ctx, const deals_asker *asker, int64_t deal_id,
    int64_t comment_id, int64_t value, int64_t timeout_ms)
{
    return deals_call_wait(deals_vote(ctx, asker, deal_id, comment_id, value,
                                      NULL, NULL),
                           timeout_ms);
}


const deals_vote_result *
deals_vote_get(const deals_call *call)
{
    vote_state  *state = deals_use_result(call, DEALS_USE_VOTE);

    return state != NULL ? &state->result : NULL;
}
