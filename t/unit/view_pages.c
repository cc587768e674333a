/*
 * The pages as they are shipped, with whatever members may write in them; and a
 * directory of templates that overrides them.
 */

#include "view_check.h"

#include <dirent.h>
#include <sys/stat.h>

#include <deals/pages.h>

#include "view/builtin.h"


/* -- structs full of one text --------------------------------------------- */

typedef struct {
    deals_str  text;
    int        truth;           /* of every BOOL */
    int        items;           /* in every LIST */
} filling;


static void
fill(const filling *f, const deals_shape *shape, char *row, int depth)
{
    int                 k;
    char               *inner;
    size_t              i, size;
    const deals_field  *field;

    for (i = 0; i < shape->nfields; i++) {
        void  *at;

        field = &shape->fields[i];
        at = row + field->offset;

        switch (field->type) {

        case DEALS_BOOL:
            *(int *) at = f->truth;
            break;

        case DEALS_INT:
        case DEALS_TIME:
            *(int64_t *) at = 1769860800;
            break;

        case DEALS_FLOAT:
            *(double *) at = 1.5;
            break;

        case DEALS_HTML:
            *(deals_str *) at = S("<p>fine</p>");
            break;

        case DEALS_OBJECT:
            inner = deals_arena_alloc(arena, field->shape->size);
            fill(f, field->shape, inner, depth + 1);
            *(void **) at = inner;
            break;

        case DEALS_LIST:
            if (depth > 3) {
                break;
            }
            size = field->shape ? field->shape->size : sizeof(deals_str);
            inner = deals_arena_array(arena, (size_t) f->items + 1, size);
            for (k = 0; k < f->items; k++) {
                if (field->shape) {
                    fill(f, field->shape, inner + (size_t) k * size, depth + 1);
                } else {
                    ((deals_str *) (void *) inner)[k] = f->text;
                }
            }
            *(deals_list *) at = (deals_list) { inner, (size_t) f->items };
            break;

        default:
            *(deals_str *) at = f->text;
        }
    }
}


static deals_str
render(const deals_templates *set, int page, const filling *f)
{
    deals_buf           buf = { 0 };
    deals_page          outer = { 0 };
    const deals_shape  *shape = deals_page_table[page].content;
    char               *content = deals_arena_alloc(arena, shape->size);

    fill(f, &deals_page_shape, (char *) &outer, 0);
    outer.prefix = S("/mount");
    outer.origin = S("https://deals.example");
    fill(f, shape, content, 0);
    deals_templates_render(set, page, &outer, content, &buf);
    deals_buf_char(&buf, '\0');
    buf.len--;

    return deals_arena_take(arena, &buf);
}


/* -- the bones of a page -------------------------------------------------- */

static size_t
skip_raw(deals_str html, size_t i, deals_str tag)
{
    while (i < html.len
           && !(html.data[i] == '<' && i + 1 < html.len
                && html.data[i + 1] == '/'
                && deals_str_eq_case(deals_str_sub(html, i + 2, tag.len), tag)))
    {
        i++;
    }

    return i;
}


/* An attribute as browsers read it, and its name into `bones`; checks addresses
 * and that it is no script. */
static size_t
read_attribute(deals_str html, size_t i, deals_buf *bones)
{
    size_t     from = i;
    char       quote;
    deals_str  name, value;

    while (i < html.len && !deals_is_space((unsigned char) html.data[i])
           && strchr("=>/", html.data[i]) == NULL)
    {
        i++;
    }

    name = deals_str_sub(html, from, i - from);
    deals_buf_char(bones, ' ');
    deals_buf_str(bones, name);
    assert_false(name.len > 2 && deals_str_starts(name, "on"));

    if (i + 1 >= html.len || html.data[i] != '=') {
        return i > from ? i : i + 1;
    }

    quote = html.data[++i];

    if (quote == '"' || quote == '\'') {
        from = ++i;
        while (i < html.len && html.data[i] != quote) {
            i++;
        }
        value = deals_str_sub(html, from, i++ - from);
    } else {
        from = i;
        while (i < html.len && !deals_is_space((unsigned char) html.data[i])
               && html.data[i] != '>')
        {
            i++;
        }
        value = deals_str_sub(html, from, i - from);
    }

    if ((deals_str_is(name, "href") || deals_str_is(name, "src")
         || deals_str_is(name, "action") || deals_str_is(name, "formaction"))
        && (!safe_address(value) || deals_str_starts(value, "//")))
    {
        fail_msg("an address that may run: %.*s", (int) value.len, value.data);
    }

    return i;
}


/* The tags of a page with the names of their attributes, and nothing else. */
static deals_str
bones_of(deals_str html)
{
    size_t     i = 0, from;
    deals_buf  bones = { 0 };
    deals_str  tag;

    while (i < html.len) {
        if (html.data[i] != '<' || i + 1 == html.len
            || strchr(" \n=<", html.data[i + 1]))
        {
            i++;
            continue;
        }

        from = ++i;
        while (i < html.len && !deals_is_space((unsigned char) html.data[i])
               && html.data[i] != '>')
        {
            i++;
        }

        tag = deals_str_sub(html, from, i - from);
        deals_buf_char(&bones, '<');
        deals_buf_str(&bones, tag);

        while (i < html.len && html.data[i] != '>') {
            if (deals_is_space((unsigned char) html.data[i])
                || html.data[i] == '/')
            {
                i++;
            } else {
                i = read_attribute(html, i, &bones);
            }
        }

        deals_buf_c(&bones, ">\n");

        if (deals_str_is(tag, "script") || deals_str_is(tag, "style")
            || deals_str_is(tag, "title") || deals_str_is(tag, "textarea"))
        {
            i = skip_raw(html, i, tag);
        }
    }

    deals_buf_char(&bones, '\0');

    return deals_arena_take(arena, &bones);
}


/* -- tests ---------------------------------------------------------------- */

static deals_templates *
load(const char *dir)
{
    const deals_error  *error = NULL;
    deals_templates    *set;

    set = deals_templates_load(deals_builtin_templates,
                               deals_builtin_ntemplates, dir, arena, &error);
    if (set == NULL) {
        fail_msg("%.*s", (int) error->message.len, error->message.data);
    }

    return set;
}


/* Whatever a member writes, the page has the same tags and attributes. */
static void
assert_same_bones(const deals_templates *set, deals_str evil)
{
    int  page, truth, items;

    for (page = 0; page < DEALS_PAGES; page++) {
        for (truth = 0; truth < 2; truth++) {
            for (items = 0; items < 3; items += 2) {
                filling      f = { S("x"), truth, items };
                deals_str    good = bones_of(render(set, page, &f));
                const char  *bad;

                f.text = evil;
                bad = bones_of(render(set, page, &f)).data;

                if (strcmp(good.data, bad) != 0) {
                    fail_msg("%s is another page with \"%.*s\" in it",
                             deals_page_table[page].file, (int) evil.len,
                             evil.data);
                }
            }
        }
    }
}


static void
nothing_that_is_written_changes_a_page(void **state)
{
    size_t            i;
    deals_templates  *set = load(NULL);
    static const char  *const  evil[] = {
        "\"><script>alert(1)</script>", "' onload='alert(1)",
        "javascript:alert(1)", "</title><b>", "</textarea><b>",
        "</script><b>", "-->", "]]>", "//evil.example/", "/\\evil.example",
        "{{title}}", "a b", "<", "&", "&#34;&#62;<b>", "\n", "x=y onclick=z",
    };

    (void) state;

    for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
        assert_same_bones(set, deals_str_of(evil[i]));
    }

    deals_templates_free(set);
}


static void
published_payloads_do_nothing(void **state)
{
    const deals_json  *payloads = shared_json("dompurify_expect.json"), *p;
    deals_templates   *set = load(NULL);

    (void) state;

    for (p = payloads ? payloads->first : NULL; p; p = p->next) {
        deals_arena  *outer = arena;
        deals_str     text = json_text(p, "payload");

        arena = deals_arena_new();
        if (text.len > 0) {
            assert_same_bones(set, text);
        }
        deals_arena_free(arena);
        arena = outer;
    }

    deals_templates_free(set);
}


/* Pages with nothing in them: no field of an absent struct is touched. */
static void
empty_pages_render(void **state)
{
    int               page;
    deals_buf         buf = { 0 };
    deals_page        outer = { 0 };
    deals_form        form = { 0 };
    deals_templates  *set = load(NULL);

    (void) state;

    for (page = 0; page < DEALS_PAGES; page++) {
        const deals_shape  *shape = deals_page_table[page].content;

        outer.form = page % 2 ? &form : NULL;
        deals_buf_clear(&buf);
        deals_templates_render(set, page, &outer,
                               deals_arena_alloc(arena, shape->size), &buf);
        assert_false(buf.failed);
        assert_non_null(memmem(buf.data, buf.len, "</html>", 7));
    }

    deals_templates_render(set, -1, &outer, NULL, &buf);
    deals_templates_render(set, DEALS_PAGES, &outer, NULL, &buf);
    deals_templates_free(set);
    deals_templates_free(NULL);
    deals_buf_free(&buf);
}


/* -- a directory of one's own --------------------------------------------- */

static char  dir[64];


static void
put(const char *name, const char *text)
{
    FILE  *f = fopen(deals_arena_printf(arena, "%s/%s", dir, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}


static void
make_dir(void)
{
    strcpy(dir, "/tmp/deals-view-XXXXXX");
    assert_non_null(mkdtemp(dir));
}


static void
remove_dir(void)
{
    DIR            *d = opendir(dir);
    struct dirent  *e;

    while ((e = readdir(d)) != NULL) {
        remove(deals_arena_printf(arena, "%s/%s", dir, e->d_name));
    }

    closedir(d);
    rmdir(dir);
}


/* The message with DIR for the directory. */
static const char *
refusal(const char *path)
{
    char               *message;
    const char         *rest;
    const deals_error  *error = NULL;
    deals_templates    *set;

    set = deals_templates_load(deals_builtin_templates,
                               deals_builtin_ntemplates, path, arena, &error);
    assert_null(set);
    assert_int_equal(error->code, DEALS_INVALID);
    message = deals_arena_printf(arena, "%.*s", (int) error->message.len,
                                 error->message.data);
    rest = strncmp(message, dir, strlen(dir)) == 0 ? message + strlen(dir)
                                                   : message;

    return deals_arena_printf(arena, "%s%s", rest == message ? "" : "DIR",
                              rest);
}


static void
files_of_a_directory_override(void **state)
{
    filling           f = { S("x"), 1, 1 };
    deals_templates  *set;

    (void) state;

    make_dir();
    put("error.html", "<h1>Own {{status}}</h1>{{>own}}");
    put("own.html", "<p>{{reason}}</p>");
    put(".error.html.swp", "<");
    put("#error.html#", "<");
    put("error.html~", "<");
    put("error.html.dpkg-old", "<");
    mkdir(deals_arena_printf(arena, "%s/sub", dir), 0777);

    set = load(dir);
    assert_non_null(strstr(render(set, DEALS_PAGE_ERROR, &f).data,
                           "<h1>Own 1769860800</h1><p>x</p>"));
    assert_non_null(strstr(render(set, DEALS_PAGE_LOGIN, &f).data, "<form"));
    deals_templates_free(set);
    remove_dir();
}


static void
mistakes_in_a_directory_are_named(void **state)
{
    (void) state;

    make_dir();

    put("hot.html", "<p>\n{{titel}}</p>");
    assert_string_equal(refusal(dir), "DIR/hot.html:2: unknown name \"titel\" "
                        "in list: did you mean title, site?");

    put("hot.html", "");
    put("hto.html", "");
    assert_int_equal(strncmp(refusal(dir), "DIR/hto.html: no page uses this "
                             "file; they use ", 47), 0);

    remove(deals_arena_printf(arena, "%s/hto.html", dir));
    put("style.css", "");
    assert_string_equal(refusal(dir), "DIR/style.css: not a template: their "
                        "names end in .html");
    remove(deals_arena_printf(arena, "%s/style.css", dir));

    put("layout.html", "{{>contents}}");
    assert_int_equal(strncmp(refusal(dir), "DIR/layout.html:1: {{>content}} is "
                             "missing", 42), 0);
    remove_dir();

    assert_string_equal(refusal(dir), "DIR: No such file or directory");
}


static void
every_page_needs_its_files(void **state)
{
    const deals_error  *error = NULL;
    const deals_file    layout = { "layout.html", S("<b>{{>content}}</b>") };

    (void) state;

    assert_null(deals_templates_load(NULL, 0, NULL, arena, &error));
    assert_str(error->message, "layout.html:1: the file is missing: every page "
               "needs it");
    assert_null(deals_templates_load(&layout, 1, NULL, arena, &error));
    assert_str(error->message, "layout.html:1: {{>content}} needs the file "
               "hot.html, which is missing; there are layout.html");
}


static void
static_files_are_built_in(void **state)
{
    size_t  i;

    (void) state;

    assert_true(deals_builtin_nstatic > 0);
    assert_int_equal(strlen(deals_builtin_hash), 12);

    for (i = 0; i < deals_builtin_nstatic; i++) {
        assert_non_null(deals_builtin_static[i].type);
        assert_true(deals_builtin_static[i].bytes.len > 0);
        assert_true(i == 0 || strcmp(deals_builtin_static[i - 1].name,
                                     deals_builtin_static[i].name) < 0);
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(nothing_that_is_written_changes_a_page),
    TEST(published_payloads_do_nothing),
    TEST(empty_pages_render),
    TEST(files_of_a_directory_override),
    TEST(mistakes_in_a_directory_are_named),
    TEST(every_page_needs_its_files),
    TEST(static_files_are_built_in),
};

RUN("pages", tests)
