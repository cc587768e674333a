/*
 * calls/threads.h - the comments of a deal: a page of whole threads, fetched
 * by two statements (threads_page.c), and laid out as a tree and flat
 * (threads.c).
 */

#ifndef DEALS_CALLS_THREADS_H
#define DEALS_CALLS_THREADS_H

#include "core/cursor.h"
#include "calls/own_votes.h"
#include "calls/present.h"
#include "calls/snapshot.h"
#include "calls/use.h"

typedef struct {
    int64_t        deal_id;
    int            limit;               /* roots */
    int            after;
    deals_cursor   cursor;
    deals_snapshot snapshot;            /* of the roots; ids NULL: pages by
                                           keys */
    size_t         slice;               /* so many ids of it were asked for */
    deals_query   *roots, *replies;
    deals_own_votes  own;               /* on `tree` */

    size_t         n;                   /* comments of the page */
    deals_comment *tree;                /* by level: siblings side by side */
    size_t         nroots;

    deals_list     flat;                /* of deals_comment, display order */
    deals_list     threads;             /* of deals_comment: the roots */
    deals_str      next;
} deals_threads;

/* limit 0: the default. Bad input goes to *errors. */
void  deals_threads_init(deals_threads *threads, deals_arena *arena,
          int64_t deal_id, int limit, deals_str cursor,
          const deals_error **errors);

/* Finds the snapshot that the cursor names, if any, then `step`. */
void  deals_threads_find(deals_threads *threads, deals_call *call,
          deals_step step);

/* Adds its statements to the segment. */
void  deals_threads_ask(deals_threads *threads, deals_call *call);

/* Once they are answered: cuts the page, builds the tree. 0, or -1: no
 * memory. */
int   deals_threads_build(deals_threads *threads, deals_call *call);

/* So many of the roots that came are of this page: makes the cursor of the next
 * one. 0, or -1: no memory. */
int   deals_threads_end(deals_threads *threads, deals_call *call,
          size_t nroots);

/* Adds the statement for the viewer's votes on the page's comments, if they are
 * not known; and takes its answer. 0, or -1: no memory. */
int   deals_threads_ask_votes(deals_threads *threads, deals_call *call);
void  deals_threads_take_votes(deals_threads *threads, deals_call *call);

/* Fills in what depends on the viewer, and lays out `flat` and `threads`. 0,
 * or -1: no memory. */
int   deals_threads_present(deals_threads *threads,
          const deals_present *present, deals_str poster);

#endif /* DEALS_CALLS_THREADS_H */
