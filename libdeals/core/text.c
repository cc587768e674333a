/*
 * core/text.c - the texts that people write: checks, and cleaning.
 */

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/text.h"


/* Somebody could see it. */
static int
is_visible(deals_str s)
{
    size_t   pos;
    int32_t  cp;

    for (pos = 0; pos < s.len; ) {
        cp = deals_utf8_next(s, &pos);

        if (cp >= 0 && !deals_utf8_is_space((uint32_t) cp)
            && !deals_utf8_is_invisible((uint32_t) cp))
        {
            return 1;
        }
    }

    return 0;
}


/* What all texts have in common; NULL: nothing is wrong. */
static const char *
problem_of(deals_str s, int lines)
{
    int32_t  cp;

    if (!deals_utf8_valid(s)) {
        return "is not valid UTF-8";
    }

    cp = deals_utf8_control(s, lines);

    if (cp == '\n' || cp == '\r' || cp == 0x2028 || cp == 0x2029) {
        return "must be a single line";
    }

    return cp >= 0 ? "contains control characters" : NULL;
}


/* One line. */
static int
line(deals_arena *arena, const char *field, deals_str in, size_t min,
    size_t max, deals_str *out, const deals_error **errors)
{
    size_t       n;
    const char  *problem;

    in = deals_utf8_trim(in);
    *out = in;

    problem = problem_of(in, 0);
    n = deals_utf8_count(in);

    if (n == 0) {
        problem = "is required";

    } else if (problem == NULL && !is_visible(in)) {
        problem = "has no visible characters";
    }

    if (problem != NULL) {
        return deals_error_add(arena, errors, DEALS_INVALID, field, "%s",
                   problem);
    }

    if (n < min || n > max) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must have %zu to %zu characters, not %zu", min, max, n);
    }

    *out = deals_arena_copy(arena, in);

    return out->data ? 0 : deals_error_oom(errors);
}


int
deals_text_title(deals_arena *arena, const char *field, deals_str in,
    deals_str *out, const deals_error **errors)
{
    return line(arena, field, in, DEALS_TITLE_MIN, DEALS_TITLE_MAX, out,
                errors);
}


int
deals_text_label(deals_arena *arena, const char *field, deals_str in,
    deals_str *out, const deals_error **errors)
{
    return line(arena, field, in, 1, DEALS_LABEL_MAX, out, errors);
}


/* CR LF, and CR alone, as LF. */
static deals_str
unix_lines(deals_arena *arena, deals_str in)
{
    char    *p;
    size_t   i, n;

    p = deals_arena_alloc(arena, in.len + 1);
    if (p == NULL) {
        return DEALS_NONE;
    }

    for (i = 0, n = 0; i < in.len; i++) {
        if (in.data[i] != '\r') {
            p[n++] = in.data[i];

        } else if (i + 1 == in.len || in.data[i + 1] != '\n') {
            p[n++] = '\n';
        }
    }

    return (deals_str) { p, n };
}


int
deals_text_body(deals_arena *arena, const char *field, deals_str in,
    int required, deals_str *out, const deals_error **errors)
{
    size_t       n;
    const char  *problem;

    *out = unix_lines(arena, in);
    if (out->data == NULL) {
        return deals_error_oom(errors);
    }

    problem = problem_of(*out, 1);

    if (problem == NULL && required && !is_visible(*out)) {
        problem = "is required";
    }

    if (problem != NULL) {
        return deals_error_add(arena, errors, DEALS_INVALID, field, "%s",
                   problem);
    }

    n = deals_utf8_count(*out);

    if (n > DEALS_BODY_MAX) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must have at most %d characters, not %zu",
                   DEALS_BODY_MAX, n);
    }

    return 0;
}


int
deals_text_tag(deals_arena *arena, const char *field, deals_str in,
    deals_str *out, const deals_error **errors)
{
    int      letters;
    char    *p;
    size_t   i;

    in = deals_str_trim(in);
    if (deals_str_starts(in, "#")) {
        in = deals_str_sub(in, 1, in.len);
    }

    if (in.len > DEALS_TAG_MAX) {
        goto bad;
    }

    p = deals_arena_alloc(arena, in.len + 1);
    if (p == NULL) {
        return deals_error_oom(errors);
    }

    letters = 0;

    for (i = 0; i < in.len; i++) {
        p[i] = deals_lower(in.data[i]);

        if (deals_is_alnum((unsigned char) p[i])) {
            letters = 1;

        } else if (p[i] != '-') {
            goto bad;
        }
    }

    if (letters) {
        *out = (deals_str) { p, in.len };
        return 0;
    }

bad:

    return deals_error_add(arena, errors, DEALS_INVALID, field,
               "must be 1 to %d letters from a to z, digits and dashes each",
               DEALS_TAG_MAX);
}


int
deals_text_tags(deals_arena *arena, const char *field, deals_list in,
    deals_list *out, const deals_error **errors)
{
    size_t            i, k;
    deals_str        *tags, tag = DEALS_NONE;
    const deals_str  *items;

    items = in.items;
    tags = deals_arena_array(arena, DEALS_TAGS_MAX, sizeof(*tags));
    if (tags == NULL) {
        return deals_error_oom(errors);
    }

    *out = (deals_list) { tags, 0 };

    for (i = 0; i < in.len; i++) {
        if (deals_text_tag(arena, field, items[i], &tag, errors) != 0) {
            return -1;
        }

        for (k = 0; k < out->len && !deals_str_eq(tags[k], tag); k++) {
            /* void */
        }

        if (k < out->len) {
            continue;
        }

        if (out->len == DEALS_TAGS_MAX) {
            return deals_error_add(arena, errors, DEALS_INVALID, field,
                       "must be at most %d", DEALS_TAGS_MAX);
        }

        tags[out->len++] = tag;
    }

    return 0;
}


/* Runs of white space as one space. */
static deals_str
collapse(deals_arena *arena, deals_str in)
{
    size_t     pos, start;
    int32_t    cp;
    deals_buf  buf;

    deals_buf_init(&buf);
    in = deals_utf8_trim(in);

    for (pos = 0; pos < in.len; ) {
        start = pos;
        cp = deals_utf8_next(in, &pos);

        if (cp < 0 || !deals_utf8_is_space((uint32_t) cp)) {
            deals_buf_add(&buf, in.data + start, pos - start);

        } else if (buf.len > 0 && buf.data[buf.len - 1] != ' ') {
            deals_buf_char(&buf, ' ');
        }
    }

    return deals_arena_take(arena, &buf);
}


int
deals_text_merchant(deals_arena *arena, const char *field, deals_str in,
    deals_str *name, deals_str *slug, const deals_error **errors)
{
    size_t       n;
    const char  *problem;

    in = deals_utf8_trim(in);
    problem = problem_of(in, 0);

    *name = collapse(arena, in);
    if (name->data == NULL) {
        return deals_error_oom(errors);
    }

    n = deals_utf8_count(*name);

    if (n == 0) {
        problem = "is required";

    } else if (problem == NULL && !is_visible(*name)) {
        problem = "has no visible characters";
    }

    if (problem != NULL) {
        return deals_error_add(arena, errors, DEALS_INVALID, field, "%s",
                   problem);
    }

    if (n > DEALS_MERCHANT_MAX) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must have at most %d characters, not %zu",
                   DEALS_MERCHANT_MAX, n);
    }

    *slug = deals_text_slug_unique(arena, *name);

    return slug->data ? 0 : deals_error_oom(errors);
}


/* What Windows-1252 means by the bytes that are C1 controls elsewhere: texts
 * of old sources are full of them. 0: nothing. */
static uint32_t
windows_1252(uint32_t cp)
{
    static const uint16_t  meant[32] = {
        0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
        0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178
    };

    return cp >= 0x80 && cp <= 0x9f ? meant[cp - 0x80] : 0;
}


static void
add_cp(deals_buf *buf, uint32_t cp)
{
    char  out[4];

    deals_buf_add(buf, out, deals_utf8_put(out, cp));
}


/* In place of a control character: a space, and one only. */
static void
add_space(deals_buf *buf)
{
    while (buf->len > 0 && buf->data[buf->len - 1] == ' ') {
        buf->len--;
    }

    deals_buf_char(buf, ' ');
}


deals_str
deals_text_clean(deals_arena *arena, deals_str in, int lines, int *changed)
{
    int        after_space;
    size_t     pos, start;
    int32_t    cp;
    uint32_t   meant;
    deals_buf  buf;

    if (in.data == NULL) {
        return DEALS_NONE;
    }

    if (lines) {
        in = unix_lines(arena, in);
    }

    in = deals_utf8_trim(in);
    after_space = 0;
    deals_buf_init(&buf);

    for (pos = 0; pos < in.len; ) {
        start = pos;
        cp = deals_utf8_next(in, &pos);
        meant = cp < 0 ? 0xfffd : windows_1252((uint32_t) cp);

        if (meant != 0) {
            add_cp(&buf, meant);
            *changed = 1;

        } else if (deals_utf8_is_control((uint32_t) cp)
                   && !(lines && (cp == '\n' || cp == '\t')))
        {
            add_space(&buf);
            *changed = 1;
            after_space = 1;
            continue;

        } else if (!(after_space && cp == ' ')) {
            deals_buf_add(&buf, in.data + start, pos - start);
        }

        after_space = after_space && cp == ' ';
    }

    in = deals_arena_take(arena, &buf);

    return deals_utf8_trim(in);
}
