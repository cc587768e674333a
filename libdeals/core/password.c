/*
 * core/password.c - the rules for passwords, and argon2id. The salt is an
 * argument: nothing random is drawn here, so libsodium's ready-made string
 * function does not serve; its verifying one does.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/password.h"

#define MEMORY_KIB  19456
#define PASSES      2
#define RAW         32

/* base64 without padding, terminated */
#define CHARS(bytes)  (((bytes) * 8 + 5) / 6 + 1)

/* of 32 random bytes that were thrown away */
const char  deals_password_nobody[] =
    "$argon2id$v=19$m=19456,t=2,p=1$"
    "Sfg2l8l8QNW+DruWf8nYxw$T6XwohUm9bjqj7O2j8N7KlMrlsst5MeTpxv4+ceVMtg";


static int
is_email(deals_str password, deals_str email)
{
    ptrdiff_t  at;

    email = deals_str_trim(email);
    at = deals_str_index(email, '@');

    return deals_password_is_around(password, email)
           || (at > 0 && deals_password_is_around(password,
                             deals_str_sub(email, 0, (size_t) at)));
}


int
deals_password_check(deals_arena *arena, const char *field,
    deals_str password, deals_str name, deals_str email,
    const deals_error **errors)
{
    size_t  n;

    n = deals_utf8_count(password);

    if (n == 0) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is required");
    }

    if (n < DEALS_PASSWORD_MIN || n > DEALS_PASSWORD_MAX) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must have %d to %d characters", DEALS_PASSWORD_MIN,
                   DEALS_PASSWORD_MAX);
    }

    if (!deals_utf8_valid(password) || deals_str_index(password, '\0') >= 0) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "contains bytes that are not text");
    }

    if (name.len > 0 && deals_str_eq_case(password, name)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must not be the name");
    }

    if (deals_password_is_around(password, name)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must not be the name with little added");
    }

    if (is_email(password, email)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must not be the e-mail address");
    }

    if (deals_password_is_common(password)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is one of the most used passwords; choose another");
    }

    return 0;
}


int
deals_password_hash(deals_str password,
    const unsigned char salt[DEALS_PASSWORD_SALT], char *out)
{
    int            n;
    char           salt_text[CHARS(DEALS_PASSWORD_SALT)], raw_text[CHARS(RAW)];
    unsigned char  raw[RAW];

    _Static_assert(DEALS_PASSWORD_SALT == crypto_pwhash_SALTBYTES, "salt");

    /* picks the fastest code for this machine; may be called often */
    if (sodium_init() < 0
        || crypto_pwhash(raw, RAW, password.data ? password.data : "",
                         password.len, salt, PASSES, MEMORY_KIB * 1024UL,
                         crypto_pwhash_ALG_ARGON2ID13) != 0)
    {
        return -1;
    }

    sodium_bin2base64(salt_text, sizeof(salt_text), salt, DEALS_PASSWORD_SALT,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(raw_text, sizeof(raw_text), raw, RAW,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);

    n = snprintf(out, DEALS_PASSWORD_HASH, "$argon2id$v=19$m=%d,t=%d,p=1$%s$%s",
                 MEMORY_KIB, PASSES, salt_text, raw_text);

    sodium_memzero(raw, sizeof(raw));

    return n > 0 && n < DEALS_PASSWORD_HASH ? 0 : -1;
}


/* A hash as they are made here: argon2id, p = 1. 0, or -1: it is another one. */
static int
parse(const char *hash, unsigned *memory, unsigned *passes,
    unsigned char salt[DEALS_PASSWORD_SALT], unsigned char raw[RAW])
{
    int          at = 0;
    size_t       n;
    const char  *end;

    /* each number fits by its width: NOLINTNEXTLINE(cert-err34-c) */
    if (sscanf(hash, "$argon2id$v=19$m=%6u,t=%3u,p=1$%n", memory, passes, &at)
        != 2 || at == 0)
    {
        return -1;
    }

    if (sodium_base642bin(salt, DEALS_PASSWORD_SALT, hash + at,
                          strlen(hash + at), NULL, &n, &end,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0
        || n != DEALS_PASSWORD_SALT || *end++ != '$')
    {
        return -1;
    }

    return sodium_base642bin(raw, RAW, end, strlen(end), NULL, &n, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0
           && n == RAW ? 0 : -1;
}


/* libsodium's own function takes a hash that it had no memory to compute for one
 * that differs; the one that computes says so. */
static int
compare(const char *hash, deals_str password)
{
    int            rc;
    unsigned       memory, passes;
    unsigned char  salt[DEALS_PASSWORD_SALT], raw[RAW], made[RAW];

    if (parse(hash, &memory, &passes, salt, raw) != 0
        || memory * UINT64_C(1024) < crypto_pwhash_MEMLIMIT_MIN || passes == 0)
    {
        return -1;
    }

    if (crypto_pwhash(made, RAW, password.data ? password.data : "",
                      password.len, salt, passes, memory * (size_t) 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
    {
        return -2;
    }

    rc = sodium_memcmp(made, raw, RAW) == 0;
    sodium_memzero(made, sizeof(made));

    return rc;
}


int
deals_password_verify(deals_str hash, deals_str password)
{
    int   rc;
    char  copy[crypto_pwhash_STRBYTES];

    if (hash.len == 0 || hash.len >= sizeof(copy) || sodium_init() < 0) {
        return -1;
    }

    memset(copy, 0, sizeof(copy));
    memcpy(copy, hash.data, hash.len);

    rc = compare(copy, password);

    if (rc != -1) {
        return rc;
    }

    errno = 0;

    if (crypto_pwhash_str_verify(copy, password.data ? password.data : "",
                                 password.len) == 0)
    {
        return 1;
    }

    /* EINVAL: computed, and different; also set for a string of another kind */
    return errno == EINVAL && deals_str_starts(hash, "$argon2") ? 0 : -1;
}
