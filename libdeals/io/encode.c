/*
 * io/encode.c - the parameters of a statement, in PostgreSQL's binary format.
 */

#include <limits.h>
#include <math.h>
#include <string.h>

#include "io/binary.h"
#include "io/codec.h"


static void
put_int(char *to, uint64_t value, int size)
{
    int  i;

    for (i = size - 1; i >= 0; i--) {
        to[i] = (char) (value & 0xff);
        value >>= 8;
    }
}


static int
fits(int64_t value, int size)
{
    switch (size) {
    case 2:
        return value >= INT16_MIN && value <= INT16_MAX;
    case 4:
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        return 1;
    }
}


/* Since 1970 in units of a second (unit USEC) or microsecond (unit 1) to
 * PostgreSQL's; 0, or -1 out of its range. */
static int
to_time(int64_t value, int64_t unit, int64_t *out)
{
    int64_t  usec;

    if (__builtin_mul_overflow(value, unit, &usec)
        || __builtin_sub_overflow(usec, EPOCH_2000 * USEC, &usec)
        || usec < TIME_MIN || usec >= TIME_END)
    {
        return -1;
    }
    *out = usec;
    return 0;
}


void
deals_encode_begin(deals_encoder *e, deals_arena *arena, int max)
{
    memset(e, 0, sizeof(*e));
    e->arena = arena;
    e->max = max;
    if (max > 0) {
        e->values = deals_arena_alloc(arena, (size_t) max * sizeof(char *));
        e->lengths = deals_arena_alloc(arena, (size_t) max * sizeof(int));
        e->failed = e->values == NULL || e->lengths == NULL;
    }
}


deals_query *
deals_encode_end(deals_encoder *e, unsigned stmt,
    int (*decode)(deals_arena *arena, const deals_cell *cells, void *row),
    size_t row_size)
{
    deals_query  *query;

    if (e->failed || e->n != deals_stmts[stmt].nparams) {
        return NULL;
    }
    query = deals_arena_alloc(e->arena, sizeof(*query));
    if (query == NULL) {
        return NULL;
    }
    query->stmt = stmt;
    query->values = e->values;
    query->lengths = e->lengths;
    query->decode = decode;
    query->row_size = row_size;
    return query;
}


/* Room for the next parameter; NULL: it failed. */
static char *
add(deals_encoder *e, size_t len)
{
    char  *room;

    if (e->failed) {
        return NULL;
    }
    if (e->n >= e->max || len > INT_MAX) {
        e->failed = 1;
        return NULL;
    }
    room = deals_arena_alloc(e->arena, len > 0 ? len : 1);
    if (room == NULL) {
        e->failed = 1;
        return NULL;
    }
    e->values[e->n] = room;
    e->lengths[e->n] = (int) len;
    e->n++;
    return room;
}


static void
add_null(deals_encoder *e)
{
    if (e->failed) {
        return;
    }
    if (e->n >= e->max) {
        e->failed = 1;
        return;
    }
    e->values[e->n] = NULL;
    e->lengths[e->n] = 0;
    e->n++;
}


static void
add_int(deals_encoder *e, int64_t value, int nullable, int size)
{
    char  *room;

    if (nullable && value == DEALS_NULL_INT) {
        add_null(e);
        return;
    }
    if (!fits(value, size)) {
        e->failed = 1;
        return;
    }
    room = add(e, (size_t) size);
    if (room != NULL) {
        put_int(room, (uint64_t) value, size);
    }
}


void
deals_encode_int2(deals_encoder *e, int64_t value, int nullable)
{
    add_int(e, value, nullable, 2);
}


void
deals_encode_int4(deals_encoder *e, int64_t value, int nullable)
{
    add_int(e, value, nullable, 4);
}


void
deals_encode_int8(deals_encoder *e, int64_t value, int nullable)
{
    add_int(e, value, nullable, 8);
}


static void
add_time(deals_encoder *e, int64_t value, int nullable, int64_t unit)
{
    int64_t  usec;

    if (nullable && value == DEALS_NULL_INT) {
        add_null(e);
        return;
    }
    if (to_time(value, unit, &usec) != 0) {
        e->failed = 1;
        return;
    }
    add_int(e, usec, 0, 8);
}


void
deals_encode_time(deals_encoder *e, int64_t value, int nullable)
{
    add_time(e, value, nullable, USEC);
}


void
deals_encode_time_us(deals_encoder *e, int64_t value, int nullable)
{
    add_time(e, value, nullable, 1);
}


void
deals_encode_float8(deals_encoder *e, double value, int nullable)
{
    int64_t  bits;

    if (nullable && isnan(value)) {
        add_null(e);
        return;
    }
    memcpy(&bits, &value, sizeof(bits));
    add_int(e, bits, 0, 8);
}


void
deals_encode_bool(deals_encoder *e, int value, int nullable)
{
    char  *room;

    if (nullable && value < 0) {
        add_null(e);
        return;
    }
    room = add(e, 1);
    if (room != NULL) {
        *room = value != 0;
    }
}


void
deals_encode_text(deals_encoder *e, deals_str value, int nullable)
{
    char  *room;

    (void) nullable;

    if (value.data == NULL) {
        add_null(e);
        return;
    }
    room = add(e, value.len);
    if (room != NULL && value.len > 0) {
        memcpy(room, value.data, value.len);
    }
}


/* Room for an array of n items, `size` bytes in all with their lengths; the
 * header is written. */
static char *
add_array(deals_encoder *e, uint32_t oid, size_t n, size_t size)
{
    char  *room;

    if (n == 0) {
        room = add(e, 12);              /* no dimensions */
        if (room != NULL) {
            put_int(room + 8, oid, 4);
        }
        return NULL;
    }
    if (n > INT32_MAX || size > INT_MAX - 20) {
        e->failed = 1;
        return NULL;
    }
    room = add(e, 20 + size);
    if (room == NULL) {
        return NULL;
    }
    put_int(room, 1, 4);                /* dimensions */
    put_int(room + 4, 0, 4);            /* no NULLs */
    put_int(room + 8, oid, 4);
    put_int(room + 12, n, 4);
    put_int(room + 16, 1, 4);           /* lower bound */
    return room + 20;
}


static void
add_ints(deals_encoder *e, const int64_t *items, size_t n, int nullable,
    uint32_t oid, int size)
{
    char    *room;
    size_t   i;

    if (items == NULL && nullable) {
        add_null(e);
        return;
    }
    if (items == NULL) {
        n = 0;
    }
    if (n > INT_MAX / 16) {
        e->failed = 1;
        return;
    }
    room = add_array(e, oid, n, n * (4 + (size_t) size));
    for (i = 0; room != NULL && i < n; i++) {
        if (!fits(items[i], size)) {
            e->failed = 1;
            return;
        }
        put_int(room, (uint64_t) size, 4);
        put_int(room + 4, (uint64_t) items[i], size);
        room += 4 + size;
    }
}


void
deals_encode_int2s(deals_encoder *e, const int64_t *items, size_t n,
    int nullable)
{
    add_ints(e, items, n, nullable, OID_INT2, 2);
}


void
deals_encode_int4s(deals_encoder *e, const int64_t *items, size_t n,
    int nullable)
{
    add_ints(e, items, n, nullable, OID_INT4, 4);
}


void
deals_encode_int8s(deals_encoder *e, const int64_t *items, size_t n,
    int nullable)
{
    add_ints(e, items, n, nullable, OID_INT8, 8);
}


static void
add_times(deals_encoder *e, const int64_t *items, size_t n, int nullable,
    int64_t unit)
{
    size_t    i;
    int64_t  *times;

    if (items == NULL || n == 0 || n > INT_MAX / 16) {
        add_ints(e, items, n, nullable, OID_TIMESTAMPTZ, 8);
        return;
    }
    times = deals_arena_alloc(e->arena, n * sizeof(int64_t));
    if (times == NULL) {
        e->failed = 1;
        return;
    }
    for (i = 0; i < n; i++) {
        if (to_time(items[i], unit, &times[i]) != 0) {
            e->failed = 1;
            return;
        }
    }
    add_ints(e, times, n, 0, OID_TIMESTAMPTZ, 8);
}


void
deals_encode_times(deals_encoder *e, const int64_t *items, size_t n,
    int nullable)
{
    add_times(e, items, n, nullable, USEC);
}


void
deals_encode_times_us(deals_encoder *e, const int64_t *items, size_t n,
    int nullable)
{
    add_times(e, items, n, nullable, 1);
}


void
deals_encode_texts(deals_encoder *e, const deals_str *items, size_t n,
    int nullable)
{
    char    *room;
    size_t   i, size;

    if (items == NULL && nullable) {
        add_null(e);
        return;
    }
    if (items == NULL) {
        n = 0;
    }
    size = 0;
    for (i = 0; i < n; i++) {
        if (items[i].data == NULL || items[i].len > INT_MAX
            || size > INT_MAX)
        {
            e->failed = 1;
            return;
        }
        size += 4 + items[i].len;
    }
    room = add_array(e, OID_TEXT, n, size);
    for (i = 0; room != NULL && i < n; i++) {
        put_int(room, items[i].len, 4);
        memcpy(room + 4, items[i].data, items[i].len);
        room += 4 + items[i].len;
    }
}
