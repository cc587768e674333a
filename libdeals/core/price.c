/*
 * core/price.c - a price as a person types it, which is done differently from
 * country to country. What has one reading is accepted; what has two is not.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/money.h"

#define GROUPS_MAX  8       /* runs of digits in a number */
#define DIGITS_MAX  18      /* of a number in all */

/* A sign, and whose it can be; the first one if nothing else is said. */
typedef struct {
    const char  *sign;
    const char  *codes;
    int          vague;     /* there is no first among them */
} mark;

static const mark  marks[] = {
    { "$", "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP BBD BMD BND BSD BZD "
           "FJD GYD JMD KYD LRD NAD SBD SRD TTD UYU XCD", 0 },
    { "US$", "USD", 0 }, { "C$", "CAD", 0 }, { "AU$", "AUD", 0 },
    { "€", "EUR", 0 }, { "£", "GBP", 0 }, { "¥", "JPY CNY", 0 },
    { "元", "CNY", 0 }, { "円", "JPY", 0 }, { "kr", "SEK NOK DKK ISK", 1 },
    { "kr.", "DKK SEK NOK ISK", 1 }, { "zł", "PLN", 0 }, { "Kč", "CZK", 0 },
    { "Ft", "HUF", 0 }, { "Fr.", "CHF", 0 }, { "lei", "RON", 0 },
    { "₺", "TRY", 0 }, { "₽", "RUB", 0 }, { "฿", "THB", 0 },
    { "RM", "MYR", 0 }, { "R", "ZAR", 0 }, { "Rp", "IDR", 0 },
    { "Rs", "INR PKR LKR NPR", 1 }, { "Rs.", "INR PKR LKR NPR", 1 }
};

/* A number taken apart: runs of digits and what stands between them. */
typedef struct {
    deals_str  runs[GROUPS_MAX];
    char       marks[GROUPS_MAX];       /* marks[i] stands before runs[i + 1] */
    size_t     n;
} apart;


static int
has_word(const char *words, const char *word)
{
    deals_str  rest, one;

    rest = deals_str_of(words);

    while (deals_str_word(&rest, " ", &one)) {
        if (deals_str_is(one, word)) {
            return 1;
        }
    }

    return 0;
}


/* The currency that a sign or code means, `wanted` if it can be that one. NULL
 * and *problem: it is none, or cannot be told. */
static const deals_currency *
currency_of(deals_str sign, const deals_currency *wanted, const char **problem)
{
    size_t                 i, count;
    const deals_currency  *found, *all;

    *problem = "is not a price: write it as \"19.99\"";

    found = deals_currency_find(sign);
    if (found != NULL) {
        return found;
    }

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (!deals_str_eq_case(sign, deals_str_of(marks[i].sign))) {
            continue;
        }

        if (wanted != NULL && has_word(marks[i].codes, wanted->code)) {
            return wanted;
        }

        if (marks[i].vague && wanted == NULL) {
            *problem = "has a sign that several currencies share: choose the "
                       "currency";
            return NULL;
        }

        return deals_currency_find(deals_str_sub(
                   deals_str_of(marks[i].codes), 0, 3));
    }

    all = deals_currencies(&count);

    for (i = 0; i < count; i++) {
        if (all[i].symbol[0] != '\0'
            && deals_str_eq_case(sign, deals_str_of(all[i].symbol)))
        {
            return &all[i];
        }
    }

    return NULL;
}


/* The number without the signs around it, the sign without spaces. */
static const char *
take_sign(deals_str in, deals_str *digits, deals_str *sign)
{
    size_t     first, last;
    deals_str  before, after;

    for (first = 0; first < in.len; first++) {
        if (deals_is_digit((unsigned char) in.data[first])) {
            break;
        }
    }

    if (first == in.len) {
        return "is not a price: write it as \"19.99\"";
    }

    if (first > 0 && strchr(".,", in.data[first - 1])
        && (first == 1 || !deals_is_alnum((unsigned char) in.data[first - 2])))
    {
        first--;                                    /* ".99" */
    }

    for (last = in.len; !deals_is_digit((unsigned char) in.data[last - 1]);
         last--)
    { /* void */ }

    before = deals_utf8_trim(deals_str_sub(in, 0, first));
    after = deals_utf8_trim(deals_str_sub(in, last, in.len));
    *digits = deals_str_sub(in, first, last - first);

    if (deals_str_index(before, '-') >= 0) {
        return "must not be negative";
    }

    if (before.len > 0 && after.len > 0) {
        return "is not a price: write it as \"19.99\"";
    }

    *sign = before.len > 0 ? before : after;

    return NULL;
}


static const char *
take_apart(deals_str in, apart *num)
{
    size_t   pos, start, total;
    int32_t  cp;

    memset(num, 0, sizeof(*num));
    total = 0;
    start = 0;

    for (pos = 0; pos <= in.len; ) {
        size_t  end = pos;

        if (num->n == GROUPS_MAX) {
            return "is not a price: write it as \"19.99\"";
        }

        cp = deals_utf8_next(in, &pos);

        if (cp >= '0' && cp <= '9') {
            if (++total > DIGITS_MAX) {
                return "is too large";
            }
            continue;
        }

        num->runs[num->n] = deals_str_sub(in, start, end - start);
        start = pos;

        if (end == in.len) {
            num->n++;
            break;
        }

        /* all kinds of apostrophes and spaces are one: they only group */
        if (cp == '\'' || cp == 0x2019 || (cp > 0
            && deals_utf8_is_space((uint32_t) cp)))
        {
            cp = ' ';
        }

        if (cp != '.' && cp != ',' && cp != ' ') {
            return "is not a price: write it as \"19.99\"";
        }

        num->marks[num->n++] = (char) cp;
    }

    return NULL;
}


/* runs[0 .. n) can be read as thousands. */
static int
is_grouped(const apart *num, size_t n)
{
    size_t  i;

    if (n == 1) {
        return 1;
    }

    for (i = 1; i < n; i++) {
        if (num->runs[i].len != 3
            || num->marks[i - 1] != num->marks[0])
        {
            return 0;
        }
    }

    return num->runs[0].len >= 1 && num->runs[0].len <= 3
           && num->runs[0].data[0] != '0';
}


/* Decimals with a 0 more than there can be, where two are too few to tell them
 * from thousands: "1.2990". */
static int
is_exact(deals_str decimals, size_t exponent)
{
    return exponent == 3 && decimals.len == 4 && decimals.data[3] == '0';
}


/* Which of the runs are the whole part; the one behind it, if any, is the
 * fraction. */
static const char *
find_fraction(const apart *num, const deals_currency *currency,
    size_t *whole)
{
    char    last;
    size_t  n, decimals;

    n = num->n;
    *whole = n;

    if (n == 1) {
        return NULL;
    }

    last = num->marks[n - 2];
    decimals = num->runs[n - 1].len;

    if (last == ' ' || (n > 2 && num->marks[n - 3] == last)) {
        return NULL;                        /* "1 299", "1,299,000" */
    }

    if (n == 2 && decimals == 3 && is_grouped(num, 2)) {
        if (currency->exponent == 0) {
            return NULL;                    /* no fraction is possible */
        }

        return last == ','
               ? "can be read in two ways: write thousands without a comma "
                 "(\"1299\") or with decimals (\"1,299.00\")"
               : "can be read in two ways: write thousands without a dot "
                 "(\"1299\") or with decimals (\"1.299,00\")";
    }

    *whole = n - 1;

    if (decimals == 0) {
        return "is not a price: write it as \"19.99\"";
    }

    if (decimals > (size_t) currency->exponent
        && !is_exact(num->runs[n - 1], (size_t) currency->exponent))
    {
        return currency->exponent == 0
               ? "has decimals, and its currency has none"
               : "has too many decimals";
    }

    return NULL;
}


static const char *
amount_of(const apart *num, const deals_currency *currency,
    int64_t *amount)
{
    size_t       i, k, len, whole, decimals;
    size_t       exponent = (size_t) currency->exponent;
    const char  *problem;

    problem = find_fraction(num, currency, &whole);
    if (problem != NULL) {
        return problem;
    }

    if (!is_grouped(num, whole)) {
        return "is not a price: write it as \"19.99\"";
    }

    *amount = 0;

    for (i = 0; i < num->n; i++) {
        len = num->runs[i].len;

        if (i >= whole && len > exponent) {
            len = exponent;             /* the rest is zeros */
        }

        for (k = 0; k < len; k++) {
            *amount = *amount * 10 + (num->runs[i].data[k] - '0');
        }
    }

    decimals = num->n > whole ? num->runs[whole].len : 0;

    for ( /* void */ ; decimals < exponent; decimals++) {
        if (*amount > DEALS_MONEY_MAX) {
            break;
        }
        *amount *= 10;
    }

    return *amount > DEALS_MONEY_MAX ? "is too large" : NULL;
}


/* NULL, *amount and *currency; or what is wrong. */
static const char *
read_price(deals_str text, const deals_currency *wanted,
    const deals_currency **currency, int64_t *amount)
{
    apart        num;
    deals_str    digits, sign;
    const char  *problem;

    problem = take_sign(deals_utf8_trim(text), &digits, &sign);
    if (problem != NULL) {
        return problem;
    }

    *currency = wanted ? wanted : deals_currency_find(DEALS_STR("USD"));

    if (sign.len > 0 && !deals_str_is(sign, ",-") && !deals_str_is(sign, ".-"))
    {
        *currency = currency_of(sign, wanted, &problem);
        if (*currency == NULL) {
            return problem;
        }
    }

    problem = take_apart(digits, &num);
    if (problem != NULL) {
        return problem;
    }

    return amount_of(&num, *currency, amount);
}


int
deals_money_parse(deals_arena *arena, const char *field, deals_str text,
    deals_str code, deals_money *out, const deals_error **errors)
{
    const char            *problem;
    const deals_currency  *wanted, *currency;

    memset(out, 0, sizeof(*out));

    wanted = deals_currency_find(code);

    if (wanted == NULL && code.len > 0) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "has an unknown currency");
    }

    problem = read_price(text, wanted, &currency, &out->amount);

    if (problem != NULL) {
        return deals_error_add(arena, errors, DEALS_INVALID, field, "%s",
                   problem);
    }

    if (wanted != NULL && currency != wanted) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is in %s, but the currency chosen is %s",
                   currency->code, wanted->code);
    }

    out->currency = deals_str_of(currency->code);
    out->text = deals_money_text(arena, out);

    return out->text.data ? 0 : deals_error_oom(errors);
}
