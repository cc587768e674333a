/*
 * io_tls.h - the other side of a TLS connection, in the same process: certificates
 * made by openssl(1), and a server that moves when it is told to.
 */

#ifndef IO_TLS_H
#define IO_TLS_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "io/tls.h"
#include "io_server.h"

static char  pem_ca[128], pem_server[128], key_server[128];
static char  pem_client[128], key_client[128];


/* --- certificates -------------------------------------------------------- */

static void
shell(const char *script)
{
    char  command[2000];

    snprintf(command, sizeof(command), "cd %s && (%s) >>openssl.log 2>&1",
             server_dir, script);
    assert_int_equal(system(command), 0);
}

/* An authority, and by it a server `localhost`, 127.0.0.1 and *.example.org, and a
 * client; all that is not ours may be read by Redis. */

unused static void
make_certificates(void)
{
    make_dir();
    shell("K='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'; "
          "openssl req -x509 $K -days 2 -subj /CN=ca -keyout ca.key -out ca.pem"
          "; N=1; for who in server client; do "
          "openssl req $K -subj /CN=$who -keyout $who.key -out $who.csr || exit; "
          "echo subjectAltName=DNS:localhost,DNS:*.example.org,IP:127.0.0.1 "
          ">ext; openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key "
          "-set_serial $N -days 2 -extfile ext -out $who.pem || exit; "
          "N=$((N+1)); done; chmod 644 server.key; chmod 600 client.key");
    snprintf(pem_ca, sizeof(pem_ca), "%s/ca.pem", server_dir);
    snprintf(pem_server, sizeof(pem_server), "%s/server.pem", server_dir);
    snprintf(key_server, sizeof(key_server), "%s/server.key", server_dir);
    snprintf(pem_client, sizeof(pem_client), "%s/client.pem", server_dir);
    snprintf(key_client, sizeof(key_client), "%s/client.key", server_dir);
}

/* Redis with TLS alone on `port`; it wants its clients' certificates. */

unused static void
start_redis_tls(int port)
{
    int                 i, fd;
    char                number[12];
    struct sockaddr_in  sin;
    const char *const   argv[] = {
        "redis-server", "--port", "0", "--tls-port", number, "--bind",
        "127.0.0.1", "--tls-cert-file", pem_server, "--tls-key-file",
        key_server, "--tls-ca-cert-file", pem_ca, "--save", "",
        "--appendonly", "no", NULL
    };

    snprintf(number, sizeof(number), "%d", port);
    server_pid = launch(argv);
    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons((uint16_t) port);

    for (i = 0; i < 1000; i++) {
        fd = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == 0) {
            close(fd);
            return;
        }

        close(fd);
        usleep(20000);
    }

    fail_msg("Redis does not listen");
}


/* --- a server that does as it is told ------------------------------------ */

static SSL_CTX  *server_ctx;

typedef struct {
    int   ours;         /* the client's end of the socket */
    int   theirs;
    SSL  *ssl;
} peer;

unused static void
server_begin_tls(void)
{
    server_ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(server_ctx);
    assert_int_equal(SSL_CTX_use_certificate_file(server_ctx, pem_server,
                                                  SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(server_ctx, key_server,
                                                 SSL_FILETYPE_PEM), 1);
}

/* buffer: bytes that the socket takes each way, about; 0: as many as usual. */

unused static void
peer_open(peer *p, int buffer)
{
    int  i, fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK
                                | SOCK_CLOEXEC, 0, fds), 0);

    for (i = 0; buffer > 0 && i < 2; i++) {
        assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer,
                                    sizeof(buffer)), 0);
    }

    p->ours = fds[0];
    p->theirs = fds[1];
    p->ssl = SSL_new(server_ctx);
    assert_non_null(p->ssl);
    assert_int_equal(SSL_set_fd(p->ssl, p->theirs), 1);
    SSL_set_accept_state(p->ssl);
}

/* The socket's end, with or without leave. */

unused static void
peer_leave(peer *p, int politely)
{
    if (politely) {
        (void) SSL_shutdown(p->ssl);
    }

    SSL_free(p->ssl);
    p->ssl = NULL;
    close(p->theirs);
    p->theirs = -1;
}

unused static void
peer_close(peer *p)
{
    if (p->ssl != NULL) {
        peer_leave(p, 0);
    }

    close(p->ours);
    ERR_clear_error();
}

#endif /* IO_TLS_H */
