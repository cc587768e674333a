/*
 * markdown.c - Markdown to HTML. cmark-gfm reads it; the HTML is written here,
 * node by node, so that nothing but the tags below can be in it.
 */

#include <string.h>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <deals/view.h>

#include "base/str.h"
#include "view/markdown_memory.h"

enum {
    BLOCKS = 16,        /* quotes and lists inside of each other */
    INLINES = 16        /* emphasis inside of each other */
};

typedef struct {
    deals_buf  *out;
    int         blocks, inlines;    /* how deep */
    int         links;              /* inside of one */
    int         header;             /* in a table's first row */
    int         body;               /* <tbody> is open */
    int         column;
    uint8_t    *alignments;
    int         ncolumns;
} writer;

static const char *const  extensions[] = {
    "table", "strikethrough", "autolink"
};


static void
write_text(deals_buf *out, const char *text)
{
    const char  *p, *plain = text;

    for (p = text; *p; p++) {
        const char  *entity = *p == '&' ? "&amp;" : *p == '<' ? "&lt;"
                              : *p == '>' ? "&gt;" : *p == '"' ? "&quot;"
                              : NULL;
        if (entity) {
            deals_buf_add(out, plain, (size_t) (p - plain));
            deals_buf_c(out, entity);
            plain = p + 1;
        }
    }

    deals_buf_add(out, plain, (size_t) (p - plain));
}


/* A block's tag stands on a line of its own. */
static void
fresh_line(deals_buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n') {
        deals_buf_char(out, '\n');
    }
}


static void
block_tag(deals_buf *out, const char *tag)
{
    fresh_line(out);
    deals_buf_c(out, tag);
}


/* -- links ---------------------------------------------------------------- */

/* http, https, mailto, or an address without a scheme, which is what a browser
 * takes for one. */
static int
is_allowed(const char *url)
{
    size_t     n = 0;
    deals_str  scheme;

    while (deals_is_alnum((unsigned char) url[n])
           || (n > 0 && url[n] && strchr("+.-", url[n])))
    {
        n++;
    }

    if (url[n] != ':') {
        return 1;
    }

    scheme = (deals_str) { url, n };

    return deals_str_eq_case(scheme, DEALS_STR("http"))
           || deals_str_eq_case(scheme, DEALS_STR("https"))
           || deals_str_eq_case(scheme, DEALS_STR("mailto"));
}


static void
write_url(deals_buf *out, const char *url)
{
    static const char  hex[] = "0123456789ABCDEF";

    for ( ; *url; url++) {
        unsigned char  c = (unsigned char) *url;

        if (c == '&') {
            deals_buf_c(out, "&amp;");
        } else if (c == '\'') {
            deals_buf_c(out, "&#x27;");
        } else if (deals_is_alnum(c) || strchr("-_.!~*();/?:@=+$,#%", c)) {
            deals_buf_char(out, (char) c);
        } else {
            deals_buf_char(out, '%');
            deals_buf_char(out, hex[c >> 4]);
            deals_buf_char(out, hex[c & 15]);
        }
    }
}


/* Links and images; an image is a link to it, since a page loads nothing from
 * others. A link in a link, or to what is not allowed, is its text. */
static void
write_link(writer *w, cmark_node *node, int entering, int image)
{
    int          wanted;
    const char  *url = cmark_node_get_url(node);
    const char  *title = cmark_node_get_title(node);

    if (!entering) {
        w->links--;
        if (w->links == 0 && is_allowed(url)) {
            deals_buf_c(w->out, "</a>");
        }
        return;
    }

    wanted = w->links == 0 && is_allowed(url);
    w->links++;

    if (wanted) {
        deals_buf_c(w->out, "<a href=\"");
        write_url(w->out, url);

        if (title && title[0]) {
            deals_buf_c(w->out, "\" title=\"");
            write_text(w->out, title);
        }

        deals_buf_c(w->out, "\" rel=\"nofollow ugc noopener\">");
    }

    if (image && cmark_node_first_child(node) == NULL) {
        write_text(w->out, url);
    }
}


/* -- blocks --------------------------------------------------------------- */

static void
write_list(writer *w, cmark_node *node, int entering)
{
    int  start, ordered;

    if (!entering) {
        if (w->blocks-- <= BLOCKS) {
            ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
            fresh_line(w->out);
            deals_buf_c(w->out, ordered ? "</ol>\n" : "</ul>\n");
        }
        return;
    }

    if (++w->blocks > BLOCKS) {
        return;
    }

    if (cmark_node_get_list_type(node) != CMARK_ORDERED_LIST) {
        block_tag(w->out, "<ul>\n");
        return;
    }

    start = cmark_node_get_list_start(node);

    if (start == 1) {
        block_tag(w->out, "<ol>\n");
    } else {
        fresh_line(w->out);
        deals_buf_printf(w->out, "<ol start=\"%d\">\n", start);
    }
}


static void
write_quote(writer *w, int entering)
{
    if (entering) {
        if (++w->blocks <= BLOCKS) {
            block_tag(w->out, "<blockquote>\n");
        }
    } else if (w->blocks-- <= BLOCKS) {
        block_tag(w->out, "</blockquote>\n");
    }
}


static void
write_item(writer *w, int entering)
{
    if (w->blocks > BLOCKS) {
        fresh_line(w->out);
    } else if (entering) {
        block_tag(w->out, "<li>");
    } else {
        deals_buf_c(w->out, "</li>\n");
    }
}


static void
write_paragraph(writer *w, cmark_node *node, int entering)
{
    cmark_node  *item = cmark_node_parent(node);
    cmark_node  *list = item ? cmark_node_parent(item) : NULL;

    if (list && cmark_node_get_type(list) == CMARK_NODE_LIST
        && cmark_node_get_list_tight(list) && w->blocks <= BLOCKS)
    {
        return;
    }

    if (entering) {
        block_tag(w->out, "<p>");
    } else {
        deals_buf_c(w->out, "</p>\n");
    }
}


/* The page has its own <h1> and <h2>. */
static void
write_heading(writer *w, cmark_node *node, int entering)
{
    int  level = cmark_node_get_heading_level(node) + 2;

    level = level > 6 ? 6 : level;

    if (entering) {
        fresh_line(w->out);
        deals_buf_printf(w->out, "<h%d>", level);
    } else {
        deals_buf_printf(w->out, "</h%d>\n", level);
    }
}


static void
write_code_block(writer *w, cmark_node *node)
{
    const char  *info = cmark_node_get_fence_info(node);
    size_t       n = info ? strcspn(info, " \t\n") : 0;
    char         word[64];

    block_tag(w->out, "<pre><code");

    if (n > 0 && n < sizeof(word)) {
        memcpy(word, info, n);
        word[n] = '\0';
        deals_buf_c(w->out, " class=\"language-");
        write_text(w->out, word);
        deals_buf_c(w->out, "\"");
    }

    deals_buf_c(w->out, ">");
    write_text(w->out, cmark_node_get_literal(node));
    deals_buf_c(w->out, "</code></pre>\n");
}


/* HTML is shown as it was typed, line by line. */
static void
write_html_block(writer *w, cmark_node *node)
{
    const char  *p, *end;
    const char  *html = cmark_node_get_literal(node);
    size_t       n = strlen(html);

    while (n > 0 && html[n - 1] == '\n') {
        n--;
    }

    block_tag(w->out, "<p>");

    for (p = html; p < html + n; p = end + (*end == '\n')) {
        deals_str  line;

        end = memchr(p, '\n', (size_t) (html + n - p));
        end = end ? end : html + n;
        line = (deals_str) { p, (size_t) (end - p) };

        if (p > html) {
            deals_buf_c(w->out, "<br />\n");
        }

        deals_html_escape(w->out, line);
    }

    deals_buf_c(w->out, "</p>\n");
}


/* -- tables --------------------------------------------------------------- */

static void
write_table(writer *w, cmark_node *node, int entering)
{
    if (entering) {
        w->alignments = cmark_gfm_extensions_get_table_alignments(node);
        w->ncolumns = cmark_gfm_extensions_get_table_columns(node);
        w->body = 0;
        block_tag(w->out, "<table>\n");
        return;
    }

    block_tag(w->out, w->body ? "</tbody>\n</table>\n" : "</table>\n");
    w->body = 0;
}


static void
write_row(writer *w, cmark_node *node, int entering)
{
    if (!entering) {
        block_tag(w->out, w->header ? "</tr>\n</thead>\n" : "</tr>\n");
        w->header = 0;
        return;
    }

    w->column = 0;
    w->header = cmark_gfm_extensions_get_table_row_is_header(node);

    if (w->header) {
        block_tag(w->out, "<thead>\n");
    } else if (!w->body) {
        block_tag(w->out, "<tbody>\n");
        w->body = 1;
    }

    block_tag(w->out, "<tr>\n");
}


static void
write_cell(writer *w, int entering)
{
    uint8_t  alignment;

    if (!entering) {
        deals_buf_c(w->out, w->header ? "</th>\n" : "</td>\n");
        return;
    }

    alignment = w->column < w->ncolumns ? w->alignments[w->column] : 0;
    w->column++;

    block_tag(w->out, w->header ? "<th" : "<td");
    deals_buf_c(w->out, alignment == 'c' ? " class=\"center\">"
                        : alignment == 'r' ? " class=\"right\">" : ">");
}


/* -- all ------------------------------------------------------------------ */

static void
write_emphasis(writer *w, const char *tag, int entering)
{
    int  deep = entering ? ++w->inlines : w->inlines--;

    if (deep <= INLINES) {
        deals_buf_printf(w->out, entering ? "<%s>" : "</%s>", tag);
    }
}


/* Nodes of the extensions have no types that are known before they run. */
static void
write_extension(writer *w, cmark_node *node, int entering)
{
    const char  *type = cmark_node_get_type_string(node);

    if (strcmp(type, "strikethrough") == 0) {
        write_emphasis(w, "del", entering);
    } else if (strcmp(type, "table") == 0) {
        write_table(w, node, entering);
    } else if (strcmp(type, "table_row") == 0
               || strcmp(type, "table_header") == 0)
    {
        write_row(w, node, entering);
    } else if (strcmp(type, "table_cell") == 0) {
        write_cell(w, entering);
    }
}


/* Returns 0 if the node is not one of these. */
static int
write_inline(writer *w, cmark_node *node, int entering)
{
    switch (cmark_node_get_type(node)) {

    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE:
        write_text(w->out, cmark_node_get_literal(node));
        return 1;

    case CMARK_NODE_CODE:
        deals_buf_c(w->out, "<code>");
        write_text(w->out, cmark_node_get_literal(node));
        deals_buf_c(w->out, "</code>");
        return 1;

    case CMARK_NODE_SOFTBREAK:
        deals_buf_char(w->out, '\n');
        return 1;

    case CMARK_NODE_LINEBREAK:
        deals_buf_c(w->out, "<br />\n");
        return 1;

    case CMARK_NODE_EMPH:
        write_emphasis(w, "em", entering);
        return 1;

    case CMARK_NODE_STRONG:
        write_emphasis(w, "strong", entering);
        return 1;

    case CMARK_NODE_LINK:
        write_link(w, node, entering, 0);
        return 1;

    case CMARK_NODE_IMAGE:
        write_link(w, node, entering, 1);
        return 1;

    default:
        return 0;
    }
}


static void
write_node(writer *w, cmark_node *node, int entering)
{
    if (write_inline(w, node, entering)) {
        return;
    }

    switch (cmark_node_get_type(node)) {

    case CMARK_NODE_DOCUMENT:
        break;

    case CMARK_NODE_PARAGRAPH:
        write_paragraph(w, node, entering);
        break;

    case CMARK_NODE_HEADING:
        write_heading(w, node, entering);
        break;

    case CMARK_NODE_BLOCK_QUOTE:
        write_quote(w, entering);
        break;

    case CMARK_NODE_LIST:
        write_list(w, node, entering);
        break;

    case CMARK_NODE_ITEM:
        write_item(w, entering);
        break;

    case CMARK_NODE_CODE_BLOCK:
        write_code_block(w, node);
        break;

    case CMARK_NODE_HTML_BLOCK:
        write_html_block(w, node);
        break;

    case CMARK_NODE_THEMATIC_BREAK:
        block_tag(w->out, "<hr />\n");
        break;

    default:
        write_extension(w, node, entering);
    }
}


static void
render(cmark_mem *memory, deals_str markdown, deals_buf *out)
{
    size_t             i;
    writer             w = { 0 };
    cmark_iter        *iter;
    cmark_parser      *parser;
    cmark_event_type   event;

    parser = cmark_parser_new_with_mem(CMARK_OPT_VALIDATE_UTF8, memory);

    for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        cmark_parser_attach_syntax_extension(parser,
            cmark_find_syntax_extension(extensions[i]));
    }

    cmark_parser_feed(parser, markdown.data, markdown.len);
    iter = cmark_iter_new(cmark_parser_finish(parser));
    w.out = out;

    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        write_node(&w, cmark_iter_get_node(iter), event == CMARK_EVENT_ENTER);
    }
}


/* 0, or -1 when memory ran out on the way. */
static int
try_render(cmark_mem *memory, deals_str markdown, deals_buf *out)
{
    if (setjmp(*deals_markdown_jump()) != 0) {
        return -1;
    }

    render(memory, markdown, out);

    return 0;
}


int
deals_markdown(deals_str markdown, deals_buf *out)
{
    int         rc;
    size_t      before = out->len;
    cmark_mem  *memory;

    memory = deals_markdown_begin();
    cmark_gfm_core_extensions_ensure_registered();
    rc = try_render(memory, markdown.data ? markdown : DEALS_STR(""), out);
    deals_markdown_end();

    if (rc != 0 || out->failed) {
        out->len = before;
        return -1;
    }

    return 0;
}
