/*
 * The lines of a file or of standard input, plain or gzip. zlib tells the two
 * apart, and reads several gzip files one behind the other as one.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/lines.h"

#define BUFFER  (32 * 1024)

struct cli_lines {
    const char  *name;
    gzFile       file;
    uint64_t     total;
    uint64_t     number;
    char         line[CLI_LINE_MAX];
};


static cli_lines *
fail(const char *name, int fd)
{
    cli_error("%s: %s", name, strerror(errno));

    if (fd != -1) {
        close(fd);
    }

    return NULL;
}


cli_lines *
cli_lines_open(const char *name)
{
    int           fd, is_stdin;
    cli_lines    *lines;
    struct stat   st;

    is_stdin = strcmp(name, "-") == 0;
    name = is_stdin ? "standard input" : name;
    fd = is_stdin ? dup(STDIN_FILENO)
                  : open(name, O_RDONLY | O_CLOEXEC);

    if (fd == -1 || fstat(fd, &st) == -1) {
        return fail(name, fd);
    }

    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return fail(name, fd);
    }

    lines = malloc(sizeof(*lines));
    if (lines == NULL) {
        return fail(name, fd);
    }

    lines->name = name;
    lines->number = 0;
    lines->total = S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0;
    lines->file = gzdopen(fd, "rb");

    if (lines->file == NULL) {
        free(lines);
        errno = ENOMEM;
        return fail(name, fd);
    }

    (void) gzbuffer(lines->file, BUFFER);

    return lines;
}


void
cli_lines_close(cli_lines *lines)
{
    if (lines != NULL) {
        gzclose(lines->file);
        free(lines);
    }
}


/* No more bytes: is that the end, or is something wrong? What a broken line
 * began with is worth nothing. */
static cli_line
end(const cli_lines *lines, size_t len)
{
    int  code;

    (void) gzerror(lines->file, &code);

    if (code != Z_OK && code != Z_STREAM_END) {
        return CLI_LINE_BROKEN;
    }

    return len > 0 ? CLI_LINE : CLI_LINE_END;
}


cli_line
cli_lines_next(cli_lines *lines, deals_str *line)
{
    int       c;
    size_t    len = 0;
    cli_line  kind = CLI_LINE;

    lines->number++;

    while ((c = gzgetc(lines->file)) != '\n') {

        if (c == -1) {
            kind = kind == CLI_LINE ? end(lines, len) : kind;
            break;
        }

        if (len < CLI_LINE_MAX) {
            lines->line[len++] = (char) c;
        } else {
            kind = CLI_LINE_TOO_LONG;
        }
    }

    *line = (deals_str) { lines->line, len };

    if (lines->number == 1 && len >= 3
        && memcmp(lines->line, "\xef\xbb\xbf", 3) == 0)
    {
        *line = (deals_str) { lines->line + 3, len - 3 };   /* a BOM */
    }

    return kind;
}


const char *
cli_lines_name(const cli_lines *lines)
{
    return lines->name;
}


uint64_t
cli_lines_number(const cli_lines *lines)
{
    return lines->number;
}


const char *
cli_lines_error(const cli_lines *lines)
{
    int          code;
    const char  *text = gzerror(lines->file, &code);

    switch (code) {
    case Z_ERRNO:
        return strerror(errno);
    case Z_BUF_ERROR:
        return "it ends in the middle of the compressed data";
    case Z_DATA_ERROR:
        return "the compressed data is damaged";
    default:
        return text;
    }
}


uint64_t
cli_lines_done(const cli_lines *lines)
{
    z_off_t  offset = gzoffset(lines->file);

    return offset > 0 ? (uint64_t) offset : 0;
}


uint64_t
cli_lines_total(const cli_lines *lines)
{
    return lines->total;
}
