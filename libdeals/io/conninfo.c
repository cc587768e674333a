/*
 * From a conninfo string or URI to what libpq gets: literal addresses only, so
 * that it never resolves a name while serving, and nothing that the environment
 * could change into a wait.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/conninfo.h"


const char *
deals_conninfo_copy(deals_conninfo *r, deals_str s)
{
    return deals_arena_copy(r->arena, s).data;
}


static int
add_option(deals_conninfo *r, const char *keyword, const char *value)
{
    deals_pg_address  *a;

    a = r->address;

    if (keyword == NULL || value == NULL) {
        return deals_error_oom(r->error);
    }

    if (a->noptions == DEALS_PG_OPTIONS) {
        return REFUSE(r, "database: too many settings");
    }

    a->keywords[a->noptions] = keyword;
    a->values[a->noptions] = value;
    a->noptions++;

    return 0;
}


/* sslmode: prefer and allow connect twice behind one's back, and protect from
 * nobody; libpq's default is prefer. */

static int
read_sslmode(deals_conninfo *r, const char *mode)
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
read_options(deals_conninfo *r, const char *given, int64_t query_timeout,
    int pooler)
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


const char *
deals_conninfo_value(const PQconninfoOption *options, const char *keyword)
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


/* "host= password=..." has a host of that name: nobody means it, and it must
 * not be shown. */

static int
check_shown(deals_conninfo *r, const PQconninfoOption *given)
{
    size_t       i;
    const char  *value;

    static const char *const  shown[] = {
        "host", "hostaddr", "port", "sslmode"
    };

    for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        value = deals_conninfo_value(given, shown[i]);

        if (value != NULL && value[0] != '/' && value[0] != '@'
            && strchr(value, '=') != NULL)
        {
            return REFUSE(r, "database: %s has a \"=\" in it: is there a value "
                          "behind %s=?", shown[i], shown[i]);
        }
    }

    return 0;
}


static int
read_all(deals_conninfo *r, const PQconninfoOption *given,
    const PQconninfoOption *preset, int64_t query_timeout, int pooler)
{
    const char              *user;
    const PQconninfoOption  *o;

    if (check_shown(r, given) != 0
        || deals_conninfo_targets(r, given, preset) != 0
        || read_sslmode(r, deals_conninfo_value(given, "sslmode")) != 0
        || add_option(r, "gssencmode", "disable") != 0
        || add_option(r, "client_encoding", "UTF8") != 0
        || add_option(r, "fallback_application_name", "deals") != 0
        || read_options(r, deals_conninfo_value(given, "options"),
                        query_timeout, pooler)
           != 0)
    {
        return -1;
    }

    for (o = given; o->keyword != NULL; o++) {
        if (o->val == NULL || o->val[0] == '\0' || is_ours(o->keyword)) {
            continue;
        }

        if (add_option(r, deals_conninfo_copy(r, deals_str_of(o->keyword)),
                       deals_conninfo_copy(r, deals_str_of(o->val)))
            != 0)
        {
            return -1;
        }
    }

    /* otherwise looked up in the system's accounts at each connection */
    user = deals_conninfo_value(given, "user");

    if (user == NULL || user[0] == '\0') {
        user = deals_conninfo_value(preset, "user");

        if (user != NULL) {
            return add_option(r, "user",
                              deals_conninfo_copy(r, deals_str_of(user)));
        }
    }

    return 0;
}


/* libpq repeats the word that it stumbled over, or the whole URI. */

static int
refuse_text(deals_conninfo *r, const char *text, const char *message)
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
    deals_conninfo     r;
    PQconninfoOption  *given, *preset;

    memset(&r, 0, sizeof(r));
    r.arena = arena;
    r.error_arena = error_arena;
    r.error = error;
    r.address = deals_arena_alloc(arena, sizeof(deals_pg_address));

    if (r.address == NULL) {
        return deals_error_oom(error);
    }

    r.address->targets = deals_arena_alloc(arena, DEALS_PG_TARGETS
                                                  * sizeof(deals_pg_target));
    r.address->keywords = deals_arena_alloc(arena,
                                            DEALS_PG_OPTIONS * sizeof(char *));
    r.address->values = deals_arena_alloc(arena,
                                          DEALS_PG_OPTIONS * sizeof(char *));

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
