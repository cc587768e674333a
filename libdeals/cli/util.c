/*
 * What the commands share: messages, the context, passwords, the progress bar.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

static int  bar_shown;


void
cli_error(const char *fmt, ...)
{
    va_list  args;

    cli_progress_end();
    fputs("deals: ", stderr);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
}


int
cli_say(const deals_error *error)
{
    int  rc = CLI_REFUSED;

    for ( /* void */ ; error != NULL; error = error->next) {
        if (deals_error_about(error->code)->status >= 500) {
            rc = CLI_FAILED;
        }

        if (error->field.len > 0) {
            cli_error("%.*s: %.*s", (int) error->field.len, error->field.data,
                      (int) error->message.len, error->message.data);
        } else {
            cli_error("%.*s", (int) error->message.len, error->message.data);
        }
    }

    return rc;
}


int
cli_end(deals_call *call)
{
    int  rc = CLI_OK;

    if (call == NULL) {
        cli_error("out of memory");
        return CLI_FAILED;
    }

    if (deals_call_error(call) != NULL) {
        rc = cli_say(deals_call_error(call));
    }

    deals_call_free(call);

    return rc;
}


deals_ctx *
cli_open(int pool, int64_t timeout_ms, int *rc)
{
    deals_ctx          *ctx;
    deals_arena        *arena;
    deals_config        config = { 0 };
    const deals_error  *error = NULL;

    if (cli.database == NULL || *cli.database == '\0') {
        cli_error("which database? Set DEALS_DATABASE or use --database, for "
                  "instance \"host=/run/postgresql dbname=deals user=deals\"");
        *rc = CLI_USAGE;
        return NULL;
    }

    config.database = cli.database;
    config.redis = cli.redis;
    config.pool_size = pool;
    config.query_timeout = timeout_ms;
    config.signin_limit = config.signup_limit = -1;
    config.post_limit = config.comment_limit = config.vote_limit = -1;

    arena = deals_arena_new();
    if (arena == NULL) {
        cli_error("out of memory");
        *rc = CLI_FAILED;
        return NULL;
    }

    ctx = deals_ctx_new(&config, NULL, arena, &error);
    if (ctx == NULL) {
        *rc = cli_say(error) == CLI_REFUSED ? CLI_USAGE : CLI_FAILED;
    }

    deals_arena_free(arena);

    return ctx;
}


int
cli_id(const char *text, int64_t *id)
{
    char       *end;
    long long   n;

    errno = 0;
    n = strtoll(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || n < 1
        || n > (INT64_C(1) << 53) - 1)
    {
        cli_error("\"%s\" is not an id; an id is a whole number, as in the "
                  "deal's address /deals/ID/...", text);
        return -1;
    }

    *id = n;
    return 0;
}


/* One line without its end; -1: none, or longer than `size`. */
static int
read_line(char *out, size_t size)
{
    size_t  len;

    if (fgets(out, (int) size, stdin) == NULL) {
        cli_error("no password was given");
        return -1;
    }

    len = strcspn(out, "\r\n");
    if (out[len] == '\0' && len == size - 1) {
        cli_error("that password is too long");
        return -1;
    }

    out[len] = '\0';
    return 0;
}


static int
ask(const char *prompt, char *out, size_t size)
{
    int             rc;
    struct termios  before, silent;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        cli_error("standard input is no terminal: give the password with "
                  "--password-stdin");
        return -1;
    }

    silent = before;
    silent.c_lflag &= ~(tcflag_t) ECHO;

    fputs(prompt, stderr);
    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    rc = read_line(out, size);
    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);

    return rc;
}


int
cli_password(char *out, size_t size, const char *name)
{
    int   rc;
    char  prompt[128], again[1024];

    if (cli.password_stdin) {
        return read_line(out, size);
    }

    snprintf(prompt, sizeof(prompt), "Password for %.64s: ", name);

    if (ask(prompt, out, size) != 0
        || ask("Once more: ", again, sizeof(again)) != 0)
    {
        return -1;
    }

    rc = strcmp(out, again) == 0 ? 0 : -1;
    explicit_bzero(again, sizeof(again));

    if (rc != 0) {
        cli_error("the two are not the same");
    }

    return rc;
}


void
cli_progress(const char *what, uint64_t done, uint64_t total)
{
    int       i, full;
    unsigned  percent;

    if (cli.quiet || !isatty(STDERR_FILENO)) {
        return;
    }

    bar_shown = 1;

    if (total == 0) {
        fprintf(stderr, "\r%s %llu\033[K", what, (unsigned long long) done);
        return;
    }

    done = done > total ? total : done;
    percent = (unsigned) ((double) done * 100 / (double) total);
    full = (int) percent * 30 / 100;

    fprintf(stderr, "\r%s [", what);

    for (i = 0; i < 30; i++) {
        fputc(i < full ? '#' : '.', stderr);
    }

    fprintf(stderr, "] %3u %%\033[K", percent);
}


void
cli_progress_end(void)
{
    if (bar_shown) {
        fputs("\r\033[K", stderr);
        bar_shown = 0;
    }
}
