/*
 * failing_memory.h - allocations that fail when a test says so: the fail_at-th
 * from now on, and with fail_on so many behind it. Those of every library in
 * the process count, libpq's and libsodium's too, and also where AddressSanitizer
 * keeps the memory.
 */

#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int   fail_at;  /* counts down; 0: nothing fails */
static volatile int   fail_on;
static volatile int   failed;   /* how many */
static volatile long  live;     /* blocks that are not freed */

#if defined(__SANITIZE_ADDRESS__)
#define THEIRS(name)  __interceptor_##name
#else
#define THEIRS(name)  __libc_##name
#endif

extern void  *THEIRS(malloc)(size_t size);
extern void  *THEIRS(calloc)(size_t n, size_t size);
extern void  *THEIRS(realloc)(void *p, size_t size);
extern void   THEIRS(free)(void *p);

static int
fails(void)
{
    if (fail_at == 0 || (fail_at > 1 && --fail_at > 0)) {
        return 0;
    }

    if (++failed > fail_on) {
        fail_at = 0;
    }

    errno = ENOMEM;

    return 1;
}

/* The libraries are to take them too. */
#define everybody  __attribute__((visibility("default")))

everybody void *
malloc(size_t size)
{
    void  *p;

    p = fails() ? NULL : THEIRS(malloc)(size);
    live += p != NULL;

    return p;
}

everybody void *
calloc(size_t n, size_t size)
{
    void  *p;

    p = fails() ? NULL : THEIRS(calloc)(n, size);
    live += p != NULL;

    return p;
}

everybody void *
realloc(void *old, size_t size)
{
    void  *p;

    /* giving back never fails */
    if (size != 0 && fails()) {
        return NULL;
    }

    live -= old != NULL && size == 0;
    p = THEIRS(realloc)(old, size);
    live += p != NULL && old == NULL;

    return p;
}

everybody void
free(void *p)
{
    live -= p != NULL;
    THEIRS(free)(p);
}

/* libsodium asks here for the memory that a password's hash takes. */
everybody void *
mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    if ((flags & MAP_ANONYMOUS) && fails()) {
        return MAP_FAILED;
    }

    return (void *) syscall(SYS_mmap, at, size, prot, flags, fd, offset);
}

#if defined(__SANITIZE_ADDRESS__)

/* AddressSanitizer has these from itself. */

everybody char *
strdup(const char *s)
{
    char  *p = malloc(strlen(s) + 1);

    return p == NULL ? NULL : memcpy(p, s, strlen(s) + 1);
}

everybody char *
strndup(const char *s, size_t n)
{
    char  *p;

    n = strnlen(s, n);
    p = malloc(n + 1);
    if (p != NULL) {
        memcpy(p, s, n);
        p[n] = '\0';
    }

    return p;
}

#endif


/* valgrind has an allocator of its own. */

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
