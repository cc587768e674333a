/*
 * template_element.c - the elements around the tags of a template: what opens
 * and closes them, and those whose content is not HTML.
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


int
deals_html_is_one_of(const char *name, const char *const *list)
{
    for ( ; *list; list++) {
        if (strcmp(name, *list) == 0) {
            return 1;
        }
    }

    return 0;
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
int
deals_html_end_start_tag(deals_html *html, int slash)
{
    int          foreign = deals_html_is_foreign(html);
    const char  *tag = html->tag;

    if (deals_html_tag_end(html) != 0) {
        return -1;
    }

    html->state = DEALS_HTML_TEXT;

    if (!foreign && deals_html_is_one_of(tag, void_elements)) {
        return 0;
    }

    if (deals_html_is_one_of(tag, odd_elements)) {
        return deals_html_fail(html, "<%s> is obsolete and cannot be checked",
                               tag);
    }

    if (deals_html_is_one_of(tag, raw_elements) && (foreign || slash)) {
        return deals_html_fail(html, foreign
                   ? "<%s> inside of <svg> or <math> cannot be checked: put it "
                     "outside" : "<%s/> does not close: write <%s></%s>", tag,
                   tag, tag);
    }

    if (slash) {
        return foreign || strcmp(tag, "svg") == 0 ? 0
               : deals_html_fail(html, "<%s/> does not close <%s>: write "
                                 "<%s></%s>", tag, tag, tag, tag);
    }

    if (deals_html_is_one_of(tag, raw_elements)) {
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
int
deals_html_end_end_tag(deals_html *html)
{
    char                *tag = html->tag;
    size_t               len = strlen(tag);
    deals_html_element  *top;

    while (len && tag[len - 1] == ' ') {
        tag[--len] = '\0';
    }

    html->state = DEALS_HTML_TEXT;

    if (!deals_html_is_foreign(html)
        && deals_html_is_one_of(tag, void_elements))
    {
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
        return deals_html_fail(html, "\"%s\" after a value in JSON: a "
                               "placeholder is a whole value, with its quotes",
                               deals_html_shown(html, c));
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
size_t
deals_html_raw(deals_html *html, const char *p, size_t len)
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


size_t
deals_html_comment(deals_html *html, char c)
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
