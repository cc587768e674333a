/*
 * view/template_compile.h - the compiler at work.
 *
 * A function is one file compiled for one stack of shapes. What a partial can
 * see of the structs around it is that stack made unique: of the same shape
 * only the innermost can be named, so a comment among the replies of a comment
 * sees the same stack as the first, and recursion ends.
 */

#ifndef DEALS_VIEW_TEMPLATE_COMPILE_H
#define DEALS_VIEW_TEMPLATE_COMPILE_H

#include "view/template_html.h"

typedef struct deals_unit       deals_unit;
typedef struct deals_call_edge  deals_call_edge;

/* A partial that is included with no section around it that goes deeper into
 * the data. A circle of these would never end. */
struct deals_call_edge {
    deals_unit       *to;
    deals_str         name;
    unsigned          line;
    deals_call_edge  *next;
};

/* A function, while it is being compiled. */
struct deals_unit {
    deals_source       *source;
    deals_scope         scopes[DEALS_TEMPLATE_SCOPES];
    unsigned            nscopes;        /* with those of sections under way */
    unsigned            nargs;          /* those that it was asked for */
    int                 foreign;
    const char         *content;        /* what {{>content}} stands for */
    const deals_shape  *content_shape;
    size_t              begin, end;     /* in the program's ops */

    const deals_unit   *includer;       /* of the first that needs it */
    unsigned            line;
    deals_call_edge    *calls;          /* those that go no deeper */
    int                 state;          /* while looking for circles */
    unsigned            index;
    deals_unit         *next;
};

struct deals_compiler {
    deals_arena        *arena;
    deals_source       *sources;
    size_t              nsources;
    const deals_error  *error;

    deals_unit         *first, **last;
    unsigned            nunits;

    deals_op           *ops;
    size_t              nops, cap;

    deals_unit         *unit;           /* under way */
    unsigned            deeper;         /* sections around, that go deeper */
    deals_html          html;
};

/* All return -1 after an error, and say so in compiler->error. */

/* template_unit.c */
int            deals_compiler_no_memory(deals_compiler *c);
int            deals_compiler_fail(deals_compiler *c, unsigned line,
                   const char *message);            /* in the unit under way */
int            deals_compiler_fail_html(deals_compiler *c);
deals_source  *deals_compiler_source(deals_compiler *c, const char *file);
deals_unit    *deals_compiler_unit(deals_compiler *c, deals_source *source,
                   const deals_scope *scopes, unsigned nscopes, int foreign,
                   const char *content, const deals_shape *content_shape);
deals_op      *deals_compiler_op(deals_compiler *c, deals_op_code code);

/* template_compile.c: the tokens of the unit under way. */
int            deals_compiler_tokens(deals_compiler *c, size_t from, size_t to);

#endif /* DEALS_VIEW_TEMPLATE_COMPILE_H */
