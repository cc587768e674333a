/*
 * core/money.h - prices. The type and its shape are in deals/types.h.
 */

#ifndef DEALS_CORE_MONEY_H
#define DEALS_CORE_MONEY_H

#include <deals/types.h>

#define DEALS_MONEY_MAX  INT64_C(999999999999)      /* minor units */

typedef struct {
    const char  *code;          /* "USD" */
    int          exponent;      /* digits of the minor unit: 2; JPY 0; KWD 3 */
    const char  *symbol;        /* "$"; "" if people use the code */
} deals_currency;

/* By code, in any case; NULL: unknown. */
const deals_currency  *deals_currency_find(deals_str code);

/* All of them, sorted by code. */
const deals_currency  *deals_currencies(size_t *count);

/*
 * What a person typed: "19.99", "19,99", "1,299.00", "1.299,00", "$5", "6,99€",
 * "USD 5". `currency` is that of the form; a sign or code in the text must
 * agree with it, or decides if it is absent (absent and no sign: USD). What can
 * be read in two ways ("1,299") is refused with a message that says so. 0, or
 * -1 and an error is added. out->text is filled.
 */
int        deals_money_parse(deals_arena *arena, const char *field,
               deals_str text, deals_str currency, deals_money *out,
               const deals_error **errors);

/* Amount 0..DEALS_MONEY_MAX and a known currency, which becomes upper case.
 * Errors are named FIELD.amount and FIELD.currency. */
int        deals_money_check(deals_arena *arena, const char *field,
               deals_money *money, const deals_error **errors);

/* "$19.99", "€6.99", "CHF 5.00", "$1,299.00", "Free" for 0. Absent if the
 * currency is unknown, or out of memory. */
deals_str  deals_money_text(deals_arena *arena, const deals_money *money);

/* "1299.00": the value of an input, which deals_money_parse reads in the same
 * currency (so 1.299 dinars are "1.2990"), and JSON-LD. Likewise. */
deals_str  deals_money_decimal(deals_arena *arena, const deals_money *money);

/* What is saved of `list`, in whole percent rounded down, 1..100; 0: nothing,
 * or not the same currency. Either may be NULL. */
int        deals_money_saving(const deals_money *price,
               const deals_money *list);

#endif /* DEALS_CORE_MONEY_H */
