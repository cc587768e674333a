/*
 * io/codec.h - PostgreSQL's binary format: what the generated code binds
 * parameters and decodes columns with. Knows no libpq.
 */

#ifndef DEALS_IO_CODEC_H
#define DEALS_IO_CODEC_H

#include "io/stmt.h"

/*
 * io/encode.c: the parameters of one execution, added in order. An error (out
 * of memory, a value that its type can't hold) is remembered and told by
 * deals_encode_end. Everything is copied into the arena.
 */
typedef struct {
    deals_arena   *arena;
    const char   **values;
    int           *lengths;
    int            n;
    int            max;
    int            failed;
} deals_encoder;

void          deals_encode_begin(deals_encoder *e, deals_arena *arena, int max);
/* NULL: something failed, or deals_stmts[stmt] takes another number. */
deals_query  *deals_encode_end(deals_encoder *e, unsigned stmt,
                  int (*decode)(deals_arena *arena, const deals_cell *cells,
                                void *row),
                  size_t row_size);

/* nullable: the null value of types.h becomes SQL NULL. A text that is absent
 * always does. */
void  deals_encode_int2(deals_encoder *e, int64_t value, int nullable);
void  deals_encode_int4(deals_encoder *e, int64_t value, int nullable);
void  deals_encode_int8(deals_encoder *e, int64_t value, int nullable);
void  deals_encode_float8(deals_encoder *e, double value, int nullable);
void  deals_encode_bool(deals_encoder *e, int value, int nullable);
void  deals_encode_text(deals_encoder *e, deals_str value, int nullable);
/* seconds, microseconds since 1970 */
void  deals_encode_time(deals_encoder *e, int64_t value, int nullable);
void  deals_encode_time_us(deals_encoder *e, int64_t value, int nullable);

/* Arrays. items NULL: SQL NULL if nullable, else an empty array. */
void  deals_encode_int2s(deals_encoder *e, const int64_t *items, size_t n,
          int nullable);
void  deals_encode_int4s(deals_encoder *e, const int64_t *items, size_t n,
          int nullable);
void  deals_encode_int8s(deals_encoder *e, const int64_t *items, size_t n,
          int nullable);
void  deals_encode_times(deals_encoder *e, const int64_t *items, size_t n,
          int nullable);
void  deals_encode_times_us(deals_encoder *e, const int64_t *items, size_t n,
          int nullable);
void  deals_encode_texts(deals_encoder *e, const deals_str *items, size_t n,
          int nullable);

/* io/decode.c: whether what is decoded of this type needs its cell no more. */
int   deals_is_number(uint32_t oid);

/*
 * One column each. 0, or -1: the bytes are not of that type, NULL where it must
 * not be, out of memory. Texts are not copied: they lie where the cell does.
 */
int   deals_decode_int2(const deals_cell *cell, int nullable, int64_t *out);
int   deals_decode_int4(const deals_cell *cell, int nullable, int64_t *out);
int   deals_decode_int8(const deals_cell *cell, int nullable, int64_t *out);
int   deals_decode_float8(const deals_cell *cell, int nullable, double *out);
int   deals_decode_bool(const deals_cell *cell, int nullable, int *out);
int   deals_decode_text(const deals_cell *cell, int nullable, deals_str *out);
int   deals_decode_time(const deals_cell *cell, int nullable, int64_t *out);
int   deals_decode_time_us(const deals_cell *cell, int nullable, int64_t *out);
/* A list of deals_str; an array with a NULL in it is refused. */
int   deals_decode_texts(const deals_cell *cell, int nullable,
          deals_arena *arena, deals_list *out);

#endif /* DEALS_IO_CODEC_H */
