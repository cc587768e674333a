/*
 * calls_no_memory_tokens.c - memory runs out where access tokens are made,
 * listed and ended, by the member and by the operator.
 */

#include <deals/members.h>

#include "calls_no_memory.h"

#define ID  ((long long) kim.id)

static char  id_of[40];

static int64_t
tokens(void)
{
    return sql_int("SELECT count(*) FROM sessions WHERE user_id = %lld"
                   " AND scopes IS NOT NULL", ID);
}

static void
prepare(void)
{
    sql("DELETE FROM sessions WHERE user_id = %lld AND scopes IS NOT NULL",
        ID);
}

/* There is one. */
static void
prepare_one(void)
{
    deals_call              *call;
    const deals_token_info  *info;

    prepare();
    sql("INSERT INTO sessions VALUES (%lld, repeat('c', 64), now(), now(),"
        " now() + interval '1 day', NULL, NULL, 'A program', 7)", ID);
    call = OK(deals_sessions_wait(ctx, &kim.asker, TIMEOUT));
    assert_int_equal(deals_sessions_get(call)->tokens.len, 1);
    info = deals_sessions_get(call)->tokens.items;
    snprintf(id_of, sizeof(id_of), "%.*s", (int) info->id.len, info->id.data);
    deals_call_free(call);
}

static deals_token_input
input(void)
{
    static deals_str   words[] = { DEALS_STR("read"), DEALS_STR("vote") };
    deals_token_input  in = { S("Another"), { words, 2 }, 7 };

    return in;
}

static deals_call *
token_create(deals_ctx *c, deals_done done, void *data)
{
    deals_token_input  in = input();

    return deals_token_create(c, &kim.asker, &in, done, data);
}

static deals_call *
member_token(deals_ctx *c, deals_done done, void *data)
{
    deals_token_input  in = input();

    return deals_member_token(c, S("kim"), &in, done, data);
}

static void
holds_made(const deals_call *call)
{
    const deals_token_result  *made = deals_token_get(call);

    assert_memory_equal(made->token.data, "deals_", 6);
    assert_int_equal(made->info.id.len, 32);
    assert_str(made->info.label, "Another");
    assert_int_equal(made->info.scopes.len, 2);
    assert_int_equal(made->info.expires_at - made->info.created_at, 7 * 86400);
    assert_true(tokens() >= 1);
}

static deals_call *
token_end(deals_ctx *c, deals_done done, void *data)
{
    return deals_token_end(c, &kim.asker, deals_str_of(id_of), done, data);
}

static deals_call *
member_token_end(deals_ctx *c, deals_done done, void *data)
{
    return deals_member_token_end(c, S("kim"), deals_str_of(id_of), done,
                                  data);
}

static void
holds_ended(const deals_call *call)
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
holds_list(const deals_call *call)
{
    deals_list               list = deals_member_tokens_get(call);
    const deals_token_info  *info = list.items;

    assert_int_equal(list.len, 1);
    assert_str(info->label, "A program");
    assert_int_equal(info->scopes.len, 3);
}


static const row  rows[] = {
    WRITE(deals_token_create, prepare, token_create, holds_made, DEALS_OK,
          NULL),
    WRITE(deals_token_end, prepare_one, token_end, holds_ended,
          DEALS_NOT_FOUND, NULL),
    WRITE(deals_member_token, prepare, member_token, holds_made, DEALS_OK,
          NULL),
    ROW(deals_member_tokens, prepare_one, member_tokens, holds_list),
    WRITE(deals_member_token_end, prepare_one, member_token_end, holds_ended,
          DEALS_NOT_FOUND, NULL),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_tokens", rows)
