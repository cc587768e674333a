/*
 * Out of memory at every step: whatever is done with an arena that ends after
 * n bytes either works, or says so; nothing in between, and nothing crashes.
 */

#include "base_check.h"

#include <deals/input.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/form.h"
#include "base/json.h"
#include "core/cursor.h"
#include "core/device.h"
#include "core/money.h"
#include "core/name.h"
#include "core/password.h"
#include "core/text.h"
#include "core/token.h"
#include "core/url.h"

typedef struct {
    deals_str           title;
    const deals_money  *price;
    deals_list          tags;
} post;

static const deals_field  post_fields[] = {
    { "title", DEALS_TEXT, DEALS_REQUIRED, offsetof(post, title), NULL },
    { "price", DEALS_OBJECT, DEALS_NULLABLE, offsetof(post, price),
      &deals_money_shape },
    { "tags", DEALS_LIST, 0, offsetof(post, tags), NULL },
};

static const deals_shape  post_shape = { "post", sizeof(post), post_fields, 3 };

/* Each does one thing: 1 it worked, 0 it was told that memory ran out, -1
 * anything else. */
typedef int (*work)(deals_arena *a);


static int
outcome(int rc, const deals_error **error)
{
    if (rc == 0) {
        return 1;
    }

    return *error == &deals_error_no_memory ? 0 : -1;
}


static int
json_input(deals_arena *a)
{
    post                p;
    const deals_error  *error = NULL;

    return outcome(deals_input_json(&post_shape,
               S("{\"title\":\"T\","
                 "\"price\":{\"amount\":1,\"currency\":\"USD\"},"
                 "\"tags\":[\"a\",\"b\"]}"), &p, NULL, a, &error), &error);
}


static int
form_input(deals_arena *a)
{
    post                p;
    const deals_error  *error = NULL;

    return outcome(deals_input_form(&post_shape,
               S("title=T%20U&price=5&tags=a,b&currency=EUR"), &p, NULL, a,
               &error), &error);
}


static int
query_input(deals_arena *a)
{
    post                p;
    const deals_error  *error = NULL;

    return outcome(deals_input_query(&post_shape, S("x=y&title=T&tags=c"), &p,
               NULL, a, &error), &error);
}


/* The same with mistakes: all the errors, or that memory ran out. */
static int
bad_input(deals_arena *a)
{
    int                 n;
    post                p;
    const deals_error  *error = NULL, *e;

    assert_int_equal(deals_input_json(&post_shape,
        S("{\"price\":{\"amount\":-1,\"currency\":\"X\"},\"tags\":1,\"z\":2}"),
        &p, NULL, a, &error), -1);

    for (n = 0, e = error; e != NULL; e = e->next) {
        n++;
    }

    return outcome(n == 5 ? 0 : -1, &error);
}


static int
address(deals_arena *a)
{
    deals_url           url;
    const deals_error  *error = NULL;

    return outcome(deals_url_check(a, "url", S("http://www.bücher.de/a b"),
               &url, &error), &error);
}


static int
texts(deals_arena *a)
{
    int                 changed = 0;
    deals_str           out, slug, tag = S("#Lego");
    deals_list          tags;
    const deals_error  *error = NULL;

    if (deals_text_clean(a, S("a\nb\r\n"), 1, &changed).data == NULL
        || deals_text_slug(a, S("Some Title")).data == NULL
        || deals_text_when(a, 0, 100).data == NULL)
    {
        return 0;
    }

    return outcome(deals_text_title(a, "title", S("Title"), &out, &error)
               || deals_text_body(a, "body", S("a\r\nb"), 1, &out, &error)
               || deals_text_tags(a, "tags", (deals_list) { &tag, 1 }, &tags,
                                  &error)
               || deals_text_merchant(a, "merchant", S("京  東"), &out, &slug,
                                      &error)
               || deals_email_check(a, "email", S("A@B.co"), &out, &error)
               || deals_name_check(a, "name", S("kim-2"), &error)
               || deals_password_check(a, "password", S("good enough"), out,
                                       out, &error), &error);
}


static int
secrets(deals_arena *a)
{
    deals_str           text;
    deals_token         token;
    deals_cursor        c = { .list = 1, .types = "i", .keys = { { .i = 5 } } };
    const deals_error  *error = NULL;

    text = deals_token_make(a, 7, (const unsigned char *)
                            "0123456789abcdef01234567");
    if (text.data == NULL) {
        return 0;
    }

    assert_int_equal(deals_token_parse(text, &token), 0);

    if (deals_token_make_access(a, 7, token.secret).data == NULL) {
        return 0;
    }

    if (deals_token_hash(a, &token).data == NULL) {
        return 0;
    }

    if (deals_device_make(a, 7, 1, (const unsigned char *) "0123456789abcdef",
                          S("hash")).data == NULL)
    {
        return 0;
    }

    text = deals_cursor_encode(a, &c);
    if (text.data == NULL) {
        return 0;
    }

    return outcome(deals_cursor_decode(a, text, &c, &error), &error);
}


static int
prices(deals_arena *a)
{
    deals_money         m;
    const deals_error  *error = NULL;

    if (deals_money_parse(a, "price", S("CHF 1'299.00"), DEALS_NONE, &m,
                          &error) != 0)
    {
        return outcome(-1, &error);
    }

    return deals_money_decimal(a, &m).data != NULL;
}


static void
try_all(work fn)
{
    int     rc;
    size_t  limit;

    for (limit = 0; limit < 100000; limit += 16) {
        deals_arena  *a = deals_arena_new();

        deals_arena_limit(a, limit);
        rc = fn(a);

        if (rc < 0) {
            fail_msg("with %zu bytes", limit);
        }

        deals_arena_free(a);

        if (rc == 1) {
            assert_true(limit > 0);
            return;
        }
    }

    fail_msg("it never works");
}


#define TRY(name)                                                             \
    static void                                                               \
    without_memory_##name(void **state)                                       \
    {                                                                         \
        (void) state;                                                         \
        try_all(name);                                                        \
    }

TRY(json_input)
TRY(form_input)
TRY(query_input)
TRY(bad_input)
TRY(address)
TRY(texts)
TRY(secrets)
TRY(prices)

static const struct CMUnitTest  tests[] = {
    TEST(without_memory_json_input),
    TEST(without_memory_form_input),
    TEST(without_memory_query_input),
    TEST(without_memory_bad_input),
    TEST(without_memory_address),
    TEST(without_memory_texts),
    TEST(without_memory_secrets),
    TEST(without_memory_prices),
};

RUN("core_no_memory", tests)
