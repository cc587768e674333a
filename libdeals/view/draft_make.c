/*
 * draft_make.c - from what the writers of HTML and JSON tell to the bytes of a
 * draft. See view/draft.h.
 */

#include <string.h>

#include <sodium.h>

#include "view/draft.h"

enum {
    GAP = 48,           /* bytes between two holes that are written as one */
    LOOK_BACK = 32,     /* alternatives among which the same is looked for */
    PLACES = 64         /* for rows, at first; a power of 2 */
};

typedef struct {
    const void  *row;
    uint32_t     index;
} place;


static int
votes_of(int state)
{
    return state % 3 == 0 ? 0 : state % 3 == 1 ? 1 : -1;
}


static int
is_same(const deals_buf *a, const deals_buf *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


void
deals_drafter_begin(deals_drafter *d, const deals_draft_rules *rules,
    deals_buf *out)
{
    deals_draft_header  header;

    memset(d, 0, sizeof(*d));
    memset(&header, 0, sizeof(header));

    d->rules = rules;
    d->out = out;
    deals_buf_add(out, &header, sizeof(header));
}


/* -- rows ----------------------------------------------------------------- */

static size_t
place_of(const place *places, size_t n, const void *row)
{
    size_t    i;
    uint64_t  hash = (uint64_t) (uintptr_t) row * UINT64_C(0x9e3779b97f4a7c15);

    i = (size_t) (hash >> 32) & (n - 1);

    while (places[i].row != NULL && places[i].row != row) {
        i = (i + 1) & (n - 1);
    }

    return i;
}


/* Twice the room, or the first. */
static int
more_places(deals_drafter *d)
{
    size_t        i, n = d->places.len / sizeof(place);
    size_t        more = n ? n * 2 : PLACES;
    deals_buf     grown = { 0 };
    place        *to;
    const place  *from = (const place *) (const void *) d->places.data;

    if (deals_buf_reserve(&grown, more * sizeof(place)) != 0) {
        d->failed = 1;
        return -1;
    }

    grown.len = more * sizeof(place);
    memset(grown.data, 0, grown.len);
    to = (place *) (void *) grown.data;

    for (i = 0; i < n; i++) {
        if (from[i].row != NULL) {
            to[place_of(to, more, from[i].row)] = from[i];
        }
    }

    deals_buf_free(&d->places);
    d->places = grown;

    return 0;
}


/* The number of a row, and whose it is. */
static int
find_row(deals_drafter *d, const deals_shape *shape, const void *row,
    uint32_t *index, int64_t *user_id)
{
    place            *at;
    deals_draft_row   key;

    if (d->rules->row(shape, row, &key) != 0) {
        d->unfit = 1;
        return -1;
    }

    if (d->nrows * 2 >= d->places.len / sizeof(place) && more_places(d) != 0) {
        return -1;
    }

    at = (place *) (void *) d->places.data;
    at += place_of(at, d->places.len / sizeof(place), row);

    if (at->row == NULL) {
        at->row = row;
        at->index = (uint32_t) d->nrows++;
        deals_buf_add(&d->rows, &key, sizeof(key));
    }

    *index = at->index;
    *user_id = key.user_id;

    return 0;
}


/* -- holes ---------------------------------------------------------------- */

/* The number of an alternative with these bytes, new in the table but maybe not
 * in the parts: most votes look alike on every row. */
static void
add_alternative(deals_drafter *d, const deals_buf *bytes)
{
    size_t                          i;
    deals_draft_alternative         new = { (uint32_t) d->parts.len,
                                            (uint32_t) bytes->len };
    const deals_draft_alternative  *old;

    old = (const deals_draft_alternative *) (const void *)
          d->alternatives.data;

    for (i = d->nalternatives;
         i > 0 && d->nalternatives - i < LOOK_BACK; i--)
    {
        if (old[i - 1].len == new.len
            && (new.len == 0 || memcmp(d->parts.data + old[i - 1].at,
                                       bytes->data, new.len) == 0))
        {
            new = old[i - 1];
            break;
        }
    }

    if (new.at == d->parts.len) {
        deals_buf_add(&d->parts, bytes->data, bytes->len);
    }

    deals_buf_add(&d->alternatives, &new, sizeof(new));
    d->nalternatives++;
    d->failed |= d->parts.failed | d->alternatives.failed;
}


static void
add_hole(deals_drafter *d, const deals_draft_hole *hole)
{
    deals_buf_add(&d->holes, hole, sizeof(*hole));
    d->nholes++;
    d->failed |= d->holes.failed;
}


/* Writes down the hole under way, if there is one. One whose parts together come
 * to the same in all states is none. */
static void
close_hole(deals_drafter *d)
{
    int                     s, before, n = 0;
    deals_draft_hole        hole = { 0 };
    deals_draft_open_hole  *open = &d->hole;

    if (!open->open) {
        return;
    }

    open->open = 0;
    hole.at = (uint32_t) open->at;
    hole.len = (uint32_t) (open->end - open->at);
    hole.row = open->row;
    hole.first = (uint32_t) d->nalternatives;

    for (s = 1; s < DEALS_DRAFT_STATES && !d->failed; s++) {
        for (before = 0; before < s; before++) {
            if (is_same(&open->by_state[before], &open->by_state[s])) {
                break;
            }
        }

        if (before < s) {
            hole.pick[s] = hole.pick[before];
        } else {
            add_alternative(d, &open->by_state[s]);
            hole.pick[s] = (unsigned char) ++n;
        }
    }

    if (n > 0) {
        add_hole(d, &hole);
    }
}


/* What each state has for this op. */
static void
write_pieces(deals_drafter *d, const deals_shape *shape, const void *row,
    int own, void (*write)(void *data, deals_buf *out), void *data)
{
    int    s, n = own ? DEALS_DRAFT_STATES : DEALS_DRAFT_STATES / 2;
    void  *changed = (void *) (uintptr_t) row;

    deals_buf_clear(&d->saved);
    deals_buf_add(&d->saved, row, shape->size);

    if (d->saved.failed) {
        d->failed = 1;
        return;
    }

    d->row = row;

    for (s = 0; s < n; s++) {
        deals_buf_clear(&d->piece[s]);
        d->rules->vary(shape, changed, votes_of(s), s >= 3);
        write(data, &d->piece[s]);
        d->failed |= d->piece[s].failed;
    }

    d->row = NULL;
    memcpy(changed, d->saved.data, shape->size);
}


/* Appends the pieces to the hole under way, or to a new one. Nobody's row: it
 * is never the member's own. */
static void
join_pieces(deals_drafter *d, uint32_t row, int own)
{
    int                     s;
    size_t                  gap = d->out->len - d->hole.end;
    deals_buf              *to;
    const deals_buf        *piece;
    deals_draft_open_hole  *hole = &d->hole;

    if (!hole->open || hole->row != row || gap > GAP) {
        close_hole(d);
        hole->open = 1;
        hole->row = row;
        hole->at = d->out->len;
        gap = 0;

        for (s = 0; s < DEALS_DRAFT_STATES; s++) {
            deals_buf_clear(&hole->by_state[s]);
        }
    }

    for (s = 0; s < DEALS_DRAFT_STATES; s++) {
        to = &hole->by_state[s];
        piece = &d->piece[own ? s : s % 3];

        deals_buf_add(to, d->out->data + d->out->len - gap, gap);
        deals_buf_add(to, piece->data, piece->len);
        d->failed |= to->failed;
    }

    deals_buf_add(d->out, d->piece[0].data, d->piece[0].len);
    hole->end = d->out->len;
}


int
deals_drafter_hole(deals_drafter *d, const deals_shape *shape, const void *row,
    void (*write)(void *data, deals_buf *out), void *data)
{
    int       s, n;
    int64_t   user_id;
    uint32_t  index;

    if (d->row != NULL) {
        d->unfit |= d->row != row;
        return -1;
    }

    if (d->unfit || d->failed || d->out->failed
        || find_row(d, shape, row, &index, &user_id) != 0)
    {
        return -1;
    }

    write_pieces(d, shape, row, user_id != 0, write, data);

    if (d->failed) {
        return 0;
    }

    n = user_id != 0 ? DEALS_DRAFT_STATES : DEALS_DRAFT_STATES / 2;

    for (s = 1; s < n && is_same(&d->piece[0], &d->piece[s]); s++) {
        /* void */
    }

    if (s == n) {
        deals_buf_add(d->out, d->piece[0].data, d->piece[0].len);
    } else {
        join_pieces(d, index, user_id != 0);
    }

    return 0;
}


void
deals_drafter_name(deals_drafter *d)
{
    deals_draft_hole  hole = { 0 };

    if (d->row != NULL) {
        d->unfit = 1;
        return;
    }

    close_hole(d);
    hole.at = (uint32_t) d->out->len;
    hole.row = DEALS_DRAFT_NAME;
    hole.first = (uint32_t) d->nalternatives;
    add_hole(d, &hole);
}


/* -- the end -------------------------------------------------------------- */

static void
free_all(deals_drafter *d)
{
    int  s;

    for (s = 0; s < DEALS_DRAFT_STATES; s++) {
        deals_buf_free(&d->piece[s]);
        deals_buf_free(&d->hole.by_state[s]);
    }

    deals_buf_free(&d->saved);
    deals_buf_free(&d->parts);
    deals_buf_free(&d->holes);
    deals_buf_free(&d->alternatives);
    deals_buf_free(&d->rows);
    deals_buf_free(&d->places);
}


/* Holes were counted from the beginning of all; in a draft they are from that
 * of the base. */
static void
rebase(deals_drafter *d)
{
    size_t             i;
    deals_draft_hole  *holes = (deals_draft_hole *) (void *) d->holes.data;

    for (i = 0; i < d->nholes; i++) {
        holes[i].at -= (uint32_t) sizeof(deals_draft_header);
    }
}


static void
put_together(deals_drafter *d)
{
    deals_buf           *out = d->out;
    deals_draft_header   header;

    memset(&header, 0, sizeof(header));
    header.magic = DEALS_DRAFT_MAGIC;
    header.base = (uint32_t) (out->len - sizeof(header));
    header.parts = (uint32_t) d->parts.len;
    header.nholes = (uint32_t) d->nholes;
    header.nalternatives = (uint32_t) d->nalternatives;
    header.nrows = (uint32_t) d->nrows;

    rebase(d);
    deals_buf_add(out, d->parts.data, d->parts.len);
    deals_buf_add(out, d->holes.data, d->holes.len);
    deals_buf_add(out, d->alternatives.data, d->alternatives.len);
    deals_buf_add(out, d->rows.data, d->rows.len);

    if (out->failed) {
        return;
    }

    if (out->len > UINT32_MAX) {
        d->unfit = 1;
        return;
    }

    header.size = (uint32_t) out->len;
    memcpy(out->data, &header, sizeof(header));
    crypto_generichash(header.tag, sizeof(header.tag),
                       (const unsigned char *) out->data, out->len, NULL, 0);
    memcpy(out->data, &header, sizeof(header));
}


int
deals_drafter_end(deals_drafter *d)
{
    int  rc;

    close_hole(d);
    d->failed |= d->rows.failed | d->out->failed;

    if (!d->failed && !d->unfit) {
        put_together(d);
    }

    rc = d->failed || d->out->failed ? -1 : d->unfit ? DEALS_DRAFT_UNFIT : 0;

    if (rc != 0) {
        deals_buf_clear(d->out);
    }

    free_all(d);

    return rc;
}
