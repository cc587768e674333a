/*
 * A wall clock that can be put forward and back: loaded with LD_PRELOAD into a
 * program whose time of day is to be wrong. The file CLOCK_FILE holds how many
 * seconds are added, as an int64_t; it is looked at each time. Clocks that only
 * measure what has passed are not touched.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t  *ahead;


__attribute__((constructor)) static void
start(void)
{
    int          fd;
    void        *at;
    const char  *file = getenv("CLOCK_FILE");

    fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd == -1) {
        return;
    }

    at = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    (void) close(fd);

    if (at != MAP_FAILED) {
        ahead = at;
    }
}


int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int  n;

    n = (int) syscall(SYS_clock_gettime, id, ts);

    if (n == 0 && ahead != NULL
        && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
    {
        ts->tv_sec += *ahead;
    }

    return n;
}


int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec  ts;

    (void) zone;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return -1;
    }

    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;

    return 0;
}


time_t
time(time_t *out)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return -1;
    }

    if (out != NULL) {
        *out = ts.tv_sec;
    }

    return ts.tv_sec;
}
