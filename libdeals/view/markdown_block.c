/*
 * markdown_block.c - blocks: paragraphs, lists, quotes, code, tables.
 */

#include <string.h>

#include <cmark-gfm-core-extensions.h>

#include <deals/view.h>

#include "base/str.h"
#include "view/markdown_write.h"


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


static void
write_list(deals_markdown_writer *w, cmark_node *node, int entering)
{
    int  start, ordered;

    if (!entering) {
        if (w->blocks-- <= DEALS_MARKDOWN_BLOCKS) {
            ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
            fresh_line(w->out);
            deals_buf_c(w->out, ordered ? "</ol>\n" : "</ul>\n");
        }
        return;
    }

    if (++w->blocks > DEALS_MARKDOWN_BLOCKS) {
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
write_quote(deals_markdown_writer *w, int entering)
{
    if (entering) {
        if (++w->blocks <= DEALS_MARKDOWN_BLOCKS) {
            block_tag(w->out, "<blockquote>\n");
        }
    } else if (w->blocks-- <= DEALS_MARKDOWN_BLOCKS) {
        block_tag(w->out, "</blockquote>\n");
    }
}


static void
write_item(deals_markdown_writer *w, int entering)
{
    if (w->blocks > DEALS_MARKDOWN_BLOCKS) {
        fresh_line(w->out);
    } else if (entering) {
        block_tag(w->out, "<li>");
    } else {
        deals_buf_c(w->out, "</li>\n");
    }
}


static void
write_paragraph(deals_markdown_writer *w, cmark_node *node, int entering)
{
    cmark_node  *item = cmark_node_parent(node);
    cmark_node  *list = item ? cmark_node_parent(item) : NULL;

    if (list && cmark_node_get_type(list) == CMARK_NODE_LIST
        && cmark_node_get_list_tight(list)
        && w->blocks <= DEALS_MARKDOWN_BLOCKS)
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
write_heading(deals_markdown_writer *w, cmark_node *node, int entering)
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
write_code_block(deals_markdown_writer *w, cmark_node *node)
{
    const char  *info = cmark_node_get_fence_info(node);
    size_t       n = info ? strcspn(info, " \t\n") : 0;
    char         word[64];

    block_tag(w->out, "<pre><code");

    if (n > 0 && n < sizeof(word)) {
        memcpy(word, info, n);
        word[n] = '\0';
        deals_buf_c(w->out, " class=\"language-");
        deals_markdown_text(w->out, word);
        deals_buf_c(w->out, "\"");
    }

    deals_buf_c(w->out, ">");
    deals_markdown_text(w->out, cmark_node_get_literal(node));
    deals_buf_c(w->out, "</code></pre>\n");
}


/* HTML is shown as it was typed, line by line. */
static void
write_html_block(deals_markdown_writer *w, cmark_node *node)
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
write_table(deals_markdown_writer *w, cmark_node *node, int entering)
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
write_row(deals_markdown_writer *w, cmark_node *node, int entering)
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
write_cell(deals_markdown_writer *w, int entering)
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


/* -- all ------------------------------------------------------------------- */

/* Nodes of extensions have no types that are known before those run. */
static void
write_table_part(deals_markdown_writer *w, cmark_node *node, int entering)
{
    const char  *type = cmark_node_get_type_string(node);

    if (strcmp(type, "table") == 0) {
        write_table(w, node, entering);
    } else if (strcmp(type, "table_row") == 0
               || strcmp(type, "table_header") == 0)
    {
        write_row(w, node, entering);
    } else if (strcmp(type, "table_cell") == 0) {
        write_cell(w, entering);
    }
}


void
deals_markdown_block(deals_markdown_writer *w, cmark_node *node, int entering)
{
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
        write_table_part(w, node, entering);
    }
}
