/*
 * calls/overlay.c - what a page that is the same for everybody lacks: who asks,
 * and that member's votes on its rows. One segment at most, but for the note that
 * a session is in use, which needs the session first.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "calls/own_votes.h"

typedef struct {
    deals_use         use;
    deals_vote_key   *rows;
    size_t            n;
    deals_own_votes   own;
    int8_t           *nobodys;      /* votes */
} overlay_state;


static void
finish(deals_call *call)
{
    deals_call_finish(call, NULL);
}


/* -- with an answer, and without ------------------------------------------ */

static void
away(deals_call *call, const deals_error *error)
{
    overlay_state  *state = deals_call_state(call);

    if (deals_use_old(call) < 0) {
        deals_call_finish(call, error);
        return;
    }

    deals_own_votes_guess(&state->own, call);
    deals_call_finish(call, NULL);
}


static void
answered(deals_call *call)
{
    overlay_state  *state = deals_call_state(call);

    if (deals_call_away(call) != NULL) {
        away(call, deals_call_away(call));
        return;
    }

    if (deals_use_answer(call) < 0) {
        return;
    }

    if (state->use.viewer != NULL) {
        deals_own_votes_take(&state->own, call);
    }

    /* that of a session that was known is written by now */
    if (state->use.session != NULL && deals_use_touch(call)) {
        deals_call_catch_away(call);
        deals_call_send(call, finish);
        return;
    }

    finish(call);
}


static void
start(deals_call *call)
{
    overlay_state  *state = deals_call_state(call);

    if (state->use.errors != NULL) {
        deals_call_finish(call, state->use.errors);
        return;
    }

    if (state->use.token != 2) {
        if (deals_use_answer(call) == 0) {
            finish(call);
        }

        return;
    }

    deals_use_ask(call);

    if (deals_own_votes_ask(&state->own, call, state->rows, state->n) < 0) {
        deals_use_no_memory(call);
        return;
    }

    (void) deals_use_touch(call);
    deals_call_catch_away(call);
    deals_call_send(call, answered);
}


/* -- the call ------------------------------------------------------------- */

/* 1: comments of too many deals. A page shows those of one, as a rule. */
static int
is_scattered(const deals_vote_key *rows, size_t n)
{
    size_t   i, j, ndeals = 0;
    int64_t  deals[DEALS_OVERLAY_DEALS];

    for (i = 0; i < n; i++) {
        if (rows[i].comment_id == 0) {
            continue;
        }

        for (j = ndeals; j > 0 && deals[j - 1] != rows[i].deal_id; j--) {
            /* the last one is the likeliest */
        }

        if (j > 0) {
            continue;
        }

        if (ndeals == DEALS_OVERLAY_DEALS) {
            return 1;
        }

        deals[ndeals++] = rows[i].deal_id;
    }

    return 0;
}


/* 0, or -1: no memory. */
static int
take(deals_call *call, const deals_vote_key *rows, size_t n)
{
    deals_arena    *arena = deals_call_arena(call);
    overlay_state  *state = deals_call_state(call);

    if (n > DEALS_OVERLAY_ROWS || is_scattered(rows, n)) {
        deals_error_add(arena, &state->use.errors, DEALS_INVALID, "rows",
                        "These are too many rows.");
        return 0;
    }

    state->n = n;
    state->nobodys = deals_arena_alloc(arena, n + 1);
    state->rows = deals_arena_array(arena, n + 1, sizeof(*rows));
    if (state->nobodys == NULL || state->rows == NULL) {
        return -1;
    }

    if (n > 0) {
        memcpy(state->rows, rows, n * sizeof(*rows));
    }

    return 0;
}


deals_call *
deals_overlay(deals_ctx *ctx, const deals_asker *asker,
    const deals_vote_key *rows, size_t n, deals_done done, void *data)
{
    deals_call  *call;

    call = deals_use_new(ctx, DEALS_USE_OVERLAY, sizeof(overlay_state), asker,
                         done, data);
    if (call == NULL) {
        return NULL;
    }

    if (take(call, rows, n) < 0) {
        return deals_use_drop(call);
    }

    deals_call_start(call, start);

    return call;
}


deals_call *
deals_overlay_wait(deals_ctx *ctx, const deals_asker *asker,
    const deals_vote_key *rows, size_t n, int64_t timeout_ms)
{
    return deals_call_wait(deals_overlay(ctx, asker, rows, n, NULL, NULL),
                           timeout_ms);
}


const int8_t *
deals_overlay_votes(const deals_call *call)
{
    overlay_state  *state = deals_use_result(call, DEALS_USE_OVERLAY);

    if (state == NULL) {
        return NULL;
    }

    return state->use.viewer != NULL ? state->own.values : state->nobodys;
}
