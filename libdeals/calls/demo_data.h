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
} deals_demo_kind;

typedef struct {
    const char       *title;
    const char       *shop;         /* NULL: no link, a tip from the street */
    int               price;        /* cents; -1: none, 0: free */
    int               list_price;   /* cents; 0: none */
    const char       *tags;         /* between spaces */
    deals_demo_kind   kind;
} deals_demo_deal;

extern const deals_demo_deal  deals_demo_deals[];
extern const size_t           deals_demo_ndeals;

extern const char *const      deals_demo_members[];         /* names */
extern const size_t           deals_demo_nmembers;

/* Something to say, where it fits. `where`: tags, one of which the deal must
 * have; NULL: a thing that is sent for money; "": whatever costs money.
 * `answer`: what is answered, if this is a question. */
typedef struct {
    const char  *where;
    const char  *text;
    const char  *answer;
} deals_demo_line;

extern const deals_demo_line  deals_demo_texts[];           /* of deals */
extern const size_t           deals_demo_ntexts;

extern const deals_demo_line  deals_demo_comments[];
extern const size_t           deals_demo_ncomments;

/* What is said to a comment that is no question; to an answer. */
extern const char *const      deals_demo_replies[];
extern const size_t           deals_demo_nreplies;
extern const char *const      deals_demo_thanks[];
extern const size_t           deals_demo_nthanks;

#endif /* DEALS_CALLS_DEMO_DATA_H */
