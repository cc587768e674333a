/*
 * deals/admin.h - for the operator: bringing a database's schema up to date,
 * proving its counters from the votes, changing its settings.
 */

#ifndef DEALS_ADMIN_H
#define DEALS_ADMIN_H

#include <deals/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif


/* -- the schema ------------------------------------------------------------ */

typedef struct {
    const char  *database;      /* libpq conninfo or URI of the schema's owner;
                                   required. Not through a pooler that hands a
                                   connection on after each transaction. */
    const char  *role;          /* of the workers: gets what it needs to read
                                   and write rows, and no more. NULL:
                                   "deals" */

    /* Told before each migration: the done-th of total comes next. After the
     * last: done == total, name NULL. May be NULL. */
    void       (*progress)(void *data, int done, int total, const char *name);
    void        *data;
} deals_migrate_params;

typedef struct {
    int  from;                  /* version before; 0: the database was empty */
    int  to;                    /* version now */
    int  granted;               /* 1: the role has its rights; 0: there is no
                                   such role, or it is the owner itself */
} deals_migrate_result;

/*
 * Blocks. May be run again and again, and by several at the same time: one does
 * it, the others wait and find it done. Each migration is a transaction of its
 * own, so what was done before an error stays done.
 *
 * 0, or -1 and *error (in `arena`): DEALS_INVALID (field "database": it can't
 * be read), DEALS_UNAVAILABLE (no connection), DEALS_SCHEMA (the schema is newer
 * than this library, the server too old, or a command failed: the message says
 * which and why), DEALS_NO_MEMORY.
 */
DEALS_API int  deals_migrate(const deals_migrate_params *params,
                   deals_arena *arena, deals_migrate_result *result,
                   const deals_error **error);


/* -- the proof ------------------------------------------------------------- */

/* A value that is kept for speed and is not what the rows and votes say. */
typedef struct {
    int64_t    deal_id;
    int64_t    comment_id;      /* 0: of the deal itself */
    int64_t    user_id;         /* not 0: of a member, and of no deal */
    deals_str  field;           /* "score" */
    deals_str  stored;          /* absent: NULL, or there is no row */
    deals_str  expected;
} deals_drift;

DEALS_API extern const deals_shape  deals_drift_shape;

typedef struct {
    deals_list  drifts;         /* of deals_drift; deals first, then comments */
    int64_t     last_id;        /* where the next part begins */
    int64_t     checked;        /* deals in this part */
    int64_t     total;          /* deals there are, about; 0: unknown */
    int         done;           /* 1: this was the last part */
} deals_verify_result;

/* Recomputes every counter and rank of the next 1,000 deals and their comments.
 * Begin with after_id 0, go on with last_id until done. Each part is compared
 * within one snapshot, so it may run while the community is in use; it changes
 * nothing. At most 10,000 drifts of deals and 10,000 of comments a part. */
DEALS_API deals_call *deals_verify(deals_ctx *ctx, int64_t after_id,
                          deals_done done, void *data);
DEALS_API deals_call *deals_verify_wait(deals_ctx *ctx, int64_t after_id,
                          int64_t timeout_ms);
/* The same of the next 1,000 members: who is disabled has no session and no
 * access token. */
DEALS_API deals_call *deals_verify_members(deals_ctx *ctx, int64_t after_id,
                          deals_done done, void *data);
DEALS_API deals_call *deals_verify_members_wait(deals_ctx *ctx,
                          int64_t after_id, int64_t timeout_ms);
/* Of both. */
DEALS_API const deals_verify_result  *deals_verify_get(const deals_call *call);


/* -- settings -------------------------------------------------------------- */

/*
 * epoch   seconds since 1970: the moment of rank 0
 * tau     seconds in which the rank of a new deal rises by one, as much as ten
 *         times the votes
 */
typedef struct {
    deals_str  name;
    deals_str  value;
} deals_setting;

DEALS_API extern const deals_shape  deals_setting_shape;

DEALS_API deals_call *deals_settings(deals_ctx *ctx, deals_done done,
                          void *data);
DEALS_API deals_call *deals_settings_wait(deals_ctx *ctx, int64_t timeout_ms);
/* A list of deals_setting, by name; NULL: the call failed. */
DEALS_API const deals_list  *deals_settings_get(const deals_call *call);

/* Changes one. The ranks are due then: call deals_rerank until it is done.
 * Setting the value that stands changes nothing. INVALID on field name or value. */
DEALS_API deals_call *deals_set(deals_ctx *ctx, deals_str name,
                          deals_str value, deals_done done, void *data);
DEALS_API deals_call *deals_set_wait(deals_ctx *ctx, deals_str name,
                          deals_str value, int64_t timeout_ms);

typedef struct {
    int      done;              /* 1: every rank is as the settings say */
    int64_t  pass;              /* 1, 2: the second finds what changed during
                                   the first */
    int64_t  last_id;           /* the last deal of this part */
    int64_t  changed;           /* ranks that this part changed */
} deals_rerank_result;

/* Ranks the next 1,000 deals, if that is due. Where it stands is kept in the
 * database: a run that was interrupted is gone on with by any other. */
DEALS_API deals_call *deals_rerank(deals_ctx *ctx, deals_done done,
                          void *data);
DEALS_API deals_call *deals_rerank_wait(deals_ctx *ctx, int64_t timeout_ms);
DEALS_API const deals_rerank_result  *deals_rerank_get(const deals_call *call);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_ADMIN_H */
