/*
 * Addresses that operators write, of PostgreSQL and of Redis: what is taken has a
 * place to connect to that is an address and no name, means the same when it is
 * written out for the workers, and no message repeats a password.
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include "fuzz.h"

#include "io/config.h"

#define SECRET  "hunter2"       /* is in the dictionary */

int  __real_getaddrinfo(const char *host, const char *port,
         const struct addrinfo *hints, struct addrinfo **list);
int  __wrap_getaddrinfo(const char *host, const char *port,
         const struct addrinfo *hints, struct addrinfo **list);

/* Nobody is asked: names that begin with an n are known. */
int
__wrap_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list)
{
    struct addrinfo  numeric = *hints;

    numeric.ai_flags |= AI_NUMERICHOST;

    return __real_getaddrinfo(host[0] == 'n' ? "192.0.2.7" : host, port,
                              &numeric, list);
}


static int
is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}


/* With the zone of an interface, or without. */
static int
is_literal(const char *s)
{
    char             text[INET6_ADDRSTRLEN + 1];
    size_t           len = strcspn(s, "%");
    struct in6_addr  to;

    if (len >= sizeof(text)) {
        return 0;
    }

    memcpy(text, s, len);
    text[len] = '\0';

    return inet_pton(AF_INET6, text, &to) == 1
           || inet_pton(AF_INET, text, &to) == 1;
}


/* Whether a password begins with SECRET, and nothing else has it. */
static int
has_secret(const char *text)
{
    const char  *slashes = strstr(text, "://"), *secret = strstr(text, SECRET);

    if (secret == NULL || strstr(secret + 1, SECRET) != NULL) {
        return 0;
    }

    if (slashes != NULL && slashes < secret && secret[-1] == ':'
        && strspn(text, "abcdefghijklmnopqrstuvwxyz")
           == (size_t) (slashes - text))
    {
        slashes += 3;
        return slashes + strcspn(slashes, "/?[") > secret
               && strchr(secret, '@') != NULL;
    }

    return secret - text >= 15 && strpbrk(text, "'\\") == NULL
           && strncmp(text, "host=", 5) == 0
           && strncmp(secret - 10, " password=", 10) == 0;
}


static void
need_no_secret(deals_str shown, const char *text)
{
    need(!has_secret(text)
         || !memmem(shown.data, shown.len, SECRET, strlen(SECRET)),
         "%.*s", DEALS_FMT(shown));
}


static void
need_refusal(const deals_error *error, const char *text)
{
    need_errors(error, DEALS_INVALID, DEALS_INVALID);
    need_no_secret(error->message, text);
}


/* -- Redis ---------------------------------------------------------------- */

static void
need_options(const deals_tls_options *tls)
{
    deals_buf                 buf = { 0 };
    const deals_error        *error = NULL;
    const deals_tls_options  *again;

    need(tls->name != NULL && strlen(tls->name) <= 253);
    need((tls->certificate == NULL) == (tls->key == NULL));
    need(!tls->no_verify || tls->trusted == NULL);

    deals_redis_options_write(&buf, tls);
    need(deals_redis_options_read(arena, (deals_str) { buf.data + 1,
                                                       buf.len - 1 },
                                  "elsewhere", &again, arena, &error) == 0,
         "%.*s", (int) buf.len, buf.data);
    need(is_same(again->name, tls->name)
         && is_same(again->trusted, tls->trusted)
         && is_same(again->certificate, tls->certificate)
         && is_same(again->key, tls->key)
         && again->no_verify == tls->no_verify,
         "%.*s", (int) buf.len, buf.data);
    deals_buf_free(&buf);
}


static void
need_redis(const deals_redis_address *a, const deals_redis_address *b)
{
    need((a->path != NULL) == (a->host == NULL));

    if (a->path != NULL) {
        need(a->path[0] != '\0' && a->tls == NULL && a->password == NULL);

    } else {
        need(is_literal(a->host), "%s", a->host);
        need(a->port >= 1 && a->port <= 65535 && a->db >= 0);
    }

    need(a->user == NULL || a->password != NULL);
    need(is_same(a->path, b->path) && is_same(a->host, b->host));
    need(a->port == b->port && a->db == b->db);
    need(is_same(a->user, b->user) && is_same(a->password, b->password));
}


static void
read_redis(const char *text)
{
    deals_config                config = { .database = "host=/tmp" };
    const deals_error          *error = NULL;
    const deals_redis_address  *address, *again;

    if (deals_redis_address_read(arena, text, &address, arena, &error) != 0) {
        need_refusal(error, text);
        return;
    }

    if (address->tls != NULL) {
        need_redis(address, address);
        need_options(address->tls);     /* names files: none is opened here */
        return;
    }

    config.redis = text;
    need(deals_config_resolve(&config, arena) == NULL);
    need(deals_redis_address_read(arena, config.redis, &again, arena, &error)
         == 0, "%s", config.redis);
    need_redis(address, again);
}


/* -- PostgreSQL ----------------------------------------------------------- */

static const char *
option(const deals_pg_address *a, const char *keyword)
{
    size_t       i;
    const char  *value = NULL;

    for (i = 0; i < a->noptions; i++) {
        if (strcmp(a->keywords[i], keyword) == 0) {
            need(value == NULL, "%s twice", keyword);
            value = a->values[i];
        }
    }

    return value;
}


static void
need_database(const deals_pg_address *a, const deals_pg_address *b)
{
    size_t  i;

    need(a->ntargets >= 1 && a->ntargets == b->ntargets);

    for (i = 0; i < a->ntargets; i++) {
        need(a->targets[i].hostaddr[0] == '\0'
             ? strchr("/@", a->targets[i].host[0]) != NULL
             : is_literal(a->targets[i].hostaddr), "%s",
             a->targets[i].hostaddr);
        need(atoi(a->targets[i].port) >= 1
             && atoi(a->targets[i].port) <= 65535);
        need(is_same(a->targets[i].host, b->targets[i].host)
             && is_same(a->targets[i].hostaddr, b->targets[i].hostaddr)
             && is_same(a->targets[i].port, b->targets[i].port));
    }

    need(a->noptions == b->noptions);

    for (i = 0; i < a->noptions; i++) {
        need(is_same(a->values[i], option(b, a->keywords[i])), "%s: %s, %s",
             a->keywords[i], a->values[i], option(b, a->keywords[i]));
    }
}


static void
read_database(const char *text, int pooler)
{
    const char              *mode;
    deals_config             config = { .database = text,
                                        .no_prepare = pooler };
    const deals_error       *error = NULL;
    const deals_pg_address  *address, *again;

    if (deals_pg_address_read(arena, text, 5000, pooler, &address, arena,
                              &error)
        != 0)
    {
        need_refusal(error, text);
        return;
    }

    mode = option(address, "sslmode");
    need(mode != NULL && strcmp(mode, "prefer") != 0
         && strcmp(mode, "allow") != 0);
    need(is_same(option(address, "client_encoding"), "UTF8"));
    need(deals_config_name(&config, arena) != NULL);
    need_no_secret(deals_str_of(deals_config_name(&config, arena)), text);

    if (text[0] == '\0') {
        return;                         /* is taken for a missing one */
    }

    need(deals_config_resolve(&config, arena) == NULL);
    need(deals_pg_address_read(arena, config.database, 5000, pooler, &again,
                               arena, &error) == 0, "%s", config.database);
    need_database(address, again);
}


/* The first byte: whose address it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char        *text;
    unsigned     which;
    deals_str    input = { (const char *) data, size };

    which = take_byte(&input);
    text = strndup(input.len > 0 ? input.data : "", input.len);
    need(text != NULL);
    arena = deals_arena_new();

    if (which & 1) {
        read_database(text, (which & 2) != 0);

    } else {
        read_redis(text);
    }

    deals_arena_free(arena);
    free(text);

    return 0;
}
