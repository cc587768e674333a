/*
 * calls_no_memory_reads.c - memory runs out while somebody reads.
 */

#include "calls_no_memory.h"

#define KIM  (&kim.asker)

/* A row's `submit`: the call with these arguments. */
#define SUBMIT(name, call, ...)                                               \
    static deals_call *                                                       \
    name(deals_ctx *c, deals_done done, void *data)                           \
    {                                                                         \
        return call(c, __VA_ARGS__, done, data);                              \
    }


/* -- lists ---------------------------------------------------------------- */

static const deals_feed_params  hot = { .sort = DEALS_HOT, .until = 1 };
static const deals_feed_params  newest = { .sort = DEALS_NEW };
static const deals_feed_params  top = { .sort = DEALS_TOP };
static const deals_feed_params  tag = { .sort = DEALS_BY_TAG,
                                        .key = DEALS_STR("lego") };
static const deals_feed_params  shop = { .sort = DEALS_BY_MERCHANT,
                                         .key = DEALS_STR("example-com") };
static const deals_feed_params  user = { .sort = DEALS_BY_USER,
                                         .key = DEALS_STR("kim") };
static deals_feed_params        second;

SUBMIT(feed_hot, deals_feed, KIM, &hot)
SUBMIT(feed_new, deals_feed, KIM, &newest)
SUBMIT(feed_top, deals_feed, KIM, &top)
SUBMIT(feed_tag, deals_feed, KIM, &tag)
SUBMIT(feed_merchant, deals_feed, KIM, &shop)
SUBMIT(feed_user, deals_feed, KIM, &user)
SUBMIT(feed_second, deals_feed, KIM, &second)

static void
holds_feed(const deals_call *call)
{
    const deals_card         *card;
    const deals_feed_result  *r = deals_feed_get(call);

    assert_int_equal(r->deals.len, 25);
    assert_true(r->next.len > 0);
    card = r->deals.items;
    assert_str(card->merchant->name, "example.com");
    assert_str(card->price->text, "$19.99");
    assert_str(card->host, "example.com");
    assert_str(card->slug, "a-deal-with-everything");
    assert_int_equal(card->tags.len, 2);
    assert_str(deals_call_viewer(call)->name, "kim");
}

static void
second_page(void)
{
    deals_call   *call;
    static char   text[400];

    call = OK(await(deals_feed(dry, KIM, &hot, NULL, NULL)));
    snprintf(text, sizeof(text), "%.*s", (int) deals_feed_get(call)->next.len,
             deals_feed_get(call)->next.data);
    deals_call_free(call);
    second = hot;
    second.cursor = deals_str_of(text);
}

static void
holds_second(const deals_call *call)
{
    assert_int_equal(deals_feed_get(call)->deals.len, 5);
}


/* -- a deal and its comments ---------------------------------------------- */

static deals_deal_params  with_comments = { .comments = 1 };

SUBMIT(deal_get, deals_deal_get, KIM, &with_comments)
SUBMIT(comments, deals_comments, KIM, deal_id, 10, DEALS_NONE)
SUBMIT(comment_one, deals_comment_one, KIM, deal_id, comment_id)

static void
prepare_deal(void)
{
    with_comments.id = deal_id;
}

static void
holds_deal(const deals_call *call)
{
    const deals_deal         *deal;
    const deals_comment      *root;
    const deals_deal_result  *r = deals_deal_result_get(call);

    deal = r->deal;
    assert_int_equal(deal->id, deal_id);
    assert_int_equal(deal->score, 2);
    assert_int_equal(deal->my_vote, 1);
    assert_int_equal(r->comments.len, 2);
    assert_int_equal(r->threads.len, 1);
    root = r->threads.items;
    assert_int_equal(root->replies.len, 1);
    assert_str(root->author->name, "kim");
}

static void
holds_comments(const deals_call *call)
{
    const deals_comment  *all = deals_comments_get(call)->comments.items;

    assert_int_equal(deals_comments_get(call)->comments.len, 2);
    assert_str(all[0].body, "First");
    assert_str(all[1].body, "Second");
}

static void
holds_comment(const deals_call *call)
{
    assert_str(deals_comment_get(call)->body, "First");
}


/* -- members -------------------------------------------------------------- */

static deals_vote_key  keys[3];

SUBMIT(whoami, deals_whoami, KIM)
SUBMIT(user_get, deals_user_get, KIM, S("LEE"))
SUBMIT(sessions, deals_sessions, KIM)
SUBMIT(overlay, deals_overlay, KIM, keys, 3)
SUBMIT(member_list, deals_member_list, DEALS_NONE)

static void
holds_me(const deals_call *call)
{
    assert_str(deals_call_viewer(call)->name, "kim");
    assert_str(deals_call_viewer(call)->role, "member");
}

static void
holds_user(const deals_call *call)
{
    assert_str(deals_user_result(call)->name, "lee");
}

static void
holds_sessions(const deals_call *call)
{
    assert_int_equal(deals_sessions_get(call)->sessions.len, 1);
}

static void
prepare_overlay(void)
{
    keys[0] = (deals_vote_key) { deal_id, 0 };
    keys[1] = (deals_vote_key) { deal_id, comment_id };
    keys[2] = (deals_vote_key) { deal_id, reply_id };
}

/* What is told may be kept: it is right, also when it is asked for again. */
static void
holds_overlay(const deals_call *call)
{
    const int8_t  *votes = deals_overlay_votes(call);

    assert_str(deals_call_viewer(call)->name, "kim");
    assert_int_equal(votes[0], 1);
    assert_int_equal(votes[2], 0);
}

static void
holds_list(const deals_call *call)
{
    assert_int_equal(deals_member_list_get(call).len, 3);
}

/* Never asks anybody, and keeps nothing: it tells less, or the same. */
static void
known_or_not(void)
{
    int8_t               votes[3];
    const deals_viewer  *viewer;

    prepare_overlay();
    arm(1);
    if (deals_viewer_known(dry, KIM, &viewer) == DEALS_KNOWN) {
        assert_str(deals_viewer_me(viewer)->name, "kim");
        if (deals_viewer_votes(viewer, keys, 3, votes) == DEALS_KNOWN) {
            assert_int_equal(votes[0], 1);
            assert_int_equal(votes[2], 0);
        }
    }
    disarm();
}


static const row  rows[] = {
    ROW_OF(deals_feed, "hot", NULL, feed_hot, holds_feed),
    ROW_OF(deals_feed, "second page", second_page, feed_second, holds_second),
    ROW_OF(deals_feed, "new", NULL, feed_new, holds_feed),
    ROW_OF(deals_feed, "top", NULL, feed_top, holds_feed),
    ROW_OF(deals_feed, "tag", NULL, feed_tag, holds_feed),
    ROW_OF(deals_feed, "merchant", NULL, feed_merchant, holds_feed),
    ROW_OF(deals_feed, "user", NULL, feed_user, holds_feed),
    ROW(deals_deal_get, prepare_deal, deal_get, holds_deal),
    ROW(deals_comments, NULL, comments, holds_comments),
    ROW(deals_comment_one, NULL, comment_one, holds_comment),
    ROW(deals_whoami, NULL, whoami, holds_me),
    ROW(deals_user_get, NULL, user_get, holds_user),
    ROW(deals_sessions, NULL, sessions, holds_sessions),
    ROW(deals_overlay, prepare_overlay, overlay, holds_overlay),
    ROW_OF(deals_overlay, "kept", known_or_not, overlay, holds_overlay),
    ROW(deals_member_list, NULL, member_list, holds_list),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_reads", rows)
