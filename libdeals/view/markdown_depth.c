/*
 * markdown_depth.c - quotes and lists inside of each other are free to write
 * ("- - - - ...") and dear to read: cmark looks at all that are open for each line
 * that follows. Where that would take long, the marks behind the first ones are
 * made text.
 */

#include <string.h>

#include "base/str.h"
#include "view/markdown_write.h"

enum {
    DEEP = 4 * DEALS_MARKDOWN_BLOCKS,   /* marks in a line that are kept */
    WORK = 1 << 20                      /* marks times lines that are nothing */
};


static int
is_gap(const char *p, const char *end)
{
    return p == end || *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r';
}


/* The end of the mark that begins at p: ">", "-", "1."; NULL: there is none. */
static const char *
mark_end(const char *p, const char *end)
{
    int  digits;

    if (p == end) {
        return NULL;
    }

    if (*p == '>') {
        return p + 1;
    }

    for (digits = 0;
         digits < 9 && p < end && deals_is_digit((unsigned char) *p);
         digits++)
    {
        p++;
    }

    if (p == end || *p == '\0' || !strchr(digits > 0 ? ".)" : "-+*", *p)) {
        return NULL;
    }

    return is_gap(p + 1, end) ? p + 1 : NULL;
}


/* Copies a line; marks behind the `keep` first ones are escaped. Returns how
 * many it has. */
static size_t
take_line(deals_buf *out, const char *p, const char *end, size_t keep)
{
    size_t       n = 0;
    const char  *mark;

    for ( ;; ) {
        mark = p;

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if (out != NULL) {
            deals_buf_add(out, mark, (size_t) (p - mark));
        }

        mark = mark_end(p, end);

        if (mark == NULL) {
            break;
        }

        if (out != NULL) {
            deals_buf_add(out, p, (size_t) (mark - p) - 1);
            deals_buf_c(out, n < keep ? "" : "\\");
            deals_buf_add(out, mark - 1, 1);
        }

        p = mark;
        n++;
    }

    if (out != NULL) {
        deals_buf_add(out, p, (size_t) (end - p));
    }

    return n;
}


static const char *
line_end(const char *p, const char *end)
{
    const char  *newline = memchr(p, '\n', (size_t) (end - p));

    return newline ? newline + 1 : end;
}


int
deals_markdown_is_deep(deals_str text)
{
    size_t       n, lines = 0, most = 0;
    const char  *p, *next, *end = text.data + text.len;

    for (p = text.data; p < end; p = next) {
        next = line_end(p, end);
        n = take_line(NULL, p, next, 0);
        most = n > most ? n : most;
        lines++;
    }

    return most > DEEP && most > WORK / lines;
}


void
deals_markdown_flatten(deals_buf *out, deals_str text)
{
    const char  *p, *next, *end = text.data + text.len;

    for (p = text.data; p < end; p = next) {
        next = line_end(p, end);
        (void) take_line(out, p, next, DEEP);
    }
}
