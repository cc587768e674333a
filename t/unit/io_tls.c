/*
 * TLS on a socket that does not block: who is trusted, bytes that go out in
 * pieces, ends with and without leave, and that nobody else's errors are touched.
 */

#include "io_tls.h"

static deals_tls          *tls;
static deals_arena        *arena;
static deals_tls_options   options;
static peer                p;
static deals_tls_conn     *conn;
static int                 pipes;       /* SIGPIPEs */

static void
on_pipe(int sig)
{
    (void) sig;
    pipes++;
}

static deals_tls *
make(void)
{
    deals_tls          *made;
    const deals_error  *error = NULL;

    made = deals_tls_make(&options, "redis", arena, &error);
    assert_null(error);
    assert_non_null(made);
    assert_int_equal(ERR_peek_error(), 0);

    return made;
}

static int
begin(void **state)
{
    (void) state;
    memset(&options, 0, sizeof(options));
    options.name = "localhost";
    options.trusted = pem_ca;
    arena = deals_arena_new();
    tls = make();
    pipes = 0;
    signal(SIGPIPE, on_pipe);

    return 0;
}

static int
end(void **state)
{
    (void) state;
    deals_tls_close(conn);
    conn = NULL;
    deals_tls_free(tls);
    deals_arena_free(arena);
    assert_int_equal(pipes, 0);
    assert_int_equal(ERR_peek_error(), 0);

    return 0;
}

static void
open_with(int buffer)
{
    peer_open(&p, buffer);
    conn = deals_tls_open(tls, &options, p.ours);
    assert_non_null(conn);
}

static void
close_all(void)
{
    deals_tls_close(conn);
    conn = NULL;
    peer_close(&p);
}

/* Both sides in turn: 1, hands are shaken; 0, ours is broken. What others left in
 * OpenSSL's queue of errors is not ours. */

static int
shake(void)
{
    int      i;
    char     byte;
    ssize_t  n;

    for (i = 0; i < 1000; i++) {
        ERR_raise(ERR_LIB_USER, 7);
        n = deals_tls_recv(conn, &byte, 1);
        assert_int_equal(n, -1);
        assert_int_equal(ERR_peek_error(), 0);

        if (errno != EAGAIN) {
            return 0;
        }

        (void) SSL_do_handshake(p.ssl);
        ERR_clear_error();

        if (deals_tls_is_up(conn) && SSL_is_init_finished(p.ssl)) {
            return 1;
        }
    }

    fail_msg("no end");
    return 0;
}


/* --- who is trusted ------------------------------------------------------ */

static void
refused_for(const char *name, const char *words)
{
    options.name = name;
    open_with(0);
    assert_int_equal(shake(), 0);
    assert_non_null(strstr(deals_tls_why(conn), words));
    assert_true(deals_tls_is_refused(conn));
    assert_int_equal(deals_tls_recv(conn, &(char) { 0 }, 1), -1);
    close_all();
}

static void
taken_for(const char *name)
{
    const char  *sni;

    options.name = name;
    open_with(0);
    assert_int_equal(shake(), 1);
    sni = SSL_get_servername(p.ssl, TLSEXT_NAMETYPE_host_name);

    if (name[0] == '1') {
        assert_null(sni);
    } else {
        assert_string_equal(sni, name);
    }

    close_all();
}

static void
a_certificate_is_for_somebody(void **state)
{
    (void) state;
    taken_for("localhost");
    taken_for("127.0.0.1");
    taken_for("a.example.org");
    refused_for("127.0.0.2", "IP address mismatch: it is not for \"127.0.0.2\"");
    refused_for("::1", "IP address mismatch");
    refused_for("localhost.", "hostname mismatch");
    refused_for("example.org", "hostname mismatch");
    refused_for("a.b.example.org", "hostname mismatch");
    refused_for("server", "hostname mismatch: it is not for \"server\"");

    /* one whom nobody told us to trust */
    deals_tls_free(tls);
    options.trusted = pem_client;
    tls = make();
    refused_for("localhost", "unable to get local issuer certificate");

    /* nor does the system */
    deals_tls_free(tls);
    options.trusted = NULL;
    tls = make();
    refused_for("localhost", "certificate verify failed: ");

    /* unless it does not matter */
    deals_tls_free(tls);
    options.no_verify = 1;
    tls = make();
    taken_for("localhost");
    taken_for("elsewhere");
    taken_for("10.0.0.1");
}


static void
our_own_certificate_is_shown_if_asked_for(void **state)
{
    X509  *shown;

    (void) state;
    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER
                                   | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(SSL_CTX_load_verify_locations(server_ctx, pem_ca, NULL), 1);
    options.certificate = pem_client;
    options.key = key_client;
    deals_tls_free(tls);
    tls = make();
    open_with(0);
    assert_int_equal(shake(), 1);
    shown = SSL_get1_peer_certificate(p.ssl);
    assert_non_null(shown);
    X509_free(shown);
    close_all();
    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_NONE, NULL);
}


/* With TLS 1.3 hands are shaken before ours is looked at: the answer may come when
 * something is sent already, and nobody is there any more. */

static void
why_ours_is_not_taken(void **state)
{
    int   i;
    char  byte;

    (void) state;
    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER
                                   | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);

    for (i = 0; i < 2; i++) {
        open_with(0);

        while (!deals_tls_is_up(conn)) {
            assert_int_equal(deals_tls_recv(conn, &byte, 1), -1);
            assert_int_equal(errno, EAGAIN);
            (void) SSL_do_handshake(p.ssl);
            ERR_clear_error();
        }

        (void) SSL_do_handshake(p.ssl);
        ERR_clear_error();
        peer_leave(&p, 0);
        assert_int_equal(i == 0 ? deals_tls_send(conn, "a", 1)
                                : deals_tls_recv(conn, &byte, 1), -1);
        assert_int_not_equal(errno, EAGAIN);
        assert_string_equal(deals_tls_why(conn),
                            "TLS: tlsv13 alert certificate required");
        assert_true(deals_tls_is_refused(conn));
        close_all();
    }

    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_NONE, NULL);
}


static void
old_protocols_are_not_spoken(void **state)
{
    (void) state;
    SSL_CTX_set_min_proto_version(server_ctx, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(server_ctx, TLS1_1_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(server_ctx, "ALL:@SECLEVEL=0"), 1);
    open_with(0);
    assert_int_equal(shake(), 0);
    assert_non_null(strstr(deals_tls_why(conn), "protocol"));
    close_all();
    SSL_CTX_set_max_proto_version(server_ctx, 0);
    assert_int_equal(SSL_CTX_set_cipher_list(server_ctx, "DEFAULT"), 1);
}


/* --- bytes --------------------------------------------------------------- */

static unsigned char
byte_at(size_t i)
{
    return (unsigned char) (i * 31 + i / 251);
}

/* What is to be sent moves and grows meanwhile, the other side reads little. */

static void
bytes_in_pieces(void **state)
{
    int             waits = 0, turn, rc, i;
    char           *out = NULL, *moved, in[700];
    size_t          have = 0, sent = 0, got = 0;
    ssize_t         n;
    const size_t    all = 200000;

    (void) state;
    open_with(4000);
    assert_int_equal(shake(), 1);

    while (got < all) {
        have = have + 3000 > all ? all : have + 3000;
        moved = malloc(have);
        memcpy(moved, out != NULL ? out : "", have > 3000 ? have - 3000 : 0);
        free(out);
        out = moved;

        for (i = 0; i < (int) have; i++) {
            out[i] = (char) byte_at((size_t) i);
        }

        while (sent < have) {
            n = deals_tls_send(conn, out + sent, have - sent);

            if (n < 0) {
                assert_int_equal(errno, EAGAIN);
                assert_int_equal(deals_tls_events(conn, 1),
                                 DEALS_READ | DEALS_WRITE);
                assert_int_equal(deals_tls_events(conn, 0), DEALS_READ);
                waits++;
                break;
            }

            sent += (size_t) n;
        }

        for (turn = 0; turn < 3; turn++) {
            rc = SSL_read(p.ssl, in, sizeof(in));

            for (i = 0; i < rc; i++) {
                assert_int_equal((unsigned char) in[i], byte_at(got++));
            }
        }

        ERR_clear_error();
    }

    assert_true(waits > 10);
    assert_int_equal(got, all);
    free(out);
    close_all();
}


/* A record is read as a whole: the socket tells nothing of what OpenSSL has. */

static void
nothing_stays_unread(void **state)
{
    char     in[DEALS_TLS_RECORD], out[DEALS_TLS_RECORD];
    ssize_t  n;

    (void) state;
    memset(out, 'x', sizeof(out));
    open_with(0);
    assert_int_equal(shake(), 1);
    assert_int_equal(SSL_write(p.ssl, out, sizeof(out)), sizeof(out));
    n = deals_tls_recv(conn, in, sizeof(in));
    assert_int_equal(n, sizeof(in));

    /* nor are others' errors taken for ours */
    ERR_raise(ERR_LIB_USER, 7);
    assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(ERR_peek_error(), 0);
    close_all();
}


/* Keys that change midway: in a direction that is full, too. */

static void
keys_may_change(void **state)
{
    int      round, rc;
    char     in[4096], out[4096];
    size_t   want, got;
    ssize_t  n;

    (void) state;
    memset(out, 'k', sizeof(out));
    open_with(4000);
    assert_int_equal(shake(), 1);

    for (round = 0; round < 5; round++) {
        assert_int_equal(SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED), 1);

        for (want = 0; (n = deals_tls_send(conn, out, sizeof(out))) > 0; ) {
            want += (size_t) n;
        }

        assert_int_equal(errno, EAGAIN);
        assert_int_equal(SSL_write(p.ssl, "ok", 2), 2);
        assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), 2);

        /* the piece that was refused comes with the next */
        for (got = 0; got <= want; ) {
            rc = SSL_read(p.ssl, in, sizeof(in));
            got += rc > 0 ? (size_t) rc : 0;

            if (rc <= 0 && got <= want) {
                n = deals_tls_send(conn, out, sizeof(out));
                want += n > 0 ? (size_t) n - 1 : 0;
            }
        }

        ERR_clear_error();
    }

    assert_false(deals_tls_is_refused(conn));
    close_all();
}


/* Reading may have to wait until something can be written. */

static void
hands_are_shaken_when_there_is_room(void **state)
{
    int      rc;
    char     byte, junk[512];
    size_t   put = 0, taken = 0;

    (void) state;
    open_with(4000);
    memset(junk, 'j', sizeof(junk));

    while ((rc = (int) send(p.ours, junk, sizeof(junk), 0)) > 0) {
        put += (size_t) rc;
    }

    assert_int_equal(deals_tls_recv(conn, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(deals_tls_events(conn, 0), DEALS_WRITE);
    assert_int_equal(deals_tls_send(conn, "a", 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(deals_tls_events(conn, 1), DEALS_WRITE);

    while (taken < put) {
        rc = (int) recv(p.theirs, junk, put - taken < sizeof(junk)
                        ? put - taken : sizeof(junk), 0);
        assert_true(rc > 0);
        taken += (size_t) rc;
    }

    assert_int_equal(deals_tls_recv(conn, &byte, 1), -1);
    assert_int_equal(deals_tls_send(conn, "a", 1), -1);
    assert_int_equal(deals_tls_events(conn, 1), DEALS_READ);
    assert_int_equal(shake(), 1);
    assert_int_equal(deals_tls_send(conn, "a", 1), 1);
    assert_int_equal(SSL_read(p.ssl, junk, 1), 1);
    close_all();
}


/* --- ends ---------------------------------------------------------------- */

static void
an_end_is_taken_leave_of(void **state)
{
    char  in[16];

    (void) state;
    open_with(0);
    assert_int_equal(shake(), 1);
    assert_int_equal(SSL_write(p.ssl, "bye", 3), 3);
    peer_leave(&p, 1);
    assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), 3);
    assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), 0);
    close_all();

    /* ours */
    open_with(0);
    assert_int_equal(shake(), 1);
    deals_tls_close(conn);
    conn = NULL;
    assert_int_equal(SSL_read(p.ssl, in, sizeof(in)), 0);
    assert_int_equal(SSL_get_shutdown(p.ssl) & SSL_RECEIVED_SHUTDOWN,
                     SSL_RECEIVED_SHUTDOWN);
    close_all();
}


static void
an_end_without_leave_is_an_error(void **state)
{
    char  in[16];

    (void) state;
    open_with(0);
    assert_int_equal(shake(), 1);
    peer_leave(&p, 0);
    assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), -1);
    assert_int_not_equal(errno, EAGAIN);
    assert_string_equal(deals_tls_why(conn), "TLS: unexpected eof while reading");
    assert_false(deals_tls_is_refused(conn));
    close_all();

    /* nobody is there to be written to: no signal */
    open_with(0);
    assert_int_equal(shake(), 1);
    peer_leave(&p, 0);
    assert_int_equal(deals_tls_send(conn, "a", 1), -1);
    assert_string_equal(deals_tls_why(conn), "Broken pipe");
    close_all();

    open_with(0);
    peer_leave(&p, 0);
    assert_int_equal(deals_tls_send(conn, "a", 1), -1);
    assert_string_equal(deals_tls_why(conn), "Broken pipe");
    close_all();
}


static void
what_is_no_tls_is_told(void **state)
{
    char  in[16];

    (void) state;
    open_with(0);
    assert_int_equal(deals_tls_send(conn, "a", 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(send(p.theirs, "-ERR unknown command\r\n", 22, 0), 22);
    assert_int_equal(deals_tls_recv(conn, in, sizeof(in)), -1);
    assert_int_not_equal(errno, EAGAIN);
    assert_string_equal(deals_tls_why(conn), "TLS: wrong version number: is TLS "
                                             "spoken there?");
    close_all();
}


static void
connections_outlive_what_made_them(void **state)
{
    deals_tls  *own;

    (void) state;
    own = tls;
    open_with(0);
    assert_ptr_equal(deals_tls_keep(own), own);
    deals_tls_free(own);
    deals_tls_free(own);
    assert_int_equal(shake(), 1);
    close_all();
    tls = NULL;
    deals_tls_free(NULL);
    deals_tls_close(NULL);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, begin, end)

static int
begin_all(void **state)
{
    (void) state;
    make_certificates();
    server_begin_tls();

    return 0;
}

static int
end_all(void **state)
{
    (void) state;
    SSL_CTX_free(server_ctx);
    remove_dir();

    return 0;
}

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_certificate_is_for_somebody),
        TEST(our_own_certificate_is_shown_if_asked_for),
        TEST(why_ours_is_not_taken),
        TEST(old_protocols_are_not_spoken),
        TEST(bytes_in_pieces),
        TEST(nothing_stays_unread),
        TEST(keys_may_change),
        TEST(hands_are_shaken_when_there_is_room),
        TEST(an_end_is_taken_leave_of),
        TEST(an_end_without_leave_is_an_error),
        TEST(what_is_no_tls_is_told),
        TEST(connections_outlive_what_made_them),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_tls", tests, begin_all, end_all);
}
