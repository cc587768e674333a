/*
 * fuzz.h - what the fuzzers share. Each t/fuzz/NAME.c is one program: libFuzzer
 * calls LLVMFuzzerTestOneInput with bytes of its own making, which goes on
 * until something is not as `need` says, or a sanitizer finds what it looks for.
 */

#ifndef DEALS_FUZZ_H
#define DEALS_FUZZ_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deals/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/utf8.h"

#define unused  __attribute__((unused))

int  LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int  LLVMFuzzerInitialize(int *argc, char ***argv);

/* Of one input. */
unused static deals_arena  *arena;


/* -- what must be so ------------------------------------------------------ */

#define need(condition, ...)                                                  \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,        \
                    #condition);                                              \
            fprintf(stderr, "" __VA_ARGS__);                                  \
            fprintf(stderr, "\n");                                            \
            abort();                                                          \
        }                                                                     \
    } while (0)

/* Both absent, or the same bytes. */
#define need_same(a, b)  need_same_at((a), (b), __FILE__, __LINE__)

unused static void
need_same_at(deals_str a, deals_str b, const char *file, int line)
{
    if (!deals_str_eq(a, b)) {
        fprintf(stderr, "%s:%d: these should be the same:\n%.*s\n%.*s\n", file,
                line, DEALS_FMT(a), DEALS_FMT(b));
        abort();
    }
}

/* What goes to the database and to pages: valid UTF-8 without NUL. */
unused static void
need_text(deals_str text)
{
    need(deals_utf8_valid(text) && (text.len == 0
         || memchr(text.data, '\0', text.len) == NULL),
         "%.*s", DEALS_FMT(text));
}

/* A list of errors: of these codes, each with something to say that can be
 * shown, and INVALID about a field or (the first one) about the whole. */
unused static void
need_errors(const deals_error *error, deals_code one, deals_code other)
{
    int  n;

    need(error != NULL);

    for (n = 0; error != NULL; error = error->next, n++) {
        need(error->code == one || error->code == other, "%.*s",
             DEALS_FMT(error->message));
        need(error->message.len > 0);
        need_text(error->message);
        need_text(error->field);
        need(error->code != DEALS_INVALID || error->field.len > 0 || n == 0);
        need(n < 1000);
    }
}


/* -- taking the input apart ----------------------------------------------- */

/* The bytes in memory of their own, so that one too far is seen. */
unused static deals_str
own_copy(deals_str s)
{
    char  *copy;

    copy = malloc(s.len > 0 ? s.len : 1);
    need(copy != NULL);

    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }

    return (deals_str) { copy, s.len };
}

unused static deals_str
input_of(const uint8_t *data, size_t size)
{
    return own_copy((deals_str) { (const char *) data, size });
}

/* The first byte; 0 if there is none. */
unused static unsigned
take_byte(deals_str *input)
{
    unsigned  c;

    if (input->len == 0) {
        return 0;
    }

    c = (unsigned char) input->data[0];
    *input = deals_str_sub(*input, 1, input->len);

    return c;
}

/* n bytes, big-endian. */
unused static uint64_t
take_number(deals_str *input, int n)
{
    uint64_t  value;

    for (value = 0; n > 0; n--) {
        value = value << 8 | take_byte(input);
    }

    return value;
}

/* Up to a byte 0xff, which no UTF-8 has, or the end. */
unused static deals_str
take_part(deals_str *input)
{
    ptrdiff_t  at;
    deals_str  part;

    at = deals_str_index(*input, (char) 0xff);

    if (at < 0) {
        part = *input;
        *input = DEALS_STR("");
        return part;
    }

    part = deals_str_sub(*input, 0, (size_t) at);
    *input = deals_str_sub(*input, (size_t) at + 1, input->len);

    return part;
}

#endif /* DEALS_FUZZ_H */
