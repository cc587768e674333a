/*
 * deals/breached.h - a file of passwords that breaches of other sites have made
 * known, so that nobody takes one of them for a new password. The file is the
 * operator's; nothing here asks anybody over a network.
 */

#ifndef DEALS_BREACHED_H
#define DEALS_BREACHED_H

#include <deals/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct deals_breached  deals_breached;

/*
 * Opens a file of lines "SHA1" or "SHA1:COUNT", the hash of a password in 40
 * hexadecimal digits, sorted by it, as the Pwned Passwords of Have I Been Pwned
 * come; of any size, lines ending in LF or CRLF. Up to 1 MiB is read and held
 * against that: all of a small file, pieces of a large one. Blocks.
 *
 * The file that was opened is asked until deals_breached_close, whatever its
 * name stands for by then.
 *
 * NULL and *error (in `arena`): INVALID, field "breached_passwords" (it can't be
 * opened, is in another format or not sorted), NO_MEMORY.
 */
DEALS_API deals_breached  *deals_breached_open(const char *path,
                               deals_arena *arena, const deals_error **error);

/* 1: it is one of them; 0: it is not; -1: the file can't be read any more, or
 * is none of that format by now. Reads some 20 times from the file, and so may
 * wait for a disk. May be called from any thread. */
DEALS_API int              deals_breached_has(const deals_breached *set,
                               deals_str password);

/* Contexts made with it (deals_config) may go on, and it with them. NULL is
 * ok. */
DEALS_API void             deals_breached_close(deals_breached *set);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_BREACHED_H */
