/*
 * template_place.c - what may stand where: the attributes that take values, the
 * addresses in them, and for each value the escape that its place needs.
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

/* What they name is loaded and run, or changes what addresses mean. */
static const char *const  loading_elements[] = {
    "base", "embed", "frame", "iframe", "object", "script", "use", NULL
};

/* rel of a <link> that loads nothing. */
static const char *const  harmless_rels[] = {
    "alternate", "author", "canonical", "license", "next", "prev", NULL
};

/* Cannot hold paragraphs, which Markdown makes. */
static const char *const  phrasing_elements[] = {
    "a", "button", "h1", "h2", "h3", "h4", "h5", "h6", "label", "option", "p",
    "pre", "select", "span", NULL
};


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


/* -- attributes ----------------------------------------------------------------- */

void
deals_html_attribute(deals_html *html)
{
    const char  *attr = html->attr;

    html->kind = DEALS_ATTR_OTHER;

    if (is_one_of(attr, plain_attributes) || strncmp(attr, "data-", 5) == 0
        || strncmp(attr, "aria-", 5) == 0)
    {
        html->kind = DEALS_ATTR_PLAIN;

    } else if (is_one_of(attr, url_attributes)) {
        html->kind = DEALS_ATTR_URL;

    } else if (is_one_of(attr, number_attributes)) {
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
        return deals_html_fail(html, "{{%.*s}} in style=\"\": write a class, in "
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
               NAME(value), attr, strncmp(attr, "xml", 3) ? attr : "value");
}


/* -- addresses ------------------------------------------------------------------- */

/* The literal up to its first / ? or # is known: is it a scheme? */
static void
judge_word(deals_html *html, char c)
{
    const char  *word = html->word;
    const char  *colon = strchr(word, ':');

    if (colon == NULL) {
        html->url = DEALS_URL_REST;
        return;
    }

    if (strcmp(word, "http:") == 0 || strcmp(word, "https:") == 0) {
        html->url = c == '/' ? DEALS_URL_HOST : DEALS_URL_ODD;
        return;
    }

    html->url = strncmp(word, "mailto:", 7) == 0 ? DEALS_URL_REST
                                                 : DEALS_URL_ODD;
}


static int
url_byte(deals_html *html, char c)
{
    if (c == '\t' || c == '\n' || c == '\r') {
        return 0;                       /* browsers drop them */
    }

    switch (html->url) {

    case DEALS_URL_START:
        if (c == ' ') {
            return 0;
        }
        html->url = c == '/' ? DEALS_URL_SLASH
                    : c == '?' || c == '#' ? DEALS_URL_REST
                    : c == '&' ? DEALS_URL_ODD : DEALS_URL_WORD;
        return 0;

    case DEALS_URL_WORD:
        if (c == '/' || c == '?' || c == '#') {
            judge_word(html, c);
        } else if (c == '&') {
            html->url = DEALS_URL_ODD;
        }
        return 0;

    case DEALS_URL_SLASH:
        html->url = c == '/' ? DEALS_URL_HOST
                    : c == '&' ? DEALS_URL_ODD : DEALS_URL_REST;
        return 0;

    case DEALS_URL_SLASH_VALUE:
        if (c == '/' || c == '&') {
            return deals_html_fail(html, "a path that starts with a value and "
                       "\"/\" would be \"//\" if the value is empty: put a "
                       "word before the value");
        }
        html->url = DEALS_URL_REST;
        return 0;

    case DEALS_URL_HOST:
        /* "https://" has a slash to come; a host has letters */
        if (c == '/' && html->word_len > 0
            && html->word[html->word_len - 1] != '/')
        {
            html->url = DEALS_URL_REST;
        } else if (c == '?' || c == '#') {
            html->url = DEALS_URL_REST;
        }
        return 0;

    case DEALS_URL_ORIGIN:
    case DEALS_URL_PREFIX:
        if (c != '/') {
            return deals_html_fail(html, "\"%c\" after {{%s}}: write "
                       "{{%s}}/...", c,
                       html->url == DEALS_URL_PREFIX ? "prefix" : "origin",
                       html->url == DEALS_URL_PREFIX ? "prefix" : "origin");
        }
        html->url = DEALS_URL_SLASH;
        return 0;

    case DEALS_URL_WHOLE:
        return deals_html_fail(html, "\"%c\" after a value that is the whole "
                   "address: write nothing after it, or a path before it",
                   c);

    default:
        return 0;
    }
}


int
deals_html_value_byte(deals_html *html, char c)
{
    int  is_url = html->kind == DEALS_ATTR_URL;

    if (is_url && c == '\\') {
        c = '/';                        /* as browsers take it */
    }

    if (is_url && url_byte(html, c) != 0) {
        return -1;
    }

    if (is_url && deals_is_space((unsigned char) c)) {
        return 0;
    }

    if (html->word_len + 1 < DEALS_HTML_NAME) {
        html->word[html->word_len++] = deals_lower(c);
        html->word[html->word_len] = '\0';

    } else if (is_url) {
        html->word[html->word_len - 1] = deals_lower(c);

        if (html->url == DEALS_URL_WORD) {
            html->url = DEALS_URL_ODD;
        }
    }

    return 0;
}


int
deals_html_value_end(deals_html *html)
{
    /* the first of two counts */
    if (strcmp(html->attr, "type") == 0 && html->type[0] == '\0') {
        memcpy(html->type, html->word, DEALS_HTML_NAME);
    } else if (strcmp(html->attr, "rel") == 0 && html->rel[0] == '\0') {
        memcpy(html->rel, html->word, DEALS_HTML_NAME);
    }

    if (html->kind != DEALS_ATTR_URL) {
        return 0;
    }

    if (html->url == DEALS_URL_PREFIX || html->url == DEALS_URL_ORIGIN) {
        return deals_html_fail(html, "nothing after {{%s}}: write {{%s}}/",
                   html->url == DEALS_URL_PREFIX ? "prefix" : "origin",
                   html->url == DEALS_URL_PREFIX ? "prefix" : "origin");
    }

    if (strncmp(html->word, "javascript:", 11) == 0
        || strncmp(html->word, "vbscript:", 9) == 0)
    {
        return deals_html_fail(html, "%s=\"%.11s...\" is script: put it into a "
                   "script file", html->attr, html->word);
    }

    return 0;
}


/* A value that is an address of its own, or the end of one after {{origin}}. */
static int
place_whole(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    if (value->is_prefix) {
        html->url = DEALS_URL_PREFIX;
        *escape = DEALS_AS_PREFIX;
        return 0;
    }

    if (html->url == DEALS_URL_START && value->is_origin) {
        html->url = DEALS_URL_ORIGIN;
        *escape = DEALS_AS_ORIGIN;
        return 0;
    }

    if (value->type != DEALS_URL && value->type != DEALS_TEXT) {
        return deals_html_fail(html, "{{%.*s}} is no address: write "
                   "%s=\"{{prefix}}/.../{{%.*s}}\"", NAME(value), html->attr,
                   NAME(value));
    }

    if (is_one_of(html->tag, loading_elements)
        || (strcmp(html->tag, "link") == 0
            && !is_one_of(html->rel, harmless_rels)))
    {
        return deals_html_fail(html, "{{%.*s}} says what <%s> loads: write "
                   "%s=\"{{prefix}}/static/...\"%s", NAME(value), html->tag,
                   html->attr, strcmp(html->tag, "link") ? ""
                   : ", or rel=\"canonical\" (alternate, author, license, "
                   "next, prev) before it");
    }

    *escape = html->url == DEALS_URL_ORIGIN ? DEALS_AS_PATH : DEALS_AS_URL;
    html->url = DEALS_URL_WHOLE;

    return 0;
}


static int
place_url(deals_html *html, const deals_html_value *value,
    deals_escape *escape)
{
    switch (html->url) {

    case DEALS_URL_START:
    case DEALS_URL_ORIGIN:
        return place_whole(html, value, escape);

    case DEALS_URL_PREFIX:
        return deals_html_fail(html, "{{%.*s}} directly after {{prefix}}: "
                   "write {{prefix}}/{{%.*s}}", NAME(value), NAME(value));

    case DEALS_URL_WHOLE:
        return deals_html_fail(html, "{{%.*s}} after a value that is the whole "
                   "address: write one of them, or a path before both",
                   NAME(value));

    case DEALS_URL_WORD:
        return deals_html_fail(html, "{{%.*s}} after \"%s\" in %s=\"\": write "
                   "the value alone, or after a literal with \"/\", \"?\" or "
                   "\"#\"", NAME(value), html->word, html->attr);

    case DEALS_URL_ODD:
        return deals_html_fail(html, "{{%.*s}} after \"%s\" in %s=\"\": an "
                   "address with a value starts with a path, http:, https: or "
                   "mailto:", NAME(value), html->word, html->attr);

    case DEALS_URL_HOST:
        return deals_html_fail(html, "{{%.*s}} in the host of an address: "
                   "write the whole address as one value", NAME(value));

    case DEALS_URL_SLASH:
        html->url = DEALS_URL_SLASH_VALUE;
        *escape = DEALS_AS_COMPONENT;
        return 0;

    default:
        *escape = DEALS_AS_COMPONENT;
        return 0;
    }
}


/* -- places ------------------------------------------------------------------------ */

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

    return html->kind == DEALS_ATTR_URL ? place_url(html, value, escape) : 0;
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

    *escape = DEALS_AS_TEXT;

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
        if (is_one_of(html->elements[i].name, phrasing_elements)) {
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


/* -- sections and partials -------------------------------------------------------- */

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
    deals_html_value  value = { name, DEALS_BOOL, 0, 0 };

    if (html->kind == DEALS_ATTR_OTHER) {
        return refuse_attribute(html, &value);
    }

    if (html->kind == DEALS_ATTR_URL && html->url != DEALS_URL_REST) {
        return deals_html_fail(html, "{{#%.*s}} at the beginning of an address: "
                   "write {{#%.*s}}%s=\"...\"{{/%.*s}}", DEALS_FMT(name),
                   DEALS_FMT(name), html->attr, DEALS_FMT(name));
    }

    return 0;
}


static int
check_open(deals_html *html, deals_str name, int list)
{
    deals_escape      ignored;
    deals_html_value  value = { name, DEALS_BOOL, 0, 0 };

    switch (html->state) {

    case DEALS_HTML_TEXT:
    case DEALS_HTML_ESCAPABLE:
        return 0;

    case DEALS_HTML_JSON:
        return deals_html_fail(html, "{{#%.*s}} in JSON: write values, an absent "
                   "one is null", DEALS_FMT(name));

    case DEALS_HTML_VALUE:
        return open_in_value(html, name);

    default:
        if (!is_between_attributes(html->state)) {
            return deals_html_place(html, &value, &ignored);
        }

        if (list) {
            return deals_html_fail(html, "{{#%.*s}} is a list and cannot make "
                       "attributes: write one attribute with the list in its "
                       "value", DEALS_FMT(name));
        }
        return 0;
    }
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
