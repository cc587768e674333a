/*
 * From a conninfo string or URI to what libpq gets: literal addresses only, so
 * that it never resolves a name while serving, and nothing that the environment
 * could change into a wait.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <postgresql/libpq-fe.h>

#include "base/error.h"
#include "base/str.h"
#include "io/config.h"

#define MAX_TARGETS  16
#define MAX_OPTIONS  64

typedef struct {
    deals_arena          *arena;
    deals_arena          *error_arena;
    const deals_error   **error;
    deals_pg_address     *address;
    int                   remote;   /* some target is over a network */
    int                   tcp;      /* some target is not a unix socket */
} reader;

#define REFUSE(r, ...)                                                        \
    deals_error_add((r)->error_arena, (r)->error, DEALS_INVALID, "database",  \
                    __VA_ARGS__)


static const char *
copy(reader *r, deals_str s)
{
    return deals_arena_copy(r->arena, s).data;
}


static int
add_option(reader *r, const char *keyword, const char *value)
{
    deals_pg_address  *a;

    a = r->address;

    if (keyword == NULL || value == NULL) {
        return deals_error_oom(r->error);
    }

    if (a->noptions == MAX_OPTIONS) {
        return REFUSE(r, "database: too many settings");
    }

    a->keywords[a->noptions] = keyword;
    a->values[a->noptions] = value;
    a->noptions++;

    return 0;
}


static int
add_target(reader *r, const char *host, const char *hostaddr, const char *port)
{
    deals_pg_target  *t;

    if (host == NULL || hostaddr == NULL || port == NULL) {
        return deals_error_oom(r->error);
    }

    if (r->address->ntargets == MAX_TARGETS) {
        return REFUSE(r, "database: more than %d addresses", MAX_TARGETS);
    }

    t = &r->address->targets[r->address->ntargets++];
    t->host = host;
    t->hostaddr = hostaddr;
    t->port = port;

    if (hostaddr[0] != '\0') {
        r->tcp = 1;

        if (strncmp(hostaddr, "127.", 4) != 0 && strcmp(hostaddr, "::1") != 0) {
            r->remote = 1;
        }
    }

    return 0;
}


static int
add_socket(reader *r, const char *dir, const char *port)
{
    size_t              len;
    struct sockaddr_un  sun;

    len = strlen(dir) + strlen("/.s.PGSQL.") + strlen(port);

    if (len >= sizeof(sun.sun_path)) {
        return REFUSE(r, "database: the socket %s/.s.PGSQL.%s has a path of "
                      "%zu bytes, at most %zu are possible: use a shorter "
                      "directory", dir, port, len, sizeof(sun.sun_path) - 1);
    }

    return add_target(r, dir, "", port);
}


static int
add_named(reader *r, const char *host, const char *port)
{
    size_t       i, n;
    const char  *why, *literals[MAX_TARGETS];

    why = deals_resolve(r->arena, host, literals, MAX_TARGETS, &n);

    if (why == deals_resolve_no_memory) {
        return deals_error_oom(r->error);
    }

    if (why != NULL) {
        return REFUSE(r, "database: the host \"%s\" can't be resolved: %s",
                      host, why);
    }

    for (i = 0; i < n; i++) {
        if (add_target(r, host, literals[i], port) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
is_literal(const char *s)
{
    struct in_addr   v4;
    struct in6_addr  v6;

    return inet_pton(AF_INET, s, &v4) == 1 || inet_pton(AF_INET6, s, &v6) == 1;
}


/* The i-th of a list "a,b,c", the last one if there are less. */

static deals_str
item(deals_str list, size_t i)
{
    deals_str  word;

    word = DEALS_STR("");

    while (deals_str_word(&list, ",", &word) && i-- > 0) { /* void */ }

    return word;
}


static size_t
count(deals_str list)
{
    size_t     n;
    deals_str  word;

    for (n = 0; deals_str_word(&list, ",", &word); n++) { /* void */ }

    return n;
}


static int
read_target(reader *r, deals_str hosts, deals_str addrs, deals_str ports,
    size_t i)
{
    int64_t      number;
    deals_str    word;
    const char  *host, *addr, *port;

    word = item(ports, i);

    if (word.len == 0) {
        word = DEALS_STR("5432");
    }

    if (deals_str_int(word, &number) != 0 || number < 1 || number > 65535) {
        /* nor is it shown: in kim:PASSWORD/deals it is none */
        return REFUSE(r, "database: the port of \"%.*s\" is not a number from "
                      "1 to 65535", DEALS_FMT(item(hosts.len > 0 ? hosts : addrs,
                                                   i)));
    }

    port = copy(r, word);
    host = copy(r, item(hosts, i));
    addr = copy(r, item(addrs, i));

    if (port == NULL || host == NULL || addr == NULL) {
        return deals_error_oom(r->error);
    }

    if (addr[0] != '\0') {
        if (!is_literal(addr)) {
            return REFUSE(r, "database: hostaddr \"%s\" is not an address; a "
                          "name belongs into host", addr);
        }

        return add_target(r, host[0] != '\0' ? host : addr, addr, port);
    }

    if (host[0] == '/' || host[0] == '@') {
        return add_socket(r, host, port);
    }

    if (host[0] == '\0') {
        return REFUSE(r, "database: an empty host in a list of hosts");
    }

    return add_named(r, host, port);
}


/* sslmode: prefer and allow connect twice behind one's back, and protect from
 * nobody; libpq's default is prefer. */

static int
read_sslmode(reader *r, const char *mode)
{
    if (!r->tcp) {
        return add_option(r, "sslmode", "disable");
    }

    if (mode == NULL || mode[0] == '\0') {
        return add_option(r, "sslmode", r->remote ? "require" : "disable");
    }

    if (strcmp(mode, "disable") == 0 || strcmp(mode, "require") == 0
        || strcmp(mode, "verify-ca") == 0 || strcmp(mode, "verify-full") == 0)
    {
        return add_option(r, "sslmode",
                          deals_arena_printf(r->arena, "%s", mode));
    }

    return REFUSE(r, "database: sslmode=%s is not possible: write disable, "
                  "require, verify-ca or verify-full", mode);
}


/*
 * Every statement reads as many rows of an index as it needs, in its order.
 * Where PostgreSQL expects few rows it would rather read all there are by a
 * bitmap, and sort them; and it expects as many of the commonest tag as of any.
 * random_page_cost: what is read often is in memory.
 */

#define SESSION  "-c jit=off -c enable_bitmapscan=off -c random_page_cost=1.1"


/* Ours come first, so that those of the address win. */

static int
read_options(reader *r, const char *given, int64_t query_timeout, int pooler)
{
    if (pooler) {
        if (given == NULL || given[0] == '\0') {
            return 0;
        }

        return add_option(r, "options",
                          deals_arena_printf(r->arena, "%s", given));
    }

    if (given == NULL) {
        given = "";
    }

    if (query_timeout > 0) {
        return add_option(r, "options",
                     deals_arena_printf(r->arena, "-c statement_timeout=%lld "
                                        SESSION " %s",
                                        (long long) query_timeout, given));
    }

    return add_option(r, "options",
                      deals_arena_printf(r->arena, SESSION " %s", given));
}


static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
    for ( /* void */ ; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val;
        }
    }

    return NULL;
}


static int
is_ours(const char *keyword)
{
    static const char *const  ours[] = {
        "host", "hostaddr", "port", "sslmode", "gssencmode", "options",
        "client_encoding", "fallback_application_name", "connect_timeout",
        "replication", NULL
    };

    size_t  i;

    for (i = 0; ours[i] != NULL; i++) {
        if (strcmp(ours[i], keyword) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
read_targets(reader *r, const PQconninfoOption *given,
    const PQconninfoOption *preset)
{
    size_t       i, n;
    deals_str    hosts, addrs, ports;
    const char  *s;

    hosts = deals_str_of(value_of(given, "host"));
    addrs = deals_str_of(value_of(given, "hostaddr"));
    ports = deals_str_of(value_of(given, "port"));

    if (hosts.len == 0 && addrs.len == 0) {
        hosts = deals_str_of(value_of(preset, "host"));
        addrs = deals_str_of(value_of(preset, "hostaddr"));
    }

    if (ports.len == 0) {
        ports = deals_str_of(value_of(preset, "port"));
    }

    if (hosts.len == 0 && addrs.len == 0) {
        /* where Debian's server has its socket */
        hosts = DEALS_STR("/var/run/postgresql");
    }

    if (hosts.len == 0) {
        hosts = DEALS_NONE;
    }

    if (addrs.len == 0) {
        addrs = DEALS_NONE;
    }

    n = count(addrs) > count(hosts) ? count(addrs) : count(hosts);

    if (count(addrs) > 0 && count(hosts) > 0 && count(addrs) != count(hosts)) {
        return REFUSE(r, "database: not as many hosts as hostaddrs");
    }

    if (count(ports) > 1 && count(ports) != n) {
        return REFUSE(r, "database: not as many ports as hosts");
    }

    for (i = 0; i < n; i++) {
        if (read_target(r, hosts, addrs, ports, i) != 0) {
            return -1;
        }
    }

    s = value_of(given, "service");

    if (s != NULL && s[0] != '\0') {
        return REFUSE(r, "database: service is not supported: write its "
                      "settings here");
    }

    return 0;
}


static int
read_all(reader *r, const PQconninfoOption *given,
    const PQconninfoOption *preset, int64_t query_timeout, int pooler)
{
    const char              *user;
    const PQconninfoOption  *o;

    if (read_targets(r, given, preset) != 0
        || read_sslmode(r, value_of(given, "sslmode")) != 0
        || add_option(r, "gssencmode", "disable") != 0
        || add_option(r, "client_encoding", "UTF8") != 0
        || add_option(r, "fallback_application_name", "deals") != 0
        || read_options(r, value_of(given, "options"), query_timeout, pooler)
           != 0)
    {
        return -1;
    }

    for (o = given; o->keyword != NULL; o++) {
        if (o->val == NULL || o->val[0] == '\0' || is_ours(o->keyword)) {
            continue;
        }

        if (add_option(r, copy(r, deals_str_of(o->keyword)),
                       copy(r, deals_str_of(o->val)))
            != 0)
        {
            return -1;
        }
    }

    /* otherwise looked up in the system's accounts at each connection */
    user = value_of(given, "user");

    if (user == NULL || user[0] == '\0') {
        user = value_of(preset, "user");

        if (user != NULL) {
            return add_option(r, "user", copy(r, deals_str_of(user)));
        }
    }

    return 0;
}


/* libpq repeats the word that it stumbled over, or the whole URI. */

static int
refuse_text(reader *r, const char *text, const char *message)
{
    size_t       len, shown;
    const char  *more = "";

    len = strcspn(message, "\n");

    if (strstr(text, "password") != NULL || strchr(text, '@') != NULL) {
        shown = strcspn(message, "\"");

        if (shown < len) {
            len = shown;
            more = "... (not shown, as there is a password in it)";
        }
    }

    return REFUSE(r, "database: %.*s%s", (int) len, message, more);
}


int
deals_pg_address_read(deals_arena *arena, const char *text,
    int64_t query_timeout, int pooler, const deals_pg_address **address,
    deals_arena *error_arena, const deals_error **error)
{
    int                rc;
    char              *message;
    reader             r;
    PQconninfoOption  *given, *preset;

    memset(&r, 0, sizeof(r));
    r.arena = arena;
    r.error_arena = error_arena;
    r.error = error;
    r.address = deals_arena_alloc(arena, sizeof(deals_pg_address));

    if (r.address == NULL) {
        return deals_error_oom(error);
    }

    r.address->targets = deals_arena_alloc(arena, MAX_TARGETS
                                                  * sizeof(deals_pg_target));
    r.address->keywords = deals_arena_alloc(arena,
                                            MAX_OPTIONS * sizeof(char *));
    r.address->values = deals_arena_alloc(arena, MAX_OPTIONS * sizeof(char *));

    if (r.address->targets == NULL || r.address->keywords == NULL
        || r.address->values == NULL)
    {
        return deals_error_oom(error);
    }

    message = NULL;
    given = PQconninfoParse(text, &message);

    if (given == NULL) {
        if (message == NULL) {
            return deals_error_oom(error);
        }

        rc = deals_str_starts(deals_str_of(message), "out of memory")
             ? deals_error_oom(error) : refuse_text(&r, text, message);
        PQfreemem(message);
        return rc;
    }

    preset = PQconndefaults();

    if (preset == NULL) {
        PQconninfoFree(given);
        return deals_error_oom(error);
    }

    rc = read_all(&r, given, preset, query_timeout, pooler);

    PQconninfoFree(given);
    PQconninfoFree(preset);

    *address = r.address;

    return rc;
}
