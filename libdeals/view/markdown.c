/*
 * markdown.c - Markdown to HTML. cmark-gfm reads it; the HTML is written here,
 * node by node (markdown_block.c, markdown_inline.c), so that nothing but the
 * tags named there can be in it.
 */

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <deals/view.h>

#include "view/markdown_memory.h"
#include "view/markdown_write.h"

static const char *const  extensions[] = {
    "table", "strikethrough", "autolink"
};


static void
render(cmark_mem *memory, deals_str markdown, deals_buf *out)
{
    int                     entering;
    size_t                  i;
    cmark_iter             *iter;
    cmark_node             *node;
    cmark_parser           *parser;
    cmark_event_type        event;
    deals_markdown_writer   w = { 0 };

    parser = cmark_parser_new_with_mem(CMARK_OPT_VALIDATE_UTF8, memory);

    for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        cmark_parser_attach_syntax_extension(parser,
            cmark_find_syntax_extension(extensions[i]));
    }

    cmark_parser_feed(parser, markdown.data, markdown.len);
    iter = cmark_iter_new(cmark_parser_finish(parser));
    w.out = out;

    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        node = cmark_iter_get_node(iter);
        entering = event == CMARK_EVENT_ENTER;

        if (!deals_markdown_inline(&w, node, entering)) {
            deals_markdown_block(&w, node, entering);
        }
    }
}


/* As deals_markdown. */
static int
try_render(cmark_mem *memory, deals_str markdown, deals_buf *out)
{
    switch (setjmp(*deals_markdown_jump())) {

    case 0:
        break;

    case DEALS_MARKDOWN_LIMIT:
        return -2;

    default:
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
    deals_buf   flat = { 0 };

    if (markdown.data && deals_markdown_is_deep(markdown)) {
        deals_markdown_flatten(&flat, markdown);

        if (flat.failed) {
            deals_buf_free(&flat);
            return -1;
        }

        markdown = (deals_str) { flat.data, flat.len };
    }

    memory = deals_markdown_begin();
    cmark_gfm_core_extensions_ensure_registered();
    rc = try_render(memory, markdown.data ? markdown : DEALS_STR(""), out);
    deals_markdown_end();
    deals_buf_free(&flat);

    if (rc != 0 || out->failed) {
        out->len = before;
        return rc != 0 ? rc : -1;
    }

    return 0;
}
