/*
 * JSON bodies, read into the shapes that the API reads. A second, much simpler
 * reader says what JSON is; whatever was read is written as JSON again, and is
 * the same when that is read.
 */

#include "fuzz.h"

#include <deals/calls.h>
#include <deals/import.h>
#include <deals/view.h>

#include "base/error.h"
#include "base/json.h"
#include "calls/deal_input.h"
#include "fuzz_json.h"

typedef union {
    deals_deal_input      deal;
    deals_comment_input   comment;
    deals_vote_input      vote;
    deals_account_input   account;
    deals_session_input   session;
    deals_import_record   record;
    deals_money           money;
} anything;

static const deals_shape *const  shapes[] = {
    &deals_deal_input_shape, &deals_deal_update_shape,
    &deals_comment_input_shape, &deals_vote_input_shape,
    &deals_account_input_shape, &deals_session_input_shape,
    &deals_import_shape, &deals_money_shape
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };


static deals_str
write(const deals_shape *shape, const void *row)
{
    deals_buf  buf = { 0 };

    deals_json_write(&buf, shape, row);

    return deals_arena_take(arena, &buf);
}


/* Texts are what the database takes, and what must be there is. */
static void
need_fields(const deals_shape *shape, const void *row)
{
    size_t              i, k;
    const void         *slot;
    const deals_list   *list;
    const deals_field  *field;

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];
        slot = (const char *) row + field->offset;

        if (field->type == DEALS_TEXT || field->type == DEALS_URL) {
            need_text(*(const deals_str *) slot);
            need(((const deals_str *) slot)->data != NULL
                 || (field->flags & DEALS_NULLABLE), "%s", field->name);

        } else if (field->type == DEALS_OBJECT
                   && *(const void *const *) slot != NULL)
        {
            need_fields(field->shape, *(const void *const *) slot);

        } else if (field->type == DEALS_LIST) {
            list = slot;
            for (k = 0; k < list->len && field->shape == NULL; k++) {
                need_text(((const deals_str *) list->items)[k]);
            }
        }
    }
}


static void
there_and_back(const deals_shape *shape, const void *row)
{
    uint64_t            given;
    anything            again;
    deals_str           text;
    const deals_error  *error = NULL;

    text = write(shape, row);
    need(text.data != NULL && is_json(text), "%.*s", DEALS_FMT(text));

    /* passwords are not written */
    if (shape == &deals_account_input_shape
        || shape == &deals_session_input_shape)
    {
        return;
    }

    need(deals_input_json(shape, text, &again, &given, arena, &error) == 0,
         "%.*s: %.*s", DEALS_FMT(text), DEALS_FMT(error->message));
    need_same(write(shape, &again), text);
}


/* What the rules take is as they want it: they take it as it is. */
static void
rules(const deals_deal_input *in, uint64_t given)
{
    deals_deal_input    again;
    deals_deal_fields   f, g;
    const deals_error  *error = NULL;

    if (deals_deal_check(arena, in, given, &f, &error) != 0) {
        need_errors(error, DEALS_INVALID, DEALS_INVALID);
        return;
    }

    again = *in;
    again.title = f.title;
    again.url = f.url;
    again.description = f.description;
    again.merchant = f.merchant;
    again.tags = f.tags;
    need(deals_deal_check(arena, &again, given, &g, &error) == 0, "%.*s: %.*s",
         DEALS_FMT(error->field), DEALS_FMT(error->message));
    need_same(f.title, g.title);
    need_same(f.url, g.url);
    need_same(f.host, g.host);
    need_same(f.description, g.description);
    need_same(f.html, g.html);
    need_same(f.merchant, g.merchant);
    need_same(f.merchant_slug, g.merchant_slug);
    need(f.html.len <= 131072);
}


static void
read_body(const deals_shape *shape, deals_str body)
{
    int                 rc;
    uint64_t            given = 0;
    anything            row;
    const deals_json   *json;
    const deals_error  *error = NULL;

    json = deals_json_read(arena, body, &error);

    if (json == NULL) {
        need_errors(error, DEALS_MALFORMED, DEALS_MALFORMED);
        need(error->next == NULL);
    }

    need((json != NULL) == is_json(body), "%.*s", DEALS_FMT(body));

    error = NULL;
    rc = deals_input_json(shape, body, &row, &given, arena, &error);
    need((rc == 0) == (error == NULL));
    need(deals_arena_size(arena) < 65536 + 400 * body.len, "%zu bytes of %zu",
         deals_arena_size(arena), body.len);

    if (rc == 0) {
        need_fields(shape, &row);
        there_and_back(shape, &row);

    } else {
        need_errors(error, json == NULL ? DEALS_MALFORMED : DEALS_INVALID,
                    json == NULL ? DEALS_MALFORMED : DEALS_INVALID);
    }

    if (shape == &deals_deal_input_shape || shape == &deals_deal_update_shape) {
        if (rc == 0) {
            rules(&row.deal, given);
        } else {
            deals_deal_input_check(&row.deal, given, arena, &error);
            need_errors(error, DEALS_INVALID, DEALS_MALFORMED);
        }
    }
}


/* With too little memory it says so, or has had enough. */
static void
starve(const deals_shape *shape, deals_str body, size_t bytes)
{
    int                 rc;
    uint64_t            given;
    anything            row;
    const deals_error  *error = NULL;

    deals_arena_limit(arena, bytes);
    rc = deals_input_json(shape, body, &row, &given, arena, &error);
    need((rc == 0) == (error == NULL));

    if (rc != 0) {
        deals_deal_input_check(&row.deal, 0, arena, &error);
        need(error->code == DEALS_NO_MEMORY || error->code == DEALS_MALFORMED
             || error->code == DEALS_INVALID);
    }
}


/* A byte for the shape, one for the memory; the rest is the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               *memory;
    unsigned            which, memory_is;
    deals_str           body;
    const deals_shape  *shape;

    if (size < 2) {
        return 0;
    }

    which = data[0];
    memory_is = data[1];
    body = input_of(data + 2, size - 2);
    memory = (char *) (uintptr_t) body.data;
    shape = shapes[which % SHAPES];
    arena = deals_arena_new();

    if (memory_is & 0x80) {
        starve(shape, body, (size_t) (memory_is & 0x7f) * 16);
    } else {
        read_body(shape, body);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
