/*
 * io/conninfo.h - reading of a conninfo string or URI. Only io/conninfo*.c
 * include it, and libpq.
 */

#ifndef DEALS_IO_CONNINFO_H
#define DEALS_IO_CONNINFO_H

#include <postgresql/libpq-fe.h>

#include "base/error.h"
#include "io/config.h"

#define DEALS_PG_TARGETS  16    /* of an address, at most */
#define DEALS_PG_OPTIONS  64

typedef struct {
    deals_arena          *arena;
    deals_arena          *error_arena;
    const deals_error   **error;
    deals_pg_address     *address;
    int                   remote;   /* some target is over a network */
    int                   tcp;      /* some target is not a unix socket */
} deals_conninfo;

#define REFUSE(r, ...)                                                        \
    deals_error_add((r)->error_arena, (r)->error, DEALS_INVALID, "database",  \
                    __VA_ARGS__)

/* In the address' memory; NULL: there is none. */
const char  *deals_conninfo_copy(deals_conninfo *r, deals_str s);

/* Of a keyword; NULL: none. */
const char  *deals_conninfo_value(const PQconninfoOption *options,
                 const char *keyword);

/* host, hostaddr and port, or what the environment has set. 0, or -1. */
int          deals_conninfo_targets(deals_conninfo *r,
                 const PQconninfoOption *given, const PQconninfoOption *preset);

#endif /* DEALS_IO_CONNINFO_H */
