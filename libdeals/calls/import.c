/*
 * Storing records of elsewhere: each is claimed by its source's key and written
 * in the same transaction; whoever finds the key claimed writes nothing.
 *
 * A batch is one transaction. Within it keys are claimed in their order, and
 * then deals are written in the order of their merchants: imports that run side
 * by side wait for each other, but can't deadlock. If the database refuses a
 * record, those of the batch are stored one by one, so that the others are not
 * lost.
 */

#include <stdlib.h>
#include <string.h>

#include <deals/import.h>
#include <deals/view.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "stmts.h"
#include "calls/use.h"

#define ATTEMPTS  5                 /* to find ids that are free */

typedef struct {
    deals_use                    use;
    const deals_import_record   *records;
    size_t                       n;
    size_t                      *order;     /* of what is being sent */
    deals_query                **writes;    /* by record: was it stored? */
    const deals_error          **refused;   /* by record */
    size_t                       stored;
    size_t                       first;     /* of those being sent */
    size_t                       count;     /* of them: all, or one */
    int                          attempts;
} import_state;

static void  send_next(deals_call *call);


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


static int
by_number(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}


static int
by_key(const void *a, const void *b, void *records)
{
    int                         rc;
    size_t                      i = *(const size_t *) a;
    size_t                      j = *(const size_t *) b;
    const deals_import_record  *r = records;

    rc = deals_str_cmp(r[i].source, r[j].source);
    if (rc == 0) {
        rc = deals_str_cmp(r[i].source_id, r[j].source_id);
    }

    return rc != 0 ? rc : by_number(i, j);
}


static int
by_merchant(const void *a, const void *b, void *records)
{
    int                         rc;
    size_t                      i = *(const size_t *) a;
    size_t                      j = *(const size_t *) b;
    const deals_import_record  *r = records;

    rc = deals_str_cmp(r[i].merchant_slug, r[j].merchant_slug);

    return rc != 0 ? rc : by_number(i, j);
}


static void
count_stored(import_state *st)
{
    size_t                        i;
    const deals_import_deal_row  *row;

    for (i = st->first; i < st->first + st->count; i++) {
        row = deals_use_row(st->writes[i]);
        st->stored += row != NULL
                      && deals_str_eq(row->status, DEALS_STR("ok"));
    }
}


static void
answered(deals_call *call)
{
    import_state  *st = deals_call_state(call);
    const char    *sqlstate = deals_call_sqlstate(call);

    if (sqlstate == NULL) {
        count_stored(st);
        st->first += st->count;
        st->attempts = 0;

    } else if (strcmp(sqlstate, "23505") == 0 && ++st->attempts < ATTEMPTS) {
        /* an id was taken: all get new ones */

    } else if (st->count > 1) {
        st->count = 1;
        st->attempts = 0;

    } else {
        deals_error_add(deals_call_arena(call), &st->refused[st->first],
                        DEALS_INVALID, NULL,
                        "the database does not take it (SQLSTATE %s)",
                        sqlstate);
        st->first++;
        st->attempts = 0;
    }

    send_next(call);
}


/* All records, or the one whose turn it is. */
static void
send_next(deals_call *call)
{
    size_t         i, n;
    int64_t       *ids;
    import_state  *st = deals_call_state(call);

    if (st->first >= st->n) {
        deals_call_finish(call, NULL);
        return;
    }

    n = st->count;
    ids = deals_arena_array(deals_call_arena(call), n, sizeof(int64_t));
    if (ids == NULL) {
        deals_use_no_memory(call);
        return;
    }

    for (i = 0; i < n; i++) {
        ids[i] = deals_ctx_new_id(deals_call_ctx(call));
        st->order[i] = st->first + i;
    }

    qsort_r(st->order, n, sizeof(size_t), by_key, (void *) st->records);

    for (i = 0; i < n; i++) {
        deals_call_query(call, claim(call, &st->records[st->order[i]],
                                     ids[st->order[i] - st->first]));
    }

    qsort_r(st->order, n, sizeof(size_t), by_merchant, (void *) st->records);

    for (i = 0; i < n; i++) {
        st->writes[st->order[i]] = write(call, &st->records[st->order[i]],
                                         ids[st->order[i] - st->first]);
        deals_call_query(call, st->writes[st->order[i]]);
    }

    deals_call_change(call, DEALS_CHANGE_ALL, 0);
    deals_call_catch(call, "22");       /* data exceptions */
    deals_call_catch(call, "23");       /* constraints */
    deals_call_catch(call, "54");       /* limits of the program */
    deals_call_send(call, answered);
}


static void
too_many(deals_call *call)
{
    deals_call_fail(call, DEALS_TOO_LARGE, NULL,
                    "Too many records at once.");
}


deals_call *
deals_import(deals_ctx *ctx, const deals_import_record *records, size_t n,
    deals_done done, void *data)
{
    deals_call    *call;
    deals_arena   *arena;
    import_state  *st;

    call = deals_use_new(ctx, DEALS_USE_IMPORT, sizeof(import_state), NULL,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (n > DEALS_IMPORT_BATCH) {
        deals_call_start(call, too_many);
        return call;
    }

    st = deals_call_state(call);
    arena = deals_call_arena(call);
    st->records = records;
    st->n = n;
    st->count = n;
    st->order = deals_arena_array(arena, n + 1, sizeof(*st->order));
    st->writes = deals_arena_array(arena, n + 1, sizeof(*st->writes));
    st->refused = deals_arena_array(arena, n + 1, sizeof(*st->refused));

    if (st->order == NULL || st->writes == NULL || st->refused == NULL) {
        return deals_use_drop(call);
    }

    deals_call_start(call, send_next);

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
    const import_state  *st = deals_use_result(call, DEALS_USE_IMPORT);

    return st != NULL ? st->stored : 0;
}


const deals_error *
deals_import_refused(const deals_call *call, size_t i)
{
    const import_state  *st = deals_use_result(call, DEALS_USE_IMPORT);

    return st != NULL && i < st->n ? st->refused[i] : NULL;
}
