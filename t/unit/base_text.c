/*
 * UTF-8 and the encodings.
 */

#include "base_check.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/utf8.h"


static void
utf8_knows_what_is_valid(void **state)
{
    size_t  i;

    static const deals_str  good[] = {
        { "", 0 }, { "\0", 1 }, { "a", 1 }, { "\x7f", 1 },
        { "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 }, { "\xee\x80\x80", 3 },
        { "\xef\xbf\xbf", 3 },
        { "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 }
    };
    static const deals_str  bad[] = {
        { "\x80", 1 }, { "\xbf", 1 }, { "\xc0\x80", 2 }, { "\xc1\xbf", 2 },
        { "\xc2", 1 }, { "\xc2\x41", 2 }, { "\xe0\x9f\xbf", 3 },
        { "\xed\xa0\x80", 3 }, { "\xed\xbf\xbf", 3 }, { "\xe2\x82", 2 },
        { "\xf0\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 4 },
        { "\xf5\x80\x80\x80", 4 }, { "\xf8\x88\x80\x80\x80", 5 },
        { "\xff", 1 }, { "\xfe", 1 }, { "\xf0\x90\x80", 3 }
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(deals_utf8_valid(good[i]));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(deals_utf8_valid(bad[i]));
    }
}


static void
utf8_there_and_back(void **state)
{
    char      out[4];
    size_t    n, pos;
    uint32_t  cp;

    (void) state;

    for (cp = 0; cp <= 0x110000; cp++) {
        n = deals_utf8_put(out, cp);

        if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
            assert_int_equal(n, 0);
            continue;
        }

        pos = 0;
        if (deals_utf8_next((deals_str) { out, n }, &pos) != (int32_t) cp
            || pos != n)
        {
            fail_msg("U+%04X", cp);
        }
    }
}


static void
utf8_counts_and_cuts(void **state)
{
    size_t  pos = 3;

    (void) state;

    assert_int_equal(deals_utf8_count(S("")), 0);
    assert_int_equal(deals_utf8_count(S("aé€😀")), 4);
    assert_int_equal(deals_utf8_count(S("\xff\xc3")), 2);
    assert_str(deals_utf8_cut(S("aé€😀"), 3), "aé€");
    assert_str(deals_utf8_cut(S("aé"), 9), "aé");
    assert_str(deals_utf8_cut(S("aé"), 0), "");
    assert_int_equal(deals_utf8_next(S("abc"), &pos), -1);
    assert_int_equal(pos, 3);
}


static void
utf8_trims_unicode_space(void **state)
{
    (void) state;

    assert_str(deals_utf8_trim(S("\u00a0 \u3000a b\u2003\n")), "a b");
    assert_str(deals_utf8_trim(S("\u00a0\u00a0")), "");
    assert_str(deals_utf8_trim(S("")), "");
    assert_str(deals_utf8_trim(DEALS_NONE), NULL);
    assert_str(deals_utf8_trim(S("❤\ufe0f ")), "❤\ufe0f");
    assert_str(deals_utf8_trim(S("\n\xa2\x83\xac")), "\xa2\x83\xac");
    assert_str(deals_utf8_trim(S("a \x80")), "a \x80");
    assert_str(deals_utf8_trim(S("\x80\x80\x80\x80\x80 ")),
               "\x80\x80\x80\x80\x80");
}


static void
utf8_finds_control_characters(void **state)
{
    int     c;
    char    text[20];
    size_t  i, n;

    (void) state;

    assert_int_equal(deals_utf8_control(S("plain é €"), 0), -1);
    assert_int_equal(deals_utf8_control(S("a\tb\nc"), 1), -1);
    assert_int_equal(deals_utf8_control(S("a\tb"), 0), '\t');
    assert_int_equal(deals_utf8_control(S("a\rb"), 1), '\r');
    assert_int_equal(deals_utf8_control(S("a\0b"), 1), 0);
    assert_int_equal(deals_utf8_control(S("a\x7f"), 1), 0x7f);
    assert_int_equal(deals_utf8_control(S("a\xc2\x93"), 1), 0x93);
    assert_int_equal(deals_utf8_control(S("a\u2028"), 1), 0x2028);

    /* wherever it stands in a long text */
    for (n = 1; n <= sizeof(text); n++)
    for (i = 0; i < n; i++)
    for (c = 0; c < 256; c++) {
        memset(text, 'a', sizeof(text));
        text[i] = (char) c;
        assert_int_equal(deals_utf8_valid((deals_str) { text, n }), c < 0x80);
        assert_int_equal(deals_utf8_control((deals_str) { text, n }, 0),
                         c < 0x20 || c == 0x7f ? c : -1);
        assert_int_equal(deals_utf8_control((deals_str) { text, n }, 1),
                         (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f
                         ? c : -1);
    }
    assert_int_equal(deals_utf8_control(S("\u200b"), 0), -1);
}


static void
base64url_there_and_back(void **state)
{
    size_t         len;
    deals_str      text, bytes;
    unsigned char  in[64];

    (void) state;

    for (len = 0; len < sizeof(in); len++) {
        in[len] = (unsigned char) (len * 151 + 250);
        text = deals_base64url(arena, (deals_str) { (char *) in, len });
        assert_non_null(text.data);
        bytes = deals_base64url_decode(arena, text);
        assert_int_equal(bytes.len, len);
        assert_memory_equal(bytes.data, in, len);
    }

    assert_str(deals_base64url(arena, S("\xff\xfe\xfd")), "__79");
    assert_str(deals_base64url(arena, S("f")), "Zg");
}


static void
base64url_has_one_spelling(void **state)
{
    (void) state;

    assert_null(deals_base64url_decode(arena, S("Zg==")).data);
    assert_null(deals_base64url_decode(arena, S("Zh")).data);
    assert_null(deals_base64url_decode(arena, S("Z")).data);
    assert_null(deals_base64url_decode(arena, S("Zm9+")).data);
    assert_null(deals_base64url_decode(arena, S("Zm 9")).data);
    assert_null(deals_base64url_decode(arena, S("Zm9\0")).data);
    assert_null(deals_base64url_decode(arena, DEALS_NONE).data);
    assert_str(deals_base64url_decode(arena, S("")), "");
}


static void
hex_there_and_back(void **state)
{
    (void) state;

    assert_str(deals_hex(arena, S("\0\x0f\xff")), "000fff");
}


static void
percent_encoding(void **state)
{
    deals_buf  buf;
    deals_str  out;

    (void) state;

    deals_buf_init(&buf);
    deals_percent(&buf, S("a-Z.0_~ /&=+%\0é"));
    assert_str(deals_arena_take(arena, &buf),
               "a-Z.0_~%20%2F%26%3D%2B%25%00%C3%A9");

    assert_int_equal(deals_percent_decode(arena, S("a%20b+c%2b"), 1, &out), 0);
    assert_str(out, "a b c+");
    assert_int_equal(deals_percent_decode(arena, S("a+b"), 0, &out), 0);
    assert_str(out, "a+b");
    assert_int_equal(deals_percent_decode(arena, S("%"), 0, &out), -1);
    assert_int_equal(deals_percent_decode(arena, S("%4"), 0, &out), -1);
    assert_int_equal(deals_percent_decode(arena, S("%4g"), 0, &out), -1);
    assert_int_equal(deals_percent_decode(arena, S("%%41"), 0, &out), -1);
}


static void
crc32_is_the_common_one(void **state)
{
    (void) state;

    assert_int_equal(deals_crc32(S("123456789")), 0xcbf43926);
    assert_int_equal(deals_crc32(S("")), 0);
}


static const struct CMUnitTest  tests[] = {
    TEST(utf8_knows_what_is_valid),
    TEST(utf8_there_and_back),
    TEST(utf8_counts_and_cuts),
    TEST(utf8_trims_unicode_space),
    TEST(utf8_finds_control_characters),
    TEST(base64url_there_and_back),
    TEST(base64url_has_one_spelling),
    TEST(hex_there_and_back),
    TEST(percent_encoding),
    TEST(crc32_is_the_common_one),
};

RUN("base_text", tests)
