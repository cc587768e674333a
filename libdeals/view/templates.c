/*
 * templates.c - the set of all pages: files found, overridden, compiled.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <deals/pages.h>
#include <deals/view.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "view/template.h"

struct deals_templates {
    deals_arena    *arena;
    deals_program   program;
    unsigned        entries[DEALS_PAGES];
};

typedef struct {
    deals_arena         *arena;         /* of the set */
    deals_source        *sources;
    size_t               nsources;
    size_t               cap;
    const deals_error   *error;         /* in the set's arena */
} loader;


/* -- files ---------------------------------------------------------------- */

static int
fail(loader *l, const char *path, const char *message)
{
    l->error = deals_error_make(l->arena, DEALS_INVALID, NULL, "%s: %s", path,
                                message);
    return -1;
}


static int
no_memory(loader *l)
{
    return deals_error_oom(&l->error);
}


static deals_source *
find_source(loader *l, const char *file)
{
    size_t  i;

    for (i = 0; i < l->nsources; i++) {
        if (strcmp(l->sources[i].file, file) == 0) {
            return &l->sources[i];
        }
    }

    return NULL;
}


/* The source for a file: a new one, or the one that it overrides. */
static deals_source *
get_source(loader *l, const char *file)
{
    deals_str      name;
    deals_source  *source, *grown;

    source = find_source(l, file);
    if (source) {
        return source;
    }

    if (l->nsources == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        grown = deals_arena_array(l->arena, l->cap, sizeof(deals_source));
        if (grown == NULL) {
            no_memory(l);
            return NULL;
        }

        if (l->nsources) {
            memcpy(grown, l->sources, l->nsources * sizeof(deals_source));
        }
        l->sources = grown;
    }

    name = deals_arena_copy(l->arena, deals_str_of(file));
    if (name.data == NULL) {
        no_memory(l);
        return NULL;
    }

    source = &l->sources[l->nsources++];
    source->file = name.data;
    source->shown = name.data;

    return source;
}


static int
add_builtin(loader *l, const deals_file *file)
{
    deals_source  *source = get_source(l, file->name);

    if (source == NULL) {
        return -1;
    }

    source->text = deals_arena_copy(l->arena, file->text.data ? file->text
                                                              : DEALS_STR(""));

    return source->text.data ? 0 : no_memory(l);
}


static int
read_file(loader *l, FILE *f, const char *path, deals_str *text)
{
    char       block[16384];
    size_t     n;
    deals_buf  buf = { 0 };

    while ((n = fread(block, 1, sizeof(block), f)) > 0
           && buf.len <= DEALS_TEMPLATE_MAX)
    {
        deals_buf_add(&buf, block, n);
    }

    if (ferror(f)) {
        deals_buf_free(&buf);
        return fail(l, path, strerror(errno));
    }

    if (buf.len == 0) {
        *text = DEALS_STR("");
        deals_buf_free(&buf);
        return 0;
    }

    *text = deals_arena_take(l->arena, &buf);

    return text->data ? 0 : no_memory(l);
}


static int
add_own(loader *l, const char *path, const char *file)
{
    int            rc;
    FILE          *f;
    deals_source  *source;

    f = fopen(path, "rbe");
    if (f == NULL) {
        return fail(l, path, strerror(errno));
    }

    source = get_source(l, file);
    rc = source ? read_file(l, f, path, &source->text) : -1;
    fclose(f);

    if (rc == 0) {
        source->shown = path;
        source->own = 1;
    }

    return rc;
}


/* What editors and package managers leave behind. */
static int
is_leftover(const char *name)
{
    size_t  n = strlen(name);

    return name[0] == '.' || name[0] == '#' || name[n - 1] == '~'
           || strstr(name, ".dpkg-") != NULL || strstr(name, ".ucf-") != NULL;
}


static int
add_entry(loader *l, const char *dir, const char *name)
{
    char        *path;
    size_t       n = strlen(name);
    struct stat  st;

    path = deals_arena_printf(l->arena, "%s/%s", dir, name);
    if (path == NULL) {
        return no_memory(l);
    }

    if (stat(path, &st) != 0) {
        return fail(l, path, strerror(errno));
    }

    if (S_ISDIR(st.st_mode)) {
        return 0;
    }

    if (!S_ISREG(st.st_mode)) {
        return fail(l, path, "not a file");
    }

    if (n < 6 || strcmp(name + n - 5, ".html") != 0) {
        return fail(l, path, "not a template: their names end in .html");
    }

    return add_own(l, path, name);
}


static int
add_dir(loader *l, const char *path)
{
    int             rc = 0;
    DIR            *dir;
    struct dirent  *entry;

    dir = opendir(path);
    if (dir == NULL) {
        return fail(l, path, strerror(errno));
    }

    while (rc == 0) {
        errno = 0;
        entry = readdir(dir);

        if (entry == NULL) {
            rc = errno ? fail(l, path, strerror(errno)) : 0;
            break;
        }

        if (!is_leftover(entry->d_name)) {
            rc = add_entry(l, path, entry->d_name);
        }
    }

    closedir(dir);

    return rc;
}


/* -- pages ---------------------------------------------------------------- */

/* A file that no page needs is a slip in its name, most likely. */
static int
check_used(loader *l)
{
    size_t               i, k;
    deals_buf            buf = { 0 };
    const deals_source  *source;

    for (i = 0; i < l->nsources; i++) {
        source = &l->sources[i];

        if (!source->own || source->used) {
            continue;
        }

        deals_buf_c(&buf, "no page uses this file; they use");

        for (k = 0; k < l->nsources; k++) {
            if (l->sources[k].used) {
                deals_buf_printf(&buf, " %s", l->sources[k].file);
            }
        }

        deals_buf_char(&buf, '\0');
        fail(l, source->shown, buf.failed ? "no page uses this file"
                                          : buf.data);
        deals_buf_free(&buf);
        return -1;
    }

    return 0;
}


static int
compile(loader *l, deals_templates *set)
{
    int                 page, entry;
    deals_compiler     *compiler;
    const deals_shape  *outer[] = { &deals_page_shape };

    compiler = deals_compiler_new(l->arena, l->sources, l->nsources);
    if (compiler == NULL) {
        return no_memory(l);
    }

    for (page = 0; page < DEALS_PAGES; page++) {
        entry = deals_compiler_add(compiler, "layout.html", outer, 1,
                                   deals_page_table[page].file,
                                   deals_page_table[page].content);
        if (entry < 0) {
            l->error = deals_compiler_error(compiler);
            return -1;
        }

        set->entries[page] = (unsigned) entry;
    }

    if (deals_compiler_run(compiler, &set->program) != 0) {
        l->error = deals_compiler_error(compiler);
        return -1;
    }

    return check_used(l);
}


static int
load(loader *l, deals_templates *set, const deals_file *builtin,
    size_t nbuiltin, const char *dir)
{
    size_t  i;

    for (i = 0; i < nbuiltin; i++) {
        if (add_builtin(l, &builtin[i]) != 0) {
            return -1;
        }
    }

    if (dir && add_dir(l, dir) != 0) {
        return -1;
    }

    return compile(l, set);
}


/* The error outlives the set that it came from. */
static const deals_error *
copy_error(deals_arena *arena, const deals_error *error)
{
    if (error->code == DEALS_NO_MEMORY) {
        return &deals_error_no_memory;
    }

    return deals_error_make(arena, error->code, NULL, "%.*s",
                            DEALS_FMT(error->message));
}


deals_templates *
deals_templates_load(const deals_file *builtin, size_t nbuiltin,
    const char *dir, deals_arena *arena, const deals_error **error)
{
    loader            l = { 0 };
    deals_templates  *set;

    *error = &deals_error_no_memory;

    l.arena = deals_arena_new();
    if (l.arena == NULL) {
        return NULL;
    }

    set = deals_arena_alloc(l.arena, sizeof(*set));
    if (set == NULL) {
        deals_arena_free(l.arena);
        return NULL;
    }

    set->arena = l.arena;

    if (load(&l, set, builtin, nbuiltin, dir) != 0) {
        *error = copy_error(arena, l.error);
        deals_arena_free(l.arena);
        return NULL;
    }

    *error = NULL;

    return set;
}


void
deals_templates_free(deals_templates *set)
{
    if (set) {
        deals_arena_free(set->arena);
    }
}


void
deals_templates_render(const deals_templates *set, int page,
    const void *outer, const void *content, deals_buf *out)
{
    const void  *values[1] = { outer };

    if (page >= 0 && page < DEALS_PAGES) {
        deals_program_run(&set->program, set->entries[page], values, 1, content,
                          out);
    }
}


/* A member as every member is, but for the name, which no member can have. */
int
deals_templates_draft(const deals_templates *set, int page, const void *outer,
    const void *content, const deals_draft_rules *rules, deals_buf *out)
{
    deals_page         members;
    const void        *values[1] = { &members };
    deals_drafter      d;
    deals_page_viewer  viewer = { .name = DEALS_STR("-"),
                                  .role = DEALS_STR("member") };

    members = *(const deals_page *) outer;
    members.viewer = &viewer;
    members.unread = 0;

    deals_drafter_begin(&d, rules, out);
    d.name = &viewer.name;

    if (page >= 0 && page < DEALS_PAGES) {
        deals_program_draft(&set->program, set->entries[page], values, 1,
                            content, &d);
    }

    return deals_drafter_end(&d);
}
