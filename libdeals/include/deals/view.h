/*
 * deals/view.h - rows become bytes: JSON, HTML from checked templates, and HTML
 * from Markdown. Pure: no clock, no socket, no files but those that
 * deals_templates_load is told to read.
 */

#ifndef DEALS_VIEW_H
#define DEALS_VIEW_H

#include <deals/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Appends `row` as one JSON object, field by field in the shape's order,
 * without PAGE_ONLY fields. Text that is not valid UTF-8 is a defect of the
 * caller. */
DEALS_API void  deals_json_write(deals_buf *out, const deals_shape *shape,
                    const void *row);
/* Appends a JSON string with quotes. */
DEALS_API void  deals_json_string(deals_buf *out, deals_str text);
/* An RFC 9457 problem with all of the error's fields. */
DEALS_API void  deals_json_problem(deals_buf *out, const deals_error *error);

/* Appends text with & < > " ' escaped. */
DEALS_API void  deals_html_escape(deals_buf *out, deals_str text);

/* Markdown (cmark-gfm: tables, strikethrough, autolinks) to safe HTML; raw HTML
 * is shown as text; links are http, https or mailto and rel="nofollow ugc
 * noopener". 0, or -1 out of memory, or -2: this text takes too much of it (a
 * table of thousands of cells that are not written). Any thread may call it;
 * they take turns. */
DEALS_API int   deals_markdown(deals_str markdown, deals_buf *out);
/* Stored beside rendered HTML: rises when the renderer's output changes. */
#define DEALS_MARKDOWN_VERSION  1


/*
 * Templates: Mustache, checked against the shapes of deals/pages.h when they
 * are loaded. A set is immutable and may be shared by threads.
 *
 *     {{name}} {{a.b}}           a value, escaped for its place; {{.}} the item
 *                                of a list of texts, or its section's value
 *     {{#name}}..{{/name}}       once for each item of a list; else if there is
 *                                something: not absent, false, 0 or ""
 *     {{^name}}..{{/name}}       if there is not
 *     {{>name}}                  the file name.html, in text only; in
 *                                layout.html {{>content}} is the page
 *     {{! comment }}
 *
 * Names are looked up innermost first. BOOL shows as true or false, TIME in text
 * as "31 January 2026, 12:00 UTC", elsewhere as RFC 3339. A tag that stands
 * alone on its line takes the line with it; the indentation of a partial is not
 * repeated. Where a value may stand:
 *
 *     in text; HTML fields only there, outside of <p> and the like
 *     in a quoted value of: abbr alt class content datetime dir for form
 *         headers hreflang id label lang list max min name placeholder title
 *         value, data-*, aria-*
 *     INT and FLOAT also in those that take numbers (width, cx, rows ...)
 *     in an address (action cite formaction href poster src): alone, written
 *         if it is http, https, mailto or a path, else as "#"; or behind a
 *         literal with / ? or #, percent-encoded. {{prefix}}/ and {{origin}}
 *         begin one. What <script>, <iframe>, <link> load is no value alone.
 *     in <script type="application/ld+json">: a JSON value, with its quotes
 *
 * Sections stand in text, in those values, and between attributes, around whole
 * ones. Files, partials and sections close every element that they open.
 */
typedef struct deals_templates  deals_templates;

typedef struct {
    const char  *name;          /* "hot.html" */
    deals_str    text;
} deals_file;

/* Compiles every page of deals/pages.h from `builtin` (nbuiltin files), each
 * overridden by a file of the same name in `dir` (NULL: none). Returns NULL and
 * *error (in `arena`; its message starts with FILE:LINE and says what to write
 * instead). A file in dir that no page uses is an error too. */
DEALS_API deals_templates  *deals_templates_load(const deals_file *builtin,
                                size_t nbuiltin, const char *dir,
                                deals_arena *arena,
                                const deals_error **error);
DEALS_API void              deals_templates_free(deals_templates *set);

/* Appends page `page` (a deals_page_id of deals/pages.h). outer: a deals_page;
 * content: the page's content struct. */
DEALS_API void              deals_templates_render(const deals_templates *set,
                                int page, const void *outer,
                                const void *content, deals_buf *out);


/*
 * Drafts: a page, or JSON, written once for all members, with a hole wherever a
 * field has DEALS_VIEWER. Each hole keeps its bytes for every state that its
 * row can be in, so that a member's own page is made of a few copies. Drafts
 * are for those whose role is "member": what moderators may do is in none.
 *
 * Whoever writes a draft is not asked who looks: it is always written for a
 * member without a name, whatever the rows say of a viewer. So there is nothing
 * of any member in it, and it may be kept for all.
 *
 * A row (a deal, a comment) is in one of six states for a member: voted for,
 * against, or not, and the member's own or not.
 */
#define DEALS_DRAFT_STATES  6
#define DEALS_DRAFT_STATE(my_vote, own)                                       \
    ((unsigned char) (((my_vote) > 0 ? 1 : (my_vote) < 0 ? 2 : 0)             \
                      + ((own) ? 3 : 0)))

/* A row whose state a draft needs. */
typedef struct {
    int64_t  deal_id;
    int64_t  comment_id;    /* 0: the deal itself */
    int64_t  user_id;       /* whose it is: the member's own if it is theirs;
                               0: nobody's */
} deals_draft_row;

/* What must be known of rows to write a draft of them. Those of
 * deals/calls.h: deals_vary. */
typedef struct {
    /* 0 and which row it is; -1: not a row that has states. */
    int    (*row)(const deals_shape *shape, const void *row,
               deals_draft_row *key);
    /* Sets every field with DEALS_VIEWER of a row to what it is for a member
     * who voted so (-1, 0, 1) and whose own it is or not. */
    void   (*vary)(const deals_shape *shape, void *row, int my_vote, int own);
} deals_draft_rules;

/* This template shows who looks in a way that a draft cannot hold: render it
 * for each. */
#define DEALS_DRAFT_UNFIT  1

/* Like deals_templates_render and deals_json_write, but `out`, which must be
 * empty, gets a draft: one run of bytes that may be copied anywhere, for
 * programs of this build on this machine. outer->viewer and outer->unread are
 * not looked at. While they run the rows are changed (rules->vary); then they
 * are as before. 0, DEALS_DRAFT_UNFIT, or -1: out of memory; if not 0 then `out`
 * is empty. */
DEALS_API int  deals_templates_draft(const deals_templates *set, int page,
                   const void *outer, const void *content,
                   const deals_draft_rules *rules, deals_buf *out);
DEALS_API int  deals_json_draft(const deals_shape *shape, const void *row,
                   const deals_draft_rules *rules, deals_buf *out);

/* A draft in use. It points into the bytes, which must stay as they are. */
typedef struct {
    deals_str             base;         /* for a member in state 0 everywhere */
    deals_str             parts;
    const unsigned char  *holes;
    const unsigned char  *alternatives;
    const unsigned char  *rows;
    const unsigned char  *tag;
    size_t                nholes;
    size_t                nalternatives;
    size_t                nrows;
} deals_draft;

/* The bytes need no alignment. 0, or -1: they are not a draft, or a damaged one.
 * What it lets through is safe to use: at worst a page is wrong. */
DEALS_API int     deals_draft_open(deals_draft *draft, deals_str bytes);

/* Row i, i < draft->nrows. Different rows may be of one deal or comment. */
DEALS_API deals_draft_row  deals_draft_get_row(const deals_draft *draft,
                               size_t i);

/*
 * The page of one member. states: a DEALS_DRAFT_STATE for each row; name: the
 * member's. _size says how many bytes _write writes for the same states and
 * name; 0: the name is not one that a member can have. _hash covers all that
 * the bytes depend on, the draft itself too: for an ETag.
 */
#define DEALS_DRAFT_HASH  16

DEALS_API size_t  deals_draft_size(const deals_draft *draft,
                      const unsigned char *states, deals_str name);
DEALS_API void    deals_draft_write(const deals_draft *draft,
                      const unsigned char *states, deals_str name, char *out);
DEALS_API void    deals_draft_hash(const deals_draft *draft,
                      const unsigned char *states, deals_str name,
                      unsigned char out[DEALS_DRAFT_HASH]);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_VIEW_H */
