/*
 * A configuration whose names are resolved once, for processes that may not block
 * later: the addresses are written out again with literals in them.
 */

#include <string.h>

#include <postgresql/libpq-fe.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "io/config.h"


/* 'value', as conninfo strings quote. */

static void
add_setting(deals_buf *buf, const char *keyword, const char *value)
{
    deals_buf_printf(buf, "%s%s='", buf->len > 0 ? " " : "", keyword);

    for ( /* void */ ; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            deals_buf_char(buf, '\\');
        }

        deals_buf_char(buf, *value);
    }

    deals_buf_char(buf, '\'');
}


static void
add_targets(deals_buf *buf, const deals_pg_address *address)
{
    int           list;
    size_t        i;
    deals_buf     lists[3];
    const char   *items[3];

    static const char *const  keywords[3] = { "host", "hostaddr", "port" };

    for (list = 0; list < 3; list++) {
        deals_buf_init(&lists[list]);

        for (i = 0; i < address->ntargets; i++) {
            items[0] = address->targets[i].host;
            items[1] = address->targets[i].hostaddr;
            items[2] = address->targets[i].port;

            deals_buf_c(&lists[list], i > 0 ? "," : "");
            deals_buf_c(&lists[list], items[list]);
        }

        deals_buf_char(&lists[list], '\0');

        if (lists[list].failed) {
            buf->failed = 1;

        } else if (list != 1 || lists[list].data[0] != '\0') {
            add_setting(buf, keywords[list], lists[list].data);
        }

        deals_buf_free(&lists[list]);
    }
}


static const char *
write_database(deals_arena *arena, const char *text,
    const deals_pg_address *address)
{
    deals_buf           buf;
    PQconninfoOption   *given, *o;

    given = PQconninfoParse(text, NULL);

    if (given == NULL) {
        return NULL;
    }

    deals_buf_init(&buf);

    for (o = given; o->keyword != NULL; o++) {
        if (o->val != NULL && o->val[0] != '\0'
            && strcmp(o->keyword, "host") != 0
            && strcmp(o->keyword, "hostaddr") != 0
            && strcmp(o->keyword, "port") != 0)
        {
            add_setting(&buf, o->keyword, o->val);
        }
    }

    PQconninfoFree(given);
    add_targets(&buf, address);

    return deals_arena_take(arena, &buf).data;
}


static const char *
write_redis(deals_arena *arena, const deals_redis_address *address)
{
    int        v6;
    deals_buf  buf;

    deals_buf_init(&buf);

    if (address->path != NULL) {
        deals_buf_printf(&buf, "unix:%s", address->path);
        return deals_arena_take(arena, &buf).data;
    }

    deals_buf_c(&buf, address->tls != NULL ? "rediss://" : "redis://");

    if (address->password != NULL) {
        deals_percent(&buf, deals_str_of(address->user));
        deals_buf_char(&buf, ':');
        deals_percent(&buf, deals_str_of(address->password));
        deals_buf_char(&buf, '@');
    }

    v6 = strchr(address->host, ':') != NULL;
    deals_buf_printf(&buf, "%s%s%s:%d/%d", v6 ? "[" : "", address->host,
                     v6 ? "]" : "", address->port, address->db);

    if (address->tls != NULL) {
        deals_redis_options_write(&buf, address->tls);
    }

    return deals_arena_take(arena, &buf).data;
}


const deals_error *
deals_config_resolve(deals_config *config, deals_arena *arena)
{
    const char         *database, *redis;
    deals_settings      settings;
    const deals_error  *error;

    error = deals_config_check(config, arena);

    if (error != NULL) {
        return error;
    }

    if (deals_config_load(arena, config, &settings, arena, &error) != 0) {
        return error;
    }

    database = write_database(arena, config->database, settings.database);
    redis = settings.redis != NULL ? write_redis(arena, settings.redis) : NULL;

    if (database == NULL || (settings.redis != NULL && redis == NULL)) {
        return &deals_error_no_memory;
    }

    config->database = database;
    config->redis = redis;

    return NULL;
}
