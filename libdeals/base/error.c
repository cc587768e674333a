/*
 * base/error.c - what each code means, and making errors.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static const deals_error_info  about[DEALS_CODES] = {
    [DEALS_OK] =
        { "ok", "OK", 200, DEALS_LOG_DEBUG, 0 },
    [DEALS_MALFORMED] =
        { "malformed", "Malformed request", 400, DEALS_LOG_INFO, 0 },
    [DEALS_UNAUTHENTICATED] =
        { "unauthenticated", "Not signed in", 401, DEALS_LOG_INFO, 0 },
    [DEALS_CODE_NEEDED] =
        { "code-needed", "A code is needed", 401, DEALS_LOG_INFO, 0 },
    [DEALS_CODE_WRONG] =
        { "code-wrong", "Wrong code", 401, DEALS_LOG_INFO, 0 },
    [DEALS_FORBIDDEN] =
        { "forbidden", "Not allowed", 403, DEALS_LOG_INFO, 0 },
    [DEALS_FACTOR_REQUIRED] =
        { "second-factor-required", "Second factor required", 403,
          DEALS_LOG_INFO, 0 },
    [DEALS_NOT_FOUND] =
        { "not-found", "Not found", 404, DEALS_LOG_INFO, 0 },
    [DEALS_METHOD] =
        { "method-not-allowed", "Method not allowed", 405, DEALS_LOG_INFO, 0 },
    [DEALS_CONFLICT] =
        { "conflict", "Conflict", 409, DEALS_LOG_INFO, 0 },
    [DEALS_TOO_LARGE] =
        { "too-large", "Too large", 413, DEALS_LOG_INFO, 0 },
    [DEALS_MEDIA_TYPE] =
        { "unsupported-media-type", "Unsupported media type", 415,
          DEALS_LOG_INFO, 0 },
    [DEALS_INVALID] =
        { "invalid", "Invalid input", 422, DEALS_LOG_INFO, 0 },
    [DEALS_RATE_LIMITED] =
        { "rate-limited", "Too many requests", 429, DEALS_LOG_NOTICE, 1 },
    [DEALS_INTERNAL] =
        { "internal", "Internal error", 500, DEALS_LOG_ERROR, 0 },
    [DEALS_UNAVAILABLE] =
        { "unavailable", "Service unavailable", 503, DEALS_LOG_WARN, 1 },
    [DEALS_TIMEOUT] =
        { "timeout", "Took too long", 503, DEALS_LOG_WARN, 1 },
    [DEALS_NO_MEMORY] =
        { "no-memory", "Out of memory", 503, DEALS_LOG_ERROR, 1 },
    [DEALS_SCHEMA] =
        { "schema", "Database needs attention", 503, DEALS_LOG_ERROR, 1 },
};

const deals_error  deals_error_no_memory = {
    .code = DEALS_NO_MEMORY,
    .message = { "out of memory", sizeof("out of memory") - 1 },
};


const deals_error_info *
deals_error_about(deals_code code)
{
    if ((int) code < 0 || code >= DEALS_CODES) {
        code = DEALS_INTERNAL;
    }

    return &about[code];
}


/* Messages repeat what they were given, which need not be UTF-8. */
static void
make_text(char *message, size_t len)
{
    size_t  at, next;

    for (at = 0; at < len; at = next) {
        next = at;

        if (deals_utf8_next((deals_str) { message, len }, &next) < 0) {
            message[at] = '?';
        }
    }
}


static const deals_error *
make(deals_arena *arena, deals_code code, const char *field, const char *fmt,
    va_list args)
{
    int           n;
    char         *message;
    va_list       again;
    deals_error  *error;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);

    error = deals_arena_alloc(arena, sizeof(*error));
    message = deals_arena_alloc(arena, n < 0 ? 1 : (size_t) n + 1);

    if (error == NULL || message == NULL || n < 0) {
        return &deals_error_no_memory;
    }

    vsnprintf(message, (size_t) n + 1, fmt, args);
    make_text(message, (size_t) n);

    error->code = code;
    error->message = (deals_str) { message, (size_t) n };

    if (field != NULL && field[0] != '\0') {
        error->field = deals_arena_copy(arena, deals_str_of(field));
        if (error->field.data == NULL) {
            return &deals_error_no_memory;
        }
    }

    return error;
}


const deals_error *
deals_error_make(deals_arena *arena, deals_code code, const char *field,
    const char *fmt, ...)
{
    va_list             args;
    const deals_error  *error;

    va_start(args, fmt);
    error = make(arena, code, field, fmt, args);
    va_end(args);

    return error;
}


int
deals_error_add(deals_arena *arena, const deals_error **list, deals_code code,
    const char *field, const char *fmt, ...)
{
    va_list             args;
    const deals_error  *error, *last;

    va_start(args, fmt);
    error = make(arena, code, field, fmt, args);
    va_end(args);

    if (*list == &deals_error_no_memory) {
        return -1;
    }

    if (*list == NULL || error == &deals_error_no_memory) {
        *list = error;
        return -1;
    }

    for (last = *list; last->next != NULL; last = last->next) { /* void */ }

    /* const for readers; it was made by make() and is ours to link */
    ((deals_error *) last)->next = error;

    return -1;
}


int
deals_error_oom(const deals_error **list)
{
    *list = &deals_error_no_memory;

    return -1;
}


const deals_error *
deals_error_of(const deals_error *list, const char *field)
{
    for ( /* void */ ; list != NULL; list = list->next) {
        if (list->field.data != NULL
            && deals_str_eq(list->field, deals_str_of(field)))
        {
            return list;
        }
    }

    return NULL;
}
