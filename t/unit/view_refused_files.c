/*
 * Templates of several files that are refused, and the bounds of one: the exact
 * messages.
 */

#include "view_template_check.h"


static void
errors_in_partials_say_who_included_them(void **state)
{
    compiled     c;
    const char  *files[] = {
        "layout.html", "<main>\n{{>content}}</main>",
        "page.html", "\n{{#threads}}\n{{>item}}\n{{/threads}}",
        "item.html", "{{body}}\n{{>name}}",
        "name.html", "\n\n<p>{{zname}}</p>", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, "page.html", &shop_shape);
    assert_message(&c, files[7],
                   "name.html:3: unknown name \"zname\" in thread: did you "
                   "mean name? (included by item.html:2, page.html:3)");
}


/* What one includer's stack has, another's may not. */
static void
partials_are_checked_for_each_stack(void **state)
{
    compiled     c;
    const char  *files[] = {
        "t.html", "{{#shop}}{{>slug}}{{/shop}}\n{{>slug}}",
        "slug.html", "{{slug}}", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, files[1],
                   "slug.html:1: unknown name \"slug\" in site, which has "
                   "prefix, origin, title, path, empty, absent, secret, url, "
                   "evil, html, count, zero, none, ratio, when, on, off, "
                   "unknown, shop, noshop, tags, notags, threads "
                   "(included by t.html:2)");
}


static void
layouts_need_their_content(void **state)
{
    compiled     c;
    const char  *without[] = { "layout.html", "<main></main>", "p.html", "",
                               NULL };
    const char  *missing[] = { "layout.html", "\n{{>content}}", NULL };
    const char  *inside[] = { "layout.html", "{{>content}}", "p.html",
                              "{{>layout}}", NULL };

    (void) state;

    c = compile_all(without, &site_shape, "p.html", &shop_shape);
    assert_message(&c, without[1], "layout.html:1: {{>content}} is missing: "
                                   "the "
                   "page stands where it is");

    c = compile_all(missing, &site_shape, "p.html", &shop_shape);
    assert_message(&c, missing[1], "layout.html:2: {{>content}} needs the file "
                   "p.html, which is missing; there are layout.html");

    c = compile_all(inside, &site_shape, "p.html", &shop_shape);
    assert_message(&c, inside[3], "layout.html:1: {{>content}} stands for the "
                   "page: only layout.html has it (included by p.html:1)");
}


static void
partials_are_balanced_by_themselves(void **state)
{
    compiled     c;
    const char  *files[] = {
        "t.html", "{{>head}}x</div>", "head.html", "<div>", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, files[1], "t.html:1: </div> closes nothing: there is no "
                   "<div> before it in this file");
}


static void
circles_are_refused(void **state)
{
    size_t       i;
    compiled     c;
    const char  *itself[] = { "t.html", "x\n{{#on}}{{>t}}{{/on}}", NULL };
    const char  *two[] = { "t.html", "{{>a}}", "a.html", "{{#title}}{{>b}}"
                           "{{/title}}", "b.html", "\n{{>a}}", NULL };
    const char  *outer[] = { "t.html", "{{#threads}}{{>i}}{{/threads}}",
                             "i.html", "{{#threads}}{{>i}}{{/threads}}", NULL };
    const char  *same[] = { "t.html", "{{#shop}}{{>t}}{{/shop}}", NULL };
    const char  *fine[][8] = {
        { "t.html", "{{>a}}{{>a}}", "a.html", "{{>b}}", "b.html", "", NULL },
        { "t.html", "{{#threads}}{{>i}}{{/threads}}", "i.html",
          "{{#replies}}{{#on}}{{>j}}{{/on}}{{/replies}}", "j.html",
          "{{#shop}}{{name}}{{/shop}}{{>i}}", NULL },
        { "t.html", "{{#threads}}{{>i}}{{/threads}}", "i.html",
          "{{#replies}}{{#shop}}{{>i}}{{/shop}}{{/replies}}", NULL },
    };

    (void) state;

    c = compile_all(itself, &site_shape, NULL, NULL);
    assert_message(&c, itself[1], "t.html:2: {{>t}} comes to itself again, "
                   "without end: write it in a section that goes deeper, "
                   "{{#list}}{{>t}}{{/list}}");
    c = compile_all(two, &site_shape, NULL, NULL);
    assert_message(&c, two[1], "a.html:1: {{>b}} comes to itself again, "
                               "without "
                   "end: write it in a section that goes deeper, "
                   "{{#list}}{{>b}}{{/list}} (included by b.html:2, a.html:1, "
                   "t.html:1)");
    c = compile_all(outer, &site_shape, NULL, NULL);
    assert_message(&c, outer[3], "i.html:1: {{>i}} comes to itself again, "
                   "without end: write it in a section that goes deeper, "
                   "{{#list}}{{>i}}{{/list}} (included by t.html:1)");
    c = compile_all(same, &site_shape, NULL, NULL);
    assert_message(&c, same[1], "t.html:1: {{>t}} comes to itself again, "
                                "without "
                   "end: write it in a section that goes deeper, "
                   "{{#list}}{{>t}}{{/list}} (included by t.html:1)");

    for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        c = compile_all(fine[i], &site_shape, NULL, NULL);
        if (c.error) {
            fail_msg("%s", c.error->message.data);
        }
    }
}


static void
bytes_that_are_no_text_are_refused(void **state)
{
    char        *big;
    compiled     c;
    const char  *files[] = { "t.html", "a\n\n\xff", NULL };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, files[1], "t.html:3: not UTF-8: save the file as UTF-8");

    big = deals_arena_alloc(arena, DEALS_TEMPLATE_MAX + 2);
    memset(big, ' ', DEALS_TEMPLATE_MAX + 1);
    files[1] = big;
    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, "1 MB", "t.html:1: the file has more than 1048576 "
                               "bytes");
}


static void
depth_is_bounded(void **state)
{
    int          i;
    compiled     c;
    deals_buf    sections = { 0 }, elements = { 0 }, scopes = { 0 };
    const char  *files[] = { "t.html", NULL, NULL };

    (void) state;

    for (i = 0; i < 65; i++) {
        deals_buf_c(&sections, "{{#on}}");
        deals_buf_c(&elements, "<b>");
    }
    deals_buf_char(&sections, '\0');
    deals_buf_char(&elements, '\0');

    files[1] = deals_arena_take(arena, &sections).data;
    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, "65 sections", "t.html:1: more than 64 sections inside "
                                      "of "
                   "each other");

    files[1] = deals_arena_take(arena, &elements).data;
    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, "65 elements", "t.html:1: more than 64 elements inside "
                                      "of "
                   "each other");

    for (i = 0; i < 24; i++) {
        deals_buf_c(&scopes, "{{#threads}}");
    }
    for (i = 0; i < 24; i++) {
        deals_buf_c(&scopes, "{{/threads}}");
    }
    deals_buf_char(&scopes, '\0');
    files[1] = deals_arena_take(arena, &scopes).data;
    c = compile_all(files, &site_shape, NULL, NULL);
    assert_message(&c, "24 lists", "t.html:1: too many sections inside of each "
                   "other");
}


static const struct CMUnitTest  tests[] = {
    TEST(errors_in_partials_say_who_included_them),
    TEST(partials_are_checked_for_each_stack),
    TEST(layouts_need_their_content),
    TEST(partials_are_balanced_by_themselves),
    TEST(circles_are_refused),
    TEST(bytes_that_are_no_text_are_refused),
    TEST(depth_is_bounded),
};

RUN("refused files", tests)
