/*
 * calls_no_memory_writes.c - memory runs out while somebody writes: it is done
 * wholly or not at all, and done once by whoever makes it again.
 */

#include "calls_no_memory.h"

#define KIM  (&kim.asker)

static int64_t  target;             /* what is changed or deleted */
static int      round_of;           /* each has another text, name, key */
static char     text_of[64];
static int64_t  before;

static deals_str
numbered(const char *what)
{
    snprintf(text_of, sizeof(text_of), "%s %d", what, round_of);

    return deals_str_of(text_of);
}

static void
another_round(void)
{
    round_of++;
}


/* -- deals ---------------------------------------------------------------- */

static deals_str          tags[] = { DEALS_STR("lego"), DEALS_STR("toys") };
static const deals_money  price = { 1999, DEALS_STR("USD"), { NULL, 0 } };

static deals_deal_input
everything(const char *title)
{
    deals_deal_input  in = { 0 };

    in.title = numbered(title);
    in.url = S("https://www.example.com/b");
    in.description = S("Some *words*.");
    in.price = &price;
    in.tags = (deals_list) { tags, 2 };
    in.starts_at = in.expires_at = DEALS_NULL_INT;

    return in;
}

/* With a key, so that it can be made again. */
static deals_call *
deal_create(deals_ctx *c, deals_done done, void *data)
{
    char              key[40];
    deals_asker       asker = kim.asker;
    deals_deal_input  in = everything("New");

    snprintf(key, sizeof(key), "key-%d", round_of);
    asker.idempotency_key = deals_str_of(key);

    return deals_deal_create(c, &asker, &in, done, data);
}

static deals_call *
deal_create_keyless(deals_ctx *c, deals_done done, void *data)
{
    deals_deal_input  in = everything("Keyless");

    return deals_deal_create(c, KIM, &in, done, data);
}

static void
holds_created(const deals_call *call)
{
    const deals_deal  *deal = deals_deal_result_get(call)->deal;

    assert_str(deal->title, text_of);
    assert_int_equal(deal->my_vote, 1);
    assert_str(deal->html, "<p>Some <em>words</em>.</p>\n");
    assert_int_equal(deal->tags.len, 2);
    assert_str(deal->merchant->name, "example.com");
    assert_str(deal->merchant->slug, "example-com");
}

static void
whole_deals(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM deals WHERE title = 'New %d'",
                             round_of), 1);
    assert_int_equal(sql_int("SELECT count(*) FROM deals d WHERE NOT EXISTS"
        " (SELECT FROM deal_stats s WHERE s.deal_id = d.deal_id)"
        " OR (d.deleted_at IS NULL AND NOT EXISTS (SELECT FROM votes v"
        " WHERE v.deal_id = d.deal_id))"), 0);
}

static void
prepare_deal(void)
{
    round_of++;
    target = deal_make(&kim, "Target");
}

static deals_call *
deal_update(deals_ctx *c, deals_done done, void *data)
{
    deals_deal_input  in = everything("Changed");

    return deals_deal_update(c, KIM, target, &in, 0x7f, done, data);
}

static void
holds_updated(const deals_call *call)
{
    assert_str(deals_deal_result_get(call)->deal->title, text_of);
    assert_int_equal(sql_int("SELECT count(*) FROM deal_tags WHERE deal_id ="
                             " %lld", (long long) target), 2);
}

static void
whole_update(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM deals d WHERE deal_id = %lld"
        " AND (title LIKE 'Changed%%') = (SELECT count(*) = 2 FROM deal_tags t"
        " WHERE t.deal_id = d.deal_id)", (long long) target), 1);
}

static deals_call *
deal_delete(deals_ctx *c, deals_done done, void *data)
{
    return deals_deal_delete(c, KIM, target, done, data);
}

static deals_call *
deal_hide(deals_ctx *c, deals_done done, void *data)
{
    return deals_deal_hide(c, &mod.asker, target, round_of % 2, done, data);
}

static void
holds_deleted(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT count(*) FROM deal_stats WHERE deal_id ="
                             " %lld AND live", (long long) target), 0);
}

static void
holds_hidden(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT live::int FROM deal_stats WHERE deal_id ="
                             " %lld", (long long) target), round_of % 2 == 0);
}

static void
prepare_hide(void)
{
    static int64_t  hidden;

    round_of++;
    if (hidden == 0) {
        hidden = deal_make(&kim, "Target");
    }
    target = hidden;
}


/* -- votes and comments --------------------------------------------------- */

static deals_call *
vote(deals_ctx *c, deals_done done, void *data)
{
    return deals_vote(c, &lee.asker, deal_id, 0, round_of % 3 - 1, done, data);
}

static deals_call *
comment_vote(deals_ctx *c, deals_done done, void *data)
{
    return deals_vote(c, &lee.asker, deal_id, comment_id, round_of % 3 - 1,
                      done, data);
}

static void
holds_vote(const deals_call *call)
{
    const deals_vote_result  *r = deals_vote_get(call);

    assert_int_equal(r->my_vote, round_of % 3 - 1);
    assert_int_equal(r->score, r->up - r->down);

    if (r->id == deal_id) {
        assert_int_equal(sql_int("SELECT value FROM votes WHERE deal_id = %lld"
                                 " AND user_id = %lld", (long long) deal_id,
                                 (long long) lee.id), r->my_vote);
    }
}

static deals_call *
comment_create(deals_ctx *c, deals_done done, void *data)
{
    char                 key[40];
    deals_asker          asker = lee.asker;
    deals_comment_input  in;

    snprintf(key, sizeof(key), "comment-%d", round_of);
    asker.idempotency_key = deals_str_of(key);
    in.body = numbered("Words");
    in.parent_id = DEALS_NULL_INT;

    return deals_comment_create(c, &asker, deal_id, &in, done, data);
}

static void
holds_comment(const deals_call *call)
{
    assert_str(deals_comment_get(call)->body, text_of);
    assert_str(deals_comment_get(call)->author->name, "lee");
}

static void
whole_comment(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM comments WHERE body ="
                             " 'Words %d'", round_of), 1);
}

static void
prepare_comment(void)
{
    round_of++;
    if (before == 0 || round_of % 50 == 0) {
        before = deal_make(&kim, "Full of talk");
    }
    target = comment_make(&lee, before, 0, "Target");
}

static deals_call *
comment_update(deals_ctx *c, deals_done done, void *data)
{
    return deals_comment_update(c, &lee.asker, deal_id, reply_id,
                                numbered("Said"), done, data);
}

static deals_call *
comment_delete(deals_ctx *c, deals_done done, void *data)
{
    return deals_comment_delete(c, &lee.asker, before, target, done, data);
}

static void
holds_no_comment(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT count(*) FROM comments WHERE comment_id ="
                             " %lld AND deleted_at IS NULL",
                             (long long) target), 0);
}


static const row  rows[] = {
    WRITE(deals_deal_create, another_round, deal_create, holds_created,
          DEALS_OK, whole_deals),
    WRITE_OF(deals_deal_create, "without a key", another_round,
             deal_create_keyless, holds_created, DEALS_OK, NULL),
    WRITE(deals_deal_update, prepare_deal, deal_update, holds_updated,
          DEALS_OK, whole_update),
    WRITE(deals_deal_delete, prepare_deal, deal_delete, holds_deleted,
          DEALS_NOT_FOUND, NULL),
    WRITE(deals_deal_hide, prepare_hide, deal_hide, holds_hidden, DEALS_OK,
          NULL),
    WRITE(deals_vote, another_round, vote, holds_vote, DEALS_OK, NULL),
    WRITE_OF(deals_vote, "for a comment", another_round, comment_vote,
             holds_vote, DEALS_OK, NULL),
    WRITE(deals_comment_create, another_round, comment_create, holds_comment,
          DEALS_OK, whole_comment),
    WRITE(deals_comment_update, another_round, comment_update, holds_comment,
          DEALS_OK, NULL),
    WRITE(deals_comment_delete, prepare_comment, comment_delete,
          holds_no_comment, DEALS_NOT_FOUND, NULL),
};

CALLS_NO_MEMORY_RUN("calls_no_memory_writes", rows)
