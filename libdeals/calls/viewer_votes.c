/*
 * calls/viewer_votes.c - the votes that are kept with a session: a small hash
 * table. It is asked for each row of a page, and so kept plain.
 */

#include <stdlib.h>
#include <string.h>

#include "calls/viewer.h"

#define FIRST    64                 /* places; powers of two */
#define LARGEST  2048               /* half of them hold an overlay's rows */


static size_t
place_of(int64_t deal_id, int64_t comment_id)
{
    uint64_t  h;

    h = (uint64_t) deal_id * UINT64_C(0x9e3779b97f4a7c15)
        + (uint64_t) comment_id * UINT64_C(0xc2b2ae3d27d4eb4f);

    return (size_t) (h ^ h >> 32);
}


/* The vote's place, or the empty one where it belongs. */
static deals_kept_vote *
find(const deals_kept_votes *votes, int64_t deal_id, int64_t comment_id)
{
    size_t            i, mask = votes->size - 1;
    deals_kept_vote  *place;

    for (i = place_of(deal_id, comment_id); ; i++) {
        place = &votes->places[i & mask];

        if ((place->deal_id == deal_id && place->comment_id == comment_id)
            || place->deal_id == 0)
        {
            return place;
        }
    }
}


/* Which votes count, in milliseconds since votes->since: those read in between.
 * 0: none does. */
static int
span(const deals_viewer *viewer, int old, int64_t *from, int64_t *to)
{
    int64_t                  keep;
    deals_ctx               *ctx = deals_viewer_ctx(viewer);
    const deals_kept_votes  *votes = &viewer->votes;

    if (votes->size == 0
        || deals_ctx_generation(ctx, DEALS_CHANGE_VOTES,
                                viewer->reading.user_id, &keep)
           != votes->generation || keep <= 0)
    {
        return 0;
    }

    if (old || keep > DEALS_VIEWER_STALE) {
        keep = DEALS_VIEWER_STALE;
    }

    *to = (deals_ctx_now_usec(ctx) - votes->since) / 1000;
    *from = *to - keep + 1;

    return 1;
}


size_t
deals_viewer_recall(const deals_viewer *viewer, int old,
    const deals_vote_key *rows, size_t n, int8_t *values, int8_t unknown)
{
    size_t            i, missing = 0;
    int64_t           from, to;
    deals_kept_vote  *place;

    if (!span(viewer, old, &from, &to)) {
        memset(values, unknown, n);
        return n;
    }

    for (i = 0; i < n; i++) {
        place = find(&viewer->votes, rows[i].deal_id, rows[i].comment_id);

        if (place->deal_id != 0 && place->read >= from && place->read <= to) {
            values[i] = place->value;

        } else {
            values[i] = unknown;
            missing++;
        }
    }

    return missing;
}


/* -- keeping -------------------------------------------------------------- */

static void
clear(deals_kept_votes *votes, const deals_reading *reading)
{
    if (votes->used > 0) {
        memset(votes->places, 0, votes->size * sizeof(*votes->places));
    }

    votes->used = 0;
    votes->generation = reading->generation;
    votes->since = reading->at;
}


/* 0, or -1: no memory. */
static int
grow(deals_viewer *viewer, size_t size)
{
    size_t             i, before;
    deals_kept_votes   larger, *votes = &viewer->votes;

    larger = *votes;
    larger.size = size;
    larger.places = calloc(size, sizeof(*larger.places));

    if (larger.places == NULL) {
        return -1;
    }

    for (i = 0; i < votes->size; i++) {
        if (votes->places[i].deal_id != 0) {
            *find(&larger, votes->places[i].deal_id,
                  votes->places[i].comment_id) = votes->places[i];
        }
    }

    before = votes->size * sizeof(*votes->places);
    free(votes->places);
    *votes = larger;
    deals_viewer_grew(viewer, before, size * sizeof(*votes->places));

    return 0;
}


/* Room for n more: when there is none, all that is known goes. */
static int
make_room(deals_viewer *viewer, size_t n, const deals_reading *reading)
{
    size_t             size;
    deals_kept_votes  *votes = &viewer->votes;

    if ((votes->used + n) * 2 <= votes->size) {
        return 0;
    }

    if ((votes->used + n) * 2 > LARGEST) {
        clear(votes, reading);
    }

    size = votes->size > 0 ? votes->size : FIRST;

    while ((votes->used + n) * 2 > size) {
        size *= 2;
    }

    return size > LARGEST ? -1 : size > votes->size ? grow(viewer, size) : 0;
}


void
deals_viewer_learn(deals_viewer *viewer, const deals_reading *reading,
    const deals_vote_key *rows, const int8_t *values, size_t n)
{
    size_t             i;
    int64_t            read;
    deals_kept_vote   *place;
    deals_kept_votes  *votes = &viewer->votes;

    if (reading->user_id != viewer->reading.user_id
        || !deals_reading_holds(deals_viewer_ctx(viewer), reading))
    {
        return;
    }

    read = (reading->at - votes->since) / 1000;

    if (votes->generation != reading->generation || read < 0
        || read > UINT32_MAX)
    {
        clear(votes, reading);
    }

    if (make_room(viewer, n, reading) < 0) {
        return;
    }

    read = (reading->at - votes->since) / 1000;

    for (i = 0; i < n; i++) {
        place = find(votes, rows[i].deal_id, rows[i].comment_id);

        if (place->deal_id == 0) {
            votes->used++;
            place->deal_id = rows[i].deal_id;
            place->comment_id = rows[i].comment_id;
        }

        place->value = values[i];
        place->read = (uint32_t) read;
    }
}
