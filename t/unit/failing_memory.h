/*
 * failing_memory.h - allocations that fail when a test says so: the fail_at-th
 * from now on.
 */

#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdlib.h>

static volatile int  fail_at;   /* counts down; 0: nothing fails */
static volatile int  failed;

#if !defined(__SANITIZE_ADDRESS__)

extern void  *__libc_malloc(size_t size);
extern void  *__libc_calloc(size_t n, size_t size);
extern void  *__libc_realloc(void *p, size_t size);

static int
fails(void)
{
    if (fail_at > 0 && --fail_at == 0) {
        failed = 1;
        return 1;
    }

    return 0;
}

/* libpq is to take them too. */
#define everybody  __attribute__((visibility("default")))

everybody void *
malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

everybody void *
calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

everybody void *
realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

#endif


/* A sanitizer or valgrind have allocators of their own. */

static int
is_ours(void)
{
    void *volatile  p;

    failed = 0;
    fail_at = 1;
    p = malloc(1);
    fail_at = 0;
    free(p);

    return failed;
}

#endif /* FAILING_MEMORY_H */
