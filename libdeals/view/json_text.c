/*
 * json_text.c - texts as JSON strings.
 */

#include <deals/view.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/word.h"
#include "view/json_text.h"


static void
write_escaped(deals_buf *out, unsigned char c)
{
    switch (c) {

    case '"':
        deals_buf_add(out, "\\\"", 2);
        break;

    case '\\':
        deals_buf_add(out, "\\\\", 2);
        break;

    case '\n':
        deals_buf_add(out, "\\n", 2);
        break;

    case '\r':
        deals_buf_add(out, "\\r", 2);
        break;

    case '\t':
        deals_buf_add(out, "\\t", 2);
        break;

    default:
        deals_buf_printf(out, "\\u%04x", c);
    }
}


/* The bytes of one code point, or what stands for it. */
static void
write_wide(deals_buf *out, deals_str text, size_t *pos, int in_html)
{
    size_t   before = *pos;
    int32_t  cp = deals_utf8_next(text, pos);

    if (cp < 0) {
        deals_buf_add(out, "\xEF\xBF\xBD", 3);      /* U+FFFD */

    } else if (in_html && (cp == 0x2028 || cp == 0x2029)) {
        deals_buf_printf(out, "\\u%04x", (unsigned) cp);

    } else {
        deals_buf_add(out, text.data + before, *pos - before);
    }
}


/* Whether one of eight bytes must be looked at. */
static inline int
is_special(uint64_t word, int in_html)
{
    uint64_t  found;

    found = deals_word_not_ascii(word) | deals_word_below(word, ' ')
            | deals_word_is(word, '"') | deals_word_is(word, '\\');

    if (in_html) {
        found |= deals_word_is(word, '<') | deals_word_is(word, '>')
                 | deals_word_is(word, '&');
    }

    return deals_word_found(found);
}


static int
is_plain(unsigned char c, int in_html)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'
           && !(in_html && (c == '<' || c == '>' || c == '&'));
}


/* Copies words of eight bytes as long as they need no escape, the last one so
 * that it ends with the text: some bytes then are copied twice. */
static size_t
copy_words(char *to, deals_str text, int in_html)
{
    size_t    i, last = text.len - sizeof(uint64_t);
    uint64_t  word;

    for (i = 0; /* void */ ; i = i + sizeof(word) < last ? i + sizeof(word)
                                                         : last)
    {
        word = deals_word(text.data + i);

        if (is_special(word, in_html)) {
            return i;
        }

        memcpy(to + i, &word, sizeof(word));

        if (i == last) {
            return text.len;
        }
    }
}


/* The same with half words, both at once. */
static size_t
copy_halves(char *to, deals_str text, int in_html)
{
    size_t    last = text.len - sizeof(uint32_t);
    uint32_t  half[2];

    memcpy(&half[0], text.data, sizeof(half[0]));
    memcpy(&half[1], text.data + last, sizeof(half[1]));

    if (is_special((uint64_t) half[1] << 32 | half[0], in_html)) {
        return 0;
    }

    memcpy(to, &half[0], sizeof(half[0]));
    memcpy(to + last, &half[1], sizeof(half[1]));

    return text.len;
}


/* Copies what needs no escape; there is room for all. */
static size_t
copy_plain(char *to, deals_str text, int in_html)
{
    size_t  i = 0;

    if (text.len >= sizeof(uint64_t)) {
        i = copy_words(to, text, in_html);

    } else if (text.len >= sizeof(uint32_t)) {
        i = copy_halves(to, text, in_html);
    }

    while (i < text.len && is_plain((unsigned char) text.data[i], in_html)) {
        to[i] = text.data[i];
        i++;
    }

    return i;
}


void
deals_json_text(deals_buf *out, deals_str text, int in_html)
{
    char           *p;
    size_t          n;
    unsigned char   c;

    deals_buf_put_char(out, '"');

    while ((p = deals_buf_room(out, text.len + 1)) != NULL) {
        n = copy_plain(p, text, in_html);
        out->len += n;

        if (n == text.len) {
            p[n] = '"';
            out->len++;
            return;
        }

        /* NOLINTNEXTLINE(*.NullDereference): NULL has no length */
        c = (unsigned char) text.data[n];

        if (c < 0x80) {
            write_escaped(out, c);
            n++;
        } else {
            write_wide(out, text, &n, in_html);
        }

        text.data += n;
        text.len -= n;
    }
}


void
deals_json_string(deals_buf *out, deals_str text)
{
    deals_json_text(out, text, 0);
}
