/*
 * markdown_memory.c - see markdown_memory.h.
 */

#include <pthread.h>
#include <stdlib.h>

#include "view/markdown_memory.h"

/* Of one rendering; 20,000 characters take a tenth, but for tables with many
 * columns: the cells that their rows leave out are all made. */
#define LIMIT  ((size_t) 128 << 20)

typedef struct block  block;

struct block {
    block   *next, *prev;
    size_t   size;
    size_t   unused;            /* so that the memory behind is aligned */
};

static pthread_mutex_t  turn = PTHREAD_MUTEX_INITIALIZER;
static jmp_buf          jump;
static block            blocks = { &blocks, &blocks, 0, 0 };
static size_t           total;


static void *
link_block(block *b, size_t size)
{
    b->size = size;
    b->next = blocks.next;
    b->prev = &blocks;
    b->next->prev = b;
    blocks.next = b;
    total += size;

    return b + 1;
}


static void
unlink_block(block *b)
{
    b->next->prev = b->prev;
    b->prev->next = b->next;
    total -= b->size;
}


static void *
take(size_t n, size_t size)
{
    block  *b;

    if (size > 0 && n > (LIMIT - total) / size) {
        longjmp(jump, DEALS_MARKDOWN_LIMIT);
    }

    b = calloc(1, sizeof(*b) + n * size);
    if (b == NULL) {
        longjmp(jump, DEALS_MARKDOWN_NO_MEMORY);
    }

    return link_block(b, n * size);
}


static void
give(void *p)
{
    block  *b;

    if (p != NULL) {
        b = (block *) p - 1;

        /* NOLINTBEGIN(*-unix.Malloc,-Wanalyzer-double-free): once unlinked,
         * the list has another as its first */
        unlink_block(b);
        free(b);
        /* NOLINTEND(*-unix.Malloc,-Wanalyzer-double-free) */
    }
}


static void *
grow(void *p, size_t size)
{
    block   *b, *bigger;
    size_t   before;

    if (p == NULL) {
        return take(1, size);
    }

    b = (block *) p - 1;
    before = b->size;

    if (size > before && size - before > LIMIT - total) {
        longjmp(jump, DEALS_MARKDOWN_LIMIT);
    }

    unlink_block(b);
    bigger = realloc(b, sizeof(*b) + size);

    if (bigger == NULL) {
        link_block(b, before);
        longjmp(jump, DEALS_MARKDOWN_NO_MEMORY);
    }

    return link_block(bigger, size);
}


static cmark_mem  memory = { take, grow, give };


cmark_mem *
deals_markdown_begin(void)
{
    pthread_mutex_lock(&turn);
    return &memory;
}


jmp_buf *
deals_markdown_jump(void)
{
    return &jump;
}


void
deals_markdown_end(void)
{
    while (blocks.next != &blocks) {
        give(blocks.next + 1);
    }

    pthread_mutex_unlock(&turn);
}
