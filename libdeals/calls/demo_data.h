/*
 * calls/demo_data.h - what the demo community talks about. Shops and makers are
 * invented; addresses end in .example, which nobody can own.
 */

#ifndef DEALS_CALLS_DEMO_DATA_H
#define DEALS_CALLS_DEMO_DATA_H

#include <stddef.h>

typedef enum {
    DEMO_TECH = 0, DEMO_HOME, DEMO_FOOD, DEMO_TRAVEL, DEMO_GAMES, DEMO_BOOKS,
    DEMO_WEAR, DEMO_OUT, DEMO_TOOLS, DEMO_KINDS
} demo_kind;

typedef struct {
    const char  *title;
    const char  *shop;          /* NULL: no link, a tip from the street */
    int          price;         /* cents; -1: none, 0: free */
    int          list_price;    /* cents; 0: none */
    const char  *tags;          /* between spaces */
    demo_kind    kind;
} demo_deal;

extern const demo_deal    deals_demo_deals[];
extern const size_t       deals_demo_ndeals;

extern const char *const  deals_demo_members[];       /* names */
extern const size_t       deals_demo_nmembers;

/* Texts by kind: of deals (Markdown), comments, and answers to comments. */
#define DEMO_TEXTS     5
#define DEMO_COMMENTS  8
#define DEMO_REPLIES   24

extern const char *const  deals_demo_texts[DEMO_KINDS][DEMO_TEXTS];
extern const char *const  deals_demo_comments[DEMO_KINDS][DEMO_COMMENTS];
extern const char *const  deals_demo_replies[DEMO_REPLIES];

#endif /* DEALS_CALLS_DEMO_DATA_H */
