/*
 * io_joining.h - calls that join batches, on a scripted server.
 */

#ifndef IO_JOINING_H
#define IO_JOINING_H

#include "io_fake.h"

#define MAX     4
#define MANY_OF 12

static fake          *srv;
static deals_ctx     *ctx;
static deals_config   config;
static char           database[128];

/* One call that joins. */
typedef struct {
    deals_call   *call;
    int           number;       /* batches are sorted by it, highest first */
    int           deed;         /* what it makes the server do */
    int64_t       key;
    int           ended;
    deals_code    code;
    int           retry_after;
    int64_t       row;
} joining;

static joining  j[MANY_OF];
static int      ended, no_memory;

static int
set_up(void **state)
{
    (void) state;
    srv = fake_new();
    snprintf(database, sizeof(database), "host=%s dbname=d user=u", srv->dir);
    memset(&config, 0, sizeof(config));
    config.database = database;
    config.pool_size = 1;
    ctx = ctx_new(&config);
    memset(j, 0, sizeof(j));
    ended = 0;
    no_memory = 0;

    return 0;
}

static void
again(void)
{
    deals_ctx_free(ctx);
    ctx = ctx_new(&config);
}

static int
tear_down(void **state)
{
    (void) state;
    deals_ctx_free(ctx);
    fake_free(srv);

    return 0;
}


/* --- calls that join ----------------------------------------------------- */

static joining *
of(deals_call *call)
{
    return *(joining **) deals_call_state(call);
}

static int
highest(const void *a, const void *b)
{
    return of(*(deals_call *const *) b)->number
           - of(*(deals_call *const *) a)->number;
}

static deals_query *
make(deals_arena *arena, deals_call **calls, size_t n)
{
    int     deed;
    size_t  i;

    if (no_memory) {
        return NULL;
    }

    qsort(calls, n, sizeof(*calls), highest);

    for (i = 0, deed = 0; i < n; i++) {
        if (of(calls[i])->deed != 0) {
            deed = of(calls[i])->deed;
        }
    }

    return query_new(arena, BATCH, (int64_t) n * 10000 + deed);
}

static int64_t
key_of(const deals_call *call)
{
    return of((deals_call *) call)->key;
}

static const deals_batch_kind  kind = { MAX, make, key_of };

static void
joined(deals_call *call)
{
    of(call)->row = ((const test_row *) deals_call_row(call))->n;
    deals_call_finish(call, NULL);
}

static void
begin(deals_call *call)
{
    deals_call_join(call, &kind, joined);
}

static void
end(deals_call *call, void *data)
{
    joining            *one = data;
    const deals_error  *error = deals_call_error(call);

    one->ended++;
    one->code = error != NULL ? error->code : DEALS_OK;
    one->retry_after = error != NULL ? error->retry_after : 0;
    ended++;
}

/* j[from] ... j[from + n - 1] join at once, with this key. */

static void
join_as(int from, int n, int64_t key)
{
    int  i;

    for (i = from; i < from + n; i++) {
        j[i].number = i;
        j[i].key = key;
        j[i].row = -1;
        j[i].ended = 0;
        j[i].call = deals_call_new(ctx, sizeof(joining *), end, &j[i]);
        assert_non_null(j[i].call);
        *(joining **) deals_call_state(j[i].call) = &j[i];
        deals_call_start(j[i].call, begin);
    }
}

static void
leave(int i)
{
    deals_call_free(j[i].call);
    j[i].call = NULL;
}

/* All n have this outcome; frees them. */

static void
expect(int from, int n, deals_code code)
{
    int  i;

    for (i = from; i < from + n; i++) {
        assert_int_equal(j[i].ended, 1);
        assert_int_equal(j[i].code, code);
        assert_true((j[i].row > 0) == (code == DEALS_OK));
        leave(i);
    }
}

/* Connected, and trusted. */

static void
warm(void)
{
    asking  a = NEW;

    ask(ctx, &a, NUMBER, 1, -1);
    spin_until(ctx, srv, &a.done, 1);
    forget(&a);
    spin_for(ctx, srv, 1100);
    srv->log[0] = '\0';
}

/* The library's side moves, the server's does not. */

static void
turns(void)
{
    spin_for(ctx, NULL, 20);
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif /* IO_JOINING_H */
