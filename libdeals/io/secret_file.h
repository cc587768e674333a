/*
 * io/secret_file.h - an address, with its password, in a file; and keys.
 */

#ifndef DEALS_IO_SECRET_FILE_H
#define DEALS_IO_SECRET_FILE_H

#include <deals/types.h>

/* What "file:PATH" stands for in place of an address: the one line of the file,
 * without white space at its end, terminated by a zero. Refused if somebody but
 * its owner, which is root or the user of this process, may do anything with
 * it; a file of root's may be read by its group. Blocks. 0 or -1. */
int  deals_secret_file(deals_arena *arena, const char *path,
         const char *field, deals_str *line, deals_arena *error_arena,
         const deals_error **error);

/* The bytes of such a file, fewer than `size`; `what` they are, in messages. Who
 * asked for them wipes them. 0 or -1. */
int  deals_secret_bytes(const char *path, const char *field, const char *what,
         char *buf, size_t size, size_t *len, deals_arena *error_arena,
         const deals_error **error);

#endif /* DEALS_IO_SECRET_FILE_H */
