/*
 * calls_present.c - rows as they are shown: what the viewer and the moment
 * make of them.
 */

#include "base_check.h"

#include "calls/present.h"

#define NOW  INT64_C(1700000000)

static deals_card
card(void)
{
    deals_card  c;

    memset(&c, 0, sizeof(c));
    c.title = S("A deal");
    c.created_at = NOW - 7200;
    c.starts_at = DEALS_NULL_INT;
    c.expires_at = DEALS_NULL_INT;

    return c;
}

static void
show(deals_card *c, const deals_me *viewer)
{
    deals_present  how = { arena, NOW, viewer, 0, 0 };

    assert_int_equal(deals_present_card(&how, c, 0), 0);
}

static void
test_status(void **state)
{
    size_t      i;
    deals_card  c;
    static const struct {
        int64_t      starts, expires;
        const char  *status, *ends;
    } cases[] = {
        { DEALS_NULL_INT, DEALS_NULL_INT, "active", NULL },
        { NOW, DEALS_NULL_INT, "active", NULL },
        { NOW - 1, NOW + 1, "active", "ends in a moment" },
        { NOW + 1, DEALS_NULL_INT, "upcoming", "starts in a moment" },
        { NOW + 7200, NOW + 9000, "upcoming", "starts in 2 hours" },
        { DEALS_NULL_INT, NOW + 2 * 86400, "active", "ends in 2 days" },
        { DEALS_NULL_INT, NOW, "expired", "ended just now" },
        { NOW - 9000, NOW - 7200, "expired", "ended 2 hours ago" }
    };

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = card();
        c.starts_at = cases[i].starts;
        c.expires_at = cases[i].expires;
        show(&c, NULL);
        assert_str(c.status, cases[i].status);
        assert_str(c.ends, cases[i].ends);
        assert_int_equal(c.is_expired, !strcmp(cases[i].status, "expired"));
        assert_int_equal(c.is_upcoming, !strcmp(cases[i].status, "upcoming"));
        assert_str(c.age, "2 hours ago");
    }
}

static void
test_heat(void **state)
{
    size_t      i;
    deals_card  c;
    static const struct {
        int64_t      score;
        const char  *heat;
    } cases[] = {
        { INT64_MAX, "hot" }, { 30, "hot" }, { 29, "warm" }, { 10, "warm" },
        { 9, "cool" }, { 0, "cool" }, { -1, "cold" }, { INT64_MIN, "cold" }
    };

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = card();
        c.score = cases[i].score;
        show(&c, NULL);
        assert_str(c.heat, cases[i].heat);
    }
}

static void
test_money(void **state)
{
    deals_card   c = card();
    deals_money  price = { 1999, S("USD"), DEALS_NONE };
    deals_money  list_price = { 2999, S("USD"), DEALS_NONE };

    (void) state;
    show(&c, NULL);
    assert_null(c.saving.data);

    c.price = &price;
    show(&c, NULL);
    assert_str(c.price->text, "$19.99");
    assert_null(c.saving.data);

    c.list_price = &list_price;
    show(&c, NULL);
    assert_str(c.list_price->text, "$29.99");
    assert_str(c.saving, "33%");

    list_price.amount = 1999;
    c.saving = DEALS_NONE;
    show(&c, NULL);
    assert_null(c.saving.data);
}

static void
test_own(void **state)
{
    deals_me           kim = { .id = 1, .name = S("kim") };
    deals_card         c = card();
    deals_card_author  author = { S("kim"), 1 };

    (void) state;
    show(&c, &kim);
    assert_int_equal(c.own, 0);
    c.author = &author;
    show(&c, &kim);
    assert_int_equal(c.own, 1);
    show(&c, NULL);
    assert_int_equal(c.own, 0);
    author.member = 0;
    show(&c, &kim);
    assert_int_equal(c.own, 0);
}

static void
test_comment(void **state)
{
    int                i;
    deals_me           kim = { .id = 1, .name = S("kim") };
    deals_comment      c;
    deals_present      how = { arena, NOW, &kim, 0, 0 };
    deals_card_author  author = { S("kim"), 1 };

    (void) state;

    /* own, moderator, deleted -> can_edit, can_delete */
    for (i = 0; i < 8; i++) {
        memset(&c, 0, sizeof(c));
        c.created_at = NOW;
        author.name = i & 1 ? S("kim") : S("lee");
        how.moderator = (i & 2) != 0;
        c.deleted = (i & 4) != 0;
        c.author = &author;
        assert_int_equal(deals_present_comment(&how, &c, -1, S("lee")), 0);
        assert_int_equal(c.own, i & 1);
        assert_int_equal(c.is_poster, !(i & 1));
        assert_int_equal(c.can_edit, (i & 1) && !(i & 4));
        assert_int_equal(c.can_delete, (i & 3) && !(i & 4));
        assert_int_equal(c.voted_down, 1);
        assert_int_equal(c.voted_up, 0);
    }
}

/* Who reads JSON waits for no text that is not in it. */
static void
test_data_only(void **state)
{
    deals_me           kim = { .id = 1, .name = S("kim") };
    deals_card         c = card();
    deals_money        price = { 1999, S("USD"), DEALS_NONE };
    deals_money        list_price = { 2999, S("USD"), DEALS_NONE };
    deals_comment      comment;
    deals_present      how = { arena, NOW, &kim, 0, 1 };
    deals_card_author  author = { S("kim"), 1 };

    (void) state;
    c.url = S("https://example.com/");
    c.price = &price;
    c.list_price = &list_price;
    c.author = &author;
    c.expires_at = NOW;
    assert_int_equal(deals_present_card(&how, &c, 1), 0);
    assert_str(c.status, "expired");
    assert_int_equal(c.my_vote, 1);
    assert_int_equal(c.own, 1);
    assert_null(c.slug.data);
    assert_null(c.host.data);
    assert_null(c.age.data);
    assert_null(c.ends.data);
    assert_null(c.saving.data);
    assert_null(c.price->text.data);
    assert_null(c.list_price->text.data);

    memset(&comment, 0, sizeof(comment));
    comment.author = &author;
    assert_int_equal(deals_present_comment(&how, &comment, -1, S("kim")), 0);
    assert_int_equal(comment.my_vote, -1);
    assert_int_equal(comment.own, 1);
    assert_null(comment.age.data);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_status),
    TEST(test_heat),
    TEST(test_money),
    TEST(test_own),
    TEST(test_comment),
    TEST(test_data_only),
};

RUN("calls: as shown", tests)
