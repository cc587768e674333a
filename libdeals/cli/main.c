/*
 * The `deals` program: finds the command, reads the options, runs it.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

cli_options  cli;

static const char  options_help[] =
    "Options:\n"
    "  --database CONNINFO  the community's database, as the workers use it\n"
    "                       (default: $DEALS_DATABASE)\n"
    "  --admin CONNINFO     the same as its owner, for migrate\n"
    "                       (default: $DEALS_DATABASE_ADMIN)\n"
    "  --redis ADDRESS      unix:/path or HOST:PORT (default: $DEALS_REDIS)\n"
    "  --role NAME          migrate: the workers' role; user add: the "
    "member's\n"
    "  --password-stdin     user add, user passwd: read the password from "
    "stdin\n"
    "  -q, --quiet          no progress bar and no summary\n"
    "  -h, --help           this text, or that of a command\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 done; 1 something in the data was refused or is wrong;\n"
    "2 the command line is wrong; 3 it could not be done.\n";


static void
help(const cli_command *command)
{
    const cli_command  *c;

    if (command != NULL) {
        printf("Usage: deals %s%s%s [options]\n\n%s.\n\n%s%s%s",
               command->name, *command->synopsis ? " " : "",
               command->synopsis, command->summary, command->help,
               *command->help ? "\n" : "", options_help);
        return;
    }

    printf("Usage: deals COMMAND [operands] [options]\n\nCommands:\n");

    for (c = cli_commands; c->name != NULL; c++) {
        printf("  %-11s %-14s %s\n", c->name, c->synopsis, c->summary);
    }

    printf("\n`deals COMMAND --help` says more of each.\n\n%s", options_help);
}


/* The command that the first operands name, and how many they are. */
static const cli_command *
find(int argc, char **argv, int *words)
{
    size_t              len;
    const cli_command  *c;

    for (c = cli_commands; c->name != NULL; c++) {
        len = strcspn(c->name, " ");

        if (argc < 1 || strlen(argv[0]) != len
            || strncmp(argv[0], c->name, len) != 0)
        {
            continue;
        }

        if (c->name[len] == '\0') {
            *words = 1;
            return c;
        }

        if (argc > 1 && strcmp(argv[1], c->name + len + 1) == 0) {
            *words = 2;
            return c;
        }
    }

    return NULL;
}


static int
unknown(int argc, char **argv)
{
    int                 group = 0;
    size_t              len;
    const cli_command  *c;

    for (c = cli_commands; c->name != NULL; c++) {
        len = strcspn(c->name, " ");

        if (c->name[len] == ' ' && strlen(argv[0]) == len
            && strncmp(argv[0], c->name, len) == 0)
        {
            if (!group) {
                cli_error("%s \"%s\"; there is:",
                          argc > 1 ? "unknown command" : "say what to do with",
                          argc > 1 ? argv[1] : argv[0]);
            }

            group = 1;
            fprintf(stderr, "  deals %s %s\n", c->name, c->synopsis);
        }
    }

    if (!group) {
        cli_error("unknown command \"%s\"; see deals --help", argv[0]);
    }

    return CLI_USAGE;
}


/* Reads the options. -1: go on; else the exit code. */
static int
options(int argc, char **argv, int *want_help)
{
    int  c;

    static const struct option  longs[] = {
        { "database",       required_argument, NULL, 'd' },
        { "admin",          required_argument, NULL, 'a' },
        { "redis",          required_argument, NULL, 'r' },
        { "role",           required_argument, NULL, 'R' },
        { "password-stdin", no_argument,       NULL, 'p' },
        { "quiet",          no_argument,       NULL, 'q' },
        { "help",           no_argument,       NULL, 'h' },
        { "version",        no_argument,       NULL, 'V' },
        { NULL, 0, NULL, 0 }
    };

    cli.database = getenv("DEALS_DATABASE");
    cli.admin = getenv("DEALS_DATABASE_ADMIN");
    cli.redis = getenv("DEALS_REDIS");

    if (cli.redis != NULL && *cli.redis == '\0') {
        cli.redis = NULL;
    }

    while ((c = getopt_long(argc, argv, "qhV", longs, NULL)) != -1) {
        switch (c) {
        case 'd': cli.database = optarg; break;
        case 'a': cli.admin = optarg; break;
        case 'r': cli.redis = optarg; break;
        case 'R': cli.role = optarg; break;
        case 'p': cli.password_stdin = 1; break;
        case 'q': cli.quiet = 1; break;
        case 'h': *want_help = 1; break;
        case 'V': printf("deals %s\n", DEALS_VERSION); return CLI_OK;
        default:  return CLI_USAGE;         /* getopt said why */
        }
    }

    return -1;
}


int
main(int argc, char **argv)
{
    int                 rc, words, want_help = 0;
    const cli_command  *command;

    rc = options(argc, argv, &want_help);
    if (rc >= 0) {
        return rc;
    }

    argc -= optind;
    argv += optind;

    if (argc == 0) {
        if (want_help) {
            help(NULL);
            return CLI_OK;
        }

        cli_error("say what to do; see deals --help");
        return CLI_USAGE;
    }

    command = find(argc, argv, &words);
    if (command == NULL) {
        return unknown(argc, argv);
    }

    if (want_help) {
        help(command);
        return CLI_OK;
    }

    argc -= words;
    argv += words;

    if (argc < command->min || (command->max >= 0 && argc > command->max)) {
        cli_error("usage: deals %s %s", command->name, command->synopsis);
        return CLI_USAGE;
    }

    return command->run(argc, argv);
}
