/*
 * io/tls_internal.h - what io/tls*.c share.
 */

#ifndef DEALS_IO_TLS_INTERNAL_H
#define DEALS_IO_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "io/tls.h"

struct deals_tls {
    SSL_CTX         *ctx;
    BIO_METHOD      *socket;        /* recv(2) and send(2) */
    _Atomic int      users;
};

/* tls_socket.c. NULL: no memory. */
BIO_METHOD  *deals_tls_socket_method(void);

/* The words for the first error in OpenSSL's queue, which is emptied; NULL: it
 * was empty, or there was no memory. `buf` may hold them. */
const char  *deals_tls_words(char *buf, size_t size);

#endif /* DEALS_IO_TLS_INTERNAL_H */
