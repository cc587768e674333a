/*
 * base/error.h - making errors. The type is in deals/types.h.
 */

#ifndef DEALS_BASE_ERROR_H
#define DEALS_BASE_ERROR_H

#include <deals/types.h>

/* What is returned when there is no memory to say more. Static. */
extern const deals_error  deals_error_no_memory;

/* An error in `arena`; field NULL or "": about no field. Never NULL: without
 * memory it is deals_error_no_memory. */
const deals_error  *deals_error_make(deals_arena *arena, deals_code code,
                        const char *field, const char *fmt, ...)
                        __attribute__((format(printf, 4, 5)));

/* Appends an error to a list (*list NULL: starts it). Without memory the list
 * becomes deals_error_no_memory. Always returns -1, so that a check can end
 * with `return deals_error_add(...)`. The list's errors must come from
 * deals_error_make or deals_error_add. */
int  deals_error_add(deals_arena *arena, const deals_error **list,
         deals_code code, const char *field, const char *fmt, ...)
         __attribute__((format(printf, 5, 6)));

/* *list = deals_error_no_memory; returns -1. */
int  deals_error_oom(const deals_error **list);

/* The first error about this field in the list, or NULL. */
const deals_error  *deals_error_of(const deals_error *list, const char *field);

#endif /* DEALS_BASE_ERROR_H */
