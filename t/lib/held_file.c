/*
 * A disk that keeps readers waiting: loaded with LD_PRELOAD. Whoever reads from
 * the file HELD_FILE waits as long as the first int32_t in HELD_CONTROL is not
 * 0; the second one counts who has waited.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int32_t  *control;
static char               held[512];


__attribute__((constructor)) static void
start(void)
{
    int          fd;
    void        *at;
    const char  *name = getenv("HELD_CONTROL"), *file = getenv("HELD_FILE");

    fd = name != NULL && file != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd == -1) {
        return;
    }

    at = mmap(NULL, 2 * sizeof(int32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
              0);
    (void) close(fd);
    snprintf(held, sizeof(held), "%s", file);

    if (at != MAP_FAILED) {
        control = at;
    }
}


static int
is_held(int fd)
{
    char     name[64], file[512];
    ssize_t  n;

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    n = readlink(name, file, sizeof(file) - 1);
    if (n < 0) {
        return 0;
    }
    file[n] = '\0';

    return strcmp(file, held) == 0;
}


ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
    struct timespec  moment = { 0, 5000000 };

    if (control != NULL && control[0] != 0 && is_held(fd)) {
        (void) __atomic_add_fetch(&control[1], 1, __ATOMIC_SEQ_CST);

        while (control[0] != 0) {
            (void) nanosleep(&moment, NULL);
        }
    }

    return syscall(SYS_pread64, fd, buf, len, at);
}


ssize_t
pread64(int fd, void *buf, size_t len, off_t at)
    __attribute__((alias("pread")));
