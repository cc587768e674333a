/*
 * draft.c - the page of one member from a draft. See view/draft.h.
 *
 * Whoever has the bytes may have them from memory that others write to, so what
 * is opened is checked once, all of it, and then trusted. Nothing in them is
 * aligned.
 */

#include <string.h>

#include <sodium.h>

#include "core/name.h"
#include "view/draft.h"


/* -- opening -------------------------------------------------------------- */

static deals_draft_hole
hole_at(const deals_draft *draft, size_t i)
{
    deals_draft_hole  hole;

    memcpy(&hole, draft->holes + i * sizeof(hole), sizeof(hole));

    return hole;
}


static deals_draft_alternative
alternative_at(const deals_draft *draft, size_t i)
{
    deals_draft_alternative  a;

    memcpy(&a, draft->alternatives + i * sizeof(a), sizeof(a));

    return a;
}


static int
check_hole(const deals_draft *draft, const deals_draft_hole *hole,
    uint64_t from)
{
    size_t  s, most = 0;

    if (hole->at < from
        || (uint64_t) hole->at + hole->len > draft->base.len)
    {
        return -1;
    }

    if (hole->row == DEALS_DRAFT_NAME) {
        return 0;
    }

    for (s = 0; s < sizeof(hole->pick); s++) {
        most = hole->pick[s] > most ? hole->pick[s] : most;
    }

    return hole->row < draft->nrows && hole->pick[0] == 0
           && (uint64_t) hole->first + most <= draft->nalternatives ? 0 : -1;
}


static int
check(const deals_draft *draft)
{
    size_t                   i;
    uint64_t                 from = 0;
    deals_draft_hole         hole;
    deals_draft_alternative  a;

    for (i = 0; i < draft->nholes; i++) {
        hole = hole_at(draft, i);
        if (check_hole(draft, &hole, from) != 0) {
            return -1;
        }
        from = (uint64_t) hole.at + hole.len;
    }

    for (i = 0; i < draft->nalternatives; i++) {
        a = alternative_at(draft, i);
        if ((uint64_t) a.at + a.len > draft->parts.len) {
            return -1;
        }
    }

    return 0;
}


int
deals_draft_open(deals_draft *draft, deals_str bytes)
{
    uint64_t            size;
    const char         *p = bytes.data;
    deals_draft_header  header;

    memset(draft, 0, sizeof(*draft));

    if (p == NULL || bytes.len < sizeof(header)) {
        return -1;
    }

    memcpy(&header, p, sizeof(header));
    size = sizeof(header) + (uint64_t) header.base + header.parts
           + header.nholes * (uint64_t) sizeof(deals_draft_hole)
           + header.nalternatives * (uint64_t) sizeof(deals_draft_alternative)
           + header.nrows * (uint64_t) sizeof(deals_draft_row);

    if (header.magic != DEALS_DRAFT_MAGIC || header.reserved != 0
        || header.size != bytes.len || size != bytes.len)
    {
        return -1;
    }

    draft->tag = (const unsigned char *) p + offsetof(deals_draft_header, tag);
    p += sizeof(header);
    draft->base = (deals_str) { p, header.base };
    p += header.base;
    draft->parts = (deals_str) { p, header.parts };
    p += header.parts;
    draft->nholes = header.nholes;
    draft->holes = (const unsigned char *) p;
    p += header.nholes * sizeof(deals_draft_hole);
    draft->nalternatives = header.nalternatives;
    draft->alternatives = (const unsigned char *) p;
    p += header.nalternatives * sizeof(deals_draft_alternative);
    draft->nrows = header.nrows;
    draft->rows = (const unsigned char *) p;

    return check(draft);
}


deals_draft_row
deals_draft_get_row(const deals_draft *draft, size_t i)
{
    deals_draft_row  row;

    memcpy(&row, draft->rows + i * sizeof(row), sizeof(row));

    return row;
}


/* -- one member's --------------------------------------------------------- */

/* What stands in a hole, if not what the base has: 1. */
static inline int
fill(const deals_draft *draft, const deals_draft_hole *hole,
    const unsigned char *states, deals_str name, deals_str *with)
{
    unsigned                 pick;
    deals_draft_alternative  a;

    if (hole->row == DEALS_DRAFT_NAME) {
        *with = name;
        return 1;
    }

    pick = hole->pick[states[hole->row] % sizeof(hole->pick)];
    if (pick == 0) {
        return 0;
    }

    a = alternative_at(draft, hole->first + pick - 1);
    *with = (deals_str) { draft->parts.data + a.at, a.len };

    return 1;
}


size_t
deals_draft_size(const deals_draft *draft, const unsigned char *states,
    deals_str name)
{
    size_t            i, size = draft->base.len;
    deals_str         with;
    deals_draft_hole  hole;

    if (!deals_name_valid(name)) {
        return 0;
    }

    for (i = 0; i < draft->nholes; i++) {
        hole = hole_at(draft, i);
        if (fill(draft, &hole, states, name, &with)) {
            size += with.len;
            size -= hole.len;
        }
    }

    return size;
}


void
deals_draft_write(const deals_draft *draft, const unsigned char *states,
    deals_str name, char *out)
{
    size_t            i, from = 0;
    deals_str         with;
    deals_draft_hole  hole;

    for (i = 0; i < draft->nholes; i++) {
        hole = hole_at(draft, i);
        if (!fill(draft, &hole, states, name, &with)) {
            continue;
        }

        memcpy(out, draft->base.data + from, hole.at - from);
        out += hole.at - from;
        memcpy(out, with.data, with.len);
        out += with.len;
        from = hole.at + hole.len;
    }

    memcpy(out, draft->base.data + from, draft->base.len - from);
}


void
deals_draft_hash(const deals_draft *draft, const unsigned char *states,
    deals_str name, unsigned char out[DEALS_DRAFT_HASH])
{
    crypto_generichash_state  state;

    crypto_generichash_init(&state, NULL, 0, DEALS_DRAFT_HASH);
    crypto_generichash_update(&state, draft->tag, DEALS_DRAFT_HASH);
    crypto_generichash_update(&state, states, draft->nrows);
    crypto_generichash_update(&state, (const unsigned char *) name.data,
                              name.len);
    crypto_generichash_final(&state, out, DEALS_DRAFT_HASH);
}
