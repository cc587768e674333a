/*
 * calls_feed.c - lists of deals: order, what is in them, paging.
 */

#include "calls_server.h"

static member  ann, bob;

static void
members(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "Bob_1", "member");
}

/* Deals of the database alone: n of them, i minutes old, i % 7 votes. */
static void
many(int n)
{
    sql("SELECT deals_deal_insert(i, NULL, 'kim', NULL, NULL, 'Deal ' || i,"
        " NULL, NULL, NULL, NULL, 'shop', 'The Shop', NULL, NULL, NULL, NULL,"
        " ARRAY['lego'], NULL, NULL,"
        " date_trunc('second', now()) - (i / 3) * interval '1 minute',"
        " (i %% 7)::int4, (i %% 5)::int4) FROM generate_series(1, %d) i", n);
}

static deals_feed_params
list(deals_sort sort, const char *key)
{
    deals_feed_params  p = { 0 };

    p.sort = sort;
    p.window = DEALS_ALL;
    p.key = deals_str_of(key);

    return p;
}

/* Walks a list to its end; every id once. Returns how many. */
static int
walk(deals_feed_params p, const deals_asker *asker, int64_t *order)
{
    int                       n = 0;
    size_t                    i;
    char                      cursor[512];
    static char               seen[2000];
    deals_call               *call;
    const deals_card         *cards;
    const deals_feed_result  *r;

    memset(seen, 0, sizeof(seen));

    for ( ;; ) {
        call = OK(deals_feed_wait(ctx, asker, &p, TIMEOUT));
        r = deals_feed_get(call);
        cards = r->deals.items;
        assert_true(r->deals.len <= (size_t) (p.limit ? p.limit : 25));

        for (i = 0; i < r->deals.len; i++) {
            assert_in_range(cards[i].id, 1, sizeof(seen) - 1);
            assert_int_equal(seen[cards[i].id], 0);
            seen[cards[i].id] = 1;
            if (order != NULL) {
                order[n] = cards[i].id;
            }
            n++;
        }

        if (r->next.data == NULL) {
            deals_call_free(call);
            return n;
        }

        assert_true(r->deals.len == (size_t) (p.limit ? p.limit : 25));
        assert_true(r->next.len < sizeof(cursor));
        memcpy(cursor, r->next.data, r->next.len);
        p.cursor = (deals_str) { cursor, r->next.len };
        deals_call_free(call);
    }
}

/* The order is the one that the database would give all at once. */
static void
same_order(const int64_t *order, int n, const char *by)
{
    int  i;

    sql("SELECT deal_id FROM deal_stats WHERE live ORDER BY %s", by);
    assert_int_equal(deals_script_nrows(script), n);

    for (i = 0; i < n; i++) {
        assert_int_equal(order[i], atoll(deals_script_value(script, i, 0)));
    }
}

static void
test_paging(void **state)
{
    int                i;
    int64_t            order[400];
    deals_feed_params  p;
    static const int   limits[] = { 0, 1, 7, 26, 100 };
    static const struct {
        deals_sort     sort;
        deals_window   window;
        const char    *key, *by;
    } lists[] = {
        { DEALS_HOT, 0, NULL, "hot DESC, deal_id DESC" },
        { DEALS_NEW, 0, NULL, "created_at DESC, deal_id DESC" },
        { DEALS_TOP, DEALS_ALL, NULL, "score DESC, deal_id DESC" },
        { DEALS_TOP, DEALS_WEEK, NULL, "score DESC, deal_id DESC" },
        { DEALS_TOP, DEALS_YEAR, NULL, "score DESC, deal_id DESC" },
        { DEALS_BY_TAG, 0, "lego", "created_at DESC, deal_id DESC" },
        { DEALS_BY_TAG, 0, "#LEGO", "created_at DESC, deal_id DESC" },
        { DEALS_BY_MERCHANT, 0, "shop", "created_at DESC, deal_id DESC" }
    };

    (void) state;
    members();
    many(130);

    for (i = 0; i < 8; i++) {
        p = list(lists[i].sort, lists[i].key);
        p.window = lists[i].window;
        p.limit = limits[i % 5];
        assert_int_equal(walk(p, i % 2 ? &ann.asker : NULL, order), 130);
        same_order(order, 130, lists[i].by);
    }
}

/* A page that holds exactly all that is left has no next one. */
static void
test_exact(void **state)
{
    deals_call         *call;
    deals_feed_params   p = list(DEALS_NEW, NULL);

    (void) state;
    many(25);

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    assert_int_equal(deals_feed_get(call)->deals.len, 25);
    assert_null(deals_feed_get(call)->next.data);
    deals_call_free(call);

    p.limit = 24;
    assert_int_equal(walk(p, NULL, NULL), 25);
    p.limit = 100;
    assert_int_equal(walk(p, NULL, NULL), 25);
}

static void
test_empty(void **state)
{
    deals_call               *call;
    deals_feed_params         p = list(DEALS_HOT, NULL);
    const deals_feed_result  *r;

    (void) state;
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    assert_int_equal(r->deals.len, 0);
    assert_null(r->next.data);
    deals_call_free(call);

    p = list(DEALS_BY_TAG, "nobody-used-it");
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    assert_int_equal(r->deals.len, 0);
    assert_str(r->key, "nobody-used-it");
    deals_call_free(call);
}

static int
in_list(deals_feed_params p, int64_t id, const char *status)
{
    int                       found = 0;
    size_t                    i;
    deals_call               *call;
    const deals_card         *cards;
    const deals_feed_result  *r;

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    cards = r->deals.items;

    for (i = 0; i < r->deals.len; i++) {
        if (cards[i].id == id) {
            found = 1;
            assert_str(cards[i].status, status);
            assert_int_equal(cards[i].is_expired, !strcmp(status, "expired"));
            assert_int_equal(cards[i].is_upcoming,
                             !strcmp(status, "upcoming"));
        }
    }

    deals_call_free(call);

    return found;
}

/* Which lists show deals 1 active, 2 upcoming, 3 ended, 4 hidden, 5
 * deleted. */
static void
test_visible(void **state)
{
    size_t  i;
    static const struct {
        deals_sort    sort;
        const char   *key;
        int           upcoming, ended;
    } lists[] = {
        { DEALS_HOT, NULL, 0, 0 },
        { DEALS_NEW, NULL, 0, 0 },
        { DEALS_TOP, NULL, 0, 1 },
        { DEALS_BY_TAG, "lego", 1, 1 },
        { DEALS_BY_MERCHANT, "shop", 1, 1 },
        { DEALS_BY_USER, "ANN", 1, 1 }
    };

    (void) state;
    members();
    many(5);
    sql("UPDATE deals SET user_id = %lld, author_name = 'ann';"
        "UPDATE deals SET starts_at = now() + interval '1 hour'"
        " WHERE deal_id = 2;"
        "UPDATE deals SET expires_at = now() - interval '1 second'"
        " WHERE deal_id = 3;"
        "UPDATE deal_stats s SET starts_at = d.starts_at,"
        " expires_at = d.expires_at FROM deals d WHERE d.deal_id = s.deal_id;"
        "SELECT deals_deal_hide(4, true, NULL, now());"
        "SELECT deals_deal_delete(5, %lld, false, now())",
        (long long) ann.id, (long long) ann.id);

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        deals_feed_params  p = list(lists[i].sort, lists[i].key);

        assert_int_equal(in_list(p, 1, "active"), 1);
        assert_int_equal(in_list(p, 2, "upcoming"), lists[i].upcoming);
        assert_int_equal(in_list(p, 3, "expired"), lists[i].ended);
        assert_int_equal(in_list(p, 4, ""), 0);
        assert_int_equal(in_list(p, 5, ""), 0);

        p.window = DEALS_DAY;
        assert_int_equal(in_list(p, 2, "upcoming"), lists[i].upcoming);
        assert_int_equal(in_list(p, 3, "expired"), lists[i].ended);
    }
}

static void
test_windows(void **state)
{
    int                i;
    deals_feed_params  p = list(DEALS_TOP, NULL);
    static const int   n[] = { 1, 2, 3, 4, 5 };

    (void) state;
    many(5);
    sql("UPDATE deals SET created_at = date_trunc('second', now())"
        " - (ARRAY['23 hours', '6 days', '29 days', '364 days',"
        " '366 days']::interval[])[deal_id];"
        "UPDATE deal_stats s SET created_at = d.created_at,"
        " created_day = deals_day(d.created_at)"
        " FROM deals d WHERE d.deal_id = s.deal_id");

    for (i = DEALS_DAY; i <= DEALS_ALL; i++) {
        p.window = i;
        p.limit = 1;
        assert_int_equal(walk(p, NULL, NULL), n[i]);
    }
}

/* The window stands still while one pages through it. */
static void
test_window_stands(void **state)
{
    char                cursor[512];
    deals_str           next;
    deals_call         *call;
    deals_feed_params   p = list(DEALS_TOP, NULL);

    (void) state;
    many(3);
    clock_stands = server_now(NULL);
    sql("UPDATE deal_stats SET created_at = to_timestamp(%lld)"
        " - interval '23:59:58', created_day = deals_day(to_timestamp(%lld)"
        " - interval '23:59:58')", (long long) (clock_stands / 1000000),
        (long long) (clock_stands / 1000000));
    p.window = DEALS_DAY;
    p.limit = 2;

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    next = deals_feed_get(call)->next;
    assert_non_null(next.data);
    memcpy(cursor, next.data, next.len);
    p.cursor = (deals_str) { cursor, next.len };
    deals_call_free(call);

    clock_stands += 3000000;

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    assert_int_equal(deals_feed_get(call)->deals.len, 1);
    deals_call_free(call);

    p.cursor = DEALS_NONE;
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    assert_int_equal(deals_feed_get(call)->deals.len, 0);
    deals_call_free(call);
}

static void
test_about(void **state)
{
    deals_call               *call;
    deals_feed_params         p = list(DEALS_BY_USER, "bob_1");
    const deals_feed_result  *r;

    (void) state;
    members();
    many(1);

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    assert_int_equal(r->deals.len, 0);
    assert_str(r->key, "Bob_1");
    assert_str(r->user->name, "Bob_1");
    deals_call_free(call);

    p = list(DEALS_BY_MERCHANT, "shop");
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    assert_str(r->merchant->name, "The Shop");
    assert_str(r->merchant->slug, "shop");
    deals_call_free(call);
}

static void
test_refused(void **state)
{
    size_t             i;
    deals_str          next;
    deals_call        *call;
    deals_feed_params  p = list(DEALS_NEW, NULL);
    static const struct {
        deals_sort     sort;
        const char    *key;
        deals_code     code;
    } missing[] = {
        { DEALS_BY_USER, "nobody", DEALS_NOT_FOUND },
        { DEALS_BY_USER, "no name at all", DEALS_NOT_FOUND },
        { DEALS_BY_USER, NULL, DEALS_NOT_FOUND },
        { DEALS_BY_MERCHANT, "nowhere", DEALS_NOT_FOUND },
        { DEALS_BY_MERCHANT, "\xff", DEALS_NOT_FOUND },
        { DEALS_BY_MERCHANT, "", DEALS_NOT_FOUND },
        { DEALS_BY_TAG, "", DEALS_NOT_FOUND },
        { DEALS_BY_TAG, "a b", DEALS_NOT_FOUND },
        { 17, NULL, DEALS_INVALID }
    };

    (void) state;
    many(30);

    for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        deals_feed_params  q = list(missing[i].sort, missing[i].key);

        FAILS(deals_feed_wait(ctx, NULL, &q, TIMEOUT), missing[i].code,
              missing[i].code == DEALS_INVALID ? "sort" : NULL);
    }

    p.limit = 101;
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_INVALID, "limit");
    p.limit = -1;
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_INVALID, "limit");

    p.limit = 0;
    p.cursor = S("no cursor");
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_MALFORMED, "cursor");

    /* A cursor of one list is none of another. */
    p.cursor = DEALS_NONE;
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    next = deals_feed_get(call)->next;
    p.cursor = next;
    deals_call_free(OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT)));
    p.sort = DEALS_HOT;
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_MALFORMED, "cursor");
    p.sort = DEALS_BY_TAG;
    p.key = S("lego");
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_MALFORMED, "cursor");
    deals_call_free(call);

    /* Nor is one of another tag or window. */
    p.cursor = DEALS_NONE;
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    p.cursor = deals_feed_get(call)->next;
    p.key = S("other");
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_MALFORMED, "cursor");
    deals_call_free(call);

    p = list(DEALS_TOP, NULL);
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    p.cursor = deals_feed_get(call)->next;
    p.window = DEALS_YEAR;
    FAILS(deals_feed_wait(ctx, NULL, &p, TIMEOUT), DEALS_MALFORMED, "cursor");
    deals_call_free(call);
}

/* What the viewer sees of their own: votes, and which deals are theirs. */
static void
test_viewer(void **state)
{
    size_t              i;
    int64_t             a, b;
    deals_call         *call;
    deals_asker         bad = { 0 };
    deals_feed_params   p = list(DEALS_NEW, NULL);
    const deals_card   *c;

    (void) state;
    members();
    a = deal_make(&ann, "Ann's deal");
    b = deal_make(&bob, "Bob's deal");
    deals_call_free(OK(deals_vote_wait(ctx, &ann.asker, b, 0, -1, TIMEOUT)));

    call = OK(deals_feed_wait(ctx, &ann.asker, &p, TIMEOUT));
    assert_str(deals_call_viewer(call)->name, "ann");
    assert_int_equal(deals_call_viewer_bad(call), 0);
    assert_int_equal(deals_feed_get(call)->deals.len, 2);
    c = deals_feed_get(call)->deals.items;
    for (i = 0; i < 2; i++) {
        assert_int_equal(c[i].own, c[i].id == a);
        assert_int_equal(c[i].my_vote, c[i].id == a ? 1 : -1);
        assert_int_equal(c[i].voted_up, c[i].id == a);
        assert_int_equal(c[i].voted_down, c[i].id == b);
    }
    deals_call_free(call);

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    assert_null(deals_call_viewer(call));
    assert_int_equal(deals_call_viewer_bad(call), 0);
    c = deals_feed_get(call)->deals.items;
    for (i = 0; i < 2; i++) {
        assert_int_equal(c[i].own, 0);
        assert_int_equal(c[i].my_vote, 0);
    }
    deals_call_free(call);

    /* A bad token: anonymous, unless that is not enough. */
    bad.token = S("nonsense");
    call = OK(deals_feed_wait(ctx, &bad, &p, TIMEOUT));
    assert_null(deals_call_viewer(call));
    assert_int_equal(deals_call_viewer_bad(call), 1);
    deals_call_free(call);

    bad.strict = 1;
    FAILS(deals_feed_wait(ctx, &bad, &p, TIMEOUT), DEALS_UNAUTHENTICATED,
          NULL);
    bad.token = DEALS_NONE;
    deals_call_free(OK(deals_feed_wait(ctx, &bad, &p, TIMEOUT)));
}

static void
test_card(void **state)
{
    deals_buf                 json, data;
    deals_str                 tags[] = { S("Toys"), S("#lego"), S("toys") };
    deals_call               *call;
    deals_money               price = { 1999, S("usd"), DEALS_NONE };
    deals_money               list_price = { 2999, S("USD"), DEALS_NONE };
    deals_deal_input          in = { 0 };
    deals_asker               nobody = { 0 };
    const deals_card         *c;
    deals_feed_params         p = list(DEALS_HOT, NULL);

    (void) state;
    members();
    in.title = S("  Falcon: 35% off  ");
    in.url = S("HTTPS://www.Example.com/a b");
    in.price = &price;
    in.list_price = &list_price;
    in.tags = (deals_list) { tags, 3 };
    in.starts_at = DEALS_NULL_INT;
    in.expires_at = time(NULL) + 2 * 86400 + 100;
    deals_call_free(OK(deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT)));

    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    assert_int_equal(deals_feed_get(call)->deals.len, 1);
    c = deals_feed_get(call)->deals.items;

    assert_str(c->title, "Falcon: 35% off");
    assert_str(c->slug, "falcon-35-off");
    assert_str(c->url, "https://www.example.com/a%20b");
    assert_str(c->host, "example.com");
    assert_str(c->merchant->name, "example.com");
    assert_str(c->merchant->slug, "example-com");
    assert_str(c->price->text, "$19.99");
    assert_str(c->list_price->text, "$29.99");
    assert_str(c->saving, "33%");
    assert_str(c->author->name, "ann");
    assert_int_equal(c->author->member, 1);
    assert_null(c->source);
    assert_int_equal(c->tags.len, 2);
    assert_str(((deals_str *) c->tags.items)[0], "toys");
    assert_str(((deals_str *) c->tags.items)[1], "lego");
    assert_str(c->ends, "ends in 2 days");
    assert_str(c->age, "just now");
    assert_str(c->heat, "cool");
    assert_str(c->status, "active");

    deals_buf_init(&json);
    deals_json_write(&json, &deals_feed_shape, deals_feed_get(call));
    deals_buf_char(&json, '\0');
    assert_int_equal(json.failed, 0);
    assert_non_null(strstr(json.data, "\"price\":{\"amount\":1999,"
                                      "\"currency\":\"USD\"}"));
    assert_non_null(strstr(json.data, "\"next\":null"));
    assert_null(strstr(json.data, "rank"));
    deals_call_free(call);

    /* the same, asked for its data alone */
    nobody.data_only = 1;
    call = OK(deals_feed_wait(ctx, &nobody, &p, TIMEOUT));
    c = deals_feed_get(call)->deals.items;
    assert_null(c->slug.data);
    assert_null(c->price->text.data);
    deals_buf_init(&data);
    deals_json_write(&data, &deals_feed_shape, deals_feed_get(call));
    deals_buf_char(&data, '\0');
    assert_string_equal(data.data, json.data);

    deals_buf_free(&data);
    deals_buf_free(&json);
    deals_call_free(call);
}

/* The top of a year, when its deals stand on many days. */
static void
test_many_days(void **state)
{
    int64_t            order[400];
    deals_feed_params  p = list(DEALS_TOP, NULL);

    (void) state;
    many(350);
    sql("UPDATE deals SET created_at = date_trunc('second', now())"
        " - deal_id / 3 * interval '3 days' - interval '1 hour';"
        "UPDATE deal_stats s SET created_at = d.created_at,"
        " created_day = deals_day(d.created_at)"
        " FROM deals d WHERE d.deal_id = s.deal_id");
    p.window = DEALS_YEAR;
    p.limit = 4;
    assert_int_equal(walk(p, NULL, order), 350);
    same_order(order, 350, "score DESC, deal_id DESC");

    p.window = DEALS_MONTH;
    p.limit = 3;
    assert_int_equal(walk(p, NULL, NULL),
                     sql_int("SELECT count(*) FROM deals WHERE created_at >="
                             " now() - interval '30 days'"));
}

/* Until when a list stands, in seconds from now; -1: for ever. */
static int
until(deals_sort sort, const char *key, int limit)
{
    int                       in;
    deals_call               *call;
    deals_feed_params         p = list(sort, key);
    const deals_feed_result  *r;

    p.until = 1;
    p.limit = limit;
    call = OK(deals_feed_wait(ctx, NULL, &p, TIMEOUT));
    r = deals_feed_get(call);
    in = r->until == DEALS_NULL_INT ? -1 : (int) (r->until - time(NULL));
    deals_call_free(call);

    return in;
}


static void
test_until(void **state)
{
    (void) state;
    many(4);
    assert_int_equal(until(DEALS_HOT, NULL, 0), -1);
    sql("UPDATE deals SET expires_at = now() + interval '1000 s'"
        " WHERE deal_id = 1;"
        "UPDATE deals SET starts_at = now() + interval '500 s'"
        " WHERE deal_id = 2;"
        "UPDATE deals SET starts_at = now() + interval '200 s'"
        " WHERE deal_id = 3;"
        "UPDATE deals SET expires_at = now() - interval '9 s'"
        " WHERE deal_id = 4;"
        "UPDATE deal_stats s SET starts_at = d.starts_at,"
        " expires_at = d.expires_at FROM deals d WHERE d.deal_id = s.deal_id;"
        "SELECT deals_deal_hide(3, true, NULL, now())");

    /* the next that begins, but not a hidden one; what ended is over */
    assert_in_range(until(DEALS_HOT, NULL, 0), 490, 500);
    assert_in_range(until(DEALS_NEW, NULL, 0), 490, 500);
    assert_in_range(until(DEALS_TOP, NULL, 0), 490, 500);
    assert_in_range(until(DEALS_BY_TAG, "lego", 0), 490, 500);

    sql("UPDATE deals SET expires_at = now() + interval '100 s'"
        " WHERE deal_id = 1;"
        "UPDATE deal_stats SET expires_at = now() + interval '100 s'"
        " WHERE deal_id = 1");
    assert_in_range(until(DEALS_HOT, NULL, 0), 90, 100);
    assert_in_range(until(DEALS_BY_MERCHANT, "shop", 0), 90, 100);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_until),
    TEST(test_paging),
    TEST(test_exact),
    TEST(test_empty),
    TEST(test_visible),
    TEST(test_windows),
    TEST(test_many_days),
    TEST(test_window_stands),
    TEST(test_about),
    TEST(test_refused),
    TEST(test_viewer),
    TEST(test_card),
};

RUN("calls: lists", tests)
