/*
 * What the commands share: messages, the context, ids, the progress bar.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

    ctx = NULL;

    if (cli.breached != NULL) {
        config.breached = deals_breached_open(cli.breached, arena, &error);
    }

    if (error == NULL) {
        ctx = deals_ctx_new(&config, NULL, arena, &error);
    }

    if (ctx == NULL) {
        *rc = cli_say(error) == CLI_REFUSED ? CLI_USAGE : CLI_FAILED;
    }

    deals_breached_close(config.breached);
    deals_arena_free(arena);

    return ctx;
}


int
cli_with(int (*work)(deals_ctx *ctx, char **argv), char **argv)
{
    int         rc;
    deals_ctx  *ctx;

    ctx = cli_open(1, CLI_TIMEOUT, &rc);
    if (ctx == NULL) {
        return rc;
    }

    rc = work(ctx, argv);
    deals_ctx_free(ctx);

    return rc;
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
