/*
 * deals/types.h - strings, lists, memory, errors and shapes: what every other
 * header of libdeals is written in.
 */

#ifndef DEALS_TYPES_H
#define DEALS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DEALS_API  __attribute__((visibility("default")))
#else
#define DEALS_API
#endif


/*
 * A string: bytes and a length, not terminated. data == NULL means "absent"
 * (SQL NULL, JSON null); an empty string has a non-NULL data and len 0.
 * Whoever hands one out owns the bytes and says how long they live.
 */
typedef struct {
    const char  *data;
    size_t       len;
} deals_str;

#define DEALS_STR(lit)   ((deals_str) { "" lit, sizeof(lit) - 1 })
#define DEALS_NONE       ((deals_str) { NULL, 0 })

DEALS_API deals_str  deals_str_of(const char *cstring);   /* NULL: absent */
DEALS_API int        deals_str_eq(deals_str a, deals_str b);


/*
 * A list: len items side by side. What an item is, the shape of the field that
 * holds the list says (or its documentation).
 */
typedef struct {
    void    *items;
    size_t   len;
} deals_list;


/*
 * An arena: memory that is given back all at once. Not thread-safe. Every
 * allocation is aligned for any type and zeroed.
 */
typedef struct deals_arena  deals_arena;

DEALS_API deals_arena  *deals_arena_new(void);        /* NULL: out of memory */
DEALS_API void          deals_arena_free(deals_arena *arena);  /* NULL is ok */
DEALS_API void         *deals_arena_alloc(deals_arena *arena, size_t size);
/* A copy, also NUL-terminated; data NULL (and len 0) when out of memory. */
DEALS_API deals_str     deals_arena_copy(deals_arena *arena, deals_str s);
/* printf into the arena; NULL when out of memory. */
DEALS_API char         *deals_arena_printf(deals_arena *arena, const char *fmt,
                            ...) __attribute__((format(printf, 2, 3)));


/*
 * A growing buffer. Appends never fail one by one: `failed` is set once memory
 * runs out and stays set; look at it at the end. Zero-initialise or use
 * deals_buf_init; free with deals_buf_free, or hand `data` to free(3).
 */
typedef struct {
    char    *data;
    size_t   len;
    size_t   cap;
    int      failed;
} deals_buf;

DEALS_API void  deals_buf_init(deals_buf *buf);
DEALS_API void  deals_buf_free(deals_buf *buf);
DEALS_API void  deals_buf_clear(deals_buf *buf);      /* keeps the memory */
DEALS_API void  deals_buf_add(deals_buf *buf, const void *data, size_t len);
DEALS_API void  deals_buf_str(deals_buf *buf, deals_str s);
DEALS_API void  deals_buf_c(deals_buf *buf, const char *cstring);
DEALS_API void  deals_buf_char(deals_buf *buf, char c);
DEALS_API void  deals_buf_int(deals_buf *buf, int64_t n);
DEALS_API void  deals_buf_printf(deals_buf *buf, const char *fmt, ...)
                    __attribute__((format(printf, 2, 3)));
DEALS_API int   deals_buf_reserve(deals_buf *buf, size_t more);    /* 0 ok */


/*
 * Money: integer minor units (cents) and an ISO 4217 code. `text` is how a page
 * shows it ("$19.99"); it is filled for pages and is not part of JSON.
 */
typedef struct {
    int64_t    amount;
    deals_str  currency;
    deals_str  text;
} deals_money;


/*
 * Errors. One type everywhere: what kind (code), which input (field, absent if
 * none), what to tell a person (message), and more of them (next: one for each
 * bad field). Memory: the arena or call that it came from, or static.
 */
typedef enum {
    DEALS_OK = 0,
    DEALS_MALFORMED,          /* 400  cannot be read at all: syntax, cursor */
    DEALS_UNAUTHENTICATED,    /* 401  no or bad credentials */
    DEALS_CODE_NEEDED,        /* 401  good ones, and the second factor's code is
                                      missing */
    DEALS_CODE_WRONG,         /* 401  or is not good, or not any more */
    DEALS_FORBIDDEN,          /* 403  known, and not allowed */
    DEALS_FACTOR_REQUIRED,    /* 403  known, and lacks the second factor that
                                      is demanded for this */
    DEALS_NOT_FOUND,          /* 404 */
    DEALS_METHOD,             /* 405 */
    DEALS_CONFLICT,           /* 409  taken, or changed meanwhile */
    DEALS_TOO_LARGE,          /* 413 */
    DEALS_MEDIA_TYPE,         /* 415 */
    DEALS_INVALID,            /* 422  read, but a field is not acceptable */
    DEALS_RATE_LIMITED,       /* 429  retry_after says when */
    DEALS_INTERNAL,           /* 500  a defect: logged */
    DEALS_UNAVAILABLE,        /* 503  a backend is away or overloaded */
    DEALS_TIMEOUT,            /* 503  the deadline passed */
    DEALS_NO_MEMORY,          /* 503 */
    DEALS_SCHEMA,             /* 503  the database's schema is not ours */
    DEALS_CODES               /* how many there are */
} deals_code;

typedef struct deals_error  deals_error;

struct deals_error {
    deals_code          code;
    deals_str           field;
    deals_str           message;
    const deals_error  *next;
    int                 retry_after;      /* seconds; 0: unknown */
};

typedef enum {
    DEALS_LOG_ERROR = 0,
    DEALS_LOG_WARN,
    DEALS_LOG_NOTICE,
    DEALS_LOG_INFO,
    DEALS_LOG_DEBUG
} deals_log_level;

typedef struct {
    const char       *name;       /* "not-found": the end of a problem type */
    const char       *title;      /* "Not found" */
    int               status;     /* of HTTP */
    deals_log_level   level;
    int               retryable;  /* the same call may succeed later */
} deals_error_info;

/* Never NULL; an unknown code is DEALS_INTERNAL's. */
DEALS_API const deals_error_info  *deals_error_about(deals_code code);


/*
 * Shapes: one description of a struct, from which JSON is written, templates
 * are resolved and input is read. Tables are static and never change.
 */
typedef enum {
    DEALS_BOOL = 1,     /* int: 0 or 1 */
    DEALS_INT,          /* int64_t */
    DEALS_FLOAT,        /* double */
    DEALS_TEXT,         /* deals_str */
    DEALS_URL,          /* deals_str: text; says that it is an address */
    DEALS_HTML,         /* deals_str: made by the Markdown renderer only */
    DEALS_TIME,         /* int64_t: seconds since 1970 UTC; RFC 3339 outside */
    DEALS_OBJECT,       /* const T *, NULL: null; T is field.shape */
    DEALS_LIST          /* deals_list of T = field.shape; shape NULL: of
                           deals_str */
} deals_type;

enum {
    DEALS_NULLABLE  = 1,    /* may be absent. An INT or TIME then is
                               DEALS_NULL_INT, a FLOAT NAN, a BOOL -1 */
    DEALS_PAGE_ONLY = 2,    /* for templates; not in JSON */
    DEALS_REQUIRED  = 4,    /* input: must be given */
    DEALS_SECRET    = 8,    /* input: never echoed, never logged */
    DEALS_VIEWER    = 16    /* depends on who looks: what is kept for others
                               too has a hole there (drafts, deals/view.h) */
};

#define DEALS_NULL_INT  INT64_MIN

typedef struct deals_shape  deals_shape;

typedef struct {
    const char         *name;
    uint16_t            type;       /* deals_type */
    uint16_t            flags;
    uint32_t            offset;     /* offsetof in the struct */
    const deals_shape  *shape;      /* of OBJECT and LIST */
} deals_field;

struct deals_shape {
    const char         *name;       /* "deal": in messages */
    size_t              size;       /* sizeof the struct */
    const deals_field  *fields;
    size_t              nfields;
};

/* Of deals_money. In a form it is read from two fields (deals/input.h). */
extern DEALS_API const deals_shape  deals_money_shape;

#ifdef __cplusplus
}
#endif

#endif /* DEALS_TYPES_H */
