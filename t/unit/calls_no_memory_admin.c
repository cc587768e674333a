/*
 * calls_no_memory_admin.c - memory runs out for the operator: settings and
 * ranks, the proof, the import, the demo community.
 */

#include "calls_no_memory.h"

static int  round_of;

static void
another_round(void)
{
    round_of++;
}


/* -- settings, ranks, the proof ------------------------------------------- */

static deals_call *
settings(deals_ctx *c, deals_done done, void *data)
{
    return deals_settings(c, done, data);
}

static void
holds_settings(const deals_call *call)
{
    const deals_list     *list = deals_settings_get(call);
    const deals_setting  *s = list->items;

    assert_true(list->len >= 2);
    assert_str(s[0].name, "epoch");
}

static deals_call *
set(deals_ctx *c, deals_done done, void *data)
{
    return deals_set(c, S("tau"), round_of % 2 ? S("45000") : S("40000"), done,
                     data);
}

static void
holds_set(const deals_call *call)
{
    (void) call;
    assert_int_equal(sql_int("SELECT value::int8 FROM settings"
                             " WHERE key = 'tau'"),
                     round_of % 2 ? 45000 : 40000);
}

/* A rank of each is due. */
static void
prepare_rerank(void)
{
    round_of++;
    deals_call_free(OK(deals_set_wait(ctx, S("tau"), round_of % 2 ? S("45000")
                                                                : S("40000"),
                                      TIMEOUT)));
}

static deals_call *
rerank(deals_ctx *c, deals_done done, void *data)
{
    return deals_rerank(c, done, data);
}

/* Whoever goes on ends it. */
static void
whole_ranks(void)
{
    int          done;
    deals_call  *call;

    do {
        call = OK(deals_rerank_wait(ctx, TIMEOUT));
        done = deals_rerank_get(call)->done;
        deals_call_free(call);
    } while (!done);

    verify_all();
}

static deals_call *
verify(deals_ctx *c, deals_done done, void *data)
{
    return deals_verify(c, 0, done, data);
}

static void
holds_verify(const deals_call *call)
{
    const deals_verify_result  *r = deals_verify_get(call);

    assert_int_equal(r->checked, 30);
    assert_int_equal(r->drifts.len, 2);
}

/* Two deals count what nobody said. */
static void
prepare_verify(void)
{
    sql("UPDATE deal_stats SET comment_count = 99 WHERE deal_id IN"
        " (SELECT deal_id FROM deals ORDER BY deal_id LIMIT 2)");
}

static void
mend(void)
{
    sql("UPDATE deal_stats SET comment_count = 0 WHERE comment_count = 99");
}


static deals_call *
verify_members(deals_ctx *c, deals_done done, void *data)
{
    return deals_verify_members(c, 0, done, data);
}

static void
holds_verify_members(const deals_call *call)
{
    const deals_verify_result  *r = deals_verify_get(call);

    assert_int_equal(r->checked, 3);
    assert_int_equal(r->done, 1);
    assert_int_equal(r->drifts.len, 1);
    assert_str(((const deals_drift *) r->drifts.items)->stored, "1");
}

/* One is shut out by half. */
static void
prepare_verify_members(void)
{
    sql("UPDATE users SET disabled_at = now() WHERE name = 'kim'");
}

static void
mend_members(void)
{
    sql("UPDATE users SET disabled_at = NULL");
}


/* -- import and demo ------------------------------------------------------ */

static deals_import_record   records[3];
static deals_arena          *records_arena;

static void
prepare_import(void)
{
    int                  i;
    char                 line[300];
    const deals_error   *changes, *error;

    deals_arena_free(records_arena);
    records_arena = deals_arena_new();
    round_of++;

    for (i = 0; i < 3; i++) {
        snprintf(line, sizeof(line), "{\"source\":\"s\",\"source_id\":\"%d-%d\","
                 "\"title\":\"Imported\",\"url\":\"https://www.example.com/\","
                 "\"description\":\"*x*\",\"tags\":[\"a\",\"b\"],\"up\":5,"
                 "\"created_at\":\"2025-01-31T12:00:00Z\"}", round_of, i);
        assert_int_equal(deals_import_read(records_arena,
                             deals_str_of(line), time(NULL), &records[i],
                             &changes, &error), 0);
    }
}

static deals_call *
import(deals_ctx *c, deals_done done, void *data)
{
    return deals_import(c, records, 3, done, data);
}

static void
whole_import(void)
{
    assert_int_equal(sql_int("SELECT count(*) FROM import_keys k"
        " JOIN deals d USING (deal_id) JOIN deal_stats s USING (deal_id)"
        " WHERE k.source_id LIKE '%d-%%' AND s.imported_up = 5"
        " AND d.title = 'Imported'", round_of), 3);
}

static void
holds_import(const deals_call *call)
{
    int  i;

    for (i = 0; i < 3; i++) {
        assert_null(deals_import_refused(call, (size_t) i));
    }
    whole_import();
}

static deals_call *
demo(deals_ctx *c, deals_done done, void *data)
{
    return deals_demo(c, S("correct horse"), done, data);
}

static void
holds_no_demo(const deals_call *call)
{
    assert_int_equal(deals_demo_get(call)->loaded, 0);
}


static const row  rows[] = {
    ROW(deals_settings, NULL, settings, holds_settings),
    WRITE(deals_verify, prepare_verify, verify, holds_verify, DEALS_OK, mend),
    WRITE(deals_verify_members, prepare_verify_members, verify_members,
          holds_verify_members, DEALS_OK, mend_members),
    WRITE(deals_set, another_round, set, holds_set, DEALS_OK, NULL),
    WRITE(deals_rerank, prepare_rerank, rerank, NULL, DEALS_OK, whole_ranks),
    WRITE(deals_import, prepare_import, import, holds_import, DEALS_OK,
          whole_import),
    ROW(deals_demo, NULL, demo, holds_no_demo),
};

static int
finish(void **state)
{
    whole_ranks();
    deals_arena_free(records_arena);

    return dry_end(state);
}

NO_MEMORY_RUN("calls_no_memory_admin", rows, row_test, dry_begin, finish)
