/*
 * markdown_inline.c - what stands in a line: text, emphasis, links.
 */

#include <string.h>

#include <deals/view.h>

#include "base/str.h"
#include "view/markdown_write.h"


void
deals_markdown_text(deals_buf *out, const char *text)
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
write_link(deals_markdown_writer *w, cmark_node *node, int entering, int image)
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
            deals_markdown_text(w->out, title);
        }

        deals_buf_c(w->out, "\" rel=\"nofollow ugc noopener\">");
    }

    if (image && cmark_node_first_child(node) == NULL) {
        deals_markdown_text(w->out, url);
    }
}


static void
write_emphasis(deals_markdown_writer *w, const char *tag, int entering)
{
    int  deep = entering ? ++w->inlines : w->inlines--;

    if (deep <= DEALS_MARKDOWN_INLINES) {
        deals_buf_printf(w->out, entering ? "<%s>" : "</%s>", tag);
    }
}


/* Its node has no type that is known before the extension runs. */
static int
is_strikethrough(cmark_node *node)
{
    return strcmp(cmark_node_get_type_string(node), "strikethrough") == 0;
}


int
deals_markdown_inline(deals_markdown_writer *w, cmark_node *node, int entering)
{
    switch (cmark_node_get_type(node)) {

    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE:
        deals_markdown_text(w->out, cmark_node_get_literal(node));
        return 1;

    case CMARK_NODE_CODE:
        deals_buf_c(w->out, "<code>");
        deals_markdown_text(w->out, cmark_node_get_literal(node));
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
        if (!is_strikethrough(node)) {
            return 0;
        }
        write_emphasis(w, "del", entering);
        return 1;
    }
}
