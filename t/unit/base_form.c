/*
 * Urlencoded bodies and query strings.
 */

#include "base_check.h"

#include "base/form.h"

static const deals_error  *error;
static deals_list          pairs;


static void
pairs_are_read(void **state)
{
    deals_pair  *p;

    (void) state;

    assert_int_equal(deals_form_read(arena, S("a=1&b=x+y%26%3D&&c&a=&=v&d=="),
                                     &pairs, &error), 0);
    p = pairs.items;
    assert_int_equal(pairs.len, 6);
    assert_str(p[0].name, "a");
    assert_str(p[0].value, "1");
    assert_str(p[1].value, "x y&=");
    assert_str(p[2].name, "c");
    assert_str(p[2].value, "");
    assert_str(p[3].name, "a");
    assert_str(p[3].value, "");
    assert_str(p[4].name, "");
    assert_str(p[4].value, "v");
    assert_str(p[5].value, "=");

    assert_str(deals_form_get(&pairs, "a"), "1");
    assert_str(deals_form_get(&pairs, "c"), "");
    assert_str(deals_form_get(&pairs, "zz"), NULL);
}


static void
nothing_is_no_pairs(void **state)
{
    (void) state;

    assert_int_equal(deals_form_read(arena, S(""), &pairs, &error), 0);
    assert_int_equal(pairs.len, 0);
    assert_int_equal(deals_form_read(arena, DEALS_NONE, &pairs, &error), 0);
    assert_int_equal(pairs.len, 0);
    assert_int_equal(deals_form_read(arena, S("&&"), &pairs, &error), 0);
    assert_int_equal(pairs.len, 0);
}


static void
broken_values_name_their_field(void **state)
{
    size_t  i;

    static const struct {
        deals_str    text;
        const char  *field, *message;
    } cases[] = {
        { S("a=1&t%69tle=50%"), "title", "%" },
        { S("title=%4"), "title", "%" },
        { S("title=%zz"), "title", "%" },
        { S("title=%00"), "title", "NUL" },
        { S("title=\0"), "title", "NUL" },
        { S("title=%ff"), "title", "UTF-8" },
        { S("title=%ed%a0%80"), "title", "UTF-8" },
        { S("%zz=1"), NULL, "name" },
        { S("a%00=1"), NULL, "NUL" },
        { S("%c3=1"), NULL, "UTF-8" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        error = NULL;
        assert_int_equal(deals_form_read(arena, cases[i].text, &pairs, &error),
                         -1);
        assert_int_equal(error->code, DEALS_MALFORMED);
        assert_str(error->field, cases[i].field);
        assert_non_null(strstr(error->message.data, cases[i].message));
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(pairs_are_read),
    TEST(nothing_is_no_pairs),
    TEST(broken_values_name_their_field),
};

RUN("base_form", tests)
