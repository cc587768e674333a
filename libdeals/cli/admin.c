/*
 * deals migrate, deals verify, deals set: the schema, the proof, the settings.
 */

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define TIMEOUT  120000         /* ms */


static void
show_migration(void *data, int done, int total, const char *name)
{
    (void) data;

    if (name == NULL || cli.quiet) {
        return;
    }

    printf("migrating %d of %d: %s\n", done + 1, total, name);
    fflush(stdout);
}


int
cli_migrate(int argc, char **argv)
{
    int                    rc;
    deals_arena           *arena;
    const deals_error     *error = NULL;
    deals_migrate_params   params = { 0 };
    deals_migrate_result   result = { 0 };

    (void) argc;
    (void) argv;

    if (cli.admin == NULL || *cli.admin == '\0') {
        cli_error("which database? Set DEALS_DATABASE_ADMIN or use --admin, "
                  "for instance \"host=/run/postgresql dbname=deals "
                  "user=postgres\"");
        return CLI_USAGE;
    }

    arena = deals_arena_new();
    if (arena == NULL) {
        cli_error("out of memory");
        return CLI_FAILED;
    }

    params.database = cli.admin;
    params.role = cli.role;
    params.progress = show_migration;

    rc = deals_migrate(&params, arena, &result, &error);

    if (rc != 0) {
        cli_say(error);
        rc = CLI_FAILED;

    } else {
        if (!cli.quiet) {
            printf("The schema is at version %d%s.\n", result.to,
                   result.from == result.to ? ", as it was" : "");
        }

        if (!result.granted) {
            cli_error("note: the workers' role \"%s\" does not exist, so "
                      "nothing was granted to it; create it and run this "
                      "again, or name another with --role",
                      cli.role != NULL ? cli.role : "deals");
        }
    }

    deals_arena_free(arena);

    return rc;
}


static void
print_drift(const deals_drift *d)
{
    if (d->user_id != 0) {
        printf("disabled member %lld", (long long) d->user_id);

    } else {
        printf("deal %lld", (long long) d->deal_id);
    }

    if (d->comment_id != 0) {
        printf(" comment %lld", (long long) d->comment_id);
    }

    printf(": %.*s is %.*s, should be %.*s\n",
           (int) d->field.len, d->field.data,
           d->stored.data ? (int) d->stored.len : 7,
           d->stored.data ? d->stored.data : "missing",
           d->expected.data ? (int) d->expected.len : 7,
           d->expected.data ? d->expected.data : "missing");
}


/* The last call's error; 1: out of memory counts as one. */
static int
failed(deals_call *call, int *rc)
{
    if (call == NULL) {
        cli_error("out of memory");
        *rc = CLI_FAILED;
        return 1;
    }

    if (deals_call_error(call) != NULL) {
        *rc = cli_say(deals_call_error(call));
        return 1;
    }

    return 0;
}


typedef struct {
    int       rc;
    uint64_t  checked;
    uint64_t  drifts;
} verified;

typedef deals_call *(*verify_wait)(deals_ctx *ctx, int64_t after_id,
    int64_t timeout_ms);


/* All parts of one kind, with a bar if it has a name. 0, or -1: it failed. */
static int
verify_all(deals_ctx *ctx, verify_wait wait, const char *bar, verified *v)
{
    int                         done = 0;
    size_t                      i;
    int64_t                     after = 0;
    deals_call                 *call;
    const deals_verify_result  *part;

    while (!done) {
        call = wait(ctx, after, TIMEOUT);

        if (failed(call, &v->rc)) {
            deals_call_free(call);
            return -1;
        }

        part = deals_verify_get(call);
        after = part->last_id;
        done = part->done;
        v->checked += (uint64_t) part->checked;
        v->drifts += part->drifts.len;

        if (part->drifts.len > 0) {
            cli_progress_end();
        }

        for (i = 0; i < part->drifts.len; i++) {
            print_drift((const deals_drift *) part->drifts.items + i);
        }

        if (bar != NULL) {
            cli_progress(bar, v->checked, (uint64_t) part->total);
        }
        deals_call_free(call);
    }

    cli_progress_end();

    return 0;
}


int
cli_verify(int argc, char **argv)
{
    int         rc;
    uint64_t    deals;
    verified    v = { 0 };
    deals_ctx  *ctx;

    (void) argc;
    (void) argv;

    ctx = cli_open(1, TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    rc = verify_all(ctx, deals_verify_wait, "verify", &v);
    deals = v.checked;

    if (rc == 0) {
        rc = verify_all(ctx, deals_verify_members_wait, NULL, &v);
    }

    deals_ctx_free(ctx);

    if (rc != 0) {
        return CLI_FAILED;
    }

    if (v.drifts > 0) {
        cli_error("%llu values differ from what the votes say",
                  (unsigned long long) v.drifts);
        return CLI_REFUSED;
    }

    if (!cli.quiet) {
        printf("%llu deals: every counter and rank is what the votes say.\n",
               (unsigned long long) deals);
    }

    return CLI_OK;
}


/* Prints all settings, or the one called `name`. */
static int
show_settings(deals_ctx *ctx, const char *name)
{
    int                   rc = CLI_OK, found = 0;
    size_t                i;
    deals_call           *call;
    const deals_list     *list;
    const deals_setting  *s;

    call = deals_settings_wait(ctx, TIMEOUT);

    if (!failed(call, &rc)) {
        list = deals_settings_get(call);

        for (i = 0; i < list->len; i++) {
            s = (const deals_setting *) list->items + i;

            if (name == NULL || deals_str_eq(s->name, deals_str_of(name))) {
                printf("%.*s %.*s\n", (int) s->name.len, s->name.data,
                       (int) s->value.len, s->value.data);
                found = 1;
            }
        }

        if (name != NULL && !found) {
            cli_error("there is no setting \"%s\"; deals set lists them",
                      name);
            rc = CLI_REFUSED;
        }
    }

    deals_call_free(call);

    return rc;
}


/* Ranks what is due. */
static int
rerank(deals_ctx *ctx)
{
    int                          rc = CLI_OK, done = 0;
    uint64_t                     changed = 0;
    deals_call                  *call;
    const deals_rerank_result   *part;

    while (!done) {
        call = deals_rerank_wait(ctx, TIMEOUT);

        if (failed(call, &rc)) {
            deals_call_free(call);
            cli_error("not all ranks are computed yet; set the same value "
                      "again to go on");
            return rc;
        }

        part = deals_rerank_get(call);
        done = part->done;
        changed += (uint64_t) part->changed;
        cli_progress("ranks", changed, 0);
        deals_call_free(call);
    }

    cli_progress_end();

    if (!cli.quiet && changed > 0) {
        printf("%llu ranks changed.\n", (unsigned long long) changed);
    }

    return CLI_OK;
}


int
cli_set(int argc, char **argv)
{
    int          rc = CLI_OK;
    deals_ctx   *ctx;
    deals_call  *call;

    ctx = cli_open(1, TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    if (argc < 2) {
        rc = show_settings(ctx, argc == 1 ? argv[0] : NULL);

    } else {
        call = deals_set_wait(ctx, deals_str_of(argv[0]),
                              deals_str_of(argv[1]), TIMEOUT);

        if (!failed(call, &rc)) {
            rc = rerank(ctx);
        }

        deals_call_free(call);

        if (rc == CLI_OK && !cli.quiet) {
            rc = show_settings(ctx, argv[0]);
        }
    }

    deals_ctx_free(ctx);

    return rc;
}
