/*
 * template_compile.c - from the tokens of one file to ops: literals, values,
 * sections, partials.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "view/template_compile.h"


static int
resolve(deals_compiler *c, const deals_token *token, deals_name *name)
{
    const char  *message;
    const deals_unit  *u = c->unit;

    if (deals_template_name(c->arena, u->scopes, u->nscopes, token->text, name,
                            &message) != 0)
    {
        return deals_compiler_fail(c, token->line, message);
    }

    return 0;
}


static deals_viewer_use
viewer_use(const deals_name *name)
{
    if (name->field == NULL) {
        return DEALS_VIEWER_DOT;
    }

    if (name->viewers == 0) {
        return DEALS_VIEWER_NO;
    }

    return name->viewers == 1 && (name->field->flags & DEALS_VIEWER)
           && name->type != DEALS_OBJECT && name->type != DEALS_LIST
           ? DEALS_VIEWER_FIELD : DEALS_VIEWER_OTHER;
}


static void
set_name(const deals_compiler *c, deals_op *op, const deals_name *name)
{
    op->type = (uint8_t) name->type;
    op->viewer = viewer_use(name);
    op->shape = op->viewer == DEALS_VIEWER_FIELD ? name->owner : name->shape;
    op->from = (uint8_t) c->unit->scopes[name->scope].slot;
    op->path = name->path;
    op->npath = (uint8_t) name->npath;
}


static int
add_literal(deals_compiler *c, const deals_token *token)
{
    deals_op  *op;

    if (deals_html_feed(&c->html, token->text, token->line) != 0) {
        return deals_compiler_fail_html(c);
    }

    op = deals_compiler_op(c, DEALS_OP_LITERAL);
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
        return deals_compiler_fail(c, token->line,
                   deals_arena_printf(c->arena, "{{%.*s}} is secret and is "
                                      "never shown", DEALS_FMT(token->text)));
    }

    value.name = token->text;
    value.type = name.type;
    value.is_prefix = name.scope == 0 && deals_str_is(token->text, "prefix");
    value.is_origin = name.scope == 0 && deals_str_is(token->text, "origin");

    c->html.line = token->line;
    if (deals_html_place(&c->html, &value, &escape) != 0) {
        return deals_compiler_fail_html(c);
    }

    op = deals_compiler_op(c, DEALS_OP_VALUE);
    if (op == NULL) {
        return -1;
    }

    set_name(c, op, &name);
    op->escape = (uint8_t) escape;

    return 0;
}


/* -- sections ------------------------------------------------------------- */

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
    deals_unit         *u = c->unit;
    deals_scope  *scope;

    if (u->nscopes == DEALS_TEMPLATE_SCOPES) {
        return deals_compiler_fail(c, token->line,
                   "too many sections inside of each other");
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
is_else(const deals_unit *u, size_t index)
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


/* Whether a section goes from what was there when the unit began to a part of
 * it: only so can a partial in it include itself and come to an end. */
static int
goes_deeper(const deals_unit *u, const deals_name *name, deals_op_code code)
{
    return (code == DEALS_OP_EACH || name->type == DEALS_OBJECT)
           && (name->scope + 1 >= u->nargs
               || name->shape == u->scopes[name->scope].shape);
}


/* NOLINTBEGIN(misc-no-recursion): the scanner bounds the nesting */
static int
add_section(deals_compiler *c, size_t index)
{
    int                 deeper;
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
    deeper = goes_deeper(c->unit, &name, code);
    c->html.line = token->line;

    if (deals_html_open(&c->html, token->text, code == DEALS_OP_EACH,
                        is_else(c->unit, index), &mark) != 0)
    {
        return deals_compiler_fail_html(c);
    }

    op = deals_compiler_op(c, code);
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

    c->deeper += (unsigned) deeper;

    if (deals_compiler_tokens(c, index + 1, token->match) != 0) {
        return -1;
    }

    c->deeper -= (unsigned) deeper;

    if (code == DEALS_OP_WITH || code == DEALS_OP_EACH) {
        c->unit->nscopes--;
    }

    c->html.line = close->line;
    if (deals_html_close(&c->html, token->text, &mark) != 0) {
        return deals_compiler_fail_html(c);
    }

    c->ops[at].jump = c->nops;

    return 0;
}
/* NOLINTEND(misc-no-recursion) */


/* -- partials ------------------------------------------------------------- */

/* The stack that a partial sees: of each shape the innermost, and a bare value
 * only on top. */
static unsigned
visible(const deals_unit *u, deals_scope *scopes)
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

    return deals_compiler_fail(c, token->line,
                               deals_arena_take(c->arena, &buf).data);
}


/* Finds the file, and adds the content's shape if it is {{>content}}. */
static deals_source *
partial_source(deals_compiler *c, const deals_token *token,
    deals_scope *scopes, unsigned *nscopes)
{
    char          *file;
    deals_unit          *u = c->unit;
    deals_source  *source;

    if (deals_str_is(token->text, "content")) {
        if (u->content == NULL) {
            deals_compiler_fail(c, token->line,
                "{{>content}} stands for the page: only layout.html has it");
            return NULL;
        }

        source = deals_compiler_source(c, u->content);
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
        deals_compiler_no_memory(c);
        return NULL;
    }

    source = deals_compiler_source(c, file);
    if (source == NULL) {
        missing_partial(c, token, file);
    }

    return source;
}


static int
add_edge(deals_compiler *c, const deals_token *token, deals_unit *callee)
{
    deals_call_edge  *edge;

    if (c->deeper > 0) {
        return 0;
    }

    edge = deals_arena_alloc(c->arena, sizeof(*edge));
    if (edge == NULL) {
        return deals_compiler_no_memory(c);
    }

    edge->to = callee;
    edge->name = token->text;
    edge->line = token->line;
    edge->next = c->unit->calls;
    c->unit->calls = edge;

    return 0;
}


static int
add_partial(deals_compiler *c, const deals_token *token)
{
    int            is_content = deals_str_is(token->text, "content");
    deals_unit          *callee;
    uint8_t       *map;
    unsigned       i, n;
    deals_op      *op;
    deals_scope    scopes[DEALS_TEMPLATE_SCOPES + 1] = { 0 };
    deals_source  *source;

    c->html.line = token->line;
    if (deals_html_partial(&c->html, token->text) != 0) {
        return deals_compiler_fail_html(c);
    }

    n = visible(c->unit, scopes);
    source = partial_source(c, token, scopes, &n);
    if (source == NULL) {
        return -1;
    }

    if (n > DEALS_TEMPLATE_SCOPES) {
        return deals_compiler_fail(c, token->line,
                   "too many sections inside of each other");
    }

    map = deals_arena_array(c->arena, n + 1, 1);
    op = deals_compiler_op(c, DEALS_OP_CALL);
    if (map == NULL || op == NULL) {
        return deals_compiler_no_memory(c);
    }

    for (i = 0; i < n; i++) {
        map[i] = (uint8_t) scopes[i].slot;
    }

    if (is_content && c->unit->content_shape) {
        map[n - 1] = DEALS_TEMPLATE_CONTENT;
    }

    op->map = map;
    op->nmap = (uint8_t) n;

    callee = deals_compiler_unit(c, source, scopes, n,
                      deals_html_is_foreign(&c->html), NULL, NULL);
    if (callee == NULL) {
        return c->error ? -1 : deals_compiler_fail(c, token->line,
                   "too many partials inside of each other, each with other "
                   "structs around it");
    }

    if (callee->includer == NULL && !is_content
        && callee->index > c->unit->index)
    {
        callee->includer = c->unit;
        callee->line = token->line;
    }

    op->function = callee->index;

    return add_edge(c, token, callee);
}


/* -- all ------------------------------------------------------------------ */

/* NOLINTBEGIN(misc-no-recursion): the scanner bounds the nesting */
int
deals_compiler_tokens(deals_compiler *c, size_t from, size_t to)
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
/* NOLINTEND(misc-no-recursion) */
