/*
 * PostgreSQL's binary format, there and back, and everything that is not quite
 * it.
 */

#include "base_check.h"

#include <math.h>

#include "io/codec.h"

#define USEC        INT64_C(1000000)
#define YEAR_2000   INT64_C(946684800)

/* The encoder asks only how many parameters a statement takes. */
const deals_stmt  deals_stmts[] = {
    { "none", "", 0, NULL, 0, NULL, 0, 0 },
    { "one", "", 1, NULL, 0, NULL, 0, 0 },
    { "two", "", 2, NULL, 0, NULL, 0, 0 }
};
const size_t  deals_nstmts = 3;
const int     deals_schema_version = 0;


static void
begin(deals_encoder *e)
{
    deals_encode_begin(e, arena, 1);
}


/* The only parameter, as the cell that a server would send back. */
static deals_cell
end(deals_encoder *e)
{
    deals_cell    cell = { NULL, -1 };
    deals_query  *query = deals_encode_end(e, 1, NULL, 0);

    assert_non_null(query);
    if (query->values[0] != NULL) {
        cell.data = (const unsigned char *) query->values[0];
        cell.len = query->lengths[0];
    }

    return cell;
}


static int
ended(deals_encoder *e)
{
    return deals_encode_end(e, 1, NULL, 0) != NULL;
}


static void
numbers_there_and_back(void **state)
{
    size_t         i;
    int64_t        n;
    deals_cell     cell;
    deals_encoder  e;

    static const int64_t  small[] = { 0, 1, -1, INT16_MAX, INT16_MIN };
    static const int64_t  medium[] = { 65536, INT32_MAX, INT32_MIN };
    static const int64_t  large[] = { INT64_MAX, INT64_MIN,
                                      INT64_C(9007199254740991) };

    (void) state;

    for (i = 0; i < 5; i++) {
        begin(&e);
        deals_encode_int2(&e, small[i], 0);
        cell = end(&e);
        assert_int_equal(deals_decode_int2(&cell, 0, &n), 0);
        assert_int_equal(n, small[i]);
    }
    for (i = 0; i < 3; i++) {
        begin(&e);
        deals_encode_int4(&e, medium[i], 0);
        cell = end(&e);
        assert_int_equal(deals_decode_int4(&cell, 0, &n), 0);
        assert_int_equal(n, medium[i]);

        begin(&e);
        deals_encode_int2(&e, medium[i], 0);
        assert_false(ended(&e));

        begin(&e);
        deals_encode_int8(&e, large[i], 0);
        cell = end(&e);
        assert_int_equal(deals_decode_int8(&cell, 0, &n), 0);
        assert_int_equal(n, large[i]);

        begin(&e);
        deals_encode_int4(&e, large[i], 0);
        assert_false(ended(&e));
    }
}


static void
what_is_absent_is_null(void **state)
{
    int            b;
    double         f;
    int64_t        n;
    deals_str      s = DEALS_STR("x");
    deals_cell     cell;
    deals_list     list;
    deals_encoder  e;

    (void) state;

    begin(&e);
    deals_encode_int8(&e, DEALS_NULL_INT, 1);
    cell = end(&e);
    assert_int_equal(cell.len, -1);
    assert_int_equal(deals_decode_int8(&cell, 1, &n), 0);
    assert_int_equal(n, DEALS_NULL_INT);
    assert_int_equal(deals_decode_int8(&cell, 0, &n), -1);
    assert_int_equal(deals_decode_time(&cell, 1, &n), 0);
    assert_int_equal(n, DEALS_NULL_INT);
    assert_int_equal(deals_decode_time(&cell, 0, &n), -1);
    assert_int_equal(deals_decode_bool(&cell, 1, &b), 0);
    assert_int_equal(b, -1);
    assert_int_equal(deals_decode_bool(&cell, 0, &b), -1);
    assert_int_equal(deals_decode_float8(&cell, 1, &f), 0);
    assert_true(isnan(f));
    assert_int_equal(deals_decode_float8(&cell, 0, &f), -1);
    assert_int_equal(deals_decode_text(&cell, 1, &s), 0);
    assert_null(s.data);
    assert_int_equal(deals_decode_text(&cell, 0, &s), -1);
    assert_int_equal(deals_decode_texts(&cell, 1, arena, &list), 0);
    assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), -1);

    begin(&e);
    deals_encode_text(&e, DEALS_NONE, 1);
    assert_int_equal(end(&e).len, -1);
    begin(&e);
    deals_encode_float8(&e, NAN, 1);
    assert_int_equal(end(&e).len, -1);
    begin(&e);
    deals_encode_bool(&e, -1, 1);
    assert_int_equal(end(&e).len, -1);
    begin(&e);
    deals_encode_time(&e, DEALS_NULL_INT, 1);
    assert_int_equal(end(&e).len, -1);
    begin(&e);
    deals_encode_int8s(&e, NULL, 0, 1);
    assert_int_equal(end(&e).len, -1);

    /* A smallest number is a number where nothing may be absent. */
    begin(&e);
    deals_encode_int8(&e, INT64_MIN, 0);
    assert_int_equal(end(&e).len, 8);
}


static void
times_are_seconds(void **state)
{
    size_t         i;
    int64_t        n;
    deals_cell     cell;
    deals_encoder  e;

    static const int64_t  times[] = { 0, 1, -1, YEAR_2000, YEAR_2000 - 1,
                                      1700000000, 253402300799,
                                      -62135596800, INT64_MAX / USEC,
                                      -INT64_C(210866803200) };
    static const int64_t  bad[] = { INT64_MAX, INT64_MIN, INT64_MAX / USEC + 1,
                                    -INT64_C(210866803201) };

    (void) state;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        begin(&e);
        deals_encode_time(&e, times[i], 0);
        cell = end(&e);
        assert_int_equal(deals_decode_time(&cell, 0, &n), 0);
        assert_int_equal(n, times[i]);
        assert_int_equal(deals_decode_time_us(&cell, 0, &n), 0);
        assert_int_equal(n, times[i] * USEC);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin(&e);
        deals_encode_time(&e, bad[i], 0);
        assert_false(ended(&e));
    }

    /* Parts of a second go down, before 1970 too. */
    begin(&e);
    deals_encode_time_us(&e, -1, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_time(&cell, 0, &n), 0);
    assert_int_equal(n, -1);
    assert_int_equal(deals_decode_time_us(&cell, 0, &n), 0);
    assert_int_equal(n, -1);
    begin(&e);
    deals_encode_time_us(&e, 1999999, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_time(&cell, 0, &n), 0);
    assert_int_equal(n, 1);

    /* infinity, -infinity */
    cell.len = 8;
    cell.data = (const unsigned char *) "\x7f\xff\xff\xff\xff\xff\xff\xff";
    assert_int_equal(deals_decode_time(&cell, 0, &n), -1);
    cell.data = (const unsigned char *) "\x80\x00\x00\x00\x00\x00\x00\x00";
    assert_int_equal(deals_decode_time(&cell, 1, &n), -1);
}


static void
other_values(void **state)
{
    int            b;
    double         f;
    deals_str      s;
    deals_cell     cell;
    deals_encoder  e;

    (void) state;

    begin(&e);
    deals_encode_float8(&e, -0.1, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_float8(&cell, 0, &f), 0);
    assert_true(f == -0.1);

    /* The bits of -0.0 are those of the smallest number. */
    begin(&e);
    deals_encode_float8(&e, -0.0, 1);
    cell = end(&e);
    assert_int_equal(deals_decode_float8(&cell, 1, &f), 0);
    assert_true(f == 0 && signbit(f));

    begin(&e);
    deals_encode_bool(&e, 7, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_bool(&cell, 0, &b), 0);
    assert_int_equal(b, 1);

    begin(&e);
    deals_encode_text(&e, DEALS_STR(""), 0);
    cell = end(&e);
    assert_int_equal(cell.len, 0);
    assert_int_equal(deals_decode_text(&cell, 0, &s), 0);
    assert_non_null(s.data);
    assert_int_equal(s.len, 0);

    begin(&e);
    deals_encode_text(&e, DEALS_STR("caf\xc3\xa9"), 0);
    cell = end(&e);
    assert_int_equal(deals_decode_text(&cell, 0, &s), 0);
    assert_int_equal(s.len, 5);
    assert_string_equal(s.data, "caf\xc3\xa9");
}


static void
arrays(void **state)
{
    size_t         i;
    int64_t        numbers[2] = { -2, 70000 };
    deals_str     *items;
    deals_str      texts[3] = { DEALS_STR("a"), DEALS_STR(""),
                                DEALS_STR("b,{}\"") };
    deals_cell     cell;
    deals_list     list;
    deals_encoder  e;

    (void) state;

    begin(&e);
    deals_encode_texts(&e, texts, 3, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), 0);
    assert_int_equal(list.len, 3);
    items = list.items;
    for (i = 0; i < 3; i++) {
        assert_true(deals_str_eq(items[i], texts[i]));
    }

    /* Every shorter form of it is refused, and so is a longer one. */
    for (i = 0; i < 20 + 3 * 4 + 6; i++) {
        cell.len = (int) i;
        assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), -1);
    }

    begin(&e);
    deals_encode_texts(&e, NULL, 5, 0);
    cell = end(&e);
    assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), 0);
    assert_int_equal(list.len, 0);

    texts[1] = DEALS_NONE;
    begin(&e);
    deals_encode_texts(&e, texts, 3, 0);
    assert_false(ended(&e));

    begin(&e);
    deals_encode_int4s(&e, numbers, 2, 0);
    cell = end(&e);
    assert_int_equal(cell.len, 20 + 2 * 8);
    assert_memory_equal(cell.data,
                        "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1"
                        "\0\0\0\4\xff\xff\xff\xfe\0\0\0\4\0\1\x11\x70", 36);
    assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), -1);

    begin(&e);
    deals_encode_int2s(&e, numbers, 2, 0);
    assert_false(ended(&e));
    begin(&e);
    deals_encode_int8s(&e, numbers, 2, 0);
    assert_int_equal(end(&e).len, 20 + 2 * 12);
    begin(&e);
    deals_encode_times(&e, numbers, 2, 0);
    assert_int_equal(end(&e).len, 20 + 2 * 12);
    numbers[1] = INT64_MIN;
    begin(&e);
    deals_encode_times_us(&e, numbers, 2, 0);
    assert_false(ended(&e));
}


/* No array says more than its bytes hold, whatever its header claims. */
static void
headers_that_lie(void **state)
{
    size_t      i;
    deals_cell  cell;
    deals_list  list;

    static const char  lies[][28] = {
        /* two dimensions */
        "\0\0\0\2\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\1a",
        /* 2^31 - 1 items; -1 items; none, in one dimension */
        "\0\0\0\1\0\0\0\0\0\0\0\x19\x7f\xff\xff\xff\0\0\0\1\0\0\0\1a",
        "\0\0\0\1\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\0\0\0\1\0\0\0\1a",
        "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\0\0\0\0\1\0\0\0\1a",
        /* an item longer than what is there; a NULL in it */
        "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\2a",
        "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\1\0\0\0\1\xff\xff\xff\xff",
        /* more than its items */
        "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\0a"
    };

    (void) state;

    for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        cell.data = (const unsigned char *) lies[i];
        cell.len = 25;
        assert_int_equal(deals_decode_texts(&cell, 0, arena, &list), -1);
    }
}


static void
bytes_of_another_type(void **state)
{
    int         b, len;
    double      f;
    int64_t     n;
    deals_cell  cell;

    (void) state;

    cell.data = (const unsigned char *) "0123456789";
    for (len = 0; len <= 10; len++) {
        cell.len = len;
        assert_int_equal(deals_decode_int2(&cell, 1, &n), len == 2 ? 0 : -1);
        assert_int_equal(deals_decode_int4(&cell, 1, &n), len == 4 ? 0 : -1);
        assert_int_equal(deals_decode_int8(&cell, 1, &n), len == 8 ? 0 : -1);
        assert_int_equal(deals_decode_time(&cell, 1, &n), len == 8 ? 0 : -1);
        assert_int_equal(deals_decode_float8(&cell, 1, &f),
                         len == 8 ? 0 : -1);
        assert_int_equal(deals_decode_bool(&cell, 1, &b), len == 1 ? 0 : -1);
    }
}


static void
as_many_as_the_statement_takes(void **state)
{
    deals_encoder  e;

    (void) state;

    deals_encode_begin(&e, arena, 0);
    assert_non_null(deals_encode_end(&e, 0, NULL, 0));

    deals_encode_begin(&e, arena, 2);
    deals_encode_int8(&e, 1, 0);
    assert_null(deals_encode_end(&e, 2, NULL, 0));

    deals_encode_begin(&e, arena, 1);
    deals_encode_int8(&e, 1, 0);
    deals_encode_int8(&e, 2, 0);
    assert_null(deals_encode_end(&e, 2, NULL, 0));
}


static const struct CMUnitTest  tests[] = {
    TEST(numbers_there_and_back),
    TEST(what_is_absent_is_null),
    TEST(times_are_seconds),
    TEST(other_values),
    TEST(arrays),
    TEST(headers_that_lie),
    TEST(bytes_of_another_type),
    TEST(as_many_as_the_statement_takes),
};

RUN("io_codec", tests)
