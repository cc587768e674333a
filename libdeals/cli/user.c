/*
 * deals user ...: accounts, as the operator manages them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cli.h"


static int
is_role(const char *what, const char *role)
{
    if (strcmp(role, "member") == 0 || strcmp(role, "moderator") == 0
        || strcmp(role, "admin") == 0)
    {
        return 1;
    }

    cli_error("%s must be member, moderator or admin, not \"%s\"", what, role);

    return 0;
}


static int
set_role(deals_ctx *ctx, const char *name, const char *role)
{
    return cli_end(deals_member_role_wait(ctx, deals_str_of(name),
                                          deals_str_of(role), CLI_TIMEOUT));
}


static int
create(deals_ctx *ctx, const char *name, const char *password)
{
    int                          rc;
    deals_call                  *call;
    deals_asker                  asker = { 0 };
    deals_account_input          input = { 0 };
    const deals_session_result  *session;

    input.name = deals_str_of(name);
    input.password = deals_str_of(password);

    call = deals_account_create_wait(ctx, &asker, &input, CLI_TIMEOUT);
    session = deals_session_get(call);

    if (session == NULL) {
        return cli_end(call);
    }

    /* Nobody holds the session that came with the account. */
    asker.token = session->token;
    rc = cli_end(deals_session_delete_wait(ctx, &asker, CLI_TIMEOUT));
    deals_call_free(call);

    if (rc == CLI_OK && cli.role != NULL) {
        rc = set_role(ctx, name, cli.role);
    }

    return rc;
}


static int
add(deals_ctx *ctx, char **argv)
{
    int   rc;
    char  password[CLI_PASSWORD_MAX];

    rc = cli_password(password, argv[0]);
    if (rc == CLI_OK) {
        rc = create(ctx, argv[0], password);
    }

    explicit_bzero(password, sizeof(password));

    return rc;
}


int
cli_user_add(int argc, char **argv)
{
    (void) argc;

    if (cli.role != NULL && !is_role("--role", cli.role)) {
        return CLI_USAGE;
    }

    return cli_with(add, argv);
}


static int
set_password(deals_ctx *ctx, char **argv)
{
    int   rc;
    char  password[CLI_PASSWORD_MAX];

    rc = cli_password(password, argv[0]);
    if (rc == CLI_OK) {
        rc = cli_end(deals_member_passwd_wait(ctx, deals_str_of(argv[0]),
                                              deals_str_of(password),
                                              CLI_TIMEOUT));
    }

    explicit_bzero(password, sizeof(password));

    return rc;
}


int
cli_user_passwd(int argc, char **argv)
{
    (void) argc;

    return cli_with(set_password, argv);
}


/* The code stands behind the #, which no browser sends and no log has. */
static int
print_reset(deals_ctx *ctx, char **argv)
{
    deals_str    token;
    deals_call  *call;
    const char  *url = getenv("DEALS_URL");

    call = deals_member_reset_wait(ctx, deals_str_of(argv[0]), cli.factor,
                                   CLI_TIMEOUT);
    if (call == NULL || deals_call_error(call) != NULL) {
        return cli_end(call);
    }

    token = deals_member_reset_token(call);
    printf("%.*s\n", (int) token.len, token.data);

    if (url != NULL && url[0] != '\0') {
        printf("%s/reset#%.*s\n", url, (int) token.len, token.data);
    }

    return cli_end(call);
}


int
cli_user_reset(int argc, char **argv)
{
    (void) argc;

    return cli_with(print_reset, argv);
}


static int
change_role(deals_ctx *ctx, char **argv)
{
    return set_role(ctx, argv[0], argv[1]);
}


int
cli_user_role(int argc, char **argv)
{
    (void) argc;

    if (!is_role("ROLE", argv[1])) {
        return CLI_USAGE;
    }

    return cli_with(change_role, argv);
}


/* Prints a page of members; the last one's name goes to `after`. 1: that was
 * one, 0: there are no more, -1: *rc says why not. */
static int
print_members(deals_ctx *ctx, char *after, size_t size, int *rc)
{
    size_t               i;
    deals_list           members;
    deals_call          *call;
    const deals_member  *user = NULL;
    char                 text[DEALS_TIME_SIZE];

    call = deals_member_list_wait(ctx, deals_str_of(after), CLI_TIMEOUT);

    if (call == NULL || deals_call_error(call) != NULL) {
        *rc = cli_end(call);
        return -1;
    }

    members = deals_member_list_get(call);

    for (i = 0; i < members.len; i++) {
        user = (const deals_member *) members.items + i;
        printf("%-20.*s  %-9.*s  ", (int) user->name.len, user->name.data,
               (int) user->role.len, user->role.data);

        deals_time_format(text, user->created_at);
        printf("%s", text);

        if (user->disabled_at != DEALS_NULL_INT) {
            deals_time_format(text, user->disabled_at);
            printf("  disabled %s", text);
        }

        putchar('\n');
    }

    if (user != NULL) {
        snprintf(after, size, "%.*s", (int) user->name.len, user->name.data);
    }

    deals_call_free(call);

    return user != NULL;
}


static int
list(deals_ctx *ctx, char **argv)
{
    int   rc = CLI_OK;
    char  after[64] = "";

    (void) argv;

    while (print_members(ctx, after, sizeof(after), &rc) == 1) {
        /* void */
    }

    return rc;
}


int
cli_user_list(int argc, char **argv)
{
    (void) argc;

    return cli_with(list, argv);
}
