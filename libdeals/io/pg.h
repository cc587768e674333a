/*
 * io/pg.h - inside of the pool: connections and segments. Only io/pg_*.c
 * include it, and libpq.
 *
 *   pg_pool.c   the pool's life, and how many connections there are
 *   pg_dispatch.c  which segment goes to which of them
 *   pg_health.c what is known of the database, and when to try again
 *   pg_standby.c  one that can only be read
 *   pg_segment.c  segments and lists of them
 *   pg_conn.c   one connection: its states, its descriptor, its end
 *   pg_write.c  a segment onto a connection
 *   pg_read.c   answers off a connection, and what follows from them
 *   pg_result.c one statement's result
 *   pg_error.c  what an SQLSTATE means
 */

#ifndef DEALS_IO_PG_H
#define DEALS_IO_PG_H

#include <postgresql/libpq-fe.h>

#include "io/pool.h"

/* Segments written on one connection and not answered. More wait in the pool,
 * where they can still be given up. */
#define DEALS_PIPELINE  16

/* Reads that are written together share a Sync: so many at most, since none is
 * surely answered before the last one is done. */
#define DEALS_SHARERS  4

/* Whoever stands behind a slow statement on its connection waits for it. So
 * segments with one go over connections of their own, one at a time. */
typedef enum {
    LANE_SHORT = 0, LANE_SLOW, LANES
} deals_lane;

typedef enum {
    CONN_CLOSED = 0,        /* no PGconn */
    CONN_CONNECTING,        /* in PQconnectPoll */
    CONN_CHECKING,          /* the schema's version was asked for */
    CONN_READY,             /* takes segments */
    CONN_RECOVERING         /* a ROLLBACK is on its way */
} deals_pg_state;

typedef enum {
    OP_BEGIN = 0, OP_PREPARE, OP_EXECUTE, OP_COMMIT, OP_ROLLBACK, OP_VERSION
} deals_op_kind;

/* One statement as it went over the wire; a Sync follows the last one of a
 * segment, or of several that share it. */
typedef struct {
    deals_op_kind   kind;
    unsigned        stmt;
    unsigned        generation;     /* of its prepared statement */
    deals_query    *query;          /* of OP_EXECUTE */
} deals_op;

typedef struct deals_pg_conn  deals_pg_conn;
typedef struct deals_owed     deals_owed;

struct deals_segment {
    deals_segment   *prev;          /* in the pool's queue, or in */
    deals_segment   *next;          /* its connection's */
    deals_pg_conn   *conn;          /* NULL: in the pool's queue */

    deals_answered   answered;
    void            *owner;         /* NULL: nobody waits */
    deals_arena     *arena;
    deals_query     *queries;       /* NULL: not bound yet */
    deals_bind       bind;          /* NULL: they came with it */
    unsigned         nwrites;
    deals_lane       lane;

    deals_owed      *owed;          /* told at its end: deals_segment_owe */
    deals_ctx       *teller;

    uint64_t         serial;        /* of its submission */
    int64_t          written;       /* deals_mono(); -1 */

    /* each is done once at most */
    unsigned         again_lost:1;      /* asked again after a loss */
    unsigned         again_prepared:1;  /* prepared again */
    unsigned         again_conflict:1;  /* 40001, 40P01 */
    unsigned         again_aborted:1;   /* 25P02: was not executed */
    unsigned         alone:1;       /* skipped once: has a Sync of its own */

    /* reading */
    unsigned         op;            /* the next result is for */
    unsigned         nops;
    unsigned         seen:1;        /* it had a result */
    unsigned         failed:1;
    unsigned         wrote:1;       /* a write was carried out */
    unsigned         unsure:1;      /* failed while it was being committed */
    unsigned         shares:1;      /* the Sync of the one behind it */
    unsigned         skipped:1;     /* one before it under its Sync failed */
    deals_outcome    outcome;
    deals_op         ops[];
};

typedef struct {
    deals_segment  *first;
    deals_segment  *last;
    unsigned        n;
} deals_segments;

struct deals_pg_conn {
    deals_pool      *pool;
    unsigned         number;        /* in messages */
    deals_lane       lane;
    deals_pg_state   state;
    PGconn          *pg;
    deals_io         io;            /* of a duplicate of libpq's descriptor */

    deals_segments   written;       /* in the order of their answers */
    unsigned         open;          /* segments at its end without a Sync */
    int              barrier;       /* nothing may be written behind it */
    int              poisoned;      /* in a failed transaction */
    int              read_only;     /* the server takes no changes */
    int              leaving;       /* takes nothing more, is closed then */
    int              late;          /* segments bound late among those written:
                                       they take longer */

    uint8_t         *prepared;      /* by statement: is it */
    uint8_t         *generation;    /* by statement: part of its name */

    deals_timer      timer;         /* the end of the attempt to connect, or
                                       of the patience with answers */
    int64_t          progress;      /* deals_mono() of the last sign of life */
    int64_t          ready_since;
    int64_t          lost_told;     /* deals_mono(), when its loss was logged */
};

struct deals_pool {
    deals_ctx               *ctx;
    const deals_pg_address  *address;
    deals_pg_conn           *conns;
    int                      nconns;
    deals_segments           queue[LANES];  /* by serial number */
    uint64_t                 serial;        /* the last one given out */
    int                     *formats;       /* all 1: binary */
    size_t                   target;        /* the first one to try */

    int            asked;           /* a connection is wanted from now on */
    int            was_ready;       /* the schema was right once */
    int            attempts;        /* that failed one after the other */
    int64_t        retry_at;        /* not before */
    int64_t        down_since;      /* 0: not known to be down */
    int            up;              /* some connection is ready */
    int64_t        since;           /* seconds since 1970: so is it; 0: it was
                                       not asked yet */
    int            read_only;       /* the server takes no changes */
    unsigned       probes;          /* connections since then */
    int            told_down;       /* the log says that it is not available */
    int            flaps;           /* since then connections ended as soon as
                                       they were ready */
    deals_timer    stays;           /* then: until one is believed */
    deals_outcome  down;            /* what callers are told then */
    deals_timer    retry;
    deals_timer    grace;
    deals_post     kick;            /* deals_pool_run */
};


/* pg_pool.c: begins a connection, if one is needed. */
void  deals_pool_grow(deals_pool *pool);

/* pg_dispatch.c */
/* At the end of a turn: what waits goes out. */
void  deals_pool_run(void *owner);
void  deals_pool_kick(deals_pool *pool);
/* Back into the queue, before all that came later. */
void  deals_pool_requeue(deals_pool *pool, deals_segment *segment);

/* pg_health.c */
void  deals_pool_health_init(deals_pool *pool);
void  deals_pool_conn_ready(deals_pg_conn *conn);
/* A connection was closed. */
void  deals_pool_conn_closed(deals_pool *pool);
/* The attempt failed; `outcome` is for those who wait. */
void  deals_pool_conn_failed(deals_pg_conn *conn, const char *why,
          const deals_outcome *outcome);
/* Whether callers are refused at once, and with what. */
int   deals_pool_is_refusing(const deals_pool *pool);
void  deals_pool_down(const deals_pool *pool, deals_outcome *outcome);
/* Connections of a lane that are ready; ready 0: that are being made. */
int   deals_pool_count(const deals_pool *pool, deals_lane lane, int ready);

/* pg_standby.c */
/* A connection is ready: does the server take changes? */
void  deals_pool_standing(deals_pg_conn *conn);
/* If it does not: the connection to be made anew now; NULL: none. */
deals_pg_conn  *deals_pool_probe(deals_pool *pool);
/* Closes those that leave and have answered. */
void  deals_pool_retire(deals_pool *pool);

/* pg_segment.c */
deals_segment  *deals_segment_new(unsigned nops);
/* Ends it: tells its owner, frees it. */
void  deals_segment_end(deals_segment *segment, const deals_outcome *outcome);
/* Nobody waits for its end; what it owes is told. */
void  deals_segment_drop(deals_segment *segment);
void  deals_segment_free(deals_segment *segment);
void  deals_segments_add(deals_segments *list, deals_segment *segment);
/* Where its serial number belongs. */
void  deals_segments_insert(deals_segments *list, deals_segment *segment);
void  deals_segments_remove(deals_segments *list, deals_segment *segment);

/* pg_conn.c */
void  deals_conn_init(deals_pool *pool, deals_pg_conn *conn,
          unsigned number, deals_lane lane);
void  deals_conn_open(deals_pg_conn *conn);
/* Closes it; written segments are asked again or fail. */
void  deals_conn_lost(deals_pg_conn *conn, const char *why);
/* Closes it, forgetting its segments. */
void  deals_conn_close(deals_pg_conn *conn);
void  deals_conn_checked(deals_pg_conn *conn, const char *why,
          const deals_outcome *outcome);
/* Ends what is open, says what to watch; -1: the connection is lost, and
 * closed. */
int   deals_conn_flush(deals_pg_conn *conn);
int   deals_conn_takes(const deals_pg_conn *conn);
/* Whether a segment may have its Sync in common with others. */
int   deals_segment_may_share(const deals_segment *segment);

/* pg_write.c: 0, -1: nothing of it can take effect, -2: it may, -3: the
 * connection had ended before, -4: the query could not be made. It is unusable
 * after the first three; the segment is not in its list then. */
int   deals_conn_write(deals_pg_conn *conn, deals_segment *segment);
int   deals_conn_write_op(deals_pg_conn *conn, deals_op_kind kind);

/* Whether its writes may have taken effect, as far as it was answered. */
int   deals_segment_may_hold(const deals_segment *segment);
/* Whether that keeps it from being asked once more after a loss. */
int   deals_segment_in_doubt(const deals_segment *segment);

/* pg_result.c: `op` NULL: the Sync. 1: the result belongs to the segment's arena
 * now, 0: still to the caller. */
int   deals_result(deals_pg_conn *conn, deals_segment *segment,
          const deals_op *op, PGresult *res);
void  deals_result_error(deals_pg_conn *conn, deals_segment *segment,
          const deals_op *op, const PGresult *res, const char *sqlstate);

/* pg_read.c: 0, or -1: the connection is lost, and closed. */
int   deals_conn_read(deals_pg_conn *conn);

/* pg_error.c */
typedef enum {
    ERROR_OTHER = 0,
    ERROR_CONFLICT,         /* with another transaction */
    ERROR_STALE_PLAN,       /* the prepared statement */
    ERROR_ABORTED,          /* an earlier statement's transaction */
    ERROR_RECONNECT         /* this connection is of no use */
} deals_error_class;

deals_error_class  deals_sqlstate_class(const char *sqlstate);
void  deals_sqlstate_outcome(const char *sqlstate, deals_outcome *outcome);

extern const deals_outcome  deals_outcome_ok;
extern const deals_outcome  deals_outcome_lost;
extern const deals_outcome  deals_outcome_unknown;
extern const deals_outcome  deals_outcome_down;
extern const deals_outcome  deals_outcome_read_only;

#endif /* DEALS_IO_PG_H */
