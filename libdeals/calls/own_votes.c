/*
 * calls/own_votes.c - see calls/own_votes.h.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/id.h"
#include "stmts.h"
#include "calls/own_votes.h"

#define UNKNOWN  2

struct deals_votes_wanted {
    deals_vote_key  key;
    size_t          row;
};

struct deals_votes_part {
    deals_votes_part  *next;
    int64_t            deal_id;     /* of the comments; 0: votes on deals */
    deals_query       *query;
};


static int
compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}


/* Deals first, then comments, deal by deal. */
static int
order(const void *a, const void *b)
{
    int                    n;
    const deals_vote_key  *x = a, *y = b;

    n = compare(x->comment_id != 0, y->comment_id != 0);

    if (n == 0) {
        n = compare(x->deal_id, y->deal_id);
    }

    return n != 0 ? n : compare(x->comment_id, y->comment_id);
}


static int
is_possible(const deals_vote_key *key)
{
    return key->deal_id > 0 && key->deal_id <= DEALS_ID_MAX
           && key->comment_id >= 0 && key->comment_id <= DEALS_ID_MAX;
}


static deals_viewer *
record_of(deals_call *call)
{
    deals_use  *use = deals_call_state(call);

    return use->printed
           ? deals_viewer_find(deals_call_ctx(call), &use->print) : NULL;
}


/* -- asking --------------------------------------------------------------- */

static deals_query *
ask_part(deals_arena *arena, int64_t user_id, int64_t deal_id,
    const int64_t *ids, size_t n)
{
    deals_my_votes_params          p;
    deals_my_comment_votes_params  c;

    if (deal_id == 0) {
        memset(&p, 0, sizeof(p));
        p.user_id = user_id;
        p.deal_ids = ids;
        p.ndeal_ids = n;

        return deals_q_my_votes(arena, &p);
    }

    memset(&c, 0, sizeof(c));
    c.deal_id = deal_id;
    c.user_id = user_id;
    c.comment_ids = ids;
    c.ncomment_ids = n;

    return deals_q_my_comment_votes(arena, &c);
}


/* What one statement asks for: from `i` on, up to the result. */
static size_t
part_end(const deals_own_votes *own, size_t i)
{
    const deals_vote_key  *first = &own->wanted[i].key, *key;

    while (++i < own->nwanted) {
        key = &own->wanted[i].key;

        if ((key->comment_id != 0) != (first->comment_id != 0)
            || (key->comment_id != 0 && key->deal_id != first->deal_id))
        {
            break;
        }
    }

    return i;
}


/* 0, or -1: no memory. */
static int
ask_parts(deals_own_votes *own, deals_call *call)
{
    size_t              i, end, n;
    int64_t            *ids, id;
    deals_use          *use = deals_call_state(call);
    deals_arena        *arena = deals_call_arena(call);
    deals_vote_key     *key;
    deals_votes_part   *part;

    ids = deals_arena_array(arena, own->nwanted, sizeof(int64_t));
    if (ids == NULL) {
        return -1;
    }

    for (i = 0; i < own->nwanted; ids += n) {
        part = deals_arena_alloc(arena, sizeof(*part));
        if (part == NULL) {
            return -1;
        }

        key = &own->wanted[i].key;
        part->deal_id = key->comment_id != 0 ? key->deal_id : 0;

        for (end = part_end(own, i), n = 0; i < end; i++) {
            key = &own->wanted[i].key;
            id = part->deal_id != 0 ? key->comment_id : key->deal_id;

            if (n == 0 || ids[n - 1] != id) {
                ids[n++] = id;
            }
        }

        part->query = ask_part(arena, use->user_id, part->deal_id, ids, n);
        part->next = own->parts;
        own->parts = part;
        deals_call_query(call, part->query);
    }

    return 0;
}


int
deals_own_votes_ask(deals_own_votes *own, deals_call *call,
    const deals_vote_key *rows, size_t n)
{
    size_t               i;
    deals_use           *use = deals_call_state(call);
    deals_arena         *arena = deals_call_arena(call);
    const deals_viewer  *record = record_of(call);

    own->rows = rows;
    own->n = n;
    own->values = deals_arena_alloc(arena, n + 1);
    if (own->values == NULL) {
        return -1;
    }

    if (record == NULL) {
        memset(own->values, UNKNOWN, n);

    } else if (deals_viewer_recall(record, 0, rows, n, own->values, UNKNOWN)
               == 0)
    {
        return 0;
    }

    own->wanted = deals_arena_array(arena, n + 1, sizeof(*own->wanted));
    if (own->wanted == NULL) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        if (own->values[i] != UNKNOWN) {
            continue;
        }

        own->values[i] = 0;

        if (is_possible(&rows[i])) {
            own->wanted[own->nwanted].key = rows[i];
            own->wanted[own->nwanted++].row = i;
        }
    }

    if (own->nwanted == 0) {
        return 0;
    }

    qsort(own->wanted, own->nwanted, sizeof(*own->wanted), order);
    deals_reading_begin(deals_call_ctx(call), DEALS_CHANGE_VOTES, use->user_id,
                        &own->reading);

    return ask_parts(own, call);
}


/* -- answers -------------------------------------------------------------- */

static void
set(deals_own_votes *own, deals_vote_key key, int64_t value)
{
    size_t  low = 0, high = own->nwanted, middle;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (order(&own->wanted[middle].key, &key) < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    while (low < own->nwanted && order(&own->wanted[low].key, &key) == 0) {
        own->values[own->wanted[low++].row] = (int8_t) value;
    }
}


static void
take_part(deals_own_votes *own, const deals_votes_part *part)
{
    size_t                             i;
    deals_list                         rows = part->query->rows;
    const deals_my_votes_row          *d = rows.items;
    const deals_my_comment_votes_row  *c = rows.items;

    for (i = 0; i < rows.len; i++) {
        if (part->deal_id == 0) {
            set(own, (deals_vote_key) { d[i].deal_id, 0 }, d[i].value);

        } else {
            set(own, (deals_vote_key) { part->deal_id, c[i].comment_id },
                c[i].value);
        }
    }
}


void
deals_own_votes_take(deals_own_votes *own, deals_call *call)
{
    size_t             i;
    int8_t            *values;
    deals_arena       *arena = deals_call_arena(call);
    deals_viewer      *record;
    deals_vote_key    *keys;
    deals_votes_part  *part;

    for (part = own->parts; part != NULL; part = part->next) {
        take_part(own, part);
    }

    record = own->nwanted > 0 ? record_of(call) : NULL;
    if (record == NULL) {
        return;
    }

    keys = deals_arena_array(arena, own->nwanted, sizeof(*keys));
    values = deals_arena_alloc(arena, own->nwanted);
    if (keys == NULL || values == NULL) {
        return;                     /* then they are asked for again */
    }

    for (i = 0; i < own->nwanted; i++) {
        keys[i] = own->wanted[i].key;
        values[i] = own->values[own->wanted[i].row];
    }

    deals_viewer_learn(record, &own->reading, keys, values, own->nwanted);
}


void
deals_own_votes_guess(deals_own_votes *own, deals_call *call)
{
    const deals_viewer  *record = record_of(call);

    if (record != NULL) {
        (void) deals_viewer_recall(record, 1, own->rows, own->n, own->values,
                                   0);
    }
}


int64_t
deals_own_vote(const deals_own_votes *own, size_t row)
{
    return own->values != NULL ? own->values[row] : 0;
}
