/*
 * calls/secret.h - passwords on another thread, and tokens of new sessions.
 */

#ifndef DEALS_CALLS_SECRET_H
#define DEALS_CALLS_SECRET_H

#include "core/password.h"
#include "calls/use.h"

/* A password that is longer is nobody's. */
#define DEALS_PASSWORD_BYTES  (4 * DEALS_PASSWORD_MAX)

/* A computation of some 20 ms. Its memory is its own: the call may go
 * first. */
typedef struct {
    char    *password;
    size_t   len;
    char     hash[512];                 /* to verify, or that was made */
    int      result;                    /* of deals_password_hash, _verify */
    deals_breached  *breached;          /* NULL: any may be hashed */
    int      known;                     /* of deals_breached_find */
    const char      *why;               /* it could not be asked */
} deals_secret;

/* Hashes a new password, unless it is a breached one; or verifies it against
 * `hash` (absent: against that of nobody, which takes the same time); then
 * `step`. Returns what the step finds the result in, or NULL: no memory, and the
 * call was ended. */
deals_secret  *deals_secret_hash(deals_call *call, deals_str password,
                   deals_step step);
deals_secret  *deals_secret_verify(deals_call *call, deals_str password,
                   deals_str hash, deals_step step);

/* 0: the hash is made; -1: it is not, and the call was ended: INVALID, field
 * password, if it is a breached one; UNAVAILABLE, if that can't be said; or no
 * memory. */
int            deals_secret_made(deals_call *call,
                   const deals_secret *secret);

/* How the state of a call begins that ends with a session. */
typedef struct {
    deals_use              use;
    deals_session_result   result;
    deals_str              network;     /* absent: the address is not known */
    deals_query           *inserted;    /* no row: see deals_secret_session */
} deals_signed;

/* For how long a network is remembered that a member signed in from. Seconds. */
#define DEALS_NETWORK_KNOWN  (180 * 86400)

/* Fills `network`: what the member's and the asker's network (an IPv6 address'
 * /64) come to together, as 64 hex digits; absent if the address is not known.
 * 0, or -1: no memory (an absent key: that of a name that there was none
 * for). */
int            deals_secret_network(deals_arena *arena, const deals_use *use,
                   deals_str name_key, deals_str *network);

/* Adds the insertion of a new session to the segment, and of the network that
 * it begins in, and the end of the session whose cookie the asker sent; fills
 * token and expires_at of the call's deals_signed. Its `inserted` has no row if
 * the member's password is not the one with the hash `verified` any more. 0, or
 * -1: no memory. */
int            deals_secret_session(deals_call *call, int64_t user_id,
                   deals_str verified);

#endif /* DEALS_CALLS_SECRET_H */
