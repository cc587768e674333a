/*
 * calls/token.c - access tokens that members make for programs of theirs, and
 * the operator for members. See also calls/sessions.c.
 */

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include <deals/members.h>

#include "base/error.h"
#include "core/name.h"
#include "core/text.h"
#include "core/token.h"
#include "stmts.h"
#include "calls/confirm.h"
#include "calls/sessions.h"

#define DAY  86400

typedef struct {
    deals_confirmed      head;
    deals_str            name_key;      /* of the operator's */
    deals_query         *member;        /* deals_user */
    deals_step           step;          /* once it is found */
    int64_t              user_id;
    deals_str            label;
    int                  scopes;
    int64_t              days;
    deals_str            id;
    deals_str            token;
    deals_query         *query;
    deals_query         *lock;          /* no row: shut out */
    deals_query         *asker;         /* NULL: the operator */
    deals_token_result   result;
} token_state;

/* What is missing the rules tell, with all that is wrong besides. */
static const deals_field  input_fields[] = {
    { "label", DEALS_TEXT, 0, offsetof(deals_token_input, label), NULL },
    { "scopes", DEALS_LIST, 0, offsetof(deals_token_input, scopes), NULL },
    { "days", DEALS_INT, DEALS_NULLABLE, offsetof(deals_token_input, days),
      NULL },
    { "current", DEALS_TEXT, DEALS_SECRET,
      offsetof(deals_token_input, current), NULL }
};

const deals_shape  deals_token_input_shape = {
    "token", sizeof(deals_token_input), input_fields,
    sizeof(input_fields) / sizeof(input_fields[0])
};

#define INFO(name)  offsetof(deals_token_result, info.name), NULL

static const deals_field  result_fields[] = {
    { "token", DEALS_TEXT, 0, offsetof(deals_token_result, token), NULL },
    { "id", DEALS_TEXT, 0, INFO(id) },
    { "label", DEALS_TEXT, 0, INFO(label) },
    { "scopes", DEALS_LIST, 0, INFO(scopes) },
    { "created_at", DEALS_TIME, 0, INFO(created_at) },
    { "last_used_at", DEALS_TIME, DEALS_NULLABLE, INFO(last_used_at) },
    { "expires_at", DEALS_TIME, 0, INFO(expires_at) }
};

const deals_shape  deals_token_shape = {
    "token", sizeof(deals_token_result), result_fields,
    sizeof(result_fields) / sizeof(result_fields[0])
};


/* -- the rules ------------------------------------------------------------ */

static int
scope_of(deals_str word)
{
    return deals_str_eq(word, DEALS_STR("read")) ? DEALS_SCOPE_READ
           : deals_str_eq(word, DEALS_STR("vote")) ? DEALS_SCOPE_VOTE
           : deals_str_eq(word, DEALS_STR("write")) ? DEALS_SCOPE_WRITE : 0;
}


static void
check_scopes(deals_arena *arena, token_state *state, const deals_list *list)
{
    int               scope;
    size_t            i;
    const deals_str  *word = list->items;

    for (i = 0; i < list->len; i++) {
        scope = scope_of(word[i]);

        if (scope == 0) {
            deals_error_add(arena, &state->head.use.errors, DEALS_INVALID,
                            "scopes", "A scope is read, vote or write.");
            return;
        }

        state->scopes |= scope;
    }

    if (state->scopes == 0) {
        deals_error_add(arena, &state->head.use.errors, DEALS_INVALID, "scopes",
                        "Please choose at least one.");
    }
}


static void
check(deals_arena *arena, token_state *state, const deals_token_input *input)
{
    (void) deals_text_label(arena, "label", input->label, &state->label,
                            &state->head.use.errors);

    check_scopes(arena, state, &input->scopes);

    state->days = input->days == DEALS_NULL_INT ? DEALS_TOKEN_DAYS
                                                : input->days;

    if (state->days < 1 || state->days > DEALS_TOKEN_DAYS_MAX) {
        deals_error_add(arena, &state->head.use.errors, DEALS_INVALID, "days",
                        "A token is good for 1 to %d days.",
                        DEALS_TOKEN_DAYS_MAX);
    }
}


/* -- making one ----------------------------------------------------------- */

static void
made(deals_call *call)
{
    token_state             *state = deals_call_state(call);
    const deals_token_info  *info = deals_use_row(state->query);

    if (info == NULL && state->asker != NULL
        && deals_use_row(state->asker) == NULL)
    {
        /* by a password that was changed meanwhile */
        deals_call_fail(call, DEALS_UNAUTHENTICATED, NULL,
                        "Your session has ended.");
        return;
    }

    if (deals_use_row(state->lock) == NULL) {
        deals_use_disabled(call);
        return;
    }

    if (info == NULL) {
        deals_call_finish(call, deals_error_make(deals_call_arena(call),
                              DEALS_CONFLICT, NULL,
                              "There are %d access tokens already. Please "
                              "revoke one that is not needed any more.",
                              DEALS_TOKENS_MAX));
        return;
    }

    state->result.token = state->token;
    state->result.info = *info;
    deals_call_finish(call, NULL);
}


/* Locked first, so that no token is made by a session that a new password ends
 * at the same time. */
static void
ask_token(deals_call *call, const deals_token_insert_params *p)
{
    deals_arena                *arena = deals_call_arena(call);
    token_state                *state = deals_call_state(call);
    deals_member_lock_params    lock = { .user_id = p->user_id };
    deals_token_asker_params    asker = { .user_id = p->user_id,
                                          .token_hash = p->asker_hash };

    state->lock = deals_q_member_lock(arena, &lock);
    deals_call_query(call, state->lock);

    if (p->asker_hash.data != NULL) {
        state->asker = deals_q_token_asker(arena, &asker);
        deals_call_query(call, state->asker);
    }

    state->query = deals_q_token_insert(arena, p);
    deals_call_query(call, state->query);
}


static void
make(deals_call *call)
{
    deals_arena                 *arena = deals_call_arena(call);
    deals_token                  token;
    token_state                 *state = deals_call_state(call);
    deals_token_insert_params    p;

    if (sodium_init() < 0) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "There is no source of random numbers.");
        return;
    }

    token.user_id = state->user_id;
    token.access = 1;
    randombytes_buf(token.secret, sizeof(token.secret));
    state->token = deals_token_make_access(arena, token.user_id,
                                           token.secret);

    memset(&p, 0, sizeof(p));
    p.user_id = token.user_id;
    p.token_hash = deals_token_hash(arena, &token);
    p.asker_hash = state->head.use.token_hash;
    p.label = state->label;
    p.scopes = state->scopes;
    p.now = deals_call_now(call);
    p.unseen = p.now - DEALS_SESSION_TOUCH;
    p.expires_at = p.now + state->days * DAY;
    p.most = DEALS_TOKENS_MAX;
    sodium_memzero(&token, sizeof(token));

    if (state->token.data == NULL || p.token_hash.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    ask_token(call, &p);
    deals_call_send(call, made);
}


static void
known(deals_call *call)
{
    deals_confirm(call, make);
}


/* A right to write is given away: who may not write has none. */
static void
start(deals_call *call)
{
    token_state  *state = deals_call_state(call);

    state->user_id = state->head.use.user_id;
    deals_confirm_given(deals_call_arena(call), state,
                        &state->head.use.errors);
    deals_use_member(call, DEALS_SCOPE_SESSION, known);
}


deals_call *
deals_token_create(deals_ctx *ctx, const deals_asker *asker,
    const deals_token_input *input, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_TOKEN, sizeof(token_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (deals_confirm_with(deals_call_arena(call), deals_call_state(call),
                           input->current)
        != 0)
    {
        return deals_use_drop(call);
    }

    check(deals_call_arena(call), deals_call_state(call), input);
    deals_call_start(call, start);

    return call;
}


deals_call *
deals_token_create_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_token_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_token_create(ctx, asker, input, NULL, NULL),
                           timeout_ms);
}


const deals_token_result *
deals_token_get(const deals_call *call)
{
    token_state  *state = deals_use_result(call, DEALS_USE_TOKEN);

    return state != NULL && state->token.data != NULL ? &state->result : NULL;
}


/* -- for the operator ----------------------------------------------------- */

static void
found(deals_call *call)
{
    token_state       *state = deals_call_state(call);
    const deals_user  *user = deals_use_row(state->member);

    if (user == NULL) {
        deals_call_fail(call, DEALS_NOT_FOUND, NULL,
                        "There is no member of that name.");
        return;
    }

    state->user_id = user->id;
    state->step(call);
}


static void
find(deals_call *call)
{
    token_state            *state = deals_call_state(call);
    deals_user_get_params   p = { 0 };

    if (state->head.use.errors != NULL) {
        deals_call_finish(call, state->head.use.errors);
        return;
    }

    p.name_key = state->name_key;
    state->member = deals_q_user_get(deals_call_arena(call), &p);
    deals_call_query(call, state->member);
    deals_call_send(call, found);
}


/* The call, not started yet. */
static deals_call *
begin(deals_ctx *ctx, deals_str name, deals_step step, deals_done done,
    void *data)
{
    deals_call   *call;
    token_state  *state;

    call = deals_use_new(ctx, DEALS_USE_TOKEN, sizeof(token_state), NULL, done,
                         data);
    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->step = step;
    state->name_key = deals_name_key(deals_call_arena(call), name);
    if (state->name_key.data == NULL) {
        return deals_use_drop(call);
    }

    return call;
}


static deals_call *
begun(deals_call *call)
{
    if (call != NULL) {
        deals_call_start(call, find);
    }

    return call;
}


deals_call *
deals_member_token(deals_ctx *ctx, deals_str name,
    const deals_token_input *input, deals_done done, void *data)
{
    deals_call  *call = begin(ctx, name, make, done, data);

    if (call != NULL) {
        check(deals_call_arena(call), deals_call_state(call), input);
    }

    return begun(call);
}


deals_call *
deals_member_token_wait(deals_ctx *ctx, deals_str name,
    const deals_token_input *input, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_token(ctx, name, input, NULL, NULL),
                           timeout_ms);
}


static void
done_with(deals_call *call)
{
    deals_call_finish(call, NULL);
}


static void
list(deals_call *call)
{
    token_state              *state = deals_call_state(call);
    deals_token_list_params   p = { 0 };

    p.user_id = state->user_id;
    p.now = deals_call_now(call);
    state->query = deals_q_token_list(deals_call_arena(call), &p);
    deals_call_query(call, state->query);
    deals_call_send(call, done_with);
}


deals_call *
deals_member_tokens(deals_ctx *ctx, deals_str name, deals_done done,
    void *data)
{
    return begun(begin(ctx, name, list, done, data));
}


deals_call *
deals_member_tokens_wait(deals_ctx *ctx, deals_str name, int64_t timeout_ms)
{
    return deals_call_wait(deals_member_tokens(ctx, name, NULL, NULL),
                           timeout_ms);
}


deals_list
deals_member_tokens_get(const deals_call *call)
{
    const token_state  *state = deals_use_result(call, DEALS_USE_TOKEN);

    if (state == NULL || state->step != list) {
        return (deals_list) { NULL, 0 };
    }

    return state->query->rows;
}


static void
ended(deals_call *call)
{
    token_state  *state = deals_call_state(call);

    (void) deals_session_ended(call, state->query, 1);
}


static void
end(deals_call *call)
{
    token_state                *state = deals_call_state(call);
    deals_session_end_params    p;

    memset(&p, 0, sizeof(p));
    p.user_id = state->user_id;
    p.id = state->id;
    p.access = 1;

    state->query = deals_session_ending(call, &p);
    deals_call_send(call, ended);
}


deals_call *
deals_member_token_end(deals_ctx *ctx, deals_str name, deals_str id,
    deals_done done, void *data)
{
    deals_call   *call = begin(ctx, name, end, done, data);
    token_state  *state;

    if (call == NULL) {
        return NULL;
    }

    state = deals_call_state(call);
    state->id = deals_session_id(deals_call_arena(call), id);

    return state->id.data != NULL ? begun(call) : deals_use_drop(call);
}


deals_call *
deals_member_token_end_wait(deals_ctx *ctx, deals_str name, deals_str id,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_member_token_end(ctx, name, id, NULL, NULL),
                           timeout_ms);
}
