/*
 * core/input_json.c - a JSON body into a struct.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "core/input.h"
#include "core/money.h"

static void  read_object(deals_input *in, const deals_shape *shape,
                 const deals_json *object, const char *prefix, void *out,
                 uint64_t *given);


static void *
need(deals_input *in, void *memory)
{
    if (memory == NULL) {
        (void) deals_error_oom(&in->errors);
    }

    return memory;
}


static void
check_money(deals_input *in, const char *name, deals_money *money)
{
    const deals_error  *errors;

    errors = NULL;
    (void) deals_money_check(in->arena, name, money, &errors);

    if (errors == &deals_error_no_memory) {
        (void) deals_error_oom(&in->errors);
        return;
    }

    for ( /* void */ ; errors != NULL; errors = errors->next) {
        deals_input_bad(in, errors->field.data, "%.*s",
                        DEALS_FMT(errors->message));
    }
}


/* NOLINTBEGIN(misc-no-recursion): base/json.h bounds the depth */
static void
read_nested(deals_input *in, const deals_field *field, const char *name,
    const deals_json *value, void *slot)
{
    int    before;
    void  *object;
    char  *prefix;

    if (value->type != DEALS_JSON_OBJECT) {
        deals_input_bad(in, name, "must be an object");
        return;
    }

    object = need(in, deals_arena_alloc(in->arena, field->shape->size));
    prefix = need(in, deals_arena_printf(in->arena, "%s.", name));

    if (object == NULL || prefix == NULL) {
        return;
    }

    before = in->count;
    read_object(in, field->shape, value, prefix, object, NULL);

    if (field->shape == &deals_money_shape && in->count == before) {
        check_money(in, name, object);
    }

    *(const void **) slot = object;
}


static void
read_item(deals_input *in, const deals_field *field, const char *name,
    const deals_json *value, size_t i, void *slot)
{
    char  *prefix;

    if (field->shape == NULL) {
        if (value->type != DEALS_JSON_STRING) {
            deals_input_bad(in, name, "must be a list of strings");
            return;
        }

        deals_input_text(in, name, value->string, slot);
        return;
    }

    if (value->type != DEALS_JSON_OBJECT) {
        deals_input_bad(in, name, "must be a list of objects");
        return;
    }

    prefix = need(in, deals_arena_printf(in->arena, "%s.%zu.", name, i));

    if (prefix != NULL) {
        read_object(in, field->shape, value, prefix, slot, NULL);
    }
}


static void
read_list(deals_input *in, const deals_field *field, const char *name,
    const deals_json *value, void *slot)
{
    int                before;
    char              *items;
    size_t             n, size;
    deals_list        *list = slot;
    const deals_json  *item;

    if (value->type != DEALS_JSON_ARRAY) {
        deals_input_bad(in, name, "must be a list");
        return;
    }

    for (n = 0, item = value->first; item != NULL; item = item->next) {
        n++;
    }

    size = field->shape ? field->shape->size : sizeof(deals_str);
    items = need(in, deals_arena_array(in->arena, n, size));

    if (items == NULL) {
        return;
    }

    before = in->count;

    for (n = 0, item = value->first;
         item != NULL && in->count == before;       /* once is enough */
         item = item->next)
    {
        read_item(in, field, name, item, n, items + n * size);
        n++;
    }

    *list = (deals_list) { items, n };
}


static void
read_value(deals_input *in, const deals_field *field, const char *name,
    const deals_json *value, void *slot)
{
    switch (field->type) {

    case DEALS_BOOL:
        if (value->type == DEALS_JSON_BOOL) {
            *(int *) slot = value->boolean;
            return;
        }
        deals_input_bad(in, name, "must be true or false");
        return;

    case DEALS_INT:
        if (value->type == DEALS_JSON_INT && value->integer != DEALS_NULL_INT) {
            *(int64_t *) slot = value->integer;
            return;
        }
        deals_input_bad(in, name, "must be a whole number");
        return;

    case DEALS_FLOAT:
        if (value->type == DEALS_JSON_INT || value->type == DEALS_JSON_FLOAT) {
            *(double *) slot = value->number;
            return;
        }
        deals_input_bad(in, name, "must be a number");
        return;

    case DEALS_TEXT:
    case DEALS_URL:
        if (value->type == DEALS_JSON_STRING) {
            deals_input_text(in, name, value->string, slot);
            return;
        }
        deals_input_bad(in, name, "must be a string");
        return;

    case DEALS_TIME:
        if (value->type == DEALS_JSON_STRING
            && deals_time_parse(value->string, slot) == 0)
        {
            return;
        }
        deals_input_bad(in, name,
                        "must be a time such as \"2026-01-31T12:00:00Z\"");
        return;

    case DEALS_OBJECT:
        read_nested(in, field, name, value, slot);
        return;

    default:
        read_list(in, field, name, value, slot);
        return;
    }
}


/* One member; `seen` has a byte for each field of the shape. */
static void
read_member(deals_input *in, const deals_shape *shape,
    const deals_json *member, const char *prefix, void *out,
    unsigned char *seen)
{
    size_t              i;
    const char         *name;
    const deals_field  *field;

    field = deals_input_find(shape, member->name);

    if (field == NULL) {
        deals_input_unknown(in, prefix, member->name);
        return;
    }

    name = need(in, deals_arena_printf(in->arena, "%s%s", prefix,
                        field->name));
    if (name == NULL) {
        return;
    }

    i = (size_t) (field - shape->fields);

    if (seen[i]) {
        deals_input_bad(in, name, "is given twice");
        return;
    }

    seen[i] = 1;

    if (member->type != DEALS_JSON_NULL) {
        read_value(in, field, name, member, DEALS_SLOT(out, field));

    } else if (field->flags & DEALS_REQUIRED) {
        deals_input_bad(in, name, "is required");

    } else if (!(field->flags & DEALS_NULLABLE)) {
        deals_input_bad(in, name, "must not be null");
    }
}


static void
read_object(deals_input *in, const deals_shape *shape,
    const deals_json *object, const char *prefix, void *out, uint64_t *given)
{
    size_t              i;
    const char         *name;
    unsigned char      *seen;
    const deals_json   *member;
    const deals_field  *field;

    deals_input_clear(shape, out);

    seen = need(in, deals_arena_alloc(in->arena, shape->nfields));
    if (seen == NULL) {
        return;
    }

    for (member = object->first;
         member != NULL && in->count < DEALS_INPUT_ERRORS;
         member = member->next)
    {
        read_member(in, shape, member, prefix, out, seen);
    }

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];

        if (seen[i] && given != NULL && i < 64) {
            *given |= UINT64_C(1) << i;
        }

        if (!seen[i] && (field->flags & DEALS_REQUIRED)) {
            name = need(in, deals_arena_printf(in->arena, "%s%s", prefix,
                                field->name));
            if (name != NULL) {
                deals_input_bad(in, name, "is required");
            }
        }
    }
}
/* NOLINTEND(misc-no-recursion) */


int
deals_input_json(const deals_shape *shape, deals_str body, void *out,
    uint64_t *given, deals_arena *arena, const deals_error **error)
{
    deals_input        in;
    const deals_json  *root;

    if (given != NULL) {
        *given = 0;
    }

    in = (deals_input) { .arena = arena };
    deals_input_clear(shape, out);

    root = deals_json_read(arena, body, error);
    if (root == NULL) {
        return -1;
    }

    if (root->type != DEALS_JSON_OBJECT) {
        *error = deals_error_make(arena, DEALS_INVALID, NULL,
                     "The body must be a JSON object, not %s.",
                     deals_json_type_name(root->type));
        return -1;
    }

    read_object(&in, shape, root, "", out, given);

    return deals_input_end(&in, error);
}
