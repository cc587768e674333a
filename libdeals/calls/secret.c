/*
 * calls/secret.c - passwords and tokens. See calls/secret.h.
 */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/encode.h"
#include "core/token.h"
#include "io/breached.h"
#include "io/ctx.h"
#include "stmts.h"
#include "calls/secret.h"


static void
release(void *arg)
{
    deals_secret  *secret = arg;

    sodium_memzero(secret->password, secret->len);
    free(secret->password);
    deals_breached_close(secret->breached);
    sodium_memzero(secret, sizeof(*secret));
    free(secret);
}


static deals_secret *
new_secret(deals_call *call, deals_str password)
{
    deals_secret  *secret;

    if (sodium_init() < 0) {
        deals_call_fail(call, DEALS_INTERNAL, NULL,
                        "There is no source of random numbers.");
        return NULL;
    }

    secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        deals_use_no_memory(call);
        return NULL;
    }

    secret->len = password.len;
    secret->password = malloc(password.len + 1);
    if (secret->password == NULL) {
        free(secret);
        deals_use_no_memory(call);
        return NULL;
    }

    if (password.len > 0) {
        memcpy(secret->password, password.data, password.len);
    }

    return secret;
}


static deals_str
password_of(const deals_secret *secret)
{
    return (deals_str) { secret->password, secret->len };
}


static void
make(void *arg)
{
    deals_secret   *secret = arg;
    unsigned char   salt[DEALS_PASSWORD_SALT];

    /* here, where a disk may be waited for */

    if (secret->breached != NULL) {
        secret->known = deals_breached_find(secret->breached,
                                            password_of(secret),
                                            &secret->why);
    }

    if (secret->known != 0) {
        return;
    }

    randombytes_buf(salt, sizeof(salt));
    secret->result = deals_password_hash(password_of(secret), salt,
                                         secret->hash);
}


static void
verify(void *arg)
{
    deals_secret  *secret = arg;

    secret->result = deals_password_verify(deals_str_of(secret->hash),
                                           password_of(secret));

    /* What is no hash is nobody's password, and must not be told by the time
     * that it takes. No memory is no mistake of who signs in. */
    if (secret->result == -1) {
        secret->result = deals_password_verify(
                             deals_str_of(deals_password_nobody),
                             password_of(secret));
    }
}


deals_secret *
deals_secret_hash(deals_call *call, deals_str password, deals_step step)
{
    deals_ctx     *ctx = deals_call_ctx(call);
    deals_secret  *secret = new_secret(call, password);

    if (secret != NULL) {
        secret->breached = deals_breached_hold(
                               deals_ctx_config(ctx)->breached);
        deals_call_work(call, make, secret, release, step);
    }

    return secret;
}


/* The log hears of it when it changes, and not each time. */
static void
tell(deals_call *call, const deals_secret *secret)
{
    int         failed = secret->known < 0;
    deals_ctx  *ctx = deals_call_ctx(call);

    if (secret->breached == NULL
        || !deals_breached_turned(secret->breached, failed))
    {
        return;
    }

    if (failed) {
        deals_log(ctx, DEALS_LOG_ERROR, "the file of breached passwords \"%s\" "
                  "can't be asked, and new passwords are refused: %s",
                  secret->breached->path, secret->why);
        return;
    }

    deals_log(ctx, DEALS_LOG_NOTICE, "the file of breached passwords \"%s\" "
              "can be asked again", secret->breached->path);
}


int
deals_secret_made(deals_call *call, const deals_secret *secret)
{
    tell(call, secret);

    if (secret->known < 0) {
        deals_call_fail(call, DEALS_UNAVAILABLE, NULL,
                        "New passwords can't be checked at the moment. Please "
                        "try again later.");
        return -1;
    }

    if (secret->known > 0) {
        deals_call_fail(call, DEALS_INVALID, "password",
                        "is known from breaches of other sites; choose "
                        "another");
        return -1;
    }

    if (secret->result != 0) {
        deals_use_no_memory(call);
        return -1;
    }

    return 0;
}


deals_secret *
deals_secret_verify(deals_call *call, deals_str password, deals_str hash,
    deals_step step)
{
    deals_secret  *secret = new_secret(call, password);

    if (secret == NULL) {
        return NULL;
    }

    if (hash.data == NULL || hash.len >= sizeof(secret->hash)) {
        hash = deals_str_of(deals_password_nobody);
    }

    memcpy(secret->hash, hash.data, hash.len);
    deals_call_work(call, verify, secret, release, step);

    return secret;
}


int
deals_secret_network(deals_arena *arena, const deals_use *use,
    deals_str name_key, deals_str *network)
{
    deals_str      text;
    unsigned char  hash[crypto_hash_sha256_BYTES];

    *network = DEALS_NONE;

    if (name_key.data == NULL) {
        return -1;
    }

    if (use->address.len == 0) {
        return 0;
    }

    text = deals_use_network(arena, use);
    if (text.data != NULL) {
        text = deals_str_of(deals_arena_printf(arena, "%.*s %.*s",
                                (int) name_key.len, name_key.data,
                                (int) text.len, text.data));
    }
    if (text.data == NULL) {
        return -1;
    }

    crypto_hash_sha256(hash, (const unsigned char *) text.data, text.len);
    *network = deals_hex(arena, (deals_str) { (const char *) hash,
                                              sizeof(hash) });

    return network->data == NULL ? -1 : 0;
}


/* A browser has one session: that of the cookie ends with the next. */
static void
end_former(deals_call *call)
{
    deals_use                    *use = deals_call_state(call);
    deals_session_delete_params   p;

    if (use->token != 2 || use->strict) {
        return;
    }

    memset(&p, 0, sizeof(p));
    p.user_id = use->user_id;
    p.token_hash = use->token_hash;

    deals_call_query(call, deals_q_session_delete(deals_call_arena(call), &p));
    deals_call_change(call, DEALS_CHANGE_MEMBER, use->user_id);
}


int
deals_secret_session(deals_call *call, int64_t user_id, deals_str verified)
{
    deals_signed                 *state = deals_call_state(call);
    deals_str                     text;
    deals_token                   token;
    deals_arena                  *arena = deals_call_arena(call);
    deals_session_insert_params   p;

    token.user_id = user_id;
    token.access = 0;
    randombytes_buf(token.secret, sizeof(token.secret));

    text = deals_token_make(arena, user_id, token.secret);

    memset(&p, 0, sizeof(p));
    p.user_id = user_id;
    p.password_hash = verified;
    p.token_hash = deals_token_hash(arena, &token);
    p.now = deals_call_now(call);
    p.idle_since = p.now - DEALS_SESSION_IDLE;
    p.expires_at = p.now + DEALS_SESSION_LIFE;
    p.user_agent = state->use.user_agent;
    p.address = state->use.address;
    p.network = state->network;
    p.network_since = p.now - DEALS_NETWORK_KNOWN;

    sodium_memzero(&token, sizeof(token));

    if (text.data == NULL || p.token_hash.data == NULL) {
        return -1;
    }

    state->result.token = text;
    state->result.expires_at = p.expires_at;

    state->inserted = deals_q_session_insert(arena, &p);
    deals_call_query(call, state->inserted);
    end_former(call);

    return 0;
}
