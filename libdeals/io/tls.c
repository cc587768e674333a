/*
 * What TLS needs before there is a connection: whom to trust, and who we are.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "io/secret_file.h"
#include "io/tls_internal.h"

#define KEY_MAX  32768      /* bytes of a file with a key */

typedef struct {
    const char           *field;
    deals_arena          *arena;
    const deals_error   **error;
} place;

#define REFUSE(p, ...)                                                        \
    deals_error_add((p)->arena, (p)->error, DEALS_INVALID, (p)->field,        \
                    __VA_ARGS__)


const char *
deals_tls_words(char *buf, size_t size)
{
    int            no_memory;
    const char    *text;
    unsigned long  e, first;

    no_memory = 0;
    first = 0;

    /* what went wrong first led to all the others */
    while ((e = ERR_get_error()) != 0) {
        first = first == 0 ? e : first;
        no_memory |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE
                     || (ERR_SYSTEM_ERROR(e) && ERR_GET_REASON(e) == ENOMEM);
    }

    if (first == 0 || no_memory) {
        return NULL;
    }

    text = ERR_SYSTEM_ERROR(first) ? strerror(ERR_GET_REASON(first))
                                   : ERR_reason_error_string(first);

    if (text == NULL) {
        ERR_error_string_n(first, buf, size);
        text = buf;
    }

    return text;
}


static int
failed(place *p, const char *what, const char *path)
{
    char         buf[256];
    const char  *words;

    words = deals_tls_words(buf, sizeof(buf));

    if (words == NULL) {
        return deals_error_oom(p->error);
    }

    return REFUSE(p, "the file \"%s\" can't be used as %s: %s", path, what,
                  words);
}


/* --- our own certificate --------------------------------------------------- */

/* nginx has no terminal to ask at, and a word beside the key protects nothing */

static int
no_password(char *buf, int size, int rwflag, void *asked)
{
    (void) buf;
    (void) size;
    (void) rwflag;

    *(int *) asked = 1;

    return -1;
}


static int
take_key(place *p, SSL_CTX *ctx, const char *path, const char *pem, size_t len)
{
    int        rc, asked;
    BIO       *bio;
    EVP_PKEY  *key;

    asked = 0;
    key = NULL;
    bio = BIO_new_mem_buf(pem, (int) len);

    if (bio != NULL) {
        key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked);
        BIO_free(bio);
    }

    if (asked) {
        ERR_clear_error();
        return REFUSE(p, "the key \"%s\" is locked with a password: write it "
                      "without one, for its owner alone", path);
    }

    /* this compares it with the certificate too */
    rc = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1
         ? 0 : failed(p, "the key of the certificate", path);

    EVP_PKEY_free(key);

    return rc;
}


static int
read_key(place *p, SSL_CTX *ctx, const char *path)
{
    int     rc;
    char    buf[KEY_MAX];
    size_t  len;

    rc = deals_secret_bytes(path, p->field, "the key", buf, sizeof(buf), &len,
                            p->arena, p->error);

    if (rc == 0) {
        rc = take_key(p, ctx, path, buf, len);
    }

    explicit_bzero(buf, sizeof(buf));

    return rc;
}


static int
read_own(place *p, SSL_CTX *ctx, const deals_tls_options *o)
{
    if (o->certificate == NULL) {
        return 0;
    }

    if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate) != 1) {
        return failed(p, "a certificate", o->certificate);
    }

    return read_key(p, ctx, o->key);
}


/* --- others' --------------------------------------------------------------- */

/* OpenSSL takes a certificate apart when it is used first. Had a worker no memory
 * then, it would be bad for ever. 0 or -1. */

static int
take_apart(SSL_CTX *ctx)
{
    int                      i;
    X509                    *x;
    STACK_OF(X509_OBJECT)   *all;

    all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));

    for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
        x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

        if (x != NULL && X509_check_purpose(x, -1, 0) != 1) {
            return -1;
        }
    }

    return 0;
}


static int
read_trusted(place *p, SSL_CTX *ctx, const deals_tls_options *o)
{
    if (o->no_verify) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        return 0;
    }

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

    if (o->trusted == NULL) {
        return SSL_CTX_set_default_verify_paths(ctx) == 1
               ? 0 : deals_error_oom(p->error);
    }

    if (SSL_CTX_load_verify_locations(ctx, o->trusted, NULL) != 1
        || take_apart(ctx) != 0)
    {
        return failed(p, "trusted certificates", o->trusted);
    }

    return 0;
}


static void
set_up(SSL_CTX *ctx)
{
    (void) SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void) SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION
                                    | SSL_OP_NO_COMPRESSION);
    (void) SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

    /* what waits to be sent grows meanwhile, and moves */
    (void) SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                                 | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                 | SSL_MODE_RELEASE_BUFFERS);
}


/* --- life ------------------------------------------------------------------ */

deals_tls *
deals_tls_make(const deals_tls_options *options, const char *field,
    deals_arena *arena, const deals_error **error)
{
    int         rc;
    place       p = { field, arena, error };
    deals_tls  *tls;

    tls = calloc(1, sizeof(deals_tls));

    if (tls == NULL) {
        (void) deals_error_oom(error);
        return NULL;
    }

    ERR_clear_error();
    tls->users = 1;
    tls->ctx = SSL_CTX_new(TLS_client_method());
    tls->socket = deals_tls_socket_method();

    if (tls->ctx == NULL || tls->socket == NULL) {
        rc = deals_error_oom(error);

    } else {
        set_up(tls->ctx);
        rc = read_trusted(&p, tls->ctx, options);
        rc = rc == 0 ? read_own(&p, tls->ctx, options) : rc;
    }

    ERR_clear_error();

    if (rc != 0) {
        deals_tls_free(tls);
        return NULL;
    }

    return tls;
}


deals_tls *
deals_tls_keep(deals_tls *tls)
{
    tls->users++;

    return tls;
}


void
deals_tls_free(deals_tls *tls)
{
    if (tls == NULL || --tls->users > 0) {
        return;
    }

    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->socket);
    free(tls);
}
