/*
 * Storing records of elsewhere: each is claimed by its source's key and written
 * in the same transaction; whoever finds the key claimed writes nothing.
 */

#include <deals/import.h>
#include <deals/view.h>

#include "base/error.h"
#include "stmts.h"
#include "calls/use.h"

typedef struct {
    deals_use      use;
    size_t         n;
    deals_query  **writes;          /* one a record: was it stored? */
    size_t         stored;
} import_state;


static void
stored(deals_call *call)
{
    size_t                        i;
    import_state                 *st = deals_call_state(call);
    const deals_import_deal_row  *row;

    for (i = 0; i < st->n; i++) {
        row = st->writes[i]->rows.items;
        st->stored += st->writes[i]->rows.len == 1
                      && deals_str_eq(row->status, DEALS_STR("ok"));
    }

    deals_call_finish(call, NULL);
}


static deals_query *
claim(deals_call *call, const deals_import_record *r, int64_t id)
{
    deals_import_claim_params  p = { 0 };

    p.source = r->source;
    p.source_id = r->source_id;
    p.deal_id = id;

    return deals_q_import_claim(deals_call_arena(call), &p);
}


static deals_query *
write(deals_call *call, const deals_import_record *r, int64_t id)
{
    deals_import_deal_params  p = { 0 };

    p.deal_id = id;
    p.author_name = r->author;
    p.source = r->source;
    p.source_id = r->source_id;
    p.title = r->title;
    p.url = r->url;
    p.description = r->description;
    p.html = r->html;
    p.html_version = r->html.data != NULL ? DEALS_MARKDOWN_VERSION
                                          : DEALS_NULL_INT;
    p.merchant_slug = r->merchant_slug;
    p.merchant_name = r->merchant;
    p.price_amount = r->price != NULL ? r->price->amount : DEALS_NULL_INT;
    p.price_currency = r->price != NULL ? r->price->currency : DEALS_NONE;
    p.list_price_amount = r->list_price != NULL ? r->list_price->amount
                                                : DEALS_NULL_INT;
    p.list_price_currency = r->list_price != NULL ? r->list_price->currency
                                                  : DEALS_NONE;
    p.tags = r->tags.items;
    p.ntags = r->tags.len;
    p.starts_at = r->starts_at;
    p.expires_at = r->expires_at;
    p.created_at = r->created_at;
    p.up = r->up;
    p.down = r->down;

    return deals_q_import_deal(deals_call_arena(call), &p);
}


static void
send_batch(deals_call *call)
{
    deals_call_send(call, stored);
}


deals_call *
deals_import(deals_ctx *ctx, const deals_import_record *records, size_t n,
    deals_done done, void *data)
{
    size_t         i;
    int64_t        id;
    deals_call    *call;
    import_state  *st;

    call = deals_use_new(ctx, DEALS_USE_PLAIN, sizeof(import_state), NULL,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    st = deals_call_state(call);
    st->n = n < DEALS_IMPORT_BATCH ? n : DEALS_IMPORT_BATCH;
    st->writes = deals_arena_alloc(deals_call_arena(call),
                                   st->n * sizeof(deals_query *));
    if (st->writes == NULL) {
        deals_call_free(call);
        return NULL;
    }

    for (i = 0; i < st->n; i++) {
        id = deals_ctx_new_id(ctx);
        st->writes[i] = write(call, &records[i], id);
        deals_call_query(call, claim(call, &records[i], id));
        deals_call_query(call, st->writes[i]);
    }

    deals_call_start(call, send_batch);

    return call;
}


deals_call *
deals_import_wait(deals_ctx *ctx, const deals_import_record *records, size_t n,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_import(ctx, records, n, NULL, NULL),
                           timeout_ms);
}


size_t
deals_import_stored(const deals_call *call)
{
    const import_state  *st = deals_call_state((deals_call *) call);

    return st->stored;
}
