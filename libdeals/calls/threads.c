/*
 * calls/threads.c - the comments of a deal. See calls/threads.h.
 *
 * The rows come best first, roots and replies apart. They become an array by
 * level, in which the answers to one comment stand side by side (so that a
 * deals_list can point at them); the flat list is a copy of it in the order in
 * which a reader meets them. Nothing here recurses: threads may be deep.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/threads.h"

#define NOBODY         SIZE_MAX

/* A row on its way into the tree. */
typedef struct {
    const deals_comment  *row;
    size_t                parent;       /* place in the table */
    size_t                first, last;  /* answers */
    size_t                next;         /* sibling */
    int                   keep;
} node;

typedef struct {
    int64_t  id;
    size_t   place;
} entry;


/* How many of the roots that came belong to this page: as many as were asked
 * for, and no more comments and bytes than a page holds, but at least one. The
 * statements choose alike. */
static size_t
cut(const deals_threads *threads)
{
    size_t                i;
    int64_t               total = 0, bytes = 0;
    const deals_comment  *roots = threads->roots->rows.items;

    for (i = 0; i < threads->roots->rows.len; i++) {
        total += 1 + roots[i].reply_count;
        bytes += roots[i].thread_bytes;

        if (i == (size_t) threads->limit
            || (i > 0 && (total > DEALS_COMMENTS_PAGE
                          || bytes > DEALS_COMMENTS_BYTES)))
        {
            break;
        }
    }

    return i;
}


static int
by_id(const void *a, const void *b)
{
    int64_t  x = ((const entry *) a)->id;
    int64_t  y = ((const entry *) b)->id;

    return x < y ? -1 : x > y;
}


static size_t
find(const entry *index, size_t n, int64_t id)
{
    entry        key = { id, 0 };
    const entry  *found;

    found = bsearch(&key, index, n, sizeof(entry), by_id);

    return found != NULL ? found->place : NOBODY;
}


/* Who answers whom. Rows whose thread is not of this page stay without a
 * parent and are never reached. 0, or -1: no memory. */
static int
connect(deals_arena *arena, node *nodes, size_t nroots, size_t n)
{
    size_t   i;
    node    *parent;
    entry   *index;

    index = deals_arena_array(arena, n, sizeof(entry));
    if (index == NULL) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        index[i].id = nodes[i].row->id;
        index[i].place = i;
        nodes[i].parent = NOBODY;
        nodes[i].first = NOBODY;
        nodes[i].last = NOBODY;
        nodes[i].next = NOBODY;
    }

    qsort(index, n, sizeof(entry), by_id);

    for (i = nroots; i < n; i++) {
        nodes[i].parent = find(index, n, nodes[i].row->parent_id);

        /* A chain of parents that leads nowhere, or to itself, is not
         * shown. */
        if (nodes[i].parent == NOBODY || nodes[i].parent == i) {
            nodes[i].parent = NOBODY;
            continue;
        }

        parent = &nodes[nodes[i].parent];

        if (parent->last == NOBODY) {
            parent->first = i;
        } else {
            nodes[parent->last].next = i;
        }

        parent->last = i;
    }

    return 0;
}


/* The nodes that a reader can reach, level by level, in `order`; returns how
 * many. */
static size_t
walk_levels(node *nodes, size_t nroots, size_t *order)
{
    size_t  i, k, head, tail;

    for (i = 0; i < nroots; i++) {
        order[i] = i;
    }

    for (head = 0, tail = nroots; head < tail; head++) {
        for (k = nodes[order[head]].first; k != NOBODY; k = nodes[k].next) {
            order[tail++] = k;
        }
    }

    return tail;
}


/* A deleted comment is kept only where answers that are not hang below it. */
static void
prune(node *nodes, const size_t *order, size_t n)
{
    node  *at;

    while (n > 0) {
        at = &nodes[order[--n]];

        if (!at->row->deleted) {
            at->keep = 1;
        }

        if (at->keep && at->parent != NOBODY) {
            nodes[at->parent].keep = 1;
        }
    }
}


/* Copies what is kept of the n nodes in `order` (of `total`) into the tree.
 * Siblings follow each other in `order`, so the answers to one comment come to
 * stand side by side. */
static int
plant(deals_threads *threads, deals_arena *arena, node *nodes,
    size_t total, const size_t *order, size_t n, size_t nroots)
{
    size_t          i, k, at, *place;
    deals_comment  *tree, *parent;

    tree = deals_arena_array(arena, n, sizeof(deals_comment));
    place = deals_arena_array(arena, total, sizeof(size_t));
    if (tree == NULL || place == NULL) {
        return -1;
    }

    for (i = 0, at = 0; i < n; i++) {
        k = order[i];

        if (!nodes[k].keep) {
            continue;
        }

        tree[at] = *nodes[k].row;
        tree[at].replies.items = NULL;
        tree[at].replies.len = 0;
        place[k] = at;

        if (i < nroots) {
            threads->nroots++;

        } else {
            parent = &tree[place[nodes[k].parent]];

            if (parent->replies.len == 0) {
                parent->replies.items = &tree[at];
            }

            parent->replies.len++;
        }

        at++;
    }

    threads->tree = tree;
    threads->n = at;

    return 0;
}


int
deals_threads_build(deals_threads *threads, deals_call *call)
{
    deals_arena          *arena = deals_call_arena(call);
    node                 *nodes;
    size_t                i, n, nroots, *order;
    const deals_comment  *rows;

    nroots = cut(threads);
    n = nroots + threads->replies->rows.len;

    if (deals_threads_end(threads, call, nroots) < 0) {
        return -1;
    }

    if (nroots == 0) {
        return 0;
    }

    nodes = deals_arena_array(arena, n, sizeof(node));
    order = deals_arena_array(arena, n, sizeof(size_t));
    if (nodes == NULL || order == NULL) {
        return -1;
    }

    rows = threads->roots->rows.items;
    for (i = 0; i < nroots; i++) {
        nodes[i].row = &rows[i];
    }

    rows = threads->replies->rows.items;
    for (i = nroots; i < n; i++) {
        nodes[i].row = &rows[i - nroots];
    }

    if (connect(arena, nodes, nroots, n) < 0) {
        return -1;
    }

    i = walk_levels(nodes, nroots, order);
    prune(nodes, order, i);

    return plant(threads, arena, nodes, n, order, i, nroots);
}


int
deals_threads_ask_votes(deals_threads *threads, deals_call *call)
{
    size_t           i;
    deals_vote_key  *rows;

    if (threads->n == 0) {
        return 0;
    }

    rows = deals_arena_array(deals_call_arena(call), threads->n,
                             sizeof(*rows));
    if (rows == NULL) {
        return -1;
    }

    for (i = 0; i < threads->n; i++) {
        rows[i].deal_id = threads->deal_id;
        rows[i].comment_id = threads->tree[i].id;
    }

    return deals_own_votes_ask(&threads->own, call, rows, threads->n);
}


void
deals_threads_take_votes(deals_threads *threads, deals_call *call)
{
    if (threads->n > 0) {
        deals_own_votes_take(&threads->own, call);
    }
}


/* The tree in the order of reading. A stack of ranges: each comment is pushed
 * at most once, as the range of answers that it begins. */
static int
flatten(deals_threads *threads, deals_arena *arena)
{
    size_t          at = 0, depth = 0;
    deals_list     *stack;
    deals_comment  *flat, *comment;

    flat = deals_arena_array(arena, threads->n, sizeof(deals_comment));
    stack = deals_arena_array(arena, threads->n + 1, sizeof(deals_list));
    if (flat == NULL || stack == NULL) {
        return -1;
    }

    stack[depth].items = threads->tree;
    stack[depth++].len = threads->nroots;

    while (depth > 0) {
        if (stack[depth - 1].len == 0) {
            depth--;
            continue;
        }

        comment = stack[depth - 1].items;
        stack[depth - 1].items = comment + 1;
        stack[depth - 1].len--;

        flat[at++] = *comment;

        if (comment->replies.len > 0) {
            stack[depth++] = comment->replies;
        }
    }

    threads->flat.items = flat;
    threads->flat.len = at;

    return 0;
}


int
deals_threads_present(deals_threads *threads, const deals_present *present,
    deals_str poster)
{
    size_t          i;
    deals_comment  *comment;

    if (threads->n == 0) {
        return 0;
    }

    for (i = 0; i < threads->n; i++) {
        comment = &threads->tree[i];

        if (deals_present_comment(present, comment,
                                  deals_own_vote(&threads->own, i),
                                  poster) < 0)
        {
            return -1;
        }
    }

    threads->threads.items = threads->tree;
    threads->threads.len = threads->nroots;

    return flatten(threads, present->arena);
}
