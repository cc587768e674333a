/*
 * template_unit.c - the compiler's units, one a file and stack of shapes, and
 * the program that they become.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "view/template_compile.h"

enum {
    UNITS_MAX = 4000,
    OPS_MAX = 1 << 20
};


deals_compiler *
deals_compiler_new(deals_arena *arena, deals_source *sources, size_t nsources)
{
    deals_compiler  *c;

    c = deals_arena_alloc(arena, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }

    c->arena = arena;
    c->sources = sources;
    c->nsources = nsources;
    c->last = &c->first;

    return c;
}


const deals_error *
deals_compiler_error(const deals_compiler *c)
{
    return c->error ? c->error : &deals_error_no_memory;
}


int
deals_compiler_no_memory(deals_compiler *c)
{
    return deals_error_oom(&c->error);
}


/* An error in the unit under way; says how the file came to be there. */
int
deals_compiler_fail(deals_compiler *c, unsigned line, const char *message)
{
    deals_buf          buf = { 0 };
    deals_str          text;
    const deals_unit  *u;

    if (message == NULL) {
        return deals_compiler_no_memory(c);
    }

    deals_buf_c(&buf, message);

    for (u = c->unit; u->includer; u = u->includer) {
        deals_buf_printf(&buf, "%s%s:%u",
                         u == c->unit ? " (included by " : ", ",
                         u->includer->source->shown, u->line);
    }

    deals_buf_c(&buf, c->unit->includer ? ")" : "");

    text = deals_arena_take(c->arena, &buf);
    if (text.data == NULL) {
        return deals_compiler_no_memory(c);
    }

    return deals_template_error(c->arena, &c->error, c->unit->source, line,
                                "%s", text.data);
}


int
deals_compiler_fail_html(deals_compiler *c)
{
    return deals_compiler_fail(c, c->html.line, c->html.message);
}


/* -- units ---------------------------------------------------------------- */

deals_source *
deals_compiler_source(deals_compiler *c, const char *file)
{
    size_t  i;

    for (i = 0; i < c->nsources; i++) {
        if (strcmp(c->sources[i].file, file) == 0) {
            return &c->sources[i];
        }
    }

    return NULL;
}


static int
same_stack(const deals_unit *u, const deals_scope *scopes, unsigned nscopes)
{
    unsigned  i;

    if (u->nargs != nscopes) {
        return 0;
    }

    for (i = 0; i < nscopes; i++) {
        if (u->scopes[i].shape != scopes[i].shape
            || u->scopes[i].type != scopes[i].type)
        {
            return 0;
        }
    }

    return 1;
}


/* The unit for a file and a stack, made if there is none. NULL without an
 * error: too many. */
deals_unit *
deals_compiler_unit(deals_compiler *c, deals_source *source,
    const deals_scope *scopes, unsigned nscopes, int foreign,
    const char *content, const deals_shape *content_shape)
{
    unsigned     i;
    deals_unit  *u;

    for (u = c->first; u; u = u->next) {
        if (u->source == source && u->foreign == foreign
            && u->content == content && same_stack(u, scopes, nscopes))
        {
            return u;
        }
    }

    if (c->nunits == UNITS_MAX) {
        return NULL;
    }

    u = deals_arena_alloc(c->arena, sizeof(*u));
    if (u == NULL) {
        deals_compiler_no_memory(c);
        return NULL;
    }

    u->source = source;
    u->foreign = foreign;
    u->content = content;
    u->content_shape = content_shape;
    u->nscopes = nscopes;
    u->nargs = nscopes;
    u->index = c->nunits++;

    for (i = 0; i < nscopes; i++) {
        u->scopes[i] = scopes[i];
        u->scopes[i].slot = i;
    }

    *c->last = u;
    c->last = &u->next;
    source->used = 1;

    return u;
}


int
deals_compiler_add(deals_compiler *c, const char *file,
    const deals_shape *const *shapes, unsigned nshapes, const char *content,
    const deals_shape *content_shape)
{
    unsigned       i;
    deals_unit    *u;
    deals_scope    scopes[DEALS_TEMPLATE_SCOPES] = { 0 };
    deals_source  *source = deals_compiler_source(c, file);

    if (source == NULL) {
        c->error = deals_error_make(c->arena, DEALS_INVALID, NULL,
                       "%s:1: the file is missing: every page needs it", file);
        return -1;
    }

    for (i = 0; i < nshapes && i < DEALS_TEMPLATE_SCOPES; i++) {
        scopes[i].shape = shapes[i];
    }

    u = deals_compiler_unit(c, source, scopes, i, 0, content, content_shape);

    return u ? (int) u->index : -1;
}


/* -- the program ---------------------------------------------------------- */

deals_op *
deals_compiler_op(deals_compiler *c, deals_op_code code)
{
    deals_op  *grown;

    if (c->nops == OPS_MAX) {
        deals_compiler_fail(c, 1, "all pages together are too large");
        return NULL;
    }

    if (c->nops == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 512;
        grown = deals_arena_array(c->arena, c->cap, sizeof(deals_op));
        if (grown == NULL) {
            deals_compiler_no_memory(c);
            return NULL;
        }

        if (c->nops) {
            memcpy(grown, c->ops, c->nops * sizeof(deals_op));
        }

        c->ops = grown;
    }

    c->ops[c->nops].code = (uint8_t) code;

    return &c->ops[c->nops++];
}


static int
check_layout(deals_compiler *c)
{
    size_t               i;
    const deals_source  *source = c->unit->source;

    for (i = 0; i < source->ntokens; i++) {
        if (source->tokens[i].type == DEALS_TOKEN_PARTIAL
            && deals_str_is(source->tokens[i].text, "content"))
        {
            return 0;
        }
    }

    return deals_compiler_fail(c, 1, "{{>content}} is missing: the page "
                                     "stands where it is");
}


static int
compile_unit(deals_compiler *c, deals_unit *u)
{
    deals_source       *source = u->source;
    const deals_error  *error = NULL;

    c->unit = u;

    if (source->tokens == NULL
        && deals_template_scan(c->arena, source, &error) != 0)
    {
        c->error = error;
        return -1;
    }

    if (u->content && check_layout(c) != 0) {
        return -1;
    }

    c->deeper = 0;
    u->begin = c->nops;
    deals_html_start(&c->html, u->foreign);

    if (deals_compiler_tokens(c, 0, source->ntokens) != 0) {
        return -1;
    }

    if (deals_html_end(&c->html) != 0) {
        return deals_compiler_fail_html(c);
    }

    u->end = c->nops;

    return 0;
}


/* NOLINTBEGIN(misc-no-recursion): no deeper than there are files */
/* Partials that include each other for ever. */
static int
check_circles(deals_compiler *c, deals_unit *u)
{
    const deals_call_edge  *edge;

    u->state = 1;

    for (edge = u->calls; edge; edge = edge->next) {
        if (edge->to->state == 1) {
            c->unit = u;
            return deals_compiler_fail(c, edge->line,
                       deals_arena_printf(c->arena, "{{>%.*s}} comes to itself "
                           "again, without end: write it in a section that "
                           "goes deeper, {{#list}}{{>%.*s}}{{/list}}",
                           DEALS_FMT(edge->name), DEALS_FMT(edge->name)));
        }

        if (edge->to->state == 0 && check_circles(c, edge->to) != 0) {
            return -1;
        }
    }

    u->state = 2;

    return 0;
}
/* NOLINTEND(misc-no-recursion) */


int
deals_compiler_run(deals_compiler *c, deals_program *program)
{
    deals_unit      *u;
    deals_function  *functions;

    for (u = c->first; u; u = u->next) {
        if (compile_unit(c, u) != 0) {
            return -1;
        }
    }

    for (u = c->first; u; u = u->next) {
        if (u->state == 0 && check_circles(c, u) != 0) {
            return -1;
        }
    }

    functions = deals_arena_array(c->arena, c->nunits ? c->nunits : 1,
                                  sizeof(deals_function));
    if (functions == NULL) {
        return deals_compiler_no_memory(c);
    }

    for (u = c->first; u; u = u->next) {
        functions[u->index].begin = u->begin;
        functions[u->index].end = u->end;
    }

    program->ops = c->ops;
    program->functions = functions;

    return 0;
}
