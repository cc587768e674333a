/*
 * base_check.h - what the tests of base/ and core/ share: cmocka with its
 * headers, an arena for each test, and comparing strings.
 */

#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <deals/types.h>

static deals_arena  *arena;

__attribute__((unused)) static int
setup(void **state)
{
    (void) state;
    arena = deals_arena_new();

    return arena == NULL;
}

__attribute__((unused)) static int
teardown(void **state)
{
    (void) state;
    deals_arena_free(arena);

    return 0;
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

#define RUN(name, tests)                                                      \
    int                                                                       \
    main(void)                                                                \
    {                                                                         \
        cmocka_set_message_output(CM_OUTPUT_TAP);                             \
        return cmocka_run_group_tests_name(name, tests, NULL, NULL);          \
    }

/* A string from a literal that may contain NULs. */
#define S(lit)  DEALS_STR(lit)

/* Equal to a C string; NULL: absent. */
#define assert_str(s, cstring)                                                \
    assert_str_at((s), (cstring), __FILE__, __LINE__)

__attribute__((unused)) static void
assert_str_at(deals_str s, const char *expected, const char *file, int line)
{
    if (!deals_str_eq(s, deals_str_of(expected))) {
        print_error("\"%.*s\"%s is not \"%s\"\n", (int) s.len,
                    s.data ? s.data : "", s.data ? "" : " (absent)",
                    expected ? expected : "(absent)");
        _fail(file, line);
    }
}

#endif /* BASE_CHECK_H */
