/*
 * calls/deal_input.h - what a member writes of a deal, checked and ready for
 * the database.
 */

#ifndef DEALS_CALLS_DEAL_INPUT_H
#define DEALS_CALLS_DEAL_INPUT_H

#include <deals/calls.h>

/* Bits of `given`: places in deals_deal_input_shape, and what
 * deals_deal_update() in the database takes. */
enum {
    DEALS_GIVEN_TITLE       = 1 << 0,
    DEALS_GIVEN_URL         = 1 << 1,
    DEALS_GIVEN_DESCRIPTION = 1 << 2,
    DEALS_GIVEN_PRICE       = 1 << 3,
    DEALS_GIVEN_LIST_PRICE  = 1 << 4,
    DEALS_GIVEN_MERCHANT    = 1 << 5,
    DEALS_GIVEN_TAGS        = 1 << 6,
    DEALS_GIVEN_STARTS_AT   = 1 << 7,
    DEALS_GIVEN_EXPIRES_AT  = 1 << 8,
    DEALS_GIVEN_ALL         = (1 << 9) - 1
};

typedef struct {
    unsigned     given;
    deals_str    title, url, host;          /* host of the url */
    deals_str    description, html;
    deals_money  price, list_price;         /* currency absent: none */
    deals_str    merchant, merchant_slug;
    deals_list   tags;
    int64_t      starts_at, expires_at;
} deals_deal_fields;

/* Checks the fields of `given` one by one and copies them into `arena`. Every
 * bad field adds an error; -1 if any did. */
int  deals_deal_check(deals_arena *arena, const deals_deal_input *input,
         uint64_t given, deals_deal_fields *fields, const deals_error **errors);

/* What fields say together; `stands` is the deal as it was (NULL: a new one)
 * and speaks for those not given. A merchant that is given and empty becomes
 * the address' host. A new deal must not have ended already. */
int  deals_deal_check_together(deals_arena *arena, deals_deal_fields *fields,
         const deals_deal *stands, int64_t now, const deals_error **errors);

/* Markdown to HTML in the arena, at most DEALS_HTML_MAX bytes. 0, or -1 with an
 * error about `field`. */
int  deals_render(deals_arena *arena, const char *field, deals_str markdown,
         deals_str *html, const deals_error **errors);

#endif /* DEALS_CALLS_DEAL_INPUT_H */
