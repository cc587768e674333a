/*
 * template_scan.c - cuts a template into literals and Mustache tags.
 *
 * A tag that stands alone on its line (all but {{name}}) takes the line with
 * it, as Mustache says. The indentation of such a {{>partial}} is not repeated
 * on the partial's lines: pages stay small, <pre> stays as it is, and a partial
 * is compiled once however deep it stands.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "view/template.h"

enum { NESTING = 64 };

typedef struct {
    deals_arena         *arena;
    deals_source        *source;
    const deals_error  **error;
    deals_str            text;
    size_t               pos;           /* behind what became tokens */
    size_t               counted;       /* lines are counted up to here */
    unsigned             line;
    size_t               cap;
    size_t               open[NESTING]; /* sections not closed yet */
    unsigned             nopen;
} scanner;


int
deals_template_error(deals_arena *arena, const deals_error **error,
    const deals_source *source, unsigned line, const char *fmt, ...)
{
    char     message[1024];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);

    *error = deals_error_make(arena, DEALS_INVALID, NULL, "%s:%u: %s",
                              source->shown, line, message);
    return -1;
}


/* The line of byte `pos`; pos never goes back. */
static unsigned
line_of(scanner *s, size_t pos)
{
    while (s->counted < pos) {
        if (s->text.data[s->counted++] == '\n') {
            s->line++;
        }
    }

    return s->line;
}


static deals_token *
add_token(scanner *s, deals_token_type type, deals_str text, unsigned line)
{
    deals_source  *source = s->source;
    deals_token   *grown, *token;

    if (source->ntokens == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        grown = deals_arena_array(s->arena, s->cap, sizeof(deals_token));
        if (grown == NULL) {
            deals_error_oom(s->error);
            return NULL;
        }

        if (source->ntokens) {
            memcpy(grown, source->tokens,
                   source->ntokens * sizeof(deals_token));
        }

        source->tokens = grown;
    }

    token = &source->tokens[source->ntokens++];
    token->type = type;
    token->text = text;
    token->line = line;
    token->match = 0;

    return token;
}


static int
add_text(scanner *s, size_t end)
{
    unsigned  line;

    if (end <= s->pos) {
        return 0;
    }

    line = line_of(s, s->pos);
    return add_token(s, DEALS_TOKEN_TEXT,
                     deals_str_sub(s->text, s->pos, end - s->pos), line)
           ? 0 : -1;
}


/* Whether the tag in [begin, end) stands alone on its line: then that line is
 * [*begin, *end). */
static void
take_line(const scanner *s, size_t *begin, size_t *end)
{
    size_t       b = *begin, e = *end;
    const char  *p = s->text.data;

    while (b > 0 && (p[b - 1] == ' ' || p[b - 1] == '\t')) {
        b--;
    }

    if (b > 0 && p[b - 1] != '\n') {
        return;
    }

    while (e < s->text.len && (p[e] == ' ' || p[e] == '\t')) {
        e++;
    }

    if (e + 1 < s->text.len && p[e] == '\r' && p[e + 1] == '\n') {
        e++;
    }

    if (e < s->text.len && p[e++] != '\n') {
        return;
    }

    *begin = b;
    *end = e;
}


static int
is_name(deals_str name, int partial)
{
    size_t  i;
    char    c, before = '.';

    if (deals_str_is(name, ".") && !partial) {
        return 1;
    }

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (c == '.' && !partial) {
            if (before == '.') {
                return 0;
            }
        } else if (!deals_is_alnum((unsigned char) c) && c != '_'
                   && !(c == '-' && partial))
        {
            return 0;
        }

        before = c;
    }

    return name.len > 0 && before != '.';
}


static int
close_section(scanner *s, deals_str name, unsigned line)
{
    deals_token  *open;

    if (s->nopen == 0) {
        return deals_template_error(s->arena, s->error, s->source, line,
                   "{{/%.*s}} closes nothing: there is no {{#%.*s}} before it",
                   DEALS_FMT(name), DEALS_FMT(name));
    }

    open = &s->source->tokens[s->open[s->nopen - 1]];

    if (!deals_str_eq(open->text, name)) {
        return deals_template_error(s->arena, s->error, s->source, line,
                   "{{/%.*s}} stands where {{/%.*s}} of line %u is expected",
                   DEALS_FMT(name), DEALS_FMT(open->text), open->line);
    }

    open->match = s->source->ntokens;
    s->nopen--;

    return add_token(s, DEALS_TOKEN_CLOSE, name, line) ? 0 : -1;
}


static int
open_section(scanner *s, deals_token_type type, deals_str name, unsigned line)
{
    if (s->nopen == NESTING) {
        return deals_template_error(s->arena, s->error, s->source, line,
                   "more than %d sections inside of each other", NESTING);
    }

    s->open[s->nopen++] = s->source->ntokens;

    return add_token(s, type, name, line) ? 0 : -1;
}


/* What cannot be written, and what to write instead. `inner` stands between
 * the braces. */
static int
refused(scanner *s, deals_str inner, unsigned line)
{
    deals_str  name = deals_str_trim(deals_str_sub(inner, 1, inner.len));

    switch (inner.data[0]) {

    case '{':
        return deals_template_error(s->arena, s->error, s->source, line,
                   "{{{%.*s}}} would not be escaped: write {{%.*s}}",
                   DEALS_FMT(name), DEALS_FMT(name));

    case '&':
        return deals_template_error(s->arena, s->error, s->source, line,
                   "{{&%.*s}} would not be escaped: write {{%.*s}}",
                   DEALS_FMT(name), DEALS_FMT(name));

    case '=':
        return deals_template_error(s->arena, s->error, s->source, line,
                   "the delimiters cannot be changed: write {{ and }}");

    default:
        return -2;
    }
}


static int
add_tag(scanner *s, deals_str inner, unsigned line)
{
    int               rc;
    char              sign;
    deals_str         name;
    deals_token_type  type;

    if (inner.len == 0) {
        return deals_template_error(s->arena, s->error, s->source, line,
                   "{{}} names nothing: write {{name}}");
    }

    rc = refused(s, inner, line);
    if (rc != -2) {
        return rc;
    }

    sign = inner.data[0];
    type = sign == '#' ? DEALS_TOKEN_SECTION
           : sign == '^' ? DEALS_TOKEN_INVERTED
           : sign == '/' ? DEALS_TOKEN_CLOSE
           : sign == '>' ? DEALS_TOKEN_PARTIAL : DEALS_TOKEN_VALUE;
    name = deals_str_trim(deals_str_sub(inner, type != DEALS_TOKEN_VALUE,
                                        inner.len));

    if (!is_name(name, type == DEALS_TOKEN_PARTIAL)) {
        return deals_template_error(s->arena, s->error, s->source, line,
                   "\"%.*s\" is not a name: write {{%sname}}, of letters, "
                   "digits and _%s", DEALS_FMT(name),
                   type == DEALS_TOKEN_VALUE ? ""
                   : type == DEALS_TOKEN_SECTION ? "#"
                   : type == DEALS_TOKEN_INVERTED ? "^"
                   : type == DEALS_TOKEN_CLOSE ? "/" : ">",
                   type == DEALS_TOKEN_PARTIAL ? " and -"
                   : ", or names with dots between them");
    }

    if (type == DEALS_TOKEN_CLOSE) {
        return close_section(s, name, line);
    }

    if (type == DEALS_TOKEN_SECTION || type == DEALS_TOKEN_INVERTED) {
        return open_section(s, type, name, line);
    }

    return add_token(s, type, name, line) ? 0 : -1;
}


/* The tag whose {{ stands at `begin`. */
static int
scan_tag(scanner *s, size_t begin)
{
    size_t       inner, stop, end, from;
    unsigned     line;
    const char  *close;
    static const char  alone[] = { '#', '^', '/', '>', '!' };

    inner = begin + 2;
    close = inner < s->text.len
            ? memmem(s->text.data + inner, s->text.len - inner, "}}", 2)
            : NULL;

    if (close == NULL) {
        return deals_template_error(s->arena, s->error, s->source,
                   line_of(s, begin), "{{ is not closed: write {{name}}, or "
                   "&#123;&#123; to show two braces");
    }

    stop = (size_t) (close - s->text.data);
    end = stop + 2;
    from = begin;

    while (inner < stop && deals_is_space((unsigned char) s->text.data[inner]))
    {
        inner++;
    }

    if (inner < stop && memchr(alone, s->text.data[inner], sizeof(alone))) {
        take_line(s, &from, &end);
    }

    if (add_text(s, from) != 0) {
        return -1;
    }

    line = line_of(s, begin);
    s->pos = end;

    if (inner < stop && s->text.data[inner] == '!') {
        return 0;
    }

    return add_tag(s, deals_str_trim(deals_str_sub(s->text, inner,
                                                   stop - inner)), line);
}


static int
check_bytes(scanner *s)
{
    size_t     pos = 0, before;
    deals_str  text = s->text;

    if (text.len > DEALS_TEMPLATE_MAX) {
        return deals_template_error(s->arena, s->error, s->source, 1,
                   "the file has more than %d bytes", DEALS_TEMPLATE_MAX);
    }

    if (memchr(text.data, 0, text.len) != NULL) {
        return deals_template_error(s->arena, s->error, s->source, 1,
                   "the file has a NUL byte: it is not text");
    }

    if (deals_utf8_valid(text)) {
        return 0;
    }

    while (pos < text.len) {
        before = pos;
        if (deals_utf8_next(text, &pos) < 0) {
            return deals_template_error(s->arena, s->error, s->source,
                       line_of(s, before), "not UTF-8: save the file as UTF-8");
        }
    }

    return 0;
}


int
deals_template_scan(deals_arena *arena, deals_source *source,
    const deals_error **error)
{
    scanner       s = { 0 };
    deals_token  *open;
    const char   *found;

    s.arena = arena;
    s.source = source;
    s.error = error;
    s.text = source->text;
    s.line = 1;
    source->ntokens = 0;

    if (check_bytes(&s) != 0) {
        return -1;
    }

    if (deals_str_starts(s.text, "\xEF\xBB\xBF")) {
        s.pos = 3;
    }

    while (s.pos < s.text.len
           && (found = memmem(s.text.data + s.pos, s.text.len - s.pos, "{{",
                              2)) != NULL)
    {
        if (scan_tag(&s, (size_t) (found - s.text.data)) != 0) {
            return -1;
        }
    }

    if (add_text(&s, s.text.len) != 0) {
        return -1;
    }

    if (s.nopen > 0) {
        open = &source->tokens[s.open[s.nopen - 1]];
        return deals_template_error(arena, error, source, open->line,
                   "{{%s%.*s}} is never closed: write {{/%.*s}}",
                   open->type == DEALS_TOKEN_SECTION ? "#" : "^",
                   DEALS_FMT(open->text), DEALS_FMT(open->text));
    }

    return 0;
}
