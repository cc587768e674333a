/*
 * io/tls.h - TLS on a socket that does not block, by OpenSSL. Nothing of it is
 * left in OpenSSL's queue of errors, which a host that uses OpenSSL too shares.
 */

#ifndef DEALS_IO_TLS_H
#define DEALS_IO_TLS_H

#include <sys/types.h>

#include <deals/ctx.h>

/* Strings are NULL where nothing is said. */
typedef struct {
    const char  *name;              /* whom the certificate must be for: a host
                                       or a literal address */
    int          no_verify;
    const char  *trusted;           /* files in PEM: who may vouch for it; NULL:
                                       whom the system trusts */
    const char  *certificate;       /* ours, both or none */
    const char  *key;
} deals_tls_options;

/* Certificates and keys, read: what contexts and connections share, in any
 * thread. Blocks. NULL: *error, about `field`. */
deals_tls  *deals_tls_make(const deals_tls_options *options, const char *field,
                deals_arena *arena, const deals_error **error);
/* One more that frees it. */
deals_tls  *deals_tls_keep(deals_tls *tls);

/* A connection. */
typedef struct deals_tls_conn  deals_tls_conn;

/* On a socket, which stays the caller's and may still be connecting; options stay
 * too. The first recv or send shakes hands. NULL: no memory. */
deals_tls_conn  *deals_tls_open(deals_tls *tls,
                     const deals_tls_options *options, int fd);
/* Takes leave if that can be done at once. */
void             deals_tls_close(deals_tls_conn *conn);     /* NULL is ok */

/* As recv(2) and send(2): 0, the other side took leave; -1, and errno is EAGAIN,
 * or it is broken and deals_tls_why says why. What was not sent must be sent
 * the next time, with or without more behind it. No SIGPIPE. A `size` of
 * DEALS_TLS_RECORD leaves nothing unread that a socket would not tell of. */
#define DEALS_TLS_RECORD  16384

ssize_t          deals_tls_recv(deals_tls_conn *conn, void *buf, size_t size);
ssize_t          deals_tls_send(deals_tls_conn *conn, const void *buf,
                     size_t len);

/* What to watch the socket for; `more`: there is something to be sent. Whatever
 * comes then, both recv and, if there is more, send go on. */
unsigned         deals_tls_events(const deals_tls_conn *conn, int more);

/* Whether hands are shaken. */
int              deals_tls_is_up(const deals_tls_conn *conn);
/* Whether it is broken because one side would not have the other: then it will be
 * so again. */
int              deals_tls_is_refused(const deals_tls_conn *conn);
const char      *deals_tls_why(const deals_tls_conn *conn);

#endif /* DEALS_IO_TLS_H */
