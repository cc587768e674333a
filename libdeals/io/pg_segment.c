/*
 * Segments: made, kept in lists, ended.
 */

#include <stdlib.h>

#include "io/changes.h"
#include "io/pg.h"


struct deals_owed {
    deals_owed  *next;
    unsigned     what;
    int64_t      id;
};


deals_segment *
deals_segment_new(unsigned nops)
{
    deals_segment  *segment;

    segment = calloc(1, sizeof(deals_segment) + nops * sizeof(deals_op));

    if (segment != NULL) {
        segment->written = -1;
    }

    return segment;
}


void
deals_segments_add(deals_segments *list, deals_segment *segment)
{
    segment->next = NULL;
    segment->prev = list->last;

    if (list->last != NULL) {
        list->last->next = segment;

    } else {
        list->first = segment;
    }

    list->last = segment;
    list->n++;
}


void
deals_segments_insert(deals_segments *list, deals_segment *segment)
{
    deals_segment  *next;

    next = list->first;

    while (next != NULL && next->serial < segment->serial) {
        next = next->next;
    }

    if (next == NULL) {
        deals_segments_add(list, segment);
        return;
    }

    segment->next = next;
    segment->prev = next->prev;
    next->prev = segment;

    if (segment->prev != NULL) {
        segment->prev->next = segment;

    } else {
        list->first = segment;
    }

    list->n++;
}


void
deals_segments_remove(deals_segments *list, deals_segment *segment)
{
    if (segment->prev != NULL) {
        segment->prev->next = segment->next;

    } else {
        list->first = segment->next;
    }

    if (segment->next != NULL) {
        segment->next->prev = segment->prev;

    } else {
        list->last = segment->prev;
    }

    segment->prev = NULL;
    segment->next = NULL;
    list->n--;
}


/* Nothing is told: it was not written, or its context goes. */
void
deals_segment_free(deals_segment *segment)
{
    deals_owed  *owed;

    while ((owed = segment->owed) != NULL) {
        segment->owed = owed->next;
        free(owed);
    }

    free(segment);
}


static void
tell_owed(deals_segment *segment)
{
    deals_owed  *owed;

    while ((owed = segment->owed) != NULL) {
        segment->owed = owed->next;
        deals_changes_tell(segment->teller, owed->what, owed->id);
        free(owed);
    }
}


void
deals_segment_end(deals_segment *segment, const deals_outcome *outcome)
{
    void            *owner;
    deals_outcome    copy;
    deals_answered   answered;

    owner = segment->owner;
    answered = segment->answered;
    copy = *outcome;
    tell_owed(segment);

    if (owner != NULL) {
        answered(owner, &copy);
    }

    free(segment);
}


void
deals_segment_drop(deals_segment *segment)
{
    tell_owed(segment);
    free(segment);
}


/* Without memory it was told once, by who owes: caches have a time to live. */
void
deals_segment_owe(deals_segment *segment, deals_ctx *ctx, unsigned what,
    int64_t id)
{
    deals_owed  *owed;

    owed = malloc(sizeof(deals_owed));

    if (owed != NULL) {
        segment->teller = ctx;
        owed->what = what;
        owed->id = id;
        owed->next = segment->owed;
        segment->owed = owed;
    }
}


/* Nothing is lost with a read that was skipped. */
int
deals_segment_may_share(const deals_segment *segment)
{
    return segment->nwrites == 0 && segment->lane == LANE_SHORT
           && !segment->alone;
}


int64_t
deals_segment_written(const deals_segment *segment)
{
    return segment->written;
}
