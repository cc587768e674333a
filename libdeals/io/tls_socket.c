/*
 * One connection with TLS. Both directions may have to wait for either: reading
 * for the socket to take an answer of TLS' own, writing for hands to be shaken.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "io/tls_internal.h"

struct deals_tls_conn {
    SSL          *ssl;
    deals_tls    *tls;
    int           fd;
    int           eof;          /* of the socket */
    int           error;        /* of the socket: its errno */
    int           broken;
    int           refused;
    unsigned      recv_on;      /* what each waits for */
    unsigned      send_on;
    const char   *name;         /* that is expected */
    char          why[320];
};


/* --- the socket, as OpenSSL sees it ---------------------------------------- */

static int
finished(BIO *bio, deals_tls_conn *conn, ssize_t n, int retry)
{
    BIO_clear_retry_flags(bio);

    if (n > 0) {
        return (int) n;
    }

    if (n == 0) {
        conn->eof = 1;
        return 0;
    }

    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    } else {
        conn->error = errno;
    }

    return -1;
}


static int
socket_read(BIO *bio, char *buf, int size)
{
    ssize_t          n;
    deals_tls_conn  *conn = BIO_get_data(bio);

    do {
        n = recv(conn->fd, buf, (size_t) size, 0);
    } while (n == -1 && errno == EINTR);

    return finished(bio, conn, n, BIO_FLAGS_READ);
}


static int
socket_write(BIO *bio, const char *buf, int len)
{
    ssize_t          n;
    deals_tls_conn  *conn = BIO_get_data(bio);

    do {
        n = send(conn->fd, buf, (size_t) len, MSG_NOSIGNAL);
    } while (n == -1 && errno == EINTR);

    return finished(bio, conn, n, BIO_FLAGS_WRITE);
}


static long
socket_ctrl(BIO *bio, int what, long number, void *pointer)
{
    deals_tls_conn  *conn = BIO_get_data(bio);

    (void) number;
    (void) pointer;

    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return conn->eof;
    default:
        return 0;
    }
}


BIO_METHOD *
deals_tls_socket_method(void)
{
    BIO_METHOD  *method;

    /* a number of its own is not needed, and there are few */
    method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "deals socket");

    if (method == NULL
        || BIO_meth_set_read(method, socket_read) != 1
        || BIO_meth_set_write(method, socket_write) != 1
        || BIO_meth_set_ctrl(method, socket_ctrl) != 1)
    {
        BIO_meth_free(method);
        return NULL;
    }

    return method;
}


/* --- up and down ----------------------------------------------------------- */

static int
is_literal(const char *name)
{
    unsigned char  address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, address) == 1
           || inet_pton(AF_INET6, name, address) == 1;
}


/* Whom we ask for, and whom we take it from. 0 or -1. */

static int
expect(SSL *ssl, const deals_tls_options *o)
{
    int                 literal;
    X509_VERIFY_PARAM  *param;

    literal = is_literal(o->name);

    if (!literal && SSL_set_tlsext_host_name(ssl, o->name) != 1) {
        return -1;
    }

    if (o->no_verify) {
        return 0;
    }

    param = SSL_get0_param(ssl);

    if (literal) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, o->name) == 1 ? 0 : -1;
    }

    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return SSL_set1_host(ssl, o->name) == 1 ? 0 : -1;
}


deals_tls_conn *
deals_tls_open(deals_tls *tls, const deals_tls_options *options, int fd)
{
    BIO             *bio;
    deals_tls_conn  *conn;

    conn = calloc(1, sizeof(deals_tls_conn));

    if (conn == NULL) {
        return NULL;
    }

    conn->tls = deals_tls_keep(tls);
    conn->fd = fd;
    conn->recv_on = DEALS_READ;
    conn->send_on = DEALS_WRITE;
    conn->name = options->name;

    ERR_clear_error();
    conn->ssl = SSL_new(tls->ctx);
    bio = BIO_new(tls->socket);

    if (conn->ssl == NULL || bio == NULL || expect(conn->ssl, options) != 0) {
        BIO_free(bio);
        deals_tls_close(conn);
        return NULL;
    }

    BIO_set_data(bio, conn);
    BIO_set_init(bio, 1);
    SSL_set_bio(conn->ssl, bio, bio);
    SSL_set_connect_state(conn->ssl);

    return conn;
}


void
deals_tls_close(deals_tls_conn *conn)
{
    if (conn == NULL) {
        return;
    }

    if (conn->ssl != NULL && !conn->broken && SSL_is_init_finished(conn->ssl)) {
        (void) SSL_shutdown(conn->ssl);
    }

    SSL_free(conn->ssl);
    ERR_clear_error();
    deals_tls_free(conn->tls);
    free(conn);
}


/* --- bytes ----------------------------------------------------------------- */

#define SAY(conn, ...)                                                        \
    (void) snprintf((conn)->why, sizeof((conn)->why), "TLS: " __VA_ARGS__)


/* The certificate, in the words of who looked at it. */

static void
say_refused(deals_tls_conn *conn)
{
    long  result;

    result = SSL_get_verify_result(conn->ssl);

    if (result == X509_V_ERR_HOSTNAME_MISMATCH
        || result == X509_V_ERR_IP_ADDRESS_MISMATCH)
    {
        SAY(conn, "certificate verify failed: %s: it is not for \"%s\"",
            X509_verify_cert_error_string(result), conn->name);
        return;
    }

    SAY(conn, "certificate verify failed: %s",
        X509_verify_cert_error_string(result));
}


static void
say_why(deals_tls_conn *conn)
{
    int          reason;
    char         buf[256];
    const char  *words;

    reason = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL
             ? ERR_GET_REASON(ERR_peek_error()) : 0;
    words = deals_tls_words(buf, sizeof(buf));

    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        say_refused(conn);

    } else if (reason == SSL_R_WRONG_VERSION_NUMBER) {
        SAY(conn, "%s: is TLS spoken there?", words);

    } else if (words != NULL) {
        SAY(conn, "%s", words);

    } else {
        (void) snprintf(conn->why, sizeof(conn->why), "%s",
                        conn->error != 0 ? strerror(conn->error)
                        : conn->eof ? "it closed the connection"
                                    : "out of memory");
    }

    conn->refused = words != NULL && conn->error == 0 && !conn->eof;
}


/* What became of a read or a write; *on: what to wait for. */

static ssize_t
outcome(deals_tls_conn *conn, int rc, unsigned usual, unsigned *on)
{
    int  error;

    *on = usual;

    if (rc > 0) {
        return rc;
    }

    error = SSL_get_error(conn->ssl, rc);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *on = error == SSL_ERROR_WANT_READ ? DEALS_READ : DEALS_WRITE;
        ERR_clear_error();
        errno = EAGAIN;
        return -1;
    }

    if (error == SSL_ERROR_ZERO_RETURN) {
        ERR_clear_error();
        return 0;
    }

    conn->broken = 1;
    say_why(conn);
    ERR_clear_error();
    errno = EPROTO;

    return -1;
}


ssize_t
deals_tls_recv(deals_tls_conn *conn, void *buf, size_t size)
{
    int  rc;

    ERR_clear_error();
    rc = SSL_read(conn->ssl, buf,
                  size > DEALS_TLS_RECORD ? DEALS_TLS_RECORD : (int) size);

    return outcome(conn, rc, DEALS_READ, &conn->recv_on);
}


/* It hung up while something was sent to it: it may have said why. With TLS 1.3
 * that is how a certificate of ours is refused. */

static void
hear_why(deals_tls_conn *conn)
{
    int   rc, error;
    char  byte;

    error = conn->error;
    conn->error = 0;
    rc = SSL_read(conn->ssl, &byte, 1);

    if (rc <= 0 && SSL_get_error(conn->ssl, rc) == SSL_ERROR_SSL
        && conn->error == 0 && !conn->eof)
    {
        say_why(conn);
    } else {
        conn->error = error;
    }

    ERR_clear_error();
}


ssize_t
deals_tls_send(deals_tls_conn *conn, const void *buf, size_t len)
{
    int      rc;
    ssize_t  n;

    ERR_clear_error();
    rc = SSL_write(conn->ssl, buf,
                   len > DEALS_TLS_RECORD ? DEALS_TLS_RECORD : (int) len);
    n = outcome(conn, rc, DEALS_WRITE, &conn->send_on);

    if (conn->broken && (conn->error == EPIPE || conn->error == ECONNRESET)) {
        hear_why(conn);
        errno = EPROTO;
    }

    if (n == 0) {
        (void) snprintf(conn->why, sizeof(conn->why),
                        "it closed the connection");
        errno = EPIPE;
        n = -1;
    }

    return n;
}


unsigned
deals_tls_events(const deals_tls_conn *conn, int more)
{
    return conn->recv_on | (more ? conn->send_on : 0);
}


int
deals_tls_is_up(const deals_tls_conn *conn)
{
    return SSL_is_init_finished(conn->ssl);
}


int
deals_tls_is_refused(const deals_tls_conn *conn)
{
    return conn->refused;
}


const char *
deals_tls_why(const deals_tls_conn *conn)
{
    return conn->why;
}
