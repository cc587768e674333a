/*
 * The loader of templates: a directory in which files override the built-in ones
 * (changed in places, or others altogether, with partials of their own) and in
 * which other things lie. It is refused with the file named, or all pages load;
 * then a page of hostile values has the tags, attributes and addresses of one
 * of harmless values.
 */

#include <sys/stat.h>
#include <unistd.h>

#include <deals/pages.h>
#include <deals/view.h>

#include "view/builtin.h"
#include "fuzz_hostile.h"

#define FILES  12

static char  dir[] = "/tmp/deals-fuzz-XXXXXX";

/* What may lie there beside templates of built-in names. */
static const char *const  others[] = {
    "own.html", "part.html", "own.html~", ".hidden.html", "#own.html#",
    "notes.txt", "html", ".html", "UPPER.HTML", "own.html.dpkg-new"
};

enum { OTHERS = sizeof(others) / sizeof(others[0]) };


/* -- the directory -------------------------------------------------------- */

static deals_str
builtin(deals_str name)
{
    size_t  i;

    for (i = 0; i < deals_builtin_ntemplates; i++) {
        if (deals_str_is(name, deals_builtin_templates[i].name)) {
            return deals_builtin_templates[i].text;
        }
    }

    return DEALS_STR("");
}


static void
write_part(FILE *f, deals_str s)
{
    need(s.len == 0 || fwrite(s.data, 1, s.len, f) == s.len);
}


/* Bytes for which file it is and how it differs: below 0x80 it is what follows;
 * else it is the built-in one, with some bytes of it replaced by these. */
static void
add_file(deals_str part)
{
    FILE        *f;
    char         path[128];
    size_t       at, end;
    unsigned     which = take_byte(&part), how = take_byte(&part);
    deals_str    text;
    const char  *name;

    which %= deals_builtin_ntemplates + OTHERS;
    name = which < deals_builtin_ntemplates
           ? deals_builtin_templates[which].name
           : others[which - deals_builtin_ntemplates];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    (void) remove(path);

    if (how >= 0x7c && how < 0x80) {
        (void) !(how == 0x7c ? mkdir(path, 0700)
                 : how == 0x7d ? symlink(name, path)
                 : how == 0x7e ? symlink("/nowhere", path)
                 : mkfifo(path, 0600));
        return;
    }

    f = fopen(path, "wb");
    need(f != NULL, "%s", path);

    if (how < 0x80) {
        write_part(f, part);

    } else {
        text = builtin(deals_str_of(name));
        at = (size_t) take_number(&part, 2) % (text.len + 1);
        end = at + (how & 0x3f);
        end = end < text.len ? end : text.len;
        write_part(f, deals_str_sub(text, 0, at));
        write_part(f, part);
        write_part(f, deals_str_sub(text, end, text.len));
    }

    need(fclose(f) == 0);
}


static void
empty(void)
{
    char    path[128];
    size_t  i;

    for (i = 0; i < deals_builtin_ntemplates + OTHERS; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir,
                 i < deals_builtin_ntemplates
                 ? deals_builtin_templates[i].name
                 : others[i - deals_builtin_ntemplates]);
        (void) remove(path);
    }
}


static void
tidy(void)
{
    empty();
    (void) rmdir(dir);
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;

    need(mkdtemp(dir) != NULL);
    atexit(tidy);

    return 0;
}


/* -- pages of values ------------------------------------------------------ */

static void *
filled(const deals_shape *shape, deals_str text, unsigned bits, int depth);

static void
fill(const deals_field *field, void *slot, deals_str text, unsigned bits,
    int depth)
{
    deals_str   *texts;
    deals_list  *list = slot;

    switch (field->type) {
    case DEALS_TEXT:
    case DEALS_URL:
        *(deals_str *) slot = strcmp(field->name, "prefix") == 0
            ? DEALS_STR("/mount") : strcmp(field->name, "origin") == 0
            ? DEALS_STR("https://deals.example") : text;
        break;
    case DEALS_HTML:
        *(deals_str *) slot = DEALS_STR("<p>fine</p>");
        break;
    case DEALS_BOOL:
        *(int *) slot = (int) bits & 1;
        break;
    case DEALS_FLOAT:
        *(double *) slot = 1.5;
        break;
    case DEALS_OBJECT:
        *(void **) slot = depth > 0 ? filled(field->shape, text, bits, depth)
                                    : NULL;
        break;
    case DEALS_LIST:
        if (field->shape == NULL) {
            texts = deals_arena_alloc(arena, 2 * sizeof(*texts));
            need(texts != NULL);
            texts[0] = texts[1] = text;
            *list = (deals_list) { texts, 2 };
        } else if (depth > 0) {
            *list = (deals_list) { filled(field->shape, text, bits, depth), 1 };
        }
        break;
    default:
        *(int64_t *) slot = 1769860800;
    }
}


static void *
filled(const deals_shape *shape, deals_str text, unsigned bits, int depth)
{
    char    *row = deals_arena_alloc(arena, shape->size);
    size_t   i;

    need(row != NULL);
    memset(row, 0, shape->size);

    for (i = 0; i < shape->nfields; i++) {
        fill(&shape->fields[i], row + shape->fields[i].offset, text,
             bits >> (i % 7), depth - 1);
    }

    return row;
}


static deals_str
render(const deals_templates *set, int page, deals_str text, unsigned bits)
{
    deals_buf    buf = { 0 };
    const void  *content;

    content = deals_page_table[page].content != NULL
              ? filled(deals_page_table[page].content, text, bits, 4) : NULL;
    deals_templates_render(set, page,
                           filled(&deals_page_shape, text, bits, 4), content,
                           &buf);
    need(!buf.failed);

    return buf.len > 0 ? deals_arena_take(arena, &buf) : DEALS_STR("");
}


static void
load(unsigned bits, unsigned which)
{
    int                 page;
    unsigned            n;
    deals_str           plain, text = deals_str_of(hostile[which % HOSTILE]);
    deals_templates    *set;
    const deals_error  *error;

    set = deals_templates_load(deals_builtin_templates,
                               deals_builtin_ntemplates, dir, arena, &error);
    need((set == NULL) == (error != NULL));

    if (set == NULL) {
        need_errors(error, DEALS_INVALID, DEALS_INVALID);
        need(deals_str_starts(error->message, dir)
             || strstr(error->message.data, ".html:") != NULL, "%.*s",
             DEALS_FMT(error->message));
        return;
    }

    for (n = 0; n < 3; n++) {
        page = (int) (which / HOSTILE + n * 5) % DEALS_PAGES;
        plain = render(set, page, DEALS_STR("x"), bits);

        if (plain.len < 1 << 16) {
            compare(plain, render(set, page, text, bits));
        }
    }

    deals_templates_free(set);
}


/* A byte for what pages show, one for the hostile value and the pages; then a
 * part for each file. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int         n;
    char       *memory;
    unsigned    bits, which;
    deals_str   input;

    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    bits = take_byte(&input);
    which = take_byte(&input);

    for (n = 0; n < FILES && input.len > 0; n++) {
        add_file(take_part(&input));
    }

    load(bits, which);
    empty();
    deals_arena_free(arena);
    free(memory);

    return 0;
}
