/*
 * Cursors.
 */

#include "base_check.h"

#include <math.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/time.h"
#include "core/cursor.h"
#include "base/id.h"

static const deals_error  *error;

static const deals_cursor  example = {
    .list = 3,
    .qualifier = { "day", 3 },
    .state = 1700000000,
    .snapshot = 77,
    .types = "fitn",
    .keys = { { .f = -12577.1554889 }, { .i = 4711 }, { .i = -5 },
              { .i = INT32_MIN } },
};


static int
decode(deals_str text, deals_cursor *c)
{
    error = NULL;

    return deals_cursor_decode(arena, text, c, &error);
}


static void
assert_foreign(deals_str text, deals_cursor expected)
{
    assert_int_equal(decode(text, &expected), -1);
    assert_int_equal(error->code, DEALS_MALFORMED);
    assert_str(error->field, "cursor");
}


static void
there_and_back(void **state)
{
    deals_str     text;
    deals_cursor  c;

    (void) state;

    text = deals_cursor_encode(arena, &example);
    assert_non_null(text.data);

    c = (deals_cursor) { .list = 3, .qualifier = S("day"), .types = "fitn" };
    assert_int_equal(decode(text, &c), 0);
    assert_int_equal(c.state, 1700000000);
    assert_int_equal(c.snapshot, 77);
    assert_true(c.keys[0].f == -12577.1554889);         /* to the last bit */
    assert_int_equal(c.keys[1].i, 4711);
    assert_int_equal(c.keys[2].i, -5);
    assert_true(c.keys[3].i == INT32_MIN);

    /* nothing but the list */
    c = (deals_cursor) { .list = 255, .types = "" };
    text = deals_cursor_encode(arena, &c);
    assert_int_equal(decode(text, &c), 0);
}


static void
of_another_list_is_refused(void **state)
{
    deals_str     text;
    deals_cursor  c;

    (void) state;

    text = deals_cursor_encode(arena, &example);

    c = example, c.list = 4;
    assert_foreign(text, c);
    c = example, c.qualifier = S("week");
    assert_foreign(text, c);
    c = example, c.qualifier = S("dax");
    assert_foreign(text, c);
    c = example, c.qualifier = DEALS_NONE;
    assert_foreign(text, c);
    c = example, c.types = "fit";
    assert_foreign(text, c);
    c = example, c.types = "fiti";
    assert_foreign(text, c);
    c = example, c.types = "fitnn";
    assert_foreign(text, c);
}


static void
damage_is_found(void **state)
{
    char       *copy;
    size_t      i, bit;
    deals_str   text, bytes;

    (void) state;

    text = deals_cursor_encode(arena, &example);
    bytes = deals_base64url_decode(arena, text);
    copy = (char *) bytes.data;

    for (i = 0; i < bytes.len; i++) {
        for (bit = 0; bit < 8; bit++) {
            copy[i] ^= (char) (1 << bit);
            assert_foreign(deals_base64url(arena, bytes), example);
            copy[i] ^= (char) (1 << bit);
        }
    }

    for (i = 0; i < text.len; i++) {
        assert_foreign((deals_str) { text.data, i }, example);
    }

    assert_foreign(DEALS_NONE, example);
    assert_foreign(S("@@@@"), example);
    assert_foreign(deals_str_of(deals_arena_printf(arena, "%.*sAAAA",
                       (int) text.len, text.data)), example);
    assert_foreign((deals_str) { text.data, 100000 }, example);
}


/* With a right checksum, made by somebody who knows how. */
static deals_str
forged(const void *data, size_t len)
{
    uint32_t   sum;
    deals_buf  buf;

    deals_buf_init(&buf);
    deals_buf_add(&buf, data, len);
    sum = deals_crc32((deals_str) { data, len });
    deals_buf_char(&buf, (char) (sum >> 24));
    deals_buf_char(&buf, (char) (sum >> 16));
    deals_buf_char(&buf, (char) (sum >> 8));
    deals_buf_char(&buf, (char) sum);

    return deals_base64url(arena, deals_arena_take(arena, &buf));
}


static void
forged_values_are_refused(void **state)
{
    size_t        i, len;
    uint64_t      bits;
    deals_str     bytes;
    deals_cursor  c;
    unsigned char  raw[200];

    static const struct { const char *type; uint64_t bits; } bad[] = {
        { "f", 0x7ff0000000000000 }, { "f", 0xfff0000000000000 },
        { "f", 0x7ff8000000000000 }, { "f", 0xffffffffffffffff },
        { "i", 0 }, { "i", UINT64_C(1) << 53 }, { "i", UINT64_MAX },
        { "t", INT64_MAX }, { "t", UINT64_C(1) << 63 },
        { "n", UINT64_C(1) << 31 }, { "n", UINT64_C(1) << 63 },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c = (deals_cursor) { .list = 1, .types = bad[i].type,
                             .keys = { { .i = 1 } } };
        if (bad[i].type[0] == 'f') {
            c.keys[0].f = 1;
        }

        bytes = deals_base64url_decode(arena, deals_cursor_encode(arena, &c));
        len = bytes.len - 4;
        memcpy(raw, bytes.data, len);

        /* the forging itself is sound */
        assert_int_equal(decode(forged(raw, len), &c), 0);

        for (bits = bad[i].bits, bytes.len = 0; bytes.len < 8; bytes.len++) {
            raw[len - 1 - bytes.len] = (unsigned char) (bits >> 8 * bytes.len);
        }

        assert_foreign(forged(raw, len), c);
    }

    /* a negative state */
    c = (deals_cursor) { .list = 1, .types = "" };
    bytes = deals_base64url_decode(arena, deals_cursor_encode(arena, &c));
    len = bytes.len - 4;
    memcpy(raw, bytes.data, len);
    raw[3] = 0x80;
    assert_foreign(forged(raw, len), c);

    /* another version, and lengths that lie */
    memcpy(raw, bytes.data, len);
    raw[0] = 2;
    assert_foreign(forged(raw, len), c);
    memcpy(raw, bytes.data, len);
    raw[2] = 255;
    assert_foreign(forged(raw, len), c);
    assert_foreign(forged("", 0), c);
    assert_foreign(forged("\1", 1), c);
    memcpy(raw, bytes.data, len);
    raw[len] = 0;
    assert_foreign(forged(raw, len + 1), c);
}


static void
what_could_not_be_read_is_not_written(void **state)
{
    char          qualifier[DEALS_CURSOR_QUALIFIER + 1];
    deals_cursor  c;

    (void) state;

    memset(qualifier, 'q', sizeof(qualifier));

    c = example, c.list = 0;
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.list = 256;
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.keys[0].f = NAN;
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.keys[1].i = 0;
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.types = "x";
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.types = "iiiii";
    assert_null(deals_cursor_encode(arena, &c).data);
    c = example, c.qualifier = (deals_str) { qualifier, sizeof(qualifier) };
    assert_null(deals_cursor_encode(arena, &c).data);

    /* the longest one there is */
    c = example, c.qualifier.data = qualifier;
    c.qualifier.len = DEALS_CURSOR_QUALIFIER;
    assert_int_equal(decode(deals_cursor_encode(arena, &c), &c), 0);
}


static const struct CMUnitTest  tests[] = {
    TEST(there_and_back),
    TEST(of_another_list_is_refused),
    TEST(damage_is_found),
    TEST(forged_values_are_refused),
    TEST(what_could_not_be_read_is_not_written),
};

RUN("core_cursor", tests)
