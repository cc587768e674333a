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
    const char  *synopsis;  /* "ID..." */
    const char  *summary;   /* one line of `deals --help` */
    const char  *help;      /* the rest of `deals deal hide --help` */
    const char  *options;   /* letters of those it takes besides -q, -h, -V */
    int          min, max;  /* operands; max -1: any number */
    int        (*run)(int argc, char **argv);   /* the operands alone */
} cli_command;

/* Ends with one whose name is NULL. */
extern const cli_command  cli_commands[];

/* Options, from the command line or the environment; NULL or "": not given. */
typedef struct {
    const char  *database;          /* -d */
    const char  *admin;             /* -a: the same as its owner */
    const char  *redis;             /* -r; NULL: none */
    const char  *breached;          /* -b; NULL: none */
    const char  *role;              /* -R: of migrate and user add */
    const char  *label;             /* -l */
    const char  *scopes;            /* -s: "read,vote" */
    const char  *days;              /* -n */
    int          password_stdin;    /* -p */
    int          factor;            /* -f: of user reset */
    int          quiet;             /* -q: no progress, no summary */
} cli_options;

extern cli_options  cli;

int  cli_migrate(int argc, char **argv);
int  cli_demo(int argc, char **argv);
int  cli_import(int argc, char **argv);
int  cli_verify(int argc, char **argv);
int  cli_set(int argc, char **argv);
int  cli_user_add(int argc, char **argv);
int  cli_user_passwd(int argc, char **argv);
int  cli_user_reset(int argc, char **argv);
int  cli_user_token(int argc, char **argv);
int  cli_user_tokens(int argc, char **argv);
int  cli_user_revoke(int argc, char **argv);
int  cli_user_list(int argc, char **argv);
int  cli_user_disable(int argc, char **argv);
int  cli_user_enable(int argc, char **argv);
int  cli_user_role(int argc, char **argv);
int  cli_deal_hide(int argc, char **argv);
int  cli_deal_show(int argc, char **argv);

/* "deals: ..." on stderr. */
void  cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says an error of the library, each field on a line. Returns the exit code for
 * it: CLI_REFUSED for what the input caused, else CLI_FAILED. */
int   cli_say(const deals_error *error);

/* Says a call's error, if it failed; frees it. NULL: out of memory. Returns the
 * exit code. */
int   cli_end(deals_call *call);

/* A context on the database, with `pool` connections and no rate limits; NULL
 * after having said why, *rc is the exit code. */
deals_ctx  *cli_open(int pool, int64_t timeout_ms, int *rc);

#define CLI_TIMEOUT  30000          /* ms: of a command's work */

/* What needs a context with one connection: the exit code of `work`, or why there
 * is no context. */
int   cli_with(int (*work)(deals_ctx *ctx, char **argv), char **argv);

/* An address as an option gave it, out of the program's arguments, which all
 * users of the machine can see. NULL: no memory, which was said. */
const char  *cli_address_option(char *given);

/* "file:PATH" in place of an address: the line of that file. CLI_OK, or the
 * exit code after having said what is wrong. */
int   cli_address_read(const char **address, const char *field);

/* Frees both. */
void  cli_address_end(void);

/* An id on the command line: 1 .. 2^53 - 1. 0, or -1 after having said what is
 * wrong. */
int   cli_id(const char *text, int64_t *id);

#define CLI_PASSWORD_MAX  1024      /* bytes; the rules allow fewer */

/* A password: the first line of stdin with --password-stdin, else asked for
 * twice on the terminal. CLI_OK, or another exit code after having said why. */
int   cli_password(char out[CLI_PASSWORD_MAX], const char *name);

/* A bar on stderr if that is a terminal (and not --quiet). total 0: unknown. */
void  cli_progress(const char *what, uint64_t done, uint64_t total);
void  cli_progress_end(void);

#endif /* DEALS_CLI_H */
