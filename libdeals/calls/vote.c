/*
 * calls/vote.c - votes on deals and comments. A vote is a state and carries
 * its time: one that comes late, or again, changes nothing.
 */

#include <stddef.h>
#include <string.h>

#include "stmts.h"
#include "calls/deal.h"

typedef struct {
    deals_use           use;
    int64_t             deal_id;
    int64_t             comment_id;     /* 0: on the deal */
    int64_t             value;
    deals_query        *vote;
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
#define TAKE(result, type, query)                                             \
    do {                                                                      \
        const type  *row = deals_use_row(query);                              \
                                                                              \
        if (row == NULL || !row->found) {                                     \
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
        TAKE(&state->result, deals_vote_row, state->vote);
        state->result.id = state->deal_id;

    } else {
        TAKE(&state->result, deals_comment_vote_row, state->vote);
        state->result.id = state->comment_id;
    }

    deals_call_finish(call, NULL);
}


static void
vote(deals_call *call)
{
    vote_state                 *state = deals_call_state(call);
    deals_arena                *arena = deals_call_arena(call);
    deals_vote_params           deal;
    deals_comment_vote_params   comment;

    if (state->comment_id == 0) {
        memset(&deal, 0, sizeof(deal));
        deal.deal_id = state->deal_id;
        deal.user_id = state->use.user_id;
        deal.value = state->value;
        deal.voted_at = deals_call_now_usec(call);
        state->vote = deals_q_vote(arena, &deal);

    } else {
        memset(&comment, 0, sizeof(comment));
        comment.deal_id = state->deal_id;
        comment.comment_id = state->comment_id;
        comment.user_id = state->use.user_id;
        comment.value = state->value;
        comment.voted_at = deals_call_now_usec(call);
        state->vote = deals_q_comment_vote(arena, &comment);
    }

    deals_call_query(call, state->vote);
    (void) deals_use_touch(call);
    deals_call_send(call, counted);
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
    deals_use_member(call, known);
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
