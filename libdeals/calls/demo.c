/*
 * calls/demo.c - the demo community: who is there. Everything goes into one
 * segment, and so into one transaction: it is there whole, or not at all. See
 * calls/demo.h.
 */

#include <string.h>

#include <deals/view.h>

#include "base/arena.h"
#include "core/name.h"
#include "stmts.h"
#include "calls/demo.h"

#define SEED  0x9e3779b97f4a7c15ULL


/* xorshift64*: the same numbers everywhere. */
uint32_t
deals_demo_below(deals_demo_state *st, uint32_t n)
{
    st->random ^= st->random >> 12;
    st->random ^= st->random << 25;
    st->random ^= st->random >> 27;

    return (uint32_t) ((st->random * 0x2545f4914f6cdd1dULL) >> 33) % n;
}


int64_t
deals_demo_later(deals_demo_state *st, int64_t from)
{
    double  x = deals_demo_below(st, 10000) / 10000.0;

    return from + (int64_t) (x * x * (double) (st->now - from));
}


int64_t
deals_demo_id(deals_demo_state *st, int64_t time)
{
    return deals_ids_next(&st->ids, time * 1000);
}


deals_str
deals_demo_markdown(deals_call *call, const char *text)
{
    deals_buf  html;
    deals_str  out = DEALS_NONE;

    deals_buf_init(&html);

    if (deals_markdown(deals_str_of(text), &html) == 0 && !html.failed) {
        out = deals_arena_copy(deals_call_arena(call),
                               (deals_str) { html.data, html.len });
    }

    deals_buf_free(&html);

    return out;
}


void
deals_demo_vote(deals_demo_state *st, deals_demo_votes *votes,
    const deals_demo_post *post, int64_t comment, uint32_t member, int up,
    int64_t time)
{
    size_t  n = votes->n;

    if (n == DEMO_VOTES) {
        return;
    }

    votes->deal[n] = post->id;
    votes->comment[n] = comment;
    votes->user[n] = st->members[member];
    votes->vote[n] = up ? 1 : -1;
    votes->time[n] = time;
    votes->n++;
}


static void
add_member(deals_call *call, size_t i)
{
    deals_demo_state             *st = deals_call_state(call);
    deals_arena                  *arena = deals_call_arena(call);
    deals_account_name_params     claim = { 0 };
    deals_account_insert_params   insert = { 0 };
    deals_member_role_params      role = { 0 };

    insert.now = st->now - (60 + deals_demo_below(st, 700)) * DEMO_DAY
                 - deals_demo_below(st, DEMO_DAY);
    insert.user_id = st->members[i] = deals_demo_id(st, insert.now);
    insert.name = deals_str_of(deals_demo_members[i]);
    insert.password_hash = deals_str_of(i == 0 ? st->secret->hash
                                               : deals_password_nobody);

    claim.user_id = insert.user_id;
    claim.name = insert.name;
    claim.name_key = deals_name_key(arena, insert.name);

    deals_call_query(call, deals_q_account_name(arena, &claim));
    deals_call_query(call, deals_q_account_insert(arena, &insert));

    if (i == 0) {
        role.user_id = insert.user_id;
        role.role = DEALS_STR("moderator");
        deals_call_query(call, deals_q_member_role(arena, &role));
    }

    st->result.members++;
}


static void
add_votes(deals_call *call)
{
    deals_demo_state                 *st = deals_call_state(call);
    deals_arena                      *arena = deals_call_arena(call);
    deals_demo_votes_params           p = { 0 };
    deals_demo_comment_votes_params   c = { 0 };

    p.deal_ids = st->votes->deal;
    p.user_ids = st->votes->user;
    p.votes = st->votes->vote;
    p.times = st->votes->time;
    p.ndeal_ids = p.nuser_ids = p.nvotes = p.ntimes = st->votes->n;

    c.deal_ids = st->talk->deal;
    c.comment_ids = st->talk->comment;
    c.user_ids = st->talk->user;
    c.votes = st->talk->vote;
    c.times = st->talk->time;
    c.ndeal_ids = c.ncomment_ids = c.nuser_ids = c.nvotes = c.ntimes
        = st->talk->n;

    deals_call_query(call, deals_q_demo_votes(arena, &p));
    deals_call_query(call, deals_q_demo_comment_votes(arena, &c));

    st->result.votes = st->votes->n + st->talk->n;
}


static void
filled(deals_call *call)
{
    deals_demo_state  *st = deals_call_state(call);

    if (deals_call_sqlstate(call) != NULL) {
        /* The names are taken: somebody else loads it, too. */
        memset(&st->result, 0, sizeof(st->result));
    } else {
        st->result.loaded = 1;
    }

    deals_call_finish(call, NULL);
}


static void
fill(deals_call *call)
{
    size_t             i;
    deals_demo_state  *st = deals_call_state(call);

    if (deals_secret_made(call, st->secret) != 0) {
        return;
    }

    for (i = 0; i < deals_demo_nmembers && i < DEMO_MEMBERS; i++) {
        add_member(call, i);
    }

    if (deals_demo_post_all(call) != 0) {
        deals_use_no_memory(call);
        return;
    }

    add_votes(call);
    deals_call_catch(call, "23505");
    deals_call_change(call, DEALS_CHANGE_ALL, 0);
    deals_call_send(call, filled);
}


static void
looked(deals_call *call)
{
    deals_demo_state            *st = deals_call_state(call);
    const deals_demo_empty_row  *row = deals_use_row(st->empty);

    if (row == NULL || !row->is_empty) {
        deals_call_finish(call, NULL);
        return;
    }

    st->secret = deals_secret_hash(call, st->password, fill);
}


static void
look(deals_call *call)
{
    deals_demo_state  *st = deals_call_state(call);
    deals_arena       *arena = deals_call_arena(call);

    st->now = deals_call_now(call);
    st->votes = deals_arena_alloc(arena, sizeof(deals_demo_votes));
    st->talk = deals_arena_alloc(arena, sizeof(deals_demo_votes));

    if (st->votes == NULL || st->talk == NULL) {
        deals_use_no_memory(call);
        return;
    }

    st->empty = deals_q_demo_empty(arena);
    deals_call_query(call, st->empty);
    deals_call_send(call, looked);
}


deals_call *
deals_demo(deals_ctx *ctx, deals_str password, deals_done done, void *data)
{
    deals_call        *call;
    deals_demo_state  *st;

    call = deals_use_new(ctx, DEALS_USE_DEMO, sizeof(deals_demo_state), NULL,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->random = SEED;
    st->result.name = deals_str_of(deals_demo_members[0]);
    st->password = deals_use_text(deals_call_arena(call), password);
    deals_ids_init(&st->ids, 0);

    if (st->password.data == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, look);

    return call;
}


deals_call *
deals_demo_wait(deals_ctx *ctx, deals_str password, int64_t timeout_ms)
{
    return deals_call_wait(deals_demo(ctx, password, NULL, NULL), timeout_ms);
}


const deals_demo_result *
deals_demo_get(const deals_call *call)
{
    const deals_demo_state  *st = deals_use_result(call, DEALS_USE_DEMO);

    return st != NULL ? &st->result : NULL;
}
