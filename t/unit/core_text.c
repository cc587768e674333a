/*
 * What people write, and slugs and relative times made of it.
 */

#include "base_check.h"

#include "base/arena.h"
#include "core/text.h"

static const deals_error  *error;
static deals_str           out;


/* A text of n times the same one. */
static deals_str
times(size_t n, const char *unit)
{
    deals_buf  buf;

    deals_buf_init(&buf);
    while (n-- > 0) {
        deals_buf_c(&buf, unit);
    }

    return deals_arena_take(arena, &buf);
}


static int
title(deals_str in)
{
    error = NULL;

    return deals_text_title(arena, "title", in, &out, &error);
}


static int
body(deals_str in, int required)
{
    error = NULL;

    return deals_text_body(arena, "body", in, required, &out, &error);
}


static void
assert_said(const char *field, const char *message)
{
    assert_non_null(error);
    assert_int_equal(error->code, DEALS_INVALID);
    assert_str(error->field, field);

    if (strstr(error->message.data, message) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error->message.data, message);
    }
}


static void
titles(void **state)
{
    (void) state;

    assert_int_equal(title(S("  50% off <SAVE20> é😀 \u00a0")), 0);
    assert_str(out, "50% off <SAVE20> é😀");
    assert_int_equal(title(S("a  b")), 0);
    assert_str(out, "a  b");

    assert_int_equal(title(S("abc")), 0);
    assert_int_equal(title(times(300, "é")), 0);
    assert_int_equal(out.len, 600);

    assert_int_equal(title(S("ab")), -1);
    assert_said("title", "3 to 300");
    assert_int_equal(title(times(301, "é")), -1);
    assert_said("title", "not 301");
    assert_int_equal(title(S("  \t\n ")), -1);
    assert_said("title", "required");
    assert_int_equal(title(DEALS_NONE), -1);
    assert_said("title", "required");
    assert_int_equal(title(S("one\ntwo")), -1);
    assert_said("title", "single line");
    assert_int_equal(title(S("one\ttwo")), -1);
    assert_said("title", "control");
    assert_int_equal(title(S("one\0two")), -1);
    assert_said("title", "control");
    assert_int_equal(title(S("one\xc2\x93")), -1);
    assert_said("title", "control");
    assert_int_equal(title(S("one\xff")), -1);
    assert_said("title", "UTF-8");
    assert_int_equal(title(S("\u200b\u200b\u200b")), -1);
    assert_said("title", "visible");
}


static void
bodies(void **state)
{
    (void) state;

    assert_int_equal(body(S("a\r\nb\rc\n\td\r"), 1), 0);
    assert_str(out, "a\nb\nc\n\td\n");
    assert_int_equal(body(S(""), 0), 0);
    assert_str(out, "");
    assert_int_equal(body(S(" \n"), 0), 0);

    assert_int_equal(body(times(20000, "€"), 1), 0);
    assert_int_equal(body(times(20000, "\r\n"), 0), 0);
    assert_int_equal(body(times(20001, "€"), 1), -1);
    assert_said("body", "at most 20000 characters, not 20001");

    assert_int_equal(body(S(" \n\u200b"), 1), -1);
    assert_said("body", "required");
    assert_int_equal(body(S("a\0b"), 1), -1);
    assert_said("body", "control");
    assert_int_equal(body(S("a\fb"), 1), -1);
    assert_said("body", "control");
    assert_int_equal(body(S("a\xf0\x90"), 1), -1);
    assert_said("body", "UTF-8");
}


static void
tags(void **state)
{
    size_t      i;
    deals_list  list;
    deals_str   many[20];

    static const char *const  bad[] = {
        "", "#", "-", "a b", "a_b", "é", "a,b", "##a", "a\xff",
        "abcdefghijklmnopqrstuvwxyz-abcd"
    };

    (void) state;

    error = NULL;
    assert_int_equal(deals_text_tag(arena, "tags", S(" #PC-Games2 "), &out,
                                    &error), 0);
    assert_str(out, "pc-games2");
    assert_int_equal(deals_text_tag(arena, "tags",
                     S("abcdefghijklmnopqrstuvwxyz-abc"), &out, &error), 0);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error = NULL;
        assert_int_equal(deals_text_tag(arena, "tags", deals_str_of(bad[i]),
                                        &out, &error), -1);
        assert_said("tags", "letters");
    }

    for (i = 0; i < 20; i++) {
        many[i] = deals_str_of(deals_arena_printf(arena, "T%zu", i / 2));
    }

    error = NULL;
    assert_int_equal(deals_text_tags(arena, "tags", (deals_list) { many, 16 },
                                     &list, &error), 0);
    assert_int_equal(list.len, 8);
    assert_str(((deals_str *) list.items)[0], "t0");
    assert_str(((deals_str *) list.items)[7], "t7");

    assert_int_equal(deals_text_tags(arena, "tags", (deals_list) { many, 17 },
                                     &list, &error), -1);
    assert_said("tags", "at most 8");

    error = NULL;
    assert_int_equal(deals_text_tags(arena, "tags", (deals_list) { NULL, 0 },
                                     &list, &error), 0);
    assert_int_equal(list.len, 0);
}


static void
merchants(void **state)
{
    deals_str  name, slug, other;

    (void) state;

    error = NULL;
    assert_int_equal(deals_text_merchant(arena, "merchant",
                     S("  Best \u00a0  Buy "), &name, &slug, &error), 0);
    assert_str(name, "Best Buy");
    assert_str(slug, "best-buy");

    assert_int_equal(deals_text_merchant(arena, "merchant", S("淘宝"), &name,
                                         &slug, &error), 0);
    assert_int_equal(deals_text_merchant(arena, "merchant", S("京东"), &name,
                                         &other, &error), 0);
    assert_false(deals_str_eq(slug, other));
    assert_true(slug.len == 10 && memcmp(slug.data, "m-", 2) == 0);

    assert_int_equal(deals_text_merchant(arena, "merchant", times(80, "é"),
                                         &name, &slug, &error), 0);
    assert_true(slug.len <= DEALS_SLUG_MAX + 9);

    assert_int_equal(deals_text_merchant(arena, "merchant", times(81, "é"),
                                         &name, &slug, &error), -1);
    assert_said("merchant", "at most 80");

    error = NULL;
    assert_int_equal(deals_text_merchant(arena, "merchant", S(" "), &name,
                                         &slug, &error), -1);
    assert_said("merchant", "required");
    error = NULL;
    assert_int_equal(deals_text_merchant(arena, "merchant", S("a\nb"), &name,
                                         &slug, &error), -1);
    assert_said("merchant", "single line");
}


static void
assert_clean(deals_str in, int lines, const char *expected, int expect_changed)
{
    int  changed = 0;

    assert_str(deals_text_clean(arena, in, lines, &changed), expected);
    assert_int_equal(changed, expect_changed);
}


static void
cleaning(void **state)
{
    int  changed = 1;

    (void) state;

    /* one line */
    assert_clean(S("  plain  text é "), 0, "plain  text é", 0);
    assert_clean(S("Was: $5\nNow: $3"), 0, "Was: $5 Now: $3", 1);
    assert_clean(S("a \n\n b"), 0, "a b", 1);
    assert_clean(S("a\t\r\n  b  c"), 0, "a b  c", 1);
    assert_clean(S("a\0b"), 0, "a b", 1);
    assert_clean(S("\x01 a \x7f"), 0, "a", 1);
    assert_clean(S("\xc2\x93hi\xc2\x94 \xc2\x96 \xc2\x81x"), 0, "“hi” – x", 1);
    assert_clean(S("a\xff" "b"), 0, "a\ufffdb", 1);
    assert_clean(S("a\u2028b"), 0, "a b", 1);
    assert_clean(S("a\u200bb"), 0, "a\u200bb", 0);
    assert_clean(S(""), 0, "", 0);
    assert_clean(S("\n"), 0, "", 0);
    assert_clean(DEALS_NONE, 0, NULL, 0);

    /* lines */
    assert_clean(S("a\r\n\tb\n\n c\n"), 1, "a\n\tb\n\n c", 0);
    assert_clean(S("a\x08 b\n"), 1, "a b", 1);

    /* never back to 0; and what was cleaned is accepted */
    out = deals_text_clean(arena, S("fine"), 0, &changed);
    assert_int_equal(changed, 1);
    assert_int_equal(title(deals_text_clean(arena,
                     S("\0\x1f x\xfe\r\n\xc2\x80y\xe2\x80\xa8"), 0, &changed)),
                     0);
    assert_str(out, "x\ufffd €y");
}


static void
slugs(void **state)
{
    (void) state;

    assert_str(deals_text_slug(arena, S("New: 50% off café crème!")),
               "new-50-off-cafe-creme");
    assert_str(deals_text_slug(arena, S("  --Don't & won’t-- ")),
               "dont-wont");
    assert_str(deals_text_slug(arena, S("Ærø, Łódź, Straße, cafe\u0301")),
               "aero-lodz-strasse-cafe");
    assert_str(deals_text_slug(arena, S("2×3 ÷ 4")), "2-3-4");
    assert_str(deals_text_slug(arena, S("特価 セール")), "deal");
    assert_str(deals_text_slug(arena, S("")), "deal");
    assert_str(deals_text_slug(arena, S("\xff\0<>")), "deal");
    assert_str(deals_text_slug(arena, times(20, "word ")),
               "word-word-word-word-word-word-word-word-word-word-word-word");
    assert_int_equal(deals_text_slug(arena, times(300, "x")).len,
                     DEALS_SLUG_MAX);
    assert_str(deals_text_slug(arena, times(12, "word ")),
               "word-word-word-word-word-word-word-word-word-word-word-word");

    assert_str(deals_text_slug_unique(arena, S("Best Buy")), "best-buy");
    assert_str(deals_text_slug_unique(arena, S("BEST  buy!")), "best-buy");
    out = deals_text_slug_unique(arena, S("Яндекс Store"));
    assert_non_null(strstr(out.data, "store-"));
    assert_false(deals_str_eq(
        deals_text_slug_unique(arena, times(61, "x")),
        deals_text_slug_unique(arena, times(62, "x"))));
    assert_true(deals_text_slug_unique(arena, S("!!!")).len == 10);
    assert_true(deals_text_slug_unique(arena, S("")).len == 10);
}


static void
assert_when(int64_t then, int64_t now, const char *expected)
{
    assert_str(deals_text_when(arena, then, now), expected);
}


static void
relative_times(void **state)
{
    const int64_t  now = 1769860800, hour = 3600, day = 86400;

    (void) state;

    assert_when(now, now, "just now");
    assert_when(now - 59, now, "just now");
    assert_when(now - 60, now, "1 minute ago");
    assert_when(now - hour + 1, now, "59 minutes ago");
    assert_when(now - hour, now, "1 hour ago");
    assert_when(now - 3 * hour, now, "3 hours ago");
    assert_when(now - day + 1, now, "23 hours ago");
    assert_when(now - day, now, "1 day ago");
    assert_when(now - 29 * day, now, "29 days ago");
    assert_when(now - 30 * day, now, "1 month ago");
    assert_when(now - 364 * day, now, "11 months ago");
    assert_when(now - 365 * day, now, "1 year ago");
    assert_when(now - 1000 * day, now, "2 years ago");
    assert_when(now + 1, now, "in a moment");
    assert_when(now + 5 * 60, now, "in 5 minutes");
    assert_when(now + 2 * day, now, "in 2 days");
    assert_non_null(deals_text_when(arena, INT64_MIN, INT64_MAX).data);
    assert_non_null(deals_text_when(arena, INT64_MAX, INT64_MIN).data);
}


static const struct CMUnitTest  tests[] = {
    TEST(titles),
    TEST(bodies),
    TEST(tags),
    TEST(merchants),
    TEST(cleaning),
    TEST(slugs),
    TEST(relative_times),
};

RUN("core_text", tests)
