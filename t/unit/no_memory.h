/*
 * no_memory.h - a sweep: something is done again and again, and each time
 * another allocation fails, until none is left that could. A table of rows says
 * what is done; t/lint/memory.t holds the tables against the public headers.
 *
 * Each row is swept twice: the n-th allocation fails alone, and with the three
 * behind it. FULL=1 in the environment leaves out none; otherwise more and
 * more are left out.
 *
 * Only once in a program: it brings the arenas along, with each block of them an
 * allocation of its own.
 */

#ifndef NO_MEMORY_H
#define NO_MEMORY_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include <deals/deals.h>

#include "failing_memory.h"

#define DEALS_ARENA_SEPARATE
#include "base/arena.c"

#define UNUSED  __attribute__((unused))
#define FEW     3

static long  injected;      /* allocations that were made to fail */

/* Which one fails next: behind the first `dense` every second one, then every
 * third ... */
static int
next_after(int n, int dense)
{
    if (getenv("FULL") != NULL) {
        return n + 1;
    }

    return n + 1 + n / dense;
}

static void
arm(int n)
{
    failed = 0;
    fail_at = n;
}

static void
disarm(void)
{
    fail_at = 0;
    injected += failed;
}

static int
told(void)
{
    printf("# %ld allocations failed\n", injected);

    return 0;
}

UNUSED static int64_t
ms_now(void)
{
    struct timespec  ts;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}


/* -- things done at once ---------------------------------------------------- */

/* What the work came to. */
enum { WRONG = -1, NO_MEMORY = 0, WORKED = 1 };

typedef struct {
    const char  *name;          /* the symbol */
    int        (*work)(void);   /* with no memory; gives all of it back */
    int          dense;
} deed;

#define DEED(symbol, work)          { #symbol, work, INT_MAX }
#define LONG_DEED(symbol, work, n)  { #symbol, work, n }

static void
sweep_deed(const deed *d)
{
    int   n, rc;
    long  before;

    assert_int_equal(d->work(), WORKED);

    for (fail_on = 0; fail_on <= FEW; fail_on += FEW) {
        before = live;

        for (n = 1, rc = NO_MEMORY; rc != WORKED || failed; ) {
            arm(n);
            rc = d->work();
            disarm();

            if (rc == WRONG || (rc == NO_MEMORY && !failed)
                || live != before)
            {
                fail_msg("%s, allocation %d%s: %d, %ld blocks left", d->name,
                         n, fail_on ? " and on" : "", rc, live - before);
            }

            n = next_after(n, d->dense);
        }

        if (getenv("VERBOSE") != NULL) {
            printf("# %s: %d\n", d->name, n);
        }
    }

    fail_on = 0;
}

UNUSED static void
deed_test(void **state)
{
    sweep_deed(*state);
}


/* cmocka wants its tests in an array; `rows` is one of structs that begin with
 * their name. */
#define NO_MEMORY_RUN(program, rows, run, begin, finish)                      \
    int                                                                       \
    main(void)                                                                \
    {                                                                         \
        enum { N = sizeof(rows) / sizeof(rows[0]) };                          \
        size_t             i_;                                                \
        int                rc_;                                               \
        struct CMUnitTest  tests_[N];                                         \
                                                                              \
        cmocka_set_message_output(CM_OUTPUT_TAP);                             \
        if (!is_ours()) {                                                     \
            printf("1..0 # SKIP the allocator belongs to somebody else\n");   \
            return 0;                                                         \
        }                                                                     \
                                                                              \
        for (i_ = 0; i_ < N; i_++) {                                          \
            tests_[i_] = (struct CMUnitTest) {                                \
                rows[i_].name, run, NULL, NULL, (void *) &rows[i_]            \
            };                                                                \
        }                                                                     \
                                                                              \
        rc_ = cmocka_run_group_tests_name(program, tests_, begin, finish);    \
        told();                                                               \
                                                                              \
        return rc_;                                                           \
    }

#endif /* NO_MEMORY_H */
