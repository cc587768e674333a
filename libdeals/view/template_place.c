/*
 * template_place.c - what may stand where: the attributes that take values, and
 * for each value the escape that its place needs.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "view/template_html.h"

#define NAME(value)  DEALS_FMT((value)->name)

/* Plain text to the browser, whatever it is. data-* and aria-* too. */
static const char *const  plain_attributes[] = {
    "abbr", "alt", "class", "content", "datetime", "dir", "for", "form",
    "headers", "hreflang", "id", "label", "lang", "list", "max", "min", "name",
    "placeholder", "title", "value", NULL
};

static const char *const  url_attributes[] = {
    "action", "cite", "formaction", "href", "poster", "src", NULL
};

/* Numbers cannot become anything else. */
static const char *const  number_attributes[] = {
    "cols", "colspan", "cx", "cy", "d", "dx", "dy", "fill-opacity", "height",
    "high", "low", "maxlength", "minlength", "offset", "opacity", "optimum",
    "pathlength", "points", "r", "rows", "rowspan", "rx", "ry", "size", "span",
    "start", "step", "stroke-dasharray", "stroke-dashoffset", "stroke-opacity",
    "stroke-width", "tabindex", "transform", "viewbox", "width", "x", "x1",
    "x2", "y", "y1", "y2", NULL
};

/* Cannot hold paragraphs, which Markdown makes. */
static const char *const  phrasing_elements[] = {
    "a", "button", "h1", "h2", "h3", "h4", "h5", "h6", "label", "option", "p",
    "pre", "select", "span", NULL
};


/* -- attributes ----------------------------------------------------------- */

void
deals_html_attribute(deals_html *html)
{
    const char  *attr = html->attr;

    html->kind = DEALS_ATTR_OTHER;

    if (deals_html_is_one_of(attr, plain_attributes)
        || strncmp(attr, "data-", 5) == 0 || strncmp(attr, "aria-", 5) == 0)
    {
        html->kind = DEALS_ATTR_PLAIN;

    } else if (deals_html_is_one_of(attr, url_attributes)) {
        html->kind = DEALS_ATTR_URL;

    } else if (deals_html_is_one_of(attr, number_attributes)) {
        html->kind = DEALS_ATTR_NUMBER;
    }

    if (strcmp(attr, "http-equiv") == 0) {
        html->refreshes = 1;
    }

    html->serial++;
    html->url = DEALS_URL_START;
    html->word_len = 0;
    html->word[0] = '\0';
}


/* Why an attribute takes no values. */
static int
refuse_attribute(deals_html *html, const deals_html_value *value)
{
    const char  *attr = html->attr;

    if (strncmp(attr, "on", 2) == 0) {
        return deals_html_fail(html, "{{%.*s}} in %s=\"\", which is script: "
                   "write data-value=\"{{%.*s}}\" and read it from a script "
                   "file", NAME(value), attr, NAME(value));
    }

    if (strcmp(attr, "style") == 0) {
        return deals_html_fail(html, "{{%.*s}} in style=\"\": write a class, "
                                     "in "
                   "a section if it varies", NAME(value));
    }

    if (strcmp(attr, "srcdoc") == 0) {
        return deals_html_fail(html, "{{%.*s}} in srcdoc=\"\", which is a page "
                   "of its own: write src=\"\" with an address", NAME(value));
    }

    if (strcmp(attr, "srcset") == 0) {
        return deals_html_fail(html, "{{%.*s}} in srcset=\"\", which is a list "
                   "of addresses: write src=\"{{%.*s}}\"", NAME(value),
                   NAME(value));
    }

    return deals_html_fail(html, "{{%.*s}} in %s=\"\", which takes no values: "
               "write it out, in a section if it varies, or use data-%s=\"\"",
               NAME(value), attr, strchr(attr, ':') ? "value" : attr);
}


/* -- places --------------------------------------------------------------- */

static int
place_in_value(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    *escape = DEALS_AS_TEXT;

    if (html->kind == DEALS_ATTR_OTHER) {
        return refuse_attribute(html, value);
    }

    if (value->type == DEALS_HTML) {
        return deals_html_fail(html, "{{%.*s}} is HTML: it may stand in text "
                   "only, not in %s=\"\"", NAME(value), html->attr);
    }

    if (html->kind == DEALS_ATTR_NUMBER && value->type != DEALS_INT
        && value->type != DEALS_FLOAT)
    {
        return deals_html_fail(html, "{{%.*s}} in %s=\"\", which takes only "
                   "numbers: write data-%s=\"{{%.*s}}\"", NAME(value),
                   html->attr, html->attr, NAME(value));
    }

    if (strcmp(html->attr, "content") == 0) {
        html->content_value = 1;
    }

    return html->kind == DEALS_ATTR_URL
           ? deals_html_place_url(html, value, escape) : 0;
}


static int
place_in_raw(deals_html *html, const deals_html_value *value)
{
    const char  *tag = html->elements[html->nelements - 1].name;

    if (strcmp(tag, "script") == 0) {
        return deals_html_fail(html, "{{%.*s}} inside of <script>: write "
                   "data-value=\"{{%.*s}}\" on an element and read it from a "
                   "script file", NAME(value), NAME(value));
    }

    if (strcmp(tag, "style") == 0) {
        return deals_html_fail(html, "{{%.*s}} inside of <style>: write a "
                   "class, in a section if it varies", NAME(value));
    }

    return deals_html_fail(html, "{{%.*s}} inside of <%s>", NAME(value), tag);
}


static int
place_in_json(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    if (html->json_string) {
        return deals_html_fail(html, "{{%.*s}} inside of a JSON string: write "
                   "\"name\": {{%.*s}}, the value brings its quotes",
                   NAME(value), NAME(value));
    }

    if (html->json_before != '\0' && strchr(":[,", html->json_before) == NULL) {
        return deals_html_fail(html, "{{%.*s}} is not at the place of a JSON "
                   "value: write \"name\": {{%.*s}}", NAME(value),
                   NAME(value));
    }

    html->json_before = 'v';
    *escape = DEALS_AS_JSON;

    return 0;
}


/* In text: structs cannot be shown, HTML not everywhere. */
static int
place_in_text(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    unsigned  i;

    *escape = value->type == DEALS_TIME ? DEALS_AS_WORDS : DEALS_AS_TEXT;

    if (value->type != DEALS_HTML) {
        return 0;
    }

    if (html->state == DEALS_HTML_ESCAPABLE) {
        return deals_html_fail(html, "{{%.*s}} is HTML: it may not stand in "
                   "<%s>", NAME(value),
                   html->elements[html->nelements - 1].name);
    }

    if (deals_html_is_foreign(html)) {
        return deals_html_fail(html, "{{%.*s}} is HTML: it may not stand in "
                   "<svg>", NAME(value));
    }

    for (i = 0; i < html->nelements; i++) {
        if (deals_html_is_one_of(html->elements[i].name, phrasing_elements)) {
            return deals_html_fail(html, "{{%.*s}} is HTML with paragraphs, "
                       "which <%s> cannot hold: write <div>{{%.*s}}</div>",
                       NAME(value), html->elements[i].name, NAME(value));
        }
    }

    *escape = DEALS_AS_HTML;

    return 0;
}


int
deals_html_place(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    if (html->state != DEALS_HTML_JSON
        && (value->type == DEALS_OBJECT || value->type == DEALS_LIST))
    {
        return deals_html_fail(html, value->type == DEALS_OBJECT
                   ? "{{%.*s}} has fields: name one, or write "
                     "{{#%.*s}}...{{/%.*s}}"
                   : "{{%.*s}} is a list: write {{#%.*s}}...{{/%.*s}}",
                   NAME(value), NAME(value), NAME(value));
    }

    switch (html->state) {

    case DEALS_HTML_TEXT:
    case DEALS_HTML_ESCAPABLE:
        return place_in_text(html, value, escape);

    case DEALS_HTML_RAW:
        return place_in_raw(html, value);

    case DEALS_HTML_JSON:
        return place_in_json(html, value, escape);

    case DEALS_HTML_VALUE:
        return place_in_value(html, value, escape);

    case DEALS_HTML_BEFORE_VALUE:
    case DEALS_HTML_UNQUOTED:
        return deals_html_fail(html, "{{%.*s}} in an unquoted value: write "
                   "%s=\"{{%.*s}}\"", NAME(value), html->attr, NAME(value));

    case DEALS_HTML_COMMENT:
        return deals_html_fail(html, "{{%.*s}} in an HTML comment: write "
                   "{{! ... }} for a comment", NAME(value));

    case DEALS_HTML_DOCTYPE:
        return deals_html_fail(html, "{{%.*s}} in <!doctype>: write "
                   "<!doctype html>", NAME(value));

    case DEALS_HTML_TAG_NAME:
    case DEALS_HTML_END_TAG:
        return deals_html_fail(html, "{{%.*s}} as a tag name: write the tag's "
                   "name, in a section if it varies", NAME(value));

    default:
        return deals_html_fail(html, "{{%.*s}} as an attribute: write "
                   "data-value=\"{{%.*s}}\", or {{#%.*s}}attribute{{/%.*s}}",
                   NAME(value), NAME(value), NAME(value), NAME(value));
    }
}


int
deals_html_tag_end(deals_html *html)
{
    if (html->refreshes && html->content_value) {
        return deals_html_fail(html, "a value in content=\"\" of a tag with "
                   "http-equiv=\"\" would be an instruction: send a header");
    }

    return 0;
}
