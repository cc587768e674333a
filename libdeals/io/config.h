/*
 * io/config.h - a context's configuration, checked, its names resolved.
 */

#ifndef DEALS_IO_CONFIG_H
#define DEALS_IO_CONFIG_H

#include <deals/ctx.h>
#include "io/tls.h"

/* Where one PostgreSQL may be: a literal address or a socket's directory. */
typedef struct {
    const char  *host;          /* the name, for certificates; or a directory */
    const char  *hostaddr;      /* "": a directory */
    const char  *port;
} deals_pg_target;

/* What PQconnectStartParams gets, but for the targets. */
typedef struct {
    deals_pg_target   *targets;
    size_t             ntargets;
    const char       **keywords;    /* noptions of each */
    const char       **values;
    size_t             noptions;
} deals_pg_address;

typedef struct {
    const char  *path;          /* a socket, or NULL: */
    const char  *host;          /* a literal address */
    int          port;
    int          db;
    const char  *user;          /* NULL: none */
    const char  *password;      /* NULL: none */
    const deals_tls_options  *tls;      /* NULL: in the clear */
} deals_redis_address;

typedef struct {
    deals_config                config;     /* defaults filled in */
    const deals_pg_address     *database;
    const deals_redis_address  *redis;      /* NULL: none */
} deals_settings;

/* Everything lies in `arena`, an error in `error_arena`. 0 or -1. */
int  deals_config_load(deals_arena *arena, const deals_config *config,
         deals_settings *settings, deals_arena *error_arena,
         const deals_error **error);

/* The parts, for those and for tests. query_timeout in ms, 0: leave the
 * server's; it and what else needs a parameter of the session are not set for
 * a pooler. */
int  deals_pg_address_read(deals_arena *arena, const char *text,
         int64_t query_timeout, int pooler, const deals_pg_address **address,
         deals_arena *error_arena, const deals_error **error);
int  deals_redis_address_read(deals_arena *arena, const char *text,
         const deals_redis_address **address, deals_arena *error_arena,
         const deals_error **error);

/* What this address needs, read. NULL and *error NULL: nothing. */
deals_tls  *deals_config_tls(const deals_redis_address *redis,
                deals_arena *arena, const deals_error **error);

/* name=value&name=value, values percent-encoded; "": none. `host`: whom the
 * certificate must be for if nothing else is said. */
int   deals_redis_options_read(deals_arena *arena, deals_str text,
          const char *host, const deals_tls_options **tls,
          deals_arena *error_arena, const deals_error **error);
/* The same again, with its "?". */
void  deals_redis_options_write(deals_buf *buf, const deals_tls_options *tls);

/* The first addresses of a name or literal, as literals (at most `max`). Blocks
 * for a name. NULL, or why not: deals_resolve_no_memory, or another text. */
extern const char  deals_resolve_no_memory[];
const char  *deals_resolve(deals_arena *arena, const char *host,
                 const char **literals, size_t max, size_t *n);

#endif /* DEALS_IO_CONFIG_H */
