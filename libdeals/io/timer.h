/*
 * io/timer.h - timers of a context, kept by their owners in a pairing heap: no
 * timer ever needs memory, so setting one never fails.
 */

#ifndef DEALS_IO_TIMER_H
#define DEALS_IO_TIMER_H

#include <stdint.h>

typedef struct deals_timer  deals_timer;

struct deals_timer {
    int64_t       at;           /* microseconds of deals_mono() */
    void        (*fire)(void *owner);
    void         *owner;
    int           set;

    /* the heap's: prev is the parent of a first child, else a sibling */
    deals_timer  *child;
    deals_timer  *next;
    deals_timer  *prev;
};

typedef struct {
    deals_timer  *root;
} deals_timers;

/* A clock that nobody turns back, in microseconds. */
int64_t  deals_mono(void);

/* Sets the timer, or moves it. */
void     deals_timer_set(deals_timers *timers, deals_timer *timer, int64_t at);
/* Does nothing if it is not set. */
void     deals_timer_stop(deals_timers *timers, deals_timer *timer);

/* When the first one is due; -1: there is none. */
int64_t  deals_timers_first(const deals_timers *timers);

/* Fires those that are due, in order. Who sets one again while it fires sets it
 * later than `now`. Returns how many. */
int      deals_timers_run(deals_timers *timers, int64_t now);

#endif /* DEALS_IO_TIMER_H */
