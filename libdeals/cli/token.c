/*
 * deals user token, tokens, revoke: access tokens, as the operator manages
 * them.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cli.h"

#define SCOPES   8              /* words that are looked at */


/* 0, or -1 after having said what is wrong. */
static int
read_days(int64_t *days)
{
    char       *end;
    long long   n;

    if (cli.days == NULL) {
        *days = DEALS_NULL_INT;
        return 0;
    }

    errno = 0;
    n = strtoll(cli.days, &end, 10);

    if (end == cli.days || *end != '\0' || errno != 0) {
        cli_error("--days must be a number, not \"%s\"", cli.days);
        return -1;
    }

    *days = n;

    return 0;
}


/* The words between commas; what is too many is wrong for its last word. */
static deals_list
read_scopes(deals_str words[SCOPES])
{
    size_t       n, len;
    const char  *p = cli.scopes;

    for (n = 0; n < SCOPES; n++) {
        len = n + 1 < SCOPES ? strcspn(p, ",") : strlen(p);
        words[n] = (deals_str) { p, len };
        p += len;

        if (*p++ == '\0') {
            n++;
            break;
        }
    }

    return (deals_list) { words, n };
}


static int
make(deals_ctx *ctx, const char *name, const deals_token_input *input)
{
    deals_call                *call;
    const deals_token_result  *result;

    call = deals_member_token_wait(ctx, deals_str_of(name), input, CLI_TIMEOUT);
    result = deals_token_get(call);

    if (result != NULL) {
        printf("%.*s\n", (int) result->token.len, result->token.data);
    }

    return cli_end(call);
}


int
cli_user_token(int argc, char **argv)
{
    int                 rc;
    deals_ctx          *ctx;
    deals_str           words[SCOPES];
    deals_token_input   input;

    (void) argc;

    if (cli.label == NULL || cli.scopes == NULL) {
        cli_error("say what the token is for, and what it may do: --label and "
                  "--scopes");
        return CLI_USAGE;
    }

    if (read_days(&input.days) < 0) {
        return CLI_USAGE;
    }

    input.label = deals_str_of(cli.label);
    input.scopes = read_scopes(words);

    ctx = cli_open(1, CLI_TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    rc = make(ctx, argv[0], &input);
    deals_ctx_free(ctx);

    return rc;
}


static void
print_token(const deals_token_info *token)
{
    char              used[DEALS_TIME_SIZE] = "-", ends[DEALS_TIME_SIZE];
    char              scopes[64] = "";
    size_t            i, len = 0;
    const deals_str  *scope = token->scopes.items;

    for (i = 0; i < token->scopes.len && len < sizeof(scopes) - 1; i++) {
        len += (size_t) snprintf(scopes + len, sizeof(scopes) - len, "%s%.*s",
                                 i > 0 ? "," : "", (int) scope[i].len,
                                 scope[i].data);
    }

    if (token->last_used_at != DEALS_NULL_INT) {
        deals_time_format(used, token->last_used_at);
    }

    deals_time_format(ends, token->expires_at);

    printf("%.*s  %-15s  %s  %-20s  %.*s\n", (int) token->id.len,
           token->id.data, scopes, ends, used, (int) token->label.len,
           token->label.data);
}


static int
list(deals_ctx *ctx, char **argv)
{
    size_t       i;
    deals_list   tokens;
    deals_call  *call;

    call = deals_member_tokens_wait(ctx, deals_str_of(argv[0]), CLI_TIMEOUT);
    tokens = deals_member_tokens_get(call);

    for (i = 0; i < tokens.len; i++) {
        print_token((const deals_token_info *) tokens.items + i);
    }

    return cli_end(call);
}


int
cli_user_tokens(int argc, char **argv)
{
    (void) argc;

    return cli_with(list, argv);
}


static int
revoke(deals_ctx *ctx, char **argv)
{
    return cli_end(deals_member_token_end_wait(ctx, deals_str_of(argv[0]),
                                               deals_str_of(argv[1]),
                                               CLI_TIMEOUT));
}


int
cli_user_revoke(int argc, char **argv)
{
    (void) argc;

    return cli_with(revoke, argv);
}
