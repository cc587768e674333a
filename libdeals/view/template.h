/*
 * view/template.h - the template compiler, inside.
 *
 *     template_scan.c     a file -> literals and Mustache tags
 *     template_html.c     where in the HTML a tag stands: byte by byte,
 *     template_element.c  the elements around it
 *     template_place.c    what may stand there, and how it is escaped
 *     template_url.c      the same in addresses
 *     template_section.c  the same for sections and partials
 *     template_names.c    names -> fields of the shapes around them
 *     template_unit.c     files and shapes -> units of a program
 *     template_compile.c  a unit -> ops
 *     template_render.c   a program and structs -> bytes
 *     templates.c         the set of all pages (deals/view.h)
 *
 * Everything that a program needs lies in the arena that it was compiled in.
 */

#ifndef DEALS_VIEW_TEMPLATE_H
#define DEALS_VIEW_TEMPLATE_H

#include <deals/types.h>

#include "view/draft.h"

enum {
    DEALS_TEMPLATE_SCOPES = 24,     /* structs around a name */
    DEALS_TEMPLATE_CONTENT = 24,    /* the slot of {{>content}}'s struct */
    DEALS_TEMPLATE_SLOTS = 25,
    DEALS_TEMPLATE_CALLS = 400,     /* partials inside of each other, when
                                       rendered; deeper ones are left out */
    DEALS_TEMPLATE_TOTAL = 20000,   /* partials in one rendering */
    DEALS_TEMPLATE_MAX = 1 << 20    /* bytes of a file */
};


/* -- files and their tags -------------------------------------------------- */

typedef enum {
    DEALS_TOKEN_TEXT = 0,
    DEALS_TOKEN_VALUE,              /* {{name}} */
    DEALS_TOKEN_SECTION,            /* {{#name}} */
    DEALS_TOKEN_INVERTED,           /* {{^name}} */
    DEALS_TOKEN_CLOSE,              /* {{/name}} */
    DEALS_TOKEN_PARTIAL             /* {{>name}} */
} deals_token_type;

typedef struct {
    deals_token_type  type;
    deals_str         text;         /* the literal, or the name */
    unsigned          line;         /* of its first byte */
    size_t            match;        /* of a section: the token that closes it */
} deals_token;

typedef struct {
    const char   *file;             /* "hot.html": what {{>hot}} names */
    const char   *shown;            /* in messages: "/etc/deals/hot.html" */
    deals_str     text;             /* lives as long as the program */
    int           own;              /* from the operator's directory */
    int           used;             /* some page needs it */
    deals_token  *tokens;           /* once scanned */
    size_t        ntokens;
} deals_source;

/* Fills source->tokens (in `arena`). 0, or -1 and *error. */
int  deals_template_scan(deals_arena *arena, deals_source *source,
         const deals_error **error);

/* *error = "SHOWN:LINE: message"; returns -1. */
int  deals_template_error(deals_arena *arena, const deals_error **error,
         const deals_source *source, unsigned line, const char *fmt, ...)
         __attribute__((format(printf, 5, 6)));


/* -- names ---------------------------------------------------------------- */

/* One level of what stands around a tag: a struct, or a bare value that only
 * {{.}} names. */
typedef struct {
    const deals_shape  *shape;      /* NULL: a bare value */
    deals_type          type;       /* of the bare value */
    unsigned            slot;       /* where its address is when rendering */
} deals_scope;

/* What a name leads to. */
typedef struct {
    const deals_field  *field;      /* NULL: {{.}} */
    deals_type          type;
    const deals_shape  *shape;      /* of OBJECT and LIST */
    const deals_shape  *owner;      /* has the field */
    int                 viewers;    /* fields with DEALS_VIEWER on the way */
    unsigned            scope;      /* index of the scope that has it */
    uint32_t           *path;       /* offsets; all but the last are pointers */
    unsigned            npath;
} deals_name;

/* 0, or -1 and a message in `arena` (NULL: out of memory). */
int  deals_template_name(deals_arena *arena, const deals_scope *scopes,
         unsigned nscopes, deals_str text, deals_name *name,
         const char **message);


/* -- programs ------------------------------------------------------------- */

typedef enum {
    DEALS_AS_TEXT = 0,          /* & < > " ' escaped */
    DEALS_AS_WORDS,             /* a time for people to read */
    DEALS_AS_HTML,              /* as it is: HTML of the Markdown renderer */
    DEALS_AS_URL,               /* http, https, mailto or a path; else "#" */
    DEALS_AS_ORIGIN,            /* http, https; else nothing */
    DEALS_AS_PATH,              /* a path; else nothing */
    DEALS_AS_PREFIX,            /* a path or empty; else nothing */
    DEALS_AS_COMPONENT,         /* percent-encoded */
    DEALS_AS_SEGMENT,           /* the same, behind the first "/": "." if empty,
                                   for "//" would begin a host */
    DEALS_AS_JSON               /* a JSON value that may stand in a script */
} deals_escape;

typedef enum {
    DEALS_OP_LITERAL = 0,
    DEALS_OP_VALUE,
    DEALS_OP_IF,                /* falsy: go to `jump` */
    DEALS_OP_UNLESS,            /* truthy: go to `jump` */
    DEALS_OP_WITH,              /* falsy: go to `jump`; else slot = value */
    DEALS_OP_EACH,              /* for each item: slot = item, run to `jump` */
    DEALS_OP_CALL               /* a partial */
} deals_op_code;

/* Whether a value depends on who looks. */
typedef enum {
    DEALS_VIEWER_NO = 0,
    DEALS_VIEWER_FIELD,         /* a plain field with DEALS_VIEWER */
    DEALS_VIEWER_DOT,           /* {{.}}: if that of its section does */
    DEALS_VIEWER_OTHER          /* in a way that no draft can hold */
} deals_viewer_use;

typedef struct {
    uint8_t             code;
    uint8_t             type;       /* deals_type of the value */
    uint8_t             escape;
    uint8_t             from;       /* slot of the struct that has the value */
    uint8_t             slot;
    uint8_t             npath;
    uint8_t             nmap;
    uint8_t             viewer;     /* deals_viewer_use */
    const uint32_t     *path;
    const deals_shape  *shape;      /* of OBJECT and LIST; of a field with
                                       DEALS_VIEWER that of its struct */
    size_t              jump;
    deals_str           text;       /* LITERAL */
    unsigned            function;   /* CALL */
    const uint8_t      *map;        /* CALL: its slot i is our slot map[i] */
} deals_op;

/* One file compiled for one stack of shapes. */
typedef struct {
    size_t  begin, end;             /* in ops */
} deals_function;

typedef struct {
    const deals_op        *ops;
    const deals_function  *functions;
} deals_program;

/* values: the addresses of the structs, outermost first, as many as the entry
 * was compiled for; content: that of {{>content}}. */
void  deals_program_run(const deals_program *program, unsigned entry,
          const void *const *values, unsigned nvalues, const void *content,
          deals_buf *out);

/* The same into a draft: everything in it that depends on who looks becomes a
 * hole. drafter->out gets the rest. */
void  deals_program_draft(const deals_program *program, unsigned entry,
          const void *const *values, unsigned nvalues, const void *content,
          deals_drafter *drafter);


/* -- compiling ------------------------------------------------------------ */

typedef struct deals_compiler  deals_compiler;

/* Both the program and the error are made in `arena`. NULL: out of memory. */
deals_compiler       *deals_compiler_new(deals_arena *arena,
                          deals_source *sources, size_t nsources);

/* Asks for `file` compiled for these shapes, outermost first. If `content` is
 * not NULL then {{>content}} in `file` stands for that file with content_shape
 * innermost. Returns the entry for deals_program_run, or -1. */
int                   deals_compiler_add(deals_compiler *compiler,
                          const char *file, const deals_shape *const *shapes,
                          unsigned nshapes, const char *content,
                          const deals_shape *content_shape);

/* Compiles all that was asked for and what that includes. 0, or -1. */
int                   deals_compiler_run(deals_compiler *compiler,
                          deals_program *program);

/* After -1. Never NULL then. */
const deals_error    *deals_compiler_error(const deals_compiler *compiler);

#endif /* DEALS_VIEW_TEMPLATE_H */
