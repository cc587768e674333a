/*
 * Forms and query strings. What a form's pairs are is said again as a form and
 * read again; a query is a form that passes over what it does not know.
 */

#include "fuzz.h"

#include <deals/calls.h>
#include <deals/view.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/form.h"

/* What a form can hold and the community's shapes do not. */
typedef struct {
    deals_deal_input  deal;
    int               on;
    double            ratio;
    deals_str         next;
} everything;

static const deals_field  extra_fields[] = {
    { "on", DEALS_BOOL, DEALS_NULLABLE, offsetof(everything, on), NULL },
    { "ratio", DEALS_FLOAT, DEALS_NULLABLE, offsetof(everything, ratio),
      NULL },
    { "next", DEALS_TEXT, 0, offsetof(everything, next), NULL }
};

static const deals_shape  extra_shape = {
    "form", sizeof(everything), extra_fields, 3
};

static const deals_shape *const  shapes[] = {
    &deals_deal_input_shape, &deals_deal_update_shape,
    &deals_comment_input_shape, &deals_vote_input_shape,
    &deals_account_input_shape, &deals_session_input_shape,
    &extra_shape
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };


static deals_str
write(const deals_shape *shape, const void *row)
{
    deals_buf  buf = { 0 };

    deals_json_write(&buf, shape, row);

    return deals_arena_take(arena, &buf);
}


static void
pairs_there_and_back(deals_str text)
{
    size_t              i;
    deals_buf           buf = { 0 };
    deals_str           again;
    deals_list          pairs, others;
    const deals_pair   *a, *b;
    const deals_error  *error = NULL;

    if (deals_form_read(arena, text, &pairs, &error) != 0) {
        need_errors(error, DEALS_MALFORMED, DEALS_MALFORMED);
        return;
    }

    a = pairs.items;
    deals_buf_c(&buf, "&");

    for (i = 0; i < pairs.len; i++) {
        need_text(a[i].name);
        need_text(a[i].value);
        need(a[i].value.data != NULL);
        deals_percent(&buf, a[i].name);
        deals_buf_char(&buf, '=');
        deals_percent(&buf, a[i].value);
        deals_buf_char(&buf, '&');
    }

    again = deals_arena_take(arena, &buf);
    need(deals_form_read(arena, again, &others, &error) == 0);
    need(others.len == pairs.len);
    b = others.items;

    for (i = 0; i < pairs.len; i++) {
        need_same(a[i].name, b[i].name);
        need_same(a[i].value, b[i].value);
    }
}


static void
read_body(const deals_shape *shape, deals_str body)
{
    int                 form, query;
    uint64_t            given, asked;
    everything          a, b;
    const deals_error  *error = NULL, *other = NULL;

    form = deals_input_form(shape, body, &a, &given, arena, &error);
    need((form == 0) == (error == NULL));
    query = deals_input_query(shape, body, &b, &asked, arena, &other);
    need((query == 0) == (other == NULL));
    need(deals_arena_size(arena) < 65536 + 400 * body.len, "%zu bytes of %zu",
         deals_arena_size(arena), body.len);

    if (form != 0) {
        need_errors(error, DEALS_INVALID, DEALS_MALFORMED);
    } else {
        need(query == 0, "%.*s", DEALS_FMT(other->message));
        need(given == asked);
        need_same(write(shape, &a), write(shape, &b));
    }

    if (query != 0) {
        need_errors(other, DEALS_INVALID, DEALS_MALFORMED);
    }

    if (form != 0 && (shape == &deals_deal_input_shape
                      || shape == &deals_deal_update_shape))
    {
        deals_deal_input_check(&a.deal, given, arena, &error);
        need_errors(error, DEALS_INVALID, DEALS_MALFORMED);
    }
}


static void
starve(const deals_shape *shape, deals_str body, size_t bytes)
{
    int                 rc;
    everything          row;
    const deals_error  *error = NULL;

    deals_arena_limit(arena, bytes);
    rc = deals_input_form(shape, body, &row, NULL, arena, &error);
    need((rc == 0) == (error == NULL));
    error = NULL;
    rc = deals_input_query(shape, body, &row, NULL, arena, &error);
    need((rc == 0) == (error == NULL));
}


/* A byte for the shape, one for the memory; the rest is the form. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               *memory;
    deals_str           body;
    const deals_shape  *shape;

    if (size < 2) {
        return 0;
    }

    body = input_of(data + 2, size - 2);
    memory = (char *) (uintptr_t) body.data;
    shape = shapes[data[0] % SHAPES];
    arena = deals_arena_new();

    if (data[1] & 0x80) {
        starve(shape, body, (size_t) (data[1] & 0x7f) * 16);
    } else {
        read_body(shape, body);
        pairs_there_and_back(body);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
