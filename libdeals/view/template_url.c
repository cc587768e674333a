/*
 * template_url.c - addresses in attributes: how far one is known where a value
 * stands, and what the value may therefore be.
 */

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "view/template_html.h"

#define NAME(value)  DEALS_FMT((value)->name)

/* What they name is loaded and run, or changes what addresses mean. */
static const char *const  loading_elements[] = {
    "base", "embed", "frame", "iframe", "object", "script", "use", NULL
};

/* rel of a <link> that loads nothing. */
static const char *const  harmless_rels[] = {
    "alternate", "author", "canonical", "license", "next", "prev", NULL
};


/* What is kept of the literal, for a message: it may have been cut within a
 * character. */
static deals_str
literal(const deals_html *html)
{
    size_t     pos = 0, end = 0;
    deals_str  word = { html->word, html->word_len };

    while (pos < word.len && deals_utf8_next(word, &pos) >= 0) {
        end = pos;
    }

    return deals_str_sub(word, 0, end);
}


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

    /* the last: what a phone keeps a second factor's secret by */
    if (strcmp(word, "http:") == 0 || strcmp(word, "https:") == 0
        || strcmp(word, "otpauth:") == 0)
    {
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

    case DEALS_URL_HOST:
        /* "https://" has a slash to come; a host has letters */
        if (c == '?' || c == '#'
            || (c == '/' && html->word_len > 0
                && html->word[html->word_len - 1] != '/'))
        {
            html->url = DEALS_URL_REST;
        }
        return 0;

    case DEALS_URL_ORIGIN:
    case DEALS_URL_PREFIX:
        if (c != '/') {
            return deals_html_fail(html, "\"%s\" after {{%s}}: write "
                       "{{%s}}/...", deals_html_shown(html, c),
                       html->url == DEALS_URL_PREFIX ? "prefix" : "origin",
                       html->url == DEALS_URL_PREFIX ? "prefix" : "origin");
        }
        html->url = DEALS_URL_SLASH;
        return 0;

    case DEALS_URL_WHOLE:
        return deals_html_fail(html, "\"%s\" after a value that is the whole "
                   "address: write nothing after it, or a path before it",
                   deals_html_shown(html, c));

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
        return deals_html_fail(html, "%s=\"%.*s...\" is script: put it into a "
                   "script file", html->attr,
                   (int) strcspn(html->word, ":") + 1, html->word);
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

    if (deals_html_is_one_of(html->tag, loading_elements)
        || (strcmp(html->tag, "link") == 0
            && !deals_html_is_one_of(html->rel, harmless_rels)))
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


int
deals_html_place_url(deals_html *html, const deals_html_value *value,
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
        return deals_html_fail(html, "{{%.*s}} after \"%.*s\" in %s=\"\": "
                   "write the value alone, or after a literal with \"/\", "
                   "\"?\" or \"#\"", NAME(value), DEALS_FMT(literal(html)),
                   html->attr);

    case DEALS_URL_ODD:
        return deals_html_fail(html, "{{%.*s}} after \"%.*s\" in %s=\"\": an "
                   "address with a value starts with a path, http:, https: or "
                   "mailto:", NAME(value), DEALS_FMT(literal(html)),
                   html->attr);

    case DEALS_URL_HOST:
        return deals_html_fail(html, "{{%.*s}} in the host of an address: "
                   "write the whole address as one value", NAME(value));

    case DEALS_URL_SLASH:
        html->url = DEALS_URL_REST;
        *escape = DEALS_AS_SEGMENT;
        return 0;

    default:
        *escape = DEALS_AS_COMPONENT;
        return 0;
    }
}
