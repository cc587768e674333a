/*
 * cli/cli.h - what the commands of the `deals` program share.
 */

#ifndef DEALS_CLI_H
#define DEALS_CLI_H

#include <deals/deals.h>

/* Exit codes. */
enum {
    CLI_OK      = 0,
    CLI_REFUSED = 1,        /* done, but something is wrong with the data */
    CLI_USAGE   = 2,        /* the command line is wrong; nothing was done */
    CLI_FAILED  = 3         /* it could not be done: database away ... */
};

typedef struct {
    const char  *name;      /* "deal hide" */
    const char  *synopsis;  /* "ID" */
    const char  *summary;   /* one line of `deals --help` */
    const char  *help;      /* the rest of `deals deal hide --help` */
    int          min, max;  /* operands; max -1: any number */
    int        (*run)(int argc, char **argv);   /* the operands alone */
} cli_command;

/* Options that every command takes, from the command line or environment. */
typedef struct {
    const char  *database;      /* --database, DEALS_DATABASE */
    const char  *admin;         /* --admin, DEALS_DATABASE_ADMIN */
    const char  *redis;         /* --redis, DEALS_REDIS; NULL: none */
    const char  *role;          /* --role of migrate and user add */
    int          quiet;         /* --quiet: no progress, no summary */
    int          password_stdin;    /* --password-stdin */
} cli_options;

extern cli_options  cli;

extern const cli_command  cli_commands[];

int  cli_migrate(int argc, char **argv);
int  cli_demo(int argc, char **argv);
int  cli_import(int argc, char **argv);
int  cli_verify(int argc, char **argv);
int  cli_set(int argc, char **argv);
int  cli_user_add(int argc, char **argv);
int  cli_user_passwd(int argc, char **argv);
int  cli_user_list(int argc, char **argv);
int  cli_user_role(int argc, char **argv);
int  cli_deal_hide(int argc, char **argv);
int  cli_deal_show(int argc, char **argv);

/* "deals: ..." on stderr. */
void  cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says an error of the library, each field on a line. Returns the exit code for
 * it: CLI_REFUSED for what the input caused, else CLI_FAILED. */
int   cli_say(const deals_error *error);

/* A context on DEALS_DATABASE; NULL after having said why. `pool` connections; no
 * rate limits. */
deals_ctx  *cli_open(int pool, int64_t timeout_ms);

/* An id on the command line: 1 .. 2^53. 0, or -1 after having said what is
 * wrong. */
int   cli_id(const char *text, int64_t *id);

/* A password: the first line of stdin with --password-stdin, else asked for
 * twice on the terminal. 0, or -1 after having said why. */
int   cli_password(char *out, size_t size, const char *name);

/* A bar on stderr if that is a terminal (and not --quiet). total 0: unknown. */
void  cli_progress(const char *what, uint64_t done, uint64_t total);
void  cli_progress_end(void);

#endif /* DEALS_CLI_H */
