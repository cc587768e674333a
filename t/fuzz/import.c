/*
 * Records of elsewhere: one that is taken, written as it will be stored, is
 * taken again as it stands, with nothing changed.
 */

#include "fuzz.h"

#include <deals/import.h>
#include <deals/view.h>

#define NOW  INT64_C(1769860800)

static deals_str
write(const deals_import_record *record)
{
    deals_buf  buf = { 0 };

    deals_json_write(&buf, &deals_import_shape, record);

    return deals_arena_take(arena, &buf);
}


static void
need_record(const deals_import_record *r)
{
    size_t  i;

    need(r->source.len > 0 && r->source_id.len > 0 && r->title.len > 0);
    need_text(r->source_id);
    need_text(r->title);
    need_text(r->url);
    need_text(r->description);
    need_text(r->author);
    need_text(r->merchant);
    need_text(r->merchant_slug);
    need_text(r->html);
    need((r->merchant.data != NULL) == (r->merchant_slug.data != NULL));
    need((r->description.data != NULL) == (r->html.data != NULL));
    need(r->created_at <= NOW + 86400);
    need(r->up >= 0 && r->up <= 1000000000);
    need(r->down >= 0 && r->down <= 1000000000);

    for (i = 0; i < r->tags.len; i++) {
        need_text(((const deals_str *) r->tags.items)[i]);
    }
}


/* The first byte: how much memory there is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                   rc;
    char                 *memory;
    deals_str             line, text;
    const deals_error    *changes, *error;
    deals_import_record   record, again;

    if (size < 1) {
        return 0;
    }

    line = input_of(data + 1, size - 1);
    memory = (char *) (uintptr_t) line.data;
    arena = deals_arena_new();

    if (data[0] & 0x80) {
        deals_arena_limit(arena, (size_t) (data[0] & 0x7f) * 32);
    }

    rc = deals_import_read(arena, line, NOW, &record, &changes, &error);
    need((rc == 0) == (error == NULL));

    if (data[0] & 0x80) {
        need(error == NULL || error->code == DEALS_NO_MEMORY
             || error->message.len > 0);

    } else if (rc != 0) {
        need_errors(error, DEALS_INVALID, DEALS_MALFORMED);

    } else {
        if (changes != NULL) {
            need_errors(changes, DEALS_OK, DEALS_OK);
        }
        need_record(&record);
        text = write(&record);
        rc = deals_import_read(arena, text, NOW, &again, &changes, &error);
        need(rc == 0, "%.*s: %.*s", DEALS_FMT(text),
             DEALS_FMT(error->message));
        need(changes == NULL, "%.*s: %.*s", DEALS_FMT(text),
             DEALS_FMT(changes->message));
        need_same(write(&again), text);
        need_same(again.html, record.html);
        need_same(again.merchant_slug, record.merchant_slug);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
