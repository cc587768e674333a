/*
 * calls/deal_write.c - deals are posted and changed. The session
 * (and the deal, if there is one) come first; what is written then carries its
 * own answer in the same segment.
 */

#include <stdlib.h>
#include <string.h>

#include <deals/view.h>

#include "stmts.h"
#include "calls/deal.h"

#define ATTEMPTS  4                     /* ids that are tried */


/* -- create --------------------------------------------------------------- */

/* The fields' names are the same in both statements. */
#define FILL(p, f)                                                            \
    (p).title = (f)->title;                                                   \
    (p).url = (f)->url;                                                       \
    (p).description = (f)->description;                                       \
    (p).html = (f)->html;                                                     \
    (p).html_version = (f)->html.data != NULL ? DEALS_MARKDOWN_VERSION        \
                                              : DEALS_NULL_INT;               \
    (p).merchant_slug = (f)->merchant_slug;                                   \
    (p).merchant_name = (f)->merchant;                                        \
    (p).price_amount = (f)->price.currency.data != NULL                       \
                       ? (f)->price.amount : DEALS_NULL_INT;                  \
    (p).price_currency = (f)->price.currency;                                 \
    (p).list_price_amount = (f)->list_price.currency.data != NULL             \
                            ? (f)->list_price.amount : DEALS_NULL_INT;        \
    (p).list_price_currency = (f)->list_price.currency;                       \
    (p).tags = (f)->tags.items;                                               \
    (p).ntags = (f)->tags.len;                                             \
    (p).starts_at = (f)->starts_at;                                           \
    (p).expires_at = (f)->expires_at


static void insert(deals_call *call);
static void unchanged(deals_call *call);


/* The id was taken by chance, or the key for good. */
static void
taken(deals_call *call)
{
    int                made;
    int64_t            comment_id;
    deals_deal_state  *state = deals_call_state(call);

    made = deals_once_made(call, &state->once, &state->id, &comment_id);

    if (made == 0) {
        insert(call);

    } else if (made == 1) {
        deals_deal_ask_after(call);
        deals_call_send(call, unchanged);
    }
}


static void
inserted(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    if (deals_call_sqlstate(call) == NULL) {
        deals_deal_written(call);

    } else if (state->once.key.data != NULL) {
        deals_once_look(call, &state->once, taken);

    } else {
        insert(call);
    }
}


/* The deal and its author's own vote, which counts as everybody's. */
static void
insert(deals_call *call)
{
    const int64_t              up = 1;
    const int64_t              now = deals_call_now_usec(call);
    deals_arena               *arena = deals_call_arena(call);
    deals_deal_state          *state = deals_call_state(call);
    deals_vote_params          vote;
    deals_deal_create_params   p;

    state->id = deals_ctx_new_id(deals_call_ctx(call));

    memset(&p, 0, sizeof(p));
    p.id = state->id;
    p.user_id = state->use.user_id;
    p.author_name = state->use.viewer->name;
    p.now = deals_call_now(call);
    FILL(p, &state->fields);

    vote.deal_ids = &state->id;
    vote.user_ids = &state->use.user_id;
    vote.votes = &up;
    vote.times = &now;
    vote.ndeal_ids = vote.nuser_ids = vote.nvotes = vote.ntimes = 1;

    state->status = deals_q_deal_create(arena, &p);
    deals_call_query(call, state->status);
    deals_call_query(call, deals_q_vote(arena, &vote));
    deals_once_claim(call, &state->once, state->id, 0);
    deals_call_change(call, DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL, state->id);
    (void) deals_use_touch(call);
    deals_deal_ask_after(call);

    if (++state->attempts < ATTEMPTS) {
        deals_call_catch(call, "23505");
    }

    deals_call_send(call, inserted);
}


static void
create_allowed(deals_call *call)
{
    deals_use_limit_member(call, "post",
                           deals_ctx_config(deals_call_ctx(call))->post_limit,
                           insert);
}


static void
create(deals_call *call)
{
    deals_use_member(call, DEALS_SCOPE_WRITE, create_allowed);
}


deals_call *
deals_deal_create(deals_ctx *ctx, const deals_asker *asker,
    const deals_deal_input *input, deals_done done, void *data)
{
    deals_call        *call;
    deals_arena       *arena;
    deals_deal_state  *state;

    call = deals_deal_new(ctx, asker, 0, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    arena = deals_call_arena(call);

    (void) deals_deal_check(arena, input, DEALS_GIVEN_ALL, &state->fields,
                            &state->use.errors);
    (void) deals_deal_check_together(arena, &state->fields, NULL,
                                     deals_call_now(call), &state->use.errors);

    if (deals_once_take(call, &state->once, asker, "deal", 0,
                        &deals_deal_input_shape, input)
        < 0)
    {
        return deals_use_drop(call);
    }

    deals_call_start(call, create);

    return call;
}


deals_call *
deals_deal_create_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_deal_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_deal_create(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}


/* -- update --------------------------------------------------------------- */

static void
change(deals_call *call)
{
    deals_arena               *arena = deals_call_arena(call);
    deals_deal_state          *state = deals_call_state(call);
    deals_deal_update_params   p;

    memset(&p, 0, sizeof(p));
    p.id = state->id;
    p.actor = state->use.user_id;
    p.is_moderator = deals_use_is_moderator(&state->use);
    p.given = state->fields.given;
    p.now = deals_call_now(call);
    FILL(p, &state->fields);

    state->status = deals_q_deal_update(arena, &p);
    deals_call_query(call, state->status);
    deals_call_change(call, DEALS_CHANGE_LISTS | DEALS_CHANGE_DEAL, state->id);
    (void) deals_use_touch(call);
    deals_deal_ask_after(call);
    deals_call_send(call, deals_deal_written);
}


static void
unchanged(deals_call *call)
{
    deals_deal_state  *state = deals_call_state(call);

    if (state->deal->rows.len == 0) {
        deals_deal_not_found(call);
        return;
    }

    deals_deal_finish(call, state->deal->rows.items,
                      deals_deal_my_vote(state->vote));
}


static void
update_allowed(deals_call *call)
{
    deals_deal        *deal;
    deals_deal_state  *state = deals_call_state(call);

    deal = deals_deal_changeable(call);
    if (deal == NULL) {
        return;
    }

    if (deals_deal_check_together(deals_call_arena(call), &state->fields, deal,
                                  deals_call_now(call), &state->use.errors)
        < 0)
    {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (state->fields.given == 0) {
        deals_deal_ask_after(call);
        deals_call_send(call, unchanged);
        return;
    }

    deals_use_limit_member(call, "edit",
                           deals_ctx_config(deals_call_ctx(call))->post_limit,
                           change);
}


static void
update(deals_call *call)
{
    deals_deal_look(call, update_allowed);
}


deals_call *
deals_deal_update(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    const deals_deal_input *input, uint64_t given, deals_done done, void *data)
{
    deals_call        *call;
    deals_deal_state  *state;

    call = deals_deal_new(ctx, asker, id, done, data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    (void) deals_deal_check(deals_call_arena(call), input, given,
                            &state->fields, &state->use.errors);

    deals_call_start(call, update);

    return call;
}


deals_call *
deals_deal_update_wait(deals_ctx *ctx, const deals_asker *asker, int64_t id,
    const deals_deal_input *input, uint64_t given, int64_t timeout_ms)
{
    return deals_call_wait(deals_deal_update(ctx, asker, id, input, given,
                                             NULL, NULL),
                           timeout_ms);
}
