/*
 * view/markdown_write.h - nodes of cmark-gfm to HTML.
 */

#ifndef DEALS_VIEW_MARKDOWN_WRITE_H
#define DEALS_VIEW_MARKDOWN_WRITE_H

#include <cmark-gfm.h>

#include <deals/types.h>

enum {
    DEALS_MARKDOWN_BLOCKS = 16,     /* quotes and lists inside of each other */
    DEALS_MARKDOWN_INLINES = 16     /* emphasis inside of each other */
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
} deals_markdown_writer;

/* Entering or leaving a node. The second returns 0 if it is none of its own. */
void  deals_markdown_block(deals_markdown_writer *w, cmark_node *node,
          int entering);
int   deals_markdown_inline(deals_markdown_writer *w, cmark_node *node,
          int entering);

/* Whether quotes and lists are so deep inside of each other, over so many lines,
 * that reading them takes long; and a copy in which they are not. */
int   deals_markdown_is_deep(deals_str text);
void  deals_markdown_flatten(deals_buf *out, deals_str text);

/* Text with & < > " escaped. */
void  deals_markdown_text(deals_buf *out, const char *text);

#endif /* DEALS_VIEW_MARKDOWN_WRITE_H */
