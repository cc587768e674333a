/*
 * JSON bodies, forms and query strings into structs.
 */

#include "base_check.h"

#include <math.h>

#include <deals/input.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/input.h"

typedef struct {
    deals_str           title;
    deals_str           url;
    const deals_money  *price;
    const deals_money  *list_price;
    deals_list          tags;
    int64_t             starts_at;
    int64_t             value;
    int64_t             parent;
    double              ratio;
    int                 strict;
    int                 maybe;
    deals_str           html;
    deals_str           text;
} post;

static const deals_field  post_fields[] = {
    { "title", DEALS_TEXT, DEALS_REQUIRED, offsetof(post, title), NULL },
    { "url", DEALS_URL, DEALS_NULLABLE, offsetof(post, url), NULL },
    { "price", DEALS_OBJECT, DEALS_NULLABLE, offsetof(post, price),
      &deals_money_shape },
    { "list_price", DEALS_OBJECT, DEALS_NULLABLE, offsetof(post, list_price),
      &deals_money_shape },
    { "tags", DEALS_LIST, 0, offsetof(post, tags), NULL },
    { "starts_at", DEALS_TIME, DEALS_NULLABLE, offsetof(post, starts_at),
      NULL },
    { "value", DEALS_INT, 0, offsetof(post, value), NULL },
    { "parent", DEALS_INT, DEALS_NULLABLE, offsetof(post, parent), NULL },
    { "ratio", DEALS_FLOAT, DEALS_NULLABLE, offsetof(post, ratio), NULL },
    { "strict", DEALS_BOOL, 0, offsetof(post, strict), NULL },
    { "maybe", DEALS_BOOL, DEALS_NULLABLE, offsetof(post, maybe), NULL },
    { "html", DEALS_HTML, 0, offsetof(post, html), NULL },
    { "text", DEALS_TEXT, DEALS_PAGE_ONLY, offsetof(post, text), NULL },
};

static const deals_shape  post_shape = {
    "post", sizeof(post), post_fields,
    sizeof(post_fields) / sizeof(post_fields[0])
};

/* A list of objects. */
typedef struct {
    deals_list  prices;
} basket;

static const deals_field  basket_fields[] = {
    { "prices", DEALS_LIST, 0, offsetof(basket, prices), &deals_money_shape },
};

static const deals_shape  basket_shape = {
    "basket", sizeof(basket), basket_fields, 1
};

static const deals_error  *error;
static uint64_t            given;
static post                p;

typedef int (*reading)(const deals_shape *shape, deals_str body, void *out,
    uint64_t *bits, deals_arena *a, const deals_error **e);


static int
read_as(reading how, deals_str text)
{
    int  rc;

    memset(&p, 0xa5, sizeof(p));
    error = NULL;
    given = UINT64_MAX;

    rc = how(&post_shape, text, &p, &given, arena, &error);
    assert_true((rc == 0) == (error == NULL));

    return rc;
}


static int
json(deals_str text)
{
    return read_as(deals_input_json, text);
}


static int
form(deals_str text)
{
    return read_as(deals_input_form, text);
}


/* Exactly one error, about this field. */
static void
assert_only(deals_code code, const char *field, const char *message)
{
    assert_non_null(error);

    if (error->code != code || error->next != NULL
        || !deals_str_eq(error->field, deals_str_of(field))
        || strstr(error->message.data, message) == NULL)
    {
        fail_msg("%d %s: %s%s", error->code,
                 error->field.data ? error->field.data : "-",
                 error->message.data, error->next ? " ..." : "");
    }
}


static void
assert_json_bad(deals_str text, const char *field, const char *message)
{
    if (json(text) == 0) {
        fail_msg("accepted: %s", text.data);
    }

    assert_only(DEALS_INVALID, field, message);
}


static void
assert_form_bad(deals_str text, const char *field, const char *message)
{
    if (form(text) == 0) {
        fail_msg("accepted: %s", text.data);
    }

    assert_only(DEALS_INVALID, field, message);
}


static void
json_reads_every_type(void **state)
{
    (void) state;

    assert_int_equal(json(S(
        "{\"title\":\"T\",\"url\":\"u\","
        "\"price\":{\"amount\":1999,\"currency\":\"usd\"},"
        "\"tags\":[\"a\",\"\"],"
        "\"starts_at\":\"2026-01-31T14:00:00+02:00\",\"value\":-1,"
        "\"parent\":9007199254740991,\"ratio\":2,\"strict\":true,"
        "\"maybe\":false}")), 0);

    assert_str(p.title, "T");
    assert_str(p.url, "u");
    assert_int_equal(p.price->amount, 1999);
    assert_str(p.price->currency, "USD");
    assert_null(p.list_price);
    assert_int_equal(p.tags.len, 2);
    assert_str(((deals_str *) p.tags.items)[1], "");
    assert_int_equal(p.starts_at, 1769860800);
    assert_int_equal(p.value, -1);
    assert_int_equal(p.parent, 9007199254740991);
    assert_true(p.ratio == 2);
    assert_int_equal(p.strict, 1);
    assert_int_equal(p.maybe, 0);
    assert_int_equal(given, 0x7ff & ~(1 << 3));
}


static void
json_absent_is_null_or_zero(void **state)
{
    (void) state;

    assert_int_equal(json(S("{\"title\":\"\"}")), 0);
    assert_str(p.title, "");
    assert_str(p.url, NULL);
    assert_null(p.price);
    assert_null(p.tags.items);
    assert_true(p.starts_at == DEALS_NULL_INT);
    assert_int_equal(p.value, 0);
    assert_true(p.parent == DEALS_NULL_INT);
    assert_true(isnan(p.ratio));
    assert_int_equal(p.strict, 0);
    assert_int_equal(p.maybe, -1);
    assert_int_equal(given, 1);

    /* null is given */
    assert_int_equal(json(S("{\"title\":\"T\",\"url\":null,\"price\":null,"
                            "\"parent\":null,\"maybe\":null}")), 0);
    assert_str(p.url, NULL);
    assert_true(p.parent == DEALS_NULL_INT);
    assert_int_equal(p.maybe, -1);
    assert_int_equal(given, 1 | 2 | 4 | 1 << 7 | 1 << 10);
}


static void
json_types_are_strict(void **state)
{
    size_t  i;

    static const struct {
        const char  *member, *field, *message;
    } cases[] = {
        { "\"url\":1", "url", "string" },
        { "\"url\":[]", "url", "string" },
        { "\"url\":\"a\\u0000b\"", "url", "NUL" },
        { "\"value\":\"1\"", "value", "whole number" },
        { "\"value\":1.0", "value", "whole number" },
        { "\"value\":1e2", "value", "whole number" },
        { "\"value\":true", "value", "whole number" },
        { "\"value\":null", "value", "must not be null" },
        { "\"parent\":-9223372036854775808", "parent", "whole number" },
        { "\"ratio\":\"1\"", "ratio", "number" },
        { "\"strict\":1", "strict", "true or false" },
        { "\"strict\":\"true\"", "strict", "true or false" },
        { "\"starts_at\":1", "starts_at", "time" },
        { "\"starts_at\":\"tomorrow\"", "starts_at", "time" },
        { "\"starts_at\":\"2026-01-31T12:00\"", "starts_at", "time" },
        { "\"tags\":\"a\"", "tags", "list" },
        { "\"tags\":[1,2,3]", "tags", "list of strings" },
        { "\"tags\":[null]", "tags", "list of strings" },
        { "\"price\":19.99", "price", "object" },
        { "\"price\":[]", "price", "object" },
        { "\"price\":{\"currency\":\"USD\"}", "price.amount", "required" },
        { "\"price\":{\"amount\":null,\"currency\":\"USD\"}", "price.amount",
          "required" },
        { "\"price\":{\"amount\":1}", "price.currency", "required" },
        { "\"price\":{\"amount\":\"1\",\"currency\":\"USD\"}", "price.amount",
          "whole number" },
        { "\"price\":{\"amount\":-1,\"currency\":\"USD\"}", "price.amount",
          "from 0" },
        { "\"price\":{\"amount\":1,\"currency\":\"XXX\"}", "price.currency",
          "code" },
        { "\"price\":{\"amount\":1,\"currency\":\"USD\",\"text\":\"$1\"}",
          "price.text", "known" },
        { "\"html\":\"<b>\"", "html", "known" },
        { "\"text\":\"t\"", "text", "known" },
        { "\"nonsense\":1", "nonsense", "known" },
        { "\"Title\":1", "Title", "known" },
        { "\"\":1", "\"\"", "known" },
        { "\"a\\u0000b\\n\":1", "\"a?b?\"", "known" },
        { "\"url\":\"a\",\"url\":\"a\"", "url", "twice" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_json_bad(deals_str_of(deals_arena_printf(arena,
                            "{\"title\":\"T\",%s}", cases[i].member)),
                        cases[i].field, cases[i].message);
        assert_str(p.title, "T");
    }

    assert_json_bad(S("{}"), "title", "required");
    assert_json_bad(S("{\"title\":null}"), "title", "required");
    assert_json_bad(S("[]"), NULL, "object");
    assert_json_bad(S("\"x\""), NULL, "object");
}


static void
json_syntax_is_malformed(void **state)
{
    (void) state;

    assert_int_equal(json(S("{\"title\":")), -1);
    assert_only(DEALS_MALFORMED, NULL, "JSON");
    assert_int_equal(given, 0);
    assert_true(p.parent == DEALS_NULL_INT);        /* cleared all the same */
    assert_int_equal(json(S("")), -1);
    assert_only(DEALS_MALFORMED, NULL, "empty");
    assert_int_equal(json(S("title=x")), -1);
    assert_only(DEALS_MALFORMED, NULL, "");
}


static void
all_bad_fields_are_told(void **state)
{
    int                 n;
    deals_buf           buf;
    const deals_error  *e;

    (void) state;

    assert_int_equal(json(S("{\"url\":1,\"value\":\"x\",\"zz\":0,"
        "\"price\":{\"amount\":\"x\",\"currency\":1},\"tags\":[1,2,3]}")), -1);
    assert_non_null(deals_error_of(error, "title"));
    assert_non_null(deals_error_of(error, "url"));
    assert_non_null(deals_error_of(error, "value"));
    assert_non_null(deals_error_of(error, "zz"));
    assert_non_null(deals_error_of(error, "price.amount"));
    assert_non_null(deals_error_of(error, "price.currency"));
    assert_non_null(deals_error_of(error, "tags"));

    for (n = 0, e = error; e != NULL; e = e->next) {
        n++;
    }
    assert_int_equal(n, 7);

    /* but not without end */
    deals_buf_init(&buf);
    deals_buf_c(&buf, "{");
    for (n = 0; n < 50000; n++) {
        deals_buf_printf(&buf, "\"x%d\":0,", n);
    }
    deals_buf_c(&buf, "\"title\":\"T\"}");
    assert_int_equal(json(deals_arena_take(arena, &buf)), -1);

    for (n = 0, e = error; e != NULL; e = e->next) {
        n++;
    }
    assert_int_equal(n, DEALS_INPUT_ERRORS);
}


static void
json_lists_of_objects(void **state)
{
    basket       b;
    deals_money  *m;

    (void) state;

    error = NULL;
    assert_int_equal(deals_input_json(&basket_shape,
        S("{\"prices\":[{\"amount\":1,\"currency\":\"USD\"},"
          "{\"amount\":2,\"currency\":\"EUR\"}]}"), &b, NULL, arena, &error),
        0);
    m = b.prices.items;
    assert_int_equal(b.prices.len, 2);
    assert_int_equal(m[1].amount, 2);
    assert_str(m[1].currency, "EUR");

    assert_int_equal(deals_input_json(&basket_shape,
        S("{\"prices\":[{\"amount\":1,\"currency\":\"USD\"},{\"amount\":2}]}"),
        &b, NULL, arena, &error), -1);
    assert_only(DEALS_INVALID, "prices.1.currency", "required");

    error = NULL;
    assert_int_equal(deals_input_json(&basket_shape, S("{\"prices\":[5]}"),
        &b, NULL, arena, &error), -1);
    assert_only(DEALS_INVALID, "prices", "objects");

    error = NULL;
    assert_int_equal(deals_input_form(&basket_shape, S("prices=5"), &b, NULL,
        arena, &error), -1);
    assert_only(DEALS_INVALID, "prices", "known");
}


static void
form_reads_every_type(void **state)
{
    (void) state;

    assert_int_equal(form(S(
        "title=50%25+off&url=u&price=1.299%2C00&list_price=2000&currency=EUR"
        "&tags=lego%2C+toys%0D%0Agames&tags=%23x&starts_at=2026-01-31T12:00"
        "&value=-1&parent=7&ratio=0.5&strict=on&maybe=false")), 0);

    assert_str(p.title, "50% off");
    assert_str(p.url, "u");
    assert_int_equal(p.price->amount, 129900);
    assert_str(p.price->currency, "EUR");
    assert_str(p.price->text, "€1,299.00");
    assert_int_equal(p.list_price->amount, 200000);
    assert_int_equal(p.tags.len, 4);
    assert_str(((deals_str *) p.tags.items)[0], "lego");
    assert_str(((deals_str *) p.tags.items)[2], "games");
    assert_str(((deals_str *) p.tags.items)[3], "#x");
    assert_int_equal(p.starts_at, 1769860800);
    assert_int_equal(p.value, -1);
    assert_int_equal(p.parent, 7);
    assert_true(p.ratio == 0.5);
    assert_int_equal(p.strict, 1);
    assert_int_equal(p.maybe, 0);
    assert_int_equal(given, 0x7ff);
}


static void
form_empty_is_null(void **state)
{
    (void) state;

    assert_int_equal(form(S("title=T&url=&price=&list_price=&currency=&tags="
                            "&starts_at=&parent=&ratio=&strict=&maybe=")), 0);
    assert_str(p.url, NULL);
    assert_null(p.price);
    assert_int_equal(p.tags.len, 0);
    assert_true(p.starts_at == DEALS_NULL_INT);
    assert_true(p.parent == DEALS_NULL_INT);
    assert_true(isnan(p.ratio));
    assert_int_equal(p.strict, 0);
    assert_int_equal(p.maybe, -1);
    assert_int_equal(given, 0x7ff & ~(1 << 6));

    assert_int_equal(form(S("title=T&price=5&starts_at=2026-01-31T12:00:00Z")),
                     0);
    assert_str(p.price->currency, "USD");
    assert_int_equal(p.starts_at, 1769860800);
    assert_int_equal(given, 1 | 4 | 1 << 5);

    assert_form_bad(S("title=&url=x"), "title", "required");
    assert_form_bad(S("title=T&value="), "value", "whole number");
}


static void
form_mistakes(void **state)
{
    (void) state;

    assert_form_bad(S("url=x"), "title", "required");
    assert_form_bad(S(""), "title", "required");
    assert_form_bad(S("title=T&zz=1"), "zz", "known");
    assert_form_bad(S("title=T&=1"), "\"\"", "known");
    assert_form_bad(S("title=T&a%0Ab=1"), "\"a?b\"", "known");
    assert_form_bad(S("title=T&html=x"), "html", "known");
    assert_form_bad(S("title=T&title=U"), "title", "twice");
    assert_form_bad(S("title=T&title="), "title", "twice");
    assert_form_bad(S("title=T&currency=USD&currency=USD"), "currency",
                    "twice");
    assert_form_bad(S("title=T&value=%201"), "value", "whole number");
    assert_form_bad(S("title=T&value=1.0"), "value", "whole number");
    assert_form_bad(S("title=T&value=-9223372036854775808"), "value", "whole");
    assert_form_bad(S("title=T&ratio=1x"), "ratio", "number");
    assert_form_bad(S("title=T&ratio=nan"), "ratio", "number");
    assert_form_bad(S("title=T&strict=yes"), "strict", "on");
    assert_form_bad(S("title=T&starts_at=now"), "starts_at", "time");
    assert_form_bad(S("title=T&price=abc"), "price", "price");
    assert_form_bad(S("title=T&price=1,299"), "price", "two ways");
    assert_form_bad(S("title=T&price=5&currency=XXX"), "currency", "code");
    assert_form_bad(S("title=T&list_price=%E2%82%AC5&currency=USD"),
                    "list_price", "EUR");

    assert_int_equal(form(S("title=%zz&url=1")), -1);
    assert_only(DEALS_MALFORMED, "title", "%");
    assert_int_equal(form(S("title=a%00b")), -1);
    assert_only(DEALS_MALFORMED, "title", "NUL");
}


typedef struct {
    deals_str  cursor;
    int64_t    limit;
} page;

static const deals_field  page_fields[] = {
    { "cursor", DEALS_TEXT, DEALS_NULLABLE, offsetof(page, cursor), NULL },
    { "limit", DEALS_INT, DEALS_NULLABLE, offsetof(page, limit), NULL },
};

static const deals_shape  page_shape = { "page", sizeof(page), page_fields, 2 };


static int
query(deals_str text, page *out)
{
    error = NULL;

    return deals_input_query(&page_shape, text, out, &given, arena, &error);
}


static void
queries_ignore_what_they_do_not_know(void **state)
{
    page  q;

    (void) state;

    assert_int_equal(query(S("utm_source=x&limit=7&&fbclid=100%&currency=zz"),
                           &q), 0);
    assert_int_equal(q.limit, 7);
    assert_str(q.cursor, NULL);
    assert_int_equal(given, 2);

    assert_int_equal(query(S("%ff=1&%zz&%6Cimit=8&cursor="), &q), 0);
    assert_int_equal(q.limit, 8);
    assert_str(q.cursor, NULL);

    assert_int_equal(query(DEALS_NONE, &q), 0);
    assert_true(q.limit == DEALS_NULL_INT);

    assert_int_equal(query(S("limit=x"), &q), -1);
    assert_only(DEALS_INVALID, "limit", "whole number");
    assert_int_equal(query(S("limit=1&limit=2"), &q), -1);
    assert_only(DEALS_INVALID, "limit", "twice");
    assert_int_equal(query(S("cursor=%f"), &q), -1);
    assert_only(DEALS_MALFORMED, "cursor", "%");
}


static const struct CMUnitTest  tests[] = {
    TEST(json_reads_every_type),
    TEST(json_absent_is_null_or_zero),
    TEST(json_types_are_strict),
    TEST(json_syntax_is_malformed),
    TEST(all_bad_fields_are_told),
    TEST(json_lists_of_objects),
    TEST(form_reads_every_type),
    TEST(form_empty_is_null),
    TEST(form_mistakes),
    TEST(queries_ignore_what_they_do_not_know),
};

RUN("core_input", tests)
