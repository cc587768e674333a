/*
 * deals/import.h - deals of elsewhere: reading a record, and storing many.
 */

#ifndef DEALS_IMPORT_H
#define DEALS_IMPORT_H

#include <deals/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A record as it will be stored. (source, source_id) identifies it. `up` and
 * `down` are votes cast elsewhere: they count in the score, apart from those
 * cast here. An author is a text to show, never an account. */
typedef struct {
    deals_str           source;         /* [a-z0-9._-], 1..40; required */
    deals_str           source_id;      /* 1..200 bytes; required */
    deals_str           title;          /* required */
    deals_str           url;
    deals_str           description;    /* Markdown */
    deals_str           author;         /* 1..80 characters */
    deals_str           merchant;       /* default: the url's host */
    const deals_money  *price;
    const deals_money  *list_price;
    int64_t             created_at;     /* required */
    int64_t             starts_at;
    int64_t             expires_at;
    deals_list          tags;           /* of deals_str */
    int64_t             up;             /* 0..1,000,000,000 */
    int64_t             down;

    /* Made from the above by deals_import_read. */
    deals_str           merchant_slug;
    deals_str           html;
} deals_import_record;

DEALS_API extern const deals_shape  deals_import_shape;

/*
 * Reads one line, a JSON object, and checks it. 0, and *changes is a list of
 * what had to be changed to store it (NULL: nothing; codes DEALS_OK); or -1 and
 * *error says why it is refused, a list of each bad field. All in `arena`.
 * `now` is the present, in seconds: nothing was posted after it.
 */
DEALS_API int  deals_import_read(deals_arena *arena, deals_str line,
                   int64_t now, deals_import_record *record,
                   const deals_error **changes, const deals_error **error);

/*
 * Stores n records (at most DEALS_IMPORT_BATCH) in one transaction. Those that
 * are stored already stay as they are. If the database refuses one, each is
 * stored in a transaction of its own instead, and deals_import_refused tells
 * which. The call itself fails only where trying again may help (the database
 * is away): then some may be stored. The records and their texts must live
 * until it is done.
 */
#define DEALS_IMPORT_BATCH  100

DEALS_API deals_call  *deals_import(deals_ctx *ctx,
                           const deals_import_record *records, size_t n,
                           deals_done done, void *data);
DEALS_API deals_call  *deals_import_wait(deals_ctx *ctx,
                           const deals_import_record *records, size_t n,
                           int64_t timeout_ms);

/* How many of them were new. */
DEALS_API size_t       deals_import_stored(const deals_call *call);

/* Why the database did not take record i (0, 1 ...); NULL: it is there. */
DEALS_API const deals_error  *deals_import_refused(const deals_call *call,
                                  size_t i);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_IMPORT_H */
