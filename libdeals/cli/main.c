/*
 * The `deals` program: finds the command, reads the options, runs it.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

cli_options  cli;

/* Those of -q, -h, -V are every command's; the others' letters stand in its row
 * of the table. */
static const struct option  longs[] = {
    { "database",       required_argument, NULL, 'd' },
    { "admin",          required_argument, NULL, 'a' },
    { "redis",          required_argument, NULL, 'r' },
    { "breached-passwords", required_argument, NULL, 'b' },
    { "role",           required_argument, NULL, 'R' },
    { "label",          required_argument, NULL, 'l' },
    { "scopes",         required_argument, NULL, 's' },
    { "days",           required_argument, NULL, 'n' },
    { "password-stdin", no_argument,       NULL, 'p' },
    { "quiet",          no_argument,       NULL, 'q' },
    { "help",           no_argument,       NULL, 'h' },
    { "version",        no_argument,       NULL, 'V' },
    { NULL, 0, NULL, 0 }
};

static const struct {
    char         letter;
    const char  *command;               /* NULL: any */
    const char  *help;
} helps[] = {
    { 'd', NULL,
      "  --database CONNINFO  the community's database, as the workers use it\n"
      "                       (default: $DEALS_DATABASE)\n" },
    { 'a', NULL,
      "  --admin CONNINFO     the community's database, as its owner\n"
      "                       (default: $DEALS_DATABASE_ADMIN)\n" },
    { 'r', NULL,
      "  --redis ADDRESS      unix:/path, HOST:PORT or, with TLS, "
      "rediss://HOST:PORT\n"
      "                       (default: $DEALS_REDIS)\n" },
    { 'b', NULL,
      "  --breached-passwords FILE  is asked whether a breach has made the "
      "new\n"
      "                       password known (default: "
      "$DEALS_BREACHED_PASSWORDS)\n" },
    { 'R', "migrate",
      "  --role NAME          the workers' role (default: deals)\n" },
    { 'R', "user add",
      "  --role NAME          member (default), moderator or admin\n" },
    { 'l', NULL,
      "  --label TEXT         what the token is for: 1 to 50 characters\n" },
    { 's', NULL,
      "  --scopes LIST        of read, vote and write, with commas\n" },
    { 'n', NULL,
      "  --days N             how long it is good: 1 to 366 (default: 90)\n" },
    { 'p', NULL,
      "  --password-stdin     read the password from standard input, do not "
      "ask\n" },
    { 'q', NULL,
      "  -q, --quiet          no progress bar and no summary\n" },
    { 'h', NULL,
      "  -h, --help           this text\n" },
};

static const char  statuses[] =
    "Exit status: 0 done; 1 something in the data was refused or is wrong;\n"
    "2 the command line is wrong; 3 it could not be done.\n";


static int
takes(const cli_command *command, int letter)
{
    return strchr("qhV", letter) != NULL
           || strchr(command->options, letter) != NULL;
}


static void
help_command(const cli_command *command)
{
    size_t  i;

    printf("Usage: deals %s%s%s [options]\n\n%s.\n%s%s\nOptions:\n",
           command->name, *command->synopsis ? " " : "", command->synopsis,
           command->summary, *command->help ? "\n" : "", command->help);

    for (i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        if (takes(command, helps[i].letter)
            && (helps[i].command == NULL
                || strcmp(helps[i].command, command->name) == 0))
        {
            fputs(helps[i].help, stdout);
        }
    }

    printf("\n%s", statuses);
}


static void
help_all(void)
{
    const cli_command  *c;

    printf("Usage: deals COMMAND [operands] [options]\n\nCommands:\n");

    for (c = cli_commands; c->name != NULL; c++) {
        printf("  %-11s %-14s %s\n", c->name, c->synopsis, c->summary);
    }

    printf("\nThe community is the one of $DEALS_DATABASE (or --database).\n"
           "In place of any address: file:PATH, a file with it that only its\n"
           "owner can read.\n"
           "deals COMMAND --help says more of each; deals --version, which "
           "this is.\n\n%s", statuses);
}


/* Is `word` the first word of the command's name? Its length then, else 0. */
static size_t
begins(const cli_command *c, const char *word)
{
    size_t  len = strcspn(c->name, " ");

    return strlen(word) == len && strncmp(word, c->name, len) == 0 ? len : 0;
}


/* The command that the first operands name, and how many they are. */
static const cli_command *
find(int argc, char **argv, int *words)
{
    size_t              len;
    const cli_command  *c;

    for (c = cli_commands; c->name != NULL; c++) {
        len = begins(c, argv[0]);

        if (len > 0 && c->name[len] == '\0') {
            *words = 1;
            return c;
        }

        if (len > 0 && argc > 1 && strcmp(argv[1], c->name + len + 1) == 0) {
            *words = 2;
            return c;
        }
    }

    return NULL;
}


/* No such command; `deals user` and `deals user --help` list its commands. */
static int
unknown(int argc, char **argv, int want_help)
{
    int                 group = 0;
    const cli_command  *c;

    want_help = want_help && argc == 1;

    for (c = cli_commands; c->name != NULL; c++) {

        if (begins(c, argv[0]) == 0) {
            continue;
        }

        if (group++ == 0) {
            if (want_help) {
                printf("Commands:\n");
            } else if (argc == 1) {
                cli_error("what about the %s? There is:", argv[0]);
            } else {
                cli_error("unknown command \"%s %s\"; there is:", argv[0],
                          argv[1]);
            }
        }

        fprintf(want_help ? stdout : stderr, "  deals %-11s %-10s %s\n",
                c->name, c->synopsis, c->summary);
    }

    if (group > 0) {
        return want_help ? CLI_OK : CLI_USAGE;
    }

    cli_error("unknown command \"%s\"; see deals --help", argv[0]);

    return CLI_USAGE;
}


/* Reads the options. -1: go on; else the exit code. `given` gets their
 * letters. */
static int
options(int argc, char **argv, char given[256])
{
    int           c;
    const char  **to;

    cli.database = getenv("DEALS_DATABASE");
    cli.admin = getenv("DEALS_DATABASE_ADMIN");
    cli.redis = getenv("DEALS_REDIS");
    cli.breached = getenv("DEALS_BREACHED_PASSWORDS");

    while ((c = getopt_long(argc, argv, "qhV", longs, NULL)) != -1) {
        to = NULL;

        switch (c) {
        case 'd': to = &cli.database; break;
        case 'a': to = &cli.admin; break;
        case 'r': to = &cli.redis; break;
        case 'b': cli.breached = optarg; break;
        case 'R': cli.role = optarg; break;
        case 'l': cli.label = optarg; break;
        case 's': cli.scopes = optarg; break;
        case 'n': cli.days = optarg; break;
        case 'p': cli.password_stdin = 1; break;
        case 'q': cli.quiet = 1; break;
        case 'h': break;
        case 'V': printf("deals %s\n", DEALS_VERSION); return CLI_OK;
        default:  return CLI_USAGE;         /* getopt said why */
        }

        if (to != NULL) {
            *to = cli_address_option(optarg);

            if (*to == NULL) {
                return CLI_FAILED;
            }
        }

        given[c] = 1;
    }

    if (cli.redis != NULL && *cli.redis == '\0') {
        cli.redis = NULL;
    }

    if (cli.breached != NULL && *cli.breached == '\0') {
        cli.breached = NULL;
    }

    return -1;
}


/* The addresses that the command uses; others may be wrong. */
static int
addresses(const cli_command *command)
{
    int     rc;
    size_t  i;

    static const struct {
        char         letter;
        const char  *field;
        const char **address;
    } all[] = {
        { 'd', "database", &cli.database },
        { 'a', "database", &cli.admin },
        { 'r', "redis", &cli.redis }
    };

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (takes(command, all[i].letter)) {
            rc = cli_address_read(all[i].address, all[i].field);

            if (rc != CLI_OK) {
                return rc;
            }
        }
    }

    return CLI_OK;
}


static int
run(const cli_command *command, int argc, char **argv, const char given[256])
{
    int                   rc;
    const struct option  *o;

    for (o = longs; o->name != NULL; o++) {
        if (given[o->val] && !takes(command, o->val)) {
            cli_error("deals %s takes no --%s; see deals %s --help",
                      command->name, o->name, command->name);
            return CLI_USAGE;
        }
    }

    if (argc < command->min || (command->max >= 0 && argc > command->max)) {
        cli_error("usage: deals %s%s%s", command->name,
                  *command->synopsis ? " " : "", command->synopsis);
        return CLI_USAGE;
    }

    if (!takes(command, 'b')) {
        cli.breached = NULL;
    }

    rc = addresses(command);

    return rc == CLI_OK ? command->run(argc, argv) : rc;
}


static int
dispatch(int argc, char **argv)
{
    int                 rc, words;
    char                given[256] = { 0 };
    const cli_command  *command;

    rc = options(argc, argv, given);
    if (rc >= 0) {
        return rc;
    }

    argc -= optind;
    argv += optind;

    if (argc > 0 && strcmp(argv[0], "help") == 0) {
        given['h'] = 1;
        argc--;
        argv++;
    }

    if (argc == 0) {
        if (given['h']) {
            help_all();
            return CLI_OK;
        }

        cli_error("say what to do; see deals --help");
        return CLI_USAGE;
    }

    command = find(argc, argv, &words);
    if (command == NULL) {
        return unknown(argc, argv, given['h']);
    }

    if (given['h']) {
        help_command(command);
        return CLI_OK;
    }

    return run(command, argc - words, argv + words, given);
}


int
main(int argc, char **argv)
{
    int  rc;

    if (argc > 0) {
        argv[0] = "deals";              /* how getopt begins its messages */
    }

    rc = dispatch(argc, argv);
    cli_address_end();

    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_error("standard output: %s", strerror(errno));
        return CLI_FAILED;
    }

    return rc;
}
