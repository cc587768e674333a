/*
 * view_no_memory.c - memory runs out while bytes are made of rows: pages from
 * templates, JSON, drafts, Markdown. A buffer that could not hold it all says
 * so, and there is no other sign of it.
 */

#include "no_memory.h"
#undef UNUSED
#include "view_draft_check.h"

static world            w;
static deals_page       outer;
static const void      *content;
static deals_templates *set;

/* A buffer that is no good for its maker is none: it must be longer than this
 * or have failed. */
static int
outcome(deals_buf *buf, size_t len)
{
    int  rc = buf->failed ? NO_MEMORY : buf->len == len ? WORKED : WRONG;

    deals_buf_free(buf);

    return rc;
}

/* `write` fills a buffer: as many bytes as it does with memory, or it fails. */
#define BYTES(name, write)                                                    \
    static int                                                                \
    name(void)                                                                \
    {                                                                         \
        static size_t  len;                                                   \
        deals_buf      buf;                                                   \
                                                                              \
        deals_buf_init(&buf);                                                 \
        write;                                                                \
                                                                              \
        if (len == 0) {                                                       \
            len = buf.len;                                                    \
        }                                                                     \
        return outcome(&buf, len);                                            \
    }


/* -- JSON and HTML -------------------------------------------------------- */

static const deals_error  second = { DEALS_INVALID, S("url"), S("bad"), NULL,
                                     0 };
static const deals_error  first = { DEALS_INVALID, S("title"), S("<bad>"),
                                    &second, 3 };
static deals_feed_result  feed;

BYTES(json_write, deals_json_write(&buf, &deals_feed_shape, &feed))
BYTES(json_problem, deals_json_problem(&buf, &first))
BYTES(json_string, {
    int  i;

    for (i = 0; i < 300; i++) {
        deals_json_string(&buf, S("\"\\\n\x01"));
    }
})
BYTES(html_escape, {
    int  i;

    for (i = 0; i < 300; i++) {
        deals_html_escape(&buf, S("<&>'\""));
    }
})

static const char  text[] =
    "# Save <b>20 %</b>\n\nWith `SAVE20` at https://www.example.com, *now*:\n\n"
    "- one\n- two\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n> said\n\n"
    "![x](https://a.example/b.png) [y](javascript:1) [z](/a \"t\")\n";

static int
markdown(void)
{
    int            rc;
    deals_buf      buf;
    static size_t  len;

    deals_buf_init(&buf);
    rc = deals_markdown(deals_str_of(text), &buf);

    if (rc == 0 && len == 0) {
        len = buf.len;
    }
    if (rc != 0) {
        deals_buf_free(&buf);
        return rc == -1 ? NO_MEMORY : WRONG;
    }

    return outcome(&buf, len);
}


/* -- pages ---------------------------------------------------------------- */

static int
load(void)
{
    int                 rc;
    deals_arena        *a = deals_arena_new();
    const deals_error  *error = NULL;
    deals_templates    *made;

    if (a == NULL) {
        return NO_MEMORY;
    }

    made = deals_templates_load(deals_builtin_templates,
                                deals_builtin_ntemplates, NULL, a, &error);
    rc = made != NULL ? WORKED
         : error != NULL && error->code == DEALS_NO_MEMORY ? NO_MEMORY : WRONG;

    if (rc == WRONG && error != NULL) {
        print_error("%.*s\n", DEALS_FMT(error->message));
    }

    deals_templates_free(made);
    deals_arena_free(a);

    return rc;
}

BYTES(render, deals_templates_render(set, DEALS_PAGE_HOT, &outer, content,
                                     &buf))

static int
draft_of(int json)
{
    int            rc;
    deals_buf      buf;
    static size_t  len[2];

    deals_buf_init(&buf);
    rc = json ? deals_json_draft(&deals_feed_shape, &feed, &deals_vary, &buf)
              : deals_templates_draft(set, DEALS_PAGE_HOT, &outer, content,
                                      &deals_vary, &buf);
    if (rc != 0) {
        rc = rc == -1 && buf.len == 0 ? NO_MEMORY : WRONG;
        deals_buf_free(&buf);
        return rc;
    }

    if (len[json] == 0) {
        len[json] = buf.len;
    }

    return outcome(&buf, len[json]);
}

static int
page_draft(void)
{
    return draft_of(0);
}

static int
json_draft(void)
{
    return draft_of(1);
}


/* -- arenas and buffers --------------------------------------------------- */

static int
arenas(void)
{
    int           rc;
    deals_arena  *a = deals_arena_new();

    if (a == NULL) {
        return NO_MEMORY;
    }

    rc = deals_arena_alloc(a, 100) != NULL
         && deals_arena_copy(a, S("some text")).data != NULL
         && deals_arena_printf(a, "%s %d", "text", 1) != NULL;

    if (deals_arena_refused(a) == rc) {
        rc = WRONG;
    }

    deals_arena_free(a);

    return rc;
}

BYTES(buffers, {
    int  i;

    for (i = 0; i < 400; i++) {
        deals_buf_add(&buf, "ab", 2);
        deals_buf_str(&buf, S("cd"));
        deals_buf_c(&buf, "ef");
        deals_buf_char(&buf, 'g');
        deals_buf_int(&buf, 12345);
        deals_buf_printf(&buf, "%d", 6);
    }

    if (deals_buf_reserve(&buf, 100000) != 0) {
        assert_true(buf.failed);
    }
})


static int
begin(void **state)
{
    static deals_page_viewer  viewer;

    (void) state;
    arena = deals_arena_new();
    make_cards(&w, 6);
    present(&w, &people[0], 0);
    make_page(&outer, &viewer, NULL);
    content = make_content(&w, DEALS_PAGE_HOT);
    feed.deals = (deals_list) { w.cards, w.ncards };
    feed.next = S("abc");
    set = load_templates(NULL);

    return 0;
}

static int
finish(void **state)
{
    (void) state;
    deals_templates_free(set);
    deals_arena_free(arena);

    return 0;
}

/* A picture is whole, or none. */
static int
qr(void)
{
    int             rc;
    deals_arena    *a = deals_arena_new();
    deals_picture   picture = { 0 };
    static size_t   bars;

    if (a == NULL) {
        return NO_MEMORY;
    }

    rc = deals_qr(a, S("otpauth://totp/x:y?secret=GEZDGNBVGY3TQOJQ"), &picture);

    if (rc == 0) {
        bars = bars == 0 ? picture.bars.len : bars;
        rc = picture.size == 37 && picture.bars.len == bars ? WORKED : WRONG;
    } else {
        rc = NO_MEMORY;
    }

    deals_arena_free(a);

    return rc;
}


static const deed  deeds[] = {
    DEED(deals_arena_new, arenas),
    DEED(deals_arena_alloc, arenas),
    DEED(deals_arena_copy, arenas),
    DEED(deals_arena_printf, arenas),
    DEED(deals_buf_add, buffers),
    DEED(deals_buf_str, buffers),
    DEED(deals_buf_c, buffers),
    DEED(deals_buf_char, buffers),
    DEED(deals_buf_int, buffers),
    DEED(deals_buf_printf, buffers),
    DEED(deals_buf_reserve, buffers),
    DEED(deals_json_write, json_write),
    DEED(deals_json_string, json_string),
    DEED(deals_json_problem, json_problem),
    DEED(deals_html_escape, html_escape),
    DEED(deals_markdown, markdown),
    LONG_DEED(deals_templates_load, load, 20),
    DEED(deals_templates_render, render),
    DEED(deals_templates_draft, page_draft),
    DEED(deals_json_draft, json_draft),
    DEED(deals_qr, qr),
};

NO_MEMORY_RUN("view_no_memory", deeds, deed_test, begin, finish)
