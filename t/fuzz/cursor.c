/*
 * Cursors and session tokens: what is taken is, byte for byte, what would have
 * been made of it, so there is one text for each; and what is made is taken.
 */

#include "fuzz.h"

#include "core/cursor.h"
#include "core/token.h"

static const struct {
    const char  *types;
    const char  *qualifier;
} lists[] = {
    { "fi", "" }, { "ti", "tag:lego" }, { "nfti", "day" }, { "", "" },
    { "iiii", "user:kim" }
};

enum { LISTS = sizeof(lists) / sizeof(lists[0]) };


static int
is_in_range(char type, deals_cursor_key key)
{
    switch (type) {
    case 'i':
        return key.i >= 1 && key.i < INT64_C(1) << 53;
    case 't':
        return key.i >= -INT64_C(62135596800) && key.i <= INT64_C(253402300799);
    case 'n':
        return key.i >= INT32_MIN && key.i <= INT32_MAX;
    default:
        return key.f - key.f == 0;
    }
}


static void
read_cursor(unsigned which, deals_str text)
{
    size_t              i;
    deals_cursor        c = { 0 };
    const deals_error  *error = NULL;

    c.list = (int) which + 1;
    c.qualifier = deals_str_of(lists[which].qualifier);
    c.types = lists[which].types;

    if (deals_cursor_decode(arena, text, &c, &error) != 0) {
        need_errors(error, DEALS_MALFORMED, DEALS_MALFORMED);
        need(deals_str_is(error->field, "cursor"));
        return;
    }

    need(error == NULL && c.state >= 0 && c.snapshot >= 0);

    for (i = 0; c.types[i] != '\0'; i++) {
        need(is_in_range(c.types[i], c.keys[i]), "%c", c.types[i]);
    }

    need_same(deals_cursor_encode(arena, &c), text);
}


static void
make_cursor(unsigned which, deals_str *input)
{
    size_t              i;
    deals_str           text;
    deals_cursor        c = { 0 }, d;
    const deals_error  *error = NULL;

    c.list = (int) which + 1;
    c.types = lists[which].types;
    c.state = (int64_t) take_number(input, 8);
    c.snapshot = (int64_t) take_number(input, 8);

    for (i = 0; c.types[i] != '\0'; i++) {
        c.keys[i].i = (int64_t) take_number(input, 8);
    }

    c.qualifier = *input;
    text = deals_cursor_encode(arena, &c);

    if (text.data == NULL) {
        return;
    }

    d = c;
    d.state = d.snapshot = -1;
    memset(d.keys, 0, sizeof(d.keys));
    need(deals_cursor_decode(arena, text, &d, &error) == 0, "%.*s: %.*s",
         DEALS_FMT(text), DEALS_FMT(error->message));
    need(d.state == c.state && d.snapshot == c.snapshot);
    need(memcmp(d.keys, c.keys, sizeof(c.keys)) == 0);

    /* it belongs to this list alone */
    d.list++;
    need(deals_cursor_decode(arena, text, &d, &error) != 0);
}


static void
token(deals_str text)
{
    deals_str    again;
    deals_token  t;

    if (deals_token_parse(text, &t) != 0) {
        return;
    }

    need(t.user_id > 0 && t.user_id < INT64_C(1) << 53);
    need_same(t.access ? deals_token_make_access(arena, t.user_id, t.secret)
                       : deals_token_make(arena, t.user_id, t.secret), text);
    again = deals_token_hash(arena, &t);
    need(again.len == 64);
}


static void
make_token(deals_str *input)
{
    size_t       i;
    int64_t      user_id;
    deals_str    text;
    deals_token  t;
    unsigned char  secret[DEALS_TOKEN_RANDOM];

    user_id = (int64_t) (take_number(input, 7) & ((UINT64_C(1) << 53) - 1));
    for (i = 0; i < sizeof(secret); i++) {
        secret[i] = (unsigned char) take_byte(input);
    }

    text = deals_token_make(arena, user_id + (user_id == 0), secret);
    need(text.len <= DEALS_TOKEN_MAX);
    need(deals_token_parse(text, &t) == 0, "%.*s", DEALS_FMT(text));
    need(t.user_id == user_id + (user_id == 0));
    need(memcmp(t.secret, secret, sizeof(secret)) == 0 && !t.access);

    text = deals_token_make_access(arena, t.user_id, secret);
    need(text.len <= DEALS_TOKEN_ACCESS_MAX);
    need(deals_token_parse(text, &t) == 0 && t.access, "%.*s",
         DEALS_FMT(text));
    need(memcmp(t.secret, secret, sizeof(secret)) == 0);
}


/* A byte for what is done. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *memory;
    unsigned    which;
    deals_str   input;

    if (size < 1) {
        return 0;
    }

    which = data[0];
    input = input_of(data + 1, size - 1);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();

    switch (which % 4) {
    case 0:
        read_cursor(which / 4 % LISTS, input);
        break;
    case 1:
        make_cursor(which / 4 % LISTS, &input);
        break;
    case 2:
        token(input);
        break;
    default:
        make_token(&input);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
