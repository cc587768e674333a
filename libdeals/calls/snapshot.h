/*
 * calls/snapshot.h - the order of a ranked list as it was when somebody began to
 * page through it, so that nothing comes twice and nothing is left out while
 * votes move the ranks. It is nobody's own: all who saw the same first page at
 * the same time go on in the same snapshot.
 *
 * Of a first page only the ids that it showed are kept. Who asks for the page
 * behind it gets the order of that moment without them: what rose meanwhile is
 * not left out, what fell does not come again. The two together are the
 * snapshot that all later pages are slices of.
 *
 * What is kept may be gone, or the snapshot at its end: then a page is found by
 * the sort keys of the last row before it, as they were in the snapshot.
 */

#ifndef DEALS_CALLS_SNAPSHOT_H
#define DEALS_CALLS_SNAPSHOT_H

#include "core/cursor.h"
#include "calls/use.h"

#define DEALS_SNAPSHOT_IDS    1000      /* the same number stands in the
                                           statements ..._ids */
#define DEALS_SNAPSHOT_LIFE   600       /* seconds */
#define DEALS_SNAPSHOT_SHARE  1000000   /* microseconds in which those who go on
                                           behind a first page share an order */

typedef struct {
    int64_t  id;
    double   rank;
} deals_ranked;

typedef struct deals_snapshot deals_snapshot;

struct deals_snapshot {
    const deals_cursor  *cursor;        /* names the list, and the snapshot */
    uint64_t             number;
    size_t               place;         /* so many ids were shown */

    deals_ranked        *ids;           /* NULL: there is none */
    size_t               n;
    int                  more;          /* the list goes on behind it */
    int                  shared;        /* not made for this call */
    int                  share;         /* the caller's: it may be */

    /* The statement for the order of now; and its rows, which are handed on
     * one by one to deals_snapshot_add. */
    deals_query       *(*ask)(deals_call *call, deals_snapshot *snapshot);
    void               (*take)(deals_snapshot *snapshot,
                               const deals_query *order);
    void                *owner;

    /* snapshot.c's */
    int                  whole;         /* 0: the ids of a first page */
    uint64_t             later;         /* the last one made of this page */
    int64_t              made;          /* when, in microseconds */
    size_t               room;
    deals_query         *order;
    deals_str            bytes;
    deals_step           step;
};

/* A first page with these ids was made, and the list goes on: what its cursor
 * says of a snapshot. 0: none can be kept. */
int64_t  deals_snapshot_begin(deals_call *call, const deals_cursor *cursor,
             const deals_ranked *ids, size_t n);

/* What the cursor of a later page says, so many ids of the snapshot shown. */
int64_t  deals_snapshot_at(const deals_snapshot *snapshot, size_t place);

/* Looks for the snapshot that the cursor names, or makes it. `step` finds it, or
 * ids NULL. ask, take and share are set. */
void     deals_snapshot_find(deals_call *call, deals_snapshot *snapshot,
             const deals_cursor *cursor, deals_step step);

void     deals_snapshot_add(deals_snapshot *snapshot, int64_t id, double rank);

/* The ids at n places from the current one on, at most as many as there are;
 * NULL: no memory. */
int64_t *deals_snapshot_slice(deals_snapshot *snapshot, deals_arena *arena,
             size_t *n);

/* So many ids of the snapshot are shown when this one was. */
size_t   deals_snapshot_behind(const deals_snapshot *snapshot, int64_t id);

#endif /* DEALS_CALLS_SNAPSHOT_H */
