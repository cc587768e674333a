#include <stddef.h>
#include <time.h>

#include "io/timer.h"


int64_t
deals_mono(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1) {
        return 0;
    }

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static deals_timer *
merge(deals_timer *a, deals_timer *b)
{
    deals_timer  *t;

    if (a == NULL) {
        return b;
    }

    if (b == NULL) {
        return a;
    }

    if (b->at < a->at) {
        t = a;
        a = b;
        b = t;
    }

    b->prev = a;
    b->next = a->child;

    if (a->child != NULL) {
        a->child->prev = b;
    }

    a->child = b;
    a->next = NULL;
    a->prev = NULL;

    return a;
}


/* Merges brothers in pairs from the left, then the pairs from the right. */

static deals_timer *
merge_brothers(deals_timer *first)
{
    deals_timer  *a, *b, *rest, *pairs, *root;

    pairs = NULL;

    while (first != NULL) {
        a = first;
        b = a->next;
        rest = b != NULL ? b->next : NULL;

        a->next = NULL;
        a->prev = NULL;

        if (b != NULL) {
            b->next = NULL;
            b->prev = NULL;
        }

        a = merge(a, b);
        a->next = pairs;
        pairs = a;

        first = rest;
    }

    root = NULL;

    while (pairs != NULL) {
        a = pairs;
        pairs = a->next;
        a->next = NULL;
        root = merge(root, a);
    }

    return root;
}


void
deals_timer_set(deals_timers *timers, deals_timer *timer, int64_t at)
{
    deals_timer_stop(timers, timer);

    timer->at = at;
    timer->set = 1;
    timer->child = NULL;
    timer->next = NULL;
    timer->prev = NULL;

    timers->root = merge(timers->root, timer);
}


void
deals_timer_stop(deals_timers *timers, deals_timer *timer)
{
    if (!timer->set) {
        return;
    }

    timer->set = 0;

    if (timers->root == timer) {
        timers->root = merge_brothers(timer->child);
        timer->child = NULL;
        return;
    }

    if (timer->prev->child == timer) {
        timer->prev->child = timer->next;

    } else {
        timer->prev->next = timer->next;
    }

    if (timer->next != NULL) {
        timer->next->prev = timer->prev;
    }

    timers->root = merge(timers->root, merge_brothers(timer->child));
    timer->child = NULL;
    timer->next = NULL;
    timer->prev = NULL;
}


int64_t
deals_timers_first(const deals_timers *timers)
{
    return timers->root != NULL ? timers->root->at : -1;
}


int
deals_timers_run(deals_timers *timers, int64_t now)
{
    int           n;
    deals_timer  *timer;

    for (n = 0; timers->root != NULL && timers->root->at <= now; n++) {
        timer = timers->root;
        deals_timer_stop(timers, timer);
        timer->fire(timer->owner);
    }

    return n;
}
