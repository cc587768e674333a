/*
 * What the tests of the template compiler share: a few shapes, and compiling
 * sources against them.
 */

#ifndef DEALS_T_VIEW_TEMPLATE_CHECK_H
#define DEALS_T_VIEW_TEMPLATE_CHECK_H

#include "view_check.h"

#include "view/template.h"

typedef struct {
    deals_str  name;
    deals_str  slug;
} shop;

typedef struct thread  thread;

struct thread {
    int64_t       id;
    deals_str     body;
    deals_list    replies;      /* of thread */
    const shop   *shop;
};

typedef struct {
    deals_str     prefix, origin, title, path, empty, absent, secret;
    deals_str     url, evil, html;
    int64_t       count, zero, none;
    double        ratio;
    int64_t       when;
    int           on, off, unknown;
    const shop   *shop, *noshop;
    deals_list    tags, notags, threads;
} site;

#define FIELD(type, name, kind, flags, shape)                                 \
    { #name, kind, flags, offsetof(type, name), shape }

__attribute__((unused)) static const deals_field  shop_fields[] = {
    FIELD(shop, name, DEALS_TEXT, 0, NULL),
    FIELD(shop, slug, DEALS_TEXT, DEALS_PAGE_ONLY, NULL),
};

__attribute__((unused)) static const deals_shape  shop_shape = {
    "shop", sizeof(shop), shop_fields, 2
};

static const deals_shape  thread_shape;

__attribute__((unused)) static const deals_field  thread_fields[] = {
    FIELD(thread, id, DEALS_INT, 0, NULL),
    FIELD(thread, body, DEALS_TEXT, 0, NULL),
    FIELD(thread, replies, DEALS_LIST, DEALS_PAGE_ONLY, &thread_shape),
    FIELD(thread, shop, DEALS_OBJECT, DEALS_NULLABLE, &shop_shape),
};

__attribute__((unused)) static const deals_shape  thread_shape = {
    "thread", sizeof(thread), thread_fields, 4
};

__attribute__((unused)) static const deals_field  site_fields[] = {
    FIELD(site, prefix, DEALS_TEXT, 0, NULL),
    FIELD(site, origin, DEALS_TEXT, 0, NULL),
    FIELD(site, title, DEALS_TEXT, 0, NULL),
    FIELD(site, path, DEALS_TEXT, 0, NULL),
    FIELD(site, empty, DEALS_TEXT, 0, NULL),
    FIELD(site, absent, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(site, secret, DEALS_TEXT, DEALS_SECRET, NULL),
    FIELD(site, url, DEALS_URL, 0, NULL),
    FIELD(site, evil, DEALS_URL, 0, NULL),
    FIELD(site, html, DEALS_HTML, 0, NULL),
    FIELD(site, count, DEALS_INT, 0, NULL),
    FIELD(site, zero, DEALS_INT, 0, NULL),
    FIELD(site, none, DEALS_INT, DEALS_NULLABLE, NULL),
    FIELD(site, ratio, DEALS_FLOAT, 0, NULL),
    FIELD(site, when, DEALS_TIME, 0, NULL),
    FIELD(site, on, DEALS_BOOL, 0, NULL),
    FIELD(site, off, DEALS_BOOL, 0, NULL),
    FIELD(site, unknown, DEALS_BOOL, DEALS_NULLABLE, NULL),
    FIELD(site, shop, DEALS_OBJECT, 0, &shop_shape),
    FIELD(site, noshop, DEALS_OBJECT, DEALS_NULLABLE, &shop_shape),
    FIELD(site, tags, DEALS_LIST, 0, NULL),
    FIELD(site, notags, DEALS_LIST, 0, NULL),
    FIELD(site, threads, DEALS_LIST, 0, &thread_shape),
};

__attribute__((unused)) static const deals_shape  site_shape = {
    "site", sizeof(site), site_fields, sizeof(site_fields)
                                       / sizeof(site_fields[0])
};


typedef struct {
    deals_source       sources[8];
    size_t             n;
    deals_program      program;
    int                entry;
    const deals_error *error;
} compiled;


/* files: name, text, name, text, ..., NULL. The first is the entry. */
__attribute__((unused)) static compiled
compile_all(const char *const *files, const deals_shape *shape,
    const char *content, const deals_shape *content_shape)
{
    compiled         c = { 0 };
    deals_compiler  *compiler;

    for ( ; files[c.n * 2]; c.n++) {
        c.sources[c.n].file = files[c.n * 2];
        c.sources[c.n].shown = files[c.n * 2];
        c.sources[c.n].text = deals_str_of(files[c.n * 2 + 1]);
    }

    compiler = deals_compiler_new(arena, c.sources, c.n);
    assert_non_null(compiler);
    c.entry = deals_compiler_add(compiler, c.sources[0].file, &shape, 1,
                                 content, content_shape);

    if (c.entry < 0 || deals_compiler_run(compiler, &c.program) != 0) {
        c.error = deals_compiler_error(compiler);
    }

    return c;
}


__attribute__((unused)) static char *
run_program(const compiled *c, const void *data, const void *content)
{
    deals_buf    buf = { 0 };
    const void  *values[] = { data };

    deals_program_run(&c->program, (unsigned) c->entry, values, 1, content,
                      &buf);
    deals_buf_char(&buf, '\0');
    assert_false(buf.failed);

    return (char *) (uintptr_t) deals_arena_take(arena, &buf).data;
}


__attribute__((unused)) static void
assert_message(const compiled *c, const char *text, const char *message)
{
    if (c->error == NULL) {
        fail_msg("accepted: %s", text);
    }

    assert_int_equal(c->error->code, DEALS_INVALID);

    if (strcmp(c->error->message.data, message) != 0) {
        fail_msg("%s\nis refused with\n%s\nand not with\n%s", text,
                 c->error->message.data, message);
    }
}

#endif /* DEALS_T_VIEW_TEMPLATE_CHECK_H */
