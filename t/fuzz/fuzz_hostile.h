/*
 * fuzz_hostile.h - values that try to break out of a page, and what must hold for
 * a page that shows them: the same tags and attributes as with a harmless value,
 * and no address that runs or leads elsewhere.
 */

#ifndef DEALS_FUZZ_HOSTILE_H
#define DEALS_FUZZ_HOSTILE_H

#include <strings.h>

#include "fuzz_html.h"

static const char *const  hostile[] = {
    "\"><script>alert(1)</script>", "' onmouseover='alert(1)", "javascript:a()",
    "</script><script>alert(1)</script>", "--><img src=x onerror=alert(1)>",
    "//evil.example", "/\\evil.example", "\\\\evil.example", "`x` onload=y z",
    "</title></textarea></style><b>", " java\nscript:a()", "{{title}}{{{text}}}",
    "data:text/html,<script>", "<!--", "]]>", "\xe2\x80\xa8\xe2\x80\xa9&quot;",
    "&#34;&gt;&lt;", "\x01javascript:a()", "../../..", "?x#y", "\t//evil.example"
};

enum { HOSTILE = sizeof(hostile) / sizeof(hostile[0]) };



static int
is_address(const char *name)
{
    return strcasecmp(name, "href") == 0 || strcasecmp(name, "src") == 0
           || strcasecmp(name, "action") == 0 || strcasecmp(name, "cite") == 0
           || strcasecmp(name, "formaction") == 0
           || strcasecmp(name, "poster") == 0;
}


/* Neither a scheme that runs nor another host. What the template's author wrote
 * before the value stays as it was. */
static int
is_safe(const char *value, const char *harmless)
{
    size_t       i, same;
    char         clean[64];
    const char  *p;

    for (same = 0; value[same] && value[same] == harmless[same]; same++) { }
    for (p = value, i = 0; *p && i < sizeof(clean) - 1; p++) {
        if ((unsigned char) *p > ' ') {
            clean[i++] = deals_lower(*p);
        }
    }
    clean[i] = '\0';

    if (same > 0) {
        return 1;           /* it begins with what the author wrote */
    }

    i = strspn(clean, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    return !(clean[0] == '/' && (clean[1] == '/' || clean[1] == '\\'))
           && !(clean[0] == '\\') && clean[i] != '&'
           && (clean[i] != ':' || strncmp(clean, "http", 4) == 0
               || strncmp(clean, "mailto:", 7) == 0);
}


static void
compare(deals_str harmless, deals_str other)
{
    html_parts   a, b;
    const char  *name, *value, *before;

    html_read(&a, harmless);
    html_read(&b, other);
    need(strcmp(a.bones.data, b.bones.data) == 0,
         "%s\n%s\n%.*s", a.bones.data, b.bones.data, DEALS_FMT(other));

    name = b.names.data;
    value = b.values.data;
    before = a.values.data;

    while (name < b.names.data + b.names.len - 1) {
        if (is_address(name) && strcmp(value, before) != 0) {
            need(is_safe(value, before), "%s=%s", name, value);
        }
        name += strlen(name) + 1;
        value += strlen(value) + 1;
        before += strlen(before) + 1;
    }

    html_free(&a);
    html_free(&b);
}

#endif /* DEALS_FUZZ_HOSTILE_H */
