/*
 * deals/calls.h - what a community can do: every use case, as a call (see
 * deals/ctx.h for the life of one). Each has a blocking form; the rows that
 * they answer with are described in deals/rows.h.
 *
 * In every params struct strings may be temporary: they are copied. The asker
 * carries the session token of the one who asks, as it came; absent:
 * anonymous. A call that only reads treats a bad token as
 * DEALS_UNAUTHENTICATED if `strict` is set, and an access token that lacks what
 * the call needs as DEALS_FORBIDDEN, else both as anonymous (deals_call_viewer
 * then says NULL and deals_call_viewer_bad 1). asker may be NULL: anonymous,
 * without an address.
 *
 * Calls that read need DEALS_SCOPE_READ, votes DEALS_SCOPE_VOTE, calls that
 * write deals and comments DEALS_SCOPE_WRITE, all others that need a member
 * DEALS_SCOPE_SESSION. None implies another; but what votes and writes answer
 * with is the thing itself as the member sees it, the own vote on it included.
 * A moderator's access token may do what any member's may.
 *
 * Where deals_config.second_factor demands a second factor of the member and
 * none is on, what is a moderator's to do, or every write but those of the
 * account's security, ends with FACTOR_REQUIRED: see deals_call_owes.
 *
 * Besides the errors named, every call may end with UNAVAILABLE, TIMEOUT,
 * NO_MEMORY or SCHEMA. What a getter hands out is NULL until the call
 * succeeded, and if the call was of another kind.
 */

#ifndef DEALS_CALLS_H
#define DEALS_CALLS_H

#include <deals/ctx.h>
#include <deals/input.h>
#include <deals/rows.h>
#include <deals/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A session ends 30 days after it began, or when it was not used for 14 days.
 * That it is used is written down at most every 5 minutes. In seconds. */
#define DEALS_SESSION_LIFE   (30 * 86400)
#define DEALS_SESSION_IDLE   (14 * 86400)
#define DEALS_SESSION_TOUCH  300

/* A thread holds 500 comments, its root included, 1 MiB of texts and the HTML
 * that was made of them, and goes 32 levels deep. */
#define DEALS_THREAD_REPLIES  499
#define DEALS_THREAD_BYTES    1048576
#define DEALS_THREAD_DEPTH    32

/* What an access token may do. A session may do all that its member may; what
 * is a session's alone: the password, sessions and access tokens, and all that
 * only moderators may. */
enum {
    DEALS_SCOPE_READ    = 1,    /* see what the member sees, /me too */
    DEALS_SCOPE_VOTE    = 2,
    DEALS_SCOPE_WRITE   = 4,    /* make, change and delete the member's own
                                   deals and comments */
    DEALS_SCOPE_SESSION = 8,    /* no access token has it */
    DEALS_SCOPE_ANY     = 16    /* each has it */
};

/* Who asks. */
typedef struct {
    deals_str   token;          /* "user_id.secret" of a session, or an access
                                   token, "deals_user_id.secret"; absent:
                                   anonymous */
    int         needs;          /* DEALS_SCOPE_...: what an access token must
                                   have at least; what a call needs comes on
                                   top. 0: access tokens are bad ones here, as
                                   in a cookie */
    deals_str   address;        /* of the client, for rate limits; text. IPv6
                                   counts by its /64 */
    deals_str   user_agent;
    int         strict;         /* reads: a bad token is an error */
    int         data_only;      /* the texts that only pages show (slug, host,
                                   age, price.text ...) are left absent */
    deals_str   idempotency_key;    /* deals_deal_create and _comment_create:
                                   within a day this member makes one thing
                                   under it, and who asks again gets that.
                                   INVALID: it was used for something else */
    deals_str   device;         /* deals_session_create: what an earlier one
                                   left with this browser; bad ones are as good
                                   as none */
} deals_asker;

/* The member behind the token, once it was looked up; NULL: anonymous. The row
 * (deals_me) has id, name, role, email, created_at. Also of a call that
 * failed, if it came that far. Only of calls of this header. */
DEALS_API const deals_me  *deals_call_viewer(const deals_call *call);
/* 1: a token came, and it is not (any more) good. */
DEALS_API int              deals_call_viewer_bad(const deals_call *call);
/* DEALS_SCOPE_...: what the access token that came lacks, if that is why the
 * call is FORBIDDEN or its viewer bad; otherwise 0. */
DEALS_API int              deals_call_lacks(const deals_call *call);

/* What the viewer may not do for want of the second factor that
 * deals_config.second_factor demands; of session_create and account_create: who
 * has signed in. Turned on it is owed no more from the next call on, in all
 * contexts; turned off, it is owed again. */
enum {
    DEALS_OWES_NOTHING = 0,     /* it is on, or not demanded */
    DEALS_OWES_POWERS,          /* a moderator or administrator: does what any
                                   member may, no more */
    DEALS_OWES_WRITES           /* a member: reads, signs in and out, sets up
                                   the factor, changes the password, ends
                                   sessions and access tokens; nothing else. By
                                   an access token likewise */
};

DEALS_API int              deals_call_owes(const deals_call *call);
/* The error FACTOR_REQUIRED that calls end with then, static, for hosts that
 * refuse earlier; NULL: nothing is owed. */
DEALS_API const deals_error  *deals_owes_error(int owes);

/* The rules for drafts (deals/view.h) of what the calls below answer with:
 * cards, deals and comments, in lists of them, as a member sees them who is no
 * moderator. */
DEALS_API extern const deals_draft_rules  deals_vary;


/* -- lists ---------------------------------------------------------------- */

typedef enum {
    DEALS_HOT = 0, DEALS_NEW, DEALS_TOP,
    DEALS_BY_TAG, DEALS_BY_MERCHANT, DEALS_BY_USER     /* newest first */
} deals_sort;

typedef enum {
    DEALS_DAY = 0, DEALS_WEEK, DEALS_MONTH, DEALS_YEAR, DEALS_ALL
} deals_window;

typedef struct {
    deals_sort    sort;
    deals_window  window;       /* of TOP */
    deals_str     key;          /* tag, merchant's slug, user's name */
    int           limit;        /* 1..100; 0: 25 */
    deals_str     cursor;       /* of the page before; absent: first page */
    int           until;        /* 1: until is wanted */
} deals_feed_params;

typedef struct {
    deals_list   deals;         /* of deals_card */
    deals_str    next;          /* cursor of the next page; absent: the last */
    deals_str    key;           /* the tag, or the name as it is written */
    const deals_user           *user;       /* BY_USER */
    const deals_card_merchant  *merchant;   /* BY_MERCHANT */
    int64_t      until;         /* from this second on it is another list, even
                                   if nobody writes: a deal of it ends, or one
                                   begins; DEALS_NULL_INT: nothing will */
} deals_feed_result;

/* Writes as {"deals":[...],"next":...}. */
DEALS_API extern const deals_shape  deals_feed_shape;

/* HOT and NEW show deals that have begun and not ended; TOP also those that
 * ended, posted in the window that rolls back from now (it stands still while
 * one pages through it); the others all, upcoming ones too: `status` says
 * which is which. Hidden and deleted deals are in none. NOT_FOUND: no such
 * user or merchant (a tag nobody used is an empty list, one that nobody can
 * use is not found). MALFORMED: bad cursor. INVALID: limit.
 *
 * Who goes on behind a first page of HOT or TOP goes on in the order of that
 * moment, for the first 1,000 deals and about ten minutes, however votes move
 * them: none comes twice, none is left out, but those that are not shown any
 * more. Behind these, and where nothing is kept (see deals_hooks), a page begins
 * where the last row of the one before stood. Comments likewise. */
DEALS_API deals_call *deals_feed(deals_ctx *ctx, const deals_asker *asker,
                          const deals_feed_params *params, deals_done done,
                          void *data);
DEALS_API deals_call *deals_feed_wait(deals_ctx *ctx, const deals_asker *asker,
                          const deals_feed_params *params, int64_t timeout_ms);
DEALS_API const deals_feed_result  *deals_feed_get(const deals_call *call);


/* -- a deal --------------------------------------------------------------- */

typedef struct {
    int64_t    id;
    int        comments;        /* 1: with the first page of them */
    int        comments_limit;  /* roots a page, 1..100; 0: 25 */
    deals_str  comments_cursor;
} deals_deal_params;

typedef struct {
    const deals_deal  *deal;
    deals_list         comments;    /* of deals_comment, flat, in display order;
                                       each has its `replies` as a tree too */
    deals_list         threads;     /* of deals_comment: only the roots */
    deals_str          comments_next;
    int64_t            until;       /* from this second on it is shown as begun
                                       or ended; DEALS_NULL_INT: nothing will */
} deals_deal_result;

/* A deal that is hidden: NOT_FOUND but for its author and moderators. A
 * deleted one is NOT_FOUND. Comments come in whole threads, best first, at
 * most 500 comments and 1 MiB of their texts and HTML a page; deleted ones only
 * where there is an answer to them. MALFORMED: bad cursor. INVALID: limit. */
DEALS_API deals_call *deals_deal_get(deals_ctx *ctx, const deals_asker *asker,
                          const deals_deal_params *params, deals_done done,
                          void *data);
DEALS_API deals_call *deals_deal_get_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_deal_params *params, int64_t timeout_ms);
DEALS_API const deals_deal_result  *deals_deal_result_get(
                          const deals_call *call);

/* What a member writes of a deal. `given`: which fields count in an update
 * (bit i = field i of deals_deal_input_shape); for a new deal absent fields
 * are null. */
typedef struct {
    deals_str           title;          /* 3..300 characters; required */
    deals_str           url;            /* http(s), to 2,048 */
    deals_str           description;    /* Markdown, to 20,000 characters */
    const deals_money  *price;
    const deals_money  *list_price;
    deals_str           merchant;       /* name, to 80; or the url's host */
    deals_list          tags;           /* of deals_str, to 8 */
    int64_t             starts_at;      /* DEALS_NULL_INT: none */
    int64_t             expires_at;
} deals_deal_input;

DEALS_API extern const deals_shape  deals_deal_input_shape;
/* The same fields, none of them required: for an update. */
DEALS_API extern const deals_shape  deals_deal_update_shape;

/* For a host whose reading of an input failed (deals_input_json, _form): adds to
 * the list what the rules say of the fields that could be read, so that all
 * mistakes are told at once. Does nothing if *errors is not DEALS_INVALID. */
DEALS_API void  deals_deal_input_check(const deals_deal_input *input,
                    uint64_t given, deals_arena *arena,
                    const deals_error **errors);

/* All write calls need a member: UNAUTHENTICATED without. Results are
 * deals_deal_result (deal as the asker sees it, without comments); a deletion
 * has none. INVALID: one error for each bad field. A price may be 0 (free), a
 * list price not; both need one currency, and the list price is not the lower
 * one. A new deal must not have ended already, and begins with its author's
 * own vote for it. RATE_LIMITED by member. */
DEALS_API deals_call *deals_deal_create(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_deal_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_deal_create_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_deal_input *input, int64_t timeout_ms);
/* FORBIDDEN: neither the author nor a moderator. A merchant that is given and
 * empty becomes the url's host. Setting expires_at to a moment that is past
 * ends the deal. */
DEALS_API deals_call *deals_deal_update(deals_ctx *ctx,
                          const deals_asker *asker, int64_t id,
                          const deals_deal_input *input, uint64_t given,
                          deals_done done, void *data);
DEALS_API deals_call *deals_deal_update_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t id,
                          const deals_deal_input *input, uint64_t given,
                          int64_t timeout_ms);
DEALS_API deals_call *deals_deal_delete(deals_ctx *ctx,
                          const deals_asker *asker, int64_t id,
                          deals_done done, void *data);
DEALS_API deals_call *deals_deal_delete_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t id,
                          int64_t timeout_ms);
/* Moderators; FORBIDDEN to others. asker NULL: the operator (the command
 * line). */
DEALS_API deals_call *deals_deal_hide(deals_ctx *ctx, const deals_asker *asker,
                          int64_t id, int hide, deals_done done, void *data);
DEALS_API deals_call *deals_deal_hide_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t id, int hide,
                          int64_t timeout_ms);


/* -- votes ---------------------------------------------------------------- */

typedef struct {
    int64_t  id;                /* of the deal or comment */
    int64_t  score, up, down;
    int64_t  my_vote;           /* -1, 0, 1 */
} deals_vote_result;

DEALS_API extern const deals_shape  deals_vote_shape;

typedef struct {
    int64_t  value;             /* -1, 0, 1 */
} deals_vote_input;

DEALS_API extern const deals_shape  deals_vote_input_shape;

/* comment_id 0: on the deal itself. A vote replaces the member's former one; 0
 * withdraws it. NOT_FOUND: no such deal or comment, or hidden or deleted.
 * INVALID: value. RATE_LIMITED by member. */
DEALS_API deals_call *deals_vote(deals_ctx *ctx, const deals_asker *asker,
                          int64_t deal_id, int64_t comment_id, int64_t value,
                          deals_done done, void *data);
DEALS_API deals_call *deals_vote_wait(deals_ctx *ctx, const deals_asker *asker,
                          int64_t deal_id, int64_t comment_id, int64_t value,
                          int64_t timeout_ms);
DEALS_API const deals_vote_result  *deals_vote_get(const deals_call *call);


/* -- comments ------------------------------------------------------------- */

typedef struct {
    deals_str  body;            /* Markdown, 1..20,000 characters; required */
    int64_t    parent_id;       /* DEALS_NULL_INT: a root */
} deals_comment_input;

DEALS_API extern const deals_shape  deals_comment_input_shape;

typedef struct {
    deals_list   comments;      /* of deals_comment, flat */
    deals_str    next;
} deals_comments_result;

/* {"comments":[...],"next":...} */
DEALS_API extern const deals_shape  deals_comments_shape;

/* As with deals_deal_get, without the deal. */
DEALS_API deals_call *deals_comments(deals_ctx *ctx, const deals_asker *asker,
                          int64_t deal_id, int limit, deals_str cursor,
                          deals_done done, void *data);
DEALS_API deals_call *deals_comments_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id, int limit,
                          deals_str cursor, int64_t timeout_ms);
DEALS_API const deals_comments_result  *deals_comments_get(
                          const deals_call *call);

/* One comment, for its edit form: NOT_FOUND if deleted. */
DEALS_API deals_call *deals_comment_one(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, deals_done done, void *data);
DEALS_API deals_call *deals_comment_one_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, int64_t timeout_ms);
/* NOT_FOUND: no such deal, or a hidden one. INVALID: body, or parent_id (gone,
 * or too deep). CONFLICT on parent_id: its thread is full, by number or by the
 * length of its texts. RATE_LIMITED by member. */
DEALS_API deals_call *deals_comment_create(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          const deals_comment_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_comment_create_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          const deals_comment_input *input,
                          int64_t timeout_ms);
/* Only the author may change a comment, the author and moderators may delete
 * it: FORBIDDEN to others. NOT_FOUND: none, or deleted. CONFLICT on body: it is
 * longer than it was, and its thread has no room for it. The text of a deleted
 * comment is gone; its place stays while there are answers to it. */
DEALS_API deals_call *deals_comment_update(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, deals_str body, deals_done done,
                          void *data);
DEALS_API deals_call *deals_comment_update_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, deals_str body,
                          int64_t timeout_ms);
DEALS_API deals_call *deals_comment_delete(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, deals_done done, void *data);
DEALS_API deals_call *deals_comment_delete_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t deal_id,
                          int64_t comment_id, int64_t timeout_ms);
/* Of comment_one, _create and _update. */
DEALS_API const deals_comment  *deals_comment_get(const deals_call *call);


/* -- accounts and sessions ------------------------------------------------ */

typedef struct {
    deals_str  name;            /* [A-Za-z0-9_-]{3,20}; required */
    deals_str  password;        /* 8..128 characters; required */
    deals_str  email;
} deals_account_input;

DEALS_API extern const deals_shape  deals_account_input_shape;

typedef struct {
    deals_str  name;
    deals_str  password;
    deals_str  code;            /* of the member's second factor, or a recovery
                                   code (deals/factor.h); absent: none yet */

    /* what is no field of the shape: */
    int        wants_ticket;    /* 1: a ticket, where the code is missing */
    deals_str  ticket;          /* in the place of the password */
} deals_session_input;

DEALS_API extern const deals_shape  deals_session_input_shape;

/* A new session: POST /sessions answers it as {"token","user"}. */
typedef struct {
    deals_str          token;
    int64_t            expires_at;      /* absolute limit */
    const deals_user  *user;
    deals_str          device;          /* for the browser to keep for 180 days,
                                           and to bring along then */
    int                recovered;       /* 1: by a recovery code, now used up */
} deals_session_result;

DEALS_API extern const deals_shape  deals_session_shape;

/* Makes the account and its first session. INVALID: name, password, email.
 * CONFLICT on field name or email: taken. RATE_LIMITED by address. */
DEALS_API deals_call *deals_account_create(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_account_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_account_create_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_account_input *input,
                          int64_t timeout_ms);
/* UNAUTHENTICATED: unknown name or wrong password, not saying which, and in
 * the same time. RATE_LIMITED: from a network (an address; of IPv6 its /64)
 * where this member signed in within the last 180 days, by that network and
 * name together; from elsewhere by the network, and by the name; but with a
 * `device` that is this member's, by that alone. So guesses from all over the
 * world don't keep the member out, nor do neighbours. A new password ends what
 * devices have and what is known of networks.
 *
 * Of a member with a second factor, once the password was right and not before:
 * CODE_NEEDED: the code is missing. CODE_WRONG: it is not good, or was used
 * before. RATE_LIMITED: codes too often, or, after five wrong ones in a row, too
 * soon: half a minute that doubles with each, up to an hour, or a minute where
 * the member signed in before; recovery codes do not wait so. UNAUTHENTICATED
 * too: the ticket is too old. */
DEALS_API deals_call *deals_session_create(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_session_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_session_create_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_session_input *input,
                          int64_t timeout_ms);
/* Ends the asker's own session, or access token, whatever its scopes. Succeeds
 * too if there is none. */
DEALS_API deals_call *deals_session_delete(deals_ctx *ctx,
                          const deals_asker *asker, deals_done done,
                          void *data);
DEALS_API deals_call *deals_session_delete_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t timeout_ms);
/* Of account_create and session_create. */
DEALS_API const deals_session_result  *deals_session_get(
                          const deals_call *call);
/* Of a session_create that ended with CODE_NEEDED and wanted one: what stands for
 * the password for 5 minutes, so that it need not be typed or kept again.
 * Absent otherwise. */
DEALS_API deals_str        deals_session_ticket(const deals_call *call);

typedef struct {
    deals_list  sessions;       /* of deals_session_info; at most 100 */
    deals_list  tokens;         /* of deals_token_info, the newest first */
    int         own_ended;      /* session_end: it was the asker's own */
    const deals_factor_info  *factor;   /* deals_sessions: the asker's */
} deals_sessions_result;

/* {"sessions":[...]} */
DEALS_API extern const deals_shape  deals_sessions_shape;

/* {"tokens":[...]}, of the same struct */
DEALS_API extern const deals_shape  deals_tokens_shape;

/* What a session that somebody found open must not do asks for the member's
 * password again. INVALID of field `current`: it is not that. RATE_LIMITED by
 * member, all that ask for it together, as signing in is. */
typedef struct {
    deals_str  current;         /* the member's password; required */
} deals_confirm_input;

DEALS_API extern const deals_shape  deals_confirm_input_shape;

/* The asker's sessions: the own one first, then the last used; the access
 * tokens; and the second factor. All four need a member: UNAUTHENTICATED. */
DEALS_API deals_call *deals_sessions(deals_ctx *ctx, const deals_asker *asker,
                          deals_done done, void *data);
DEALS_API deals_call *deals_sessions_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t timeout_ms);
/* Ends one of them, by its id; whoever held its token is signed out at once, on
 * all nodes. Asks for the password (the asker's own session ends without it by
 * deals_session_delete). NOT_FOUND: the asker has no such session. */
DEALS_API deals_call *deals_session_end(deals_ctx *ctx,
                          const deals_asker *asker, deals_str id,
                          const deals_confirm_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_session_end_wait(deals_ctx *ctx,
                          const deals_asker *asker, deals_str id,
                          const deals_confirm_input *input,
                          int64_t timeout_ms);
/* Ends all but the asker's own; access tokens go on. Asks for the password. */
DEALS_API deals_call *deals_session_end_others(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_confirm_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_session_end_others_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_confirm_input *input,
                          int64_t timeout_ms);
/* Ends one of the asker's access tokens, by its id: without the password, to be
 * quick about it. NOT_FOUND. */
DEALS_API deals_call *deals_token_end(deals_ctx *ctx,
                          const deals_asker *asker, deals_str id,
                          deals_done done, void *data);
DEALS_API deals_call *deals_token_end_wait(deals_ctx *ctx,
                          const deals_asker *asker, deals_str id,
                          int64_t timeout_ms);
/* Of the four. */
DEALS_API const deals_sessions_result  *deals_sessions_get(
                          const deals_call *call);

/* Access tokens that a member may have at a time; for how many days one may be
 * good, and is unless that is said. */
#define DEALS_TOKENS_MAX     50
#define DEALS_TOKEN_DAYS     90
#define DEALS_TOKEN_DAYS_MAX 366

typedef struct {
    deals_str   label;          /* 1..50 characters; required */
    deals_list  scopes;         /* of deals_str: "read", "vote", "write";
                                   required, one at least */
    int64_t     days;           /* 1..366; DEALS_NULL_INT: 90 */
    deals_str   current;        /* the member's password; required, but not of
                                   the operator (deals_member_token) */
} deals_token_input;

DEALS_API extern const deals_shape  deals_token_input_shape;

/* {"token","id","label","scopes","created_at","last_used_at","expires_at"} */
typedef struct {
    deals_str         token;    /* said only here; the database has its hash */
    deals_token_info  info;
} deals_token_result;

DEALS_API extern const deals_shape  deals_token_shape;

/* Makes an access token for the asker, for a program of the member's: it does
 * what its scopes say, until its end. A new password ends it too. Asks for the
 * password. INVALID: label, scopes, days. CONFLICT: the member has
 * DEALS_TOKENS_MAX already (of those made at the same moment a few more may
 * pass). */
DEALS_API deals_call *deals_token_create(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_token_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_token_create_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_token_input *input, int64_t timeout_ms);
/* Of token_create, and of deals_member_token. */
DEALS_API const deals_token_result  *deals_token_get(const deals_call *call);

typedef struct {
    deals_str  current;         /* the password as it is; required */
    deals_str  password;        /* the new one: 8..128 characters; required */
} deals_password_input;

DEALS_API extern const deals_shape  deals_password_input_shape;

/* Changes the asker's password and ends all of the member's sessions but the
 * asker's own, and all access tokens. UNAUTHENTICATED: no member. INVALID:
 * current is wrong, password breaks a rule. RATE_LIMITED by member, as signing
 * in is. deals_password_device: as `device` of deals_session_result, in the place
 * of the one that ended; absent until the call succeeded. */
DEALS_API deals_call *deals_password_change(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_password_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_password_change_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_password_input *input,
                          int64_t timeout_ms);
DEALS_API deals_str    deals_password_device(const deals_call *call);

typedef struct {
    deals_str  token;           /* of deals_member_reset; required */
    deals_str  password;        /* the new one; required */
} deals_reset_input;

DEALS_API extern const deals_shape  deals_reset_input_shape;

/* Sets a password by a token that the operator made; it is used up, and all of
 * the member's sessions and access tokens end. A second factor stays, unless the
 * token was made for one that is lost. INVALID: token (never made, used, or too
 * old), password. RATE_LIMITED by address. */
DEALS_API deals_call *deals_password_reset(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_reset_input *input, deals_done done,
                          void *data);
DEALS_API deals_call *deals_password_reset_wait(deals_ctx *ctx,
                          const deals_asker *asker,
                          const deals_reset_input *input,
                          int64_t timeout_ms);
/* 1: a second factor was removed with it. */
DEALS_API int         deals_password_reset_factor(const deals_call *call);

/* Only looks up who asks (deals_call_viewer): for pages that show nothing
 * else, and for GET /me (strict: UNAUTHENTICATED without a good token). */
DEALS_API deals_call *deals_whoami(deals_ctx *ctx, const deals_asker *asker,
                          deals_done done, void *data);
DEALS_API deals_call *deals_whoami_wait(deals_ctx *ctx,
                          const deals_asker *asker, int64_t timeout_ms);

/* NOT_FOUND. */
DEALS_API deals_call *deals_user_get(deals_ctx *ctx, const deals_asker *asker,
                          deals_str name, deals_done done, void *data);
DEALS_API deals_call *deals_user_get_wait(deals_ctx *ctx,
                          const deals_asker *asker, deals_str name,
                          int64_t timeout_ms);
DEALS_API const deals_user  *deals_user_result(const deals_call *call);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_CALLS_H */
