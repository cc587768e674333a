/*
 * html.c - text on its way into HTML.
 */

#include <string.h>

#include <deals/view.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/word.h"
#include "view/value.h"


/* Whether one of eight bytes must be looked at. */
static int
is_special(uint64_t word)
{
    uint64_t  found;

    found = deals_word_is(word, '&') | deals_word_is(word, '<')
            | deals_word_is(word, '>') | deals_word_is(word, '"')
            | deals_word_is(word, '\'');

    return deals_word_found(found & ~deals_word_not_ascii(word));
}


static deals_str
entity_of(char c)
{
    switch (c) {

    case '&':
        return DEALS_STR("&amp;");

    case '<':
        return DEALS_STR("&lt;");

    case '>':
        return DEALS_STR("&gt;");

    case '"':
        return DEALS_STR("&quot;");

    case '\'':
        return DEALS_STR("&#39;");

    default:
        return DEALS_NONE;
    }
}


void
deals_html_escape(deals_buf *out, deals_str text)
{
    size_t     i, plain = 0;
    deals_str  entity;

    for (i = 0; i < text.len; i++) {

        while (text.len - i >= sizeof(uint64_t)
               && !is_special(deals_word(text.data + i)))
        {
            i += sizeof(uint64_t);
        }

        entity = i < text.len ? entity_of(text.data[i]) : DEALS_NONE;

        if (entity.data != NULL) {
            deals_buf_put(out, text.data + plain, i - plain);
            deals_buf_put(out, entity.data, entity.len);
            plain = i + 1;
        }
    }

    if (plain < text.len) {
        deals_buf_put(out, text.data + plain, text.len - plain);
    }
}


/* Control characters: browsers drop some of them before they look at an
 * address, so that "/\n/host" would be one. */
static int
has_controls(deals_str s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if ((unsigned char) s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return 1;
        }
    }

    return 0;
}


int
deals_url_is_path(deals_str url)
{
    return url.len > 0 && url.data[0] == '/'
           && !(url.len > 1 && (url.data[1] == '/' || url.data[1] == '\\'))
           && !has_controls(url);
}


static int
has_scheme(deals_str url, const char *scheme)
{
    size_t  n = strlen(scheme);

    return url.len > n
           && deals_str_eq_case(deals_str_sub(url, 0, n),
                                deals_str_of(scheme));
}


int
deals_url_is_web(deals_str url)
{
    return (has_scheme(url, "https://") || has_scheme(url, "http://"))
           && !has_controls(url);
}


int
deals_url_is_safe(deals_str url)
{
    return deals_url_is_path(url) || deals_url_is_web(url)
           || (has_scheme(url, "mailto:") && !has_controls(url));
}
