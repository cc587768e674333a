/*
 * template_compile.c - from files and shapes to a flat program.
 *
 * A function is one file compiled for one stack of shapes. What a partial can
 * see of the structs around it is that stack made unique: of the same shape
 * only the innermost can be named, so a comment among the replies of a comment
 * sees the same stack as the first, and recursion ends.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "view/template_html.h"

enum { FUNCTIONS_MAX = 4000 };

typedef struct unit  unit;

/* A function, while it is being compiled. */
struct unit {
    deals_source       *source;
    deals_scope         scopes[DEALS_TEMPLATE_SCOPES];
    unsigned            nscopes;        /* with those of sections under way */
    unsigned            nargs;          /* those that it was asked for */
    int                 foreign;
    const char         *content;        /* what {{>content}} stands for */
    const deals_shape  *content_shape;
    size_t              begin, end;

    const unit         *includer;       /* of the first that needs it */
    unsigned            line;
    unit               *next;
    unsigned            index;
};

struct deals_compiler {
    deals_arena         *arena;
    deals_source        *sources;
    size_t               nsources;
    const deals_error   *error;

    unit                *first, **last;
    unsigned             nunits;

    deals_op            *ops;
    size_t               nops, cap;

    unit                *unit;          /* under way */
    deals_html           html;
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


static int
no_memory(deals_compiler *c)
{
    return deals_error_oom(&c->error);
}


/* An error in the unit under way; says how the file came to be there. */
static int
fail(deals_compiler *c, unsigned line, const char *message)
{
    const unit  *u = c->unit;
    deals_buf    buf = { 0 };
    deals_str    text;

    if (message == NULL) {
        return no_memory(c);
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
        return no_memory(c);
    }

    return deals_template_error(c->arena, &c->error, c->unit->source, line,
                                "%s", text.data);
}


static int
fail_html(deals_compiler *c)
{
    return fail(c, c->html.line, c->html.message);
}


/* -- units ---------------------------------------------------------------- */

static deals_source *
find_source(deals_compiler *c, const char *file)
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
same_stack(const unit *u, const deals_scope *scopes, unsigned nscopes)
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


/* The unit for a file and a stack, made if there is none. */
static unit *
get_unit(deals_compiler *c, deals_source *source, const deals_scope *scopes,
    unsigned nscopes, int foreign, const char *content,
    const deals_shape *content_shape)
{
    unit      *u;
    unsigned   i;

    for (u = c->first; u; u = u->next) {
        if (u->source == source && u->foreign == foreign
            && u->content == content && same_stack(u, scopes, nscopes))
        {
            return u;
        }
    }

    u = c->nunits < FUNCTIONS_MAX ? deals_arena_alloc(c->arena, sizeof(*u))
                                  : NULL;
    if (u == NULL) {
        no_memory(c);
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
    unit          *u;
    unsigned       i;
    deals_scope    scopes[DEALS_TEMPLATE_SCOPES] = { 0 };
    deals_source  *source = find_source(c, file);

    if (source == NULL) {
        c->error = deals_error_make(c->arena, DEALS_INVALID, NULL,
                       "%s:1: the file is missing: every page needs it", file);
        return -1;
    }

    for (i = 0; i < nshapes && i < DEALS_TEMPLATE_SCOPES; i++) {
        scopes[i].shape = shapes[i];
    }

    u = get_unit(c, source, scopes, i, 0, content, content_shape);

    return u ? (int) u->index : -1;
}


/* -- ops ------------------------------------------------------------------ */

static deals_op *
add_op(deals_compiler *c, deals_op_code code)
{
    deals_op  *grown;

    if (c->nops == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 512;
        grown = deals_arena_array(c->arena, c->cap, sizeof(deals_op));
        if (grown == NULL) {
            no_memory(c);
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
resolve(deals_compiler *c, const deals_token *token, deals_name *name)
{
    const char  *message;
    const unit  *u = c->unit;

    if (deals_template_name(c->arena, u->scopes, u->nscopes, token->text, name,
                            &message) != 0)
    {
        return fail(c, token->line, message);
    }

    return 0;
}


static void
set_name(const deals_compiler *c, deals_op *op, const deals_name *name)
{
    op->type = (uint8_t) name->type;
    op->shape = name->shape;
    op->from = (uint8_t) c->unit->scopes[name->scope].slot;
    op->path = name->path;
    op->npath = (uint8_t) name->npath;
}


static int
add_literal(deals_compiler *c, const deals_token *token)
{
    deals_op  *op;

    if (deals_html_feed(&c->html, token->text, token->line) != 0) {
        return fail_html(c);
    }

    op = add_op(c, DEALS_OP_LITERAL);
    if (op == NULL) {
        return -1;
    }

    op->text = token->text;

    return 0;
}


static int
add_value(deals_compiler *c, const deals_token *token)
{
    deals_op          *op;
    deals_name         name;
    deals_escape       escape;
    deals_html_value   value;

    if (resolve(c, token, &name) != 0) {
        return -1;
    }

    if (name.field && (name.field->flags & DEALS_SECRET)) {
        return fail(c, token->line, deals_arena_printf(c->arena, "{{%.*s}} is "
                        "secret and is never shown", DEALS_FMT(token->text)));
    }

    value.name = token->text;
    value.type = name.type;
    value.is_prefix = name.scope == 0 && deals_str_is(token->text, "prefix");
    value.is_origin = name.scope == 0 && deals_str_is(token->text, "origin");

    c->html.line = token->line;
    if (deals_html_place(&c->html, &value, &escape) != 0) {
        return fail_html(c);
    }

    op = add_op(c, DEALS_OP_VALUE);
    if (op == NULL) {
        return -1;
    }

    set_name(c, op, &name);
    op->escape = (uint8_t) escape;

    return 0;
}


/* -- sections ------------------------------------------------------------- */

static int  compile_range(deals_compiler *c, size_t from, size_t to);


/* What {{#name}} makes of its body: a loop, another innermost struct or value,
 * or a plain condition. */
static deals_op_code
section_code(const deals_token *token, const deals_name *name)
{
    if (token->type == DEALS_TOKEN_INVERTED) {
        return DEALS_OP_UNLESS;
    }

    return name->type == DEALS_LIST ? DEALS_OP_EACH
           : name->type == DEALS_BOOL || name->field == NULL ? DEALS_OP_IF
           : DEALS_OP_WITH;
}


static int
push_scope(deals_compiler *c, const deals_token *token, const deals_name *name)
{
    unit         *u = c->unit;
    deals_scope  *scope;

    if (u->nscopes == DEALS_TEMPLATE_SCOPES) {
        return fail(c, token->line, "too many sections inside of each other");
    }

    scope = &u->scopes[u->nscopes];
    scope->slot = u->nscopes;
    scope->shape = name->shape;
    scope->type = name->shape ? 0
                  : name->type == DEALS_LIST ? DEALS_TEXT : name->type;
    u->nscopes++;

    return 0;
}


/* {{#x}}..{{/x}}{{^x}}: exactly one of the two is there. */
static int
is_else(const unit *u, size_t index)
{
    size_t              i;
    const deals_token  *tokens = u->source->tokens;

    if (index == 0 || tokens[index - 1].type != DEALS_TOKEN_CLOSE
        || !deals_str_eq(tokens[index - 1].text, tokens[index].text))
    {
        return 0;
    }

    for (i = index - 1; tokens[i].match != index - 1; i--) {
        /* void */
    }

    return tokens[i].type != tokens[index].type;
}


static int
add_section(deals_compiler *c, size_t index)
{
    size_t              at = c->nops;
    deals_op           *op;
    deals_name          name;
    deals_op_code       code;
    deals_html_mark     mark;
    const deals_token  *token = &c->unit->source->tokens[index];
    const deals_token  *close = &c->unit->source->tokens[token->match];

    if (resolve(c, token, &name) != 0) {
        return -1;
    }

    code = section_code(token, &name);
    c->html.line = token->line;

    if (deals_html_open(&c->html, token->text, code == DEALS_OP_EACH,
                        is_else(c->unit, index), &mark) != 0)
    {
        return fail_html(c);
    }

    op = add_op(c, code);
    if (op == NULL) {
        return -1;
    }

    set_name(c, op, &name);

    if (code == DEALS_OP_WITH || code == DEALS_OP_EACH) {
        op->slot = (uint8_t) c->unit->nscopes;
        if (push_scope(c, token, &name) != 0) {
            return -1;
        }
    }

    if (compile_range(c, index + 1, token->match) != 0) {
        return -1;
    }

    if (code == DEALS_OP_WITH || code == DEALS_OP_EACH) {
        c->unit->nscopes--;
    }

    c->html.line = close->line;
    if (deals_html_close(&c->html, token->text, &mark) != 0) {
        return fail_html(c);
    }

    c->ops[at].jump = c->nops;

    return 0;
}


/* -- partials ------------------------------------------------------------- */

/* The stack that a partial sees: of each shape the innermost, and a bare value
 * only on top. */
static unsigned
visible(const unit *u, deals_scope *scopes)
{
    unsigned            i, k, n = 0;
    const deals_scope  *s;

    for (i = 0; i < u->nscopes; i++) {
        s = &u->scopes[i];

        if (s->shape == NULL && i + 1 < u->nscopes) {
            continue;
        }

        for (k = i + 1; k < u->nscopes && u->scopes[k].shape != s->shape; k++) {
            /* void */
        }

        if (s->shape == NULL || k == u->nscopes) {
            scopes[n++] = *s;
        }
    }

    return n;
}


static int
missing_partial(deals_compiler *c, const deals_token *token, const char *file)
{
    size_t     i;
    deals_buf  buf = { 0 };

    deals_buf_printf(&buf, "{{>%.*s}} needs the file %s, which is missing; "
                     "there are", DEALS_FMT(token->text), file);

    for (i = 0; i < c->nsources; i++) {
        deals_buf_printf(&buf, "%s %s", i ? "," : "", c->sources[i].file);
    }

    return fail(c, token->line, deals_arena_take(c->arena, &buf).data);
}


/* Finds the file, and adds the content's shape if it is {{>content}}. */
static deals_source *
partial_source(deals_compiler *c, const deals_token *token,
    deals_scope *scopes, unsigned *nscopes)
{
    char          *file;
    unit          *u = c->unit;
    deals_source  *source;

    if (deals_str_is(token->text, "content")) {
        if (u->content == NULL) {
            fail(c, token->line, "{{>content}} stands for the page: only "
                 "layout.html has it");
            return NULL;
        }

        source = find_source(c, u->content);
        if (source == NULL) {
            missing_partial(c, token, u->content);
        } else if (u->content_shape) {
            scopes[*nscopes] = (deals_scope) { u->content_shape, 0, 0 };
            (*nscopes)++;
        }

        return source;
    }

    file = deals_arena_printf(c->arena, "%.*s.html", DEALS_FMT(token->text));
    if (file == NULL) {
        no_memory(c);
        return NULL;
    }

    source = find_source(c, file);
    if (source == NULL) {
        missing_partial(c, token, file);
    }

    return source;
}


static int
add_partial(deals_compiler *c, const deals_token *token)
{
    int            is_content = deals_str_is(token->text, "content");
    unit          *callee;
    uint8_t       *map;
    unsigned       i, n;
    deals_op      *op;
    deals_scope    scopes[DEALS_TEMPLATE_SCOPES + 1] = { 0 };
    deals_source  *source;

    c->html.line = token->line;
    if (deals_html_partial(&c->html, token->text) != 0) {
        return fail_html(c);
    }

    n = visible(c->unit, scopes);
    source = partial_source(c, token, scopes, &n);
    if (source == NULL) {
        return -1;
    }

    if (n > DEALS_TEMPLATE_SCOPES) {
        return fail(c, token->line, "too many sections inside of each other");
    }

    map = deals_arena_array(c->arena, n + 1, 1);
    op = add_op(c, DEALS_OP_CALL);
    if (map == NULL || op == NULL) {
        return no_memory(c);
    }

    for (i = 0; i < n; i++) {
        map[i] = (uint8_t) scopes[i].slot;
    }

    if (is_content && c->unit->content_shape) {
        map[n - 1] = DEALS_TEMPLATE_CONTENT;
    }

    op->map = map;
    op->nmap = (uint8_t) n;

    callee = get_unit(c, source, scopes, n,
                      deals_html_is_foreign(&c->html), NULL, NULL);
    if (callee == NULL) {
        return -1;
    }

    if (callee->includer == NULL && !is_content
        && callee->index > c->unit->index)
    {
        callee->includer = c->unit;
        callee->line = token->line;
    }

    op->function = callee->index;

    return 0;
}


/* -- all ------------------------------------------------------------------ */

static int
compile_range(deals_compiler *c, size_t from, size_t to)
{
    int                 rc = 0;
    size_t              i;
    const deals_token  *token;

    for (i = from; i < to && rc == 0; i++) {
        token = &c->unit->source->tokens[i];

        switch (token->type) {

        case DEALS_TOKEN_TEXT:
            rc = add_literal(c, token);
            break;

        case DEALS_TOKEN_VALUE:
            rc = add_value(c, token);
            break;

        case DEALS_TOKEN_SECTION:
        case DEALS_TOKEN_INVERTED:
            rc = add_section(c, i);
            i = token->match;
            break;

        case DEALS_TOKEN_PARTIAL:
            rc = add_partial(c, token);
            break;

        default:
            break;
        }
    }

    return rc;
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

    return fail(c, 1, "{{>content}} is missing: the page stands where it is");
}


static int
compile_unit(deals_compiler *c, unit *u)
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

    u->begin = c->nops;
    deals_html_start(&c->html, u->foreign);

    if (compile_range(c, 0, source->ntokens) != 0) {
        return -1;
    }

    if (deals_html_end(&c->html) != 0) {
        return fail_html(c);
    }

    u->end = c->nops;

    return 0;
}


int
deals_compiler_run(deals_compiler *c, deals_program *program)
{
    unit            *u;
    deals_function  *functions;

    for (u = c->first; u; u = u->next) {
        if (compile_unit(c, u) != 0) {
            return -1;
        }
    }

    functions = deals_arena_array(c->arena, c->nunits ? c->nunits : 1,
                                  sizeof(deals_function));
    if (functions == NULL) {
        return no_memory(c);
    }

    for (u = c->first; u; u = u->next) {
        functions[u->index].begin = u->begin;
        functions[u->index].end = u->end;
    }

    program->ops = c->ops;
    program->functions = functions;

    return 0;
}
