/*
 * Templates that are accepted: what each place makes of a value.
 */

#include "view_template_check.h"

#define EVIL  "<b>'\"&`/../?x#y {{title}}"

static deals_str   tag_items[] = { { "a&b", 3 }, { "c d", 3 } };
static shop        a_shop = { { "Best <Buy>", 10 }, { "best/buy", 8 } };
static thread      deepest[] = { { 4, { "four", 4 }, { NULL, 0 }, NULL } };
static thread      deeper[] = {
    { 2, { "two", 3 }, { NULL, 0 }, &a_shop },
    { 3, { "three", 5 }, { deepest, 1 }, NULL },
};
static thread      roots[] = {
    { 1, { "one", 3 }, { deeper, 2 }, &a_shop },
    { 5, { "five", 4 }, { NULL, 0 }, NULL },
};


static site
sample(void)
{
    site  s = {
        .prefix = S("/shop"), .origin = S("https://x.org"),
        .title = S(EVIL), .path = S("/a?b=c&d='"), .empty = S(""),
        .secret = S("pass"), .url = S("https://y.org/?a=1&b=\"2\""),
        .evil = S("javascript:alert(1)"), .html = S("<p>fine</p>"),
        .count = -7, .none = DEALS_NULL_INT, .ratio = 0.1,
        .when = 1769860800, .on = 1, .unknown = -1, .shop = &a_shop,
        .tags = { tag_items, 2 }, .threads = { roots, 2 },
    };

    return s;
}


static void
assert_renders_with(const site *s, const char *text, const char *html)
{
    const char  *files[] = { "t.html", text, NULL };
    compiled     c = compile_all(files, &site_shape, NULL, NULL);

    if (c.error) {
        fail_msg("%s\nrefused: %s", text, c.error->message.data);
    }

    assert_string_equal(run_program(&c, s, NULL), html);
}


static void
assert_renders(const char *text, const char *html)
{
    site  s = sample();

    assert_renders_with(&s, text, html);
}


/* -- what is rendered ----------------------------------------------------- */

static void
values_are_escaped_for_their_place(void **state)
{
    (void) state;

    assert_renders("<p>{{title}}</p>",
                   "<p>&lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}}</p>");
    assert_renders("<p title=\"{{title}}\" class='a {{title}}'></p>",
                   "<p title=\"&lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}}\" "
                   "class='a &lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}}'>"
                   "</p>");
    assert_renders("<a href=\"/x/{{title}}?q={{title}}#{{title}}\">.</a>",
                   "<a href=\"/x/%3Cb%3E%27%22%26%60%2F..%2F%3Fx%23y%20%7B%7B"
                   "title%7D%7D?q=%3Cb%3E%27%22%26%60%2F..%2F%3Fx%23y%20%7B%7B"
                   "title%7D%7D#%3Cb%3E%27%22%26%60%2F..%2F%3Fx%23y%20%7B%7B"
                   "title%7D%7D\">.</a>");
    assert_renders("<a href=\"otpauth://totp/{{title}}\">.</a>",
                   "<a href=\"otpauth://totp/%3Cb%3E%27%22%26%60%2F..%2F%3Fx%"
                   "23y%20%7B%7Btitle%7D%7D\">.</a>");
    assert_renders("<title>{{title}}</title><textarea>{{title}}</textarea>",
                   "<title>&lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}}</title>"
                   "<textarea>&lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}}"
                   "</textarea>");
    assert_renders("<div>{{html}}</div>", "<div><p>fine</p></div>");
    assert_renders("<script type=\"application/ld+json\">{\"a\": {{title}}, "
                   "\"b\":[{{count}},{{ratio}},{{on}},{{none}},{{when}}],"
                   "\"c\":{{shop}},\"d\":{{noshop.name}},\"e\":{{tags}}}"
                   "</script>",
                   "<script type=\"application/ld+json\">{\"a\": \"\\u003cb"
                   "\\u003e'\\\"\\u0026`/../?x#y {{title}}\", \"b\":[-7,0.1,"
                   "true,null,\"2026-01-31T12:00:00Z\"],\"c\":{\"name\":"
                   "\"Best "
                   "\\u003cBuy\\u003e\"},\"d\":null,\"e\":[\"a\\u0026b\","
                   "\"c d\"]}</script>");
}


static void
every_type_has_a_text(void **state)
{
    (void) state;

    assert_renders("{{count}} {{zero}} {{none}} {{ratio}} {{when}} {{on}} "
                   "{{off}} {{unknown}} {{empty}}{{absent}}.",
                   "-7 0  0.1 31 January 2026, 12:00 UTC true false  .");
    assert_renders("<time datetime=\"{{when}}\">{{when}}</time>",
                   "<time datetime=\"2026-01-31T12:00:00Z\">"
                   "31 January 2026, 12:00 UTC</time>");
    assert_renders("{{shop.name}} {{noshop.name}}.", "Best &lt;Buy&gt; .");
    assert_renders("<circle r=\"{{count}}\" cx=\"{{ratio}}\"></circle>",
                   "<circle r=\"-7\" cx=\"0.1\"></circle>");
}


static void
addresses_are_checked_when_rendered(void **state)
{
    size_t  i;
    site    s = sample();
    static const struct {
        const char  *url;
        const char  *href;
    } cases[] = {
        { "https://y.org/?a=1&b=\"2\"",
          "https://y.org/?a=1&amp;b=&quot;2&quot;" },
        { "HTTP://Y", "HTTP://Y" }, { "mailto:a@b", "mailto:a@b" },
        { "/", "/" }, { "/a//b", "/a//b" }, { "", "#" }, { "//y.org", "#" },
        { "/\\y.org", "#" }, { "/\t/y.org", "#" }, { "\\\\y.org", "#" },
        { "javascript:alert(1)", "#" }, { " javascript:x", "#" },
        { "java\nscript:x", "#" }, { "JAVASCRIPT:x", "#" },
        { "data:text/html,x", "#" }, { "vbscript:x", "#" },
        { "https:y", "#" }, { "http:/y", "#" }, { "https://", "#" },
        { "x", "#" }, { "?a", "#" }, { "#a", "#" },
        { "https://y.org/\n", "#" }, { "/a\x7f", "#" },
        { "&#106;avascript:x", "#" }, { "https:\\\\y", "#" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s.url = s.title = deals_str_of(cases[i].url);
        assert_renders_with(&s, "<a href=\"{{url}}\" cite='{{title}}'></a>",
                            deals_arena_printf(arena, "<a href=\"%s\" "
                                "cite='%s'></a>", cases[i].href,
                                cases[i].href));
    }
}


static void
prefix_and_origin_begin_addresses(void **state)
{
    site  s = sample();

    (void) state;

    assert_renders("<a href=\"{{prefix}}/\">.</a>", "<a href=\"/shop/\">.</a>");
    assert_renders("<a href=\"{{prefix}}/x/{{title}}\">.</a>",
                   "<a href=\"/shop/x/%3Cb%3E%27%22%26%60%2F..%2F%3Fx%23y%20"
                   "%7B%7Btitle%7D%7D\">.</a>");
    assert_renders("<a href=\"{{prefix}}/{{count}}\">.</a>",
                   "<a href=\"/shop/-7\">.</a>");
    assert_renders("<link rel=\"canonical\" href=\"{{origin}}{{path}}\">",
                   "<link rel=\"canonical\" href=\"https://x.org/a?b=c&amp;"
                   "d=&#39;\">");
    assert_renders("<a href=\"{{origin}}{{prefix}}/a\">.</a>"
                   "<a href=\"{{origin}}/{{count}}\">.</a>",
                   "<a href=\"https://x.org/shop/a\">.</a>"
                   "<a href=\"https://x.org/-7\">.</a>");

    s.prefix = S("");
    s.origin = S("");
    s.path = S("//evil.org");
    assert_renders_with(&s, "<a href=\"{{origin}}{{prefix}}/a\">.</a>",
                        "<a href=\"/a\">.</a>");
    assert_renders_with(&s, "<a href=\"{{origin}}{{path}}\">.</a>",
                        "<a href=\"\">.</a>");

    /* an empty first part does not make a host of the second */
    assert_renders_with(&s, "<a href=\"/{{empty}}/evil.org\">.</a>",
                        "<a href=\"/./evil.org\">.</a>");
    assert_renders_with(&s, "<a href=\"{{prefix}}/{{none}}/{{absent}}/\">.</a>",
                        "<a href=\"/.//\">.</a>");

    s.prefix = S("//evil.org");
    s.origin = S("javascript:");
    assert_renders_with(&s, "<a href=\"{{origin}}{{prefix}}/a\">.</a>",
                        "<a href=\"/a\">.</a>");
}


static void
sections_choose(void **state)
{
    (void) state;

    assert_renders("{{#on}}1{{/on}}{{^on}}2{{/on}}{{#off}}3{{/off}}"
                   "{{^off}}4{{/off}}{{#unknown}}5{{/unknown}}", "14");
    assert_renders("{{#count}}1{{/count}}{{#zero}}2{{/zero}}{{#none}}3{{/none}}"
                   "{{#ratio}}4{{/ratio}}{{#when}}5{{/when}}", "145");
    assert_renders("{{#title}}1{{/title}}{{#empty}}2{{/empty}}"
                   "{{#absent}}3{{/absent}}{{^absent}}4{{/absent}}"
                   "{{#html}}5{{/html}}{{#url}}6{{/url}}", "1456");
    assert_renders("{{#shop}}{{name}}{{/shop}}{{#noshop}}{{name}}{{/noshop}}"
                   "{{^noshop}}none{{/noshop}}{{#noshop.name}}x{{/noshop.name}}"
                   "{{^noshop.name}}y{{/noshop.name}}",
                   "Best &lt;Buy&gt;noney");
    assert_renders("{{#tags}}<b>{{.}}</b>{{/tags}}{{#notags}}x{{/notags}}"
                   "{{^notags}}y{{/notags}}{{^tags}}z{{/tags}}",
                   "<b>a&amp;b</b><b>c d</b>y");
    assert_renders("{{#count}}{{.}}{{/count}} {{#when}}{{.}}{{/when}}"
                   "{{#tags}}{{#on}} {{.}}{{/on}}{{/tags}}",
                   "-7 31 January 2026, 12:00 UTC a&amp;b c d");
}


static void
sections_stand_in_tags_and_values(void **state)
{
    (void) state;

    assert_renders("<input {{#on}}checked{{/on}} {{#off}}disabled{{/off}}>",
                   "<input checked >");
    assert_renders("<input{{#on}} checked{{/on}}{{#on}} title=\"{{count}}\""
                   "{{/on}}>", "<input checked title=\"-7\">");
    assert_renders("<b {{#on}}id=\"a\"{{/on}}{{^on}}id=\"b\"{{/on}}></b>",
                   "<b id=\"a\"></b>");
    assert_renders("<b {{#on}}id=\"a\" {{#off}}title=\"x\"{{/off}}{{/on}} "
                   "lang=\"en\"></b>", "<b id=\"a\"  lang=\"en\"></b>");
    assert_renders("<b class=\"a{{#on}} b{{/on}}{{#tags}} t-{{.}}{{/tags}}\">"
                   "</b>", "<b class=\"a b t-a&amp;b t-c d\"></b>");
    assert_renders("<a href=\"?a=b{{#count}}&amp;c={{.}}{{/count}}\"></a>",
                   "<a href=\"?a=b&amp;c=-7\"></a>");
    assert_renders("<title>{{#on}}{{title}} - {{/on}}x</title>",
                   "<title>&lt;b&gt;&#39;&quot;&amp;`/../?x#y {{title}} - x"
                   "</title>");
}


static void
names_resolve_innermost_first(void **state)
{
    (void) state;

    assert_renders("{{#threads}}{{id}}{{#shop}}[{{name}}]{{/shop}}"
                   "({{shop.slug}}){{#replies}}<i>{{id}}</i>{{/replies}}"
                   "{{count}};{{/threads}}",
                   "1[Best &lt;Buy&gt;](best/buy)<i>2</i><i>3</i>-7;5()-7;");
}


static void
partials_recurse_over_trees(void **state)
{
    site         s = sample();
    compiled     c;
    const char  *files[] = {
        "t.html", "<ul>{{#threads}}{{>item}}{{/threads}}</ul>",
        "item.html", "<li id=\"c{{id}}\">{{body}}{{#shop}} at {{name}}{{/shop}}"
        "{{#on}}!{{/on}}{{#replies}}\n  {{>item}}\n{{/replies}}</li>", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_null(c.error);
    assert_string_equal(run_program(&c, &s, NULL),
        "<ul><li id=\"c1\">one at Best &lt;Buy&gt;!\n"
        "<li id=\"c2\">two at Best &lt;Buy&gt;!</li>\n"
        "<li id=\"c3\">three!\n<li id=\"c4\">four!</li></li></li>"
        "<li id=\"c5\">five!</li></ul>");
}


/* A partial that is reached with two different stacks means two things. */
static void
partials_are_compiled_for_each_stack(void **state)
{
    site         s = sample();
    compiled     c;
    const char  *files[] = {
        "t.html", "{{#shop}}{{>name}}{{/shop}} {{#threads}}{{#shop}}{{>name}}"
        "{{/shop}}{{/threads}} {{#tags}}{{>dot}}{{/tags}}",
        "name.html", "{{name}}/{{count}}{{#threads}}{{id}}{{/threads}}",
        "dot.html", "[{{.}}]", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_null(c.error);
    assert_string_equal(run_program(&c, &s, NULL),
        "Best &lt;Buy&gt;/-715 Best &lt;Buy&gt;/-715 [a&amp;b][c d]");
}


static void
recursion_is_bounded(void **state)
{
    site          s = sample();
    char         *html;
    size_t        i, n = 0;
    thread       *chain = deals_arena_alloc(arena, 1000 * sizeof(thread));
    compiled      c;
    const char   *files[] = {
        "t.html", "{{#threads}}{{>i}}{{/threads}}",
        "i.html", "x{{#replies}}{{>i}}{{/replies}}", NULL
    };

    (void) state;

    for (i = 0; i < 999; i++) {
        chain[i].replies = (deals_list) { &chain[i + 1], 1 };
    }

    s.threads = (deals_list) { chain, 1 };
    c = compile_all(files, &site_shape, NULL, NULL);
    assert_null(c.error);
    html = run_program(&c, &s, NULL);
    for (i = 0; html[i]; i++) {
        n += html[i] == 'x';
    }
    assert_int_equal(n, DEALS_TEMPLATE_CALLS);
}


/* What the compiler does not see, the renderer ends. */
static void
endless_recursion_ends(void **state)
{
    site         s = sample();
    compiled     c;
    const char  *files[] = {
        "t.html", "{{#threads}}{{>a}}{{/threads}}",
        "a.html", "{{#replies}}{{>b}}{{/replies}}",
        "b.html", "x{{#threads}}{{>a}}{{>a}}{{/threads}}", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, NULL, NULL);
    assert_null(c.error);
    assert_true(strlen(run_program(&c, &s, NULL)) <= DEALS_TEMPLATE_TOTAL);
}


static void
layouts_carry_the_content(void **state)
{
    site         s = sample();
    compiled     c;
    const char  *files[] = {
        "layout.html",
        "<main>{{#shop}}{{>content}}{{/shop}}</main>{{>content}}",
        "p.html", "{{body}} {{count}}", NULL
    };

    (void) state;

    c = compile_all(files, &site_shape, "p.html", &thread_shape);
    assert_null(c.error);
    assert_string_equal(run_program(&c, &s, &roots[1]),
                        "<main>five -7</main>five -7");
}


static void
harmless_html_passes(void **state)
{
    size_t      i;
    const char  *good[] = {
        "<!doctype html><!-- c > --><html><body class=a><br><br/>"
        "<img src='/x' alt=\"\"></body></html >",
        "<svg viewBox=\"0 0 1 1\"><path d=\"M0 0\"/><title>x</title></svg>",
        "<script>if (a < b) { x = {y: {}} }</script>",
        "<style>a { b: c }</style>",
        "<script>{\"a\":{\"b\":1}}</script>",
        "<p>a > b & c &amp; d</p>", "<input disabled value = 'x'\n/>",
        "<a href=/x>.</a>", "{{! {{ }}", "<!-- {{! x }} -->", "",
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char  *files[] = { "t.html", good[i], NULL };
        compiled     c = compile_all(files, &site_shape, NULL, NULL);

        if (c.error) {
            fail_msg("%s\nrefused: %s", good[i], c.error->message.data);
        }
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(values_are_escaped_for_their_place),
    TEST(every_type_has_a_text),
    TEST(addresses_are_checked_when_rendered),
    TEST(prefix_and_origin_begin_addresses),
    TEST(sections_choose),
    TEST(sections_stand_in_tags_and_values),
    TEST(names_resolve_innermost_first),
    TEST(partials_recurse_over_trees),
    TEST(partials_are_compiled_for_each_stack),
    TEST(recursion_is_bounded),
    TEST(endless_recursion_ends),
    TEST(layouts_carry_the_content),
    TEST(harmless_html_passes),
};

RUN("templates", tests)
