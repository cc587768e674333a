/*
 * Markdown: the CommonMark examples, GitHub's extensions, and that nothing
 * comes through but the tags that the renderer knows.
 */

#include "view_check.h"

#include <time.h>

static const allowed_tag  markdown_tags[] = {
    { "a", " href title rel " }, { "blockquote", "" }, { "br", "" },
    { "code", " class " }, { "del", "" }, { "em", "" }, { "h3", "" },
    { "h4", "" }, { "h5", "" }, { "h6", "" }, { "hr", "" }, { "li", "" },
    { "ol", " start " }, { "p", "" }, { "pre", "" }, { "strong", "" },
    { "table", "" }, { "tbody", "" }, { "td", " class " },
    { "th", " class " }, { "thead", "" }, { "tr", "" }, { "ul", "" },
    { NULL, NULL }
};


static deals_str
render(deals_str markdown)
{
    deals_buf  buf = { 0 };

    assert_int_equal(deals_markdown(markdown, &buf), 0);
    deals_buf_char(&buf, '\0');
    buf.len--;

    return deals_arena_take(arena, &buf);
}


static void
assert_markdown(const char *markdown, const char *html)
{
    assert_string_equal(render(deals_str_of(markdown)).data, html);
}


/* -- the CommonMark examples ---------------------------------------------- */

/* Examples whose HTML differs beyond what expected() rewrites. Those that are
 * listed by number must differ. */
static const struct {
    const char  *why;
    const char  *sections[3];
    int          examples[40];
} different[] = {
    { "raw HTML is shown as text",
      { "HTML blocks", "Raw HTML" },
      { 21, 31, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524,
        536, 642, 643 } },
    { "a bare address is a link, as GitHub has it",
      { NULL }, { 602, 606, 608, 611, 612 } },
    { "links of other schemes than http, https and mailto are text",
      { NULL }, { 596, 598, 599, 601 } },
    { "an image is a link: its description may have emphasis",
      { NULL }, { 573, 576, 577, 585, 589 } },
    { "Debian's cmark-gfm knows version 0.29 of CommonMark",
      { NULL }, { 28, 354, 626 } },
};

enum { GROUPS = sizeof(different) / sizeof(different[0]) };


/* The group of an example, or -1; *listed: by its number. */
static int
group_of(const char *section, int64_t example, int *listed)
{
    size_t  i, k;

    for (i = 0; i < GROUPS; i++) {
        for (k = 0; k < 40 && different[i].examples[k]; k++) {
            if (different[i].examples[k] == example) {
                *listed = 1;
                return (int) i;
            }
        }
    }

    *listed = 0;

    for (i = 0; i < GROUPS; i++) {
        for (k = 0; k < 3 && different[i].sections[k]; k++) {
            if (strcmp(different[i].sections[k], section) == 0) {
                return (int) i;
            }
        }
    }

    return -1;
}


/* attribute="..." of a tag, with its leading space; absent: none. */
static deals_str
attribute_of(deals_str tag, const char *name)
{
    char        wanted[32];
    const char  *p, *end;

    snprintf(wanted, sizeof(wanted), " %s=\"", name);
    p = memmem(tag.data, tag.len, wanted, strlen(wanted));

    if (p == NULL) {
        return DEALS_NONE;
    }

    end = memchr(p + strlen(wanted), '"', tag.len);

    return (deals_str) { p, (size_t) (end + 1 - p) };
}


/* <img src alt title /> as the link that it becomes. Inside of a link it is
 * only its text. */
static void
add_image(deals_buf *buf, deals_str tag, int in_link)
{
    deals_str  src = attribute_of(tag, "src");
    deals_str  alt = attribute_of(tag, "alt");

    if (!in_link) {
        deals_buf_printf(buf, "<a href=%.*s", DEALS_FMT(deals_str_sub(src, 5,
                                                                     src.len)));
        deals_buf_str(buf, attribute_of(tag, "title"));
        deals_buf_c(buf, " rel=\"nofollow ugc noopener\">");
    }

    alt = deals_str_sub(alt, 6, alt.len - 7);
    if (alt.len == 0) {
        alt = deals_str_sub(src, 6, src.len - 7);
    }
    deals_buf_str(buf, alt);

    if (!in_link) {
        deals_buf_c(buf, "</a>");
    }
}


/* The HTML of an example as it is here: headings two lower, rel on links,
 * images as links. */
static deals_str
expected(deals_str html)
{
    int        in_link = 0;
    size_t     i, end;
    deals_buf  buf = { 0 };

    for (i = 0; i < html.len; i = end) {
        deals_str   tag;
        const char  *close = html.data[i] == '<'
                             ? memchr(html.data + i, '>', html.len - i) : NULL;

        end = close ? (size_t) (close - html.data) + 1 : i + 1;
        tag = deals_str_sub(html, i, end - i);

        if (deals_str_starts(tag, "<img ")) {
            add_image(&buf, tag, in_link);

        } else if (deals_str_starts(tag, "<a ")) {
            deals_buf_add(&buf, tag.data, tag.len - 1);
            deals_buf_c(&buf, " rel=\"nofollow ugc noopener\">");
            in_link = 1;

        } else if (deals_str_starts(tag, "<h") && deals_is_digit(
                       (unsigned char) tag.data[2]))
        {
            deals_buf_printf(&buf, "<h%d>", tag.data[2] - '0' + 2 > 6 ? 6
                                            : tag.data[2] - '0' + 2);
        } else if (deals_str_starts(tag, "</h") && deals_is_digit(
                       (unsigned char) tag.data[3]))
        {
            deals_buf_printf(&buf, "</h%d>", tag.data[3] - '0' + 2 > 6 ? 6
                                             : tag.data[3] - '0' + 2);
        } else {
            in_link = deals_str_is(tag, "</a>") ? 0 : in_link;
            deals_buf_str(&buf, tag);
        }
    }

    deals_buf_char(&buf, '\0');
    buf.len--;

    return deals_arena_take(arena, &buf);
}


static int
differs(const deals_json *example, int want_same)
{
    int        same;
    deals_str  source = json_text(example, "markdown");
    deals_str  got = render(source);
    deals_str  want = expected(json_text(example, "html"));

    assert_harmless(got, markdown_tags, source.data);
    same = deals_str_eq(got, want);

    if (want_same && !same) {
        print_message("# example %d (%s)\n%s\n# is to be\n%s\n# is\n%s\n",
                      (int) deals_json_get(example, "example")->integer,
                      json_text(example, "section").data, source.data,
                      want.data, got.data);
    }

    return !same;
}


static void
commonmark_examples_render(void **state)
{
    int                listed, group, wrong = 0, ran = 0;
    int                counts[GROUPS] = { 0 };
    size_t             i;
    int64_t            number;
    const deals_json  *examples = shared_json("commonmark-0.31.2.json"), *e;

    (void) state;

    for (e = examples ? examples->first : NULL; e; e = e->next) {
        ran++;
        number = deals_json_get(e, "example")->integer;
        group = group_of(json_text(e, "section").data, number, &listed);

        if (group < 0) {
            wrong += differs(e, 1);

        } else if (differs(e, 0)) {
            counts[group]++;

        } else if (listed) {
            wrong++;
            print_message("# example %d does not differ\n", (int) number);
        }
    }

    for (i = 0; ran > 0 && i < GROUPS; i++) {
        print_message("# %d of %d examples differ: %s\n", counts[i], ran,
                      different[i].why);
    }

    assert_int_equal(wrong, 0);
}


/* -- our own -------------------------------------------------------------- */

static void
html_is_shown_as_typed(void **state)
{
    (void) state;

    assert_markdown("Use <SAVE20> today",
                    "<p>Use &lt;SAVE20&gt; today</p>\n");
    assert_markdown("<SAVE20>", "<p>&lt;SAVE20&gt;</p>\n");
    assert_markdown("<div>\n<b onclick=\"x()\">a & b</b>\n</div>\n\n*next*",
                    "<p>&lt;div&gt;<br />\n&lt;b onclick=&quot;x()&quot;&gt;"
                    "a &amp; b&lt;/b&gt;<br />\n&lt;/div&gt;</p>\n"
                    "<p><em>next</em></p>\n");
    assert_markdown("a <!-- b --> c",
                    "<p>a &lt;!-- b --&gt; c</p>\n");
    assert_markdown("- <script>\n  alert(1)\n  </script>",
                    "<ul>\n<li>\n<p>&lt;script&gt;<br />\nalert(1)<br />\n"
                    "&lt;/script&gt;</p>\n</li>\n</ul>\n");
}


static void
links_are_of_few_schemes(void **state)
{
    (void) state;

    assert_markdown("[a](HTTP://x.org/?a=1&b='2' \"T\")",
                    "<p><a href=\"HTTP://x.org/?a=1&amp;b=&#x27;2&#x27;\" "
                    "title=\"T\" rel=\"nofollow ugc noopener\">a</a></p>\n");
    assert_markdown("[a](/deals/1) [b](#c) [c](?q=a:b)",
                    "<p><a href=\"/deals/1\" rel=\"nofollow ugc noopener\">a"
                    "</a> <a href=\"#c\" rel=\"nofollow ugc noopener\">b</a> "
                    "<a href=\"?q=a:b\" rel=\"nofollow ugc noopener\">c</a>"
                    "</p>\n");
    assert_markdown("[*a*](javascript:alert(1)) [b](JaVaScRiPt&#58;x) "
                    "[c](data:text/html,x) [d](vbscript:x) [e](file:///etc)",
                    "<p><em>a</em> b c d e</p>\n");
    assert_markdown("[a](java&#10;script:x) [b](&#1;javascript:x)",
                    "<p><a href=\"java%0Ascript:x\" rel=\"nofollow ugc "
                    "noopener\">a</a> <a href=\"%01javascript:x\" "
                    "rel=\"nofollow ugc noopener\">b</a></p>\n");
    assert_markdown("<javascript:alert(1)>",
                    "<p>javascript:alert(1)</p>\n");
    assert_markdown("me@x.org www.x.org/a?b=<c",
                    "<p><a href=\"mailto:me@x.org\" rel=\"nofollow ugc "
                    "noopener\">me@x.org</a> <a href=\"http://www.x.org/a?b=\" "
                    "rel=\"nofollow ugc noopener\">www.x.org/a?b=</a>&lt;c</p>"
                    "\n");
}


static void
images_are_links(void **state)
{
    (void) state;

    assert_markdown("![a *b*](https://x.org/i.png \"T\")",
                    "<p><a href=\"https://x.org/i.png\" title=\"T\" "
                    "rel=\"nofollow ugc noopener\">a <em>b</em></a></p>\n");
    assert_markdown("![](/i.png) ![x](data:image/png;base64,AA)",
                    "<p><a href=\"/i.png\" rel=\"nofollow ugc noopener\">"
                    "/i.png</a> x</p>\n");
    assert_markdown("[![a](/i.png)](/x)",
                    "<p><a href=\"/x\" rel=\"nofollow ugc noopener\">a</a>"
                    "</p>\n");
    assert_markdown("![a [b](/x) c](/i.png)",
                    "<p><a href=\"/i.png\" rel=\"nofollow ugc noopener\">a b c"
                    "</a></p>\n");
}


static void
githubs_extensions_work(void **state)
{
    (void) state;

    assert_markdown("| a | b | c |\n|---|:-:|--:|\n| 1 | ~~2~~ | <i> |",
                    "<table>\n<thead>\n<tr>\n<th>a</th>\n"
                    "<th class=\"center\">b</th>\n<th class=\"right\">c</th>\n"
                    "</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n"
                    "<td class=\"center\"><del>2</del></td>\n"
                    "<td class=\"right\">&lt;i&gt;</td>\n</tr>\n</tbody>\n"
                    "</table>\n");
    assert_markdown("| a |\n|---|",
                    "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n"
                    "</table>\n");
}


static void
headings_leave_room_for_the_pages_own(void **state)
{
    (void) state;

    assert_markdown("# a\n## b\n### c\n#### d\n##### e\n###### f",
                    "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n"
                    "<h6>e</h6>\n<h6>f</h6>\n");
}


static size_t
count_of(deals_str html, const char *what)
{
    size_t       n = 0;
    const char  *p = html.data;

    while ((p = strstr(p, what)) != NULL) {
        n++;
        p++;
    }

    return n;
}


static char *
repeat(const char *what, size_t n)
{
    size_t  i, len = strlen(what);
    char   *text = deals_arena_alloc(arena, n * len + 1);

    for (i = 0; i < n; i++) {
        memcpy(text + i * len, what, len);
    }

    return text;
}


static void
nesting_is_bounded(void **state)
{
    deals_str  html;

    (void) state;

    html = render(deals_str_of(deals_arena_printf(arena, "%sx",
                                                  repeat("> ", 9000))));
    assert_int_equal(count_of(html, "<blockquote>"), 16);
    assert_int_equal(count_of(html, "</blockquote>"), 16);
    assert_int_equal(count_of(html, "<p>x</p>"), 1);

    html = render(deals_str_of(deals_arena_printf(arena, "%sx",
                                                  repeat("- ", 9000))));
    assert_int_equal(count_of(html, "<ul>"), 16);
    assert_int_equal(count_of(html, "</ul>"), 16);
    assert_int_equal(count_of(html, "<li>"), 16);
    assert_int_equal(count_of(html, "</li>"), 16);
    assert_harmless(html, markdown_tags, "nested lists");

    html = render(deals_str_of(deals_arena_printf(arena, "%sx%s",
                                                  repeat("*a **b ", 1000),
                                                  repeat("** *", 1000))));
    assert_true(count_of(html, "<em>") <= 16);
    assert_int_equal(count_of(html, "<em>"), count_of(html, "</em>"));
    assert_int_equal(count_of(html, "<strong>"), count_of(html, "</strong>"));
}


/* CPU time of the fastest of three: what else the machine does is not in it. */
static clock_t
time_of(const char *markdown)
{
    int      i;
    clock_t  began, took, least = 0;

    for (i = 0; i < 3; i++) {
        began = clock();
        render(deals_str_of(markdown));
        took = clock() - began;
        least = i == 0 || took < least ? took : least;
    }

    return least;
}


/* No more than a hundred times what ordinary text of that length takes. */
static void
assert_quick(const char *markdown, const char *ordinary, const char *what)
{
    clock_t  took = time_of(markdown), usual = time_of(ordinary);

    if (took > 100 * (usual + 1)) {
        fail_msg("\"%s\" many times took %.0f times what ordinary text does",
                 what, (double) took / (double) (usual + 1));
    }
}


/* 20,000 characters of what makes parsers slow. */
static void
nothing_takes_long(void **state)
{
    size_t           i;
    const char      *text, *ordinary;
    static const struct {
        const char  *what;
        size_t       n;
    } slow[] = {
        { "[a](", 5000 }, { "![[]()", 3300 }, { "*a_ ", 5000 },
        { "<>", 10000 }, { "`", 20000 }, { "a`b``", 4000 }, { "[", 20000 },
        { "![", 10000 }, { "> - ", 5000 }, { "|a", 10000 },
        { "|\n", 10000 }, { "| a\n|-\n", 2500 }, { "~~a~", 5000 },
        { "www.a", 4000 }, { "a@b.", 5000 }, { "http://", 2800 },
        { "<!--", 5000 }, { "<?", 10000 }, { "&#1;", 5000 },
        { "[a]: /x\n", 2500 }, { "\t", 20000 }, { "1. ", 6666 },
        { "* * ", 5000 }, { "***", 6666 }, { "<a href='", 2200 },
        { "_ ", 10000 }, { "\\", 20000 }, { "[^a]", 5000 },
    };

    (void) state;

    ordinary = repeat("word *a* [b](/c) `d`\n\n", 900);

    for (i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
        text = repeat(slow[i].what, slow[i].n);
        assert_harmless(render(deals_str_of(text)), markdown_tags,
                        slow[i].what);
        assert_quick(text, ordinary, slow[i].what);
    }
}


/* cmark looks at each list that is open for each line behind it. */
static void
deep_lists_before_many_lines_take_no_time(void **state)
{
    size_t       i;
    deals_str    html;
    const char  *text, *lines = repeat("\n", 20000);

    static const char *const  marks[] = { "- ", "> ", "1. ", "+\t", "> 1) " };

    (void) state;

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        text = deals_arena_printf(arena, "%slast%s", repeat(marks[i], 20000),
                                  lines);
        html = render(deals_str_of(text));
        assert_harmless(html, markdown_tags, marks[i]);
        assert_non_null(strstr(html.data, "last"));
        assert_quick(text, deals_arena_printf(arena, "%s%s",
                                              repeat("word ", 8000), lines),
                     marks[i]);
    }

    /* few lines, or few marks: all as Markdown has it */
    html = render(deals_str_of(deals_arena_printf(arena, "```\n%s\n```",
                                                  repeat("* ", 70))));
    assert_null(strchr(html.data, '\\'));
    html = render(deals_str_of(deals_arena_printf(arena, "%sx%s",
                                                  repeat("> ", 60),
                                                  repeat("\n", 30000))));
    assert_int_equal(count_of(html, "<blockquote>"), 16);
    assert_int_equal(count_of(html, "&gt;"), 0);
}


static void
bytes_that_are_no_text_become_marks(void **state)
{
    (void) state;

    assert_string_equal(render(S("a\xff\0b")).data,
                        "<p>a\xEF\xBF\xBD\xEF\xBF\xBD" "b</p>\n");
    assert_string_equal(render(DEALS_NONE).data, "");
    assert_string_equal(render(S("")).data, "");
}


static void
published_payloads_do_nothing(void **state)
{
    const deals_json  *payloads = shared_json("dompurify_expect.json"), *p;

    (void) state;

    for (p = payloads ? payloads->first : NULL; p; p = p->next) {
        deals_str  text = json_text(p, "payload");

        assert_harmless(render(text), markdown_tags, text.data);
        text.data = deals_arena_printf(arena, "- > [a](%s) ![b](<%s>)\n\n%s",
                                       text.data, text.data, text.data);
        assert_harmless(render(deals_str_of(text.data)), markdown_tags,
                        text.data);
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(commonmark_examples_render),
    TEST(html_is_shown_as_typed),
    TEST(links_are_of_few_schemes),
    TEST(images_are_links),
    TEST(githubs_extensions_work),
    TEST(headings_leave_room_for_the_pages_own),
    TEST(nesting_is_bounded),
    TEST(nothing_takes_long),
    TEST(deep_lists_before_many_lines_take_no_time),
    TEST(bytes_that_are_no_text_become_marks),
    TEST(published_payloads_do_nothing),
};

RUN("markdown", tests)
