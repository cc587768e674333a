/*
 * deals demo: a community to try things out with.
 */

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define TIMEOUT   120000        /* ms */
#define PASSWORD  14            /* characters */


/* Easy to read aloud and to type: no 0/o, no 1/l. About 69 bits. */
static void
make_password(char *out)
{
    static const char  letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

    int  i;

    for (i = 0; i < PASSWORD; i++) {
        out[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
    }

    out[PASSWORD] = '\0';
}


int
cli_demo(int argc, char **argv)
{
    int                       rc = CLI_OK;
    char                      password[PASSWORD + 1];
    deals_ctx                *ctx;
    deals_call               *call;
    const deals_demo_result  *demo;

    (void) argc;
    (void) argv;

    if (sodium_init() < 0) {
        cli_error("no random numbers on this system");
        return CLI_FAILED;
    }

    ctx = cli_open(1, TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    make_password(password);
    call = deals_demo_wait(ctx, deals_str_of(password), TIMEOUT);
    demo = deals_demo_get(call);

    if (demo == NULL) {
        if (call == NULL) {
            cli_error("out of memory");
            rc = CLI_FAILED;
        } else {
            rc = cli_say(deals_call_error(call));
        }

    } else if (!demo->loaded) {
        printf("The community is not empty; no demo was loaded.\n");

    } else {
        if (!cli.quiet) {
            printf("%zu members, %zu deals, %zu comments, %zu votes.\n",
                   demo->members, demo->deals, demo->comments, demo->votes);
        }

        printf("Sign in as %.*s, a moderator, with the password %s\n",
               (int) demo->name.len, demo->name.data, password);
    }

    deals_call_free(call);
    deals_ctx_free(ctx);

    return rc;
}
