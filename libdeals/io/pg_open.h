/*
 * io/pg_open.h - a PGconn to a checked address.
 */

#ifndef DEALS_IO_PG_OPEN_H
#define DEALS_IO_PG_OPEN_H

#include <postgresql/libpq-fe.h>

#include "io/config.h"

/* Begins with target `first` (modulo their number), then tries the others.
 * `wait`: until it is connected or not. NULL: out of memory. */
PGconn  *deals_pg_open(const deals_pg_address *address, size_t first, int wait);

#endif /* DEALS_IO_PG_OPEN_H */
