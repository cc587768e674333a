/*
 * template_html.c - the HTML around the tags of a template, byte by byte: a
 * tokenizer as browsers have it, but where a browser would mend, it refuses.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "view/template_html.h"


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


/* A byte as messages show it. */
const char *
deals_html_shown(deals_html *html, char c)
{
    unsigned char  byte = (unsigned char) c;

    snprintf(html->shown, sizeof(html->shown),
             byte > 0x20 && byte < 0x7f ? "%c" : "\\x%02x", byte);

    return html->shown;
}


void
deals_html_start(deals_html *html, int foreign)
{
    memset(html, 0, sizeof(*html));
    html->line = 1;
    html->foreign = foreign;
}


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

    if (len == 1 || (len == 2 && p[1] == '/')) {
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
        return deals_html_end_start_tag(html, 0);
    }

    if (c == '/') {
        html->state = DEALS_HTML_SLASH;
        return 0;
    }

    if (html->state == DEALS_HTML_NEED_SPACE) {
        return deals_html_fail(html, "a space is missing before \"%s\" in <%s>",
                               deals_html_shown(html, c), html->tag);
    }

    if (!is_letter(c) && c != '_' && c != ':') {
        return deals_html_fail(html, "\"%s\" cannot start an attribute in <%s>",
                               deals_html_shown(html, c), html->tag);
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
        return deals_html_fail(html, "\"%s\" cannot stand in an attribute's "
                               "name", deals_html_shown(html, c));
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
        return deals_html_fail(html, "\"%s\" in an unquoted value: write "
                               "%s=\"...\"", deals_html_shown(html, c),
                               html->attr);
    }

    return deals_html_value_byte(html, c);
}


static int
byte_in_end_tag(deals_html *html, char c)
{
    size_t  len = strlen(html->tag);

    if (c == '>') {
        return deals_html_end_end_tag(html);
    }

    if (deals_is_space((unsigned char) c) && len) {
        return html->tag[len - 1] == ' ' ? 0
               : add_to_name(html, html->tag, ' ');
    }

    if ((!deals_is_alnum((unsigned char) c) && c != '-')
        || (len && html->tag[len - 1] == ' '))
    {
        return deals_html_fail(html, "\"%s\" cannot stand in an end tag",
                               deals_html_shown(html, c));
    }

    return add_to_name(html, html->tag, c);
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
            return deals_html_fail(html, "\"%s\" cannot stand in a tag's name",
                                   deals_html_shown(html, c));
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
            return deals_html_end_start_tag(html, 1);
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
            n = deals_html_raw(html, p, literal.len - i);
            break;

        case DEALS_HTML_COMMENT:
            n = deals_html_comment(html, *p);
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
