/*
 * deals user disable, deals user enable.
 */

#include <stdio.h>

#include "cli/cli.h"

#define TIMEOUT  30000          /* ms */


static int
disable(deals_ctx *ctx, const char *name)
{
    deals_call              *call;
    const deals_member_end  *end;

    call = deals_member_disable_wait(ctx, deals_str_of(name), TIMEOUT);
    end = deals_member_disable_get(call);

    if (end != NULL && !cli.quiet) {
        printf("%s is disabled: %lld session%s and %lld access token%s "
               "ended.\n", name,
               (long long) end->sessions, end->sessions == 1 ? "" : "s",
               (long long) end->tokens, end->tokens == 1 ? "" : "s");
    }

    return cli_end(call);
}


static int
enable(deals_ctx *ctx, const char *name)
{
    int  rc;

    rc = cli_end(deals_member_enable_wait(ctx, deals_str_of(name), TIMEOUT));

    if (rc == CLI_OK && !cli.quiet) {
        printf("%s may sign in.\n", name);
    }

    return rc;
}


int
cli_user_disable(int argc, char **argv)
{
    int         rc;
    deals_ctx  *ctx;

    (void) argc;

    ctx = cli_open(1, TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    rc = disable(ctx, argv[0]);
    deals_ctx_free(ctx);

    return rc;
}


int
cli_user_enable(int argc, char **argv)
{
    int         rc;
    deals_ctx  *ctx;

    (void) argc;

    ctx = cli_open(1, TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    rc = enable(ctx, argv[0]);
    deals_ctx_free(ctx);

    return rc;
}
