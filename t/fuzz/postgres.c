/*
 * What PostgreSQL may say: a server that knows the protocol and answers as the
 * input wants it, right, wrong, cut short, in the wrong order, with any rows, or
 * not at all. Each call ends once, what it answers with can be read, and no line
 * of the log is forged.
 */

#include "fuzz_host.h"

#include <arpa/inet.h>
#include <limits.h>

#include <postgresql/libpq-fe.h>

#include <deals/calls.h>
#include <deals/view.h>

#include "io/stmt.h"

#define CONNECTIONS  8
#define CALLS        12
#define TURNS        300
#define NAMES        64
#define FROM_SERVER  65536          /* bytes on one connection; then silence */
#define TO_SERVER    131072

typedef struct {
    int       fd;
    int       started;
    int       skip;                 /* up to the next Sync, after an error */
    int       mute;
    char      tx;
    unsigned  bound;                /* statement; NONE: another text */
    char      text[16];             /* the beginning of that */
    unsigned  n;
    char      names[NAMES][24];
    unsigned  stmts[NAMES];
    size_t    nin, nout;
    char      in[TO_SERVER];
    char      out[FROM_SERVER];
} peer;

#define NONE  UINT_MAX

static peer        peers[CONNECTIONS];
static deals_str   script;              /* what is left of the input */
static char        database[128];
static int         moved;               /* something came or went */


/* -- libpq ---------------------------------------------------------------- */

/* A Sync's answer in the place of rows makes libpq itself lose a result. So its
 * leaks are not looked at; that all results it handed out are given back is. */
const char *__lsan_default_suppressions(void);
PGresult   *__real_PQgetResult(PGconn *conn);
PGresult   *__wrap_PQgetResult(PGconn *conn);
void        __real_PQclear(PGresult *res);
void        __wrap_PQclear(PGresult *res);

static int  results;                    /* out */

const char *
__lsan_default_suppressions(void)
{
    return "leak:libpq.so";
}


PGresult *
__wrap_PQgetResult(PGconn *conn)
{
    PGresult  *res = __real_PQgetResult(conn);

    results += res != NULL;

    return res;
}


void
__wrap_PQclear(PGresult *res)
{
    results -= res != NULL;
    __real_PQclear(res);
}


/* -- messages ------------------------------------------------------------- */

static void
put(peer *p, const void *bytes, size_t len)
{
    if (len > sizeof(p->out) - p->nout) {
        p->mute = 1;
        return;
    }

    if (len > 0) {
        memcpy(p->out + p->nout, bytes, len);
        p->nout += len;
    }
}


static void
message(peer *p, char type, const void *body, size_t len)
{
    uint32_t  n = htonl((uint32_t) len + 4);

    put(p, &type, 1);
    put(p, &n, 4);
    put(p, body, len);
}


static void
number(char *out, int bytes, int64_t value)
{
    while (bytes-- > 0) {
        out[bytes] = (char) (value & 0xff);
        value >>= 8;
    }
}


static void
error(peer *p, const char *severity, const char *sqlstate)
{
    int   n;
    char  text[160];

    n = snprintf(text, sizeof(text), "S%s%cV%s%cC%s%cMno\nsuch \x1b[1m thing%c",
                 severity, 0, severity, 0, sqlstate, 0, 0);
    message(p, 'E', text, (size_t) n + 1);
    p->skip = 1;
    p->tx = p->tx == 'T' ? 'E' : p->tx;
}


/* -- rows ----------------------------------------------------------------- */

static size_t
size_of_type(uint32_t type)
{
    switch (type) {
    case 16:
        return 1;
    case 21:
        return 2;
    case 23:
        return 4;
    case 20: case 701: case 1184:
        return 8;
    default:
        return 0;
    }
}


/* Below 0x80 a small number, or a text from the list; then larger ones, texts
 * and bytes of the input; NULL. */
static size_t
cell(char *out, uint32_t type, size_t room)
{
    size_t     len = size_of_type(type);
    unsigned   c = take_byte(&script);
    deals_str  raw;

    static const char *const  words[] = {
        "kim", "member", "moderator", "USD", "https://shop.example/", "a-tea",
        "<b>bold</b>", "", "caf\xc3\xa9", "EUR"
    };

    if (c == 0xff) {
        return SIZE_MAX;

    } else if (c >= 0xf0) {
        raw = deals_str_sub(script, 0, c - 0xf0);
        script = deals_str_sub(script, raw.len, script.len);

    } else if (len > 0) {
        number(out, (int) len, c < 0x80 ? (int64_t) c + 1
                               : (int64_t) take_number(&script, (int) len));
        return len;

    } else if (type == 25 || type == 1043) {
        raw = c < 0x80 ? deals_str_of(words[c % 10]) : take_part(&script);

    } else if (c < 0x80) {
        memset(out, 0, 12);             /* an array without elements */
        number(out + 8, 4, type == 1016 ? 20 : type == 1005 ? 21 : 25);
        return 12;

    } else {
        raw = take_part(&script);
    }

    len = raw.len < room ? raw.len : room;
    memcpy(out, raw.data, len);

    return len;
}


static void
row(peer *p, const deals_stmt *stmt, unsigned ncols)
{
    char      body[4096];
    size_t    at = 2, len;
    unsigned  i;

    number(body, 2, ncols);

    for (i = 0; i < ncols && sizeof(body) - at > 300; i++) {
        len = cell(body + at + 4, stmt->col_types[i % stmt->ncols], 256);
        number(body + at, 4, len == SIZE_MAX ? -1 : (int64_t) len);
        at += 4 + (len == SIZE_MAX ? 0 : len);
    }

    message(p, 'D', body, at);
}


static void
describe(peer *p, unsigned ncols, const deals_stmt *stmt, int binary)
{
    char      body[4096];
    size_t    at = 2;
    unsigned  i;

    if (ncols == 0) {
        message(p, 'n', "", 0);
        return;
    }

    number(body, 2, ncols);

    for (i = 0; i < ncols && at + 32 < sizeof(body); i++) {
        memset(body + at, 0, 20);
        body[at] = 'c';
        number(body + at + 8, 4, stmt ? (int64_t) stmt->col_types[i] : 23);
        number(body + at + 12, 2, -1);
        number(body + at + 18, 2, binary);
        at += 20;
    }

    message(p, 'T', body, at);
}


/* -- what the server does ------------------------------------------------- */

/* 1: something else than the right answer. */
static int
deed(peer *p, char type)
{
    char       noise[5];
    unsigned   c = take_byte(&script);
    deals_str  raw;

    static const char *const  states[] = {
        "23505", "40001", "26000", "0A000", "25P02", "57014", "25006", "53100",
        "57P01", "40P01", "42P01", "08006", "22021", "XX000", "", "1"
    };

    if (c < 0x90) {
        return 0;
    }

    if (c < 0xa0) {
        error(p, "ERROR", states[c & 15]);
        return 1;
    }

    switch (c & 15) {
    case 0:
        error(p, "FATAL", states[take_byte(&script) & 15]);
        p->mute = 1;
        return 1;
    case 1:
        p->mute = 1;
        return 1;
    case 2:
        raw = take_part(&script);       /* any bytes */
        put(p, raw.data, raw.len);
        return 1;
    case 3:
        raw = take_part(&script);       /* a message of any kind */
        message(p, (char) take_byte(&script), raw.data, raw.len);
        return 1;
    case 4:
        message(p, "12nCDZTEIAN3sGHWS"[take_byte(&script) % 17], "\0\0\0\0", 4);
        return 1;
    case 5:
        memcpy(noise, "Z\0\0\0\5", 5);
        noise[0] = type;
        put(p, noise, 1 + take_byte(&script) % 5);      /* cut short */
        p->mute = 1;
        return 1;
    case 6:
        message(p, 'S', "server_version\0" "9.6\0", 19);
        return 0;
    case 7:
        message(p, 'N', "SNOTICE\0C00000\0Mwell\nthen\0", 27);
        return 0;
    case 8:
        message(p, 'A', "\0\0\0\1channel\0payload\0", 20);
        return 0;
    case 9:
        return 1;                       /* nothing at all */
    case 10:
        p->tx = "ITE?"[take_byte(&script) & 3];
        return 0;
    default:
        return 0;
    }
}


static void
bind_stmt(peer *p, const char *body, size_t len)
{
    unsigned     i;
    const char  *name = body + strnlen(body, len) + 1;

    for (i = 0; i < p->n && strcmp(p->names[i], name) != 0; i++) { /* void */ }
    p->bound = i < p->n ? p->stmts[i] : NONE;
    message(p, '2', "", 0);
}


static void
parse(peer *p, const char *body)
{
    size_t       k;
    unsigned     i;
    const char  *sql = body + strlen(body) + 1;

    for (i = 0; i < p->n && strcmp(p->names[i], body) != 0; i++) { /* void */ }

    if (i == NAMES) {
        p->mute = 1;
        return;
    }

    p->n += i == p->n;
    p->stmts[i] = NONE;
    snprintf(p->names[i], sizeof(p->names[i]), "%s", body);

    for (k = 0; k < deals_nstmts && p->stmts[i] == NONE; k++) {
        p->stmts[i] = strcmp(deals_stmts[k].sql, sql) == 0 ? (unsigned) k : NONE;
    }

    if (p->stmts[i] == NONE) {
        snprintf(p->text, sizeof(p->text), "%s", sql);
    }

    message(p, '1', "", 0);
}


static void
execute(peer *p)
{
    int                n;
    char               version[16];
    unsigned           i, ncols;
    const deals_stmt  *stmt;

    if (p->bound == NONE) {
        p->tx = p->text[0] == 'B' ? 'T' : 'I';

        if (p->text[0] == 'S') {
            p->tx = 'I';
            n = snprintf(version + 6, sizeof(version) - 6, "%d",
                         deals_schema_version);
            number(version, 2, 1);
            number(version + 2, 4, n);
            message(p, 'D', version, 6 + (size_t) n);
        }

    } else {
        stmt = &deals_stmts[p->bound];
        n = (int) (take_byte(&script) + 1);
        ncols = (unsigned) stmt->ncols + (n > 0xf0 ? (unsigned) n & 1 : 0);

        for (i = 0; stmt->ncols > 0 && i < (n & 7u); i++) {
            row(p, stmt, ncols);
        }
    }

    message(p, 'C', "SELECT 1", 9);
}


static void
answer(peer *p, char type, const char *body, size_t len)
{
    const deals_stmt  *stmt;

    if (type == 'S') {
        p->skip = 0;

        if (!deed(p, 'Z')) {
            message(p, 'Z', &p->tx, 1);
        }
        return;
    }

    if (p->skip || deed(p, type)) {
        return;
    }

    switch (type) {
    case 'P':
        parse(p, body);
        break;
    case 'B':
        bind_stmt(p, body, len);
        break;
    case 'D':
        stmt = p->bound != NONE ? &deals_stmts[p->bound] : NULL;
        describe(p, stmt ? (unsigned) stmt->ncols : p->text[0] == 'S', stmt,
                 stmt != NULL);
        break;
    case 'E':
        execute(p);
        break;
    default:
        break;
    }
}


static void
greet(peer *p)
{
    p->started = 1;
    p->tx = 'I';

    if (deed(p, 'R')) {
        return;
    }

    message(p, 'R', "\0\0\0\0", 4);
    message(p, 'S', "client_encoding\0UTF8", 21);
    message(p, 'S', "server_version\0" "15.0", 20);
    message(p, 'K', "\0\0\0\1\0\0\0\2", 8);
    message(p, 'Z', "I", 1);
}


/* 0: there is not a whole message. */
static int
take_message(peer *p)
{
    size_t    head = p->started ? 1 : 0, len;
    uint32_t  n;

    if (p->nin < head + 4) {
        return 0;
    }

    memcpy(&n, p->in + head, 4);
    len = ntohl(n) + head;
    need(len >= head + 4 && len < sizeof(p->in), "a message of %zu bytes", len);

    if (p->nin < len) {
        return 0;
    }

    if (!p->started) {
        greet(p);
    } else {
        answer(p, p->in[0], p->in + 5, len - 5);
    }

    memmove(p->in, p->in + len, p->nin - len);
    p->nin -= len;

    return 1;
}


static void
serve(peer *p, size_t most)
{
    ssize_t  n;

    n = recv(p->fd, p->in + p->nin, sizeof(p->in) - p->nin, MSG_DONTWAIT);
    p->nin += n > 0 ? (size_t) n : 0;
    moved |= n > 0 || p->nout > 0;

    while (!p->mute && take_message(p)) { /* void */ }

    if (p->nout > 0) {
        n = send(p->fd, p->out, p->nout < most ? p->nout : most,
                 MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            memmove(p->out, p->out + n, p->nout - (size_t) n);
            p->nout -= (size_t) n;
        }
    }

    if (p->mute && p->nout == 0 && n != 0) {
        close(p->fd);
        memset(p, 0, offsetof(peer, in));
        p->fd = -1;
    }
}


static void
serve_all(size_t most)
{
    int  i, fd;

    while ((fd = server_accept()) != -1) {
        for (i = 0; i < CONNECTIONS && peers[i].fd != -1; i++) { /* void */ }

        if (i == CONNECTIONS) {
            close(fd);
            continue;
        }

        memset(&peers[i], 0, offsetof(peer, in));
        peers[i].fd = fd;
        moved = 1;
    }

    for (i = 0; i < CONNECTIONS; i++) {
        if (peers[i].fd != -1) {
            serve(&peers[i], most);
        }
    }
}


/* -- who asks ------------------------------------------------------------- */

static int  ended[CALLS];

static void
read_row(const deals_shape *shape, const void *value)
{
    deals_buf  buf = { 0 };

    if (value != NULL) {
        deals_json_write(&buf, shape, value);
        need(buf.len > 1);
        deals_buf_free(&buf);
    }
}


static void
done(deals_call *call, void *data)
{
    const deals_error  *e = deals_call_error(call);

    need(deals_call_is_done(call));
    need(++*(int *) data == 1);

    if (e != NULL) {
        need(e->message.len > 0);
        need_text(e->message);
        return;
    }

    read_row(&deals_feed_shape, deals_feed_get(call));
    read_row(&deals_comments_shape, deals_comments_get(call));
    read_row(&deals_vote_shape, deals_vote_get(call));
    read_row(&deals_comment_shape, deals_comment_get(call));

    if (deals_deal_result_get(call) != NULL) {
        read_row(&deals_deal_shape, deals_deal_result_get(call)->deal);
    }
}


static deals_call *
ask(deals_ctx *ctx, unsigned what, const deals_asker *asker, int *mine)
{
    deals_deal_input     deal = { .title = DEALS_STR("A kettle") };
    deals_deal_params    get = { .id = 1, .comments = 1 };
    deals_feed_params    feed = { .sort = (deals_sort) (what / 16 % 6),
                                  .window = DEALS_ALL, .until = 1,
                                  .key = DEALS_STR("kim") };
    deals_comment_input  said = { DEALS_STR("Good"), DEALS_NULL_INT };

    deal.starts_at = deal.expires_at = DEALS_NULL_INT;

    switch (what % 12) {
    case 0:
        return deals_feed(ctx, asker, &feed, done, mine);
    case 1:
        return deals_deal_get(ctx, asker, &get, done, mine);
    case 2:
        return deals_vote(ctx, asker, 1 + what / 16, 0, 1, done, mine);
    case 3:
        return deals_vote(ctx, asker, 1, 1 + what / 16, -1, done, mine);
    case 4:
        return deals_deal_create(ctx, asker, &deal, done, mine);
    case 5:
        return deals_comment_create(ctx, asker, 1, &said, done, mine);
    case 6:
        return deals_comments(ctx, asker, 1, 10, DEALS_NONE, done, mine);
    case 7:
        return deals_deal_delete(ctx, asker, 1, done, mine);
    case 8:
        return deals_comment_update(ctx, asker, 1, 2, said.body, done, mine);
    case 9:
        return deals_sessions(ctx, asker, done, mine);
    case 10:
        return deals_user_get(ctx, asker, DEALS_STR("kim"), done, mine);
    default:
        return deals_deal_update(ctx, asker, 1, &deal, 1, done, mine);
    }
}


/* Both sides, until nothing moves any more. */
static void
talk(deals_ctx *ctx, size_t most, int turns)
{
    int  still;

    for (still = 0; turns > 0 && still < 3; turns--) {
        moved = 0;
        serve_all(most);
        host_turn(ctx);
        still = moved ? 0 : still + 1;
    }
}


/* The first bytes: what is asked, by whom, and how many bytes the server sends
 * at once. The rest is what it does. */
static void
converse(deals_ctx *ctx)
{
    int          i, n;
    size_t       most;
    unsigned     how = take_byte(&script);
    deals_call  *calls[CALLS];
    deals_asker  asker = { .address = DEALS_STR("192.0.2.1") };

    n = 1 + (int) (how & 7);
    most = how & 0x40 ? 1 + take_byte(&script) : FROM_SERVER;

    if (how & 0x10) {
        asker.token = DEALS_STR("7.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    }

    if (how & 8) {
        asker.idempotency_key = DEALS_STR("key");
    }

    memset(ended, 0, sizeof(ended));

    for (i = 0; i < n; i++) {
        calls[i] = ask(ctx, take_byte(&script), &asker, &ended[i]);
        need(calls[i] != NULL);

        if (how & 0x20) {
            talk(ctx, most, 6);
        }
    }

    talk(ctx, most, TURNS);

    if (how & 0x80) {
        deals_call_free(calls[0]);      /* answers may still come */
        talk(ctx, FROM_SERVER, 1);
    }

    deals_ctx_free(ctx);

    for (i = how & 0x80 ? 1 : 0; i < n; i++) {
        need(deals_call_is_done(calls[i]));
        need(ended[i] == 1 || deals_call_error(calls[i]) != NULL);
        deals_call_free(calls[i]);
    }
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int  i;

    (void) argc;
    (void) argv;

    server_listen(".s.PGSQL.5432");
    snprintf(database, sizeof(database), "host=%s dbname=fuzz user=fuzz",
             server_dir);

    for (i = 0; i < CONNECTIONS; i++) {
        peers[i].fd = -1;
    }

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 i;
    char               *memory;
    deals_ctx          *ctx;
    deals_config        config = { .database = database, .pool_size = 2 };
    const deals_error  *e;

    script = input_of(data, size);
    memory = (char *) (uintptr_t) script.data;
    arena = deals_arena_new();
    ctx = deals_ctx_new(&config, &host_hooks, arena, &e);
    need(ctx != NULL, "%.*s", DEALS_FMT(e->message));

    converse(ctx);

    for (i = 0; i < CONNECTIONS; i++) {
        if (peers[i].fd != -1) {
            close(peers[i].fd);
            peers[i].fd = -1;
        }
    }

    serve_all(0);
    need(results == 0, "%d results", results);
    deals_arena_free(arena);
    free(memory);

    return 0;
}
