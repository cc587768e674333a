/*
 * JSON from shapes, problems, and escaped HTML.
 */

#include "view_check.h"

#include <math.h>

#include "base/error.h"
#include "view/value.h"

typedef struct {
    int64_t  n;
} inner;

typedef struct {
    int           yes, maybe;
    int64_t       id, none;
    double        x, nan;
    deals_str     text, empty, absent, required, url, html, secret, page;
    int64_t       when, never;
    const inner  *object, *null;
    deals_list    list, texts, nothing;
} row;

#define FIELD(type, name, kind, flags, shape)                                 \
    { #name, kind, flags, offsetof(type, name), shape }

static const deals_field  inner_fields[] = {
    FIELD(inner, n, DEALS_INT, 0, NULL),
};

static const deals_shape  inner_shape = {
    "inner", sizeof(inner), inner_fields, 1
};

static const deals_field  row_fields[] = {
    FIELD(row, yes, DEALS_BOOL, 0, NULL),
    FIELD(row, maybe, DEALS_BOOL, DEALS_NULLABLE, NULL),
    FIELD(row, id, DEALS_INT, 0, NULL),
    FIELD(row, none, DEALS_INT, DEALS_NULLABLE, NULL),
    FIELD(row, x, DEALS_FLOAT, 0, NULL),
    FIELD(row, nan, DEALS_FLOAT, DEALS_NULLABLE, NULL),
    FIELD(row, page, DEALS_TEXT, DEALS_PAGE_ONLY, NULL),
    FIELD(row, text, DEALS_TEXT, 0, NULL),
    FIELD(row, empty, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(row, absent, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(row, required, DEALS_TEXT, 0, NULL),
    FIELD(row, url, DEALS_URL, 0, NULL),
    FIELD(row, html, DEALS_HTML, 0, NULL),
    FIELD(row, secret, DEALS_TEXT, DEALS_SECRET, NULL),
    FIELD(row, when, DEALS_TIME, 0, NULL),
    FIELD(row, never, DEALS_TIME, DEALS_NULLABLE, NULL),
    FIELD(row, object, DEALS_OBJECT, DEALS_NULLABLE, &inner_shape),
    FIELD(row, null, DEALS_OBJECT, DEALS_NULLABLE, &inner_shape),
    FIELD(row, list, DEALS_LIST, 0, &inner_shape),
    FIELD(row, texts, DEALS_LIST, 0, NULL),
    FIELD(row, nothing, DEALS_LIST, 0, &inner_shape),
};

static const deals_shape  row_shape = {
    "row", sizeof(row), row_fields, sizeof(row_fields) / sizeof(row_fields[0])
};


static deals_str
taken(deals_buf *buf)
{
    deals_buf_char(buf, '\0');
    buf->len--;

    return deals_arena_take(arena, buf);
}


static const char *
string(deals_str s)
{
    deals_buf  buf = { 0 };

    deals_json_string(&buf, s);

    return taken(&buf).data;
}


static void
rows_are_written_by_their_shape(void **state)
{
    inner      in = { 9007199254740991 }, items[] = { { 1 }, { -2 } };
    deals_str  texts[] = { { "a", 1 }, { "\"", 1 } };
    deals_buf  buf = { 0 };
    row        r = {
        .yes = 1, .maybe = -1, .id = INT64_MIN + 1, .none = DEALS_NULL_INT,
        .x = 0.1, .nan = NAN, .page = S("page"), .text = S("caf\xc3\xa9"),
        .empty = S(""), .url = S("https://x/?a&b"), .html = S("<p>"),
        .secret = S("s"), .when = 1769860800, .never = DEALS_NULL_INT,
        .object = &in, .list = { items, 2 }, .texts = { texts, 2 },
    };

    (void) state;

    deals_json_write(&buf, &row_shape, &r);
    assert_str(taken(&buf),
        "{\"yes\":true,\"maybe\":null,\"id\":-9223372036854775807,"
        "\"none\":null,\"x\":0.1,\"nan\":null,\"text\":\"caf\xc3\xa9\","
        "\"empty\":\"\",\"absent\":null,\"required\":\"\","
        "\"url\":\"https://x/?a&b\",\"html\":\"<p>\","
        "\"when\":\"2026-01-31T12:00:00Z\",\"never\":null,"
        "\"object\":{\"n\":9007199254740991},\"null\":null,"
        "\"list\":[{\"n\":1},{\"n\":-2}],\"texts\":[\"a\",\"\\\"\"],"
        "\"nothing\":[]}");
}


/* However long a name is, and however many shapes a row has. */
static void
names_are_written_whole(void **state)
{
    size_t       n;
    int64_t      value = 7;
    char         name[100] = "", want[200];
    deals_field  field = { name, DEALS_INT, 0, 0, NULL };
    deals_shape  shape = { "long", sizeof(value), &field, 1 };

    (void) state;

    for (n = 1; n < sizeof(name); n++) {
        deals_buf  buf = { 0 };

        name[n - 1] = (char) ('a' + n % 26);
        deals_json_write(&buf, &shape, &value);
        snprintf(want, sizeof(want), "{\"%s\":7}", name);
        assert_str(taken(&buf), want);
    }

    field.flags = DEALS_PAGE_ONLY;
    deals_buf  buf = { 0 };
    deals_json_write(&buf, &shape, &value);
    assert_str(taken(&buf), "{}");
}


static void
strings_are_always_valid(void **state)
{
    int        c;
    char       byte;
    deals_str  text;

    (void) state;

    assert_string_equal(string(S("")), "\"\"");
    assert_string_equal(string(DEALS_NONE), "\"\"");
    assert_string_equal(string(S("\"\\/\b\f\n\r\t\0\x1f\x7f")),
                        "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\\u001f\x7f"
                        "\"");
    assert_string_equal(string(S("\xe2\x82\xac\xf0\x9f\x98\x80")),
                        "\"\xe2\x82\xac\xf0\x9f\x98\x80\"");

    /* not UTF-8: overlong, surrogate, cut off, too large */
    assert_string_equal(string(S("\xc0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(string(S("\xed\xa0\x80")),
                        "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(string(S("a\xe2\x82")),
                        "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(string(S("\xf4\x90\x80\x80""b")),
                        "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "b\"");

    for (c = 0; c < 256; c++) {
        const deals_json   *json;
        const deals_error  *error = NULL;

        byte = (char) c;
        text = deals_str_of(string((deals_str) { &byte, 1 }));
        json = deals_json_read(arena, text, &error);
        assert_non_null(json);
        if (c < 128) {
            assert_int_equal(json->string.data[0], c);
        }
    }
}


/* Every finite number reads back as itself; the others are null. */
/* What JSON makes of one byte. */
static void
expect_byte(deals_buf *out, unsigned char c, int in_html)
{
    size_t              i;
    static const char   short_forms[] = "\"\"\\\\\nn\rr\tt";

    for (i = 0; i < sizeof(short_forms) - 1; i += 2) {
        if (c == (unsigned char) short_forms[i]) {
            deals_buf_char(out, '\\');
            deals_buf_char(out, short_forms[i + 1]);
            return;
        }
    }

    if (c < 0x20 || (in_html && (c == '<' || c == '>' || c == '&'))) {
        deals_buf_printf(out, "\\u%04x", c);

    } else if (c >= 0x80) {
        deals_buf_c(out, "\xEF\xBF\xBD");

    } else {
        deals_buf_char(out, (char) c);
    }
}


/* Eight bytes are looked at together: each byte has its turn at each place of
 * strings of all short lengths, with neighbours of all kinds. */
static void
every_byte_is_seen_at_every_place(void **state)
{
    int                  c, in_html;
    char                 text[20];
    size_t               n, i, j;
    deals_str            s = { text, 0 };
    deals_buf            got = { 0 }, want = { 0 };
    static const char    around[] = "a \x7f!#[]'(";

    (void) state;

    for (in_html = 0; in_html < 2; in_html++)
    for (c = 0; c < 256; c++)
    for (n = 1; n <= sizeof(text); n++)
    for (i = 0; i < n; i++) {
        deals_buf_clear(&got);
        deals_buf_clear(&want);
        deals_buf_char(&want, '"');

        for (j = 0; j < n; j++) {
            text[j] = j == i ? (char) c
                             : around[(j + (size_t) c) % (sizeof(around) - 1)];
            expect_byte(&want, (unsigned char) text[j], in_html);
        }

        deals_buf_char(&want, '"');
        s.len = n;
        deals_json_value(&got, DEALS_TEXT, 0, NULL, &s, in_html, NULL);

        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
    }

    deals_buf_free(&got);
    deals_buf_free(&want);
}


static void
numbers_are_finite_and_exact(void **state)
{
    char     out[DEALS_NUMBER_SIZE];
    size_t   i;
    double   xs[] = { 0, 0.1, 1.21, 1e300, -1e-300, 5e-324, 1.0 / 3,
                      1.7976931348623157e308, 12577.1554889, 100, 1e15, 1e21 };

    (void) state;

    for (i = 0; i < sizeof(xs) / sizeof(xs[0]); i++) {
        deals_str           text = deals_value_float(out, xs[i]);
        const deals_json   *json;
        const deals_error  *error = NULL;

        json = deals_json_read(arena, text, &error);
        assert_non_null(json);
        assert_true(json->number == xs[i]);
    }

    assert_str(deals_value_float(out, 1.21), "1.21");
    assert_str(deals_value_float(out, 100), "100");
    assert_str(deals_value_float(out, NAN), NULL);
    assert_str(deals_value_float(out, INFINITY), NULL);
    assert_str(deals_value_float(out, -INFINITY), NULL);
}


/* What a <script> could end by is escaped; it is the same JSON. */
static void
json_can_stand_in_a_script(void **state)
{
    deals_str  text = S("</script><!--&\xe2\x80\xa8\xe2\x80\xa9'");
    deals_buf  buf = { 0 };

    (void) state;

    deals_json_value(&buf, DEALS_TEXT, 0, NULL, &text, 1, NULL);
    deals_json_value(&buf, DEALS_OBJECT, 0, &inner_shape, NULL, 1,
                     NULL);
    assert_str(taken(&buf),
               "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029'\"null");
}


static void
problems_name_every_field(void **state)
{
    deals_buf           buf = { 0 };
    const deals_error  *list = NULL;
    const deals_error   one = { DEALS_NOT_FOUND, DEALS_NONE,
                                S("no \"such\" deal"), NULL, 0 };
    const deals_error   mute = { DEALS_UNAVAILABLE, DEALS_NONE, DEALS_NONE,
                                 NULL, 5 };

    (void) state;

    deals_json_problem(&buf, &one);
    assert_str(taken(&buf),
        "{\"type\":\"urn:deals:problem:not-found\",\"title\":\"Not found\","
        "\"status\":404,\"detail\":\"no \\\"such\\\" deal\"}");

    buf = (deals_buf) { 0 };
    deals_json_problem(&buf, &mute);
    assert_non_null(strstr(taken(&buf).data, "\"status\":503}"));

    deals_error_add(arena, &list, DEALS_INVALID, "title", "is too short");
    buf = (deals_buf) { 0 };
    deals_json_problem(&buf, list);
    assert_non_null(strstr(taken(&buf).data,
        "\"status\":422,\"detail\":\"is too short\",\"errors\":[{\"field\":"
        "\"title\",\"detail\":\"is too short\"}]}"));

    deals_error_add(arena, &list, DEALS_INVALID, "price.amount", "is no "
                                                                 "number");
    buf = (deals_buf) { 0 };
    deals_json_problem(&buf, list);
    assert_non_null(strstr(taken(&buf).data,
        "\"detail\":\"2 fields are not acceptable\",\"errors\":[{\"field\":"
        "\"title\",\"detail\":\"is too short\"},{\"field\":\"price.amount\","
        "\"detail\":\"is no number\"}]}"));

    deals_error_add(arena, &list, DEALS_INVALID, NULL, "all of it");
    buf = (deals_buf) { 0 };
    deals_json_problem(&buf, list);
    assert_non_null(strstr(taken(&buf).data, "\"detail\":\"all of it\",\"err"));
}


static void
every_byte_is_escaped_at_every_place(void **state)
{
    int        c;
    char       text[20];
    size_t     n, i;
    deals_buf  got = { 0 }, want = { 0 };

    (void) state;

    for (c = 0; c < 256; c++)
    for (n = 1; n <= sizeof(text); n++)
    for (i = 0; i < n; i++) {
        deals_buf_clear(&got);
        deals_buf_clear(&want);

        memset(text, (c + (int) i) % 2 ? 'a' : 0xe9, n);
        text[i] = (char) c;

        deals_buf_add(&want, text, i);
        deals_buf_c(&want, c == '&' ? "&amp;" : c == '<' ? "&lt;"
                           : c == '>' ? "&gt;" : c == '"' ? "&quot;"
                           : c == '\'' ? "&#39;" : "");

        if (want.len == i) {
            deals_buf_char(&want, (char) c);
        }

        deals_buf_add(&want, text + i + 1, n - i - 1);
        deals_html_escape(&got, (deals_str) { text, n });

        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
    }

    deals_buf_free(&got);
    deals_buf_free(&want);
}


static void
html_is_escaped(void **state)
{
    deals_buf  buf = { 0 };

    (void) state;

    deals_html_escape(&buf, S("<a href=\"x\" b='y'>&amp;</a> \xe2\x82\xac"));
    deals_html_escape(&buf, S(""));
    deals_html_escape(&buf, DEALS_NONE);
    deals_html_escape(&buf, S("&&"));
    assert_str(taken(&buf), "&lt;a href=&quot;x&quot; "
                            "b=&#39;y&#39;&gt;&amp;amp;"
               "&lt;/a&gt; \xe2\x82\xac&amp;&amp;");
}


static const struct CMUnitTest  tests[] = {
    TEST(rows_are_written_by_their_shape),
    TEST(names_are_written_whole),
    TEST(strings_are_always_valid),
    TEST(every_byte_is_seen_at_every_place),
    TEST(numbers_are_finite_and_exact),
    TEST(json_can_stand_in_a_script),
    TEST(problems_name_every_field),
    TEST(html_is_escaped),
    TEST(every_byte_is_escaped_at_every_place),
};

RUN("JSON and HTML", tests)
