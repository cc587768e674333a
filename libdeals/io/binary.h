/*
 * io/binary.h - PostgreSQL's binary format: numbers are big-endian, times are
 * microseconds since 2000, an array is a header and its items with their
 * lengths. Only io/encode.c and io/decode.c include it.
 */

#ifndef DEALS_IO_BINARY_H
#define DEALS_IO_BINARY_H

#include <stdint.h>

#define EPOCH_2000   INT64_C(946684800)
#define USEC         INT64_C(1000000)
/* PostgreSQL's own limits of a timestamptz, in microseconds since 2000. */
#define TIME_MIN     INT64_C(-211813488000000000)
#define TIME_END     INT64_C(9223371331200000000)

enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23,
       OID_TEXT = 25, OID_FLOAT8 = 701, OID_TIMESTAMPTZ = 1184 };

#endif /* DEALS_IO_BINARY_H */
