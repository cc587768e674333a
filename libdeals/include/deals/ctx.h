/*
 * deals/ctx.h - a context: the connections of one thread (or nginx worker) to
 * one community, and the calls that are under way on them.
 *
 * With hooks the host's event loop drives it; without, libdeals runs its own
 * poll(2) loop, and each call has a blocking form ..._wait(). The same code
 * runs in both. A context is not thread-safe: one thread, one context.
 */

#ifndef DEALS_CTX_H
#define DEALS_CTX_H

#include <deals/breached.h>
#include <deals/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct deals_ctx   deals_ctx;
typedef struct deals_call  deals_call;


/*
 * A descriptor that the library wants watched. Readiness is level-triggered:
 * say it again as long as it lasts. `host` is the host's to use; it is NULL
 * whenever the descriptor is not watched yet.
 */
typedef struct deals_io  deals_io;

enum { DEALS_READ = 1, DEALS_WRITE = 2 };

struct deals_io {
    int         fd;
    unsigned    events;     /* what is watched now: a DEALS_READ|DEALS_WRITE */
    void       *host;
    void      (*ready)(deals_io *io, unsigned events);
    void       *owner;      /* the library's */
};

/*
 * What a host offers. All are called on the context's thread, and none may call
 * back into the library before it returns.
 *
 * A host without a loop leaves watch, timer and wake NULL and gets the
 * library's own; it may still give the others. Where they are NULL too, now is
 * the system's clock, and warnings and errors go to stderr.
 */
typedef struct {
    void  *host;            /* first argument of each hook */

    /* Watch io->fd for `events` from now on; 0: forget the descriptor, which
     * is still open, and is closed by the library afterwards. The host sets
     * io->events and io->host. Returns 0, or -1 if it can't. When the
     * descriptor is ready (or broken: then for all that is watched) the host
     * calls io->ready(io, events). Other descriptors may be forgotten
     * meanwhile, this one too, and even the context may be freed. */
    int  (*watch)(void *host, deals_io *io, unsigned events);

    /* Call deals_ctx_run(ctx) after `ms` milliseconds; replaces the former
     * wish of the same kind; -1: no more. busy 1: somebody waits for an answer
     * (the host must not exit before); busy 0: maintenance (it may). */
    void (*timer)(void *host, int busy, int64_t ms);

    /* Call deals_ctx_run(ctx) soon, from a clean stack. */
    void (*wake)(void *host);

    /* Microseconds since 1970 UTC. */
    int64_t (*now)(void *host);

    /* A line for the log, not terminated. */
    void (*log)(void *host, deals_log_level level, deals_str line);

    /* Run fn(arg) on another thread, then done(arg) on the context's. fn
     * touches nothing but arg. Returns 0, or -1 if it can't be queued (then
     * neither is called). Both are called even if the caller lost interest;
     * arg stays valid until then. May be NULL: then fn runs at once. */
    int  (*work)(void *host, void (*fn)(void *arg), void *arg,
                 void (*done)(void *arg));

    /* Count one event of `key` in the window of `seconds` that now is in, for
     * all processes of this node: the count so far, this one included. Used
     * for rate limits while Redis is away. May be NULL: then the context
     * counts for itself alone. */
    int64_t (*count)(void *host, deals_str key, int seconds);

    /* Something that pages show is another now: a sum of DEALS_CHANGE_...; of
     * one deal, where id is not 0. With DEALS_CHANGE_MEMBER or _VOTES id is a
     * member's, and there are no other bits beside these. Told of each write of
     * this context as it ends and before its `done`, and, once deals_ctx_node
     * has asked for it, of what other nodes wrote. For caches. May be NULL. */
    void (*changed)(void *host, unsigned what, int64_t id);

    /* The generation of what contexts keep of a member, `what` being
     * DEALS_CHANGE_MEMBER or DEALS_CHANGE_VOTES: another number after each
     * `changed` with that bit for this member, or with DEALS_CHANGE_ALL, in any
     * context of the node (never one that it had in the last *keep_ms).
     * *keep_ms: how long what was read under it may be kept, in milliseconds,
     * but ten minutes at most; 0: not at all. Asked often: it should cost
     * next to nothing. NULL: contexts keep nothing of members. */
    uint64_t (*generation)(void *host, unsigned what, int64_t user_id,
                           int64_t *keep_ms);

    /* Keep bytes (at most DEALS_KEEP_BYTES) under a key for all contexts of
     * the node, for about `seconds`, instead of what was kept under it. They
     * may vanish at any time: what is kept only saves asking again, or lets
     * lists go on as they began. Both or neither; NULL: a context on the
     * host's loop keeps nothing, one with its own a little for itself. */
    void (*keep)(void *host, deals_str key, deals_str bytes, int seconds);

    /* What is kept under a key, copied into `arena`; absent: nothing. */
    deals_str (*kept)(void *host, deals_str key, deals_arena *arena);
} deals_hooks;

#define DEALS_KEEP_BYTES  32768

enum {
    DEALS_CHANGE_LISTS = 1,     /* which deals lists show, or what of them */
    DEALS_CHANGE_DEAL  = 2,     /* the deal, or its comments */
    DEALS_CHANGE_RANKS = 4,     /* counters that lists show; their order */
    DEALS_CHANGE_SCORE = 8,     /* counters that the deal's page shows */
    DEALS_CHANGE_ALL   = 16,    /* anything; also: changes may have been missed
                                   until now */
    DEALS_CHANGE_HEARD = 32,    /* nothing: but if there were something in
                                   another node, one would hear of it. Comes at
                                   least every DEALS_CHANGE_BEAT ms. */
    DEALS_CHANGE_MEMBER = 64,   /* a member's sessions, name, role; id is the
                                   member's */
    DEALS_CHANGE_VOTES = 128    /* a member's votes; id is the member's */
};

#define DEALS_CHANGE_BEAT  1000

/* Of whom a second factor is demanded (deals/factor.h). */
enum {
    DEALS_FACTOR_OPTIONAL = 0,  /* of nobody: each member's choice */
    DEALS_FACTOR_MODERATORS,    /* moderators and administrators without one act
                                   as plain members */
    DEALS_FACTOR_ALL            /* and who has none writes nothing: see
                                   deals_call_owes */
};

/* Certificates and keys that were read for a configuration: deals_tls_new. */
typedef struct deals_tls  deals_tls;

/*
 * Zeroed fields mean the default named. Strings are copied.
 */
typedef struct {
    const char  *database;      /* libpq conninfo or URI; required. Names of
                                   hosts are resolved in deals_config_check
                                   or _resolve and in deals_ctx_new (this may
                                   block), and not again. sslmode is disable,
                                   require, verify-ca or verify-full; not
                                   given: require, but disable if all
                                   addresses are sockets or loopback. service
                                   is refused. */
    const char  *redis;         /* "unix:/path",
                                   "redis://[[USER]:PASSWORD@]HOST:PORT/DB",
                                   or "HOST:PORT" on this machine; with TLS
                                   "rediss://[...@]HOST:PORT/DB[?OPTIONS]",
                                   see deals_tls_new. NULL: no Redis */
    int          pool_size;             /* connections to PostgreSQL: 3; and
                                           half as many again, opened when
                                           statements come that take long */
    int          queue_size;            /* calls that may wait: 1000; and as
                                           many of those that take long */
    int64_t      connect_timeout;       /* ms: 5000 */
    int64_t      query_timeout;         /* ms, a call's deadline: 5000 */
    int          no_prepare;            /* behind PgBouncer: no prepared
                                           statements, and no settings of the
                                           session: give the database's role a
                                           statement_timeout instead */
    /* limits by address (and account), events a minute; 0: the default named;
     * -1: none */
    int          signin_limit;          /* 10 */
    int          signup_limit;          /* 5 */
    int          post_limit;            /* deals: 10 */
    int          comment_limit;         /* 20 */
    int          vote_limit;            /* 120 */
    int          second_factor;         /* DEALS_FACTOR_...: OPTIONAL */
    deals_tls   *tls;           /* of deals_tls_new for the same `redis`, which
                                   is not read again then; NULL: contexts read
                                   certificates and keys themselves */
    deals_breached  *breached;      /* of deals_breached_open: no new password is
                                        one of them; NULL: any that keeps the
                                        other rules. A context keeps it open. */
} deals_config;

/* Checks a configuration without reaching a database; certificates and keys are
 * read. Returns NULL, or an error in `arena` whose field names the member. */
DEALS_API const deals_error  *deals_config_check(const deals_config *config,
                                  deals_arena *arena);

/* The same, and replaces `database` and `redis` by texts in `arena` that say the
 * same with addresses in the place of names: a context made of them resolves
 * nothing. For servers that read their configuration once and may not block
 * later. */
DEALS_API const deals_error  *deals_config_resolve(deals_config *config,
                                  deals_arena *arena);

/*
 * Reads the certificates and keys that config->redis names, for servers whose
 * workers may not: the result is one for all contexts, in any thread or process
 * forked later, and may be freed once they are made. NULL and *error NULL: there
 * is nothing to read. NULL and *error (in `arena`): what is wrong.
 *
 * rediss:// means TLS 1.2 or later, and a certificate that somebody trusted has
 * signed for HOST. The options, NAME=VALUE with "&" between them and values
 * percent-encoded where they have to be:
 *
 *     ssl_trusted_certificate  file in PEM: who is trusted, instead of those
 *                              whom the system trusts
 *     ssl_name                 whom the certificate must be for, instead of HOST
 *     ssl_verify               "off" takes any certificate
 *     ssl_certificate          file in PEM: our own, if Redis asks for one
 *     ssl_certificate_key      file in PEM: its key, that only its owner can
 *                              read
 */
DEALS_API deals_tls  *deals_tls_new(const deals_config *config,
                          deals_arena *arena, const deals_error **error);
DEALS_API void        deals_tls_free(deals_tls *tls);   /* NULL is ok */

/* hooks NULL: the library's own loop. Never connects; the first call does.
 * NULL and *error (in `arena`) on a bad configuration or no memory. */
DEALS_API deals_ctx  *deals_ctx_new(const deals_config *config,
                          const deals_hooks *hooks, deals_arena *arena,
                          const deals_error **error);

/* Cancels every call (their deals_call stay the callers' to free; each is done
 * then, with an error, and not called back), closes the connections. Without
 * hooks it waits, for at most a second, until Redis has what was changed. May be
 * called from a call's `done`. NULL is ok. */
DEALS_API void  deals_ctx_free(deals_ctx *ctx);

/*
 * Names the node that a context is part of (any number, the same in all contexts
 * that share a cache): changes are published through Redis under it. With
 * `listen` set the context also subscribes to what other nodes publish, and goes
 * on doing so whenever Redis comes back; the hook `changed` is told. One
 * listener for each cache is enough. Contexts without a name publish too. -1:
 * no memory. Without Redis nothing happens.
 */
DEALS_API int  deals_ctx_node(deals_ctx *ctx, uint64_t node, int listen);

/* Timers that are due and callbacks that wait: what the hooks wake and timer
 * ask for. */
DEALS_API void  deals_ctx_run(deals_ctx *ctx);

/* Own loop only: waits for at most timeout_ms (-1: no limit, but not at all if
 * no call is under way) until something happened, and handles it. Returns the
 * number of calls under way, -1 on an error of poll(2). May be called from a
 * call's `done`. */
DEALS_API int   deals_ctx_poll(deals_ctx *ctx, int64_t timeout_ms);

/* What to call the database in reports: "NAME@HOST", "NAME@/DIRECTORY",
 * "NAME@HOST:PORT" if the port is not the usual one; nothing secret. NULL: the
 * configuration is not good, or no memory. */
DEALS_API const char  *deals_config_name(const deals_config *config,
                           deals_arena *arena);

enum { DEALS_BATCH_SIZES = 4 };

/* For status pages and tests. */
typedef struct {
    int       connections;      /* ready ones */
    int       in_flight;        /* calls written and not answered */
    int       waiting;          /* calls that wait for a connection */
    uint64_t  calls, timeouts, reconnects, refused;
    int       redis_up;         /* 1 yes, 0 no, -1 none configured */
    int       database_up;      /* 1 yes, 0 no */
    uint64_t  batches, batched; /* writes that carried calls together, and the
                                   calls in them */
    uint64_t  batch_sizes[DEALS_BATCH_SIZES];   /* the batches of 1 call, of
                                   2-10, of 11-100, of more */
    int       pool_size;        /* connections there may be, those for slow
                                   statements included */
    int       queue_size;       /* calls that may wait */
    int       refusing;         /* 1: the database is known to be away, calls
                                   are refused at once */
    int64_t   database_since;   /* seconds since 1970: it is up, or known to be
                                   away, since then; 0: not known yet */
    int64_t   redis_since;      /* likewise */
    int       read_only;        /* 1: the database takes no changes (a standby);
                                   writes are refused at once */
} deals_ctx_stats;

DEALS_API void  deals_ctx_status(deals_ctx *ctx, deals_ctx_stats *stats);


/*
 * A call. Each is submitted by a function named for it, for instance
 *
 *     deals_call *deals_feed(deals_ctx *ctx, const deals_feed_params *params,
 *                            deals_done done, void *data);
 *
 * which copies its parameters, returns at once (NULL: out of memory) and never
 * calls back itself. `done` is called exactly once, later and from a clean
 * stack - unless the call is freed before: then never. Bad input is reported
 * through it like any other error. Its results (deals_feed_result(call), ...)
 * live until deals_call_free.
 */
typedef void (*deals_done)(deals_call *call, void *data);

/* NULL: it succeeded (or is not done yet). */
DEALS_API const deals_error  *deals_call_error(const deals_call *call);
DEALS_API int                 deals_call_is_done(const deals_call *call);
/* Lives as long as the call; a host may keep things of its own in it. */
DEALS_API deals_arena        *deals_call_arena(deals_call *call);
/* Microseconds between the first byte to PostgreSQL and the last from it; -1 if
 * it was not asked. */
DEALS_API int64_t             deals_call_db_time(const deals_call *call);
/* Cancels it if it is not done. NULL is ok. A write that is already on its way
 * may still happen. May be called from `done`. */
DEALS_API void                deals_call_free(deals_call *call);
/* Its deadline comes in so many milliseconds, if it would come later: for a
 * host that has spent part of the time it has. */
DEALS_API void                deals_call_hurry(deals_call *call, int64_t ms);
/* Own loop only: runs the loop until the call is done, or timeout_ms are over
 * (-1: the call's own deadline): then its error is DEALS_TIMEOUT. Returns
 * `call`; NULL if `call` is NULL. A `done` of the call must not free it. Every
 * deals_X_wait(ctx, ..., timeout_ms) is deals_call_wait(deals_X(ctx, ...,
 * NULL, NULL), timeout_ms). */
DEALS_API deals_call         *deals_call_wait(deals_call *call,
                                  int64_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_CTX_H */
