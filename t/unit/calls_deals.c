/*
 * calls_deals.c - deals: posted, looked at, changed, deleted, hidden; by whom.
 */

#include "calls_server.h"

static member  ann, bob, mod;

static void
members(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "member");
    member_make(&mod, "mod", "moderator");
}

static deals_deal_input
input(const char *title)
{
    deals_deal_input  in = { 0 };

    in.title = deals_str_of(title);
    in.starts_at = DEALS_NULL_INT;
    in.expires_at = DEALS_NULL_INT;

    return in;
}

static deals_call *
get(const member *m, int64_t id)
{
    deals_deal_params  p = { 0 };

    p.id = id;

    return deals_deal_get_wait(ctx, m ? &m->asker : NULL, &p, TIMEOUT);
}

static const deals_deal *
deal_of(const deals_call *call)
{
    return deals_deal_result_get(call)->deal;
}

static void
test_create(void **state)
{
    deals_str           tags[] = { S("Toys"), S("lego") };
    deals_call         *call;
    deals_money         price = { 0, S("EUR"), DEALS_NONE };
    deals_money         list_price = { 2999, S("EUR"), DEALS_NONE };
    deals_deal_input    in = input("Free <SAVE20>");
    const deals_deal   *d;

    (void) state;
    members();
    in.url = S("https://shop.example.co.uk/x?y=1");
    in.description = S("Use **code** <SAVE20>\r\nnow");
    in.price = &price;
    in.list_price = &list_price;
    in.merchant = S("  Best   Buy ");
    in.tags = (deals_list) { tags, 2 };
    in.starts_at = time(NULL) + 3600;
    in.expires_at = in.starts_at + 3600;

    call = OK(deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT));
    d = deal_of(call);
    assert_true(d->id > 0 && d->id < (INT64_C(1) << 53));
    assert_str(d->title, "Free <SAVE20>");
    assert_str(d->description, "Use **code** <SAVE20>\nnow");
    assert_non_null(strstr(d->html.data, "&lt;SAVE20&gt;"));
    assert_str(d->merchant->name, "Best Buy");
    assert_str(d->merchant->slug, "best-buy");
    assert_str(d->price->text, "Free");
    assert_str(d->list_price->currency, "EUR");
    assert_int_equal(d->tags.len, 2);
    assert_str(d->status, "upcoming");
    assert_int_equal(d->starts_at, in.starts_at);
    assert_int_equal(d->expires_at, in.expires_at);
    assert_int_equal(d->score, 1);
    assert_int_equal(d->my_vote, 1);
    assert_int_equal(d->own, 1);
    assert_int_equal(d->can_edit, 1);
    assert_int_equal(d->can_moderate, 0);
    assert_int_equal(d->hidden, 0);
    assert_int_equal(d->edited_at, DEALS_NULL_INT);
    assert_true(llabs((long long) (d->created_at - time(NULL))) < 30);
    deals_call_free(call);

    /* The least that a deal can be. */
    in = input("abc");
    call = OK(deals_deal_create_wait(ctx, &bob.asker, &in, TIMEOUT));
    d = deal_of(call);
    assert_null(d->url.data);
    assert_null(d->host.data);
    assert_null(d->merchant);
    assert_null(d->price);
    assert_null(d->description.data);
    assert_null(d->html.data);
    assert_null(d->saving.data);
    assert_null(d->ends.data);
    assert_int_equal(d->tags.len, 0);
    deals_call_free(call);
}

/* Every bad field is named, at once. */
static void
test_create_invalid(void **state)
{
    int                 i;
    char                title[400], body[20010];
    deals_str           tags[9], tag = S("no tag!");
    deals_call         *call;
    deals_money         price = { -1, S("USD"), DEALS_NONE };
    deals_money         list_price = { 5, S("ZZZ"), DEALS_NONE };
    deals_deal_input    in = input("ab");
    const deals_error  *e;
    static const char  *fields[] = {
        "title", "url", "description", "price.amount", "list_price.currency",
        "tags", "expires_at"
    };

    (void) state;
    members();
    memset(title, 'x', sizeof(title));
    memset(body, 'x', sizeof(body));
    for (i = 0; i < 9; i++) {
        tags[i] = (deals_str) { "abcdefghi" + i, 1 };
    }

    in.url = S("ftp://example.com/");
    in.description = (deals_str) { body, 20001 };
    in.price = &price;
    in.list_price = &list_price;
    in.tags = (deals_list) { tags, 9 };
    in.expires_at = time(NULL) - 1;

    call = deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT);
    for (i = 0; i < 7; i++) {
        for (e = deals_call_error(call); e != NULL; e = e->next) {
            assert_int_equal(e->code, DEALS_INVALID);
            if (deals_str_eq(e->field, deals_str_of(fields[i]))) {
                break;
            }
        }
        if (e == NULL) {
            fail_msg("no error about %s", fields[i]);
        }
    }
    assert_null(deals_deal_result_get(call));
    deals_call_free(call);

    /* Nothing of it for who may not post at all. */
    FAILS(deals_deal_create_wait(ctx, NULL, &in, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);

#define BAD(field)                                                            \
    FAILS(deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT),              \
          DEALS_INVALID, field)

    in = input(NULL);
    BAD("title");
    in = input("A deal");
    in.title = (deals_str) { title, 301 };
    BAD("title");
    in.title.len = 300;
    deals_call_free(OK(deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT)));

    in = input("A deal");
    in.tags = (deals_list) { &tag, 1 };
    BAD("tags");
    in.tags.len = 0;
    in.merchant = (deals_str) { title, 81 };
    BAD("merchant");

    in = input("A deal");
    price = (deals_money) { 500, S("USD"), DEALS_NONE };
    list_price = (deals_money) { 499, S("USD"), DEALS_NONE };
    in.price = &price;
    in.list_price = &list_price;
    BAD("list_price");
    list_price.amount = 0;
    BAD("list_price.amount");
    list_price = (deals_money) { 900, S("EUR"), DEALS_NONE };
    BAD("list_price");

    in = input("A deal");
    in.starts_at = time(NULL) + 100;
    in.expires_at = in.starts_at;
    BAD("expires_at");
    in.expires_at = INT64_MAX;
    BAD("expires_at");
    in.expires_at = DEALS_NULL_INT;
    in.starts_at = -5;
    BAD("starts_at");

    assert_int_equal(sql_int("SELECT count(*) FROM deals"), 1);
}

/* An id that is taken: another one, and nothing is left of the first. */
static void
test_create_collision(void **state)
{
    deals_call        *call;
    deals_deal_input   in = input("A deal");

    (void) state;
    members();
    sql("CREATE SEQUENCE tries;"
        "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF nextval('tries') < 3 THEN RAISE unique_violation; END IF;"
        " RETURN NEW; END $$;"
        "CREATE TRIGGER collide AFTER INSERT ON deals FOR EACH ROW"
        " EXECUTE FUNCTION collide()");

    call = deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT);
    sql("DROP TRIGGER collide ON deals; DROP FUNCTION collide;"
        "DROP SEQUENCE tries");

    assert_int_equal(deal_of(OK(call))->score, 1);
    deals_call_free(call);
    assert_int_equal(sql_int("SELECT count(*) FROM deals"), 1);
    assert_int_equal(sql_int("SELECT count(*) FROM votes"), 1);
}

static void
test_get(void **state)
{
    int64_t      id;
    deals_call  *call;

    (void) state;
    members();
    id = deal_make(&ann, "A deal");

    call = OK(get(NULL, id));
    assert_int_equal(deal_of(call)->own, 0);
    assert_int_equal(deal_of(call)->can_edit, 0);
    assert_int_equal(deal_of(call)->my_vote, 0);
    assert_null(deals_vote_get(call));
    deals_call_free(call);

    call = OK(get(&ann, id));
    assert_int_equal(deal_of(call)->own, 1);
    assert_int_equal(deal_of(call)->my_vote, 1);
    deals_call_free(call);

    call = OK(get(&mod, id));
    assert_int_equal(deal_of(call)->own, 0);
    assert_int_equal(deal_of(call)->can_edit, 1);
    assert_int_equal(deal_of(call)->can_moderate, 1);
    deals_call_free(call);

    FAILS(get(NULL, id + 1), DEALS_NOT_FOUND, NULL);
    FAILS(get(NULL, 0), DEALS_NOT_FOUND, NULL);
    FAILS(get(NULL, -id), DEALS_NOT_FOUND, NULL);
    FAILS(get(NULL, INT64_MAX), DEALS_NOT_FOUND, NULL);
}

/* Somebody else's name on an imported deal gives no rights. */
static void
test_imported_author(void **state)
{
    deals_call  *call;

    (void) state;
    members();
    sql("SELECT deals_deal_insert(7, NULL, 'ann', 'reddit', 'x', 'A deal',"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}',"
        " NULL, NULL, now(), 3, 1)");

    call = OK(get(&ann, 7));
    assert_str(deal_of(call)->author->name, "ann");
    assert_int_equal(deal_of(call)->author->member, 0);
    assert_str(deal_of(call)->source->name, "reddit");
    assert_int_equal(deal_of(call)->own, 0);
    assert_int_equal(deal_of(call)->can_edit, 0);
    assert_int_equal(deal_of(call)->up, 3);
    deals_call_free(call);

    FAILS(deals_deal_delete_wait(ctx, &ann.asker, 7, TIMEOUT),
          DEALS_FORBIDDEN, NULL);
}

/* Only what is given changes. */
static void
test_update(void **state)
{
    int64_t             id, ends = time(NULL) + 86400;
    deals_str           tags[] = { S("one"), S("two") };
    deals_call         *call;
    deals_money         price = { 500, S("USD"), DEALS_NONE };
    deals_money         list_price = { 900, S("USD"), DEALS_NONE };
    deals_deal_input    in = input("A deal"), change = input(NULL);
    const deals_deal   *d;

    (void) state;
    members();
    in.url = S("https://www.example.com/");
    in.description = S("*text*");
    in.price = &price;
    in.list_price = &list_price;
    in.tags = (deals_list) { tags, 2 };
    in.expires_at = ends;
    call = OK(deals_deal_create_wait(ctx, &ann.asker, &in, TIMEOUT));
    id = deal_of(call)->id;
    deals_call_free(call);

#define UPDATE(who, given)                                                    \
    deals_deal_update_wait(ctx, (who), id, &change, (given), TIMEOUT)

    change.title = S("Another title");
    call = OK(UPDATE(&ann.asker, 1 << 0));
    d = deal_of(call);
    assert_str(d->title, "Another title");
    assert_str(d->url, "https://www.example.com/");
    assert_str(d->description, "*text*");
    assert_int_equal(d->price->amount, 500);
    assert_str(d->merchant->name, "example.com");
    assert_int_equal(d->tags.len, 2);
    assert_int_equal(d->expires_at, ends);
    assert_true(d->edited_at != DEALS_NULL_INT);
    assert_int_equal(d->my_vote, 1);
    deals_call_free(call);

    /* Given and absent: taken away. */
    call = OK(UPDATE(&ann.asker, 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8));
    d = deal_of(call);
    assert_str(d->title, "Another title");
    assert_null(d->description.data);
    assert_null(d->html.data);
    assert_null(d->list_price);
    assert_int_equal(d->tags.len, 0);
    assert_int_equal(d->expires_at, DEALS_NULL_INT);
    assert_int_equal(sql_int("SELECT count(*) FROM deal_tags"), 0);
    deals_call_free(call);

    /* A merchant that is taken away is who the address leads to. */
    change.merchant = S("The Shop");
    call = OK(UPDATE(&ann.asker, 1 << 5));
    assert_str(deal_of(call)->merchant->name, "The Shop");
    deals_call_free(call);
    change.merchant = S(" ");
    call = OK(UPDATE(&ann.asker, 1 << 5));
    assert_str(deal_of(call)->merchant->name, "example.com");
    deals_call_free(call);

    /* What stands already counts in what fields say together. */
    change.list_price = &list_price;
    list_price.amount = 499;
    FAILS(UPDATE(&ann.asker, 1 << 4), DEALS_INVALID, "list_price");
    list_price.amount = 500;
    list_price.currency = S("GBP");
    FAILS(UPDATE(&ann.asker, 1 << 4), DEALS_INVALID, "list_price");
    change.starts_at = time(NULL) + 1000;
    deals_call_free(OK(UPDATE(&ann.asker, 1 << 7)));
    change.expires_at = time(NULL) + 500;
    FAILS(UPDATE(&ann.asker, 1 << 8), DEALS_INVALID, "expires_at");
    change.expires_at = DEALS_NULL_INT;

    /* Nothing given, nothing changed. */
    call = OK(UPDATE(&ann.asker, 0));
    assert_str(deal_of(call)->title, "Another title");
    assert_int_equal(deal_of(call)->my_vote, 1);
    deals_call_free(call);

    change.title = S("no");
    FAILS(UPDATE(&ann.asker, 1 << 0), DEALS_INVALID, "title");
}

/* An author ends a deal by setting its end to now. */
static void
test_update_end(void **state)
{
    int64_t            id;
    deals_call        *call;
    deals_deal_input   change = input(NULL);

    (void) state;
    members();
    id = deal_make(&ann, "A deal");
    change.expires_at = time(NULL) - 1;
    call = OK(UPDATE(&ann.asker, 1 << 8));
    assert_str(deal_of(call)->status, "expired");
    deals_call_free(call);
    assert_int_equal(sql_int("SELECT count(*) FROM deal_stats"
                             " WHERE expires_at < now()"), 1);
}

static void
test_update_who(void **state)
{
    int64_t            id;
    deals_call        *call;
    deals_deal_input   change = input("Changed");

    (void) state;
    members();
    id = deal_make(&ann, "A deal");

    FAILS(UPDATE(NULL, 1), DEALS_UNAUTHENTICATED, NULL);
    FAILS(UPDATE(&bob.asker, 1), DEALS_FORBIDDEN, NULL);
    call = OK(UPDATE(&mod.asker, 1));
    assert_str(deal_of(call)->author->name, "ann");
    deals_call_free(call);

    id++;
    FAILS(UPDATE(&ann.asker, 1), DEALS_NOT_FOUND, NULL);
    id = -1;
    FAILS(UPDATE(&ann.asker, 1), DEALS_NOT_FOUND, NULL);
}

static void
test_delete(void **state)
{
    int64_t  id, other;

    (void) state;
    members();
    id = deal_make(&ann, "A deal");
    other = deal_make(&ann, "Another");

    FAILS(deals_deal_delete_wait(ctx, NULL, id, TIMEOUT),
          DEALS_UNAUTHENTICATED, NULL);
    FAILS(deals_deal_delete_wait(ctx, &bob.asker, id, TIMEOUT),
          DEALS_FORBIDDEN, NULL);
    deals_call_free(OK(deals_deal_delete_wait(ctx, &ann.asker, id, TIMEOUT)));
    FAILS(deals_deal_delete_wait(ctx, &ann.asker, id, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(get(&ann, id), DEALS_NOT_FOUND, NULL);
    FAILS(get(&mod, id), DEALS_NOT_FOUND, NULL);
    deals_call_free(OK(deals_deal_delete_wait(ctx, &mod.asker, other,
                                              TIMEOUT)));
}

static void
test_hide(void **state)
{
    int64_t            id;
    deals_call        *call;
    deals_asker        nobody = { 0 };
    deals_deal_input   change = input("Changed");

    (void) state;
    members();
    id = deal_make(&ann, "A deal");

#define HIDE(who, hide)  deals_deal_hide_wait(ctx, (who), id, (hide), TIMEOUT)

    FAILS(HIDE(&nobody, 1), DEALS_UNAUTHENTICATED, NULL);
    FAILS(HIDE(&ann.asker, 1), DEALS_FORBIDDEN, NULL);
    FAILS(HIDE(&bob.asker, 1), DEALS_FORBIDDEN, NULL);
    call = OK(HIDE(&mod.asker, 1));
    assert_int_equal(deal_of(call)->hidden, 1);
    deals_call_free(call);

    /* Only its author and moderators know of it. */
    FAILS(get(NULL, id), DEALS_NOT_FOUND, NULL);
    FAILS(get(&bob, id), DEALS_NOT_FOUND, NULL);
    FAILS(UPDATE(&bob.asker, 1), DEALS_NOT_FOUND, NULL);
    FAILS(deals_deal_delete_wait(ctx, &bob.asker, id, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_comments_wait(ctx, &bob.asker, id, 0, DEALS_NONE, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    call = OK(get(&ann, id));
    assert_int_equal(deal_of(call)->hidden, 1);
    deals_call_free(call);
    deals_call_free(OK(get(&mod, id)));
    deals_call_free(OK(UPDATE(&ann.asker, 1)));
    FAILS(get(NULL, id), DEALS_NOT_FOUND, NULL);

    /* The operator shows it again. */
    call = OK(HIDE(NULL, 0));
    assert_int_equal(deal_of(call)->hidden, 0);
    deals_call_free(call);
    deals_call_free(OK(get(NULL, id)));

    id = 4711;
    FAILS(HIDE(NULL, 1), DEALS_NOT_FOUND, NULL);
    id = 0;
    FAILS(HIDE(NULL, 1), DEALS_NOT_FOUND, NULL);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_create),
    TEST(test_create_invalid),
    TEST(test_create_collision),
    TEST(test_get),
    TEST(test_imported_author),
    TEST(test_update),
    TEST(test_update_end),
    TEST(test_update_who),
    TEST(test_delete),
    TEST(test_hide),
};

RUN("calls: deals", tests)

