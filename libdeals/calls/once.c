/*
 * calls/once.c - making things once. See calls/once.h.
 */

#include <string.h>

#include <sodium.h>

#include <deals/view.h>

#include "base/error.h"
#include "stmts.h"
#include "calls/once.h"

#define DIGEST  16                      /* bytes; twice as many letters */


static int
is_key(deals_str key)
{
    size_t  i;

    if (key.len < 1 || key.len > DEALS_ONCE_KEY) {
        return 0;
    }

    for (i = 0; i < key.len; i++) {
        if (key.data[i] < 0x21 || key.data[i] > 0x7e) {
            return 0;
        }
    }

    return 1;
}


/* The same for what is written differently and read the same. */
static deals_str
digest(deals_arena *arena, const char *what, int64_t id,
    const deals_shape *shape, const void *input)
{
    char           hex[2 * DIGEST + 1];
    deals_buf      buf;
    unsigned char  hash[DIGEST];

    deals_buf_init(&buf);
    deals_buf_c(&buf, what);
    deals_buf_int(&buf, id);
    deals_json_write(&buf, shape, input);

    if (buf.failed) {
        deals_buf_free(&buf);
        return DEALS_NONE;
    }

    (void) crypto_generichash(hash, sizeof(hash),
                              (const unsigned char *) buf.data, buf.len,
                              NULL, 0);
    deals_buf_free(&buf);

    return deals_arena_copy(arena, deals_str_of(
               sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash))));
}


int
deals_once_take(deals_call *call, deals_once *once, const deals_asker *asker,
    const char *what, int64_t id, const deals_shape *shape, const void *input)
{
    deals_use    *use = deals_call_state(call);
    deals_arena  *arena = deals_call_arena(call);

    if (asker == NULL || asker->idempotency_key.data == NULL) {
        return 0;
    }

    if (!is_key(asker->idempotency_key)) {
        deals_error_add(arena, &use->errors, DEALS_INVALID, "Idempotency-Key",
                        "is 1 to %d visible ASCII characters", DEALS_ONCE_KEY);
        return 0;
    }

    once->key = deals_arena_copy(arena, asker->idempotency_key);
    once->digest = digest(arena, what, id, shape, input);

    return once->key.data == NULL || once->digest.data == NULL ? -1 : 0;
}


void
deals_once_claim(deals_call *call, deals_once *once, int64_t deal_id,
    int64_t comment_id)
{
    deals_use                     *use = deals_call_state(call);
    deals_arena                   *arena = deals_call_arena(call);
    deals_creation_claim_params    claim;
    deals_creation_forget_params   forget;

    if (once->key.data == NULL) {
        return;
    }

    memset(&forget, 0, sizeof(forget));
    forget.user_id = use->user_id;
    forget.before = deals_call_now(call) - DEALS_ONCE_KEPT;
    deals_call_query(call, deals_q_creation_forget(arena, &forget));

    memset(&claim, 0, sizeof(claim));
    claim.user_id = use->user_id;
    claim.key = once->key;
    claim.digest = once->digest;
    claim.deal_id = deal_id;
    claim.comment_id = comment_id != 0 ? comment_id : DEALS_NULL_INT;
    claim.comment = comment_id != 0;
    claim.now = deals_call_now(call);
    deals_call_query(call, deals_q_creation_claim(arena, &claim));
}


void
deals_once_look(deals_call *call, deals_once *once, deals_step step)
{
    deals_use                  *use = deals_call_state(call);
    deals_creation_get_params   p;

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.key = once->key;
    once->claimed = deals_q_creation_get(deals_call_arena(call), &p);

    deals_call_query(call, once->claimed);
    deals_call_send(call, step);
}


int
deals_once_made(deals_call *call, deals_once *once, int64_t *deal_id,
    int64_t *comment_id)
{
    const deals_creation_get_row  *row = deals_use_row(once->claimed);

    if (row == NULL) {
        return 0;
    }

    if (!deals_str_eq(row->digest, once->digest)) {
        deals_call_fail(call, DEALS_INVALID, "Idempotency-Key",
                        "was used for something else; take a new one");
        return -1;
    }

    *deal_id = row->deal_id;
    *comment_id = row->comment_id;

    return 1;
}
