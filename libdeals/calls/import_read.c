/*
 * Reading a record of elsewhere: what can be mended is mended and said, the
 * rest is refused with its reason. Nothing is cut.
 */

#include <string.h>

#include <deals/import.h>
#include <deals/input.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/money.h"
#include "core/text.h"
#include "core/url.h"
#include "calls/deal_input.h"

#define SOURCE_MAX     40
#define SOURCE_ID_MAX  200
#define AUTHOR_MAX     80
#define VOTES_MAX      1000000000
#define AHEAD          86400    /* seconds that a clock may be wrong */

#define FIELD(name, type, flags, shape)                                       \
    { #name, type, flags, offsetof(deals_import_record, name), shape }

static const deals_field  import_fields[] = {
    FIELD(source, DEALS_TEXT, DEALS_REQUIRED, NULL),
    FIELD(source_id, DEALS_TEXT, DEALS_REQUIRED, NULL),
    FIELD(title, DEALS_TEXT, DEALS_REQUIRED, NULL),
    FIELD(url, DEALS_URL, DEALS_NULLABLE, NULL),
    FIELD(description, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(author, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(merchant, DEALS_TEXT, DEALS_NULLABLE, NULL),
    FIELD(price, DEALS_OBJECT, DEALS_NULLABLE, &deals_money_shape),
    FIELD(list_price, DEALS_OBJECT, DEALS_NULLABLE, &deals_money_shape),
    FIELD(created_at, DEALS_TIME, DEALS_REQUIRED, NULL),
    FIELD(starts_at, DEALS_TIME, DEALS_NULLABLE, NULL),
    FIELD(expires_at, DEALS_TIME, DEALS_NULLABLE, NULL),
    FIELD(tags, DEALS_LIST, DEALS_NULLABLE, NULL),
    FIELD(up, DEALS_INT, DEALS_NULLABLE, NULL),
    FIELD(down, DEALS_INT, DEALS_NULLABLE, NULL)
};

const deals_shape  deals_import_shape = {
    "record", sizeof(deals_import_record), import_fields,
    sizeof(import_fields) / sizeof(import_fields[0])
};

typedef struct {
    deals_arena          *arena;
    deals_import_record  *record;
    const deals_error   **changes;
    const deals_error   **errors;
} reader;


/* Drops what a text must not hold, and says so. */
static void
clean(reader *r, const char *field, deals_str *text, int lines)
{
    int        changed = 0;
    deals_str  out;

    if (text->data == NULL) {
        return;
    }

    out = deals_text_clean(r->arena, *text, lines, &changed);

    if (out.data == NULL) {
        deals_error_oom(r->errors);
        return;
    }

    if (changed) {
        deals_error_add(r->arena, r->changes, DEALS_OK, field,
                        "stray control characters were replaced or removed");
    }

    *text = out;
}


static void
check_key(reader *r)
{
    size_t             i;
    deals_str          s = r->record->source;
    static const char  allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    if (s.len < 1 || s.len > SOURCE_MAX) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "source",
                        "must have 1 to %d characters", SOURCE_MAX);
    }

    for (i = 0; i < s.len; i++) {
        if (memchr(allowed, s.data[i], sizeof(allowed) - 1) == NULL) {
            deals_error_add(r->arena, r->errors, DEALS_INVALID, "source",
                            "may hold a-z, 0-9, dot, dash and underscore "
                            "only");
            break;
        }
    }

    s = r->record->source_id;

    if (s.len < 1 || s.len > SOURCE_ID_MAX) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "source_id",
                        "must have 1 to %d bytes", SOURCE_ID_MAX);

    } else if (deals_utf8_control(s, 0) >= 0) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "source_id",
                        "must not hold control characters");
    }
}


static void
check_texts(reader *r)
{
    size_t                n;
    deals_list            tags;
    deals_import_record  *rec = r->record;

    clean(r, "title", &rec->title, 0);
    (void) deals_text_title(r->arena, "title", rec->title, &rec->title,
                            r->errors);

    clean(r, "description", &rec->description, 1);
    if (rec->description.len == 0) {
        rec->description = DEALS_NONE;
    } else {
        (void) deals_text_body(r->arena, "description", rec->description, 0,
                               &rec->description, r->errors);
    }

    clean(r, "author", &rec->author, 0);
    if (rec->author.len == 0) {
        rec->author = DEALS_NONE;
    } else {
        n = deals_utf8_count(rec->author);
        if (n > AUTHOR_MAX) {
            deals_error_add(r->arena, r->errors, DEALS_INVALID, "author",
                            "must have at most %d characters, this has %zu",
                            AUTHOR_MAX, n);
        }
    }

    if (deals_text_tags(r->arena, "tags", rec->tags, &tags, r->errors) == 0) {
        rec->tags = tags;
    }
}


static void
check_address(reader *r)
{
    deals_url             url;
    deals_import_record  *rec = r->record;

    clean(r, "merchant", &rec->merchant, 0);

    if (rec->url.len == 0) {
        rec->url = DEALS_NONE;

    } else if (deals_url_check(r->arena, "url", rec->url, &url, r->errors)
               == 0)
    {
        if (url.mended) {
            deals_error_add(r->arena, r->changes, DEALS_OK, "url",
                            "spaces or other characters that an address "
                            "cannot hold were percent-encoded");
        }

        rec->url = url.url;

        if (rec->merchant.len == 0) {
            /* A host may be longer than a merchant's name: then none. */
            rec->merchant = deals_utf8_count(url.host) <= DEALS_MERCHANT_MAX
                            ? url.host : DEALS_NONE;
        }
    }

    if (rec->merchant.len == 0) {
        rec->merchant = DEALS_NONE;

    } else {
        (void) deals_text_merchant(r->arena, "merchant", rec->merchant,
                                   &rec->merchant, &rec->merchant_slug,
                                   r->errors);
    }
}


static void
check_numbers(reader *r, int64_t now)
{
    deals_import_record  *rec = r->record;

    /* It would stand on top of the hot list until then. */
    if (rec->created_at > now + AHEAD) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "created_at",
                        "must not be in the future");
    }

    if (rec->price != NULL) {
        (void) deals_money_check(r->arena, "price", (deals_money *) rec->price,
                                 r->errors);
    }

    if (rec->list_price != NULL) {
        (void) deals_money_check(r->arena, "list_price",
                                 (deals_money *) rec->list_price, r->errors);
    }

    if (rec->starts_at != DEALS_NULL_INT && rec->expires_at != DEALS_NULL_INT
        && rec->expires_at <= rec->starts_at)
    {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "expires_at",
                        "must be later than starts_at");
    }

    rec->up = rec->up == DEALS_NULL_INT ? 0 : rec->up;
    rec->down = rec->down == DEALS_NULL_INT ? 0 : rec->down;

    if (rec->up < 0 || rec->up > VOTES_MAX) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "up",
                        "must be from 0 to %d", VOTES_MAX);
    }

    if (rec->down < 0 || rec->down > VOTES_MAX) {
        deals_error_add(r->arena, r->errors, DEALS_INVALID, "down",
                        "must be from 0 to %d", VOTES_MAX);
    }
}


static void
render(reader *r)
{
    deals_import_record  *rec = r->record;

    rec->html = DEALS_NONE;

    if (rec->description.data != NULL) {
        (void) deals_render(r->arena, "description", rec->description,
                            &rec->html, r->errors);
    }
}


int
deals_import_read(deals_arena *arena, deals_str line, int64_t now,
    deals_import_record *record, const deals_error **changes,
    const deals_error **error)
{
    reader  r = { arena, record, changes, error };

    *changes = NULL;
    *error = NULL;

    if (!deals_str_starts(deals_str_trim(line), "{")) {
        return deals_error_add(arena, error, DEALS_MALFORMED, NULL,
                               "a record must be a JSON object");
    }

    if (deals_input_json(&deals_import_shape, line, record, NULL, arena, error)
        != 0)
    {
        return -1;
    }

    check_key(&r);
    check_texts(&r);
    check_address(&r);
    check_numbers(&r, now);

    if (*error == NULL) {
        render(&r);
    }

    /* what would be stored may lack something */
    if (deals_arena_refused(arena)) {
        return deals_error_oom(error);
    }

    return *error == NULL ? 0 : -1;
}
