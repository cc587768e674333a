/*
 * calls/settings.c - what an operator may change of a running community: the
 * rank's tau and epoch. See deals/admin.h.
 */

#include <string.h>

#include <deals/admin.h>

#include "stmts.h"
#include "calls/use.h"

typedef struct {
    const char  *name;
    int64_t      min, max;
} setting;

/* The same limits stand in the table's constraints. */
static const setting  settings[] = {
    { "epoch", 0, INT64_C(9999999999) },
    { "tau", 1, INT64_C(999999999) }
};

typedef struct {
    deals_use             use;
    deals_str             name;
    deals_str             value;
    deals_query          *query;
    deals_list            list;
    deals_rerank_result   rerank;
} settings_state;

static const deals_field  setting_fields[] = {
    { "name", DEALS_TEXT, 0, offsetof(deals_setting, name), NULL },
    { "value", DEALS_TEXT, 0, offsetof(deals_setting, value), NULL }
};

const deals_shape  deals_setting_shape = {
    "setting", sizeof(deals_setting), setting_fields,
    sizeof(setting_fields) / sizeof(setting_fields[0])
};


static deals_call *
submit(deals_ctx *ctx, deals_use_kind kind, deals_step step, deals_done done,
    void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, kind, sizeof(settings_state), NULL, done, data);
    if (call != NULL && step != NULL) {
        deals_call_start(call, step);
    }
    return call;
}


static void
listed(deals_call *call)
{
    size_t                         i;
    deals_setting                 *item;
    settings_state                *st = deals_call_state(call);
    const deals_list              *rows = &st->query->rows;
    const deals_setting_list_row  *row = rows->items;

    item = deals_arena_alloc(deals_call_arena(call),
                             (rows->len + 1) * sizeof(deals_setting));
    if (item == NULL) {
        deals_use_no_memory(call);
        return;
    }
    for (i = 0; i < rows->len; i++) {
        item[i].name = row[i].name;
        item[i].value = row[i].value;
    }
    st->list.items = item;
    st->list.len = rows->len;
    deals_call_finish(call, NULL);
}


static void
list(deals_call *call)
{
    settings_state  *st = deals_call_state(call);

    st->query = deals_q_setting_list(deals_call_arena(call));
    deals_call_query(call, st->query);
    deals_call_send(call, listed);
}


deals_call *
deals_settings(deals_ctx *ctx, deals_done done, void *data)
{
    return submit(ctx, DEALS_USE_SETTINGS, list, done, data);
}


deals_call *
deals_settings_wait(deals_ctx *ctx, int64_t timeout_ms)
{
    return deals_call_wait(deals_settings(ctx, NULL, NULL), timeout_ms);
}


const deals_list *
deals_settings_get(const deals_call *call)
{
    const settings_state  *st = deals_use_result(call, DEALS_USE_SETTINGS);

    return st != NULL ? &st->list : NULL;
}


/* Digits alone, without leading zeroes. -1: not a number, or too long. */
static int64_t
number(deals_str text)
{
    size_t   i;
    int64_t  n = 0;

    if (text.len == 0 || text.len > 18
        || (text.len > 1 && text.data[0] == '0'))
    {
        return -1;
    }
    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }
        n = n * 10 + (text.data[i] - '0');
    }
    return n;
}


static void
put_done(deals_call *call)
{
    deals_call_finish(call, NULL);
}


static void
put(deals_call *call)
{
    size_t                      i;
    int64_t                     n;
    settings_state             *st = deals_call_state(call);
    const setting              *s = NULL;
    deals_setting_put_params    p = { 0 };

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (deals_str_eq(st->name, deals_str_of(settings[i].name))) {
            s = &settings[i];
        }
    }
    if (s == NULL) {
        deals_call_fail(call, DEALS_INVALID, "name",
                        "There is no such setting: epoch or tau.");
        return;
    }
    n = number(st->value);
    if (n < s->min || n > s->max) {
        deals_call_fail(call, DEALS_INVALID, "value",
                        s->min == 0 ? "Write whole seconds, 0 to 9999999999."
                                    : "Write whole seconds, 1 to 999999999.");
        return;
    }

    p.name = st->name;
    p.value = st->value;
    deals_call_query(call, deals_q_setting_put(deals_call_arena(call), &p));
    deals_call_change(call, DEALS_CHANGE_ALL, 0);
    deals_call_send(call, put_done);
}


deals_call *
deals_set(deals_ctx *ctx, deals_str name, deals_str value, deals_done done,
    void *data)
{
    deals_call      *call;
    deals_arena     *arena;
    settings_state  *st;

    call = submit(ctx, DEALS_USE_PLAIN, NULL, done, data);
    if (call == NULL) {
        return NULL;
    }
    st = deals_call_state(call);
    arena = deals_call_arena(call);
    st->name = deals_arena_copy(arena, name);
    st->value = deals_arena_copy(arena, value);
    if ((name.data != NULL && st->name.data == NULL)
        || (value.data != NULL && st->value.data == NULL))
    {
        return deals_use_drop(call);
    }
    deals_call_start(call, put);
    return call;
}


deals_call *
deals_set_wait(deals_ctx *ctx, deals_str name, deals_str value,
    int64_t timeout_ms)
{
    return deals_call_wait(deals_set(ctx, name, value, NULL, NULL),
                           timeout_ms);
}


static void
ranked(deals_call *call)
{
    settings_state          *st = deals_call_state(call);
    const deals_rerank_row  *row = deals_use_row(st->query);

    if (row == NULL) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "There is no answer to how far the ranks are.");
        return;
    }
    st->rerank.done = row->done;
    st->rerank.pass = row->pass;
    st->rerank.last_id = row->last_id;
    st->rerank.changed = row->changed;
    deals_call_finish(call, NULL);
}


static void
rank(deals_call *call)
{
    settings_state  *st = deals_call_state(call);

    st->query = deals_q_rerank(deals_call_arena(call));
    deals_call_query(call, st->query);
    deals_call_change(call, DEALS_CHANGE_RANKS, 0);
    deals_call_send(call, ranked);
}


deals_call *
deals_rerank(deals_ctx *ctx, deals_done done, void *data)
{
    return submit(ctx, DEALS_USE_RERANK, rank, done, data);
}


deals_call *
deals_rerank_wait(deals_ctx *ctx, int64_t timeout_ms)
{
    return deals_call_wait(deals_rerank(ctx, NULL, NULL), timeout_ms);
}


const deals_rerank_result *
deals_rerank_get(const deals_call *call)
{
    const settings_state  *st = deals_use_result(call, DEALS_USE_RERANK);

    return st != NULL ? &st->rerank : NULL;
}
