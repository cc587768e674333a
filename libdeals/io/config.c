#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "io/config.h"


typedef struct {
    const char  *name;
    size_t       offset;
    int64_t      min, max, preset;
    int          wide;              /* int64_t, not int */
} number;

#define FIELD(f)  #f, offsetof(deals_config, f)

static const number  numbers[] = {
    { FIELD(pool_size),         1,      1000,     3, 0 },
    { FIELD(queue_size),        1,   1000000,  1000, 0 },
    { FIELD(connect_timeout),  10,   3600000,  5000, 1 },
    { FIELD(query_timeout),    10,   3600000,  5000, 1 },
    { FIELD(signin_limit),     -1, 100000000,    10, 0 },
    { FIELD(signup_limit),     -1, 100000000,     5, 0 },
    { FIELD(post_limit),       -1, 100000000,    10, 0 },
    { FIELD(comment_limit),    -1, 100000000,    20, 0 },
    { FIELD(vote_limit),       -1, 100000000,   120, 0 },
    { FIELD(second_factor),    DEALS_FACTOR_OPTIONAL, DEALS_FACTOR_ALL,
                                    DEALS_FACTOR_OPTIONAL, 0 },
};


static int
read_numbers(const deals_config *config, deals_config *out,
    deals_arena *arena, const deals_error **error)
{
    char          *to;
    size_t         i;
    int64_t        n;
    const number  *num;

    (void) config;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        num = &numbers[i];
        to = (char *) out + num->offset;

        n = num->wide ? *(int64_t *) (void *) to : *(int *) (void *) to;

        if (n == 0) {
            n = num->preset;
        }

        if (n < num->min || n > num->max) {
            return deals_error_add(arena, error, DEALS_INVALID, num->name,
                                   "%s is %lld, it must be between %lld and "
                                   "%lld (0: %lld)", num->name, (long long) n,
                                   (long long) num->min, (long long) num->max,
                                   (long long) num->preset);
        }

        if (num->wide) {
            *(int64_t *) (void *) to = n;

        } else {
            *(int *) (void *) to = (int) n;
        }
    }

    return 0;
}


int
deals_config_load(deals_arena *arena, const deals_config *config,
    deals_settings *settings, deals_arena *error_arena,
    const deals_error **error)
{
    deals_str      copy;
    deals_config  *out;

    memset(settings, 0, sizeof(*settings));

    out = &settings->config;
    *out = *config;
    *error = NULL;

    if (read_numbers(config, out, error_arena, error) != 0) {
        return -1;
    }

    if (config->database == NULL || config->database[0] == '\0') {
        return deals_error_add(error_arena, error, DEALS_INVALID, "database",
                               "database is missing: write for instance "
                               "\"host=/run/postgresql dbname=deals\"");
    }

    if (deals_pg_address_read(arena, config->database, out->query_timeout,
                              out->no_prepare, &settings->database,
                              error_arena, error)
        != 0)
    {
        return -1;
    }

    copy = deals_arena_copy(arena, deals_str_of(config->database));
    out->database = copy.data;

    if (copy.data == NULL) {
        return deals_error_oom(error);
    }

    if (config->redis == NULL) {
        return 0;
    }

    copy = deals_arena_copy(arena, deals_str_of(config->redis));
    out->redis = copy.data;

    if (copy.data == NULL) {
        return deals_error_oom(error);
    }

    return deals_redis_address_read(arena, config->redis, &settings->redis,
                                    error_arena, error);
}


deals_tls *
deals_config_tls(const deals_redis_address *redis, deals_arena *arena,
    const deals_error **error)
{
    *error = NULL;

    if (redis == NULL || redis->tls == NULL) {
        return NULL;
    }

    return deals_tls_make(redis->tls, "redis", arena, error);
}


deals_tls *
deals_tls_new(const deals_config *config, deals_arena *arena,
    const deals_error **error)
{
    const deals_redis_address  *redis;

    *error = NULL;
    redis = NULL;

    if (config->redis != NULL
        && deals_redis_address_read(arena, config->redis, &redis, arena, error)
           != 0)
    {
        return NULL;
    }

    return deals_config_tls(redis, arena, error);
}


const deals_error *
deals_config_check(const deals_config *config, deals_arena *arena)
{
    deals_settings      settings;
    const deals_error  *error;

    if (deals_config_load(arena, config, &settings, arena, &error) != 0) {
        return error;
    }

    if (config->tls == NULL) {
        deals_tls_free(deals_config_tls(settings.redis, arena, &error));
    }

    return error;
}


const char  deals_resolve_no_memory[] = "out of memory";


const char *
deals_resolve(deals_arena *arena, const char *host, const char **literals,
    size_t max, size_t *n)
{
    int               rc;
    char              text[NI_MAXHOST];
    size_t            i;
    deals_str         copy;
    struct addrinfo   hints, *list, *ai;

    *n = 0;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;

    rc = getaddrinfo(host, NULL, &hints, &list);

    if (rc != 0) {
        return rc == EAI_MEMORY ? deals_resolve_no_memory : gai_strerror(rc);
    }

    for (ai = list; ai != NULL && *n < max; ai = ai->ai_next) {
        rc = getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL,
                         0, NI_NUMERICHOST);
        if (rc != 0) {
            continue;
        }

        for (i = 0; i < *n && strcmp(literals[i], text) != 0; i++) {
            /* void */
        }

        if (i < *n) {
            continue;
        }

        copy = deals_arena_copy(arena, deals_str_of(text));

        if (copy.data == NULL) {
            freeaddrinfo(list);
            return deals_resolve_no_memory;
        }

        literals[(*n)++] = copy.data;
    }

    freeaddrinfo(list);

    return *n > 0 ? NULL : "it has no address";
}
