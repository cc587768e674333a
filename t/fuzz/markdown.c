/*
 * Markdown: whatever it is, the HTML is text and a few tags that hold nothing
 * active, each closed in its order, and there is not much more of it than of
 * the text.
 */

#include "fuzz.h"

#include <deals/view.h>

static const char *const  tags[] = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead",
    "tr", "ul"
};

enum { TAGS = sizeof(tags) / sizeof(tags[0]), DEEP = 20000 };

static unsigned char  open_tags[DEEP];


static int
find(deals_str name)
{
    int  i;

    for (i = 0; i < TAGS; i++) {
        if (deals_str_is(name, tags[i])) {
            return i;
        }
    }

    return -1;
}


/* http, https, mailto, or no scheme at all, as browsers see it. */
static int
is_safe(deals_str value)
{
    char    clean[80];
    size_t  i, n = 0;

    for (i = 0; i < value.len && n < sizeof(clean) - 1; i++) {
        if ((unsigned char) value.data[i] > ' ') {
            clean[n++] = deals_lower(value.data[i]);
        }
    }
    clean[n] = '\0';
    i = strspn(clean, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    if (i > 64) {
        return 1;               /* no scheme is as long; what follows is cut */
    }

    if (clean[i] == '&') {
        return strncmp(clean + i, "&amp;", 5) == 0
               || strncmp(clean + i, "&#x27;", 6) == 0;
    }

    return clean[i] != ':' || clean[0] < 'a' || clean[0] > 'z'
           || strncmp(clean, "http:", 5) == 0
           || strncmp(clean, "https:", 6) == 0
           || strncmp(clean, "mailto:", 7) == 0;
}


/* ' name="value"' of an opening tag; moves behind it. */
static void
attribute(deals_str html, size_t *i, deals_str tag)
{
    size_t     from, end;
    deals_str  name, value;

    need(html.data[*i] == ' ');
    from = ++*i;
    while (*i < html.len && html.data[*i] >= 'a' && html.data[*i] <= 'z') {
        (*i)++;
    }
    name = deals_str_sub(html, from, *i - from);
    need(*i + 1 < html.len && html.data[*i] == '=' && html.data[*i + 1] == '"');
    from = *i + 2;
    end = from;
    while (end < html.len && html.data[end] != '"') {
        need(strchr("<>'", html.data[end]) == NULL || html.data[end] == '\'');
        end++;
    }
    need(end < html.len);
    value = deals_str_sub(html, from, end - from);
    *i = end + 1;

    if (deals_str_is(name, "href")) {
        need(deals_str_is(tag, "a"));
        need(is_safe(value), "%.*s", DEALS_FMT(value));

    } else if (deals_str_is(name, "rel")) {
        need(deals_str_is(value, "nofollow ugc noopener"));

    } else if (deals_str_is(name, "title")) {
        need(deals_str_is(tag, "a"));

    } else if (deals_str_is(name, "start")) {
        need(deals_str_is(tag, "ol"));

    } else {
        need(deals_str_is(name, "class"));
        need(deals_str_is(tag, "code") || deals_str_is(tag, "td")
             || deals_str_is(tag, "th"));
    }
}


static size_t
tag_at(deals_str html, size_t i, int *depth)
{
    int        which, closing;
    size_t     from;
    deals_str  tag;

    closing = i + 1 < html.len && html.data[i + 1] == '/';
    i += 1 + (size_t) closing;
    from = i;
    while (i < html.len && deals_is_alnum((unsigned char) html.data[i])) {
        i++;
    }
    tag = deals_str_sub(html, from, i - from);
    which = find(tag);
    need(which >= 0, "%.*s", DEALS_FMT(deals_str_sub(html, from, 100)));

    if (closing) {
        need(*depth > 0 && open_tags[--*depth] == which, "%.*s",
             DEALS_FMT(tag));
    } else {
        while (i < html.len && html.data[i] == ' '
               && html.data[i + 1] != '/')
        {
            attribute(html, &i, tag);
        }
        if (i + 1 < html.len && html.data[i] == ' ') {
            i += 2;
        }
        if (!deals_str_is(tag, "br") && !deals_str_is(tag, "hr")) {
            need(*depth < DEEP);
            open_tags[(*depth)++] = (unsigned char) which;
        }
    }

    need(i < html.len && html.data[i] == '>', "%.*s",
         DEALS_FMT(deals_str_sub(html, from, 100)));

    return i + 1;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int        rc, depth = 0;
    char      *memory;
    size_t     i;
    deals_buf  buf = { 0 };
    deals_str  text, html;

    text = input_of(data, size);
    memory = (char *) (uintptr_t) text.data;
    rc = deals_markdown(text, &buf);
    need(rc == 0 || rc == -2, "%d", rc);
    need(rc == 0 || buf.len == 0);

    html = (deals_str) { buf.data ? buf.data : "", buf.len };
    need_text(html);
    need(html.len < 65536 + 400 * size, "%zu of %zu", html.len, size);

    for (i = 0; i < html.len; /* void */ ) {
        i = html.data[i] == '<' ? tag_at(html, i, &depth) : i + 1;
    }

    need(depth == 0);
    deals_buf_free(&buf);
    free(memory);

    return 0;
}
