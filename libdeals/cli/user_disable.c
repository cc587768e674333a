/*
 * deals user disable, deals user enable.
 */

#include <stdio.h>

#include "cli/cli.h"


static int
disable(deals_ctx *ctx, char **argv)
{
    deals_call              *call;
    const deals_member_end  *end;

    call = deals_member_disable_wait(ctx, deals_str_of(argv[0]),
                                     CLI_TIMEOUT);
    end = deals_member_disable_get(call);

    if (end != NULL && !cli.quiet) {
        printf("%s is disabled: %lld session%s and %lld access token%s "
               "ended.\n", argv[0],
               (long long) end->sessions, end->sessions == 1 ? "" : "s",
               (long long) end->tokens, end->tokens == 1 ? "" : "s");
    }

    return cli_end(call);
}


static int
enable(deals_ctx *ctx, char **argv)
{
    int  rc;

    rc = cli_end(deals_member_enable_wait(ctx, deals_str_of(argv[0]),
                                          CLI_TIMEOUT));

    if (rc == CLI_OK && !cli.quiet) {
        printf("%s may sign in.\n", argv[0]);
    }

    return rc;
}


int
cli_user_disable(int argc, char **argv)
{
    (void) argc;

    return cli_with(disable, argv);
}


int
cli_user_enable(int argc, char **argv)
{
    (void) argc;

    return cli_with(enable, argv);
}
