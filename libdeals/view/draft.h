/*
 * view/draft.h - how a draft (deals/view.h) is made, and how it lies in memory.
 *
 *     draft_make.c    what the writers of HTML and JSON tell -> bytes
 *     draft.c         bytes -> the page of one member
 *
 * A draft is its header and, side by side: the base, which is the page for a
 * member in state 0 everywhere; the parts, which stand in its holes for other
 * states; the tables of holes, alternatives and rows. A hole covers what the
 * base has for state 0: who voted for nothing gets the base in one piece.
 */

#ifndef DEALS_VIEW_DRAFT_H
#define DEALS_VIEW_DRAFT_H

#include <deals/view.h>

#define DEALS_DRAFT_MAGIC  UINT32_C(0x31664444)     /* one for each layout */

/* In place of a row: a hole for the member's name. */
#define DEALS_DRAFT_NAME   UINT32_MAX

typedef struct {
    uint32_t       magic;
    uint32_t       size;                /* of all */
    uint32_t       base, parts;         /* bytes */
    uint32_t       nholes, nalternatives, nrows;
    uint32_t       reserved;            /* 0 */
    unsigned char  tag[DEALS_DRAFT_HASH];   /* of all the rest */
} deals_draft_header;

typedef struct {
    uint32_t       at, len;             /* in the base */
    uint32_t       row;
    uint32_t       first;               /* alternative */
    unsigned char  pick[8];             /* by state; 0: as in the base, k:
                                           alternative first + k - 1 */
} deals_draft_hole;

typedef struct {
    uint32_t       at, len;             /* in the parts */
} deals_draft_alternative;


/* -- making --------------------------------------------------------------- */

/* The hole under way: it grows while holes of the same row follow closely. */
typedef struct {
    int        open;
    size_t     at, end;
    uint32_t   row;
    deals_buf  by_state[DEALS_DRAFT_STATES];
} deals_draft_open_hole;

typedef struct {
    const deals_draft_rules  *rules;
    const void               *name;     /* where the viewer's name stands for
                                           the writer; NULL: nowhere */
    deals_buf                *out;      /* the header, then the base */
    const void               *row;      /* whose hole is being written */
    int                       unfit;
    int                       failed;   /* no memory */

    deals_draft_open_hole     hole;
    deals_buf                 piece[DEALS_DRAFT_STATES];
    deals_buf                 saved;    /* a row as it was */
    deals_buf                 parts, holes, alternatives, rows;
    deals_buf                 places;   /* of rows, hashed by address */
    size_t                    nholes, nalternatives, nrows;
} deals_drafter;

/* out must be empty. */
void  deals_drafter_begin(deals_drafter *d, const deals_draft_rules *rules,
          deals_buf *out);

/* What a field with DEALS_VIEWER makes of the page: `write` is called for each
 * state of its row. 0; or -1: not here (the row's own hole is being written, or
 * the draft is unfit): write it where you are. */
int   deals_drafter_hole(deals_drafter *d, const deals_shape *shape,
          const void *row, void (*write)(void *data, deals_buf *out),
          void *data);

/* The viewer's name comes here, as it is. */
void  deals_drafter_name(deals_drafter *d);

/* What deals_templates_draft and deals_json_draft return. Frees what d has. */
int   deals_drafter_end(deals_drafter *d);

#endif /* DEALS_VIEW_DRAFT_H */
