/*
 * deals/viewer.h - for hosts that keep pages ready, the same for everybody, and
 * lay over them what is one member's own: the name, the own votes.
 *
 * A context keeps what it read of members lately: sessions, and votes that were
 * asked for. How long is the host's to say, by the hook `generation` (see
 * deals/ctx.h); without it nothing is kept. What ends or changes a session, and
 * each vote, makes contexts forget, on this node and through Redis on others.
 * Kept are at most 32,768 sessions and 32 MiB a context; those not used for the
 * longest time go first. Tokens are kept as keyed hashes only.
 */

#ifndef DEALS_VIEWER_H
#define DEALS_VIEWER_H

#include <deals/calls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place for a member's vote. */
typedef struct {
    int64_t  deal_id;
    int64_t  comment_id;        /* 0: the deal itself */
} deals_vote_key;

typedef enum {
    DEALS_UNKNOWN = 0,
    DEALS_KNOWN   = 1
} deals_known;

typedef struct deals_viewer  deals_viewer;

/* Who asks, without asking the database. KNOWN: *viewer is the member, NULL if
 * no token came. UNKNOWN (*viewer is NULL): deals_overlay finds out; so it is
 * also when the session is good and the note that it is in use is due, and when
 * an access token lacks DEALS_SCOPE_READ or what the asker needs. *viewer
 * and what is got from it live until the context runs again, or one of its
 * calls is made or freed. */
DEALS_API deals_known      deals_viewer_known(deals_ctx *ctx,
                               const deals_asker *asker,
                               const deals_viewer **viewer);

/* NULL: nobody (viewer NULL). */
DEALS_API const deals_me  *deals_viewer_me(const deals_viewer *viewer);

/* The viewer's votes, -1, 0 or 1, in the order of `rows`; viewer NULL: all 0.
 * UNKNOWN: one at least is not known, and 0 stands in its place. */
DEALS_API deals_known      deals_viewer_votes(const deals_viewer *viewer,
                               const deals_vote_key *rows, size_t n,
                               int8_t *votes);

#define DEALS_OVERLAY_ROWS   600
#define DEALS_OVERLAY_DEALS  32

/* Who asks (deals_call_viewer, _bad) and that member's votes: asks the database
 * for what is not known, all at once, and notes that the session is in use if
 * that is due. INVALID on rows: more than DEALS_OVERLAY_ROWS, or comments of
 * more than DEALS_OVERLAY_DEALS deals. UNAUTHENTICATED: asker->strict, and the
 * token is bad. While the database is away a session that was good within the
 * last ten minutes, and of which nothing was heard since, is still good here,
 * with the votes that are known; the others are 0 then. */
DEALS_API deals_call      *deals_overlay(deals_ctx *ctx,
                               const deals_asker *asker,
                               const deals_vote_key *rows, size_t n,
                               deals_done done, void *data);
DEALS_API deals_call      *deals_overlay_wait(deals_ctx *ctx,
                               const deals_asker *asker,
                               const deals_vote_key *rows, size_t n,
                               int64_t timeout_ms);
/* One for each row; 0 for nobody's. */
DEALS_API const int8_t    *deals_overlay_votes(const deals_call *call);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_VIEWER_H */
