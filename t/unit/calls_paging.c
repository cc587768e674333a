/*
 * calls_paging.c - ranked lists and threads page over snapshots: shared, gone,
 * forged; and what hosts keep for their contexts.
 */

#include "calls_server.h"
#include "core/cursor.h"

#define MOST  1800

static int64_t  ids[MOST];          /* what a walk has shown */
static int      shown;
static char     next[512];          /* cursor; "": the last page was shown */


static void
many(int n)
{
    sql("SELECT deals_deal_insert(i, NULL, 'kim', NULL, NULL, 'Deal ' || i,"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " ARRAY['lego'], NULL, NULL,"
        " date_trunc('second', now()) - i * interval '1 second', i, 0)"
        " FROM generate_series(1, %d) i", n);
}

static void
turn_over(void)
{
    sql("UPDATE deal_stats SET imported_up = r, score = r, hot = r"
        " FROM (SELECT deal_id AS id, (random() * 100000)::int AS r"
        " FROM deal_stats) x WHERE deal_id = id");
}

/* The next page of a walk, the first one if `first`; returns its length, adds
 * its ids. */
static int
page_of(deals_ctx *c, deals_sort sort, int limit, int first)
{
    size_t                    i;
    deals_call               *call;
    const deals_card         *cards;
    deals_feed_params         p = { 0 };
    const deals_feed_result  *r;

    p.sort = sort;
    p.window = DEALS_ALL;
    p.limit = limit;
    p.until = 1;

    if (first) {
        shown = 0;
    } else {
        p.cursor = deals_str_of(next);
    }

    call = OK(deals_feed_wait(c, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    cards = r->deals.items;

    for (i = 0; i < r->deals.len; i++) {
        assert_true(shown < MOST);
        ids[shown++] = cards[i].id;
    }

    next[0] = '\0';
    if (r->next.data != NULL) {
        assert_true(r->next.len < sizeof(next));
        memcpy(next, r->next.data, r->next.len);
        next[r->next.len] = '\0';
    }

    i = r->deals.len;
    deals_call_free(call);

    return (int) i;
}

static int
page(deals_sort sort, int limit, int first)
{
    return page_of(ctx, sort, limit, first);
}

static int
number(const void *a, const void *b)
{
    int64_t  x = *(const int64_t *) a, y = *(const int64_t *) b;

    return x < y ? -1 : x > y;
}

/* How many different ones were shown. */
static int
different(int from, int to)
{
    int      i, n = to > from;
    int64_t  copy[MOST];

    memcpy(copy, ids + from, (size_t) (to - from) * sizeof(int64_t));
    qsort(copy, (size_t) (to - from), sizeof(int64_t), number);

    for (i = 1; i < to - from; i++) {
        n += copy[i] != copy[i - 1];
    }

    return n;
}

static const deals_sort  ranked[] = { DEALS_HOT, DEALS_TOP };

static void
test_short_list(void **state)
{
    int                i, k;
    static const int   limits[] = { 1, 7, 25, 99, 100 };

    (void) state;
    many(150);

    for (i = 0; i < 2; i++) {
        for (k = 0; k < 5; k++) {
            page(ranked[i], limits[k], 1);
            while (next[0] != '\0') {
                if (shown % 3 == 0 || limits[k] > 1) {
                    turn_over();
                }
                assert_in_range(page(ranked[i], limits[k], 0), 1, limits[k]);
            }
            assert_int_equal(shown, 150);
            assert_int_equal(different(0, shown), 150);
        }
    }
}

/* A list of exactly as many as a snapshot holds, and of one more. */
static void
test_border(void **state)
{
    int  n;

    (void) state;

    for (n = 999; n <= 1001; n++) {
        empty(NULL);
        many(n);
        page(DEALS_HOT, 100, 1);
        if (n <= 1000) {
            turn_over();
        }
        while (next[0] != '\0') {
            assert_in_range(page(DEALS_HOT, 100, 0), 1, 100);
        }
        assert_int_equal(shown, n);
        assert_int_equal(different(0, n), n);
    }
}

/* Behind the first thousand the list goes on where their last one stood, however
 * that one has moved since. */
static void
test_behind(void **state)
{
    int      i;
    int64_t  last;

    (void) state;
    many(1700);
    sql("UPDATE deal_stats SET hot = 100000 - deal_id");
    page(DEALS_HOT, 100, 1);
    for (i = 0; i < 9; i++) {
        assert_int_equal(page(DEALS_HOT, 100, 0), 100);
    }
    assert_int_equal(different(0, 1000), 1000);
    last = ids[999];
    assert_int_equal(last, 1000);

    /* the last one shown rises, those before fall */
    empty(NULL);
    many(1700);
    sql("UPDATE deal_stats SET hot = 100000 - deal_id");
    page(DEALS_HOT, 100, 1);
    for (i = 0; i < 9; i++) {
        page(DEALS_HOT, 100, 0);
        sql("UPDATE deal_stats SET hot = 200000 WHERE deal_id IN (1000, 900,"
            " 500)");
    }
    assert_int_equal(page(DEALS_HOT, 100, 0), 100);
    assert_int_equal(ids[1000], 1001);
    assert_int_equal(ids[1099], 1100);
}

/* Who goes on behind the same first page goes on in the same snapshot; or in one
 * of later, if the first page is still the same. Each is whole. */
static void
test_shared(void **state)
{
    int      i;
    char     first[512], a[512], b[512];
    int64_t  order[MOST];

    (void) state;
    clock_stands = server_now(NULL);
    many(300);
    page(DEALS_TOP, 50, 1);
    strcpy(first, next);

    page(DEALS_TOP, 50, 0);
    strcpy(a, next);
    memcpy(order, ids, sizeof(order));

    /* within the second: the same, though all has moved */
    turn_over();
    shown = 50;
    strcpy(next, first);
    page(DEALS_TOP, 50, 0);
    assert_string_equal(next, a);
    assert_memory_equal(order, ids, 100 * sizeof(int64_t));

    /* later: the order of then */
    clock_stands += 1100000;
    turn_over();
    shown = 50;
    strcpy(next, first);
    page(DEALS_TOP, 50, 0);
    strcpy(b, next);
    assert_string_not_equal(a, b);
    while (next[0] != '\0') {
        page(DEALS_TOP, 50, 0);
    }
    assert_int_equal(different(0, shown), 300);

    /* and the first one stands as it was */
    memcpy(ids, order, sizeof(order));
    shown = 100;
    strcpy(next, a);
    for (i = 0; next[0] != '\0'; i++) {
        page(DEALS_TOP, 50, 0);
        turn_over();
    }
    assert_int_equal(i, 4);
    assert_int_equal(different(0, shown), 300);
}

/* What was posted after an order was made is missing in it: a page that shares
 * it is not good for long. */
static void
test_until(void **state)
{
    int                 i;
    deals_call         *call;
    deals_feed_params   p = { 0 };

    (void) state;
    clock_stands = server_now(NULL);
    many(100);
    page(DEALS_HOT, 50, 1);

    for (i = 0; i < 3; i++) {
        if (i == 2) {
            clock_stands += 1100000;
        }
        p.until = 1;
        p.limit = 50;
        p.cursor = deals_str_of(next);
        call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
        if (i == 1) {
            assert_int_equal(deals_feed_get(call)->until,
                             clock_stands / 1000000 + 1);
        } else {
            assert_true(deals_feed_get(call)->until == DEALS_NULL_INT);
        }
        deals_call_free(call);
    }
}

/* A deal that is shown no more is left out, and the page is as long as ever; one
 * that is back is back. */
static void
test_fallen_out(void **state)
{
    (void) state;
    many(400);
    page(DEALS_TOP, 50, 1);
    page(DEALS_TOP, 50, 0);

    /* more than a page and its spare */
    sql("SELECT deals_deal_hide(deal_id, true, NULL, now()) FROM deals"
        " WHERE deal_id <= 300 AND deal_id > 10");
    assert_int_equal(page(DEALS_TOP, 50, 0), 10);
    assert_string_equal(next, "");

    sql("SELECT deals_deal_hide(deal_id, false, NULL, now()) FROM deals");
    page(DEALS_TOP, 50, 1);
    page(DEALS_TOP, 50, 0);
    sql("SELECT deals_deal_hide(deal_id, true, NULL, now()) FROM deals"
        " WHERE deal_id <= 300 AND deal_id > 200");
    assert_int_equal(page(DEALS_TOP, 50, 0), 50);
    assert_int_equal(ids[100], 200);
    sql("SELECT deals_deal_hide(deal_id, false, NULL, now()) FROM deals");
    while (next[0] != '\0') {
        page(DEALS_TOP, 50, 0);
    }
    assert_int_equal(different(0, shown), 300);
}

/* Cursors that name a snapshot that nobody has, or a place that it has not. */
static void
test_forged(void **state)
{
    size_t              i;
    char                own[512];
    deals_cursor        c = { 0 };
    deals_str           text;
    const deals_error  *error = NULL;
    static const int64_t  places[] = { 0, 1, 10, 11, 49, 51, 400, 1023 };

    (void) state;
    many(100);
    turn_over();
    page(DEALS_HOT, 50, 1);
    strcpy(own, next);

    c.list = DEALS_HOT + 1;
    c.types = "fi";
    assert_int_equal(deals_cursor_decode(arena, deals_str_of(own), &c, &error),
                     0);
    assert_true(c.snapshot > 0);
    assert_int_equal(c.snapshot % 1024, 50);

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        deals_cursor  forged = c;

        forged.snapshot = (c.snapshot & ~1023) | places[i];
        text = deals_cursor_encode(arena, &forged);
        memcpy(next, text.data, text.len);
        next[text.len] = '\0';
        shown = 50;
        assert_int_equal(page(DEALS_HOT, 50, 0), 50);
        assert_int_equal(different(0, shown), 100);

        /* of none */
        forged.snapshot ^= 0x5555 << 12;
        text = deals_cursor_encode(arena, &forged);
        memcpy(next, text.data, text.len);
        next[text.len] = '\0';
        shown = 50;
        assert_int_equal(page(DEALS_HOT, 50, 0), 50);
        assert_int_equal(different(0, shown), 100);
    }

    /* of a whole one: any place in it will do */
    page(DEALS_HOT, 40, 1);
    page(DEALS_HOT, 40, 0);
    assert_int_equal(deals_cursor_decode(arena, deals_str_of(next), &c, &error),
                     0);
    assert_int_equal(c.snapshot % 1024, 80);

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        deals_cursor  forged = c;

        forged.snapshot = (c.snapshot & ~1023) | places[i];
        text = deals_cursor_encode(arena, &forged);
        memcpy(next, text.data, text.len);
        next[text.len] = '\0';
        shown = 80;
        page(DEALS_HOT, 40, 0);
        assert_int_equal(shown - 80, places[i] > 0 && places[i] <= 60 ? 40
                                     : 20);
    }

    /* of a list that has none */
    c.list = DEALS_NEW + 1;
    c.types = "ti";
    c.keys[0].i = time(NULL);
    text = deals_cursor_encode(arena, &c);
    memcpy(next, text.data, text.len);
    next[text.len] = '\0';
    assert_int_equal(page(DEALS_NEW, 50, 0), 50);
    c.snapshot = -1;
    c.types = "ti";
    assert_int_equal(deals_cursor_decode(arena, deals_str_of(next), &c,
                                         &error), 0);
    assert_int_equal(c.snapshot, 0);
}

/* A context of its own keeps a few; what was not used for long goes, and the
 * list goes on by keys. */
static void
test_evicted(void **state)
{
    int   i;
    char  begun[512], late[512];

    (void) state;
    many(300);
    page(DEALS_HOT, 30, 1);
    strcpy(begun, next);
    page(DEALS_HOT, 30, 0);
    strcpy(late, next);

    for (i = 0; i < 20; i++) {
        turn_over();
        page(DEALS_TOP, 20 + i, 1);
        page(DEALS_TOP, 20 + i, 0);
    }

    sql("UPDATE deal_stats SET hot = deals_hot(deal_id, 0, created_at,"
        " 1134028003, 45000)");
    strcpy(next, begun);
    assert_int_equal(page(DEALS_HOT, 30, 0), 30);
    strcpy(next, late);
    assert_int_equal(page(DEALS_HOT, 30, 0), 30);
    while (next[0] != '\0') {
        page(DEALS_HOT, 30, 0);
    }
}

static const struct CMUnitTest  tests[] = {
    TEST(test_short_list),
    TEST(test_border),
    TEST(test_behind),
    TEST(test_shared),
    TEST(test_until),
    TEST(test_fallen_out),
    TEST(test_forged),
    TEST(test_evicted),
};

RUN("calls: paging", tests)
