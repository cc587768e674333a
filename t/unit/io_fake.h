/*
 * io_fake.h - a scripted PostgreSQL on a unix socket, inside of the test: it
 * speaks the wire protocol, does what the statements' arguments say, and moves
 * only when it is told to (fake_turn), so that a test decides what is on the
 * wire and what is not. Time is the test's own: see steady_clock.h.
 *
 * An argument below 1000 is an answer. The others are deeds; see enum. That of
 * BATCH has the number of its rows, times 10000, added; they are 1, 2 ...
 */

#ifndef IO_FAKE_H
#define IO_FAKE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "io_check.h"
#include "steady_clock.h"

enum {
    DROP = 1000,            /* close in the middle of the row */
    GARBAGE,                /* bytes that are no message */
    HANG,                   /* read nothing any more */
    FATAL,                  /* 57P01 instead of doing it, and close */
    CLOSE_AFTER,            /* do it, and close before the Sync's answer */
    E_23505, E_40001, E_26000, E_0A000, E_25P02, E_57014, E_25006, E_53100,
    E_COMMIT,               /* do it, and fail when it is committed: 40001 */
    POISON                  /* do it, and be in a failed transaction then */
};

static const struct { int64_t n; const char *sqlstate; }  fake_errors[] = {
    { E_23505, "23505" }, { E_40001, "40001" }, { E_26000, "26000" },
    { E_0A000, "0A000" }, { E_25P02, "25P02" }, { E_57014, "57014" },
    { E_25006, "25006" }, { E_53100, "53100" }, { 0, NULL }
};

enum { FAKE_SERVE = 0, FAKE_SILENT, FAKE_REJECT, FAKE_FULL, FAKE_STARTING };

typedef struct {
    int      fd;                    /* -1: free */
    int      started;
    int      skip;                  /* to the next Sync */
    int      hung;
    char     tx;                    /* 'I', 'T', 'E' */
    int      fail_commit;
    int      close_at_sync;
    int      closing;               /* when all is written */
    char     names[64][32];         /* prepared statements */
    char     sqls[64][120];
    int      nnames;
    char     bound[120];            /* the SQL of the portal */
    int64_t  arg;
    int64_t  rows;                  /* of BATCH */
    char     in[65536];
    size_t   nin;
    char    *out;
    size_t   nout;
} fake_conn;

typedef struct {
    char       dir[64];
    char       path[108];
    int        listener;            /* -1: away */
    int        mode;                /* of new connections */
    int        dribble;             /* one byte a turn */
    int        deaf;                /* read nothing */
    int        accepted;
    int        version;             /* of the schema */
    int        no_schema;
    int        no_right;            /* to read the version */
    int        read_only;           /* what it says of itself */
    int        hang_version;        /* no answer to that question */
    int        once;                /* deeds are done so often, then answers */
    char       log[65536];          /* what was executed: "1:NUMBER 5\n" */
    int        parses;
    int        syncs;
    fake_conn  conns[16];
} fake;


static void
fake_log(fake *f, fake_conn *c, const char *what, int64_t arg)
{
    size_t  n;

    n = strlen(f->log);
    snprintf(f->log + n, sizeof(f->log) - n, "%d:%s %lld\n",
             (int) (c - f->conns), what, (long long) arg);
}

static void
fake_put(fake_conn *c, const void *data, size_t len)
{
    c->out = realloc(c->out, c->nout + len);
    memcpy(c->out + c->nout, data, len);
    c->nout += len;
}

static void
fake_message(fake_conn *c, char type, const void *data, size_t len)
{
    uint32_t  n;

    n = htonl((uint32_t) len + 4);
    fake_put(c, &type, 1);
    fake_put(c, &n, 4);
    fake_put(c, data, len);
}

static void
fake_error(fake_conn *c, const char *severity, const char *sqlstate)
{
    int   n;
    char  text[128];

    n = snprintf(text, sizeof(text), "S%s%cV%s%cC%s%cMsecret words%c", severity,
                 0, severity, 0, sqlstate, 0, 0);
    fake_message(c, 'E', text, (size_t) n + 1);

    c->skip = 1;

    if (c->tx == 'T') {
        c->tx = 'E';
    }
}

static void
fake_listen(fake *f)
{
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    strcpy(sun.sun_path, f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void) unlink(f->path);
    assert_int_equal(bind(f->listener, (struct sockaddr *) &sun, sizeof(sun)),
                     0);
    assert_int_equal(listen(f->listener, 16), 0);
}

static void
fake_hang_up(fake_conn *c)
{
    if (c->fd != -1) {
        close(c->fd);
    }

    free(c->out);
    memset(c, 0, sizeof(*c));
    c->fd = -1;
}

unused static void
fake_away(fake *f)
{
    int  i;

    if (f->listener != -1) {
        close(f->listener);
        unlink(f->path);
        f->listener = -1;
    }

    for (i = 0; i < 16; i++) {
        fake_hang_up(&f->conns[i]);
    }
}

unused static fake *
fake_new(void)
{
    int    i;
    fake  *f;

    f = calloc(1, sizeof(fake));
    strcpy(f->dir, "/tmp/deals-fake-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/.s.PGSQL.5432", f->dir);

    for (i = 0; i < 16; i++) {
        f->conns[i].fd = -1;
    }

    fake_listen(f);
    f->once = 1000000;

    return f;
}

unused static void
fake_free(fake *f)
{
    fake_away(f);
    rmdir(f->dir);
    free(f);
}


/* --- what it does -------------------------------------------------------- */

static void
fake_row(fake_conn *c, int64_t n)
{
    int            i;
    unsigned char  row[14] = { 0, 1, 0, 0, 0, 8 };

    for (i = 0; i < 8; i++) {
        row[6 + i] = (unsigned char) ((uint64_t) n >> (56 - 8 * i));
    }

    fake_message(c, 'D', row, sizeof(row));
}

/* The schema's version, and whether the server can only be read: texts. */

static void
fake_version(fake *f, fake_conn *c)
{
    int            n, len;
    char           text[24];
    unsigned char  row[64] = { 0, 2 };

    len = snprintf(text, sizeof(text), "%d", f->version);
    row[5] = (unsigned char) len;
    memcpy(row + 6, text, (size_t) len);
    n = 6 + len + 3;
    len = snprintf(text, sizeof(text), "%s", f->read_only ? "on" : "off");
    row[n++] = (unsigned char) len;
    memcpy(row + n, text, (size_t) len);
    fake_message(c, 'D', row, (size_t) (n + len));
}

static int
fake_is(const fake_conn *c, const char *word)
{
    return strstr(c->bound, word) != NULL;
}

static void
fake_describe(fake_conn *c)
{
    char  d[] = { 0, 1, 'n', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 8,
                  (char) 0xff, (char) 0xff, (char) 0xff, (char) 0xff, 0, 1 };
    char  two[] = { 0, 2,
                    'v', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4,
                    (char) 0xff, (char) 0xff, (char) 0xff, (char) 0xff, 0, 0,
                    'r', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, (char) 0xff,
                    (char) 0xff, (char) 0xff, (char) 0xff, (char) 0xff,
                    (char) 0xff, 0, 0 };

    if (fake_is(c, "BEGIN") || fake_is(c, "COMMIT") || fake_is(c, "ROLLBACK")) {
        fake_message(c, 'n', "", 0);
        return;
    }

    if (fake_is(c, "schema_version")) {
        fake_message(c, 'T', two, sizeof(two));
        return;
    }

    fake_message(c, 'T', d, sizeof(d));
}

/* 1: it was a deed that leaves nothing to answer */

static int
fake_deed(fake *f, fake_conn *c)
{
    int  i;

    if (c->arg < 1000 || f->once == 0) {
        return 0;
    }

    f->once--;

    switch (c->arg) {

    case DROP:
        fake_put(c, "D\0\0\0\16\0\1", 7);
        c->closing = 1;
        return 1;

    case GARBAGE:
        fake_put(c, "\1\2\3\4\5\6\7\10\11", 9);
        return 1;

    case HANG:
        c->hung = 1;
        return 1;

    case FATAL:
        fake_error(c, "FATAL", "57P01");
        c->closing = 1;
        return 1;

    case CLOSE_AFTER:
        c->close_at_sync = 1;
        return 0;

    case POISON:
        c->tx = 'E';
        return 0;

    case E_COMMIT:
        c->fail_commit = 1;
        return 0;

    default:
        break;
    }

    for (i = 0; fake_errors[i].sqlstate != NULL; i++) {
        if (fake_errors[i].n == c->arg) {
            fake_error(c, "ERROR", fake_errors[i].sqlstate);
            return 1;
        }
    }

    return 0;
}

static void
fake_execute(fake *f, fake_conn *c)
{
    int64_t  i;

    if (fake_is(c, "schema_version")) {
        if (f->hang_version) {
            c->hung = 1;
            return;
        }

        if (f->no_schema) {
            fake_error(c, "ERROR", "42P01");
            return;
        }

        if (f->no_right) {
            fake_error(c, "ERROR", "42501");
            return;
        }

        fake_version(f, c);
        fake_message(c, 'C', "SELECT 1", 9);
        return;
    }

    if (fake_is(c, "ROLLBACK") || fake_is(c, "COMMIT")) {
        fake_log(f, c, c->bound, 0);

        if (c->fail_commit) {
            c->fail_commit = 0;
            c->tx = 'I';
            fake_error(c, "ERROR", "40001");
            return;
        }

        c->tx = 'I';
        fake_message(c, 'C', c->bound, strlen(c->bound) + 1);
        return;
    }

    if (c->tx == 'E') {
        fake_error(c, "ERROR", "25P02");
        return;
    }

    if (fake_is(c, "BEGIN")) {
        fake_log(f, c, c->bound, 0);
        c->tx = 'T';
        fake_message(c, 'C', "BEGIN", 6);
        return;
    }

    if (fake_is(c, "batch")) {
        fake_log(f, c, "BATCH", c->rows);

    } else {
        fake_log(f, c, fake_is(c, "written") ? "WRITE" : "NUMBER", c->arg);
    }

    if (fake_deed(f, c)) {
        return;
    }

    fake_row(c, c->rows > 0 ? 1 : c->arg);

    for (i = 2; i <= c->rows; i++) {
        fake_row(c, i);
    }

    fake_message(c, 'C', "SELECT 1", 9);
}

static void
fake_bind(fake_conn *c, const char *body, size_t len)
{
    int          i;
    size_t       at;
    const char  *name;

    name = body + strlen(body) + 1;
    c->bound[0] = '\0';

    for (i = 0; i < c->nnames; i++) {
        if (strcmp(c->names[i], name) == 0) {
            strcpy(c->bound, c->sqls[i]);
        }
    }

    if (c->bound[0] == '\0') {
        fake_error(c, "ERROR", "26000");
        return;
    }

    /* formats, number of values, length, value */
    at = (size_t) (name - body) + strlen(name) + 1;
    i = (unsigned char) body[at + 1];
    at += 2 + 2 * (size_t) i + 2;
    c->arg = 0;

    if (at + 12 <= len) {
        for (at += 4, i = 0; i < 8; i++) {
            c->arg = c->arg << 8 | (unsigned char) body[at + (size_t) i];
        }
    }

    c->rows = c->arg / 10000;
    c->arg %= 10000;
    fake_message(c, '2', "", 0);
}

static void
fake_parse(fake *f, fake_conn *c, const char *body)
{
    int          i;
    const char  *sql;

    sql = body + strlen(body) + 1;

    for (i = 0; i < c->nnames && strcmp(c->names[i], body) != 0; i++) { }

    if (i < c->nnames && body[0] != '\0') {
        fake_error(c, "ERROR", "42P05");
        return;
    }

    if (i == c->nnames) {
        c->nnames++;
    }

    snprintf(c->names[i], sizeof(c->names[i]), "%s", body);
    snprintf(c->sqls[i], sizeof(c->sqls[i]), "%s", sql);
    f->parses += body[0] != '\0';
    fake_message(c, '1', "", 0);
}

static void
fake_sync(fake_conn *c)
{
    c->skip = 0;

    if (c->close_at_sync) {
        c->nout = 0;
        c->closing = 1;
        return;
    }

    if (c->fail_commit && c->tx == 'I') {
        c->fail_commit = 0;
        fake_error(c, "ERROR", "40001");
        c->skip = 0;
    }

    fake_message(c, 'Z', &c->tx, 1);
}

static void
fake_start(fake *f, fake_conn *c)
{
    c->started = 1;
    c->tx = 'I';

    if (f->mode == FAKE_FULL) {
        fake_error(c, "FATAL", "53300");
        c->closing = 1;
        return;
    }

    if (f->mode == FAKE_STARTING) {
        fake_error(c, "FATAL", "57P03");
        c->closing = 1;
        return;
    }

    fake_message(c, 'R', "\0\0\0\0", 4);
    fake_message(c, 'S', "client_encoding\0UTF8", 21);
    fake_message(c, 'S', "server_version\0" "15.0", 20);
    fake_message(c, 'K', "\0\0\0\1\0\0\0\2", 8);
    fake_message(c, 'Z', "I", 1);
}

/* 0: there was not a whole message */

static int
fake_take(fake *f, fake_conn *c)
{
    char      type, *body;
    size_t    head, len;
    uint32_t  n;

    head = c->started ? 1 : 0;

    if (c->nin < head + 4 || c->hung || c->closing) {
        return 0;
    }

    memcpy(&n, c->in + head, 4);
    len = ntohl(n) + head;

    if (c->nin < len) {
        return 0;
    }

    type = c->in[0];
    body = c->in + head + 4;

    if (!c->started) {
        fake_start(f, c);

    } else if (type == 'S') {
        f->syncs++;
        fake_sync(c);

    } else if (c->skip) {
        /* void */

    } else if (type == 'P') {
        fake_parse(f, c, body);

    } else if (type == 'B') {
        fake_bind(c, body, len - 5);

    } else if (type == 'D') {
        fake_describe(c);

    } else if (type == 'E') {
        fake_execute(f, c);

    } else if (type == 'X') {
        c->closing = 1;
    }

    memmove(c->in, c->in + len, c->nin - len);
    c->nin -= len;

    return 1;
}

static void
fake_serve(fake *f, fake_conn *c)
{
    ssize_t  n;

    if (!c->hung && !f->deaf && f->mode != FAKE_SILENT) {
        n = recv(c->fd, c->in + c->nin, sizeof(c->in) - c->nin, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            fake_hang_up(c);
            return;
        }

        c->nin += n > 0 ? (size_t) n : 0;

        while (fake_take(f, c)) { }
    }

    if (c->nout > 0) {
        n = send(c->fd, c->out, f->dribble ? 1 : c->nout,
                 MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            memmove(c->out, c->out + n, c->nout - (size_t) n);
            c->nout -= (size_t) n;
        }
    }

    if (c->closing && c->nout == 0) {
        fake_hang_up(c);
    }
}

static void
fake_turn(fake *f)
{
    int  i, fd;

    while (f->listener != -1
           && (fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK)) != -1)
    {
        f->accepted++;

        for (i = 0; i < 16 && f->conns[i].fd != -1; i++) { }

        if (f->mode == FAKE_REJECT || i == 16) {
            close(fd);
            continue;
        }

        f->conns[i].fd = fd;
    }

    for (i = 0; i < 16; i++) {
        if (f->conns[i].fd != -1) {
            fake_serve(f, &f->conns[i]);
        }
    }
}

/* Both sides move until `*what` is `n`. */

unused static void
spin_until(deals_ctx *ctx, fake *f, const int *what, int n)
{
    int64_t  start;

    for (start = deals_mono(); *what < n; ) {
        if (f != NULL) {
            fake_turn(f);
        }

        (void) deals_ctx_poll(ctx, 1);
        assert_true(ms_since(start) < LONG);
    }
}

/* Both sides move for some time. */

unused static void
spin_for(deals_ctx *ctx, fake *f, int ms)
{
    int64_t  start;

    for (start = deals_mono(); ms_since(start) < ms; ) {
        if (f != NULL) {
            fake_turn(f);
        }

        (void) deals_ctx_poll(ctx, 1);
    }
}

#endif /* IO_FAKE_H */
