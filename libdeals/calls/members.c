/*
 * calls/members.c - members, as the operator manages them.
 */

#include <string.h>

#include <deals/members.h>

#include "base/error.h"
#include "core/name.h"
#include "stmts.h"
#include "calls/secret.h"

typedef struct {
    deals_use     use;
    deals_str     key;                  /* of the name */
    deals_str     role;
    deals_str     password;
    deals_secret  *secret;
    deals_query  *member;               /* deals_user */
} member_state;


static void
finished(deals_call *call)
{
    deals_call_finish(call, NULL);
}


/* Both begin by finding the member. 0 and its id, or the call is over. */
static int
found(deals_call *call, int64_t *id)
{
    member_state      *st = deals_call_state(call);
    const deals_user  *user = deals_use_row(st->member);

    if (user == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no member of that name.");
        return -1;
    }

    *id = user->id;
    return 0;
}


static void
find(deals_call *call, deals_step step)
{
    member_state           *st = deals_call_state(call);
    deals_user_get_params   p = { 0 };

    p.name_key = st->key;
    st->member = deals_q_user_get(deals_call_arena(call), &p);
    deals_call_query(call, st->member);
    deals_call_send(call, step);
}


static void
passwd_hashed(deals_call *call)
{
    member_state                *st = deals_call_state(call);
    int64_t                      id;
    deals_password_end_params    e = { 0 };
    deals_member_passwd_params   p = { 0 };

    if (deals_secret_made(call, st->secret) != 0) {
        return;
    }

    if (found(call, &id) != 0) {
        return;
    }

    p.user_id = id;
    p.password_hash = deals_str_of(st->secret->hash);
    e.user_id = id;
    e.password_hash = p.password_hash;

    deals_call_change(call, DEALS_CHANGE_MEMBER, id);
    deals_call_query(call, deals_q_member_passwd(deals_call_arena(call), &p));
    deals_call_query(call, deals_q_password_end(deals_call_arena(call), &e));
    deals_call_send(call, finished);
}


static void
passwd_found(deals_call *call)
{
    member_state  *st = deals_call_state(call);
    int64_t        id;

    if (found(call, &id) != 0) {
        return;
    }

    st->secret = deals_secret_hash(call, st->password, passwd_hashed);
}


static void
passwd(deals_call *call)
{
    find(call, passwd_found);
}


static void
invalid(deals_call *call)
{
    member_state  *st = deals_call_state(call);

    deals_call_finish(call, st->use.errors);
}


static deals_call *
begin(deals_ctx *ctx, deals_str name, deals_done done, void *data)
{
    deals_call    *call;
    member_state  *st;

    call = deals_use_new(ctx, DEALS_USE_USER, sizeof(member_state), NULL, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->key = deals_name_key(deals_call_arena(call), name);

    return st->key.data == NULL ? deals_use_drop(call) : call;
}


deals_call *
deals_member_passwd(deals_ctx *ctx, deals_str name, deals_str password,
    deals_done done, void *data)
{
    deals_call    *call = begin(ctx, name, done, data);
    member_state  *st;

    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->password = deals_use_text(deals_call_arena(call), password);
    if (st->password.data == NULL) {
        return deals_use_drop(call);
    }

    if (deals_password_check(deals_call_arena(call), "password", password,
                             name, DEALS_NONE, &st->use.errors) != 0)
    {
        deals_call_start(call, invalid);
        return call;
    }

    deals_call_start(call, passwd);

    return call;
}


deals_call *
deals_member_passwd_wait(deals_ctx *ctx, deals_str name, deals_str password,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_member_passwd(ctx, name, password, NULL,
                                               NULL), timeout_ms);
}


static void
role_found(deals_call *call)
{
    member_state              *st = deals_call_state(call);
    deals_member_role_params   p = { 0 };

    if (found(call, &p.user_id) != 0) {
        return;
    }

    p.role = st->role;
    deals_call_query(call, deals_q_member_role(deals_call_arena(call), &p));
    deals_call_change(call, DEALS_CHANGE_LISTS, 0);
    deals_call_change(call, DEALS_CHANGE_MEMBER, p.user_id);
    deals_call_send(call, finished);
}


static void
role(deals_call *call)
{
    find(call, role_found);
}


deals_call *
deals_member_role(deals_ctx *ctx, deals_str name, deals_str to,
    deals_done done, void *data)
{
    deals_call    *call = begin(ctx, name, done, data);
    member_state  *st;

    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->role = deals_use_text(deals_call_arena(call), to);
    if (st->role.data == NULL) {
        return deals_use_drop(call);
    }

    if (!deals_str_eq(to, DEALS_STR("member"))
        && !deals_str_eq(to, DEALS_STR("moderator"))
        && !deals_str_eq(to, DEALS_STR("admin")))
    {
        deals_error_add(deals_call_arena(call), &st->use.errors, DEALS_INVALID,
                        "role", "must be member, moderator or admin");
        deals_call_start(call, invalid);
        return call;
    }

    deals_call_start(call, role);

    return call;
}


deals_call *
deals_member_role_wait(deals_ctx *ctx, deals_str name, deals_str to,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_member_role(ctx, name, to, NULL, NULL),
                           timeout_ms);
}


static void
list(deals_call *call)
{
    member_state              *st = deals_call_state(call);
    deals_member_list_params   p = { 0 };

    p.after = st->key;
    st->member = deals_q_member_list(deals_call_arena(call), &p);
    deals_call_query(call, st->member);
    deals_call_send(call, finished);
}


deals_call *
deals_member_list(deals_ctx *ctx, deals_str after, deals_done done, void *data)
{
    deals_call  *call;

    call = begin(ctx, after.data != NULL ? after : DEALS_STR(""), done, data);
    if (call != NULL) {
        deals_call_start(call, list);
    }

    return call;
}


deals_call *
deals_member_list_wait(deals_ctx *ctx, deals_str after, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_list(ctx, after, NULL, NULL),
                           timeout_ms);
}


deals_list
deals_member_list_get(const deals_call *call)
{
    const member_state  *st = deals_use_result(call, DEALS_USE_USER);

    if (st == NULL) {
        return (deals_list) { NULL, 0 };
    }

    return st->member->rows;
}
