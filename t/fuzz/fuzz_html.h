/*
 * fuzz_html.h - what a browser makes of HTML, roughly: its tags with the names
 * of their attributes (the bones), and the values of the attributes.
 */

#ifndef DEALS_FUZZ_HTML_H
#define DEALS_FUZZ_HTML_H

#include "fuzz.h"

typedef struct {
    deals_buf   bones;
    deals_buf   names;          /* of the attributes, each ended by a NUL */
    deals_buf   values;         /* likewise, as they are written */
} html_parts;

static int
html_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void
html_keep(deals_buf *buf, const char *from, const char *end)
{
    for ( /* void */ ; from < end; from++) {
        deals_buf_char(buf, *from ? *from : ' ');
    }
    deals_buf_char(buf, '\0');
}

static const char *
html_attribute(html_parts *h, const char *p, const char *end)
{
    char         quote;
    const char  *from = p;

    /* a = at the beginning belongs to the name */
    for (p++; p < end && !html_is_space(*p) && *p != '>' && *p != '/'
         && *p != '='; p++) { /* void */ }

    deals_buf_char(&h->bones, ' ');
    deals_buf_add(&h->bones, from, (size_t) (p - from));
    html_keep(&h->names, from, p);

    for (from = p; from < end && html_is_space(*from); from++) { /* void */ }

    if (from == end || *from != '=') {
        html_keep(&h->values, p, p);
        return p;
    }

    for (p = from + 1; p < end && html_is_space(*p); p++) { /* void */ }

    if (p < end && (*p == '"' || *p == '\'')) {
        quote = *p;
        from = ++p;
        p = memchr(p, quote, (size_t) (end - p));
        p = p != NULL ? p : end;
        html_keep(&h->values, from, p);
        return p < end ? p + 1 : end;
    }

    for (from = p; p < end && !html_is_space(*p) && *p != '>'; p++) { }
    html_keep(&h->values, from, p);

    return p;
}

/* Up to "</tag" and what may end a name. */
static const char *
html_raw(const char *p, const char *end, deals_str tag)
{
    for ( /* void */ ; p < end; p++) {
        if ((size_t) (end - p) >= tag.len + 2 && p[0] == '<' && p[1] == '/'
            && deals_str_eq_case((deals_str) { p + 2, tag.len }, tag))
        {
            break;
        }
    }

    return p;
}

static const char *
html_tag(html_parts *h, const char *p, const char *end)
{
    size_t      i;
    deals_str   tag;
    const char *from = p;

    static const char *const  raw[] = {
        "script", "style", "title", "textarea", "xmp", "iframe", "noembed",
        "noframes", "noscript"
    };

    for (p++; p < end && !html_is_space(*p) && *p != '>' && *p != '/'; p++) { }

    tag = (deals_str) { from, (size_t) (p - from) };
    deals_buf_char(&h->bones, '<');
    deals_buf_str(&h->bones, tag);

    while (p < end && *p != '>') {
        if (html_is_space(*p) || *p == '/') {
            p++;
        } else {
            p = html_attribute(h, p, end);
        }
    }

    deals_buf_c(&h->bones, p < end ? ">\n" : "...\n");
    p += p < end;

    for (i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        if (deals_str_eq_case(tag, deals_str_of(raw[i]))) {
            return html_raw(p, end, tag);
        }
    }

    return p;
}

unused static void
html_read(html_parts *h, deals_str html)
{
    const char  *p = html.data, *end = html.data + html.len, *close;

    memset(h, 0, sizeof(*h));

    while (p < end) {
        if (*p++ != '<' || p == end) {
            continue;
        }

        if (end - p >= 3 && memcmp(p, "!--", 3) == 0) {
            close = memmem(p + 1, (size_t) (end - p) - 1, "-->", 3);
            p = close != NULL ? close + 3 : end;
            deals_buf_c(&h->bones, "<!-->\n");

        } else if (*p == '!' || *p == '?') {
            close = memchr(p, '>', (size_t) (end - p));
            p = close != NULL ? close + 1 : end;
            deals_buf_c(&h->bones, "<!>\n");

        } else if (*p == '/' || (deals_lower(*p) >= 'a'
                                 && deals_lower(*p) <= 'z'))
        {
            p = html_tag(h, p, end);
        }
    }

    deals_buf_char(&h->bones, '\0');
    deals_buf_char(&h->names, '\0');
    deals_buf_char(&h->values, '\0');
}

unused static void
html_free(html_parts *h)
{
    deals_buf_free(&h->bones);
    deals_buf_free(&h->names);
    deals_buf_free(&h->values);
}

#endif /* DEALS_FUZZ_HTML_H */
