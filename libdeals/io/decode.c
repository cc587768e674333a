/*
 * io/decode.c - the columns of a row, out of PostgreSQL's binary format.
 */

#include <endian.h>
#include <math.h>
#include <string.h>

#include "io/binary.h"
#include "io/codec.h"


static int64_t
get_int(const unsigned char *from, int size)
{
    uint16_t  n2;
    uint32_t  n4;
    uint64_t  n8;

    switch (size) {
    case 2:
        memcpy(&n2, from, sizeof(n2));
        return (int16_t) be16toh(n2);
    case 4:
        memcpy(&n4, from, sizeof(n4));
        return (int32_t) be32toh(n4);
    default:
        memcpy(&n8, from, sizeof(n8));
        return (int64_t) be64toh(n8);
    }
}


int
deals_is_number(uint32_t oid)
{
    return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2
           || oid == OID_TIMESTAMPTZ || oid == OID_FLOAT8 || oid == OID_BOOL;
}


/* 1: NULL, and allowed to be; 0: a value of `size` bytes; -1: neither. */
static int
is_null(const deals_cell *cell, int nullable, int size)
{
    if (cell->len < 0) {
        return nullable ? 1 : -1;
    }
    return cell->len == size ? 0 : -1;
}


static int
decode_int(const deals_cell *cell, int nullable, int size, int64_t *out)
{
    switch (is_null(cell, nullable, size)) {
    case 1:
        *out = DEALS_NULL_INT;
        return 0;
    case 0:
        *out = get_int(cell->data, size);
        return 0;
    default:
        return -1;
    }
}


int
deals_decode_int2(const deals_cell *cell, int nullable, int64_t *out)
{
    return decode_int(cell, nullable, 2, out);
}


int
deals_decode_int4(const deals_cell *cell, int nullable, int64_t *out)
{
    return decode_int(cell, nullable, 4, out);
}


int
deals_decode_int8(const deals_cell *cell, int nullable, int64_t *out)
{
    return decode_int(cell, nullable, 8, out);
}


int
deals_decode_time_us(const deals_cell *cell, int nullable, int64_t *out)
{
    int64_t  usec;

    if (decode_int(cell, nullable, 8, &usec) != 0) {
        return -1;
    }
    if (cell->len < 0) {
        *out = DEALS_NULL_INT;
        return 0;
    }
    /* Infinities are no times here. */
    if (usec < TIME_MIN || usec >= TIME_END
        || __builtin_add_overflow(usec, EPOCH_2000 * USEC, out))
    {
        return -1;
    }
    return 0;
}


int
deals_decode_time(const deals_cell *cell, int nullable, int64_t *out)
{
    int64_t  usec;

    if (deals_decode_time_us(cell, nullable, &usec) != 0) {
        return -1;
    }
    if (cell->len < 0) {
        *out = DEALS_NULL_INT;
        return 0;
    }
    *out = usec / USEC - (usec % USEC < 0);
    return 0;
}


int
deals_decode_float8(const deals_cell *cell, int nullable, double *out)
{
    int64_t  bits;

    switch (is_null(cell, nullable, 8)) {
    case 1:
        *out = NAN;
        return 0;
    case 0:
        bits = get_int(cell->data, 8);
        memcpy(out, &bits, sizeof(*out));
        return isnan(*out) && nullable ? -1 : 0;
    default:
        return -1;
    }
}


int
deals_decode_bool(const deals_cell *cell, int nullable, int *out)
{
    switch (is_null(cell, nullable, 1)) {
    case 1:
        *out = -1;
        return 0;
    case 0:
        *out = cell->data[0] != 0;
        return 0;
    default:
        return -1;
    }
}


int
deals_decode_text(const deals_cell *cell, int nullable, deals_str *out)
{
    if (cell->len < 0) {
        *out = DEALS_NONE;
        return nullable ? 0 : -1;
    }
    out->data = (const char *) cell->data;
    out->len = (size_t) cell->len;
    return 0;
}


int
deals_decode_texts(const deals_cell *cell, int nullable, deals_arena *arena,
    deals_list *out)
{
    int64_t               n, i, len;
    deals_str            *items;
    const unsigned char  *p, *end;

    memset(out, 0, sizeof(*out));
    if (cell->len < 0) {
        return nullable ? 0 : -1;
    }
    if (cell->len < 12 || get_int(cell->data + 8, 4) != OID_TEXT) {
        return -1;
    }
    p = cell->data;
    end = p + cell->len;
    if (get_int(p, 4) == 0) {
        return 0;
    }
    if (get_int(p, 4) != 1 || cell->len < 20) {
        return -1;
    }
    n = get_int(p + 12, 4);
    p += 20;
    if (n < 1 || n > (end - p) / 4) {
        return -1;
    }
    items = deals_arena_alloc(arena, (size_t) n * sizeof(deals_str));
    if (items == NULL) {
        return -1;
    }
    for (i = 0; i < n; i++) {
        if (end - p < 4) {
            return -1;
        }
        len = get_int(p, 4);
        p += 4;
        if (len < 0 || len > end - p) {
            return -1;
        }
        items[i].data = (const char *) p;
        items[i].len = (size_t) len;
        p += len;
    }
    if (p != end) {
        return -1;
    }
    out->items = items;
    out->len = (size_t) n;
    return 0;
}
