/*
 * calls/use.c - what all use cases share. See calls/use.h.
 */

#include <arpa/inet.h>
#include <string.h>

#include "base/error.h"
#include "core/device.h"
#include "core/token.h"
#include "stmts.h"
#include "calls/use.h"

#define LIMIT_WINDOW  60            /* seconds */
#define AGENT_MAX     300           /* bytes of a user agent worth keeping */


deals_call *
deals_use_drop(deals_call *call)
{
    deals_call_free(call);
    return NULL;
}


/* 0, or -1: no memory. */
static int
copy(deals_arena *arena, deals_str *to, deals_str from, size_t max)
{
    if (from.data == NULL) {
        *to = DEALS_NONE;
        return 0;
    }

    if (from.len > max) {
        from.len = max;
    }

    *to = deals_arena_copy(arena, from);

    return to->data == NULL ? -1 : 0;
}


deals_str
deals_use_text(deals_arena *arena, deals_str text)
{
    return deals_arena_copy(arena, text.data != NULL ? text : DEALS_STR(""));
}


/* PostgreSQL takes valid UTF-8 without NUL; what a client calls itself is any
 * bytes. */
static void
printable(deals_str s)
{
    char    *p = (char *) s.data;
    size_t   i;

    for (i = 0; i < s.len; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            p[i] = '?';
        }
    }
}


static deals_viewer *
record_of(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    return use->printed
           ? deals_viewer_find(deals_call_ctx(call), &use->print) : NULL;
}


/* A token that the context has seen before need not be taken apart. 0, or -1: no
 * memory. */
static int
take_token(deals_call *call, deals_str text)
{
    int            access;
    deals_use     *use = deals_call_state(call);
    deals_arena   *arena = deals_call_arena(call);
    deals_token    token;
    deals_viewer  *record;

    use->token = 1;
    use->printed = deals_viewer_print(deals_call_ctx(call), text, &use->print)
                   == 0;
    record = record_of(call);

    if (record != NULL) {
        access = record->me.scopes != DEALS_NULL_INT;
        use->user_id = record->reading.user_id;
        use->token_hash = deals_arena_copy(arena,
                          (deals_str) { record->token_hash, DEALS_TOKEN_HASH });

    } else if (deals_token_parse(text, &token) == 0) {
        access = token.access;
        use->user_id = token.user_id;
        use->token_hash = deals_token_hash(arena, &token);

    } else {
        return 0;
    }

    if (access && use->needs == 0) {
        return 0;
    }

    use->token = 2;

    return use->token_hash.data == NULL ? -1 : 0;
}


deals_call *
deals_use_new(deals_ctx *ctx, deals_use_kind kind, size_t state_size,
    const deals_asker *asker, deals_done done, void *data)
{
    deals_use    *use;
    deals_call   *call;
    deals_arena  *arena;

    call = deals_call_new(ctx, state_size, done, data);
    if (call == NULL) {
        return NULL;
    }

    use = deals_call_state(call);
    use->kind = kind;
    arena = deals_call_arena(call);

    if (asker == NULL) {
        return call;
    }

    use->strict = asker->strict != 0;
    use->data_only = asker->data_only != 0;
    use->needs = asker->needs;

    if (copy(arena, &use->address, asker->address, 100) < 0
        || copy(arena, &use->user_agent, asker->user_agent, AGENT_MAX) < 0
        || (asker->device.len <= DEALS_DEVICE_MAX
            && copy(arena, &use->device, asker->device, DEALS_DEVICE_MAX) < 0))
    {
        return deals_use_drop(call);
    }

    printable(use->address);
    printable(use->user_agent);

    if (asker->token.data == NULL) {
        return call;
    }

    return take_token(call, asker->token) == 0 ? call : deals_use_drop(call);
}


/* What is needed of an access token, if one is good here at all. */
static void
need(deals_use *use, int scope)
{
    if (use->needs != 0) {
        use->needs |= scope;
    }
}


static void
ask(deals_call *call)
{
    deals_use             *use = deals_call_state(call);
    deals_viewer          *record;
    deals_session_params   p;

    if (use->token != 2) {
        return;
    }

    record = record_of(call);

    if (record != NULL && deals_viewer_is(record) == DEALS_VIEWER_GOOD) {
        use->viewer = deals_viewer_copy(deals_call_arena(call), &record->me);

        if (use->viewer == NULL) {
            deals_call_query(call, NULL);
        }

        return;
    }

    deals_reading_begin(deals_call_ctx(call), DEALS_CHANGE_MEMBER,
                        use->user_id, &use->reading);

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;
    p.now = deals_call_now(call);
    p.idle_since = p.now - DEALS_SESSION_IDLE;

    use->session = deals_q_session(deals_call_arena(call), &p);
    deals_call_query(call, use->session);
}


void
deals_use_ask(deals_call *call)
{
    need(deals_call_state(call), DEALS_SCOPE_READ);
    ask(call);
}


/* What the session's query answered. That a token is bad is not kept. */
static void
take_session(deals_call *call)
{
    deals_ctx  *ctx = deals_call_ctx(call);
    deals_use  *use = deals_call_state(call);

    use->viewer = deals_use_row(use->session);

    if (!use->printed) {
        return;
    }

    if (use->viewer != NULL) {
        deals_viewer_keep(ctx, &use->print, use->token_hash, use->viewer,
                          &use->reading);

    } else {
        deals_viewer_forget(ctx, &use->print);
    }
}


/* Whoever lacks something is nobody here. 0, or -1. */
static int
admit(deals_use *use)
{
    if (use->viewer == NULL) {
        return 0;
    }

    use->lacks = deals_viewer_lacks(use->viewer, use->needs);

    if (use->lacks == 0) {
        return 0;
    }

    use->viewer = NULL;

    return -1;
}


static void
refuse(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    if (use->lacks & DEALS_SCOPE_SESSION) {
        deals_call_fail(call, DEALS_FORBIDDEN, NULL,
                        "No access token may do this. Sign in for it.");
        return;
    }

    deals_call_fail(call, DEALS_FORBIDDEN, NULL,
                    use->lacks & DEALS_SCOPE_READ
                    ? "This access token lacks the scope \"read\"."
                    : use->lacks & DEALS_SCOPE_VOTE
                    ? "This access token lacks the scope \"vote\"."
                    : "This access token lacks the scope \"write\".");
}


int
deals_use_answer(deals_call *call)
{
    int         rc;
    deals_use  *use = deals_call_state(call);

    if (use->token == 0) {
        if (use->required) {
            deals_call_fail(call, DEALS_UNAUTHENTICATED, NULL,
                            "Please sign in.");
            return -1;
        }

        return 0;
    }

    if (use->session != NULL) {
        take_session(call);
    }

    rc = admit(use);
    use->viewer_bad = use->viewer == NULL;

    if (rc < 0 && use->strict) {
        refuse(call);
        return -1;
    }

    if (use->viewer_bad && use->strict) {
        deals_call_fail(call, DEALS_UNAUTHENTICATED, NULL,
                        "This session has ended. Please sign in again.");
        return -1;
    }

    return 0;
}


int
deals_use_old(deals_call *call)
{
    deals_use     *use = deals_call_state(call);
    deals_viewer  *record;

    if (use->viewer != NULL || use->token == 0) {
        return admit(use);
    }

    record = record_of(call);

    if (record == NULL || deals_viewer_is(record) == DEALS_VIEWER_GONE) {
        return -1;
    }

    use->viewer = deals_viewer_copy(deals_call_arena(call), &record->me);

    return use->viewer != NULL ? admit(use) : -1;
}


int
deals_use_touch(deals_call *call)
{
    deals_use                   *use = deals_call_state(call);
    deals_viewer                *record;
    deals_session_touch_params   p;

    if (use->viewer == NULL
        || use->viewer->seen_at > deals_call_now(call) - DEALS_SESSION_TOUCH
        || deals_call_read_only(call))
    {
        return 0;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;
    p.now = deals_call_now(call);
    p.before = p.now - DEALS_SESSION_TOUCH;

    deals_call_query(call, deals_q_session_touch(deals_call_arena(call), &p));

    /* Should the write fail, the next reading says so. */
    record = record_of(call);
    if (record != NULL) {
        record->me.seen_at = p.now;
    }

    return 1;
}


static void
member_found(deals_call *call)
{
    deals_use   *use = deals_call_state(call);
    deals_step   next = use->next;

    if (deals_use_answer(call) < 0) {
        return;
    }

    if (use->errors != NULL) {
        deals_call_finish(call, use->errors);
        return;
    }

    next(call);
}


void
deals_use_member(deals_call *call, int scope, deals_step step)
{
    deals_use  *use = deals_call_state(call);

    use->strict = 1;
    use->required = 1;
    use->next = step;
    need(use, scope);

    if (use->token != 2) {
        (void) deals_use_answer(call);
        return;
    }

    ask(call);
    deals_call_send(call, member_found);
}


static void
counted(deals_call *call)
{
    deals_use    *use = deals_call_state(call);
    deals_step    next = use->next;
    deals_error  *error;

    if (use->count <= use->limit) {
        next(call);
        return;
    }

    error = deals_arena_alloc(deals_call_arena(call), sizeof(*error));
    if (error == NULL) {
        deals_use_no_memory(call);
        return;
    }

    error->code = DEALS_RATE_LIMITED;
    error->message = DEALS_STR("That is too often. Please wait a minute.");
    error->retry_after = LIMIT_WINDOW
                         - (int) (deals_call_now(call) % LIMIT_WINDOW);

    deals_call_finish(call, error);
}


void
deals_use_limit(deals_call *call, const char *what, deals_str key, int limit,
    deals_step step)
{
    char       *text;
    deals_use  *use = deals_call_state(call);

    if (limit < 0) {
        step(call);
        return;
    }

    text = deals_arena_printf(deals_call_arena(call), "%s:%.*s", what,
                              (int) key.len, key.data ? key.data : "");
    if (text == NULL) {
        deals_use_no_memory(call);
        return;
    }

    use->next = step;
    use->limit = limit;
    deals_call_count(call, deals_str_of(text), LIMIT_WINDOW, &use->count,
                     counted);
}


/* Whoever has one IPv6 address has 2^64 of them: the network counts. */
deals_str
deals_use_network(deals_arena *arena, const deals_use *use)
{
    deals_str        address = use->address;
    char             text[INET6_ADDRSTRLEN];
    struct in6_addr  in6;

    if (address.len == 0 || address.len >= sizeof(text)) {
        return address;
    }

    memcpy(text, address.data, address.len);
    text[address.len] = '\0';

    if (inet_pton(AF_INET6, text, &in6) != 1) {
        return address;
    }

    if (IN6_IS_ADDR_V4MAPPED(&in6)) {
        (void) inet_ntop(AF_INET, &in6.s6_addr[12], text, sizeof(text));

    } else {
        memset(&in6.s6_addr[8], 0, 8);
        (void) inet_ntop(AF_INET6, &in6, text, sizeof(text));
    }

    return deals_arena_copy(arena, deals_str_of(text));
}


void
deals_use_limit_address(deals_call *call, const char *what, int limit,
    deals_step step)
{
    deals_use  *use = deals_call_state(call);

    deals_use_limit(call, what,
                    deals_use_network(deals_call_arena(call), use), limit,
                    step);
}


void
deals_use_limit_member(deals_call *call, const char *what, int limit,
    deals_step step)
{
    char       *text;
    deals_use  *use = deals_call_state(call);

    text = deals_arena_printf(deals_call_arena(call), "%lld",
                              (long long) use->user_id);
    if (text == NULL) {
        deals_use_no_memory(call);
        return;
    }

    deals_use_limit(call, what, deals_str_of(text), limit, step);
}


int
deals_use_is_moderator(const deals_use *use)
{
    return use->viewer != NULL
           && use->viewer->scopes == DEALS_NULL_INT
           && (deals_str_eq(use->viewer->role, DEALS_STR("moderator"))
               || deals_str_eq(use->viewer->role, DEALS_STR("admin")));
}


void *
deals_use_result(const deals_call *call, deals_use_kind kind)
{
    deals_use  *use;

    if (call == NULL || !deals_call_is_done(call)
        || deals_call_error(call) != NULL)
    {
        return NULL;
    }

    use = deals_call_state((deals_call *) call);

    return use->kind == kind ? use : NULL;
}


void
deals_use_no_memory(deals_call *call)
{
    deals_call_finish(call, &deals_error_no_memory);
}


void
deals_use_disabled(deals_call *call)
{
    deals_call_fail(call, DEALS_CONFLICT, NULL,
                    "This member is disabled: enable the account first.");
}


const void *
deals_use_row(const deals_query *query)
{
    return query->rows.len > 0 ? query->rows.items : NULL;
}


/* A session looked up with bad credentials and then refused is still told
 * about by these: the host clears the cookie. */
const deals_me *
deals_call_viewer(const deals_call *call)
{
    const deals_use  *use = deals_call_state((deals_call *) call);

    return use->viewer;
}


int
deals_call_viewer_bad(const deals_call *call)
{
    const deals_use  *use = deals_call_state((deals_call *) call);

    return use->viewer_bad;
}


int
deals_call_lacks(const deals_call *call)
{
    const deals_use  *use = deals_call_state((deals_call *) call);

    return use->lacks;
}
