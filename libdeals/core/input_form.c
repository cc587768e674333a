/*
 * core/input_form.c - a form's body, or a query string, into a struct.
 */

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/form.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "core/input.h"
#include "core/money.h"

#define CURRENCY    "currency"
#define SEPARATORS  ", \t\r\n"

typedef struct {
    deals_input         in;
    const deals_shape  *shape;
    deals_list          pairs;
    deals_str          *values;     /* one for each field; absent: not given */
    deals_str           currency;   /* of all prices; absent: not given */
} form;


/* A field that a form can carry. */
static const deals_field *
find(const deals_shape *shape, deals_str name)
{
    const deals_field  *field;

    field = deals_input_find(shape, name);

    if (field == NULL
        || (field->type == DEALS_OBJECT && field->shape != &deals_money_shape)
        || (field->type == DEALS_LIST && field->shape != NULL))
    {
        return NULL;
    }

    return field;
}


static int
has_money(const deals_shape *shape)
{
    size_t  i;

    for (i = 0; i < shape->nfields; i++) {
        if (shape->fields[i].shape == &deals_money_shape
            && shape->fields[i].type == DEALS_OBJECT)
        {
            return 1;
        }
    }

    return 0;
}


/* Notes which fields have which values. */
static void
gather(form *f, int unknown_is_bad)
{
    int                 money;
    size_t              i;
    deals_str          *value;
    const deals_pair   *pair;
    const deals_field  *field;

    money = has_money(f->shape);
    pair = f->pairs.items;

    for (i = 0; i < f->pairs.len; i++) {
        field = find(f->shape, pair[i].name);

        if (field != NULL) {
            value = &f->values[field - f->shape->fields];

        } else if (money && deals_str_is(pair[i].name, CURRENCY)) {
            value = &f->currency;

        } else {
            if (unknown_is_bad) {
                deals_input_unknown(&f->in, "", pair[i].name);
            }
            continue;
        }

        if (value->data != NULL
            && (field == NULL || field->type != DEALS_LIST))
        {
            deals_input_bad(&f->in, pair[i].name.data, "is given twice");
            continue;
        }

        *value = pair[i].value;
    }
}


static size_t
count_words(deals_str text)
{
    size_t     n;
    deals_str  word;

    for (n = 0; deals_str_word(&text, SEPARATORS, &word); n++) { /* void */ }

    return n;
}


/* The words of all pairs of this name. */
static void
read_list(form *f, const deals_field *field, deals_list *list)
{
    size_t             i, n;
    deals_str          rest, word, *items;
    const deals_pair  *pair;

    pair = f->pairs.items;
    n = 0;

    for (i = 0; i < f->pairs.len; i++) {
        if (deals_str_is(pair[i].name, field->name)) {
            n += count_words(pair[i].value);
        }
    }

    items = deals_arena_array(f->in.arena, n, sizeof(*items));
    if (items == NULL) {
        (void) deals_error_oom(&f->in.errors);
        return;
    }

    *list = (deals_list) { items, 0 };

    for (i = 0; i < f->pairs.len; i++) {
        if (!deals_str_is(pair[i].name, field->name)) {
            continue;
        }

        rest = pair[i].value;

        while (deals_str_word(&rest, SEPARATORS, &word)) {
            if (word.len > 0) {
                items[list->len++] = word;
            }
        }
    }
}


static void
read_money(form *f, const deals_field *field, deals_str value,
    const deals_money **slot)
{
    deals_str           currency;
    deals_money        *money;
    const deals_error  *error;

    money = deals_arena_alloc(f->in.arena, sizeof(*money));
    if (money == NULL) {
        (void) deals_error_oom(&f->in.errors);
        return;
    }

    /* an unknown one is told once, about its own field */
    currency = deals_currency_find(f->currency) ? f->currency : DEALS_NONE;
    error = NULL;

    if (deals_money_parse(f->in.arena, field->name, value, currency, money,
                          &error) != 0)
    {
        if (error == &deals_error_no_memory) {
            (void) deals_error_oom(&f->in.errors);
            return;
        }

        deals_input_bad(&f->in, field->name, "%.*s",
                        DEALS_FMT(error->message));
        return;
    }

    *slot = money;
}


static int
read_bool(deals_str value, int *slot)
{
    size_t  i;

    static const struct {
        const char  *text;
        int          value;
    } words[] = {
        { "on", 1 }, { "1", 1 }, { "true", 1 },
        { "", 0 }, { "0", 0 }, { "off", 0 }, { "false", 0 }
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (deals_str_is(value, words[i].text)) {
            *slot = words[i].value;
            return 0;
        }
    }

    return -1;
}


static int
read_float(deals_arena *arena, deals_str value, double *slot)
{
    const deals_json   *json;
    const deals_error  *error;

    json = deals_json_read(arena, value, &error);

    if (json == NULL || (json->type != DEALS_JSON_INT
                         && json->type != DEALS_JSON_FLOAT))
    {
        return -1;
    }

    *slot = json->number;

    return 0;
}


static void
read_value(form *f, const deals_field *field, deals_str value, void *slot)
{
    int64_t      n;
    const char  *problem;

    problem = NULL;

    switch (field->type) {

    case DEALS_BOOL:
        if (read_bool(value, slot) != 0) {
            problem = "must be \"on\" or \"off\"";
        }
        break;

    case DEALS_INT:
        if (deals_str_int(value, &n) != 0 || n == DEALS_NULL_INT) {
            problem = "must be a whole number";
        } else {
            *(int64_t *) slot = n;
        }
        break;

    case DEALS_FLOAT:
        if (read_float(f->in.arena, value, slot) != 0) {
            problem = "must be a number";
        }
        break;

    case DEALS_TIME:
        if (deals_time_parse_local(value, slot) != 0
            && deals_time_parse(value, slot) != 0)
        {
            problem = "must be a time such as \"2026-01-31T12:00\"";
        }
        break;

    case DEALS_OBJECT:
        read_money(f, field, value, slot);
        break;

    case DEALS_LIST:
        read_list(f, field, slot);
        break;

    default:
        deals_input_text(&f->in, field->name, value, slot);
        break;
    }

    if (problem != NULL) {
        deals_input_bad(&f->in, field->name, "%s", problem);
    }
}


static void
read_fields(form *f, void *out, uint64_t *given)
{
    size_t              i;
    deals_str           value;
    const deals_field  *field;

    if (f->currency.len > 0 && deals_currency_find(f->currency) == NULL) {
        deals_input_bad(&f->in, CURRENCY, "must be a currency's code of three "
                        "letters, as \"USD\"");
    }

    for (i = 0; i < f->shape->nfields; i++) {
        field = &f->shape->fields[i];
        value = f->values[i];

        if (value.data != NULL && given != NULL && i < 64) {
            *given |= UINT64_C(1) << i;
        }

        if (value.len == 0 && (field->flags & DEALS_REQUIRED)) {
            deals_input_bad(&f->in, field->name, "is required");

        } else if (value.len > 0
                   || (value.data != NULL
                       && (field->type == DEALS_LIST
                           || !(field->flags & DEALS_NULLABLE))))
        {
            read_value(f, field, value, DEALS_SLOT(out, field));
        }
    }
}


/* The pairs of a query whose names are known: what stands in the others, broken
 * or not, is nobody's business. Absent: out of memory. */
static deals_str
known_pairs(deals_arena *arena, const deals_shape *shape, deals_str text)
{
    int        rc;
    ptrdiff_t  equals;
    deals_buf  buf;
    deals_str  word, name;

    deals_buf_init(&buf);

    while (deals_str_word(&text, "&", &word)) {
        equals = deals_str_index(word, '=');
        name = equals < 0 ? word : deals_str_sub(word, 0, (size_t) equals);

        rc = deals_percent_decode(arena, name, 1, &name);

        if (rc == -2) {
            deals_buf_free(&buf);
            return DEALS_NONE;
        }

        if (rc == 0
            && (find(shape, name) != NULL || deals_str_is(name, CURRENCY)))
        {
            deals_buf_str(&buf, word);
            deals_buf_char(&buf, '&');
        }
    }

    return deals_arena_take(arena, &buf);
}


static int
read_pairs(const deals_shape *shape, deals_str text, int unknown_is_bad,
    void *out, uint64_t *given, deals_arena *arena, const deals_error **error)
{
    form  f;

    if (given != NULL) {
        *given = 0;
    }

    deals_input_clear(shape, out);

    f = (form) { .in = { .arena = arena }, .shape = shape };

    if (deals_form_read(arena, text, &f.pairs, error) != 0) {
        return -1;
    }

    f.values = deals_arena_array(arena, shape->nfields, sizeof(*f.values));
    if (f.values == NULL) {
        return deals_error_oom(error);
    }

    gather(&f, unknown_is_bad);
    read_fields(&f, out, given);

    return deals_input_end(&f.in, error);
}


int
deals_input_form(const deals_shape *shape, deals_str body, void *out,
    uint64_t *given, deals_arena *arena, const deals_error **error)
{
    return read_pairs(shape, body, 1, out, given, arena, error);
}


int
deals_input_query(const deals_shape *shape, deals_str query, void *out,
    uint64_t *given, deals_arena *arena, const deals_error **error)
{
    query = known_pairs(arena, shape, query);

    if (query.data == NULL) {
        deals_input_clear(shape, out);
        return deals_error_oom(error);
    }

    return read_pairs(shape, query, 0, out, given, arena, error);
}
