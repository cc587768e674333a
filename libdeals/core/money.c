/*
 * core/money.c - prices: shown, and checked. What people type is read in
 * core/price.c.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "core/money.h"

static const deals_field  money_fields[] = {
    { "amount", DEALS_INT, DEALS_REQUIRED, offsetof(deals_money, amount),
      NULL },
    { "currency", DEALS_TEXT, DEALS_REQUIRED, offsetof(deals_money, currency),
      NULL },
    { "text", DEALS_TEXT, DEALS_PAGE_ONLY, offsetof(deals_money, text), NULL },
};

const deals_shape  deals_money_shape = {
    "money", sizeof(deals_money), money_fields,
    sizeof(money_fields) / sizeof(money_fields[0])
};


int
deals_money_check(deals_arena *arena, const char *field, deals_money *money,
    const deals_error **errors)
{
    int                    rc;
    const char            *name;
    const deals_currency  *currency;

    rc = 0;

    if (money->amount < 0 || money->amount > DEALS_MONEY_MAX) {
        name = deals_arena_printf(arena, "%s.amount", field);
        rc = deals_error_add(arena, errors, DEALS_INVALID, name,
                 "must be from 0 to %lld", (long long) DEALS_MONEY_MAX);
    }

    currency = deals_currency_find(money->currency);

    if (currency == NULL) {
        name = deals_arena_printf(arena, "%s.currency", field);
        return deals_error_add(arena, errors, DEALS_INVALID, name,
                   "must be a currency's code of three letters, as \"USD\"");
    }

    money->currency = deals_str_of(currency->code);

    return rc;
}


/* The amount in major units, with `group` between thousands unless it is 0. */
static void
add_amount(deals_buf *buf, int64_t amount, int exponent, char group)
{
    int        i, n;
    char       digits[40], *p;
    uint64_t   u;

    u = amount < 0 ? 0 - (uint64_t) amount : (uint64_t) amount;
    p = digits + sizeof(digits);

    for (i = 0; i < exponent; i++) {
        *--p = (char) ('0' + u % 10);
        u /= 10;
    }

    if (exponent > 0) {
        *--p = '.';
    }

    n = 0;

    do {
        if (group && n > 0 && n % 3 == 0) {
            *--p = group;
        }

        *--p = (char) ('0' + u % 10);
        u /= 10;
        n++;
    } while (u != 0);

    if (amount < 0) {
        *--p = '-';
    }

    deals_buf_add(buf, p, (size_t) (digits + sizeof(digits) - p));
}


deals_str
deals_money_text(deals_arena *arena, const deals_money *money)
{
    char                   text[64];    /* a symbol and an int64_t fit */
    deals_buf              buf = { text, 0, sizeof(text), 0 };
    const deals_currency  *currency;

    currency = deals_currency_find(money->currency);
    if (currency == NULL) {
        return DEALS_NONE;
    }

    if (money->amount == 0) {
        return DEALS_STR("Free");
    }

    if (currency->symbol[0] != '\0') {
        deals_buf_c(&buf, currency->symbol);

    } else {
        deals_buf_c(&buf, currency->code);
        deals_buf_c(&buf, "\xc2\xa0");          /* no line break here */
    }

    add_amount(&buf, money->amount, currency->exponent, ',');

    return deals_arena_copy(arena, (deals_str) { text, buf.len });
}


deals_str
deals_money_decimal(deals_arena *arena, const deals_money *money)
{
    deals_buf              buf;
    const deals_currency  *currency;

    currency = deals_currency_find(money->currency);
    if (currency == NULL) {
        return DEALS_NONE;
    }

    deals_buf_init(&buf);
    add_amount(&buf, money->amount, currency->exponent, 0);

    /* "1.299" might be thousands, "1.2990" is not */
    if (currency->exponent == 3 && money->amount >= 1000
        && money->amount < 1000000)
    {
        deals_buf_char(&buf, '0');
    }

    return deals_arena_take(arena, &buf);
}


int
deals_money_saving(const deals_money *price, const deals_money *list)
{
    if (price == NULL || list == NULL
        || !deals_str_eq_case(price->currency, list->currency)
        || price->amount < 0 || list->amount > DEALS_MONEY_MAX
        || price->amount >= list->amount)
    {
        return 0;
    }

    return (int) ((list->amount - price->amount) * 100 / list->amount);
}
