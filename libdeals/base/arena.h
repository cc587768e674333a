/*
 * base/arena.h - what the library itself needs of arenas beyond deals/types.h.
 */

#ifndef DEALS_BASE_ARENA_H
#define DEALS_BASE_ARENA_H

#include <deals/types.h>

/* n items of `size` bytes, zeroed; NULL when out of memory or too many. */
void    *deals_arena_array(deals_arena *arena, size_t n, size_t size);

/* release(thing) when the arena is freed. 0, or -1: out of memory, and it is
 * still the caller's. */
int      deals_arena_adopt(deals_arena *arena, void *thing,
             void (*release)(void *thing));

/* Bytes handed out so far. */
size_t   deals_arena_size(const deals_arena *arena);

/* 1: memory was asked for and not got, whatever came of it. */
int      deals_arena_refused(const deals_arena *arena);

/* Allocations fail as soon as more than `bytes` have been handed out: bounds
 * what one request may take, and lets tests run out of memory at every step. */
void     deals_arena_limit(deals_arena *arena, size_t bytes);

/* The contents of a buffer as a string of the arena; absent if the buffer
 * failed or memory ran out. The buffer is freed in any case. */
deals_str  deals_arena_take(deals_arena *arena, deals_buf *buf);

#endif /* DEALS_BASE_ARENA_H */
