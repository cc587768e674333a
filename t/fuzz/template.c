/*
 * Templates. The input is a page and, behind bytes 0xff, partials. It is refused
 * with its file and line, or it loads; then a page of hostile values has the
 * same tags and attributes as one of harmless values, and no value that came in
 * becomes an address that runs or leads elsewhere.
 */

#include "fuzz.h"

#include "view/template.h"
#include "fuzz_hostile.h"

typedef struct {
    deals_str  name;
    deals_str  slug;
} shop;

typedef struct site  site;

struct site {
    deals_str    prefix, origin, title, path, html, url, text;
    int64_t      count, when;
    double       ratio;
    int          on, off;
    const shop  *shop;
    deals_list   tags, list;
};

#define FIELD(type, name, kind, flags, shape)                                 \
    { #name, kind, flags, offsetof(type, name), shape }

static const deals_shape  site_shape;

static const deals_field  shop_fields[] = {
    FIELD(shop, name, DEALS_TEXT, 0, NULL),
    FIELD(shop, slug, DEALS_TEXT, 0, NULL)
};

static const deals_shape  shop_shape = { "shop", sizeof(shop), shop_fields, 2 };

static const deals_field  site_fields[] = {
    FIELD(site, prefix, DEALS_TEXT, 0, NULL),
    FIELD(site, origin, DEALS_TEXT, 0, NULL),
    FIELD(site, title, DEALS_TEXT, 0, NULL),
    FIELD(site, path, DEALS_TEXT, 0, NULL),
    FIELD(site, html, DEALS_HTML, 0, NULL),
    FIELD(site, url, DEALS_URL, 0, NULL),
    FIELD(site, text, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(site, count, DEALS_INT, 0, NULL),
    FIELD(site, when, DEALS_TIME, 0, NULL),
    FIELD(site, ratio, DEALS_FLOAT, 0, NULL),
    FIELD(site, on, DEALS_BOOL, 0, NULL),
    FIELD(site, off, DEALS_BOOL, 0, NULL),
    FIELD(site, shop, DEALS_OBJECT, 0, &shop_shape),
    FIELD(site, tags, DEALS_LIST, 0, NULL),
    FIELD(site, list, DEALS_LIST, 0, &site_shape)
};

static const deals_shape  site_shape = {
    "site", sizeof(site), site_fields, sizeof(site_fields)
                                       / sizeof(site_fields[0])
};

/* -- rendering ------------------------------------------------------------ */

static void
fill(site *s, shop *p, deals_str *tags, site *inner, deals_str text)
{
    int  i;

    for (i = 0; i < 2; i++) {
        p->name = p->slug = text;
        s[i].title = s[i].path = s[i].url = s[i].text = text;
        s[i].prefix = DEALS_STR("/mount");
        s[i].origin = DEALS_STR("https://deals.example");
        s[i].html = DEALS_STR("<p>fine</p>");
        s[i].count = 7;
        s[i].when = 1769860800;
        s[i].ratio = 1.5;
        s[i].on = 1;
        s[i].off = 0;
        s[i].shop = p;
        tags[0] = tags[1] = text;
        s[i].tags = (deals_list) { tags, 2 };
    }

    s->list = (deals_list) { inner, 1 };
}


static deals_str
render(const deals_program *program, int entry, deals_str text)
{
    shop         p;
    site         s[2] = { { .count = 0 } };
    deals_buf    buf = { 0 };
    deals_str    tags[2];
    const void  *values[] = { s };

    fill(s, &p, tags, &s[1], text);
    deals_program_run(program, (unsigned) entry, values, 1, NULL, &buf);
    need(!buf.failed);

    if (buf.len == 0) {
        return DEALS_STR("");
    }

    return deals_arena_take(arena, &buf);
}


static void
refused(const deals_error *error)
{
    int            line;
    char           file[8];

    need_errors(error, DEALS_INVALID, DEALS_NO_MEMORY);

    if (error->code == DEALS_INVALID) {
        need(sscanf(error->message.data, "%6[a-z.].html:%d: ", file, &line) > 0,
             "%.*s", DEALS_FMT(error->message));
        need(strstr(error->message.data, ".html:") != NULL, "%.*s",
             DEALS_FMT(error->message));
    }
}


static void
compile(deals_str input, size_t limit)
{
    int                 entry;
    size_t              n, i;
    deals_str           harmless;
    deals_source        sources[4] = { { .used = 0 } };
    deals_program       program;
    deals_compiler     *compiler;
    const deals_shape  *shapes[] = { &site_shape };

    static const char *const  files[] = {
        "page.html", "a.html", "b.html", "c.html"
    };

    for (n = 0; n == 0 || (n < 4 && input.len > 0); n++) {
        sources[n].file = sources[n].shown = files[n];
        sources[n].text = take_part(&input);
    }

    deals_arena_limit(arena, limit);
    compiler = deals_compiler_new(arena, sources, n);

    if (compiler == NULL) {
        return;
    }

    entry = deals_compiler_add(compiler, "page.html", shapes, 1, NULL, NULL);

    if (entry < 0 || deals_compiler_run(compiler, &program) != 0) {
        refused(deals_compiler_error(compiler));
        return;
    }

    deals_arena_limit(arena, SIZE_MAX);
    harmless = render(&program, entry, DEALS_STR("x"));

    if (harmless.len > 1 << 16) {
        return;
    }

    for (i = 0; i < HOSTILE; i++) {
        compare(harmless, render(&program, entry, deals_str_of(hostile[i])));
    }
}


/* The first byte: how much memory there is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *memory;
    deals_str   input;

    if (size < 1) {
        return 0;
    }

    input = input_of(data + 1, size - 1);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    compile(input, data[0] & 0x80 ? (size_t) (data[0] & 0x7f) * 128 : SIZE_MAX);
    deals_arena_free(arena);
    free(memory);

    return 0;
}
