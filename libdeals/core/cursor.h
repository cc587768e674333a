/*
 * core/cursor.h - where a list goes on. A cursor names the list it belongs to,
 * so that one of another list (or another window, tag or member) is refused,
 * and holds the sort keys of the last row shown.
 *
 * Format, before base64url: version 1; list; qualifier (length, bytes); state,
 * snapshot (8 bytes each, big-endian); number of keys and one type letter
 * each; the keys (8 bytes each); CRC-32 of all before. The checksum finds
 * damage; it is no signature: every value is checked when read.
 */

#ifndef DEALS_CORE_CURSOR_H
#define DEALS_CORE_CURSOR_H

#include <deals/types.h>

#define DEALS_CURSOR_KEYS       4
#define DEALS_CURSOR_QUALIFIER  100         /* bytes */

typedef union {
    int64_t  i;
    double   f;
} deals_cursor_key;

typedef struct {
    int               list;         /* 1..255: the caller's enum */
    deals_str         qualifier;    /* "day", "tag:lego", "user:kim"; may be
                                       absent = empty */
    int64_t           state;        /* the caller's, >= 0: e.g. the start of the
                                       window */
    int64_t           snapshot;     /* >= 0; 0: none */
    const char       *types;        /* one letter a key:
                                         'i' an id, 1 .. 2^53 - 1
                                         't' seconds, years 1 .. 9999
                                         'n' any number of 32 bits
                                         'f' a finite double */
    deals_cursor_key  keys[DEALS_CURSOR_KEYS];
} deals_cursor;

/* Absent: out of memory, or a value that decoding would refuse. */
deals_str  deals_cursor_encode(deals_arena *arena, const deals_cursor *cursor);

/* `cursor` comes with list, qualifier and types set to what is expected; state,
 * snapshot and keys are filled. 0, or -1 and *error: DEALS_MALFORMED about
 * the field "cursor", or DEALS_NO_MEMORY. */
int        deals_cursor_decode(deals_arena *arena, deals_str text,
               deals_cursor *cursor, const deals_error **error);

#endif /* DEALS_CORE_CURSOR_H */
