/*
 * calls/use_viewer.c - who asks: the member behind the token that came, as the
 * context knew or the database says, and what that token may. See calls/use.h.
 */

#include <string.h>

#include "core/token.h"
#include "stmts.h"
#include "calls/use.h"


static deals_viewer *
record_of(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    return use->printed
           ? deals_viewer_find(deals_call_ctx(call), &use->print) : NULL;
}


/* A token that the context has seen before need not be taken apart. */
int
deals_use_token(deals_call *call, deals_str text)
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


/* Whoever lacks a scope is nobody here. 0, or -1. */
static int
admit(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    if (use->viewer == NULL) {
        return 0;
    }

    use->lacks = deals_viewer_lacks(use->viewer, use->needs);

    if (use->lacks == 0) {
        deals_use_demand(call, use->viewer->role,
                         use->viewer->scopes != DEALS_NULL_INT,
                         use->viewer->has_factor);
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

    rc = admit(call);
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
        return admit(call);
    }

    record = record_of(call);

    if (record == NULL || deals_viewer_is(record) == DEALS_VIEWER_GONE) {
        return -1;
    }

    use->viewer = deals_viewer_copy(deals_call_arena(call), &record->me);

    return use->viewer != NULL ? admit(call) : -1;
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

    if (use->owes == DEALS_OWES_WRITES && !use->account) {
        deals_use_owing(call);
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


void
deals_use_account(deals_call *call, deals_step step)
{
    deals_use  *use = deals_call_state(call);

    use->account = 1;
    deals_use_member(call, DEALS_SCOPE_SESSION, step);
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
