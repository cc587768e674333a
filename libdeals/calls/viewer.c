/*
 * calls/viewer.c - the sessions that a context keeps, those used last first.
 * See calls/viewer.h.
 */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "core/token.h"
#include "calls/use.h"
#include "calls/viewer.h"

#define BUCKETS  16384              /* a power of two */

struct deals_viewers {
    deals_ctx      *ctx;
    unsigned char   key[crypto_shorthash_siphashx24_KEYBYTES];
    deals_viewer   *newest, *oldest;
    size_t          n;
    size_t          bytes;
    deals_viewer   *buckets[BUCKETS];
};


/* -- the list and the table ----------------------------------------------- */

static void
free_all(void *what)
{
    deals_viewer   *viewer, *older;
    deals_viewers  *all = what;

    for (viewer = all->newest; viewer != NULL; viewer = older) {
        older = viewer->older;
        free(viewer->votes.places);
        free(viewer->texts);
        free(viewer);
    }

    sodium_memzero(all->key, sizeof(all->key));
    free(all);
}


/* NULL: nothing is kept. */
static deals_viewers *
viewers_of(deals_ctx *ctx)
{
    deals_viewers     *all;
    deals_belongings  *place = deals_ctx_belongings(ctx);

    if (place->what != NULL || !deals_ctx_has_generations(ctx)) {
        return place->what;
    }

    all = calloc(1, sizeof(*all));
    if (all == NULL) {
        return NULL;
    }

    all->ctx = ctx;
    randombytes_buf(all->key, sizeof(all->key));
    place->what = all;
    place->release = free_all;

    return all;
}


static deals_viewer **
bucket(deals_viewers *all, const deals_print *print)
{
    size_t  n;

    memcpy(&n, print->bytes, sizeof(n));

    return &all->buckets[n & (BUCKETS - 1)];
}


static void
unlink_use(deals_viewers *all, deals_viewer *viewer)
{
    if (viewer->newer != NULL) {
        viewer->newer->older = viewer->older;

    } else {
        all->newest = viewer->older;
    }

    if (viewer->older != NULL) {
        viewer->older->newer = viewer->newer;

    } else {
        all->oldest = viewer->newer;
    }
}


static void
link_newest(deals_viewers *all, deals_viewer *viewer)
{
    viewer->newer = NULL;
    viewer->older = all->newest;

    if (all->newest != NULL) {
        all->newest->newer = viewer;

    } else {
        all->oldest = viewer;
    }

    all->newest = viewer;
}


static size_t
size_of(const deals_viewer *viewer)
{
    return sizeof(*viewer) + viewer->texts_size
           + viewer->votes.size * sizeof(deals_kept_vote);
}


static void
drop(deals_viewers *all, deals_viewer *viewer)
{
    deals_viewer  **at = bucket(all, &viewer->print);

    while (*at != viewer) {
        at = &(*at)->next;
    }

    *at = viewer->next;
    unlink_use(all, viewer);
    all->n--;
    all->bytes -= size_of(viewer);

    free(viewer->votes.places);
    free(viewer->texts);
    free(viewer);
}


void
deals_viewer_grew(deals_viewer *viewer, size_t before, size_t after)
{
    deals_viewers  *all = viewer->all;

    all->bytes = all->bytes - before + after;

    while ((all->n > DEALS_VIEWERS || all->bytes > DEALS_VIEWERS_BYTES)
           && all->oldest != viewer)
    {
        drop(all, all->oldest);
    }
}


/* -- finding -------------------------------------------------------------- */

int
deals_viewer_print(deals_ctx *ctx, deals_str token, deals_print *print)
{
    deals_viewers  *all;

    if (token.len > DEALS_TOKEN_ACCESS_MAX || (all = viewers_of(ctx)) == NULL) {
        return -1;
    }

    (void) crypto_shorthash_siphashx24(print->bytes,
                                       (const unsigned char *) token.data,
                                       token.len, all->key);

    return 0;
}


deals_viewer *
deals_viewer_find(deals_ctx *ctx, const deals_print *print)
{
    deals_viewer   *viewer;
    deals_viewers  *all = viewers_of(ctx);

    if (all == NULL) {
        return NULL;
    }

    for (viewer = *bucket(all, print); viewer != NULL; viewer = viewer->next) {
        if (sodium_memcmp(viewer->print.bytes, print->bytes,
                          DEALS_TOKEN_PRINT) == 0)
        {
            break;
        }
    }

    if (viewer != NULL && viewer != all->newest) {
        unlink_use(all, viewer);
        link_newest(all, viewer);
    }

    return viewer;
}


deals_ctx *
deals_viewer_ctx(const deals_viewer *viewer)
{
    return viewer->all->ctx;
}


/* A clock that was set back makes a record of the future: it is no good. */
deals_viewer_state
deals_viewer_is(const deals_viewer *viewer)
{
    int64_t              now, age, keep;
    deals_ctx           *ctx = viewer->all->ctx;
    const deals_reading *reading = &viewer->reading;

    if (deals_ctx_generation(ctx, reading->what, reading->user_id, &keep)
        != reading->generation || keep <= 0)
    {
        return DEALS_VIEWER_GONE;
    }

    now = deals_ctx_now_usec(ctx);
    age = now >= reading->at ? (now - reading->at) / 1000 : DEALS_VIEWER_STALE;
    now /= 1000000;

    if (age >= DEALS_VIEWER_STALE || viewer->me.expires_at <= now
        || (viewer->me.scopes == DEALS_NULL_INT
            && viewer->me.seen_at <= now - DEALS_SESSION_IDLE))
    {
        return DEALS_VIEWER_GONE;
    }

    return age < keep ? DEALS_VIEWER_GOOD : DEALS_VIEWER_OLD;
}


int
deals_viewer_lacks(const deals_me *me, int needs)
{
    if (me->scopes == DEALS_NULL_INT) {
        return 0;
    }

    if (needs == 0) {
        return DEALS_SCOPE_SESSION;
    }

    return needs & ~((int) me->scopes | DEALS_SCOPE_ANY);
}


/* -- keeping -------------------------------------------------------------- */

void
deals_reading_begin(deals_ctx *ctx, unsigned what, int64_t user_id,
    deals_reading *reading)
{
    int64_t  keep;

    reading->what = what;
    reading->user_id = user_id;
    reading->generation = deals_ctx_generation(ctx, what, user_id, &keep);
    reading->at = keep > 0 ? deals_ctx_now_usec(ctx) : 0;
}


int
deals_reading_holds(deals_ctx *ctx, const deals_reading *reading)
{
    int64_t  keep;

    return reading->at != 0
           && deals_ctx_generation(ctx, reading->what, reading->user_id,
                                   &keep) == reading->generation
           && keep > 0;
}


static size_t
texts_of(const deals_me *me)
{
    return me->name.len + me->role.len + me->email.len;
}


static char *
put(char *to, deals_str *s)
{
    if (s->data == NULL) {
        return to;
    }

    if (s->len > 0) {
        /* NOLINTNEXTLINE(*.NonNullParamChecker): there is room for a text */
        memcpy(to, s->data, s->len);
    }

    s->data = to;

    return to + s->len;
}


/* Its texts go to `to`, in a row. */
static void
copy_me(deals_me *me, char *to)
{
    to = put(to, &me->name);
    to = put(to, &me->role);
    (void) put(to, &me->email);
}


const deals_me *
deals_viewer_copy(deals_arena *arena, const deals_me *me)
{
    deals_me  *copy;

    copy = deals_arena_alloc(arena, sizeof(*copy) + texts_of(me) + 1);

    if (copy != NULL) {
        *copy = *me;
        copy_me(copy, (char *) (copy + 1));
    }

    return copy;
}


static deals_viewer *
add(deals_viewers *all, const deals_print *print, deals_str token_hash)
{
    deals_viewer  *viewer, **at;

    viewer = calloc(1, sizeof(*viewer));
    if (viewer == NULL) {
        return NULL;
    }

    viewer->all = all;
    viewer->print = *print;
    memcpy(viewer->token_hash, token_hash.data, DEALS_TOKEN_HASH);

    at = bucket(all, print);
    viewer->next = *at;
    *at = viewer;
    link_newest(all, viewer);
    all->n++;
    deals_viewer_grew(viewer, 0, size_of(viewer));

    return viewer;
}


void
deals_viewer_keep(deals_ctx *ctx, const deals_print *print,
    deals_str token_hash, const deals_me *me, const deals_reading *reading)
{
    char           *texts;
    size_t          size, before;
    deals_viewer   *viewer;
    deals_viewers  *all = viewers_of(ctx);

    if (all == NULL || token_hash.len != DEALS_TOKEN_HASH
        || !deals_reading_holds(ctx, reading))
    {
        return;
    }

    viewer = deals_viewer_find(ctx, print);

    if (viewer == NULL) {
        viewer = add(all, print, token_hash);
    }

    if (viewer == NULL) {
        return;
    }

    size = texts_of(me) + 1;

    if (size > viewer->texts_size) {
        texts = malloc(size);

        if (texts == NULL) {
            drop(all, viewer);
            return;
        }

        before = viewer->texts_size;
        free(viewer->texts);
        viewer->texts = texts;
        viewer->texts_size = size;
        deals_viewer_grew(viewer, before, size);
    }

    viewer->me = *me;
    copy_me(&viewer->me, viewer->texts);
    viewer->reading = *reading;
}


void
deals_viewer_forget(deals_ctx *ctx, const deals_print *print)
{
    deals_viewer  *viewer = deals_viewer_find(ctx, print);

    if (viewer != NULL) {
        drop(viewer->all, viewer);
    }
}


/* -- for hosts ------------------------------------------------------------ */

deals_known
deals_viewer_known(deals_ctx *ctx, const deals_asker *asker,
    const deals_viewer **viewer)
{
    deals_print         print;
    const deals_viewer *found;

    *viewer = NULL;

    if (asker == NULL || asker->token.data == NULL) {
        return DEALS_KNOWN;
    }

    if (deals_viewer_print(ctx, asker->token, &print) < 0) {
        return DEALS_UNKNOWN;
    }

    found = deals_viewer_find(ctx, &print);

    if (found == NULL || deals_viewer_is(found) != DEALS_VIEWER_GOOD
        || deals_viewer_lacks(&found->me, asker->needs == 0
                              ? 0 : asker->needs | DEALS_SCOPE_READ) != 0
        || found->me.seen_at
           <= deals_ctx_now_usec(ctx) / 1000000 - DEALS_SESSION_TOUCH)
    {
        return DEALS_UNKNOWN;
    }

    *viewer = found;

    return DEALS_KNOWN;
}


const deals_me *
deals_viewer_me(const deals_viewer *viewer)
{
    return viewer != NULL ? &viewer->me : NULL;
}


deals_known
deals_viewer_votes(const deals_viewer *viewer, const deals_vote_key *rows,
    size_t n, int8_t *votes)
{
    if (viewer == NULL) {
        memset(votes, 0, n);
        return DEALS_KNOWN;
    }

    return deals_viewer_recall(viewer, 0, rows, n, votes, 0) == 0
           ? DEALS_KNOWN : DEALS_UNKNOWN;
}
