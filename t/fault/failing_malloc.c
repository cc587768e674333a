/*
 * failing_malloc.c - loaded before everything else into a program that is under
 * test: allocations fail at random while a test says so. The file that the
 * environment names as FAILING_MALLOC is shared memory: one in how many fails (0:
 * none), and how many have.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    volatile uint32_t  one_in;
    volatile uint32_t  failed;
} control;

static control   nothing;
static control  *shared = &nothing;
static uint64_t  state;
static pid_t     whose;             /* the state: each process has its own */

extern void  *__libc_malloc(size_t size);
extern void  *__libc_calloc(size_t n, size_t size);
extern void  *__libc_realloc(void *p, size_t size);
extern void  *__libc_memalign(size_t alignment, size_t size);


__attribute__((constructor)) static void
begin(void)
{
    int          fd;
    void        *p;
    const char  *path = getenv("FAILING_MALLOC");

    fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void) close(fd);

    if (p != MAP_FAILED) {
        shared = p;
    }
}


static int
fails(void)
{
    uint32_t  one_in = shared->one_in;

    if (one_in == 0) {
        return 0;
    }

    if (whose != getpid()) {
        whose = getpid();
        state = 0x9e3779b97f4a7c15ULL * (uint64_t) whose;
    }

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;

    if ((state * 0x2545f4914f6cdd1dULL >> 33) % one_in != 0) {
        return 0;
    }

    __atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
    errno = ENOMEM;

    return 1;
}


void *
malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    return size != 0 && fails() ? NULL : __libc_realloc(p, size);
}


/* nginx' pools come from here. */
int
posix_memalign(void **p, size_t alignment, size_t size)
{
    void  *made = fails() ? NULL : __libc_memalign(alignment, size);

    if (made == NULL) {
        return ENOMEM;
    }

    *p = made;

    return 0;
}
