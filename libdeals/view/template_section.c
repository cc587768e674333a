/*
 * template_section.c - where sections and partials may stand: the HTML around a
 * section is the same whether its body is there or not, once or many times.
 */

#include <string.h>

#include "base/str.h"
#include "view/template_html.h"


static int
is_between_attributes(deals_html_state state)
{
    return state == DEALS_HTML_TAG_NAME || state == DEALS_HTML_IN_TAG
           || state == DEALS_HTML_NEED_SPACE || state == DEALS_HTML_ATTRIBUTE
           || state == DEALS_HTML_AFTER_ATTRIBUTE;
}


/* After a section some or none of its attributes stand there: what follows must
 * be right for both. */
static void
between_attributes(deals_html *html)
{
    html->state = html->state == DEALS_HTML_IN_TAG
                  || html->state == DEALS_HTML_AFTER_ATTRIBUTE
                  ? DEALS_HTML_IN_TAG : DEALS_HTML_NEED_SPACE;
}


static int
open_in_value(deals_html *html, deals_str name)
{
    if (html->kind == DEALS_ATTR_OTHER) {
        return deals_html_fail(html, "{{#%.*s}} in %s=\"\": put the section "
                   "around it, {{#%.*s}}%s=\"...\"{{/%.*s}}", DEALS_FMT(name),
                   html->attr, DEALS_FMT(name), html->attr, DEALS_FMT(name));
    }

    if (html->kind == DEALS_ATTR_URL && html->url != DEALS_URL_REST) {
        return deals_html_fail(html, "{{#%.*s}} at the beginning of an "
                                     "address: "
                   "write {{#%.*s}}%s=\"...\"{{/%.*s}}", DEALS_FMT(name),
                   DEALS_FMT(name), html->attr, DEALS_FMT(name));
    }

    return 0;
}


/* Where no section may stand. */
static int
refuse_open(deals_html *html, deals_str name)
{
    switch (html->state) {

    case DEALS_HTML_JSON:
        return deals_html_fail(html, "{{#%.*s}} in JSON: write values, an "
                                     "absent "
                   "one is null", DEALS_FMT(name));

    case DEALS_HTML_RAW:
        return deals_html_fail(html, "{{#%.*s}} inside of <%s>: put the "
                                     "section "
                   "around the element", DEALS_FMT(name),
                   html->elements[html->nelements - 1].name);

    case DEALS_HTML_COMMENT:
        return deals_html_fail(html, "{{#%.*s}} in an HTML comment: write "
                   "{{! ... }} for a comment", DEALS_FMT(name));

    case DEALS_HTML_BEFORE_VALUE:
    case DEALS_HTML_UNQUOTED:
        return deals_html_fail(html, "{{#%.*s}} in an unquoted value: write "
                   "%s=\"{{#%.*s}}...{{/%.*s}}\"", DEALS_FMT(name), html->attr,
                   DEALS_FMT(name), DEALS_FMT(name));

    default:
        return deals_html_fail(html, "{{#%.*s}} in the middle of a tag: put "
                                     "the "
                   "section around the tag", DEALS_FMT(name));
    }
}


static int
check_open(deals_html *html, deals_str name, int list)
{
    if (html->state == DEALS_HTML_TEXT || html->state == DEALS_HTML_ESCAPABLE) {
        return 0;
    }

    if (html->state == DEALS_HTML_VALUE) {
        return open_in_value(html, name);
    }

    if (!is_between_attributes(html->state)) {
        return refuse_open(html, name);
    }

    if (list) {
        return deals_html_fail(html, "{{#%.*s}} is a list and cannot make "
                   "attributes: write one attribute with the list in its "
                   "value", DEALS_FMT(name));
    }

    return 0;
}


int
deals_html_open(deals_html *html, deals_str name, int list, int is_else,
    deals_html_mark *mark)
{
    if (check_open(html, name, list) != 0) {
        return -1;
    }

    mark->in_tag = is_between_attributes(html->state);

    if (mark->in_tag) {
        between_attributes(html);
        mark->other = html->state;

        /* {{#x}}a{{/x}}{{^x}}b{{/x}}: b never stands behind a */
        if (is_else) {
            html->state = html->opened;
        }
    }

    mark->state = html->state;
    mark->base = html->base;
    mark->nelements = html->nelements;
    memcpy(mark->tag, html->tag, DEALS_HTML_NAME);
    memcpy(mark->attr, html->attr, DEALS_HTML_NAME);
    memcpy(mark->type, html->type, DEALS_HTML_NAME);
    memcpy(mark->rel, html->rel, DEALS_HTML_NAME);
    mark->serial = html->serial;
    mark->tag_serial = html->tag_serial;

    html->base = html->nelements;

    return 0;
}


static int
close_in_tag(deals_html *html, deals_str name, const deals_html_mark *mark)
{
    if (!is_between_attributes(html->state)
        || html->tag_serial != mark->tag_serial)
    {
        return deals_html_fail(html, "{{/%.*s}} does not stand in the <%s> "
                   "where its section begins: a section in a tag has whole "
                   "attributes", DEALS_FMT(name), mark->tag);
    }

    between_attributes(html);

    if (mark->state == DEALS_HTML_NEED_SPACE
        || mark->other == DEALS_HTML_NEED_SPACE)
    {
        html->state = DEALS_HTML_NEED_SPACE;
    }

    html->opened = mark->state;

    /* What only sometimes stands there cannot be relied on. */
    if (strcmp(html->type, mark->type) != 0) {
        strcpy(html->type, "?");
    }

    if (strcmp(html->rel, mark->rel) != 0) {
        strcpy(html->rel, "?");
    }

    return 0;
}


int
deals_html_close(deals_html *html, deals_str name,
    const deals_html_mark *mark)
{
    deals_html_element  *top;

    html->base = mark->base;

    if (mark->in_tag) {
        return close_in_tag(html, name, mark);
    }

    if (html->nelements > mark->nelements) {
        top = &html->elements[html->nelements - 1];
        return deals_html_fail(html, "<%s> of line %u is not closed before "
                   "{{/%.*s}}: put both tags inside of the section or both "
                   "outside", top->name, top->line, DEALS_FMT(name));
    }

    if (mark->state == DEALS_HTML_VALUE
        && (html->state != DEALS_HTML_VALUE || html->serial != mark->serial))
    {
        return deals_html_fail(html, "{{/%.*s}} does not stand in the %s=\"\" "
                   "where its section begins", DEALS_FMT(name), mark->attr);
    }

    if (html->state != mark->state) {
        return deals_html_fail(html, "{{/%.*s}} stands inside of a tag or "
                   "comment, and its section begins in text: write whole tags",
                   DEALS_FMT(name));
    }

    return 0;
}


int
deals_html_partial(deals_html *html, deals_str name)
{
    if (html->state != DEALS_HTML_TEXT) {
        return deals_html_fail(html, "{{>%.*s}} may stand in text only, not "
                   "inside of a tag, <title>, <textarea>, <script>, <style> or "
                   "a comment", DEALS_FMT(name));
    }

    return 0;
}
