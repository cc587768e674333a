/*
 * Arenas, buffers, strings, errors.
 */

#include "base_check.h"

#include <limits.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"


static void
arena_gives_zeroed_aligned_memory(void **state)
{
    size_t          i, k, size;
    unsigned char  *p;

    (void) state;

    for (i = 0; i < 2000; i++) {
        size = i * i % 5000;
        p = deals_arena_alloc(arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % 16, 0);

        for (k = 0; k < size; k++) {
            assert_int_equal(p[k], 0);
        }

        memset(p, 0xa5, size);          /* the next one must not see it */
    }
}


static void
arena_blocks_do_not_overlap(void **state)
{
    size_t          i, k;
    unsigned char  *block[300];

    (void) state;

    for (i = 0; i < 300; i++) {
        block[i] = deals_arena_alloc(arena, i * 7 + 1);
        memset(block[i], (int) (i & 0xff), i * 7 + 1);
    }

    for (i = 0; i < 300; i++) {
        for (k = 0; k < i * 7 + 1; k++) {
            assert_int_equal(block[i][k], i & 0xff);
        }
    }
}


static void
arena_refuses_impossible_sizes(void **state)
{
    (void) state;

    assert_null(deals_arena_alloc(arena, SIZE_MAX));
    assert_null(deals_arena_alloc(arena, SIZE_MAX - 20));
    assert_null(deals_arena_array(arena, SIZE_MAX / 2, 3));
    assert_null(deals_arena_copy(arena, (deals_str) { "x", SIZE_MAX }).data);
    /* and goes on */
    assert_non_null(deals_arena_alloc(arena, 0));
    assert_non_null(deals_arena_alloc(arena, 10));
}


static void
arena_counts_and_limits(void **state)
{
    void  *large;

    (void) state;

    assert_int_equal(deals_arena_size(arena), 0);
    large = deals_arena_alloc(arena, 1000000);
    assert_non_null(large);
    assert_int_equal(deals_arena_size(arena), 1000000);
    assert_non_null(deals_arena_alloc(arena, 1));
    assert_int_equal(deals_arena_size(arena), 1000016);

    deals_arena_limit(arena, 1000048);
    assert_null(deals_arena_alloc(arena, 33));
    assert_non_null(deals_arena_alloc(arena, 32));
    assert_null(deals_arena_alloc(arena, 0));
    assert_int_equal(deals_arena_size(arena), 1000048);

    deals_arena_limit(arena, 0);
    assert_null(deals_arena_alloc(arena, 1));
    deals_arena_limit(arena, SIZE_MAX);
    assert_non_null(deals_arena_alloc(arena, 1));

    deals_arena_free(NULL);
}


static void
give_back(void *thing)
{
    ++*(int *) thing;
}


static void
arena_gives_back_what_it_adopted(void **state)
{
    int           i, given[3] = { 0 };
    deals_arena  *other = deals_arena_new();

    (void) state;

    assert_non_null(other);
    assert_int_equal(deals_arena_adopt(other, &given[0], give_back), 0);
    assert_int_equal(deals_arena_adopt(other, &given[1], give_back), 0);

    deals_arena_limit(other, 0);
    assert_int_equal(deals_arena_adopt(other, &given[2], give_back), -1);
    assert_int_equal(given[0], 0);

    deals_arena_free(other);

    for (i = 0; i < 3; i++) {
        assert_int_equal(given[i], i < 2);
    }
}


static void
arena_copies_and_prints(void **state)
{
    char       long_text[5000];
    deals_str  s;

    (void) state;

    s = deals_arena_copy(arena, S("a\0b"));
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, "a\0b", 4);

    assert_str(deals_arena_copy(arena, DEALS_NONE), NULL);
    assert_str(deals_arena_copy(arena, S("")), "");

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_string_equal(deals_arena_printf(arena, "%s", long_text), long_text);
    assert_string_equal(deals_arena_printf(arena, "%d-%s", 7, "y"), "7-y");
    assert_string_equal(deals_arena_printf(arena, "%s", ""), "");
}


static void
buffers_grow(void **state)
{
    int        i;
    deals_buf  buf;

    (void) state;

    deals_buf_init(&buf);
    deals_buf_add(&buf, NULL, 0);
    assert_null(buf.data);

    for (i = 0; i < 10000; i++) {
        deals_buf_char(&buf, (char) ('a' + i % 26));
    }

    assert_int_equal(buf.len, 10000);
    assert_int_equal(buf.data[9999], 'a' + 9999 % 26);

    deals_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_true(buf.cap >= 10000);

    deals_buf_int(&buf, 0);
    deals_buf_char(&buf, ' ');
    deals_buf_int(&buf, INT64_MIN);
    deals_buf_char(&buf, ' ');
    deals_buf_int(&buf, INT64_MAX);
    deals_buf_printf(&buf, " %s%%", "50");
    deals_buf_str(&buf, DEALS_NONE);
    deals_buf_c(&buf, "!");

    assert_str(deals_arena_take(arena, &buf),
               "0 -9223372036854775808 9223372036854775807 50%!");
    assert_null(buf.data);
}


static void
buffers_remember_failure(void **state)
{
    deals_buf  buf;

    (void) state;

    deals_buf_init(&buf);
    deals_buf_c(&buf, "kept");
    assert_int_equal(deals_buf_reserve(&buf, SIZE_MAX), -1);
    assert_true(buf.failed);

    deals_buf_c(&buf, "not added");
    deals_buf_char(&buf, 'x');
    deals_buf_printf(&buf, "%d", 1);
    assert_int_equal(buf.len, 4);
    assert_true(buf.failed);

    assert_str(deals_arena_take(arena, &buf), NULL);
}


static void
strings_compare(void **state)
{
    (void) state;

    assert_true(deals_str_eq(DEALS_NONE, DEALS_NONE));
    assert_false(deals_str_eq(DEALS_NONE, S("")));
    assert_true(deals_str_eq(S("a\0b"), S("a\0b")));
    assert_false(deals_str_eq(S("a\0b"), S("a\0c")));
    assert_true(deals_str_eq_case(S("aBc"), S("AbC")));
    assert_false(deals_str_eq_case(S("[]"), S("{}")));
    assert_true(deals_str_cmp(S("a"), S("ab")) < 0);
    assert_true(deals_str_cmp(S("b"), S("ab")) > 0);
    assert_true(deals_str_cmp(S("\xff"), S("a")) > 0);
    assert_int_equal(deals_str_cmp(DEALS_NONE, S("")), 0);
    assert_true(deals_str_starts(S("abc"), "ab"));
    assert_false(deals_str_starts(S("a"), "ab"));
    assert_str(deals_str_of(NULL), NULL);
}


static void
strings_are_cut(void **state)
{
    deals_str  rest, word;

    (void) state;

    assert_str(deals_str_trim(S(" \t\r\n a b \v\f")), "a b");
    assert_str(deals_str_trim(S("   ")), "");
    assert_str(deals_str_trim(DEALS_NONE), NULL);
    assert_str(deals_str_sub(S("abc"), 1, 1), "b");
    assert_str(deals_str_sub(S("abc"), 9, SIZE_MAX), "");
    assert_int_equal(deals_str_index(S("abc"), 'c'), 2);
    assert_int_equal(deals_str_index(S(""), 'c'), -1);

    rest = S("a,,b");
    assert_true(deals_str_word(&rest, ",", &word));
    assert_str(word, "a");
    assert_true(deals_str_word(&rest, ",", &word));
    assert_str(word, "");
    assert_true(deals_str_word(&rest, ",", &word));
    assert_str(word, "b");
    assert_false(deals_str_word(&rest, ",", &word));

    rest = S("x\0y");                   /* a NUL separates nothing */
    assert_true(deals_str_word(&rest, ",", &word));
    assert_int_equal(word.len, 3);
}


static void
integers_are_strict(void **state)
{
    size_t   i;
    int64_t  n;

    static const char *const  bad[] = {
        "", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "1-",
        "9223372036854775808", "-9223372036854775809",
        "99999999999999999999999"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        n = 42;
        assert_int_equal(deals_str_int(deals_str_of(bad[i]), &n), -1);
        assert_int_equal(n, 42);
    }

    assert_int_equal(deals_str_int(DEALS_NONE, &n), -1);
    assert_int_equal(deals_str_int(S("-9223372036854775808"), &n), 0);
    assert_true(n == INT64_MIN);
    assert_int_equal(deals_str_int(S("9223372036854775807"), &n), 0);
    assert_true(n == INT64_MAX);
    assert_int_equal(deals_str_int(S("-0"), &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(deals_str_int(S("007"), &n), 0);
    assert_int_equal(n, 7);
}


static void
errors_know_their_code(void **state)
{
    int                      code;
    const deals_error_info  *info;

    (void) state;

    for (code = 0; code < DEALS_CODES; code++) {
        info = deals_error_about(code);
        assert_non_null(info);
        assert_true(info->name[0] != '\0' && info->title[0] != '\0');
        assert_true(info->status >= 200 && info->status < 600);
    }

    assert_int_equal(deals_error_about(DEALS_INVALID)->status, 422);
    assert_int_equal(deals_error_about(DEALS_TIMEOUT)->status, 503);
    assert_true(deals_error_about(DEALS_TIMEOUT)->retryable);
    assert_false(deals_error_about(DEALS_INVALID)->retryable);
    assert_ptr_equal(deals_error_about(4711),
                     deals_error_about(DEALS_INTERNAL));
    assert_ptr_equal(deals_error_about((deals_code) -1),
                     deals_error_about(DEALS_INTERNAL));
}


static void
errors_make_lists(void **state)
{
    char                field[] = "price";
    const deals_error  *list = NULL, *one;

    (void) state;

    assert_int_equal(deals_error_add(arena, &list, DEALS_INVALID, "title",
                                     "must have %d characters", 3), -1);
    assert_int_equal(deals_error_add(arena, &list, DEALS_INVALID, field,
                                     "is %s", "bad"), -1);
    field[0] = 'X';                     /* it was copied */

    assert_str(list->field, "title");
    assert_str(list->message, "must have 3 characters");
    assert_str(list->next->field, "price");
    assert_null(list->next->next);

    assert_ptr_equal(deals_error_of(list, "price"), list->next);
    assert_null(deals_error_of(list, "url"));

    one = deals_error_make(arena, DEALS_NOT_FOUND, NULL, "gone");
    assert_null(one->field.data);
    assert_int_equal(one->code, DEALS_NOT_FOUND);

    one = deals_error_make(arena, DEALS_INVALID, NULL, "%s", "a\xff\xc3\xa4\xc3");
    assert_str(one->message, "a?\xc3\xa4?");

    /* out of memory swallows the rest, and the static one is never linked */
    assert_int_equal(deals_error_oom(&list), -1);
    (void) deals_error_add(arena, &list, DEALS_INVALID, "url", "is bad");
    assert_ptr_equal(list, &deals_error_no_memory);
    assert_null(list->next);
}


/* With as many digits as there are; nothing is taken for those that fit. */
static void
integers_are_exact(void **state)
{
    int       sign, around;
    char      room[20], want[24];
    int64_t   power, n;

    (void) state;

    for (power = 1; /* void */ ; power *= 10) {
        for (around = -1; around <= 1; around++)
        for (sign = -1; sign <= 1; sign += 2) {
            deals_buf  buf = { room, 0, 0, 0 };

            n = sign * (power + around);
            buf.cap = (size_t) snprintf(want, sizeof(want), "%lld",
                                        (long long) n);
            deals_buf_int(&buf, n);
            assert_ptr_equal(buf.data, room);
            assert_int_equal(buf.len, buf.cap);
            assert_memory_equal(buf.data, want, buf.len);
        }

        if (power > INT64_MAX / 10) {
            break;
        }
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(arena_gives_zeroed_aligned_memory),
    TEST(arena_blocks_do_not_overlap),
    TEST(arena_refuses_impossible_sizes),
    TEST(arena_counts_and_limits),
    TEST(arena_gives_back_what_it_adopted),
    TEST(arena_copies_and_prints),
    TEST(buffers_grow),
    TEST(buffers_remember_failure),
    TEST(strings_compare),
    TEST(strings_are_cut),
    TEST(integers_are_exact),
    TEST(integers_are_strict),
    TEST(errors_know_their_code),
    TEST(errors_make_lists),
};

RUN("base_memory", tests)
