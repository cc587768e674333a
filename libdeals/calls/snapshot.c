/*
 * calls/snapshot.c - paging over snapshots. See calls/snapshot.h.
 *
 * A cursor's snapshot is a number of 53 bits, made of what the snapshot says,
 * and a place in it. Kept are a head and the ids with their ranks, in the byte
 * order of the machine: what another kind of machine left in Redis is nothing.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/id.h"
#include "calls/snapshot.h"

#define PLACE_BITS  10
#define MAGIC       UINT64_C(0x6465616c73310001)
#define WHOLE       1
#define MORE        2

typedef struct {
    uint64_t  magic;
    uint64_t  flags;
    uint64_t  n;
    uint64_t  later;
    int64_t   made;
} head;

_Static_assert(DEALS_SNAPSHOT_IDS < 1 << PLACE_BITS, "places fit");
_Static_assert(sizeof(head) + DEALS_SNAPSHOT_IDS * sizeof(deals_ranked)
               <= DEALS_KEEP_BYTES, "it can be kept");


/* Whose ids they are counts too, and whether there are all. Never 0. */

static uint64_t
number_of(const deals_cursor *cursor, uint64_t flags, const deals_ranked *ids,
    size_t n)
{
    size_t                     i;
    uint64_t                   out[2];
    int64_t                    about[3];
    crypto_generichash_state   hash;

    about[0] = cursor->list;
    about[1] = (int64_t) flags;
    about[2] = (int64_t) cursor->qualifier.len;

    (void) crypto_generichash_init(&hash, NULL, 0, sizeof(out));
    (void) crypto_generichash_update(&hash, (const unsigned char *) about,
                                     sizeof(about));

    if (cursor->qualifier.len > 0) {
        (void) crypto_generichash_update(&hash,
                        (const unsigned char *) cursor->qualifier.data,
                        cursor->qualifier.len);
    }

    for (i = 0; i < n; i++) {
        (void) crypto_generichash_update(&hash,
                        (const unsigned char *) &ids[i].id,
                        sizeof(ids[i].id));
    }

    (void) crypto_generichash_final(&hash, (unsigned char *) out, sizeof(out));

    return out[0] >> (64 - (63 - PLACE_BITS)) | 1;
}


static deals_str
key_of(deals_arena *arena, const deals_cursor *cursor, uint64_t number)
{
    char  *key;

    key = deals_arena_printf(arena, "list:%d:%.*s:%llx", cursor->list,
                             (int) cursor->qualifier.len,
                             cursor->qualifier.data ? cursor->qualifier.data
                                                    : "",
                             (unsigned long long) number);

    return key != NULL ? deals_str_of(key) : DEALS_NONE;
}


static void
keep(deals_call *call, const deals_cursor *cursor, uint64_t number,
    const head *h, const deals_ranked *ids)
{
    char         *bytes;
    size_t        size = h->n * sizeof(deals_ranked);
    deals_str     key;
    deals_arena  *arena = deals_call_arena(call);

    key = key_of(arena, cursor, number);
    bytes = deals_arena_alloc(arena, sizeof(head) + size);

    if (key.data == NULL || bytes == NULL) {
        return;
    }

    memcpy(bytes, h, sizeof(head));
    memcpy(bytes + sizeof(head), ids, size);

    deals_call_keep(call, key, (deals_str) { bytes, sizeof(head) + size },
                    DEALS_SNAPSHOT_LIFE);
}


int64_t
deals_snapshot_begin(deals_call *call, const deals_cursor *cursor,
    const deals_ranked *ids, size_t n)
{
    head      h;
    uint64_t  number;

    if (n == 0 || n >= DEALS_SNAPSHOT_IDS || !deals_call_keeps(call)) {
        return 0;
    }

    number = number_of(cursor, 0, ids, n);

    if (!deals_call_kept_lately(call, number)) {
        memset(&h, 0, sizeof(h));
        h.magic = MAGIC;
        h.n = n;
        keep(call, cursor, number, &h, ids);
    }

    return (int64_t) (number << PLACE_BITS | n);
}


int64_t
deals_snapshot_at(const deals_snapshot *s, size_t place)
{
    return (int64_t) (s->number << PLACE_BITS | place);
}


/* --- finding -------------------------------------------------------------- */

/* What was kept, checked: it may come from anywhere. 0; -1: it is no good. */

static int
read_bytes(deals_arena *arena, deals_snapshot *s)
{
    head     h;
    size_t   i;

    if (s->bytes.data == NULL || s->bytes.len < sizeof(h)) {
        return -1;
    }

    memcpy(&h, s->bytes.data, sizeof(h));

    if (h.magic != MAGIC || h.n == 0 || h.n > DEALS_SNAPSHOT_IDS
        || s->bytes.len != sizeof(h) + h.n * sizeof(deals_ranked))
    {
        return -1;
    }

    s->ids = deals_arena_array(arena, h.n, sizeof(deals_ranked));
    if (s->ids == NULL) {
        return -1;
    }

    memcpy(s->ids, s->bytes.data + sizeof(h), h.n * sizeof(deals_ranked));
    s->n = h.n;
    s->whole = (h.flags & WHOLE) != 0;
    s->more = (h.flags & MORE) != 0;
    s->later = h.later;
    s->made = h.made;

    for (i = 0; i < s->n; i++) {
        if (s->ids[i].id < 1 || s->ids[i].id > DEALS_ID_MAX
            || !isfinite(s->ids[i].rank))
        {
            s->ids = NULL;
            return -1;
        }
    }

    return 0;
}


static void
none(deals_call *call, deals_snapshot *s)
{
    s->ids = NULL;
    s->n = 0;
    s->step(call);
}


static int
by_id(const void *a, const void *b)
{
    int64_t  x = *(const int64_t *) a;
    int64_t  y = *(const int64_t *) b;

    return x < y ? -1 : x > y;
}


/* The page's ids are sorted aside, to leave them out of the order. */

static int
make(deals_call *call, deals_snapshot *s)
{
    size_t         i, n, first = s->n;
    int64_t       *shown;
    deals_arena   *arena = deals_call_arena(call);
    deals_ranked  *ids;

    shown = deals_arena_array(arena, first, sizeof(int64_t));
    s->room = first + s->order->rows.len;
    ids = deals_arena_array(arena, s->room, sizeof(deals_ranked));

    if (shown == NULL || ids == NULL) {
        return -1;
    }

    for (i = 0; i < first; i++) {
        ids[i] = s->ids[i];
        shown[i] = s->ids[i].id;
    }

    qsort(shown, first, sizeof(int64_t), by_id);
    s->ids = ids;
    s->take(s, s->order);

    for (i = first, n = first; i < s->n; i++) {
        if (bsearch(&ids[i].id, shown, first, sizeof(int64_t), by_id) == NULL)
        {
            ids[n++] = ids[i];
        }
    }

    s->more = s->order->rows.len > DEALS_SNAPSHOT_IDS
              || n > DEALS_SNAPSHOT_IDS;
    s->n = n > DEALS_SNAPSHOT_IDS ? DEALS_SNAPSHOT_IDS : n;

    return 0;
}


/* The order of now is there. */

static void
asked(deals_call *call)
{
    head             h;
    size_t           first;
    uint64_t         page;
    deals_use       *use = deals_call_state(call);
    deals_snapshot  *s = use->snapshot;

    page = s->number;
    first = s->n;

    if (make(call, s) < 0) {
        deals_use_no_memory(call);
        return;
    }

    memset(&h, 0, sizeof(h));
    h.magic = MAGIC;
    h.flags = WHOLE | (s->more ? MORE : 0);
    h.n = s->n;

    s->number = number_of(s->cursor, h.flags, s->ids, s->n);
    keep(call, s->cursor, s->number, &h, s->ids);

    h.flags = 0;
    h.n = first;
    h.later = s->number;
    h.made = deals_call_now_usec(call);
    keep(call, s->cursor, page, &h, s->ids);

    s->step(call);
}


static void
ask(deals_call *call)
{
    deals_use       *use = deals_call_state(call);
    deals_snapshot  *s = use->snapshot;

    s->order = s->ask(call, s);
    deals_call_query(call, s->order);
    deals_call_send(call, asked);
}


/* The one that somebody else went on in just now, perhaps. */

static void
found_later(deals_call *call)
{
    deals_use       *use = deals_call_state(call);
    deals_snapshot   later, *s = use->snapshot;

    later = *s;

    if (read_bytes(deals_call_arena(call), &later) < 0 || !later.whole
        || later.n < s->place)
    {
        ask(call);
        return;
    }

    later.number = s->later;
    later.shared = 1;
    *s = later;
    s->step(call);
}


static void
found(deals_call *call)
{
    int64_t          age;
    deals_str        key;
    deals_use       *use = deals_call_state(call);
    deals_snapshot  *s = use->snapshot;

    if (read_bytes(deals_call_arena(call), s) < 0 || s->place > s->n) {
        none(call, s);
        return;
    }

    if (s->whole) {
        s->step(call);
        return;
    }

    /* behind a first page there is nothing but all of it */

    if (s->place != s->n) {
        none(call, s);
        return;
    }

    age = deals_call_now_usec(call) - s->made;

    if (s->share && s->later != 0 && age >= 0 && age < DEALS_SNAPSHOT_SHARE) {
        key = key_of(deals_call_arena(call), s->cursor, s->later);

        if (key.data != NULL) {
            deals_call_kept(call, key, &s->bytes, found_later);
            return;
        }
    }

    ask(call);
}


void
deals_snapshot_find(deals_call *call, deals_snapshot *s,
    const deals_cursor *cursor, deals_step step)
{
    deals_str   key;
    deals_use  *use = deals_call_state(call);

    use->snapshot = s;
    s->cursor = cursor;
    s->step = step;
    s->number = (uint64_t) cursor->snapshot >> PLACE_BITS;
    s->place = (uint64_t) cursor->snapshot & ((1 << PLACE_BITS) - 1);

    if (s->number == 0 || s->place == 0 || !deals_call_keeps(call)) {
        none(call, s);
        return;
    }

    key = key_of(deals_call_arena(call), cursor, s->number);

    if (key.data == NULL) {
        deals_use_no_memory(call);
        return;
    }

    deals_call_kept(call, key, &s->bytes, found);
}


void
deals_snapshot_add(deals_snapshot *s, int64_t id, double rank)
{
    if (s->n < s->room) {
        s->ids[s->n].id = id;
        s->ids[s->n++].rank = rank;
    }
}


/* --- pages ---------------------------------------------------------------- */

int64_t *
deals_snapshot_slice(deals_snapshot *s, deals_arena *arena, size_t *n)
{
    size_t    i;
    int64_t  *ids;

    if (*n > s->n - s->place) {
        *n = s->n - s->place;
    }

    ids = deals_arena_array(arena, *n + 1, sizeof(int64_t));

    for (i = 0; ids != NULL && i < *n; i++) {
        ids[i] = s->ids[s->place + i].id;
    }

    return ids;
}


size_t
deals_snapshot_behind(const deals_snapshot *s, int64_t id)
{
    size_t  i;

    for (i = s->place; i < s->n; i++) {
        if (s->ids[i].id == id) {
            return i + 1;
        }
    }

    return s->n;
}
