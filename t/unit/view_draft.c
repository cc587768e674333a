/*
 * Drafts: for every member, vote and row what comes from one is byte for byte
 * what is rendered for that member; and nothing of anybody is in it.
 */

#include "view_draft_check.h"

#define ROUNDS  4


/* The draft of a page, from rows and a page as `me` would get them. */
static deals_str
draft_page(const deals_templates *set, world *w, int page, const deals_me *me)
{
    deals_buf          buf = { 0 };
    deals_page         outer;
    deals_page_viewer  viewer;

    present(w, me, 1);
    make_page(&outer, &viewer, me);
    outer.unread = me ? 5 : 0;
    assert_int_equal(deals_templates_draft(set, page, &outer,
                                           make_content(w, page), &deals_vary,
                                           &buf), 0);

    return deals_arena_take(arena, &buf);
}


static deals_str
render_page(const deals_templates *set, world *w, int page,
    const deals_me *me, int round)
{
    deals_buf          buf = { 0 };
    deals_page         outer;
    deals_page_viewer  viewer;

    present(w, me, round);
    make_page(&outer, &viewer, me);
    deals_templates_render(set, page, &outer, make_content(w, page), &buf);
    assert_false(buf.failed);

    return deals_arena_take(arena, &buf);
}


/* Every member in every round. */
static void
assert_page(const deals_templates *set, world *w, int page)
{
    int        i, round;
    deals_str  bytes, got;

    bytes = draft_page(set, w, page, NULL);

    for (i = 0; i < PEOPLE; i++) {
        for (round = -1; round < ROUNDS; round++) {
            got = overlay(bytes, &people[i], round);
            assert_same_bytes(got, render_page(set, w, page, &people[i],
                                               round),
                              deals_page_table[page].file);
            free((void *) (uintptr_t) got.data);
        }
    }
}


static world
make_world(size_t ncards, size_t ncomments)
{
    world  w = { 0 };

    w.next_id = 100;
    make_cards(&w, ncards);
    make_deal(&w);
    make_threads(&w, ncomments);

    return w;
}


/* -- rows ----------------------------------------------------------------- */

#define ASSERT_VARIED(row, shape, presented)                                  \
    deals_vary.vary(&(shape), &(row), my_vote, own);                          \
    assert_memory_equal(&(row), &(presented), sizeof(row))

/* Of every kind, in every state: what is varied is what is presented. */
static void
rows_vary_as_they_are_presented(void **state)
{
    int                i, own, my_vote;
    deals_deal         deal, deal_of;
    deals_card         card, card_of;
    deals_present      how = { arena, NOW, NULL, 0, 0 };
    deals_comment      comment, comment_of;
    deals_card_author  author = { S("kim"), 1 };
    const deals_me     *viewer[] = { &people[1], &people[0] };

    (void) state;

    for (i = 0; i < 12; i++) {
        my_vote = i % 3 - 1;
        own = i / 3 % 2;
        memset(&card, 0, sizeof(card));
        memset(&deal, 0, sizeof(deal));
        memset(&comment, 0, sizeof(comment));
        card.title = deal.title = S("A deal");
        card.author = deal.author = comment.author = &author;
        card.starts_at = deal.starts_at = DEALS_NULL_INT;
        card.expires_at = deal.expires_at = DEALS_NULL_INT;
        comment.deleted = i / 6;

        how.viewer = NULL;
        assert_int_equal(deals_present_card(&how, &card, 0), 0);
        assert_int_equal(deals_present_deal(&how, &deal, 0), 0);
        assert_int_equal(deals_present_comment(&how, &comment, 0, S("x")), 0);

        card_of = card;
        deal_of = deal;
        comment_of = comment;
        how.viewer = viewer[own];
        assert_int_equal(deals_present_card(&how, &card_of, my_vote), 0);
        assert_int_equal(deals_present_deal(&how, &deal_of, my_vote), 0);
        assert_int_equal(deals_present_comment(&how, &comment_of, my_vote,
                                               S("x")), 0);

        /* these are made anew each time */
        card_of.slug = card.slug;
        card_of.age = card.age;
        deal_of.slug = deal.slug;
        deal_of.age = deal.age;
        comment_of.age = comment.age;

        ASSERT_VARIED(card, deals_card_shape, card_of);
        ASSERT_VARIED(deal, deals_deal_shape, deal_of);
        ASSERT_VARIED(comment, deals_comment_shape, comment_of);
    }
}


static void
rows_say_whose_they_are(void **state)
{
    deals_card         card = { .id = 7, .user_id = 11 };
    deals_comment      comment = { .id = 8, .deal_id = 7,
                                   .user_id = DEALS_NULL_INT };
    deals_draft_row    row;
    deals_card_author  author = { S("kim"), 0 };

    (void) state;

    /* of one who is not told, or not from here, it is nobody's */
    assert_int_equal(deals_vary.row(&deals_card_shape, &card, &row), 0);
    assert_int_equal(row.user_id, 0);
    card.author = &author;
    assert_int_equal(deals_vary.row(&deals_card_shape, &card, &row), 0);
    assert_int_equal(row.user_id, 0);
    author.member = 1;
    assert_int_equal(deals_vary.row(&deals_card_shape, &card, &row), 0);
    assert_int_equal(row.user_id, 11);
    assert_int_equal(row.deal_id, 7);
    assert_int_equal(row.comment_id, 0);

    comment.author = &author;
    assert_int_equal(deals_vary.row(&deals_comment_shape, &comment, &row), 0);
    assert_int_equal(row.user_id, 0);
    assert_int_equal(row.deal_id, 7);
    assert_int_equal(row.comment_id, 8);

    assert_int_equal(deals_vary.row(&deals_user_shape, &card, &row), -1);
    assert_int_equal(deals_vary.row(&deals_page_shape, &card, &row), -1);
}


static void
pages_are_what_each_member_gets(void **state)
{
    int               page;
    world             w = make_world(25, 40);
    deals_templates  *set = load_templates(NULL);

    (void) state;

    for (page = 0; page < DEALS_PAGES; page++) {
        if (page != DEALS_PAGE_COMMENT) {
            assert_page(set, &w, page);
        }
    }

    deals_templates_free(set);
}


static void
no_rows_and_many(void **state)
{
    world             none = make_world(0, 0), many = make_world(100, 500);
    deals_draft       draft;
    deals_templates  *set = load_templates(NULL);

    (void) state;
    assert_page(set, &none, DEALS_PAGE_HOT);
    assert_page(set, &none, DEALS_PAGE_DEAL);
    assert_page(set, &many, DEALS_PAGE_HOT);
    assert_page(set, &many, DEALS_PAGE_DEAL);

    assert_int_equal(deals_draft_open(&draft, draft_page(set, &many,
                                          DEALS_PAGE_DEAL, NULL)), 0);
    assert_true(draft.nrows > 400);         /* each but the deleted ones */
    assert_true(draft.nrows <= 501);

    deals_templates_free(set);
}


/* Each row once, whatever stands between its holes. */
static void
rows_are_named_once(void **state)
{
    size_t            i, k;
    world             w = make_world(0, 60);
    deals_draft       draft;
    deals_draft_row   a, b;
    deals_templates  *set = load_templates(NULL);

    (void) state;
    assert_int_equal(deals_draft_open(&draft, draft_page(set, &w,
                                          DEALS_PAGE_DEAL, NULL)), 0);

    for (i = 0; i < draft.nrows; i++) {
        a = deals_draft_get_row(&draft, i);
        assert_int_equal(a.deal_id, w.deal->id);

        for (k = 0; k < i; k++) {
            b = deals_draft_get_row(&draft, k);
            assert_true(a.comment_id != b.comment_id);
        }
    }

    deals_templates_free(set);
}


/* -- JSON ----------------------------------------------------------------- */

static void
assert_json(world *w, const deals_shape *shape, const void *row)
{
    int        i, round;
    deals_buf  direct = { 0 }, buf = { 0 };
    deals_str  got;

    present(w, NULL, 0);
    assert_int_equal(deals_json_draft(shape, row, &deals_vary, &buf), 0);

    for (i = 0; i < PEOPLE; i++) {
        for (round = -1; round < ROUNDS; round++) {
            present(w, &people[i], round);
            deals_buf_clear(&direct);
            deals_json_write(&direct, shape, row);
            got = overlay((deals_str) { buf.data, buf.len }, &people[i],
                          round);
            assert_same_bytes(got, (deals_str) { direct.data, direct.len },
                              shape->name);
            free((void *) (uintptr_t) got.data);
        }
    }

    deals_buf_free(&direct);
    deals_buf_free(&buf);
}


static void
json_is_what_each_member_gets(void **state)
{
    world                  w = make_world(100, 200), none = make_world(0, 0);
    deals_feed_result      feed = { .next = S("x") };
    deals_comments_result  comments = { .next = DEALS_NONE };

    (void) state;
    present(&w, NULL, 0);
    feed.deals = (deals_list) { w.cards, w.ncards };
    comments.comments = (deals_list) { w.flat, w.nflat };

    assert_json(&w, &deals_feed_shape, &feed);
    assert_json(&w, &deals_comments_shape, &comments);
    assert_json(&w, &deals_deal_shape, w.deal);

    feed.deals = (deals_list) { NULL, 0 };
    assert_json(&none, &deals_feed_shape, &feed);
}


/* Who asks is nobody's to keep: there are no rules for it. */
static void
json_of_the_viewer_is_unfit(void **state)
{
    deals_buf  buf = { 0 };

    (void) state;
    assert_int_equal(deals_json_draft(&deals_me_shape, &people[0], &deals_vary,
                                      &buf), DEALS_DRAFT_UNFIT);
    assert_int_equal(buf.len, 0);
    deals_buf_free(&buf);
}


/* -- leaks ---------------------------------------------------------------- */

/* Whoever fills it, whatever the rows say of a viewer: it is the same draft,
 * and the rows are left as they were. */
static void
drafts_do_not_know_who_asked(void **state)
{
    int               i, page;
    world             w = make_world(25, 30);
    deals_buf         buf = { 0 }, again = { 0 };
    deals_str         first, other;
    deals_list        cards = { w.cards, w.ncards };
    deals_card       *before;
    deals_feed_result  feed = { .deals = cards };
    deals_templates  *set = load_templates(NULL);

    (void) state;

    for (page = 0; page <= DEALS_PAGE_DEAL; page++) {
        first = draft_page(set, &w, page, NULL);
        assert_null(memmem(first.data, first.len, people[5].name.data,
                           people[5].name.len));

        for (i = 0; i < PEOPLE; i++) {
            other = draft_page(set, &w, page, &people[i]);
            assert_same_bytes(other, first, "another's draft");
        }
    }

    present(&w, NULL, 0);
    assert_int_equal(deals_json_draft(&deals_feed_shape, &feed, &deals_vary,
                                      &buf), 0);
    present(&w, &people[1], 2);
    before = deals_arena_array(arena, w.ncards, sizeof(deals_card));
    memcpy(before, w.cards, w.ncards * sizeof(deals_card));
    assert_int_equal(deals_json_draft(&deals_feed_shape, &feed, &deals_vary,
                                      &again), 0);
    assert_memory_equal(before, w.cards, w.ncards * sizeof(deals_card));
    assert_same_bytes((deals_str) { again.data, again.len },
                      (deals_str) { buf.data, buf.len }, "another's feed");

    deals_buf_free(&buf);
    deals_buf_free(&again);
    deals_templates_free(set);
}


/* A page is made of names that members can have, and of no others. */
static void
names_are_checked(void **state)
{
    size_t             i;
    world              w = make_world(1, 0);
    deals_draft        draft;
    unsigned char      states[1] = { 0 };
    deals_templates   *set = load_templates(NULL);
    static const char  *const  bad[] = {
        "", "ab", "a23456789012345678901", "a<b>c", "a b", "a\"b", "../x", NULL
    };

    (void) state;
    assert_int_equal(deals_draft_open(&draft, draft_page(set, &w,
                                          DEALS_PAGE_HOT, NULL)), 0);
    assert_int_equal(draft.nrows, 1);

    for (i = 0; i == 0 || bad[i - 1]; i++) {
        assert_int_equal(deals_draft_size(&draft, states,
                                          deals_str_of(bad[i])), 0);
    }

    assert_true(deals_draft_size(&draft, states, S("abc")) > 0);
    deals_templates_free(set);
}


/* -- tags for whole pages ------------------------------------------------- */

static void
hashes_cover_all_that_varies(void **state)
{
    world             w = make_world(3, 0), more = make_world(4, 0);
    size_t            i, k, n = 0;
    deals_draft       draft, other;
    unsigned char     states[4] = { 0 }, hash[64][DEALS_DRAFT_HASH];
    deals_templates  *set = load_templates(NULL);

    (void) state;
    assert_int_equal(deals_draft_open(&draft, draft_page(set, &w,
                                          DEALS_PAGE_HOT, NULL)), 0);
    assert_int_equal(deals_draft_open(&other, draft_page(set, &more,
                                          DEALS_PAGE_HOT, NULL)), 0);
    assert_int_equal(draft.nrows, 3);

    deals_draft_hash(&other, states, S("kim"), hash[n++]);
    deals_draft_hash(&draft, states, S("lee"), hash[n++]);

    for (i = 0; i < 3; i++) {
        for (k = i ? 1 : 0; k < DEALS_DRAFT_STATES; k++) {
            memset(states, 0, sizeof(states));
            states[i] = (unsigned char) k;
            deals_draft_hash(&draft, states, S("kim"), hash[n++]);
        }
    }

    for (i = 0; i < n; i++) {
        for (k = 0; k < i; k++) {
            assert_memory_not_equal(hash[i], hash[k], DEALS_DRAFT_HASH);
        }
    }

    deals_draft_hash(&draft, states, S("kim"), hash[0]);
    assert_memory_equal(hash[0], hash[n - 1], DEALS_DRAFT_HASH);
    deals_templates_free(set);
}


static const struct CMUnitTest  tests[] = {
    TEST(rows_vary_as_they_are_presented),
    TEST(rows_say_whose_they_are),
    TEST(pages_are_what_each_member_gets),
    TEST(no_rows_and_many),
    TEST(rows_are_named_once),
    TEST(json_is_what_each_member_gets),
    TEST(json_of_the_viewer_is_unfit),
    TEST(drafts_do_not_know_who_asked),
    TEST(names_are_checked),
    TEST(hashes_cover_all_that_varies),
};

RUN("drafts", tests)
