/*
 * The rules for what people write: texts, tags, merchants, names, e-mail
 * addresses, passwords, prices, times; and what turns bytes into others. What a
 * rule makes of an input it takes as it is.
 */

#include "fuzz.h"

#include <deals/view.h>

#include "base/encode.h"
#include "base/time.h"
#include "core/money.h"
#include "core/name.h"
#include "core/password.h"
#include "core/text.h"
#include "fuzz_json.h"

static const deals_error  *errors;

/* Whether there is memory for all that is asked; an absent text may then only
 * be a refusal. */
static int  rich;


/* Of these characters alone. */
static void
need_letters(deals_str text, const char *letters)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        need(text.data[i] != '\0' && strchr(letters, text.data[i]) != NULL,
             "%.*s", DEALS_FMT(text));
    }
}


/* -- texts ---------------------------------------------------------------- */

static void
need_refusal(const deals_error *list)
{
    need_errors(list, DEALS_INVALID, rich ? DEALS_INVALID : DEALS_NO_MEMORY);
}


static void
title(deals_str in)
{
    deals_str  out, again;

    if (deals_text_title(arena, "title", in, &out, &errors) != 0) {
        need_refusal(errors);
        return;
    }

    need_text(out);
    need(deals_utf8_control(out, 0) < 0);
    need(deals_utf8_count(out) >= DEALS_TITLE_MIN
         && deals_utf8_count(out) <= DEALS_TITLE_MAX);

    if (rich) {
        need(deals_text_title(arena, "title", out, &again, &errors) == 0);
        need_same(again, out);
    }
}


static void
body(deals_str in, int required)
{
    deals_str  out, again;

    if (deals_text_body(arena, "body", in, required, &out, &errors) != 0) {
        need_refusal(errors);
        return;
    }

    need_text(out);
    need(deals_utf8_control(out, 1) < 0);
    need(deals_utf8_count(out) <= DEALS_BODY_MAX);
    need(!required || deals_utf8_trim(out).len > 0);

    if (rich) {
        need(deals_text_body(arena, "body", out, required, &again, &errors)
             == 0);
        need_same(again, out);
    }
}


static void
tags(deals_str input)
{
    size_t      i, k;
    deals_str   items[DEALS_TAGS_MAX * 2];
    deals_list  in = { items, 0 }, out, again;

    while (in.len < DEALS_TAGS_MAX * 2 && input.len > 0) {
        items[in.len++] = take_part(&input);
    }

    if (deals_text_tags(arena, "tags", in, &out, &errors) != 0) {
        need_refusal(errors);
        return;
    }

    need(out.len <= in.len && out.len <= DEALS_TAGS_MAX);

    for (i = 0; i < out.len; i++) {
        const deals_str  tag = ((const deals_str *) out.items)[i];

        need(tag.len >= 1 && tag.len <= DEALS_TAG_MAX);
        need_letters(tag, "abcdefghijklmnopqrstuvwxyz0123456789-");

        for (k = 0; k < i; k++) {
            need(!deals_str_eq(tag, ((const deals_str *) out.items)[k]));
        }
    }

    if (rich) {
        need(deals_text_tags(arena, "tags", out, &again, &errors) == 0);
        need(again.len == out.len);
    }
}


static void
need_slug(deals_str slug, size_t most)
{
    size_t  i;

    need(slug.len >= 1 && slug.len <= most, "%.*s", DEALS_FMT(slug));
    need(slug.data[0] != '-' && slug.data[slug.len - 1] != '-');

    need_letters(slug, "abcdefghijklmnopqrstuvwxyz0123456789-");

    for (i = 0; i < slug.len; i++) {
        need(i == 0 || slug.data[i] != '-' || slug.data[i - 1] != '-');
    }
}


static void
merchant(deals_str in)
{
    deals_str  name, slug, again, same;

    if (deals_text_merchant(arena, "merchant", in, &name, &slug, &errors) != 0)
    {
        need_refusal(errors);
        return;
    }

    need_text(name);
    need(deals_utf8_control(name, 0) < 0);
    need(deals_utf8_count(name) >= 1
         && deals_utf8_count(name) <= DEALS_MERCHANT_MAX);
    need_slug(slug, DEALS_SLUG_MAX + 9);

    if (rich) {
        need(deals_text_merchant(arena, "merchant", name, &again, &same,
                                 &errors) == 0);
        need_same(again, name);
        need_same(same, slug);
    }
}


static void
slug(deals_str in)
{
    deals_str  text = deals_text_slug(arena, in), again;

    need(!rich || text.data != NULL);

    if (text.data == NULL) {
        return;
    }

    need_slug(text, DEALS_SLUG_MAX);
    again = deals_text_slug(arena, text);
    need(!rich || deals_str_eq(again, text), "%.*s, %.*s", DEALS_FMT(text),
         DEALS_FMT(again));
}


static void
clean(deals_str in, int lines)
{
    int        changed = 0, more = 0;
    deals_str  out = deals_text_clean(arena, in, lines, &changed), again;

    need(!rich || out.data != NULL);

    if (out.data == NULL) {
        return;
    }

    need_text(out);
    need(deals_utf8_control(out, lines) < 0);
    again = deals_text_clean(arena, out, lines, &more);

    if (rich) {
        need_same(again, out);
        need(!more);
    }
}


/* -- members -------------------------------------------------------------- */

static void
member(deals_str in)
{
    deals_str           out, again;
    const deals_error  *others = NULL;

    if (deals_name_check(arena, "name", in, &errors) != 0) {
        need_refusal(errors);
    } else {
        need(deals_name_valid(in) && !deals_name_reserved(in));
        need_letters(in, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-"
                     "abcdefghijklmnopqrstuvwxyz0123456789");
        need(in.len >= DEALS_NAME_MIN && in.len <= DEALS_NAME_MAX);
        out = deals_name_key(arena, in);
        need(!rich || out.len == in.len);
    }

    if (deals_email_check(arena, "email", in, &out, &others) != 0) {
        need_refusal(others);
        return;
    }

    need_text(out);
    need(out.len <= DEALS_EMAIL_MAX && deals_utf8_control(out, 0) < 0);
    need(deals_str_index(out, '@') > 0);

    if (rich) {
        others = NULL;
        need(deals_email_check(arena, "email", out, &again, &others) == 0);
        need_same(again, out);
    }
}


static void
password(deals_str input)
{
    deals_str  name = take_part(&input);

    if (deals_password_check(arena, "password", input, name, DEALS_NONE,
                             &errors) != 0) {
        need_refusal(errors);
        return;
    }

    need(deals_utf8_valid(input));
    need(deals_utf8_count(input) >= DEALS_PASSWORD_MIN
         && deals_utf8_count(input) <= DEALS_PASSWORD_MAX);
    need(!deals_str_eq_case(input, name));
    need(!deals_password_is_around(input, name));
    need(!deals_password_is_common(input));
}


/* -- prices and times ----------------------------------------------------- */

static void
price(deals_str input)
{
    deals_str    currency = take_part(&input), decimal, shown;
    deals_money  money = { 0 }, again = { 0 };

    if (currency.len == 0) {
        currency = DEALS_NONE;
    }

    if (deals_money_parse(arena, "price", input, currency, &money, &errors)
        != 0)
    {
        need_refusal(errors);
        return;
    }

    need(money.amount >= 0 && money.amount <= DEALS_MONEY_MAX);
    need(deals_currency_find(money.currency) != NULL);
    shown = deals_money_text(arena, &money);
    decimal = deals_money_decimal(arena, &money);

    if (!rich) {
        return;
    }

    need_text(shown);
    need(deals_money_check(arena, "price", &money, &errors) == 0);
    need(deals_money_parse(arena, "price", decimal, money.currency, &again,
                           &errors) == 0, "%.*s", DEALS_FMT(decimal));
    need(again.amount == money.amount);
    need_same(again.currency, money.currency);
}


static void
when(deals_str in, int local)
{
    int          rc;
    char         out[DEALS_TIME_SIZE];
    int64_t      seconds, again;
    deals_str    text;
    deals_civil  civil;

    rc = local ? deals_time_parse_local(in, &seconds)
               : deals_time_parse(in, &seconds);

    if (rc != 0) {
        return;
    }

    need(seconds >= DEALS_TIME_MIN && seconds <= DEALS_TIME_MAX);
    need(deals_time_civil(seconds, &civil) == 0);
    need(deals_time_of_civil(&civil) == seconds);
    text = local ? deals_time_format_local(out, seconds)
                 : deals_time_format(out, seconds);
    need(text.data != NULL);
    need((local ? deals_time_parse_local(text, &again)
                : deals_time_parse(text, &again)) == 0, "%.*s",
         DEALS_FMT(text));
    need(again == seconds);
}


static void
moments(deals_str input)
{
    char       out[DEALS_TIME_SIZE];
    int64_t    then = (int64_t) take_number(&input, 8);
    int64_t    now = (int64_t) take_number(&input, 8);
    deals_str  text = deals_text_when(arena, then, now);

    need(!rich || text.len > 0);
    text = deals_time_format(out, then);
    need((text.data != NULL)
         == (then >= DEALS_TIME_MIN && then <= DEALS_TIME_MAX));
    (void) deals_time_format_words(out, now);
}


/* -- bytes ---------------------------------------------------------------- */

/* The code point at *pos by the table of RFC 3629; -1. */
static int32_t
decode(deals_str s, size_t *pos)
{
    size_t          i, n;
    int32_t         cp;
    unsigned char   c = (unsigned char) s.data[*pos];

    static const int32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3
        : c >= 0xf0 && c < 0xf5 ? 4 : 0;

    if (n == 0 || s.len - *pos < n) {
        return -1;
    }

    cp = n == 1 ? c : c & (0xff >> (n + 1));

    for (i = 1; i < n; i++) {
        c = (unsigned char) s.data[*pos + i];
        if ((c & 0xc0) != 0x80) {
            return -1;
        }
        cp = cp << 6 | (c & 0x3f);
    }

    if (cp < least[n] || (cp >= 0xd800 && cp < 0xe000) || cp > 0x10ffff) {
        return -1;
    }

    *pos += n;

    return cp;
}


static void
unicode(deals_str in)
{
    int        valid = 1;
    char       bytes[4];
    size_t     pos, mine, count = 0;
    int32_t    cp;
    deals_str  part;

    for (pos = mine = 0; mine < in.len; count++) {
        size_t   from = mine;
        int32_t  want = decode(in, &mine);

        mine += want < 0;
        cp = deals_utf8_next(in, &pos);
        need(cp == want && pos == mine, "%d, not %d", cp, want);
        valid &= cp >= 0;
        need(cp < 0 || (deals_utf8_put(bytes, (uint32_t) cp) == pos - from
                        && memcmp(bytes, in.data + from, pos - from) == 0));
    }

    need(deals_utf8_valid(in) == valid);
    need(deals_utf8_count(in) == count);
    part = deals_utf8_cut(in, count / 2);
    need(!valid || (deals_utf8_valid(part)
                    && deals_utf8_count(part) == count / 2));
    part = deals_utf8_trim(in);
    need_same(deals_utf8_trim(part), part);
}


static void
encodings(deals_str in)
{
    deals_buf  buf = { 0 };
    deals_str  text, back;

    text = deals_base64url(arena, in);
    back = deals_base64url_decode(arena, text);
    need(!rich || deals_str_eq(back, in));
    back = deals_base64url_decode(arena, in);

    if (rich && back.data != NULL) {
        need_same(deals_base64url(arena, back), in);
    }

    deals_percent(&buf, in);
    need(deals_percent_decode(arena, (deals_str) { buf.data, buf.len }, 1,
                              &back) == 0 || !rich);
    need(!rich || (back.len == in.len
                   && (in.len == 0 || memcmp(back.data, in.data, in.len) == 0)));
    (void) deals_percent_decode(arena, in, (int) in.len & 1, &back);
    deals_buf_clear(&buf);

    if (deals_utf8_valid(in)) {
        deals_json_string(&buf, in);
        need(is_json((deals_str) { buf.data, buf.len }));
        deals_buf_clear(&buf);
    }

    deals_html_escape(&buf, in);
    need(buf.len == 0 || (memchr(buf.data, '<', buf.len) == NULL
                          && memchr(buf.data, '>', buf.len) == NULL
                          && memchr(buf.data, '"', buf.len) == NULL
                          && memchr(buf.data, '\'', buf.len) == NULL));
    deals_buf_free(&buf);
}


static void
judge(unsigned what, deals_str in)
{
    switch (what) {
    case 0:
        title(in);
        break;
    case 1:
    case 2:
        body(in, (int) what - 1);
        break;
    case 3:
        tags(in);
        break;
    case 4:
        merchant(in);
        break;
    case 5:
        slug(in);
        break;
    case 6:
    case 7:
        clean(in, (int) what - 6);
        break;
    case 8:
        member(in);
        break;
    case 9:
        password(in);
        break;
    case 10:
        price(in);
        break;
    case 11:
    case 12:
        when(in, (int) what - 11);
        break;
    case 13:
        moments(in);
        break;
    case 14:
        unicode(in);
        break;
    default:
        encodings(in);
    }
}


/* The first byte: what is judged, and if there is little memory. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *memory;
    deals_str   input;

    if (size < 2) {
        return 0;
    }

    input = input_of(data + 2, size - 2);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    errors = NULL;
    rich = !(data[0] & 0x80);

    if (!rich) {
        deals_arena_limit(arena, (size_t) data[1] * 16);
    }

    judge(data[0] & 15, input);
    deals_arena_free(arena);
    free(memory);

    return 0;
}
