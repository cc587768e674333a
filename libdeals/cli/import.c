/*
 * deals import FILE|-: one JSON object a line. Reads a batch while those before
 * it are on their way. What is stored is not stored twice, so an interrupted
 * import is simply run again.
 */

#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/lines.h"

#define BATCHES         4               /* on their way at a time */
#define BATCH_TIMEOUT   120000          /* ms */

/* Records and the memory that they lie in. */
typedef struct {
    deals_arena          *arena;
    deals_call           *call;         /* NULL: not on its way */
    size_t                n;
    deals_import_record   records[DEALS_IMPORT_BATCH];
    uint64_t              lines[DEALS_IMPORT_BATCH];
} batch;

typedef struct {
    deals_ctx   *ctx;
    cli_lines   *lines;
    int64_t      now;
    uint64_t     read, stored, kept, refused, changed;
    int          failed;
    batch        batches[BATCHES];
} import;


static void
report(const import *im, uint64_t line, const char *what,
    const deals_error *error)
{
    cli_progress_end();

    for ( /* void */ ; error != NULL; error = error->next) {
        fprintf(stderr, "%s:%llu: %s: %.*s%s%.*s\n", cli_lines_name(im->lines),
                (unsigned long long) line, what,
                (int) error->field.len,
                error->field.len ? error->field.data : "",
                error->field.len ? ": " : "",
                (int) error->message.len, error->message.data);
    }
}


static int
no_memory(import *im)
{
    cli_error("out of memory");
    im->failed = 1;

    return -1;
}


/* The batch could not be stored: nobody knows which of its records are. */
static void
lose(import *im, const batch *b, const deals_error *error)
{
    cli_say(error);
    cli_error("%s: lines %llu to %llu may not be stored; run the import again "
              "to go on", cli_lines_name(im->lines),
              (unsigned long long) b->lines[0],
              (unsigned long long) b->lines[b->n - 1]);
    im->failed = 1;
}


static void
count(import *im, const batch *b)
{
    size_t              i, refused = 0, stored;
    const deals_error  *error;

    for (i = 0; i < b->n; i++) {
        error = deals_import_refused(b->call, i);

        if (error != NULL) {
            refused++;
            report(im, b->lines[i], "refused", error);
        }
    }

    stored = deals_import_stored(b->call);
    im->stored += stored;
    im->refused += refused;
    im->kept += b->n - stored - refused;
}


/* Waits for a batch and empties it; 0, or -1: go no further. */
static int
finish(import *im, batch *b)
{
    const deals_error  *error;

    if (b->call != NULL) {
        error = deals_call_error(deals_call_wait(b->call, BATCH_TIMEOUT));

        if (error != NULL) {
            lose(im, b, error);
        } else {
            count(im, b);
        }
    }

    deals_call_free(b->call);
    deals_arena_free(b->arena);
    b->arena = NULL;
    b->call = NULL;
    b->n = 0;

    return im->failed ? -1 : 0;
}


static int
prepare(import *im, batch *b)
{
    if (finish(im, b) != 0) {
        return -1;
    }

    b->arena = deals_arena_new();

    return b->arena == NULL ? no_memory(im) : 0;
}


static int
submit(import *im, batch *b)
{
    if (b->n == 0) {
        return 0;
    }

    b->call = deals_import(im->ctx, b->records, b->n, NULL, NULL);
    if (b->call == NULL) {
        return no_memory(im);
    }

    /* Lets the loop write it while the next batch is read. */
    (void) deals_ctx_poll(im->ctx, 0);

    return 0;
}


static int
is_blank(deals_str line)
{
    size_t  i;

    for (i = 0; i < line.len; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t'
            && line.data[i] != '\r')
        {
            return 0;
        }
    }

    return 1;
}


/* One line into the batch. */
static void
take(import *im, batch *b, deals_str line)
{
    uint64_t             number = cli_lines_number(im->lines);
    const deals_error   *changes, *error;

    if (is_blank(line)) {
        return;
    }

    im->read++;

    if (deals_import_read(b->arena, line, im->now, &b->records[b->n],
                          &changes, &error) != 0)
    {
        im->refused++;
        report(im, number, "refused", error);
        return;
    }

    if (changes != NULL) {
        im->changed++;
        report(im, number, "changed", changes);
    }

    b->lines[b->n++] = number;
}


/* 0, or -1: there are no more. */
static int
step(import *im, batch *b)
{
    deals_str    line;
    deals_error  too_long = {
        .code = DEALS_TOO_LARGE,
        .message = DEALS_STR("the line is longer than 1 MiB")
    };

    switch (cli_lines_next(im->lines, &line)) {

    case CLI_LINE:
        take(im, b, line);
        return 0;

    case CLI_LINE_TOO_LONG:
        im->read++;
        im->refused++;
        report(im, cli_lines_number(im->lines), "refused", &too_long);
        return 0;

    case CLI_LINE_BROKEN:
        cli_error("%s:%llu: cannot be read further: %s",
                  cli_lines_name(im->lines),
                  (unsigned long long) cli_lines_number(im->lines),
                  cli_lines_error(im->lines));
        im->failed = 1;
        return -1;

    default:
        return -1;
    }
}


static void
progress(const import *im)
{
    uint64_t  total = cli_lines_total(im->lines);

    if (total > 0) {
        cli_progress("import", cli_lines_done(im->lines), total);
    } else {
        cli_progress("import: records", im->read, 0);
    }
}


static void
run(import *im)
{
    size_t   i = 0;
    batch   *b = &im->batches[0];

    if (prepare(im, b) != 0) {
        return;
    }

    while (step(im, b) == 0) {

        if (b->n == DEALS_IMPORT_BATCH) {
            i = (i + 1) % BATCHES;

            if (submit(im, b) != 0 || prepare(im, &im->batches[i]) != 0) {
                return;
            }

            b = &im->batches[i];
            progress(im);
        }
    }

    (void) submit(im, b);
}


static int
summary(const import *im)
{
    if (!cli.quiet) {
        printf("%llu record%s: %llu stored, %llu there already, %llu refused; "
               "%llu had to be changed.\n", (unsigned long long) im->read,
               im->read == 1 ? "" : "s",
               (unsigned long long) im->stored, (unsigned long long) im->kept,
               (unsigned long long) im->refused,
               (unsigned long long) im->changed);
    }

    return im->failed ? CLI_FAILED : im->refused > 0 ? CLI_REFUSED : CLI_OK;
}


int
cli_import(int argc, char **argv)
{
    int            rc;
    size_t         i;
    static import  im;

    (void) argc;

    im.ctx = cli_open(BATCHES, BATCH_TIMEOUT, &rc);
    if (im.ctx == NULL) {
        return rc;
    }

    im.lines = cli_lines_open(argv[0]);
    if (im.lines == NULL) {
        deals_ctx_free(im.ctx);
        return CLI_FAILED;
    }

    im.now = (int64_t) time(NULL);
    run(&im);

    for (i = 0; i < BATCHES; i++) {
        (void) finish(&im, &im.batches[i]);
    }

    cli_progress_end();
    rc = summary(&im);

    cli_lines_close(im.lines);
    deals_ctx_free(im.ctx);

    return rc;
}
