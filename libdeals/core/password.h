/*
 * core/password.h - passwords. Hashing and verifying take some 20 ms and 19
 * MiB: never on an event loop; both may run on any thread.
 */

#ifndef DEALS_CORE_PASSWORD_H
#define DEALS_CORE_PASSWORD_H

#include <deals/types.h>

#define DEALS_PASSWORD_MIN   8          /* characters */
#define DEALS_PASSWORD_MAX   128
#define DEALS_PASSWORD_SALT  16         /* random bytes */
#define DEALS_PASSWORD_HASH  128        /* size of a buffer for the hash */

/* 8..128 characters, any of them; not one of the commonest; not the name, the
 * e-mail address or what stands before its @, nor these with little around them
 * (each may be absent). 0, or -1 and an error is added. */
int  deals_password_check(deals_arena *arena, const char *field,
         deals_str password, deals_str name, deals_str email,
         const deals_error **errors);

/* One of the commonest ones, or a word with little around it, or what fingers
 * do on a keyboard; ignoring case, and with 0 for o, @ for a and such. */
int  deals_password_is_common(deals_str password);

/* The text, of 3 characters at least, with at most 6 digits or other marks
 * around it; ignoring the same. */
int  deals_password_is_around(deals_str password, deals_str text);

/* argon2id, m = 19 MiB, t = 2, p = 1: "$argon2id$v=19$m=19456,t=2,p=1$..." in
 * `out` (DEALS_PASSWORD_HASH bytes, terminated). 0, or -1: no memory. */
int  deals_password_hash(deals_str password,
         const unsigned char salt[DEALS_PASSWORD_SALT], char *out);

/* 1: it is the password of this hash; 0: it is not; -1: not a hash; -2: no
 * memory. */
int  deals_password_verify(deals_str hash, deals_str password);

/* The hash of a password that nobody knows: verify against it when there is no
 * such member, so that the answer takes the same time. Never matches. */
extern const char  deals_password_nobody[];

#endif /* DEALS_CORE_PASSWORD_H */
