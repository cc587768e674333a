/*
 * view/markdown_memory.h - memory for cmark-gfm, which ends the program when
 * there is none. Here it ends the rendering.
 */

#ifndef DEALS_VIEW_MARKDOWN_MEMORY_H
#define DEALS_VIEW_MARKDOWN_MEMORY_H

#include <setjmp.h>

#include <cmark-gfm.h>

/* cmark-gfm's allocators have no argument, and its tables of special characters
 * are global: one rendering at a time. _begin waits for its turn.
 *
 *     mem = deals_markdown_begin();
 *     if (setjmp(*deals_markdown_jump()) == 0) { ... all of cmark ... }
 *     deals_markdown_end();        // gives back whatever is left
 *
 * It comes back a second time with one of these.
 */
enum {
    DEALS_MARKDOWN_NO_MEMORY = 1,
    DEALS_MARKDOWN_LIMIT            /* one text takes no more than this */
};

cmark_mem  *deals_markdown_begin(void);
jmp_buf    *deals_markdown_jump(void);
void        deals_markdown_end(void);

#endif /* DEALS_VIEW_MARKDOWN_MEMORY_H */
