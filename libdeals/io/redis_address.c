#include <string.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/str.h"
#include "io/config.h"

#define MAX_ADDRESSES  8

#define REFUSE(...)  \
    deals_error_add(error_arena, error, DEALS_INVALID, "redis", __VA_ARGS__)

static const char  help[] = "write unix:/path, redis://HOST:PORT/DB or, with "
                            "TLS, rediss://HOST:PORT/DB";


static int
read_path(deals_arena *arena, deals_str path, deals_redis_address *out,
    deals_arena *error_arena, const deals_error **error)
{
    struct sockaddr_un  sun;

    if (path.len == 0) {
        return REFUSE("redis: the path of the socket is missing: %s", help);
    }

    if (path.len >= sizeof(sun.sun_path)) {
        return REFUSE("redis: the socket %.*s has a path of %zu bytes, at most "
                      "%zu are possible: use a shorter directory",
                      DEALS_FMT(path), path.len, sizeof(sun.sun_path) - 1);
    }

    out->path = deals_arena_copy(arena, path).data;

    return out->path != NULL ? 0 : deals_error_oom(error);
}


/* user:password@, :password@ */

static int
read_account(deals_arena *arena, deals_str account, deals_redis_address *out,
    deals_arena *error_arena, const deals_error **error)
{
    ptrdiff_t  colon;
    deals_str  user, password;

    colon = deals_str_index(account, ':');

    if (colon < 0) {
        return REFUSE("redis: the password stands behind a colon: write "
                      "redis://:PASSWORD@HOST:PORT");
    }

    if (deals_percent_decode(arena, deals_str_sub(account, 0, (size_t) colon),
                             0, &user)
        != 0
        || deals_percent_decode(arena, deals_str_sub(account,
                                                     (size_t) colon + 1,
                                                     account.len),
                                0, &password)
           != 0)
    {
        return deals_arena_refused(arena)
               ? deals_error_oom(error)
               : REFUSE("redis: a broken %%XX in user or password");
    }

    if (memchr(user.data, '\0', user.len) != NULL
        || memchr(password.data, '\0', password.len) != NULL)
    {
        return REFUSE("redis: a NUL in user or password");
    }

    out->user = user.len > 0 ? deals_arena_copy(arena, user).data : NULL;
    out->password = deals_arena_copy(arena, password).data;

    if (out->password == NULL || (user.len > 0 && out->user == NULL)) {
        return deals_error_oom(error);
    }

    return 0;
}


/* *given: the host as it stands there. */

static int
read_host(deals_arena *arena, deals_str s, deals_redis_address *out,
    const char **given, deals_arena *error_arena, const deals_error **error)
{
    size_t       i, n;
    int64_t      port;
    ptrdiff_t    at;
    deals_str    host, rest;
    const char  *why, *name, *literals[MAX_ADDRESSES];

    if (s.len > 0 && s.data[0] == '[') {
        at = deals_str_index(s, ']');

        if (at < 0) {
            return REFUSE("redis: a \"]\" is missing: %s", help);
        }

        host = deals_str_sub(s, 1, (size_t) at - 1);
        rest = deals_str_sub(s, (size_t) at + 1, s.len);

    } else {
        at = deals_str_index(s, ':');
        host = at < 0 ? s : deals_str_sub(s, 0, (size_t) at);
        rest = at < 0 ? DEALS_STR("") : deals_str_sub(s, (size_t) at, s.len);
    }

    port = 6379;

    if (rest.len > 0
        && (rest.data[0] != ':'
            || deals_str_int(deals_str_sub(rest, 1, rest.len), &port) != 0
            || port < 1 || port > 65535))
    {
        /* nor is it shown: in kim:PASSWORD it is none */
        return REFUSE("redis: what follows \"%.*s\" is not a port: %s",
                      DEALS_FMT(host), help);
    }

    if (host.len == 0) {
        return REFUSE("redis: the host is missing: %s", help);
    }

    name = deals_arena_copy(arena, host).data;

    if (name == NULL) {
        return deals_error_oom(error);
    }

    why = deals_resolve(arena, name, literals, MAX_ADDRESSES, &n);

    if (why == deals_resolve_no_memory) {
        return deals_error_oom(error);
    }

    if (why != NULL) {
        return REFUSE("redis: the host \"%s\" can't be resolved: %s", name,
                      why);
    }

    /* There is one connection and no second try: localhost is ::1 first, and
     * Redis often listens on 127.0.0.1 alone. */

    for (i = 0; i < n && strchr(literals[i], ':') != NULL; i++) { /* void */ }

    out->host = literals[i < n ? i : 0];
    out->port = (int) port;
    *given = name;

    return 0;
}


static int
read_uri(deals_arena *arena, deals_str s, deals_redis_address *out,
    const char **given, deals_arena *error_arena, const deals_error **error)
{
    size_t     i;
    int64_t    db;
    ptrdiff_t  at;
    deals_str  tail;

    /* the last one: a password may hold others */
    for (at = -1, i = 0; i < s.len; i++) {
        if (s.data[i] == '@') {
            at = (ptrdiff_t) i;
        }
    }

    if (at >= 0) {
        if (read_account(arena, deals_str_sub(s, 0, (size_t) at), out,
                         error_arena, error)
            != 0)
        {
            return -1;
        }

        s = deals_str_sub(s, (size_t) at + 1, s.len);
    }

    at = deals_str_index(s, '/');

    if (at >= 0) {
        tail = deals_str_sub(s, (size_t) at + 1, s.len);
        s = deals_str_sub(s, 0, (size_t) at);

        if (tail.len > 0
            && (deals_str_int(tail, &db) != 0 || db < 0 || db > 1000000))
        {
            return REFUSE("redis: \"%.*s\" is not the number of a database: %s",
                          DEALS_FMT(tail), help);
        }

        out->db = tail.len > 0 ? (int) db : 0;
    }

    return read_host(arena, s, out, given, error_arena, error);
}


/* [USER:PASSWORD@]HOST:PORT/DB?OPTIONS */

static int
read_tls(deals_arena *arena, deals_str s, deals_redis_address *out,
    deals_arena *error_arena, const deals_error **error)
{
    ptrdiff_t    at;
    deals_str    rest;
    const char  *given = NULL;

    at = deals_str_index(s, '?');
    rest = DEALS_STR("");

    if (at >= 0) {
        rest = deals_str_sub(s, (size_t) at + 1, s.len);
        s = deals_str_sub(s, 0, (size_t) at);
    }

    /* which of the two is it? A password must not be taken for something that
     * messages may show */
    if (deals_str_index(rest, '@') >= 0) {
        return REFUSE("redis: with TLS write %%3F for a \"?\" in the password, "
                      "and %%40 for an \"@\" behind the \"?\"");
    }

    if (read_uri(arena, s, out, &given, error_arena, error) != 0) {
        return -1;
    }

    return deals_redis_options_read(arena, rest, given, &out->tls, error_arena,
                                    error);
}


/* HOST:PORT says nothing of TLS: over a network somebody has to. */

static int
read_plain(deals_arena *arena, deals_str s, deals_redis_address *out,
    deals_arena *error_arena, const deals_error **error)
{
    const char  *given = NULL;

    if (read_host(arena, s, out, &given, error_arena, error) != 0) {
        return -1;
    }

    if (strncmp(out->host, "127.", 4) != 0 && strcmp(out->host, "::1") != 0) {
        return REFUSE("redis: %s is not on this machine: write rediss://%.*s, "
                      "or, to send everything in the clear, redis://%.*s",
                      given, DEALS_FMT(s), DEALS_FMT(s));
    }

    return 0;
}


int
deals_redis_address_read(deals_arena *arena, const char *text,
    const deals_redis_address **address, deals_arena *error_arena,
    const deals_error **error)
{
    deals_str             s;
    const char           *given;
    deals_redis_address  *out;

    out = deals_arena_alloc(arena, sizeof(*out));

    if (out == NULL) {
        return deals_error_oom(error);
    }

    *address = out;
    s = deals_str_of(text);

    if (s.len == 0) {
        return REFUSE("redis: the address is empty: %s", help);
    }

    if (deals_str_starts(s, "unix:")) {
        return read_path(arena, deals_str_sub(s, 5, s.len), out, error_arena,
                         error);
    }

    if (deals_str_starts(s, "redis://")) {
        return read_uri(arena, deals_str_sub(s, 8, s.len), out, &given,
                        error_arena, error);
    }

    if (deals_str_starts(s, "rediss://")) {
        return read_tls(arena, deals_str_sub(s, 9, s.len), out, error_arena,
                        error);
    }

    return read_plain(arena, s, out, error_arena, error);
}
