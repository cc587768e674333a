/*
 * calls/viewer.h - what a context keeps of the members who asked lately: the
 * session behind a token, and votes that were asked for. See deals/viewer.h and
 * the hook `generation`.
 *
 * A record is found by the token's print: a hash of it under a key that the
 * context drew at random and that leaves it nowhere. So a token need not be
 * parsed, nor its secret hashed as the database does, to be known again; and
 * nobody can make another token of the same print. It says whose session it was
 * when it was read; whether that still counts is asked each time anew.
 */

#ifndef DEALS_CALLS_VIEWER_H
#define DEALS_CALLS_VIEWER_H

#include <deals/viewer.h>
#include "io/call.h"

#define DEALS_VIEWERS        32768          /* sessions a context keeps */
#define DEALS_VIEWERS_BYTES  (32 << 20)     /* of them and their votes */
#define DEALS_VIEWER_STALE   600000         /* ms: while the database is away */
#define DEALS_TOKEN_PRINT    16
#define DEALS_TOKEN_HASH     64             /* hex digits */

typedef struct {
    unsigned char  bytes[DEALS_TOKEN_PRINT];
} deals_print;

typedef enum {
    DEALS_VIEWER_GONE = 0,      /* or never known */
    DEALS_VIEWER_OLD,           /* only while the database is away */
    DEALS_VIEWER_GOOD
} deals_viewer_state;

/* When and under which generation something is read: noted before its query is
 * sent. */
typedef struct {
    unsigned  what;             /* DEALS_CHANGE_MEMBER, _VOTES */
    int64_t   user_id;
    uint64_t  generation;
    int64_t   at;               /* microseconds; 0: it is not kept */
} deals_reading;

/* A vote. deal_id 0: an empty place. */
typedef struct {
    int64_t   deal_id;
    int64_t   comment_id;
    uint32_t  read;             /* milliseconds since `since` */
    int8_t    value;
} deals_kept_vote;

typedef struct {
    deals_kept_vote  *places;   /* a hash table, at most half full */
    size_t            size;     /* 0, or a power of two */
    size_t            used;
    uint64_t          generation;
    int64_t           since;    /* microseconds */
} deals_kept_votes;

typedef struct deals_viewers  deals_viewers;

struct deals_viewer {
    deals_viewers     *all;
    deals_viewer      *next;            /* of the same bucket */
    deals_viewer      *newer, *older;   /* by use */
    deals_print        print;
    char               token_hash[DEALS_TOKEN_HASH];
    deals_reading      reading;
    deals_me           me;
    char              *texts;           /* of me */
    size_t             texts_size;
    deals_kept_votes   votes;
};

/* 0, or -1: nothing is kept here, or this can't be a token. */
int            deals_viewer_print(deals_ctx *ctx, deals_str token,
                   deals_print *print);

/* The record of a token, whatever it is worth; NULL: none. It lives until
 * another one is kept, or this one is forgotten. */
deals_viewer  *deals_viewer_find(deals_ctx *ctx, const deals_print *print);

deals_viewer_state  deals_viewer_is(const deals_viewer *viewer);
deals_ctx     *deals_viewer_ctx(const deals_viewer *viewer);

void           deals_reading_begin(deals_ctx *ctx, unsigned what,
                   int64_t user_id, deals_reading *reading);
/* 1: nothing has changed since, and it may be kept. */
int            deals_reading_holds(deals_ctx *ctx,
                   const deals_reading *reading);

/* Keeps what a session's query answered; if there is no memory, not. */
void           deals_viewer_keep(deals_ctx *ctx, const deals_print *print,
                   deals_str token_hash, const deals_me *me,
                   const deals_reading *reading);
void           deals_viewer_forget(deals_ctx *ctx, const deals_print *print);

/* What an access token lacks of what is needed (deals_asker); 0: nothing, or it
 * is a session. */
int            deals_viewer_lacks(const deals_me *me, int needs);

/* Copied into `arena`; NULL: no memory. */
const deals_me  *deals_viewer_copy(deals_arena *arena, const deals_me *me);

/* viewer_votes.c: votes that are known; `unknown` for the others. Returns how
 * many these are. `old`: those count too that only do while the database is
 * away. */
size_t         deals_viewer_recall(const deals_viewer *viewer, int old,
                   const deals_vote_key *rows, size_t n, int8_t *votes,
                   int8_t unknown);
/* Keeps n votes (at most DEALS_OVERLAY_ROWS) that were read; if there is no
 * memory, not. */
void           deals_viewer_learn(deals_viewer *viewer,
                   const deals_reading *reading, const deals_vote_key *rows,
                   const int8_t *votes, size_t n);

/* viewer.c: memory of a record grew or shrank by so much; records that were not
 * used for long go, this one stays. */
void           deals_viewer_grew(deals_viewer *viewer, size_t before,
                   size_t after);

#endif /* DEALS_CALLS_VIEWER_H */
