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

#ifdef __cplusplus
}
#endif

#endif /* DEALS_VIEW_H */
