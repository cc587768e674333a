/*
 * calls_no_memory_tokens.c - memory runs out where access tokens are made, shown
 * and ended, by a member or the operator.
 */

#include "calls_no_memory.h"

#define KIM  (&kim.asker)

static int    round_of;
static char   label[30], id_of[80];

static deals_token_input
input(void)
{
    deals_token_input  in = { 0 };
    static deals_str   scopes[] = { DEALS_STR("read"), DEALS_STR("vote") };

    snprintf(label, sizeof(label), "program %d", round_of);
    in.label = deals_str_of(label);
    in.scopes = (deals_list) { scopes, 2 };
    in.days = 7;
    in.current = S("password of kim");

    return in;
}

static int64_t
tokens(void)
{
    return sql_int("SELECT count(*) FROM sessions WHERE user_id = %lld"
                   " AND label IS NOT NULL", (long long) kim.id);
}

static void
none(void)
{
    round_of++;
    sql("DELETE FROM sessions WHERE user_id = %lld AND label IS NOT NULL",
        (long long) kim.id);
}

static void
one(void)
{
    deals_str            id;
    deals_call          *call;
    deals_token_input    in;

    none();
    in = input();
    call = OK(deals_token_create_wait(ctx, KIM, &in, TIMEOUT));
    id = deals_token_get(call)->info.id;
    snprintf(id_of, sizeof(id_of), "%.*s", (int) id.len, id.data);
    deals_call_free(call);
}

static deals_call *
token_create(deals_ctx *c, deals_done done, void *data)
{
    deals_token_input  in = input();

    return deals_token_create(c, KIM, &in, done, data);
}

static deals_call *
member_token(deals_ctx *c, deals_done done, void *data)
{
    deals_token_input  in = input();

    return deals_member_token(c, S("kim"), &in, done, data);
}

static void
holds_token(const deals_call *call)
{
    const deals_token_result  *r = deals_token_get(call);

    assert_true(r->token.len > 33);
    assert_str(r->info.label, label);
    assert_int_equal(r->info.scopes.len, 2);
    assert_true(tokens() >= 1);
}

static deals_call *
token_end(deals_ctx *c, deals_done done, void *data)
{
    return deals_token_end(c, KIM, deals_str_of(id_of), done, data);
}

static deals_call *
member_token_end(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_token_end(c, S("kim"), deals_str_of(id_of), done,
                                  data);
}

static void
holds_none(const deals_call *call)
{
    (void) call;
    assert_int_equal(tokens(), 0);
}

static deals_call *
member_tokens(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_tokens(c, S("kim"), done, data);
}

static void
holds_tokens(const deals_call *call)
{
    deals_list               list = deals_member_tokens_get(call);
    const deals_token_info  *info = list.items;

    assert_int_equal(list.len, 1);
    assert_str(info->label, label);
    assert_int_equal(info->scopes.len, 2);
}


static const row  rows[] = {
    WRITE(deals_token_create, none, token_create, holds_token, DEALS_OK, NULL),
    WRITE(deals_token_end, one, token_end, holds_none, DEALS_NOT_FOUND, NULL),
    WRITE(deals_member_token, none, member_token, holds_token, DEALS_OK, NULL),
    ROW(deals_member_tokens, one, member_tokens, holds_tokens),
    WRITE(deals_member_token_end, one, member_token_end, holds_none,
          DEALS_NOT_FOUND, NULL),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_tokens", rows)
