/*
 * Rows as PostgreSQL sends them, for every statement, with cells of any length
 * and content: taken or refused, never read beyond. What the codec writes it
 * reads again as it was.
 */

#include "fuzz.h"

#include <math.h>

#include "io/codec.h"
#include "stmts.h"

#define CELLS  64


/* -- rows ----------------------------------------------------------------- */

/* Made of stmts.h: STATEMENT(name) for each, or PLAIN(name). With nothing but
 * zeroes; NULL: not a combination of blocks that there is. */
#define STATEMENT(name)                                                       \
    static deals_query *                                                      \
    make_##name(void)                                                         \
    {                                                                         \
        deals_##name##_params  p;                                             \
                                                                              \
        memset(&p, 0, sizeof(p));                                             \
        return deals_q_##name(arena, &p);                                     \
    }
#define PLAIN(name)                                                           \
    static deals_query *                                                      \
    make_##name(void)                                                         \
    {                                                                         \
        return deals_q_##name(arena);                                         \
    }
#include "fuzz_statements.h"
#undef STATEMENT
#undef PLAIN

#define STATEMENT(name)  { #name, make_##name },
#define PLAIN(name)      { #name, make_##name },
static const struct {
    const char    *name;
    deals_query  *(*make)(void);
} statements[] = {
#include "fuzz_statements.h"
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static const struct {
    const char         *name;
    const deals_shape  *shape;
} shaped[] = {
    { "feed_hot", &deals_card_shape }, { "feed_new", &deals_card_shape },
    { "feed_tag", &deals_card_shape }, { "deal_get", &deals_deal_shape },
    { "comment_get", &deals_comment_shape }, { "user_get", &deals_user_shape },
    { "session", &deals_me_shape }
};

/* Looks at all that a row holds, so that a sanitizer sees where it lies. */
static void
look(const deals_shape *shape, const void *row)
{
    size_t              i;
    const void         *slot;
    const deals_field  *field;

    for (i = 0; i < shape->nfields; i++) {
        field = &shape->fields[i];
        slot = (const char *) row + field->offset;

        if (field->type == DEALS_TEXT || field->type == DEALS_URL
            || field->type == DEALS_HTML)
        {
            (void) deals_utf8_count(*(const deals_str *) slot);

        } else if (field->type == DEALS_OBJECT
                   && *(const void *const *) slot != NULL)
        {
            look(field->shape, *(const void *const *) slot);
        }
    }
}


/* A byte for each cell: how long it is; of 0xff: NULL; of 0xfe: as long as its
 * type wants it. Each cell has memory of its own. */
static void
read_row(const char *name, const deals_query *query, deals_str *input)
{
    int            i, n = deals_stmts[query->stmt].ncols;
    void          *row;
    size_t         k;
    size_t         len;
    unsigned       c;
    deals_str      copies[CELLS];
    deals_cell     cells[CELLS];

    need(n <= CELLS);

    for (i = 0; i < n; i++) {
        c = take_byte(input);
        len = c;

        if (c == 0xfe) {
            switch (deals_stmts[query->stmt].col_types[i]) {
            case 16:
                len = 1;
                break;
            case 21:
                len = 2;
                break;
            case 23:
                len = 4;
                break;
            default:
                len = 8;
            }
        }

        copies[i] = own_copy(deals_str_sub(*input, 0, len));
        *input = deals_str_sub(*input, len, input->len);
        cells[i].data = (const unsigned char *) copies[i].data;
        cells[i].len = c == 0xff ? -1 : (int) copies[i].len;
    }

    row = calloc(1, query->row_size);
    need(row != NULL);

    if (query->decode(arena, cells, row) == 0) {
        for (k = 0; k < sizeof(shaped) / sizeof(shaped[0]); k++) {
            if (strcmp(shaped[k].name, name) == 0) {
                look(shaped[k].shape, row);
            }
        }
    }

    free(row);

    for (i = 0; i < n; i++) {
        free((void *) (uintptr_t) copies[i].data);
    }
}


/* -- values, there and back ----------------------------------------------- */

static int
cell_of(deals_encoder *e, deals_cell *cell)
{
    if (e->failed || e->n != 1) {
        return 0;
    }

    cell->data = (const unsigned char *) e->values[0];
    cell->len = e->values[0] != NULL ? e->lengths[0] : -1;

    return 1;
}


static void
numbers(int64_t value, int nullable)
{
    int            b;
    double         f, g;
    int64_t        n;
    deals_cell     cell;
    deals_encoder  e;

#define THERE_AND_BACK(encode, decode)                                        \
    deals_encode_begin(&e, arena, 1);                                         \
    encode(&e, value, nullable);                                              \
    if (cell_of(&e, &cell)) {                                                 \
        need(decode(&cell, nullable, &n) == 0 && n == value, "%" PRId64,      \
             value);                                                          \
    }

    THERE_AND_BACK(deals_encode_int2, deals_decode_int2)
    THERE_AND_BACK(deals_encode_int4, deals_decode_int4)
    THERE_AND_BACK(deals_encode_int8, deals_decode_int8)
    THERE_AND_BACK(deals_encode_time, deals_decode_time)
    THERE_AND_BACK(deals_encode_time_us, deals_decode_time_us)

    memcpy(&f, &value, sizeof(f));
    deals_encode_begin(&e, arena, 1);
    deals_encode_float8(&e, f, nullable);
    if (cell_of(&e, &cell)) {
        need(deals_decode_float8(&cell, nullable, &g) == 0);
        need(isnan(f) ? isnan(g) : memcmp(&f, &g, sizeof(f)) == 0);
    }

    deals_encode_begin(&e, arena, 1);
    deals_encode_bool(&e, value & 1, nullable);
    need(cell_of(&e, &cell) && deals_decode_bool(&cell, nullable, &b) == 0
         && b == (value & 1));
}


static void
texts(deals_str input)
{
    size_t         n;
    deals_str      items[16];
    deals_cell     cell;
    deals_list     list;
    deals_encoder  e;

    for (n = 0; n < 16 && input.len > 0; n++) {
        items[n] = take_part(&input);
    }

    deals_encode_begin(&e, arena, 1);
    deals_encode_texts(&e, items, n, 0);
    need(cell_of(&e, &cell));
    need(deals_decode_texts(&cell, 0, arena, &list) == 0 && list.len == n);

    while (n-- > 0) {
        need_same(((const deals_str *) list.items)[n], items[n]);
    }
}


static void
list_of(deals_str input)
{
    size_t      i;
    deals_cell  cell = { (const unsigned char *) input.data, (int) input.len };
    deals_list  list;

    if (deals_decode_texts(&cell, 0, arena, &list) == 0) {
        for (i = 0; i < list.len; i++) {
            need(((const deals_str *) list.items)[i].data != NULL);
            (void) deals_utf8_count(((const deals_str *) list.items)[i]);
        }
        need(list.len <= input.len);
    }
}


/* A byte for what is done. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char         *memory;
    size_t        i;
    deals_str     input;
    deals_query  *query;

    if (size < 1) {
        return 0;
    }

    input = input_of(data + 1, size - 1);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();

    switch (data[0]) {
    case 0xff:
        numbers((int64_t) take_number(&input, 8), (int) take_byte(&input) & 1);
        break;
    case 0xfe:
        texts(input);
        break;
    case 0xfd:
        list_of(input);
        break;
    default:
        i = data[0] % STATEMENTS;
        query = statements[i].make();
        if (query != NULL && query->decode != NULL) {
            read_row(statements[i].name, query, &input);
        }
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
