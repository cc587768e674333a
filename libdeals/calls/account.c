/*
 * calls/account.c - a new member. The name and the address are claimed in
 * tables of their own, in the same transaction: a claim that fails takes all
 * back.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "base/str.h"
#include "core/name.h"
#include "stmts.h"
#include "calls/secret.h"

#define ATTEMPTS  4                     /* ids that are tried */

typedef struct {
    deals_signed           head;
    deals_str              name, name_key, email, email_key, password;
    deals_str              hash;
    int64_t                id;
    int                    attempts;
    deals_secret          *secret;
    deals_query           *taken, *user;
} account_state;

static const deals_field  fields[] = {
    { "name", DEALS_TEXT, DEALS_REQUIRED, offsetof(deals_account_input, name),
      NULL },
    { "password", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_account_input, password), NULL },
    { "email", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(deals_account_input, email), NULL }
};

const deals_shape  deals_account_input_shape = {
    "account", sizeof(deals_account_input), fields,
    sizeof(fields) / sizeof(fields[0])
};


static void insert(deals_call *call);


static void
ask_taken(deals_call *call, deals_step step)
{
    account_state               *state = deals_call_state(call);
    deals_account_taken_params   p;

    memset(&p, 0, sizeof(p));
    p.name_key = state->name_key;
    p.email_key = state->email_key;

    state->taken = deals_q_account_taken(deals_call_arena(call), &p);
    deals_call_query(call, state->taken);
    deals_call_send(call, step);
}


/* 1: one of both is taken, and the call was ended. */
static int
is_taken(deals_call *call)
{
    account_state                  *state = deals_call_state(call);
    deals_arena                    *arena = deals_call_arena(call);
    const deals_error              *errors = NULL;
    const deals_account_taken_row  *row = deals_use_row(state->taken);

    if (row == NULL) {
        return 0;
    }

    if (row->name) {
        deals_error_add(arena, &errors, DEALS_CONFLICT, "name",
                        "This name is taken.");
    }

    if (row->email) {
        deals_error_add(arena, &errors, DEALS_CONFLICT, "email",
                        "This address belongs to an account already.");
    }

    if (errors == NULL) {
        return 0;
    }

    deals_call_finish(call, errors);

    return 1;
}


/* Somebody was faster: with the name, the address or, by chance, the id. */
static void
beaten(deals_call *call)
{
    account_state  *state = deals_call_state(call);

    if (is_taken(call)) {
        return;
    }

    if (state->attempts == ATTEMPTS) {
        deals_call_fail(call, DEALS_CONFLICT, "name",
                        "This name was just taken. Please try again.");
        return;
    }

    insert(call);
}


static void
inserted(deals_call *call)
{
    account_state  *state = deals_call_state(call);

    if (deals_call_sqlstate(call) != NULL) {
        ask_taken(call, beaten);
        return;
    }

    state->head.result.user = deals_use_row(state->user);
    if (state->head.result.user == NULL) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "The database gave no answer.");
        return;
    }

    deals_use_demand(call, state->head.result.user->role, 0, 0);
    deals_call_finish(call, NULL);
}


static void
insert(deals_call *call)
{
    account_state                *state = deals_call_state(call);
    deals_arena                  *arena = deals_call_arena(call);
    deals_account_name_params     name;
    deals_account_email_params    email;
    deals_account_insert_params   user;

    state->attempts++;
    state->id = deals_ctx_new_id(deals_call_ctx(call));

    memset(&name, 0, sizeof(name));
    name.name_key = state->name_key;
    name.user_id = state->id;
    name.name = state->name;
    deals_call_query(call, deals_q_account_name(arena, &name));

    if (state->email.data != NULL) {
        memset(&email, 0, sizeof(email));
        email.email_key = state->email_key;
        email.user_id = state->id;
        deals_call_query(call, deals_q_account_email(arena, &email));
    }

    memset(&user, 0, sizeof(user));
    user.user_id = state->id;
    user.name = state->name;
    user.email = state->email;
    user.password_hash = state->hash;
    user.now = deals_call_now(call);
    state->user = deals_q_account_insert(arena, &user);
    deals_call_query(call, state->user);

    if (deals_secret_session(call, state->id, state->hash) < 0) {
        deals_use_no_memory(call);
        return;
    }

    deals_call_catch(call, "23505");
    deals_call_send(call, inserted);
}


static void
hashed(deals_call *call)
{
    account_state  *state = deals_call_state(call);

    if (deals_secret_made(call, state->secret) != 0) {
        return;
    }

    state->hash = deals_arena_copy(deals_call_arena(call),
                                   deals_str_of(state->secret->hash));
    if (state->hash.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    insert(call);
}


static void
looked(deals_call *call)
{
    account_state  *state = deals_call_state(call);

    if (is_taken(call)) {
        return;
    }

    state->secret = deals_secret_hash(call, state->password, hashed);
    sodium_memzero((char *) state->password.data, state->password.len);
}


static void
look(deals_call *call)
{
    ask_taken(call, looked);
}


static void
start(deals_call *call)
{
    account_state  *state = deals_call_state(call);

    if (state->head.use.errors != NULL) {
        deals_call_finish(call, state->head.use.errors);
        return;
    }

    deals_use_limit_address(
        call, "signup", deals_ctx_config(deals_call_ctx(call))->signup_limit,
        look);
}


/* 0, or -1: no memory. */
static int
check(deals_arena *arena, account_state *state,
    const deals_account_input *input)
{
    const deals_error  **errors = &state->head.use.errors;

    (void) deals_name_check(arena, "name", input->name, errors);
    (void) deals_password_check(arena, "password", input->password,
                                input->name, input->email, errors);

    if (deals_str_trim(input->email).len > 0) {
        (void) deals_email_check(arena, "email", input->email, &state->email,
                                 errors);
    }

    if (*errors != NULL) {
        return 0;
    }

    state->name = deals_arena_copy(arena, input->name);
    state->name_key = deals_name_key(arena, input->name);
    state->password = deals_arena_copy(arena, input->password);

    if (state->email.data != NULL) {
        state->email_key = deals_name_key(arena, state->email);
        if (state->email_key.data == NULL) {
            return -1;
        }
    }

    if (state->name.data == NULL || state->name_key.data == NULL
        || state->password.data == NULL)
    {
        return -1;
    }

    return deals_secret_network(arena, &state->head.use, state->name_key,
                                &state->head.network);
}


deals_call *
deals_account_create(deals_ctx *ctx, const deals_asker *asker,
    const deals_account_input *input, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_SESSION, sizeof(account_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (check(deals_call_arena(call), deals_call_state(call), input) < 0) {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_account_create_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_account_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_account_create(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}
