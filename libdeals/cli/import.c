/*
 * deals import FILE|-: one JSON object a line, plain or gzip. Reads a batch while
 * the ones before are on their way; a batch is one transaction, so an interrupted
 * import is simply run again.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/cli.h"

#define LINE_MAX_BYTES  (1 << 20)
#define BATCHES         4               /* on their way at a time */
#define BATCH_TIMEOUT   120000          /* ms */

/* A batch of records and the memory that they lie in. */
typedef struct {
    deals_arena          *arena;
    deals_call           *call;         /* NULL: not on its way */
    deals_import_record   records[DEALS_IMPORT_BATCH];
    size_t                n;
    uint64_t              first, last;  /* lines */
} batch;

typedef struct {
    deals_ctx   *ctx;
    const char  *name;
    int          fd;
    gzFile       file;
    uint64_t     size;                  /* of the file; 0: unknown */
    char        *line;
    size_t       len;
    uint64_t     number;                /* of the line */
    uint64_t     read, stored, kept, changed, refused;
    int          failed;
    batch        batches[BATCHES];
} import;

enum { LINE, END, TOO_LONG, BROKEN };


static int
next_line(import *im)
{
    int    c, too_long = 0;

    im->len = 0;
    im->number++;

    for ( ;; ) {
        c = gzgetc(im->file);

        if (c == '\n') {
            break;
        }

        if (c == -1) {
            if (!gzeof(im->file)) {
                return BROKEN;
            }

            if (im->len == 0) {
                /* A gzip file that was cut off ends like this, too. */
                (void) gzerror(im->file, &c);
                return c == Z_OK || c == Z_STREAM_END ? END : BROKEN;
            }

            break;
        }

        if (im->len == LINE_MAX_BYTES) {
            too_long = 1;
            continue;
        }

        im->line[im->len++] = (char) c;
    }

    return too_long ? TOO_LONG : LINE;
}


static void
report(import *im, const char *what, const deals_error *error)
{
    cli_progress_end();

    for ( /* void */ ; error != NULL; error = error->next) {
        fprintf(stderr, "%s:%llu: %s: %.*s%s%.*s\n", im->name,
                (unsigned long long) im->number, what,
                (int) error->field.len,
                error->field.len ? error->field.data : "",
                error->field.len ? ": " : "",
                (int) error->message.len, error->message.data);
    }
}


/* Waits for a batch; 0, or -1: it could not be stored. */
static int
finish(import *im, batch *b)
{
    int                 rc = 0;
    const deals_error  *error;

    if (b->call != NULL) {
        error = deals_call_error(deals_call_wait(b->call, BATCH_TIMEOUT));

        if (error != NULL) {
            cli_error("%s: lines %llu to %llu were not stored:", im->name,
                      (unsigned long long) b->first,
                      (unsigned long long) b->last);
            cli_say(error);
            im->failed = 1;
            rc = -1;

        } else {
            im->stored += deals_import_stored(b->call);
            im->kept += b->n - deals_import_stored(b->call);
        }

        deals_call_free(b->call);
        b->call = NULL;
    }

    deals_arena_free(b->arena);
    b->arena = NULL;
    b->n = 0;

    return rc;
}


static int
prepare(import *im, batch *b)
{
    if (finish(im, b) != 0) {
        return -1;
    }

    b->arena = deals_arena_new();

    if (b->arena == NULL) {
        cli_error("out of memory");
        im->failed = 1;
        return -1;
    }

    return 0;
}


static int
submit(import *im, batch *b)
{
    if (b->n == 0) {
        return 0;
    }

    b->call = deals_import(im->ctx, b->records, b->n, NULL, NULL);

    if (b->call == NULL) {
        cli_error("out of memory");
        im->failed = 1;
        return -1;
    }

    /* Lets the loop write it while the next batch is read. */
    (void) deals_ctx_poll(im->ctx, 0);

    return 0;
}


/* One line into the batch. */
static void
take(import *im, batch *b)
{
    size_t               i;
    deals_str            line = { im->line, im->len };
    const deals_error   *changes, *error;

    for (i = 0; i < im->len && strchr(" \t\r", im->line[i]) != NULL; i++) {
        /* void */
    }

    if (i == im->len) {
        return;                         /* an empty line is no record */
    }

    im->read++;

    if (deals_import_read(b->arena, line, &b->records[b->n], &changes, &error)
        != 0)
    {
        im->refused++;
        report(im, "refused", error);
        return;
    }

    if (changes != NULL) {
        im->changed++;
        report(im, "changed", changes);
    }

    if (b->n == 0) {
        b->first = im->number;
    }

    b->last = im->number;
    b->n++;
}


/* 0, or -1: no further. */
static int
step(import *im, batch *b)
{
    deals_error  error = { DEALS_INVALID, DEALS_NONE, DEALS_NONE, NULL, 0 };

    switch (next_line(im)) {

    case END:
        return -1;

    case TOO_LONG:
        im->read++;
        im->refused++;
        error.message = DEALS_STR("the line is longer than 1 MiB");
        report(im, "refused", &error);
        return 0;

    case BROKEN:
        cli_error("%s:%llu: the file cannot be read further: %s", im->name,
                  (unsigned long long) im->number,
                  gzerror(im->file, &(int) { 0 }));
        im->failed = 1;
        return -1;

    default:
        take(im, b);
        return 0;
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
        }

        if (im->number % 100 == 0) {
            cli_progress(im->size > 0 ? "import" : "import: records",
                         im->size > 0 ? (uint64_t) gzoffset(im->file)
                                      : im->read,
                         im->size);
        }
    }

    (void) submit(im, b);
}


static int
open_input(import *im, const char *name)
{
    struct stat  st;

    im->name = strcmp(name, "-") == 0 ? "standard input" : name;
    im->fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO)
                                    : open(name, O_RDONLY | O_CLOEXEC);

    if (im->fd == -1) {
        cli_error("%s: %s", name, strerror(errno));
        return -1;
    }

    if (fstat(im->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        cli_error("%s: %s", name, strerror(EISDIR));
        close(im->fd);
        return -1;
    }

    im->size = S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0;
    im->file = gzdopen(im->fd, "rb");
    im->line = malloc(LINE_MAX_BYTES);

    if (im->file == NULL || im->line == NULL) {
        cli_error("out of memory");
        return -1;
    }

    return 0;
}


int
cli_import(int argc, char **argv)
{
    size_t         i;
    static import  im;

    (void) argc;

    im.ctx = cli_open(BATCHES, BATCH_TIMEOUT);

    if (im.ctx == NULL || open_input(&im, argv[0]) != 0) {
        deals_ctx_free(im.ctx);
        return CLI_FAILED;
    }

    run(&im);

    for (i = 0; i < BATCHES; i++) {
        (void) finish(&im, &im.batches[i]);
    }

    cli_progress_end();
    gzclose(im.file);
    free(im.line);
    deals_ctx_free(im.ctx);

    if (!cli.quiet) {
        printf("%llu records: %llu stored, %llu there already, %llu refused; "
               "%llu were changed\n", (unsigned long long) im.read,
               (unsigned long long) im.stored,
               (unsigned long long) im.kept,
               (unsigned long long) im.refused,
               (unsigned long long) im.changed);
    }

    return im.failed ? CLI_FAILED : im.refused > 0 ? CLI_REFUSED : CLI_OK;
}
