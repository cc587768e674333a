/*
 * The socket to Redis, and what waits to be written to it.
 *
 * hiredis' own connections are not used: for want of memory they end the
 * program (abort in hi_malloc), or write from where nothing is.
 */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/redis_internal.h"

#define OUT_KEPT  65536     /* bytes of a buffer that is empty */


/* --- connecting ---------------------------------------------------------- */

static int
connect_to(int family, const void *address, socklen_t len)
{
    int  fd, rc, err;

    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd == -1) {
        return -1;
    }

    do {
        rc = connect(fd, address, len);
    } while (rc == -1 && errno == EINTR);

    if (rc == 0 || errno == EINPROGRESS) {
        return fd;
    }

    err = errno;
    (void) close(fd);
    errno = err;

    return -1;
}


static int
connect_path(const char *path)
{
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;

    if (strlen(path) >= sizeof(sun.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }

    memcpy(sun.sun_path, path, strlen(path) + 1);

    return connect_to(AF_UNIX, &sun, sizeof(sun));
}


/* A literal address: nothing is looked up. */

static int
connect_host(const char *host, int port)
{
    int               fd, rc, one;
    char              text[16];
    struct addrinfo   hints, *found;

    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    (void) snprintf(text, sizeof(text), "%d", port);

    rc = getaddrinfo(host, text, &hints, &found);

    if (rc != 0) {
        errno = rc == EAI_MEMORY ? ENOMEM : EADDRNOTAVAIL;
        return -1;
    }

    fd = connect_to(found->ai_family, found->ai_addr, found->ai_addrlen);
    rc = errno;
    freeaddrinfo(found);
    errno = rc;

    if (fd != -1) {
        one = 1;
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }

    return fd;
}


const char *
deals_redis_open(deals_redis *redis)
{
    const char                 *why;
    const deals_redis_address  *a;

    a = redis->address;
    redis->reader = deals_redis_reader(redis);

    if (redis->reader == NULL) {
        return "out of memory";
    }

    redis->io.fd = a->path != NULL ? connect_path(a->path)
                                   : connect_host(a->host, a->port);

    why = redis->io.fd == -1 ? strerror(errno) : NULL;

    if (why == NULL && a->tls != NULL) {
        redis->tls = deals_tls_open(redis->ctx->tls, a->tls, redis->io.fd);
        redis->shaking = 1;

        if (redis->tls == NULL) {
            (void) close(redis->io.fd);
            redis->io.fd = -1;
            why = "out of memory";
        }
    }

    if (why != NULL) {
        redisReaderFree(redis->reader);
        redis->reader = NULL;
        return why;
    }

    redis->io.events = 0;
    redis->io.host = NULL;
    redis->connected = 0;
    redis->opened++;

    return NULL;
}


void
deals_redis_shut(deals_redis *redis)
{
    (void) deals_ctx_watch(redis->ctx, &redis->io, 0);
    deals_tls_close(redis->tls);
    redis->tls = NULL;
    redis->shaking = 0;
    (void) close(redis->io.fd);
    redis->io.fd = -1;
    redis->io.events = 0;
    redisReaderFree(redis->reader);
    redis->reader = NULL;
    deals_buf_free(&redis->out);
    redis->sent = 0;
}


const char *
deals_redis_is_connected(deals_redis *redis)
{
    int        err;
    socklen_t  len;

    len = sizeof(err);

    if (getsockopt(redis->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1) {
        err = errno;
    }

    if (err != 0) {
        return strerror(err);
    }

    redis->connected = 1;

    return NULL;
}


/* --- bytes --------------------------------------------------------------- */

ssize_t
deals_redis_recv(deals_redis *redis, void *buf, size_t size)
{
    return redis->tls != NULL ? deals_tls_recv(redis->tls, buf, size)
                              : recv(redis->io.fd, buf, size, 0);
}


ssize_t
deals_redis_send(deals_redis *redis, const void *buf, size_t len)
{
    return redis->tls != NULL ? deals_tls_send(redis->tls, buf, len)
                              : send(redis->io.fd, buf, len, MSG_NOSIGNAL);
}


const char *
deals_redis_why(const deals_redis *redis, int error)
{
    return redis->tls != NULL ? deals_tls_why(redis->tls) : strerror(error);
}


/* --- writing ------------------------------------------------------------- */

int
deals_redis_append(deals_redis *redis, int argc, const deals_str *args)
{
    int        i;
    size_t     n;
    deals_buf  *out;

    out = &redis->out;

    for (n = 32, i = 0; i < argc; i++) {
        n += 32 + args[i].len;
    }

    /* all of it or nothing */
    if (deals_buf_reserve(out, n) != 0) {
        out->failed = 0;
        return -1;
    }

    deals_buf_char(out, '*');
    deals_buf_int(out, argc);

    for (i = 0; i < argc; i++) {
        deals_buf_c(out, "\r\n$");
        deals_buf_int(out, (int64_t) args[i].len);
        deals_buf_c(out, "\r\n");
        deals_buf_str(out, args[i]);
    }

    deals_buf_c(out, "\r\n");

    return 0;
}


const char *
deals_redis_flush(deals_redis *redis)
{
    ssize_t     n;
    deals_buf  *out;

    out = &redis->out;

    while (redis->sent < out->len) {
        n = deals_redis_send(redis, out->data + redis->sent,
                             out->len - redis->sent);

        if (n >= 0) {
            redis->sent += (size_t) n;

        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return NULL;

        } else if (errno != EINTR) {
            return deals_redis_why(redis, errno);
        }
    }

    redis->sent = 0;

    if (out->cap > OUT_KEPT) {
        deals_buf_free(out);
    } else {
        deals_buf_clear(out);
    }

    return NULL;
}
