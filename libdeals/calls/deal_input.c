/*
 * calls/deal_input.c - what a member writes of a deal. See calls/deal_input.h.
 */

#include <stddef.h>
#include <string.h>

#include <deals/view.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "core/money.h"
#include "core/text.h"
#include "core/url.h"
#include "calls/deal_input.h"

#define FIELD(member, type, flags, shape)                                     \
    { #member, type, flags, offsetof(deals_deal_input, member), shape }

#define FIELDS_BUT_TITLE                                                      \
    FIELD(url, DEALS_URL, DEALS_NULLABLE, NULL),                              \
    FIELD(description, DEALS_TEXT, DEALS_NULLABLE, NULL),                     \
    FIELD(price, DEALS_OBJECT, DEALS_NULLABLE, &deals_money_shape),           \
    FIELD(list_price, DEALS_OBJECT, DEALS_NULLABLE, &deals_money_shape),      \
    FIELD(merchant, DEALS_TEXT, DEALS_NULLABLE, NULL),                        \
    FIELD(tags, DEALS_LIST, 0, NULL),                                         \
    FIELD(starts_at, DEALS_TIME, DEALS_NULLABLE, NULL),                       \
    FIELD(expires_at, DEALS_TIME, DEALS_NULLABLE, NULL)

static const deals_field  fields_of_deal[] = {
    FIELD(title, DEALS_TEXT, DEALS_REQUIRED, NULL),
    FIELDS_BUT_TITLE
};

static const deals_field  fields_of_update[] = {
    FIELD(title, DEALS_TEXT, 0, NULL),
    FIELDS_BUT_TITLE
};

const deals_shape  deals_deal_input_shape = {
    "deal", sizeof(deals_deal_input), fields_of_deal,
    sizeof(fields_of_deal) / sizeof(fields_of_deal[0])
};

const deals_shape  deals_deal_update_shape = {
    "deal", sizeof(deals_deal_input), fields_of_update,
    sizeof(fields_of_update) / sizeof(fields_of_update[0])
};


int
deals_render(deals_arena *arena, const char *field, deals_str markdown,
    deals_str *html, const deals_error **errors)
{
    int        rc;
    deals_buf  buf;

    deals_buf_init(&buf);
    rc = deals_markdown(markdown, &buf);

    if (rc == -1) {
        deals_buf_free(&buf);
        return deals_error_oom(errors);
    }

    if (rc < 0 || buf.len > DEALS_HTML_MAX) {
        deals_buf_free(&buf);
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "has too many links, table cells or quotes to be shown");
    }

    if (buf.len == 0) {
        deals_buf_free(&buf);
        *html = DEALS_STR("");
        return 0;
    }

    *html = deals_arena_take(arena, &buf);

    return html->data != NULL ? 0 : deals_error_oom(errors);
}


static int
blank(deals_str s)
{
    return s.data == NULL || deals_str_trim(s).len == 0;
}


static void
check_url(deals_arena *arena, deals_str in, deals_deal_fields *f,
    const deals_error **errors)
{
    deals_url  url;

    if (in.data == NULL) {
        return;
    }

    if (deals_url_check(arena, "url", in, &url, errors) == 0) {
        f->url = url.url;
        f->host = url.host;
    }
}


static void
check_description(deals_arena *arena, deals_str in, deals_deal_fields *f,
    const deals_error **errors)
{
    if (blank(in)
        || deals_text_body(arena, "description", in, 0, &f->description,
                           errors) < 0)
    {
        return;
    }

    (void) deals_render(arena, "description", f->description, &f->html,
                        errors);
}


static void
check_money(deals_arena *arena, const char *name, const deals_money *in,
    deals_money *out, const deals_error **errors)
{
    deals_money  money;

    if (in == NULL) {
        return;
    }

    money = *in;

    if (deals_money_check(arena, name, &money, errors) < 0) {
        return;
    }

    *out = money;
    out->currency = deals_arena_copy(arena, money.currency);
    if (out->currency.data == NULL) {
        deals_error_oom(errors);
    }
}


static void
check_time(deals_arena *arena, const char *name, int64_t in, int64_t *out,
    const deals_error **errors)
{
    *out = in;

    if (in != DEALS_NULL_INT && (in < 0 || in > DEALS_TIME_MAX)) {
        deals_error_add(arena, errors, DEALS_INVALID, name,
                        "This is not a time that a deal can have.");
    }
}


int
deals_deal_check(deals_arena *arena, const deals_deal_input *in,
    uint64_t given, deals_deal_fields *f, const deals_error **errors)
{
    memset(f, 0, sizeof(*f));
    f->given = given & DEALS_GIVEN_ALL;
    f->starts_at = DEALS_NULL_INT;
    f->expires_at = DEALS_NULL_INT;

    if (given & DEALS_GIVEN_TITLE) {
        (void) deals_text_title(arena, "title", in->title, &f->title, errors);
    }

    if (given & DEALS_GIVEN_URL) {
        check_url(arena, in->url, f, errors);
    }

    if (given & DEALS_GIVEN_DESCRIPTION) {
        check_description(arena, in->description, f, errors);
    }

    if (given & DEALS_GIVEN_PRICE) {
        check_money(arena, "price", in->price, &f->price, errors);
    }

    if (given & DEALS_GIVEN_LIST_PRICE) {
        check_money(arena, "list_price", in->list_price, &f->list_price,
                    errors);

        if (f->list_price.currency.data != NULL && f->list_price.amount == 0) {
            deals_error_add(arena, errors, DEALS_INVALID, "list_price.amount",
                            "A list price is more than nothing.");
        }
    }

    if ((given & DEALS_GIVEN_MERCHANT) && !blank(in->merchant)) {
        (void) deals_text_merchant(arena, "merchant", in->merchant,
                                   &f->merchant, &f->merchant_slug, errors);
    }

    if (given & DEALS_GIVEN_TAGS) {
        (void) deals_text_tags(arena, "tags", in->tags, &f->tags, errors);
    }

    if (given & DEALS_GIVEN_STARTS_AT) {
        check_time(arena, "starts_at", in->starts_at, &f->starts_at, errors);
    }

    if (given & DEALS_GIVEN_EXPIRES_AT) {
        check_time(arena, "expires_at", in->expires_at, &f->expires_at,
                   errors);
    }

    return *errors == NULL ? 0 : -1;
}


/* A mistake was found in the field, or in a part of it ("price.amount"). */
static int
is_wrong(const deals_error *errors, deals_str name)
{
    for ( /* void */ ; errors != NULL; errors = errors->next) {
        if (errors->field.len >= name.len
            && memcmp(errors->field.data, name.data, name.len) == 0
            && (errors->field.len == name.len
                || errors->field.data[name.len] == '.'))
        {
            return 1;
        }
    }

    return 0;
}


void
deals_deal_input_check(const deals_deal_input *input, uint64_t given,
    deals_arena *arena, const deals_error **errors)
{
    size_t              i;
    deals_deal_fields   fields;
    const deals_shape  *shape = &deals_deal_input_shape;

    if (*errors == NULL || (*errors)->code != DEALS_INVALID) {
        return;
    }

    for (i = 0; i < shape->nfields; i++) {
        if (is_wrong(*errors, deals_str_of(shape->fields[i].name))) {
            given &= ~(UINT64_C(1) << i);
        }
    }

    (void) deals_deal_check(arena, input, given, &fields, errors);
}


static deals_money
price_of(unsigned given, unsigned bit, const deals_money *new,
    const deals_money *old)
{
    static const deals_money  none;

    if (given & bit) {
        return *new;
    }

    return old != NULL ? *old : none;
}


static void
check_prices(deals_arena *arena, deals_deal_fields *f,
    const deals_deal *stands, const deals_error **errors)
{
    const char   *field;
    deals_money   price, list;

    price = price_of(f->given, DEALS_GIVEN_PRICE, &f->price,
                     stands != NULL ? stands->price : NULL);
    list = price_of(f->given, DEALS_GIVEN_LIST_PRICE, &f->list_price,
                    stands != NULL ? stands->list_price : NULL);

    if (price.currency.data == NULL || list.currency.data == NULL
        || !(f->given & (DEALS_GIVEN_PRICE | DEALS_GIVEN_LIST_PRICE)))
    {
        return;
    }

    field = f->given & DEALS_GIVEN_LIST_PRICE ? "list_price" : "price";

    if (!deals_str_eq(price.currency, list.currency)) {
        deals_error_add(arena, errors, DEALS_INVALID, field,
                        "Price and list price need the same currency.");

    } else if (list.amount < price.amount) {
        deals_error_add(arena, errors, DEALS_INVALID, field,
                        "The list price is what it costs elsewhere: it can't "
                        "be less than the price.");
    }
}


static void
check_times(deals_arena *arena, const deals_deal_fields *f,
    const deals_deal *stands, int64_t now, const deals_error **errors)
{
    int64_t  starts_at, expires_at;

    starts_at = f->starts_at;
    expires_at = f->expires_at;

    if (stands != NULL) {
        if (!(f->given & (DEALS_GIVEN_STARTS_AT | DEALS_GIVEN_EXPIRES_AT))) {
            return;
        }

        if (!(f->given & DEALS_GIVEN_STARTS_AT)) {
            starts_at = stands->starts_at;
        }

        if (!(f->given & DEALS_GIVEN_EXPIRES_AT)) {
            expires_at = stands->expires_at;
        }
    }

    if (expires_at == DEALS_NULL_INT) {
        return;
    }

    if (stands == NULL && expires_at <= now) {
        deals_error_add(arena, errors, DEALS_INVALID, "expires_at",
                        "This deal would have ended already.");

    } else if (starts_at != DEALS_NULL_INT && expires_at <= starts_at) {
        deals_error_add(arena, errors, DEALS_INVALID,
                        f->given & DEALS_GIVEN_EXPIRES_AT ? "expires_at"
                                                          : "starts_at",
                        "A deal ends after it starts.");
    }
}


/* Who sells it, when nobody said: the site that the address leads to. */
static void
default_merchant(deals_arena *arena, deals_deal_fields *f,
    const deals_deal *stands)
{
    deals_str           host;
    const deals_error  *ignored = NULL;

    if (!(f->given & DEALS_GIVEN_MERCHANT) || f->merchant.data != NULL) {
        return;
    }

    host = f->host;

    if (!(f->given & DEALS_GIVEN_URL) && stands != NULL
        && stands->url.data != NULL)
    {
        host = deals_url_host(arena, stands->url);
    }

    /* A host may be longer than a merchant's name; then there is none. */
    if (host.data == NULL
        || deals_text_merchant(arena, "merchant", host, &f->merchant,
                               &f->merchant_slug, &ignored) < 0)
    {
        f->merchant = DEALS_NONE;
        f->merchant_slug = DEALS_NONE;
    }
}


int
deals_deal_check_together(deals_arena *arena, deals_deal_fields *f,
    const deals_deal *stands, int64_t now, const deals_error **errors)
{
    check_prices(arena, f, stands, errors);
    check_times(arena, f, stands, now, errors);
    default_merchant(arena, f, stands);

    /* nothing is stored of which a part had no memory */
    if (deals_arena_refused(arena)) {
        return deals_error_oom(errors);
    }

    return *errors == NULL ? 0 : -1;
}
