/*
 * cli/lines.h - the lines of a file or of standard input, plain or gzip.
 */

#ifndef DEALS_CLI_LINES_H
#define DEALS_CLI_LINES_H

#include <deals/types.h>

#define CLI_LINE_MAX  (1 << 20)         /* bytes */

typedef struct cli_lines  cli_lines;

typedef enum {
    CLI_LINE = 0,
    CLI_LINE_TOO_LONG,      /* it was skipped */
    CLI_LINE_END,
    CLI_LINE_BROKEN         /* there is more, but it cannot be read */
} cli_line;

/* NULL after having said why. "-" is standard input. */
cli_lines   *cli_lines_open(const char *name);
void         cli_lines_close(cli_lines *lines);         /* NULL is ok */

/* The next line, without its end; it lives until the next call. */
cli_line     cli_lines_next(cli_lines *lines, deals_str *line);

/* What to call the input in messages, and the line that was read last. */
const char  *cli_lines_name(const cli_lines *lines);
uint64_t     cli_lines_number(const cli_lines *lines);

/* Why it cannot be read further. */
const char  *cli_lines_error(const cli_lines *lines);

/* Bytes of the file: read, and in all (0: not known). */
uint64_t     cli_lines_done(const cli_lines *lines);
uint64_t     cli_lines_total(const cli_lines *lines);

#endif /* DEALS_CLI_LINES_H */
