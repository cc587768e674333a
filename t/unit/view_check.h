/*
 * What the tests of the view share: files, JSON data, and a strict tokenizer
 * that says whether HTML holds anything but what it may.
 */

#ifndef DEALS_T_VIEW_CHECK_H
#define DEALS_T_VIEW_CHECK_H

#include "base_check.h"

#include <stdio.h>
#include <unistd.h>

#include <deals/view.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

/* A file of the shared test data; absent if it is not there. */
static inline deals_str
shared_file(const char *name)
{
    FILE        *f;
    char        *path, block[65536];
    size_t       n;
    deals_buf    buf = { 0 };
    const char  *dir = getenv("DEALS_SHARED");

    path = deals_arena_printf(arena, "%s/data/%s", dir ? dir : "../shared",
                              name);
    f = fopen(path, "rb");

    if (f == NULL) {
        /* cmocka's own skip() counts as a failure to prove */
        print_message("# skipped: %s is not there: set DEALS_SHARED\n", path);
        return DEALS_NONE;
    }

    while ((n = fread(block, 1, sizeof(block), f)) > 0) {
        deals_buf_add(&buf, block, n);
    }

    fclose(f);

    return deals_arena_take(arena, &buf);
}


/* The same as JSON; NULL: the test is over. */
static inline const deals_json *
shared_json(const char *name)
{
    deals_str           text = shared_file(name);
    const deals_json   *json;
    const deals_error  *error = NULL;

    if (text.data == NULL) {
        return NULL;
    }

    json = deals_json_read(arena, text, &error);
    assert_non_null(json);

    return json;
}


static inline deals_str
json_text(const deals_json *object, const char *name)
{
    const deals_json  *json = deals_json_get(object, name);

    return json && json->type == DEALS_JSON_STRING ? json->string : DEALS_NONE;
}


/* -- HTML that holds nothing active --------------------------------------- */

typedef struct {
    const char  *tag;
    const char  *attributes;        /* " href title " */
} allowed_tag;

typedef struct {
    const allowed_tag  *tags;
    const char         *problem;    /* NULL: none */
    size_t              at;
} html_check;


static inline const allowed_tag *
find_tag(const html_check *c, deals_str name)
{
    const allowed_tag  *t;

    for (t = c->tags; t->tag; t++) {
        if (deals_str_is(name, t->tag)) {
            return t;
        }
    }

    return NULL;
}


static inline int
problem(html_check *c, const char *what, size_t at)
{
    if (c->problem == NULL) {
        c->problem = what;
        c->at = at;
    }

    return -1;
}


/* Does an address run nothing? As browsers see it: white space and controls
 * dropped, a scheme is letters, digits and +-. before a colon. A character
 * reference before that could be the colon; only those of & and ' are not. */
static inline int
safe_address(deals_str value)
{
    char    clean[4096];
    size_t  i, n = 0;

    for (i = 0; i < value.len && n < sizeof(clean) - 1; i++) {
        if ((unsigned char) value.data[i] > 0x20) {
            clean[n++] = deals_lower(value.data[i]);
        }
    }

    clean[n] = '\0';
    i = strspn(clean, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    if (clean[i] == '&') {
        return strncmp(clean + i, "&amp;", 5) == 0
               || strncmp(clean + i, "&#x27;", 6) == 0
               || strncmp(clean + i, "&#39;", 5) == 0;
    }

    return clean[i] != ':' || clean[0] < 'a' || clean[0] > 'z'
           || strncmp(clean, "http:", 5) == 0
           || strncmp(clean, "https:", 6) == 0
           || strncmp(clean, "mailto:", 7) == 0
           || strncmp(clean, "otpauth://totp/", 15) == 0;
}


/* One attribute: name="value" with nothing in the value that could end it.
 * Moves *i behind it. */
static inline int
check_attribute(html_check *c, deals_str html, size_t *i,
    const allowed_tag *tag)
{
    char       wanted[64];
    size_t     from = *i, end;
    deals_str  name, value;

    while (*i < html.len && (deals_is_alnum((unsigned char) html.data[*i])
                             || html.data[*i] == '-'))
    {
        (*i)++;
    }

    name = deals_str_sub(html, from, *i - from);
    snprintf(wanted, sizeof(wanted), " %.*s ", (int) name.len, name.data);

    if (name.len == 0 || strstr(tag->attributes, wanted) == NULL) {
        return problem(c, "an attribute that is not allowed", from);
    }

    if (*i + 1 >= html.len || html.data[*i] != '=') {
        return strstr(tag->attributes, "!") ? 0
               : problem(c, "an attribute without a value", from);
    }

    if (html.data[*i + 1] != '"') {
        return problem(c, "an unquoted value", from);
    }

    *i += 2;
    end = *i;

    while (end < html.len && html.data[end] != '"') {
        if (html.data[end] == '<' || html.data[end] == '>') {
            return problem(c, "a < or > in a value", end);
        }
        end++;
    }

    if (end == html.len) {
        return problem(c, "a value without end", from);
    }

    value = deals_str_sub(html, *i, end - *i);
    *i = end + 1;

    if ((deals_str_is(name, "href") || deals_str_is(name, "src")
         || deals_str_is(name, "action")) && !safe_address(value))
    {
        return problem(c, "an address that may run", from);
    }

    return 0;
}


static inline int
check_tag(html_check *c, deals_str html, size_t *i)
{
    int                 closing;
    size_t              from = *i, name_at;
    const allowed_tag  *tag;

    (*i)++;
    closing = *i < html.len && html.data[*i] == '/';
    *i += (size_t) closing;
    name_at = *i;

    while (*i < html.len && deals_is_alnum((unsigned char) html.data[*i])) {
        (*i)++;
    }

    tag = find_tag(c, deals_str_sub(html, name_at, *i - name_at));
    if (tag == NULL) {
        return problem(c, "a tag that is not allowed", from);
    }

    for ( ;; ) {
        size_t  spaces = 0;

        while (*i < html.len && deals_is_space((unsigned char) html.data[*i])) {
            (*i)++;
            spaces++;
        }

        if (*i < html.len && html.data[*i] == '/') {
            (*i)++;
        }

        if (*i == html.len) {
            return problem(c, "a tag without end", from);
        }

        if (html.data[*i] == '>') {
            (*i)++;
            return 0;
        }

        if (closing || spaces == 0
            || check_attribute(c, html, i, tag) != 0)
        {
            return problem(c, "a malformed tag", from);
        }
    }
}


/* Fails the test unless `html` is text and tags of the list. */
static inline void
assert_harmless(deals_str html, const allowed_tag *tags, const char *source)
{
    size_t      i = 0;
    html_check  c = { tags, NULL, 0 };

    while (i < html.len && c.problem == NULL) {
        if (html.data[i] == '<') {
            check_tag(&c, html, &i);
        } else {
            i++;
        }
    }

    if (c.problem) {
        fail_msg("%s at byte %zu of\n%.*s\nmade from\n%s", c.problem, c.at,
                 (int) html.len, html.data, source);
    }
}

#endif /* DEALS_T_VIEW_CHECK_H */
