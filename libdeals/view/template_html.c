/*
 * template_html.c - the HTML around the tags of a template, byte by byte: a
 * tokenizer as browsers have it, but where a browser would mend, it refuses.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "view/template_html.h"

static const char *const  void_elements[] = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta",
    "param", "source", "track", "wbr", NULL
};

/* Their content is not HTML, and browsers do not agree on it. */
static const char *const  odd_elements[] = {
    "applet", "frame", "frameset", "noembed", "noframes", "plaintext", "xmp",
    NULL
};

static const char *const  raw_elements[] = {
    "iframe", "script", "style", NULL
};


int
deals_html_fail(deals_html *html, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vsnprintf(html->message, sizeof(html->message), fmt, args);
    va_end(args);

    return -1;
}


static int
is_one_of(const char *name, const char *const *list)
{
    for ( ; *list; list++) {
        if (strcmp(name, *list) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


/* Appends to a tag's or attribute's name. */
static int
add_to_name(deals_html *html, char *name, char c)
{
    size_t  len = strlen(name);

    if (len + 1 >= DEALS_HTML_NAME) {
        return deals_html_fail(html, "the name \"%s...\" is too long", name);
    }

    name[len] = deals_lower(c);
    name[len + 1] = '\0';

    return 0;
}


void
deals_html_start(deals_html *html, int foreign)
{
    memset(html, 0, sizeof(*html));
    html->line = 1;
    html->foreign = foreign;
}


int
deals_html_is_foreign(const deals_html *html)
{
    unsigned     i;
    const char  *name;

    for (i = html->nelements; i > 0; i--) {
        name = html->elements[i - 1].name;

        if (strcmp(name, "svg") == 0 || strcmp(name, "math") == 0) {
            return 1;
        }

        if (strcmp(name, "foreignobject") == 0) {
            return 0;
        }
    }

    return html->foreign;
}


/* -- elements -------------------------------------------------------------- */

static int
push_element(deals_html *html)
{
    deals_html_element  *element;

    if (html->nelements == DEALS_HTML_DEPTH) {
        return deals_html_fail(html, "more than %d elements inside of each "
                               "other", DEALS_HTML_DEPTH);
    }

    element = &html->elements[html->nelements++];
    memcpy(element->name, html->tag, DEALS_HTML_NAME);
    element->line = html->line;

    return 0;
}


/* The '>' of a start tag. */
static int
end_start_tag(deals_html *html, int slash)
{
    int          foreign = deals_html_is_foreign(html);
    const char  *tag = html->tag;

    if (deals_html_tag_end(html) != 0) {
        return -1;
    }

    html->state = DEALS_HTML_TEXT;

    if (!foreign && is_one_of(tag, void_elements)) {
        return 0;
    }

    if (slash) {
        return foreign || strcmp(tag, "svg") == 0 ? 0
               : deals_html_fail(html, "<%s/> does not close <%s>: write "
                                 "<%s></%s>", tag, tag, tag, tag);
    }

    if (is_one_of(tag, odd_elements)) {
        return deals_html_fail(html, "<%s> is obsolete and cannot be checked",
                               tag);
    }

    if (is_one_of(tag, raw_elements)) {
        if (foreign) {
            return deals_html_fail(html, "<%s> inside of <svg> or <math> cannot "
                                   "be checked: put it outside", tag);
        }

        html->state = DEALS_HTML_RAW;

        if (strcmp(tag, "script") == 0
            && strcmp(html->type, "application/ld+json") == 0)
        {
            html->state = DEALS_HTML_JSON;
            html->json_before = '\0';
            html->json_string = 0;
            html->json_escape = 0;
        }

    } else if (strcmp(tag, "title") == 0 || strcmp(tag, "textarea") == 0) {
        html->state = DEALS_HTML_ESCAPABLE;
    }

    return push_element(html);
}


/* The '>' of an end tag. */
static int
end_end_tag(deals_html *html)
{
    char                *tag = html->tag;
    size_t               len = strlen(tag);
    deals_html_element  *top;

    while (len && tag[len - 1] == ' ') {
        tag[--len] = '\0';
    }

    html->state = DEALS_HTML_TEXT;

    if (!deals_html_is_foreign(html) && is_one_of(tag, void_elements)) {
        return deals_html_fail(html, "</%s>: <%s> has no end tag", tag, tag);
    }

    if (html->nelements == 0) {
        return deals_html_fail(html, "</%s> closes nothing: there is no <%s> "
                               "before it in this file", tag, tag);
    }

    top = &html->elements[html->nelements - 1];

    if (html->nelements == html->base) {
        return deals_html_fail(html, "</%s> closes <%s> of line %u, which "
                               "stands outside of this section: put both "
                               "tags inside or both outside", tag, top->name,
                               top->line);
    }

    if (strcmp(top->name, tag) != 0) {
        return deals_html_fail(html, "</%s> stands where </%s> of line %u is "
                               "expected", tag, top->name, top->line);
    }

    html->nelements--;

    return 0;
}


/* -- bytes ------------------------------------------------------------------- */

/* A '<' in text: what follows it must be in the same literal. Returns how many
 * bytes were read, or 0 after an error. */
static size_t
open_tag(deals_html *html, const char *p, size_t len)
{
    html->tag_serial++;
    html->tag[0] = '\0';
    html->type[0] = '\0';
    html->rel[0] = '\0';
    html->refreshes = 0;
    html->content_value = 0;

    if (len > 1 && is_letter(p[1])) {
        html->state = DEALS_HTML_TAG_NAME;
        return 1;
    }

    if (len > 2 && p[1] == '/' && is_letter(p[2])) {
        html->state = DEALS_HTML_END_TAG;
        return 2;
    }

    if (len >= 4 && memcmp(p, "<!--", 4) == 0) {
        html->state = DEALS_HTML_COMMENT;
        memcpy(html->seen, "--", 3);
        return 4;
    }

    if (len >= 9 && strncasecmp(p, "<!doctype", 9) == 0) {
        html->state = DEALS_HTML_DOCTYPE;
        return 9;
    }

    if (len == 1) {
        deals_html_fail(html, "a placeholder as a tag name: write the tag's "
                        "name, in a section if it varies; or &lt; to show "
                        "\"<\"");
    } else {
        deals_html_fail(html, "\"<\" is not followed by a tag: write &lt; to "
                        "show it");
    }

    return 0;
}


static int
byte_in_tag(deals_html *html, char c)
{
    if (deals_is_space((unsigned char) c)) {
        html->state = DEALS_HTML_IN_TAG;
        return 0;
    }

    if (c == '>') {
        return end_start_tag(html, 0);
    }

    if (c == '/') {
        html->state = DEALS_HTML_SLASH;
        return 0;
    }

    if (html->state == DEALS_HTML_NEED_SPACE) {
        return deals_html_fail(html, "a space is missing before \"%c\" in <%s>",
                               c, html->tag);
    }

    if (!is_letter(c) && c != '_' && c != ':') {
        return deals_html_fail(html, "\"%c\" cannot start an attribute in <%s>",
                               c, html->tag);
    }

    html->state = DEALS_HTML_ATTRIBUTE;
    html->attr[0] = '\0';

    return add_to_name(html, html->attr, c);
}


static int
byte_in_attribute(deals_html *html, char c)
{
    if (c == '=') {
        deals_html_attribute(html);
        html->state = DEALS_HTML_BEFORE_VALUE;
        return 0;
    }

    if (deals_is_space((unsigned char) c)) {
        html->state = DEALS_HTML_AFTER_ATTRIBUTE;
        return 0;
    }

    if (html->state == DEALS_HTML_AFTER_ATTRIBUTE) {
        html->state = DEALS_HTML_IN_TAG;
        return byte_in_tag(html, c);
    }

    if (c == '>' || c == '/') {
        return byte_in_tag(html, c);
    }

    if (!deals_is_alnum((unsigned char) c) && strchr("_:.-", c) == NULL) {
        return deals_html_fail(html, "\"%c\" cannot stand in an attribute's "
                               "name", c);
    }

    return add_to_name(html, html->attr, c);
}


static int
byte_before_value(deals_html *html, char c)
{
    if (deals_is_space((unsigned char) c)) {
        return 0;
    }

    if (c == '"' || c == '\'') {
        html->state = DEALS_HTML_VALUE;
        html->quote = c;
        return 0;
    }

    if (c == '>' || strchr("<=`", c)) {
        return deals_html_fail(html, "%s= has no value: write %s=\"\"",
                               html->attr, html->attr);
    }

    html->quote = '\0';
    html->state = DEALS_HTML_UNQUOTED;
    return deals_html_value_byte(html, c);
}


static int
byte_unquoted(deals_html *html, char c)
{
    if (c == '>' || deals_is_space((unsigned char) c)) {
        if (deals_html_value_end(html) != 0) {
            return -1;
        }
        html->state = DEALS_HTML_IN_TAG;
        return byte_in_tag(html, c);
    }

    if (strchr("\"'<=`", c)) {
        return deals_html_fail(html, "\"%c\" in an unquoted value: write "
                               "%s=\"...\"", c, html->attr);
    }

    return deals_html_value_byte(html, c);
}


static int
byte_in_end_tag(deals_html *html, char c)
{
    size_t  len = strlen(html->tag);

    if (c == '>') {
        return end_end_tag(html);
    }

    if (deals_is_space((unsigned char) c) && len) {
        return html->tag[len - 1] == ' ' ? 0
               : add_to_name(html, html->tag, ' ');
    }

    if ((!deals_is_alnum((unsigned char) c) && c != '-')
        || (len && html->tag[len - 1] == ' '))
    {
        return deals_html_fail(html, "\"%c\" cannot stand in an end tag", c);
    }

    return add_to_name(html, html->tag, c);
}


static int
byte_in_json(deals_html *html, char c)
{
    if (html->json_string) {
        if (html->json_escape) {
            html->json_escape = 0;
        } else if (c == '\\') {
            html->json_escape = 1;
        } else if (c == '"') {
            html->json_string = 0;
            html->json_before = '"';
        }
        return 0;
    }

    if (deals_is_space((unsigned char) c)) {
        return 0;
    }

    if (html->json_before == 'v' && strchr(",]}", c) == NULL) {
        return deals_html_fail(html, "\"%c\" after a value in JSON: a "
                               "placeholder is a whole value, with its quotes",
                               c);
    }

    html->json_string = c == '"';
    html->json_before = c == 'v' ? 'w' : c;

    return 0;
}


/* Whether "</name" of the open element stands here. */
static int
at_end_tag(const deals_html *html, const char *p, size_t len)
{
    const char  *name = html->elements[html->nelements - 1].name;
    size_t       n = strlen(name);

    return len > n + 2 && p[0] == '<' && p[1] == '/'
           && strncasecmp(p + 2, name, n) == 0
           && !deals_is_alnum((unsigned char) p[n + 2]) && p[n + 2] != '-';
}


/* Inside of <script>, <title> and the like. Returns bytes read, 0: error. */
static size_t
byte_in_raw(deals_html *html, const char *p, size_t len)
{
    const char  *name = html->elements[html->nelements - 1].name;

    if (at_end_tag(html, p, len)) {
        if (html->json_string && html->state == DEALS_HTML_JSON) {
            deals_html_fail(html, "a string in JSON is not closed");
            return 0;
        }
        html->state = DEALS_HTML_END_TAG;
        html->tag[0] = '\0';
        return 2;
    }

    if (*p == '<' && html->state == DEALS_HTML_ESCAPABLE) {
        deals_html_fail(html, "\"<\" in <%s>: write &lt; to show it", name);
        return 0;
    }

    if (*p == '<' && html->state == DEALS_HTML_JSON) {
        deals_html_fail(html, "\"<\" in JSON in a script: write \\u003c");
        return 0;
    }

    /* "<!--" and "<script" in a script change where it ends. */
    if (html->state == DEALS_HTML_RAW && *p == '<'
        && (len < 4 || memcmp(p, "<!--", 4) == 0
            || (len > 7 && strncasecmp(p, "<script", 7) == 0)))
    {
        deals_html_fail(html, "\"<\" in <%s> cannot be checked: put the script "
                        "or style into a file", name);
        return 0;
    }

    if (html->state == DEALS_HTML_JSON && byte_in_json(html, *p) != 0) {
        return 0;
    }

    return 1;
}


static size_t
byte_in_comment(deals_html *html, char c)
{
    const char  *seen = html->seen;

    if (c == '>' && seen[0] == '-' && seen[1] == '-') {
        html->state = DEALS_HTML_TEXT;
        return 1;
    }

    if (c == '>' && seen[0] == '!' && seen[1] == '-' && seen[2] == '-') {
        deals_html_fail(html, "--!> ends a comment: write -->");
        return 0;
    }

    html->seen[2] = html->seen[1];
    html->seen[1] = html->seen[0];
    html->seen[0] = c;

    return 1;
}


static int
byte_elsewhere(deals_html *html, char c)
{
    switch (html->state) {

    case DEALS_HTML_TAG_NAME:
        if (deals_is_space((unsigned char) c) || c == '>' || c == '/') {
            return byte_in_tag(html, c);
        }
        if (!deals_is_alnum((unsigned char) c) && c != '-') {
            return deals_html_fail(html, "\"%c\" cannot stand in a tag's name",
                                   c);
        }
        return add_to_name(html, html->tag, c);

    case DEALS_HTML_END_TAG:
        return byte_in_end_tag(html, c);

    case DEALS_HTML_IN_TAG:
    case DEALS_HTML_NEED_SPACE:
        return byte_in_tag(html, c);

    case DEALS_HTML_ATTRIBUTE:
    case DEALS_HTML_AFTER_ATTRIBUTE:
        return byte_in_attribute(html, c);

    case DEALS_HTML_BEFORE_VALUE:
        return byte_before_value(html, c);

    case DEALS_HTML_VALUE:
        if (c == html->quote) {
            html->state = DEALS_HTML_NEED_SPACE;
            return deals_html_value_end(html);
        }
        return deals_html_value_byte(html, c);

    case DEALS_HTML_UNQUOTED:
        return byte_unquoted(html, c);

    case DEALS_HTML_SLASH:
        if (c == '>') {
            return end_start_tag(html, 1);
        }
        return deals_html_fail(html, "\"/\" in <%s> is not followed by \">\"",
                               html->tag);

    case DEALS_HTML_DOCTYPE:
        if (c == '>') {
            html->state = DEALS_HTML_TEXT;
        }
        return 0;

    default:
        return 0;
    }
}


/* "}}" that closes no tag: code and JSON may have it. */
static int
stray_braces(const deals_html *html, const char *p, size_t len)
{
    return len > 1 && p[0] == '}' && p[1] == '}'
           && html->state != DEALS_HTML_RAW && html->state != DEALS_HTML_JSON
           && html->state != DEALS_HTML_COMMENT;
}


int
deals_html_feed(deals_html *html, deals_str literal, unsigned line)
{
    size_t       i, n;
    const char  *p;

    html->line = line;

    for (i = 0; i < literal.len; i += n) {
        p = literal.data + i;
        n = 1;

        if (stray_braces(html, p, literal.len - i)) {
            return deals_html_fail(html, "}} closes nothing: write {{name}}, "
                                   "or &#125;&#125; to show two braces");
        }

        switch (html->state) {

        case DEALS_HTML_TEXT:
            n = *p == '<' ? open_tag(html, p, literal.len - i) : 1;
            break;

        case DEALS_HTML_ESCAPABLE:
        case DEALS_HTML_RAW:
        case DEALS_HTML_JSON:
            n = byte_in_raw(html, p, literal.len - i);
            break;

        case DEALS_HTML_COMMENT:
            n = byte_in_comment(html, *p);
            break;

        default:
            n = byte_elsewhere(html, *p) == 0 ? 1 : 0;
        }

        if (n == 0) {
            return -1;
        }

        if (*p == '\n') {
            html->line++;
        }
    }

    return 0;
}


int
deals_html_end(deals_html *html)
{
    deals_html_element  *top;

    switch (html->state) {

    case DEALS_HTML_COMMENT:
        return deals_html_fail(html, "a comment is not closed: write -->");

    case DEALS_HTML_TEXT:
    case DEALS_HTML_ESCAPABLE:
    case DEALS_HTML_RAW:
    case DEALS_HTML_JSON:
        break;

    default:
        return deals_html_fail(html, "the file ends inside of <%s>: write "
                               "\">\"", html->tag);
    }

    if (html->nelements > 0) {
        top = &html->elements[html->nelements - 1];
        html->line = top->line;
        return deals_html_fail(html, "<%s> is never closed in this file: write "
                               "</%s>", top->name, top->name);
    }

    return 0;
}
