/*
 * calls_tokens.c - access tokens: what the calls let them do, whatever a host
 * says that they need and whatever a context knows of them.
 */

#include "calls_viewer.h"

#include <deals/members.h>

static member   ann, bob;
static int64_t  deal;

static void
community(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "moderator");
    deal = deal_make(&ann, "A deal");
    cast(ctx, &ann, deal, 0, -1);
}

static deals_token_input
input_of(const char *label, const char *scope, const char *more)
{
    static deals_str   words[2];
    deals_token_input  in = { .label = deals_str_of(label) };

    words[0] = deals_str_of(scope);
    words[1] = deals_str_of(more);
    in.scopes = (deals_list) { words, more != NULL ? 2 : 1 };
    in.days = DEALS_NULL_INT;
    in.current = S("password of ann");

    return in;
}

/* Whoever asks with a token of the member's. */
static void
token_make(member *m, const member *of, const char *scope, const char *more,
    int needs)
{
    deals_call         *call;
    deals_token_input   in = input_of("A program", scope, more);

    in.current = of->id == bob.id ? S("password of bob") : in.current;
    call = OK(deals_token_create_wait(ctx, &of->asker, &in, TIMEOUT));
    *m = *of;
    snprintf(m->token, sizeof(m->token), "%.*s",
             (int) deals_token_get(call)->token.len,
             deals_token_get(call)->token.data);
    m->asker.token = deals_str_of(m->token);
    m->asker.needs = needs;
    deals_call_free(call);
}

static int
lacks(deals_call *call, deals_code code)
{
    int  n;

    assert_non_null(deals_call_error(call));
    assert_int_equal(deals_call_error(call)->code, code);
    assert_null(deals_call_viewer(call));
    assert_int_equal(deals_call_viewer_bad(call), 1);
    n = deals_call_lacks(call);
    deals_call_free(call);

    return n;
}

#define LACKS(call, scope)                                                    \
    assert_int_equal(lacks((call), DEALS_FORBIDDEN), DEALS_SCOPE_##scope)

/* The host asks for little: each call says what it needs itself. */
static void
test_calls(void **state)
{
    int              needs;
    member           m;
    deals_call      *call;
    deals_ctx       *on;
    deals_asker     *it = &m.asker;
    deals_comment_input  words = { S("Words"), DEALS_NULL_INT };
    deals_token_input    in = input_of("x", "read", NULL);
    deals_confirm_input  sure = { S("password of ann") };
    deals_password_input password = { S("password of ann"), S("a new one!") };

    (void) state;
    community();

    for (needs = 0; needs < 2; needs++) {
        on = needs ? a : ctx;                   /* that keeps it, or not */
        token_make(&m, &ann, "read", NULL, DEALS_SCOPE_ANY);
        m.asker.strict = 1;
        assert_string_equal(whoami(on, &m), "member");
        LACKS(deals_vote_wait(on, it, deal, 0, 1, TIMEOUT), VOTE);
        LACKS(deals_comment_create_wait(on, it, deal, &words, TIMEOUT),
              WRITE);
        LACKS(deals_deal_delete_wait(on, it, deal, TIMEOUT), WRITE);
        LACKS(deals_deal_hide_wait(on, it, deal, 1, TIMEOUT), SESSION);
        LACKS(deals_sessions_wait(on, it, TIMEOUT), SESSION);
        LACKS(deals_session_end_others_wait(on, it, &sure, TIMEOUT),
              SESSION);
        LACKS(deals_session_end_wait(on, it, S("x"), &sure, TIMEOUT),
              SESSION);
        LACKS(deals_token_end_wait(on, it, S("x"), TIMEOUT), SESSION);
        LACKS(deals_token_create_wait(on, it, &in, TIMEOUT), SESSION);
        LACKS(deals_password_change_wait(on, it, &password, TIMEOUT),
              SESSION);

        /* what the host needs besides */
        m.asker.needs = DEALS_SCOPE_READ | DEALS_SCOPE_VOTE;
        LACKS(deals_whoami_wait(on, it, TIMEOUT), VOTE);

        token_make(&m, &ann, "vote", "write", DEALS_SCOPE_ANY);
        m.asker.strict = 1;
        LACKS(deals_whoami_wait(on, it, TIMEOUT), READ);
        LACKS(deals_comments_wait(on, it, deal, 0, DEALS_NONE, TIMEOUT), READ);
        LACKS(deals_user_get_wait(on, it, S("ann"), TIMEOUT), READ);
        cast(on, &m, deal, 0, 1);
        call = OK(deals_comment_create_wait(on, it, deal, &words, TIMEOUT));
        assert_str(deals_comment_get(call)->author->name, "ann");
        deals_call_free(call);
        cast(on, &ann, deal, 0, -1);
    }
}

/* Where a host takes none, as in a cookie, it is nobody's. */
static void
test_not_here(void **state)
{
    member  m;

    (void) state;
    community();
    token_make(&m, &ann, "read", "vote", DEALS_SCOPE_READ);
    assert_string_equal(whoami(a, &m), "member");
    assert_true(knows(a, &m));

    m.asker.needs = 0;
    assert_false(knows(a, &m));
    assert_string_equal(whoami(a, &m), "");
    assert_int_equal(vote_of(a, &m, deal, 0), 0);
    assert_string_equal(seen, "");
    FAILS(deals_vote_wait(a, &m.asker, deal, 0, 1, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    m.asker.strict = 1;
    FAILS(deals_whoami_wait(a, &m.asker, TIMEOUT), DEALS_UNAUTHENTICATED,
          NULL);
}

/* What a context knows of the member, or of the token, opens nothing. */
static void
test_known(void **state)
{
    member           m;
    deals_call      *call;
    deals_vote_key   key = { 0, 0 };
    deals_feed_params         p = { .sort = DEALS_NEW };
    const deals_card         *card;

    (void) state;
    community();
    key.deal_id = deal;
    token_make(&m, &ann, "vote", NULL, DEALS_SCOPE_ANY);
    assert_int_equal(vote_of(a, &ann, deal, 0), -1);
    cast(a, &m, deal, 0, -1);
    assert_true(knows(a, &ann));
    assert_false(knows(a, &m));                 /* not to read */

    /* not strict: a stranger, without the member's votes */
    assert_int_equal(vote_of(a, &m, deal, 0), 0);
    assert_string_equal(seen, "");
    call = OK(deals_feed_wait(a, &m.asker, &p, TIMEOUT));
    card = deals_feed_get(call)->deals.items;
    assert_int_equal(card->my_vote, 0);
    assert_int_equal(deals_call_lacks(call), DEALS_SCOPE_READ);
    deals_call_free(call);

    m.asker.strict = 1;
    LACKS(deals_overlay_wait(a, &m.asker, &key, 1, TIMEOUT), READ);
}

/* It has an end of its own, and no other. */
static void
test_end(void **state)
{
    member  m;

    (void) state;
    community();
    token_make(&m, &ann, "read", NULL, DEALS_SCOPE_READ);
    ahead = 20 * 86400 * S_;
    assert_string_equal(whoami(a, &ann), "");
    assert_string_equal(whoami(a, &m), "member");
    ahead = 89 * 86400 * S_;
    assert_string_equal(whoami(a, &m), "member");
    assert_true(knows(a, &m));
    ahead = 90 * 86400 * S_ + MIN_;
    assert_false(knows(a, &m));
    assert_string_equal(whoami(a, &m), "");
}

/* A moderator's is a member's. */
static void
test_moderator(void **state)
{
    member  m;

    (void) state;
    community();
    token_make(&m, &bob, "write", "read", DEALS_SCOPE_READ);
    assert_string_equal(whoami(a, &m), "moderator");
    FAILS(deals_deal_delete_wait(a, &m.asker, deal, TIMEOUT), DEALS_FORBIDDEN,
          NULL);
    deals_call_free(OK(deals_deal_delete_wait(a, &bob.asker, deal, TIMEOUT)));
}

/* The last test: the database does not come back. */
static void
test_away(void **state)
{
    member           reads, votes;
    deals_call      *call;
    deals_vote_key   key = { 0, 0 };

    (void) state;
    community();
    key.deal_id = deal;
    token_make(&reads, &ann, "read", NULL, DEALS_SCOPE_ANY);
    token_make(&votes, &ann, "vote", NULL, DEALS_SCOPE_ANY);
    assert_int_equal(vote_of(a, &reads, deal, 0), -1);
    cast(a, &votes, deal, 0, 1);
    assert_int_equal(vote_of(a, &reads, deal, 0), 1);

    server_stop(&postgres_pid, SIGQUIT);

    for (ahead = 0; ahead < 30 * S_; ahead += 20 * S_) {    /* good, old */
        assert_int_equal(vote_of(a, &reads, deal, 0), 1);
        call = deals_overlay_wait(a, &votes.asker, &key, 1, TIMEOUT);
        assert_true(deals_call_error(call) != NULL
                    || deals_overlay_votes(call)[0] == 0);
        assert_null(deals_call_viewer(call));
        deals_call_free(call);
        call = deals_whoami_wait(a, &votes.asker, TIMEOUT);
        assert_null(deals_call_viewer(call));
        deals_call_free(call);
    }
}

static const struct CMUnitTest  tests[] = {
    NODE_TEST(test_calls),
    NODE_TEST(test_not_here),
    NODE_TEST(test_known),
    NODE_TEST(test_end),
    NODE_TEST(test_moderator),
    NODE_TEST(test_away),
};

NODE_RUN("access tokens", tests)
