/*
 * calls/migrate.c - brings a database's schema up to date, as its owner, on a
 * blocking connection of its own. See deals/admin.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deals/admin.h>

#include "base/error.h"
#include "calls/migrations.h"
#include "io/script.h"

#define SERVER_MIN    150000
/* "deals" in ASCII; advisory locks are each database's own. */
#define LOCK_KEY      "431197613171"
#define DEFAULT_ROLE  "deals"

typedef struct {
    const deals_migrate_params  *params;
    deals_arena                 *arena;
    deals_script                *script;
    deals_migrate_result        *result;
    const deals_error          **error;
} migration;


/* -1 and the error of the command that just failed. */
static int
failed(migration *m, const char *doing)
{
    const char  *state = deals_script_sqlstate(m->script);

    *m->error = deals_error_make(m->arena,
                                 *state == '\0' ? DEALS_UNAVAILABLE
                                                : DEALS_SCHEMA,
                                 NULL, "%s: %s", doing,
                                 deals_script_error(m->script));
    return -1;
}


static int
run(migration *m, const char *doing, const char *sql)
{
    return deals_script_run(m->script, sql) == 0 ? 0 : failed(m, doing);
}


/* The only value of a query's only row; NULL: an error, or there is none. */
static const char *
value(migration *m, const char *sql, const char *param)
{
    if (deals_script_query(m->script, sql, param != NULL, &param) != 0) {
        return NULL;
    }
    return deals_script_value(m->script, 0, 0);
}


/* What the session needs, and whether the server can hold the schema. */
static int
prepare(migration *m)
{
    const char  *text;

    /* Each by itself: in one message they would be one transaction. Notices
     * of "IF NOT EXISTS" and the like are nobody's business. */
    if (run(m, "preparing the session", "SET client_min_messages = error") != 0
        || run(m, "preparing the session", "SET search_path = public") != 0
        || run(m, "preparing the session", "SET statement_timeout = 0") != 0
        || run(m, "preparing the session", "SET lock_timeout = 0") != 0
        || run(m, "preparing the session",
               "SET idle_in_transaction_session_timeout = 0") != 0)
    {
        return -1;
    }

    text = value(m, "SELECT current_setting('server_version_num')", NULL);
    if (text == NULL) {
        return failed(m, "asking for the server's version");
    }
    if (strtol(text, NULL, 10) < SERVER_MIN) {
        *m->error = deals_error_make(m->arena, DEALS_SCHEMA, NULL,
                         "the server is PostgreSQL %ld; 15 or newer is needed",
                         strtol(text, NULL, 10) / 10000);
        return -1;
    }

    text = value(m, "SELECT current_setting('server_encoding')", NULL);
    if (text == NULL) {
        return failed(m, "asking for the database's encoding");
    }
    if (strcmp(text, "UTF8") != 0) {
        *m->error = deals_error_make(m->arena, DEALS_SCHEMA, NULL,
                         "the database's encoding is %s; make it with "
                         "ENCODING 'UTF8' TEMPLATE template0", text);
        return -1;
    }
    return 0;
}


/* The version of the schema; -1: an error. */
static int
version(migration *m)
{
    const char  *text;

    text = value(m, "SELECT coalesce(max(version), 0) FROM schema_version",
                 NULL);
    if (text == NULL) {
        return failed(m, "reading the schema's version");
    }
    return (int) strtol(text, NULL, 10);
}


static int
apply(migration *m, const deals_migration *step)
{
    char         number[16];
    size_t       i;
    const char  *doing;
    const char  *params[2];

    if (run(m, "beginning a migration", "BEGIN") != 0) {
        return -1;
    }
    for (i = 0; i < step->ncommands; i++) {
        if (deals_script_run(m->script, step->commands[i]) == 0) {
            continue;
        }
        doing = deals_arena_printf(m->arena, "migration %04d_%s, command %zu",
                                   step->version, step->name, i + 1);
        (void) failed(m, doing != NULL ? doing : step->name);
        (void) deals_script_run(m->script, "ROLLBACK");
        return -1;
    }

    (void) snprintf(number, sizeof(number), "%d", step->version);
    params[0] = number;
    params[1] = step->name;
    if (deals_script_query(m->script,
                           "INSERT INTO schema_version (version, name)"
                           " VALUES ($1::int4, $2)", 2, params) != 0)
    {
        (void) failed(m, "noting the schema's version");
        (void) deals_script_run(m->script, "ROLLBACK");
        return -1;
    }
    return run(m, "committing a migration", "COMMIT");
}


static void
progress(migration *m, int done, int total, const char *name)
{
    if (m->params->progress != NULL) {
        m->params->progress(m->params->data, done, total, name);
    }
}


/* All migrations that are missing; the lock is held. */
static int
bring_up(migration *m)
{
    int     from, total, latest;
    size_t  i;

    if (run(m, "making the table schema_version",
            "CREATE TABLE IF NOT EXISTS schema_version ("
            " version int4 PRIMARY KEY, name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())") != 0)
    {
        return -1;
    }

    from = version(m);
    if (from < 0) {
        return -1;
    }
    m->result->from = from;
    m->result->to = from;

    latest = (int) deals_nmigrations;
    if (from > latest) {
        *m->error = deals_error_make(m->arena, DEALS_SCHEMA, NULL,
                         "the database's schema is version %d, newer than the "
                         "%d of this program: use the program that made it, or "
                         "a newer one; nothing was changed", from, latest);
        return -1;
    }

    total = latest - from;
    for (i = (size_t) from; i < deals_nmigrations; i++) {
        progress(m, (int) i - from, total, deals_migrations[i].name);
        if (apply(m, &deals_migrations[i]) != 0) {
            return -1;
        }
        m->result->to = deals_migrations[i].version;
    }
    progress(m, total, total, NULL);
    return 0;
}


/* What the workers' role may do: read and write rows. %1$s is its quoted name,
 * %2$s the database's. */
static const char *const  grants[] = {
    "GRANT USAGE ON SCHEMA public TO %1$s",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
        " TO %1$s",
    "REVOKE INSERT, UPDATE, DELETE ON schema_version FROM %1$s",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO %1$s",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %1$s",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT EXECUTE ON FUNCTIONS TO %1$s",
    "REVOKE CREATE ON SCHEMA public FROM %1$s, PUBLIC",
    "REVOKE CREATE, TEMPORARY ON DATABASE %2$s FROM %1$s, PUBLIC"
};


static int
grant(migration *m)
{
    size_t       i;
    const char  *role, *name, *database, *sql;

    role = m->params->role != NULL ? m->params->role : DEFAULT_ROLE;
    if (deals_script_query(m->script,
                           "SELECT quote_ident(rolname),"
                           " quote_ident(current_database())"
                           " FROM pg_roles WHERE rolname = $1"
                           " AND rolname <> current_user", 1, &role) != 0)
    {
        return failed(m, "looking for the workers' role");
    }
    if (deals_script_nrows(m->script) == 0) {
        return 0;
    }
    name = deals_arena_printf(m->arena, "%s",
                              deals_script_value(m->script, 0, 0));
    database = deals_arena_printf(m->arena, "%s",
                                  deals_script_value(m->script, 0, 1));
    if (name == NULL || database == NULL) {
        return deals_error_oom(m->error);
    }

    if (run(m, "granting rights", "BEGIN") != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        sql = deals_arena_printf(m->arena, grants[i], name, database);
        if (sql == NULL) {
            (void) deals_script_run(m->script, "ROLLBACK");
            return deals_error_oom(m->error);
        }
        if (run(m, "granting rights to the workers' role", sql) != 0) {
            (void) deals_script_run(m->script, "ROLLBACK");
            return -1;
        }
    }
    if (run(m, "granting rights", "COMMIT") != 0) {
        return -1;
    }
    m->result->granted = 1;
    return 0;
}


static int
locked(migration *m)
{
    int  rc;

    if (run(m, "waiting for the lock",
            "SELECT pg_advisory_lock(" LOCK_KEY ")") != 0)
    {
        return -1;
    }
    rc = bring_up(m);
    if (rc == 0) {
        rc = grant(m);
    }
    (void) deals_script_run(m->script,
                            "SELECT pg_advisory_unlock(" LOCK_KEY ")");
    return rc;
}


int
deals_migrate(const deals_migrate_params *params, deals_arena *arena,
    deals_migrate_result *result, const deals_error **error)
{
    int                   rc;
    migration             m = { 0 };
    deals_migrate_result  unused = { 0 };

    m.params = params;
    m.arena = arena;
    m.result = result != NULL ? result : &unused;
    m.error = error;
    memset(m.result, 0, sizeof(*m.result));
    *error = NULL;

    m.script = deals_script_open(params->database, arena, error);
    if (m.script == NULL) {
        return -1;
    }
    rc = prepare(&m);
    if (rc == 0) {
        rc = locked(&m);
    }
    deals_script_close(m.script);
    return rc;
}
