/*
 * What a browser keeps of a sign-in: made for one member and one hash, it is good
 * for these, for its time, and no byte of it can be another.
 */

#include "base_check.h"

#include "core/device.h"

#define NOW   INT64_C(1800000000)
#define HASH  S("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA")

static const unsigned char  nonce[DEALS_DEVICE_NONCE] = "0123456789abcdef";

static int
is(deals_str text, int64_t id, int64_t now, deals_str hash)
{
    unsigned char  got[DEALS_DEVICE_NONCE] = { 0 };
    int            rc = deals_device_is(text, id, now, hash, got);

    if (rc) {
        assert_memory_equal(got, nonce, sizeof(nonce));
    }

    return rc;
}

static void
whose(void **state)
{
    deals_str  text = deals_device_make(arena, 7, NOW, nonce, HASH);

    (void) state;
    assert_true(text.len <= DEALS_DEVICE_MAX);
    assert_memory_equal(text.data, "7.1800000000.", 13);
    assert_int_equal(text.len, 13 + 64);
    assert_int_equal(is(text, 7, NOW, HASH), 1);
    assert_int_equal(is(text, 8, NOW, HASH), 0);
    assert_int_equal(is(text, 0, NOW, HASH), 0);
    assert_int_equal(is(text, 7, NOW, S("$argon2id$")), 0);
    assert_int_equal(is(text, 7, NOW, S("")), 0);

    /* the largest id there is */
    text = deals_device_make(arena, (INT64_C(1) << 53) - 1, NOW, nonce,
                             HASH);
    assert_int_equal(is(text, (INT64_C(1) << 53) - 1, NOW, HASH), 1);
}

static void
how_long(void **state)
{
    deals_str  text = deals_device_make(arena, 7, NOW, nonce, HASH);

    (void) state;
    assert_int_equal(is(text, 7, NOW + DEALS_DEVICE_LIFE - 1, HASH), 1);
    assert_int_equal(is(text, 7, NOW + DEALS_DEVICE_LIFE, HASH), 0);
    assert_int_equal(is(text, 7, INT64_MAX, HASH), 0);

    /* of a node whose clock is a little fast */
    assert_int_equal(is(text, 7, NOW - 300, HASH), 1);
    assert_int_equal(is(text, 7, NOW - 301, HASH), 0);
}

static void
every_byte_counts(void **state)
{
    int        c;
    char       copy[DEALS_DEVICE_MAX];
    size_t     i;
    deals_str  text = deals_device_make(arena, 71, NOW, nonce, HASH);

    (void) state;

    for (i = 0; i < text.len; i++) {
        for (c = 0; c < 256; c++) {
            memcpy(copy, text.data, text.len);
            copy[i] = (char) c;
            assert_int_equal(is((deals_str) { copy, text.len }, 71, NOW, HASH),
                             copy[i] == text.data[i]);
        }
        assert_int_equal(is((deals_str) { text.data, i }, 71, NOW, HASH), 0);
    }

    assert_int_equal(is(DEALS_NONE, 71, NOW, HASH), 0);
    assert_int_equal(is(S("..."), 71, NOW, HASH), 0);
    assert_int_equal(is(deals_str_of(deals_arena_printf(arena, "%.*s=",
                            (int) text.len, text.data)), 71, NOW, HASH), 0);
    assert_int_equal(is(deals_str_of(deals_arena_printf(arena, "0%.*s",
                            (int) text.len, text.data)), 71, NOW, HASH), 0);
    assert_int_equal(is(deals_str_of(deals_arena_printf(arena, "-%.*s",
                            (int) text.len, text.data)), -71, NOW, HASH), 0);
    assert_int_equal(is(deals_str_of(deals_arena_printf(arena, "71.-1.%.*s", 64,
                            text.data + text.len - 64)), 71, NOW, HASH), 0);
    assert_int_equal(is(deals_str_of(deals_arena_printf(arena, "71.%s.%.*s",
                            "99999999999999999999", 64,
                            text.data + text.len - 64)), 71, NOW, HASH), 0);
}


static const struct CMUnitTest  tests[] = {
    TEST(whose),
    TEST(how_long),
    TEST(every_byte_counts),
};

RUN("core_device", tests)
