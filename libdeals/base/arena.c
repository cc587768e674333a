/*
 * base/arena.c - memory in chunks, given back all at once. Small blocks are cut
 * from the newest chunk; large ones get a chunk of their own, behind it in the
 * list, so that the rest of the newest is not lost.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define ALIGNMENT   16
#define FIRST       2048        /* bytes of the first chunk, header included */
#define LARGEST     65536       /* chunks double up to this */


typedef struct chunk  chunk;

struct chunk {
    chunk          *next;
    unsigned char  *free;
    unsigned char  *end;
};

/* What is given back with the arena, but is none of its memory. */
typedef struct adopted  adopted;

struct adopted {
    adopted  *next;
    void     *thing;
    void    (*release)(void *thing);
};

struct deals_arena {
    chunk   *newest;
    adopted *adopted;
    size_t   chunk_size;        /* of the newest */
    size_t   used;              /* bytes handed out */
    size_t   limit;             /* of them */
    int      refused;           /* somebody did not get memory */
};

#define HEADER  ((sizeof(chunk) + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1))


static chunk *
chunk_new(size_t size)
{
    chunk  *c;

    c = calloc(1, size);
    if (c != NULL) {
        c->free = (unsigned char *) c + HEADER;
        c->end = (unsigned char *) c + size;
    }

    return c;
}


deals_arena *
deals_arena_new(void)
{
    chunk        *c;
    deals_arena  *arena;

    c = chunk_new(FIRST);
    if (c == NULL) {
        return NULL;
    }

    arena = (deals_arena *) c->free;
    c->free += (sizeof(*arena) + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1);

    arena->newest = c;
    arena->chunk_size = FIRST;
    arena->limit = SIZE_MAX;

    return arena;
}


void
deals_arena_free(deals_arena *arena)
{
    chunk    *c, *next;
    adopted  *a;

    if (arena == NULL) {
        return;
    }

    for (a = arena->adopted; a != NULL; a = a->next) {
        a->release(a->thing);
    }

    for (c = arena->newest; c != NULL; c = next) {
        next = c->next;         /* the arena itself lies in the last one */
        free(c);
    }
}


/* Under AddressSanitizer each block is a chunk of its own, so that it sees
 * overruns; and where a test asks for it, so that each can be refused. */
static int
is_separate(const deals_arena *arena, size_t size)
{
#if defined(__SANITIZE_ADDRESS__) || defined(DEALS_ARENA_SEPARATE)
    (void) arena;
    (void) size;
    return 1;
#else
    return size > arena->chunk_size / 4;
#endif
}


static void *
alloc_separate(deals_arena *arena, size_t size)
{
    chunk  *c;

    c = chunk_new(HEADER + size);
    if (c == NULL) {
        return NULL;
    }

    c->next = arena->newest->next;
    arena->newest->next = c;

    return (unsigned char *) c + HEADER;
}


static int
grow(deals_arena *arena)
{
    size_t  size;
    chunk  *c;

    size = arena->chunk_size < LARGEST ? arena->chunk_size * 2 : LARGEST;

    c = chunk_new(size);
    if (c == NULL) {
        return -1;
    }

    c->next = arena->newest;
    arena->newest = c;
    arena->chunk_size = size;

    return 0;
}


static void *
place(deals_arena *arena, size_t size)
{
    void  *p;

    if (is_separate(arena, size)) {
        return alloc_separate(arena, size);
    }

    if ((size_t) (arena->newest->end - arena->newest->free) < size
        && grow(arena) != 0)
    {
        return NULL;
    }

    p = arena->newest->free;
    arena->newest->free += size;

    return p;
}


static void *
refuse(deals_arena *arena)
{
    arena->refused = 1;
    return NULL;
}


void *
deals_arena_alloc(deals_arena *arena, size_t size)
{
    void  *p;

    if (size > SIZE_MAX / 2) {
        return refuse(arena);
    }

    size = size ? (size + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1)
                : ALIGNMENT;

    if (size > arena->limit || arena->used > arena->limit - size) {
        return refuse(arena);
    }

    p = place(arena, size);

    /* the arena has it: NOLINTNEXTLINE(-Wanalyzer-malloc-leak) */
    if (p != NULL) {
        arena->used += size;
        return p;
    }

    return refuse(arena);
}


void *
deals_arena_array(deals_arena *arena, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        return refuse(arena);
    }

    return deals_arena_alloc(arena, n * size);
}


int
deals_arena_adopt(deals_arena *arena, void *thing,
    void (*release)(void *thing))
{
    adopted  *a;

    a = deals_arena_alloc(arena, sizeof(*a));
    if (a == NULL) {
        return -1;
    }

    a->thing = thing;
    a->release = release;
    a->next = arena->adopted;
    arena->adopted = a;

    return 0;
}


deals_str
deals_arena_copy(deals_arena *arena, deals_str s)
{
    char  *p;

    if (s.data == NULL || s.len == SIZE_MAX) {
        return DEALS_NONE;
    }

    p = deals_arena_alloc(arena, s.len + 1);
    if (p == NULL) {
        return DEALS_NONE;
    }

    memcpy(p, s.data, s.len);

    return (deals_str) { p, s.len };
}


char *
deals_arena_printf(deals_arena *arena, const char *fmt, ...)
{
    int      n;
    char    *p, few[256];
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(few, sizeof(few), fmt, args);
    va_end(args);

    if (n < 0) {
        return NULL;
    }

    p = deals_arena_alloc(arena, (size_t) n + 1);
    if (p == NULL) {
        return NULL;
    }

    if ((size_t) n < sizeof(few)) {
        memcpy(p, few, (size_t) n);
        return p;
    }

    va_start(args, fmt);
    vsnprintf(p, (size_t) n + 1, fmt, args);
    va_end(args);

    return p;
}


size_t
deals_arena_size(const deals_arena *arena)
{
    return arena->used;
}


int
deals_arena_refused(const deals_arena *arena)
{
    return arena->refused;
}


void
deals_arena_limit(deals_arena *arena, size_t bytes)
{
    arena->limit = bytes;
}


deals_str
deals_arena_take(deals_arena *arena, deals_buf *buf)
{
    deals_str  s;

    s = DEALS_NONE;

    if (!buf->failed) {
        s = deals_arena_copy(arena,
                (deals_str) { buf->data ? buf->data : "", buf->len });
    } else {
        (void) refuse(arena);
    }

    deals_buf_free(buf);

    return s;
}
