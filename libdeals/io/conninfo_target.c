/*
 * Where the PostgreSQL of an address is: one or more servers, each a literal
 * address or a socket's directory.
 */

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#include "base/str.h"
#include "io/conninfo.h"


static int
add_target(deals_conninfo *r, const char *host, const char *hostaddr,
    const char *port)
{
    deals_pg_target  *t;

    if (host == NULL || hostaddr == NULL || port == NULL) {
        return deals_error_oom(r->error);
    }

    if (r->address->ntargets == DEALS_PG_TARGETS) {
        return REFUSE(r, "database: more than %d addresses",
                      DEALS_PG_TARGETS);
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
add_socket(deals_conninfo *r, const char *dir, const char *port)
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
add_named(deals_conninfo *r, const char *host, const char *port)
{
    size_t       i, n;
    const char  *why, *literals[DEALS_PG_TARGETS];

    why = deals_resolve(r->arena, host, literals, DEALS_PG_TARGETS, &n);

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
read_target(deals_conninfo *r, deals_str hosts, deals_str addrs,
    deals_str ports, size_t i)
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
        word = item(hosts.len > 0 ? hosts : addrs, i);
        return REFUSE(r, "database: the port of \"%.*s\" is not a number from "
                      "1 to 65535", DEALS_FMT(word));
    }

    port = deals_conninfo_copy(r, word);
    host = deals_conninfo_copy(r, item(hosts, i));
    addr = deals_conninfo_copy(r, item(addrs, i));

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



int
deals_conninfo_targets(deals_conninfo *r, const PQconninfoOption *given,
    const PQconninfoOption *preset)
{
    size_t       i, n;
    deals_str    hosts, addrs, ports;
    const char  *s;

    hosts = deals_str_of(deals_conninfo_value(given, "host"));
    addrs = deals_str_of(deals_conninfo_value(given, "hostaddr"));
    ports = deals_str_of(deals_conninfo_value(given, "port"));

    if (hosts.len == 0 && addrs.len == 0) {
        hosts = deals_str_of(deals_conninfo_value(preset, "host"));
        addrs = deals_str_of(deals_conninfo_value(preset, "hostaddr"));
    }

    if (ports.len == 0) {
        ports = deals_str_of(deals_conninfo_value(preset, "port"));
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

    s = deals_conninfo_value(given, "service");

    if (s != NULL && s[0] != '\0') {
        return REFUSE(r, "database: service is not supported: write its "
                      "settings here");
    }

    return 0;
}
