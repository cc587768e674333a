/*
 * Prices.
 */

#include "base_check.h"

#include "core/money.h"

static const deals_error  *error;
static deals_money         money;


static int
parse(const char *text, const char *currency)
{
    error = NULL;

    return deals_money_parse(arena, "price", deals_str_of(text),
                             deals_str_of(currency), &money, &error);
}


static void
assert_price(const char *text, const char *currency, int64_t amount,
    const char *code)
{
    if (parse(text, currency) != 0) {
        fail_msg("refused: %s: %s", text, error->message.data);
    }

    if (money.amount != amount) {
        fail_msg("%s is %lld, not %lld", text, (long long) money.amount,
                 (long long) amount);
    }

    assert_str(money.currency, code);
    assert_non_null(money.text.data);
}


static void
assert_refused(const char *text, const char *currency, const char *message)
{
    if (parse(text, currency) == 0) {
        fail_msg("accepted: %s as %lld", text, (long long) money.amount);
    }

    assert_int_equal(error->code, DEALS_INVALID);
    assert_str(error->field, "price");

    if (strstr(error->message.data, message) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", text, error->message.data,
                 message);
    }
}


static void
decimals_of_all_countries(void **state)
{
    (void) state;

    assert_price("19.99", NULL, 1999, "USD");
    assert_price("19,99", NULL, 1999, "USD");
    assert_price("5", NULL, 500, "USD");
    assert_price("19.5", NULL, 1950, "USD");
    assert_price(".99", NULL, 99, "USD");
    assert_price("0.99", NULL, 99, "USD");
    assert_price("0", NULL, 0, "USD");
    assert_price("  7.00  ", NULL, 700, "USD");
    assert_price("1,299.00", NULL, 129900, "USD");
    assert_price("1.299,00", NULL, 129900, "USD");
    assert_price("1 299,00", NULL, 129900, "USD");
    assert_price("1\u00a0299", NULL, 129900, "USD");
    assert_price("1'299.00", "CHF", 129900, "CHF");
    assert_price("1’299.50", "CHF", 129950, "CHF");
    assert_price("1,299,000", NULL, 129900000, "USD");
    assert_price("1.299.000,5", NULL, 129900050, "USD");
    assert_price("1299.00", NULL, 129900, "USD");
    assert_price("19,-", "EUR", 1900, "EUR");
    assert_price("9999999999.99", NULL, 999999999999, "USD");
}


static void
signs_and_codes(void **state)
{
    (void) state;

    assert_price("$5", NULL, 500, "USD");
    assert_price("$ 5.00", "USD", 500, "USD");
    assert_price("$5", "CAD", 500, "CAD");
    assert_price("CA$5", NULL, 500, "CAD");
    assert_price("6,99€", NULL, 699, "EUR");
    assert_price("6,99 €", "eur", 699, "EUR");
    assert_price("£3", NULL, 300, "GBP");
    assert_price("USD 5", NULL, 500, "USD");
    assert_price("5 usd", NULL, 500, "USD");
    assert_price("¥1500", NULL, 1500, "JPY");
    assert_price("¥15.50", "CNY", 1550, "CNY");
    assert_price("199 kr", "SEK", 19900, "SEK");
    assert_price("$.99", NULL, 99, "USD");

    assert_refused("199 kr", NULL, "choose the currency");
    assert_refused("6,99€", "USD", "is in EUR, but the currency chosen is USD");
    assert_refused("$5", "EUR", "is in USD");
    assert_refused("5 XYZ", NULL, "not a price");
    assert_refused("$5€", NULL, "not a price");
    assert_refused("about 5", NULL, "not a price");
    assert_refused("5", "XYZ", "unknown currency");
    assert_refused("5", "US", "unknown currency");
}


static void
exponents_of_currencies(void **state)
{
    (void) state;

    assert_price("1500", "JPY", 1500, "JPY");
    assert_price("1,500", "JPY", 1500, "JPY");
    assert_price("1.500", "KRW", 1500, "KRW");
    assert_price("1.5", "KWD", 1500, "KWD");
    assert_price("0.125", "KWD", 125, "KWD");
    assert_price("1234.567", "KWD", 1234567, "KWD");
    assert_refused("15.00", "JPY", "has none");
    assert_refused("1.299", "KWD", "two ways");
    assert_refused("1.2345", "KWD", "decimals");
    assert_refused("1.29900", "KWD", "decimals");
    assert_refused("19.9900", "USD", "decimals");
    assert_price("1.2990", "KWD", 1299, "KWD");
    assert_price("999.9990", "KWD", 999999, "KWD");
}


static void
what_has_two_readings_is_refused(void **state)
{
    (void) state;

    assert_refused("1,299", NULL, "two ways");
    assert_refused("1.299", NULL, "two ways");
    assert_refused("$1,299", NULL, "two ways");
    assert_refused("0,299", NULL, "decimals");
    assert_refused("1234.567", NULL, "decimals");
    assert_refused("1.2345", NULL, "decimals");
}


static void
what_is_no_price_is_refused(void **state)
{
    size_t  i;

    static const char *const  bad[] = {
        "", " ", "free", "$", ",", ".", "1.", "5,", "1,,299.00", "1,29,900.00",
        "1,299.00.00", "12,34,567.00", "1 29", "1.299,000.00", "1e5", "0x10",
        "1.2.3", "1,2.3", "1-2", "5%", "1,299 000.00", "..5", "1 . 5", "5/6",
        "\xff" "5", "1\xff" "5", "0,299,000", "1234,567.00", "5 5"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(bad[i], NULL, "");
    }

    assert_refused("-5", NULL, "negative");
    assert_refused("$-5", NULL, "negative");
    assert_refused("-$5", NULL, "negative");
    assert_refused("10000000000.00", NULL, "too large");
    assert_refused("99999999999999999999999999999999", NULL, "too large");
    assert_refused("1 000 000 000 000 000 000 000 000 000 000", NULL, "");
    error = NULL;
    assert_int_equal(deals_money_parse(arena, "price", S("5\0"), DEALS_NONE,
                                       &money, &error), -1);
}


static deals_str
text(int64_t amount, const char *currency)
{
    deals_money  m = { amount, deals_str_of(currency), DEALS_NONE };

    return deals_money_text(arena, &m);
}


static void
prices_are_shown(void **state)
{
    deals_money  m = { 129905, S("USD"), DEALS_NONE };

    (void) state;

    assert_str(text(1999, "USD"), "$19.99");
    assert_str(text(699, "EUR"), "€6.99");
    assert_str(text(5, "GBP"), "£0.05");
    assert_str(text(500, "CAD"), "CA$5.00");
    assert_str(text(500, "CHF"), "CHF\u00a05.00");
    assert_str(text(1500, "JPY"), "¥1,500");
    assert_str(text(1234567, "KWD"), "KWD\u00a01,234.567");
    assert_str(text(129900, "USD"), "$1,299.00");
    assert_str(text(100000000, "USD"), "$1,000,000.00");
    assert_str(text(99999, "USD"), "$999.99");
    assert_str(text(0, "USD"), "Free");
    assert_str(text(1, "XXX"), NULL);
    assert_non_null(text(INT64_MIN, "USD").data);

    assert_str(deals_money_decimal(arena, &m), "1299.05");
    m.currency = S("JPY");
    assert_str(deals_money_decimal(arena, &m), "129905");
    m.amount = 0;
    m.currency = S("EUR");
    assert_str(deals_money_decimal(arena, &m), "0.00");
}


static void
what_is_shown_can_be_typed(void **state)
{
    size_t                 i, n;
    deals_money            m;
    const deals_currency  *all;

    (void) state;

    all = deals_currencies(&n);
    assert_true(n > 140);

    for (i = 0; i < n; i++) {
        assert_ptr_equal(deals_currency_find(deals_str_of(all[i].code)),
                         &all[i]);
        assert_true(i == 0 || strcmp(all[i - 1].code, all[i].code) < 0);

        m = (deals_money) { 7050, deals_str_of(all[i].code), DEALS_NONE };

        assert_price(deals_money_decimal(arena, &m).data, all[i].code, 7050,
                     all[i].code);

        /* three decimals have two readings */
        if (all[i].exponent != 3) {
            assert_price(deals_money_text(arena, &m).data, NULL, 7050,
                         all[i].code);
        }
    }

    assert_null(deals_currency_find(S("USDX")));
    assert_null(deals_currency_find(S("U5D")));
    assert_null(deals_currency_find(DEALS_NONE));
}


static void
savings(void **state)
{
    deals_money  price = { 1999, S("USD"), DEALS_NONE };
    deals_money  list = { 3998, S("USD"), DEALS_NONE };

    (void) state;

    assert_int_equal(deals_money_saving(&price, &list), 50);
    assert_int_equal(deals_money_saving(NULL, &list), 0);
    assert_int_equal(deals_money_saving(&price, NULL), 0);
    assert_int_equal(deals_money_saving(&list, &price), 0);
    assert_int_equal(deals_money_saving(&price, &price), 0);

    price.amount = 0;
    assert_int_equal(deals_money_saving(&price, &list), 100);
    price.amount = 3997;
    assert_int_equal(deals_money_saving(&price, &list), 0);
    price.currency = S("EUR");
    price.amount = 1;
    assert_int_equal(deals_money_saving(&price, &list), 0);
    price.currency = S("USD");
    list.amount = INT64_MAX;
    assert_int_equal(deals_money_saving(&price, &list), 0);
}


static void
money_is_checked(void **state)
{
    (void) state;

    error = NULL;
    money = (deals_money) { 5, S("usd"), DEALS_NONE };
    assert_int_equal(deals_money_check(arena, "price", &money, &error), 0);
    assert_str(money.currency, "USD");

    money = (deals_money) { -1, S("XYZ"), DEALS_NONE };
    assert_int_equal(deals_money_check(arena, "price", &money, &error), -1);
    assert_str(error->field, "price.amount");
    assert_str(error->next->field, "price.currency");

    error = NULL;
    money = (deals_money) { DEALS_MONEY_MAX + 1, S("USD"), DEALS_NONE };
    assert_int_equal(deals_money_check(arena, "price", &money, &error), -1);
    assert_null(error->next);
}


static const struct CMUnitTest  tests[] = {
    TEST(decimals_of_all_countries),
    TEST(signs_and_codes),
    TEST(exponents_of_currencies),
    TEST(what_has_two_readings_is_refused),
    TEST(what_is_no_price_is_refused),
    TEST(prices_are_shown),
    TEST(what_is_shown_can_be_typed),
    TEST(savings),
    TEST(money_is_checked),
};

RUN("core_money", tests)
