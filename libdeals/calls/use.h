/*
 * calls/use.h - what all use cases share: the beginning of every call's state,
 * who asks, rate limits, and when results may be seen.
 */

#ifndef DEALS_CALLS_USE_H
#define DEALS_CALLS_USE_H

#include <deals/calls.h>
#include "io/call.h"
#include "calls/viewer.h"

#define DEALS_COMMENTS_PAGE   500   /* comments a page at most, replies too; the
                                       same number stands in
                                       sql/statements/comment_replies.sql */
#define DEALS_COMMENTS_BYTES  1048576   /* of their texts and HTML, likewise; also
                                           in comment_roots.sql */

typedef enum {
    DEALS_USE_PLAIN = 1,            /* no result of its own */
    DEALS_USE_FEED,
    DEALS_USE_DEAL,
    DEALS_USE_VOTE,
    DEALS_USE_COMMENTS,
    DEALS_USE_COMMENT,
    DEALS_USE_SESSION,
    DEALS_USE_USER,
    DEALS_USE_VERIFY,
    DEALS_USE_SETTINGS,
    DEALS_USE_RERANK,
    DEALS_USE_IMPORT,
    DEALS_USE_DEMO,
    DEALS_USE_OVERLAY,
    DEALS_USE_SESSIONS,
    DEALS_USE_RESET,
    DEALS_USE_TOKEN,
    DEALS_USE_DISABLE,
    DEALS_USE_PASSWORD,
    DEALS_USE_FACTOR
} deals_use_kind;

/* First member of each use case's state. */
typedef struct {
    deals_use_kind      kind;
    deals_str           address;
    deals_str           user_agent;
    deals_str           device;         /* absent: none, or it can be none */
    int                 strict;         /* a bad token is an error */
    int                 required;       /* and so is none */
    int                 data_only;      /* no texts for pages */
    int                 needs;          /* of an access token; 0: that none
                                           came */
    int                 lacks;          /* of that */
    int                 account;        /* a write of the own account's
                                           security */
    int                 owes;           /* DEALS_OWES_... */

    int                 token;          /* 1: one came; 2: it can be one */
    int64_t             user_id;        /* of the token */
    deals_str           token_hash;
    int                 printed;        /* 1: it has a print */
    deals_print         print;
    deals_query        *session;        /* deals_session_row: deals_me; NULL:
                                           the context knew it */
    deals_reading       reading;        /* of it */
    const deals_me     *viewer;
    int                 viewer_bad;

    const deals_error  *errors;         /* bad input, told after the session */
    deals_step          next;           /* of deals_use_member, _limit */
    int64_t             count;
    int                 limit;
    struct deals_snapshot *snapshot;    /* that is being looked for */
    struct deals_code_check *code;      /* of a second factor */
} deals_use;

/* deals_call_new, with the asker (NULL: nobody) copied. */
deals_call  *deals_use_new(deals_ctx *ctx, deals_use_kind kind,
                 size_t state_size, const deals_asker *asker, deals_done done,
                 void *data);
/* Frees a call that could not be filled: for submit functions. Returns
 * NULL. */
deals_call  *deals_use_drop(deals_call *call);

/* A copy of a text; of an absent one an empty text, so that an absent copy is
 * one for which there is no memory. */
deals_str    deals_use_text(deals_arena *arena, deals_str text);

/* The state of a call of this kind that succeeded; otherwise NULL. */
void        *deals_use_result(const deals_call *call, deals_use_kind kind);

void         deals_use_no_memory(deals_call *call);
/* For the operator: the member is shut out. */
void         deals_use_disabled(deals_call *call);

/* The first row, or NULL. */
const void  *deals_use_row(const deals_query *query);


/* -- use_viewer.c: who asks -- */

/* For deals_use_new: the token that came, as text. 0, or -1: no memory. */
int          deals_use_token(deals_call *call, deals_str text);

/* For reads, DEALS_SCOPE_READ: adds the session's query to the segment, if a
 * token came that the context does not know (use->viewer is set at once if it
 * does; it counts once it was answered); and once it is answered takes the
 * viewer from it. -1: the call was ended, because a strict asker's token is not
 * good, or not for this. */
void         deals_use_ask(deals_call *call);
int          deals_use_answer(deals_call *call);

/* For reads that the database is not there for: 0 if the viewer was known
 * before, or lately, or no token came; -1: it can't be said. */
int          deals_use_old(deals_call *call);

/* Adds the note that the session is in use to the segment, if it is due (at
 * most every DEALS_SESSION_TOUCH seconds). 1: it was added. */
int          deals_use_touch(deals_call *call);

/* For writes: goes on with `step` once the session was found good, or an access
 * token that has `scope`; ends the call with UNAUTHENTICATED or FORBIDDEN
 * otherwise, or with the errors of use->errors. */
void         deals_use_member(deals_call *call, int scope, deals_step step);

/* The same for what keeps the own account safe, which goes without the second
 * factor that is demanded of members; needs a session. */
void         deals_use_account(deals_call *call, deals_step step);


/* -- demand.c: the second factor that is demanded -- */

/* Whether whoever asks, or has signed in, lacks it. access: by an access
 * token. */
void         deals_use_demand(deals_call *call, deals_str role, int access,
                 int has_factor);

/* And here as one: by an access token nobody is, nor who lacks it. */
int          deals_use_is_moderator(const deals_use *use);

/* Ends the call: this takes the second factor that is lacking. */
void         deals_use_owing(deals_call *call);

/* Ends the call: this is somebody else's, or a moderator's to do. It says so,
 * or, to a moderator who lacks a second factor, that. */
void         deals_use_forbid(deals_call *call, const char *message);


/* -- use_limit.c: rate limits -- */

/* Goes on with `step` unless `what` happened more than `limit` (-1: any
 * number) times to `key` this minute: then the call ends with RATE_LIMITED. */
void         deals_use_limit(deals_call *call, const char *what, deals_str key,
                 int limit, deals_step step);
/* The asker's address, as it counts: an IPv6 one without the lower half of its
 * bits. Absent: there is none, or no memory. */
deals_str    deals_use_network(deals_arena *arena, const deals_use *use);

/* The same, counted by the asker's network. */
void         deals_use_limit_address(deals_call *call, const char *what,
                 int limit, deals_step step);
/* The same, counted by member. */
void         deals_use_limit_member(deals_call *call, const char *what,
                 int limit, deals_step step);

#endif /* DEALS_CALLS_USE_H */
