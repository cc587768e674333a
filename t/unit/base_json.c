/*
 * JSON: our own rules, and the published cases.
 */

#include "base_check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

static const deals_error  *error;


static const deals_json *
tree_of(deals_str text)
{
    const deals_json  *json;

    error = NULL;
    json = deals_json_read(arena, text, &error);
    assert_true((json == NULL) == (error != NULL));

    return json;
}


static void
assert_refused(deals_str text, const char *message)
{
    if (tree_of(text) != NULL) {
        fail_msg("accepted: %.*s", (int) text.len, text.data);
    }

    assert_int_equal(error->code, DEALS_MALFORMED);

    if (strstr(error->message.data, message) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error->message.data, message);
    }
}


static void
trees_hold_every_type(void **state)
{
    const deals_json  *j, *item;

    (void) state;

    j = tree_of(S(" {\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"d\":1.5e1,"
               "\"s\":\"x\\u0000\\u20ac\\ud83d\\ude00\",\"a\":[1,[],{}],"
               "\"o\":{\"k\":\"\"}}\n"));
    assert_non_null(j);
    assert_int_equal(j->type, DEALS_JSON_OBJECT);

    assert_int_equal(deals_json_get(j, "n")->type, DEALS_JSON_NULL);
    assert_int_equal(deals_json_get(j, "t")->boolean, 1);
    assert_int_equal(deals_json_get(j, "f")->boolean, 0);
    assert_int_equal(deals_json_get(j, "i")->type, DEALS_JSON_INT);
    assert_int_equal(deals_json_get(j, "i")->integer, -7);
    assert_true(deals_json_get(j, "i")->number == -7);
    assert_int_equal(deals_json_get(j, "d")->type, DEALS_JSON_FLOAT);
    assert_true(deals_json_get(j, "d")->number == 15);
    assert_true(deals_str_eq(deals_json_get(j, "s")->string, S("x\0€😀")));
    assert_str(deals_json_get(deals_json_get(j, "o"), "k")->string, "");
    assert_null(deals_json_get(j, "missing"));
    assert_null(deals_json_get(deals_json_get(j, "a"), "k"));
    assert_null(deals_json_get(NULL, "k"));

    item = deals_json_get(j, "a")->first;
    assert_int_equal(item->integer, 1);
    assert_null(item->name.data);
    item = item->next;
    assert_int_equal(item->type, DEALS_JSON_ARRAY);
    assert_null(item->first);
    item = item->next;
    assert_int_equal(item->type, DEALS_JSON_OBJECT);
    assert_null(item->next);
}


static void
a_name_given_twice_is_kept_twice(void **state)
{
    const deals_json  *j;

    (void) state;

    j = tree_of(S("{\"a\":1,\"a\":2}"));
    assert_int_equal(deals_json_get(j, "a")->integer, 2);
    assert_int_equal(j->first->integer, 1);
}


static void
integers_are_exact_or_refused(void **state)
{
    (void) state;

    assert_true(tree_of(S("9223372036854775807"))->integer == INT64_MAX);
    assert_true(tree_of(S("-9223372036854775808"))->integer == INT64_MIN);
    assert_int_equal(tree_of(S("9007199254740993"))->integer, 9007199254740993);
    assert_refused(S("9223372036854775808"), "out of range");
    assert_refused(S("[-9223372036854775809]"), "out of range");
    assert_refused(S("1e400"), "out of range");
    assert_non_null(tree_of(S("1e-400")));
    assert_int_equal(tree_of(S("1.0"))->type, DEALS_JSON_FLOAT);
}


static void
laxness_of_yajl_is_refused(void **state)
{
    (void) state;

    assert_refused(S("\f[]"), "control character");
    assert_refused(S("[\v]"), "control character");
    assert_refused(S("[]\0"), "control character");
    assert_refused(S("\"\\ud800\""), "surrogate");
    assert_refused(S("\"\\udc00\""), "surrogate");
    assert_refused(S("\"\\udc00\\udc00\""), "surrogate");
    assert_refused(S("\"\\ud800\\u0041\""), "surrogate");
    assert_refused(S("\"\\ud800\\\\udc00\""), "surrogate");
    assert_refused(S("\"\\ud800"), "surrogate");
    /* an escaped backslash */
    assert_non_null(tree_of(S("\"\\\\ud800\"")));
    assert_non_null(tree_of(S("\"\\uD83D\\uDE00\"")));
    assert_refused(S("\"\xc0\x80\""), "UTF-8");
    assert_refused(S("\"\xed\xa0\x80\""), "UTF-8");
    assert_refused(S("\xef\xbb\xbf[]"), "");
    assert_refused(S("[] []"), "trailing");
    assert_refused(S("[]x"), "");
    assert_refused(S("[] \"x"), "a string has no end");
    assert_refused(S("1\""), "a string has no end");
    assert_refused(S("[] tru"), "");
    assert_refused(S("/* */ []"), "");
    assert_refused(S(""), "empty");
    assert_refused(S(" \n "), "empty");
    assert_refused(DEALS_NONE, "empty");
    assert_refused(S("[1"), "");
    assert_refused(S("{\"a\":}"), "");
}


static void
depth_has_a_limit(void **state)
{
    int        i;
    deals_buf  buf;
    deals_str  deep;

    (void) state;

    deals_buf_init(&buf);
    for (i = 0; i < DEALS_JSON_DEPTH; i++) {
        deals_buf_c(&buf, "[");
    }
    for (i = 0; i < DEALS_JSON_DEPTH; i++) {
        deals_buf_c(&buf, "]");
    }
    deep = deals_arena_take(arena, &buf);

    assert_non_null(tree_of(deep));
    assert_refused(deals_str_of(deals_arena_printf(arena, "[%s]", deep.data)),
                   "deeply");
    assert_refused(deals_str_of(deals_arena_printf(arena, "{\"a\":%s}",
                                                   deep.data)), "deeply");
}


static void
errors_say_where(void **state)
{
    (void) state;

    assert_refused(S("{\n  \"a\": \"\\udc00\"\n}"), "line 2, column 9");
    assert_refused(S("{\n\n  oops\n}"), "line 3");
}


static void
any_cut_of_a_text_is_refused(void **state)
{
    size_t            i;
    static const char  text[] =
        "{\"a\":[1,2.5e3,\"\\ud83d\\ude00\\n\",true,null],\"b\":{\"c\":\"\"}}";

    (void) state;

    for (i = 0; i < sizeof(text) - 1; i++) {
        /* a copy of its own: an overrun is seen by the sanitizers */
        char  *copy = malloc(i ? i : 1);

        memcpy(copy, text, i);
        assert_null(tree_of((deals_str) { copy, i }));
        free(copy);
    }
}


/* The text of a file in the arena. */
static deals_str
slurp(const char *dir, const char *name)
{
    char       part[4096];
    FILE      *file;
    size_t     n;
    deals_buf  buf;

    file = fopen(deals_arena_printf(arena, "%s/%s", dir, name), "rb");
    assert_non_null(file);
    deals_buf_init(&buf);

    while ((n = fread(part, 1, sizeof(part), file)) > 0) {
        deals_buf_add(&buf, part, n);
    }

    fclose(file);

    return deals_arena_take(arena, &buf);
}


static void
published_cases(void **state)
{
    int             yes, no, wrong, rc;
    char            dir[] = "/tmp/deals-json-XXXXXX";
    DIR            *list;
    const char     *shared, *archive, *cases;
    struct dirent  *entry;

    (void) state;

    shared = getenv("DEALS_SHARED");
    archive = deals_arena_printf(arena, "%s/data/JSONTestSuite.tar.gz",
                                 shared ? shared : "../shared");

    if (access(archive, R_OK) != 0) {
        print_message("# skipped: no %s\n", archive);
        return;             /* a skip() of cmocka fails under prove */
    }

    assert_non_null(mkdtemp(dir));
    rc = system(deals_arena_printf(arena, "tar -xzf '%s' -C %s", archive, dir));
    assert_int_equal(rc, 0);

    cases = deals_arena_printf(arena, "%s/test_parsing", dir);
    list = opendir(cases);
    assert_non_null(list);

    yes = no = wrong = 0;

    while ((entry = readdir(list)) != NULL) {
        const deals_json  *json = NULL;

        if (strncmp(entry->d_name + 1, "_", 1) == 0) {
            json = tree_of(slurp(cases, entry->d_name));
        }

        if (strncmp(entry->d_name, "y_", 2) == 0) {
            yes++;
            if (json == NULL) {
                print_error("refused: %s: %s\n", entry->d_name,
                            error->message.data);
                wrong++;
            }
        }

        if (strncmp(entry->d_name, "n_", 2) == 0) {
            no++;
            if (json != NULL) {
                print_error("accepted: %s\n", entry->d_name);
                wrong++;
            }
        }
    }

    closedir(list);
    rc = system(deals_arena_printf(arena, "rm -rf '%s'", dir));
    assert_int_equal(rc, 0);

    assert_int_equal(yes, 95);
    assert_int_equal(no, 188);
    assert_int_equal(wrong, 0);
}


static const struct CMUnitTest  tests[] = {
    TEST(trees_hold_every_type),
    TEST(a_name_given_twice_is_kept_twice),
    TEST(integers_are_exact_or_refused),
    TEST(laxness_of_yajl_is_refused),
    TEST(depth_has_a_limit),
    TEST(errors_say_where),
    TEST(any_cut_of_a_text_is_refused),
    TEST(published_cases),
};

RUN("base_json", tests)
