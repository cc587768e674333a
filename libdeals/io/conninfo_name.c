/*
 * What a database is called in reports: which one, and where; nothing that only
 * who connects needs.
 */

#include <string.h>

#include <postgresql/libpq-fe.h>

#include "io/config.h"

#define DEFAULT_HOST  "/var/run/postgresql"
#define DEFAULT_PORT  "5432"


/* The first value that is there; NULL: none. */

static const char *
find(const PQconninfoOption *options, const char *const *keywords)
{
    const PQconninfoOption  *o;

    for ( /* void */ ; *keywords != NULL; keywords++) {
        for (o = options; o != NULL && o->keyword != NULL; o++) {
            if (strcmp(o->keyword, *keywords) == 0
                && o->val != NULL && o->val[0] != '\0')
            {
                return o->val;
            }
        }
    }

    return NULL;
}


static const char *
name_of(deals_arena *arena, const PQconninfoOption *given,
    const PQconninfoOption *preset)
{
    const char                *name, *host, *port;
    static const char *const   names[] = { "dbname", "user", NULL };
    static const char *const   hosts[] = { "host", "hostaddr", NULL };
    static const char *const   ports[] = { "port", NULL };

    name = find(given, names);
    host = find(given, hosts);
    port = find(given, ports);

    if (name == NULL) {
        name = find(preset, names);
    }

    if (host == NULL) {
        host = find(preset, hosts);
    }

    if (port == NULL) {
        port = find(preset, ports);
    }

    if (name == NULL) {
        name = "";
    }

    if (host == NULL) {
        host = DEFAULT_HOST;
    }

    if (port == NULL || strcmp(port, DEFAULT_PORT) == 0) {
        return deals_arena_printf(arena, "%s@%s", name, host);
    }

    return deals_arena_printf(arena, "%s@%s:%s", name, host, port);
}


const char *
deals_config_name(const deals_config *config, deals_arena *arena)
{
    char              *message;
    const char        *name;
    PQconninfoOption  *given, *preset;

    if (config->database == NULL) {
        return NULL;
    }

    message = NULL;
    given = PQconninfoParse(config->database, &message);
    PQfreemem(message);

    if (given == NULL) {
        return NULL;
    }

    preset = PQconndefaults();
    name = preset != NULL ? name_of(arena, given, preset) : NULL;

    PQconninfoFree(given);
    PQconninfoFree(preset);

    return name;
}
