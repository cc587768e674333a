/*
 * deals deal ...: what moderators do, from the command line.
 */

#include "cli/cli.h"


static int
hide(int argc, char **argv, int hide_it)
{
    int         i, one, rc = CLI_OK;
    int64_t     id;
    deals_ctx  *ctx;

    for (i = 0; i < argc; i++) {
        if (cli_id(argv[i], &id) != 0) {
            return CLI_USAGE;
        }
    }

    ctx = cli_open(1, CLI_TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    for (i = 0; i < argc; i++) {
        (void) cli_id(argv[i], &id);

        one = cli_end(deals_deal_hide_wait(ctx, NULL, id, hide_it,
                                           CLI_TIMEOUT));
        if (one != CLI_OK) {
            cli_error("deal %s was not %s", argv[i],
                      hide_it ? "hidden" : "shown");
            rc = one > rc ? one : rc;
        }
    }

    deals_ctx_free(ctx);

    return rc;
}


int
cli_deal_hide(int argc, char **argv)
{
    return hide(argc, argv, 1);
}


int
cli_deal_show(int argc, char **argv)
{
    return hide(argc, argv, 0);
}
