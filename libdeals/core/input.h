/*
 * core/input.h - what reading JSON and reading forms have in common. The public
 * functions are in deals/input.h.
 */

#ifndef DEALS_CORE_INPUT_H
#define DEALS_CORE_INPUT_H

#include <deals/input.h>

#define DEALS_INPUT_ERRORS  20      /* more are not worth telling */

typedef struct {
    deals_arena        *arena;
    const deals_error  *errors;
    int                 count;      /* of the errors */
} deals_input;

/* A field that input may have, or NULL. */
const deals_field  *deals_input_find(const deals_shape *shape, deals_str name);

/* Zeroes, and the null values of what may be absent. */
void  deals_input_clear(const deals_shape *shape, void *out);

/* Notes what is wrong with a field. */
void  deals_input_bad(deals_input *in, const char *field, const char *fmt, ...)
          __attribute__((format(printf, 3, 4)));

/* Notes a field that nobody knows, in whatever way it is called. */
void  deals_input_unknown(deals_input *in, const char *prefix, deals_str name);

/* A text into *slot, or an error. */
void  deals_input_text(deals_input *in, const char *field, deals_str value,
          deals_str *slot);

/* 0, or -1 and *error: the end of every reading. */
int   deals_input_end(const deals_input *in, const deals_error **error);

/* The place of a field in the struct. */
#define DEALS_SLOT(out, field)  ((void *) ((char *) (out) + (field)->offset))

#endif /* DEALS_CORE_INPUT_H */
