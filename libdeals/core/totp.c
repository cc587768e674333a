/*
 * core/totp.c - codes that a secret and the time make. See core/totp.h.
 */

#include <stdio.h>
#include <string.h>

#include <nettle/hmac.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/encode.h"
#include "core/totp.h"

static const char  base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";


/* -- base32 --------------------------------------------------------------- */

deals_str
deals_base32(deals_arena *arena, const unsigned char *bytes, size_t n)
{
    char      *out;
    size_t     i, bit, at;
    unsigned   value;

    out = deals_arena_alloc(arena, n / 5 * 8 + 1);
    if (out == NULL) {
        return DEALS_NONE;
    }

    for (i = 0; i < n / 5 * 8; i++) {
        bit = i * 5;
        at = bit / 8;
        value = (unsigned) bytes[at] << 8;
        if (at + 1 < n) {
            value |= bytes[at + 1];
        }
        out[i] = base32[(value >> (11 - bit % 8)) & 31];
    }

    out[i] = '\0';

    return (deals_str) { out, i };
}


/* -1: no letter or digit of it. */
static int
value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }

    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}


/* 0, or -1: it is not a secret. */
static int
secret_bytes(deals_str secret, unsigned char out[DEALS_TOTP_RANDOM])
{
    int       value, bits = 0;
    size_t    i, n = 0;
    unsigned  held = 0;

    if (secret.len != DEALS_TOTP_SECRET) {
        return -1;
    }

    for (i = 0; i < secret.len; i++) {
        value = value_of(secret.data[i]);
        if (value < 0) {
            return -1;
        }

        held = (held << 5 | (unsigned) value) & 0xfff;
        bits += 5;

        if (bits >= 8) {
            bits -= 8;
            out[n++] = (unsigned char) (held >> bits);
        }
    }

    return 0;
}


deals_str
deals_in_groups(deals_arena *arena, deals_str text, char by)
{
    char    *out, *p;
    size_t   i;

    p = out = deals_arena_alloc(arena, text.len + text.len / 4 + 1);
    if (out == NULL) {
        return DEALS_NONE;
    }

    for (i = 0; i < text.len; i++) {
        if (i > 0 && i % 4 == 0) {
            *p++ = by;
        }
        *p++ = text.data[i];
    }

    *p = '\0';

    return (deals_str) { out, (size_t) (p - out) };
}


/* -- what was typed ------------------------------------------------------- */

deals_str
deals_recovery_hash(deals_arena *arena, deals_str code)
{
    unsigned char  hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, (const unsigned char *) code.data, code.len);

    return deals_hex(arena, (deals_str) { (const char *) hash,
                                          sizeof(hash) });
}


static int
is_recovery(const char *text, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (value_of(text[i]) < 0) {
            return 0;
        }
    }

    return len == DEALS_RECOVERY_CODE;
}


int
deals_code_read(deals_arena *arena, deals_str text, deals_typed_code *code)
{
    char    c, plain[DEALS_RECOVERY_CODE + 1];
    size_t  i, len = 0;

    memset(code, 0, sizeof(*code));

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (c == ' ' || c == '-') {
            continue;
        }

        if (len == DEALS_RECOVERY_CODE) {
            return 0;                           /* too long for either */
        }

        plain[len++] = c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
    }

    plain[len] = '\0';

    if (len == DEALS_TOTP_DIGITS && strspn(plain, "0123456789") == len) {
        memcpy(code->digits, plain, len + 1);

    } else if (is_recovery(plain, len)) {
        code->recovery_hash = deals_recovery_hash(arena,
                                  (deals_str) { plain, len });
        sodium_memzero(plain, sizeof(plain));

        return code->recovery_hash.data != NULL ? 0 : -1;
    }

    return 0;
}


/* -- codes ---------------------------------------------------------------- */

int
deals_totp_code(deals_str secret, int64_t step,
    char out[DEALS_TOTP_DIGITS + 1])
{
    int                   i;
    uint32_t              at, value;
    unsigned char         key[DEALS_TOTP_RANDOM], time[8];
    unsigned char         mac[SHA1_DIGEST_SIZE];
    struct hmac_sha1_ctx  hmac;

    if (secret_bytes(secret, key) != 0) {
        return -1;
    }

    for (i = 0; i < 8; i++) {
        time[i] = (unsigned char) ((uint64_t) step >> (56 - 8 * i));
    }

    hmac_sha1_set_key(&hmac, sizeof(key), key);
    hmac_sha1_update(&hmac, sizeof(time), time);
    hmac_sha1_digest(&hmac, sizeof(mac), mac);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(&hmac, sizeof(hmac));

    at = mac[SHA1_DIGEST_SIZE - 1] & 15;
    value = ((uint32_t) mac[at] & 127) << 24 | (uint32_t) mac[at + 1] << 16
            | (uint32_t) mac[at + 2] << 8 | mac[at + 3];

    snprintf(out, DEALS_TOTP_DIGITS + 1, "%06u", value % 1000000);

    return 0;
}


int64_t
deals_totp_match(deals_str secret, const char *digits, int64_t now,
    int64_t last)
{
    char     code[DEALS_TOTP_DIGITS + 1];
    int64_t  step, found = 0, here = now / DEALS_TOTP_STEP;

    /* All three are made and compared, whichever it is. */
    for (step = here - 1; step <= here + 1; step++) {
        if (deals_totp_code(secret, step, code) != 0) {
            return -1;
        }

        if (sodium_memcmp(code, digits, DEALS_TOTP_DIGITS) == 0
            && step > last)
        {
            found = step;
        }
    }

    sodium_memzero(code, sizeof(code));

    return found;
}


deals_str
deals_totp_issuer(deals_arena *arena, deals_str name)
{
    char    *out;
    size_t   i, n = 0;

    out = deals_arena_alloc(arena, name.len + 1);
    if (out == NULL) {
        return DEALS_NONE;
    }

    for (i = 0; i < name.len; i++) {
        if (name.data[i] != ':') {
            out[n++] = name.data[i];
        }
    }

    out[n] = '\0';

    return (deals_str) { out, n };
}


deals_str
deals_totp_uri(deals_arena *arena, deals_str issuer, deals_str name,
    deals_str secret)
{
    deals_buf  buf;
    deals_str  uri;

    deals_buf_init(&buf);
    deals_buf_c(&buf, "otpauth://totp/");
    deals_percent(&buf, issuer);
    deals_buf_char(&buf, ':');
    deals_percent(&buf, name);
    deals_buf_c(&buf, "?secret=");
    deals_buf_str(&buf, secret);
    deals_buf_c(&buf, "&issuer=");
    deals_percent(&buf, issuer);

    uri = buf.failed
          ? DEALS_NONE
          : deals_arena_copy(arena, (deals_str) { buf.data, buf.len });

    deals_buf_free(&buf);

    return uri;
}


int64_t
deals_totp_pause(int64_t failed, int known)
{
    int64_t  most = known ? 60 : 3600, pause = DEALS_TOTP_STEP;

    if (failed < 5) {
        return 0;
    }

    for ( ; failed > 5 && pause < most; failed--) {
        pause *= 2;
    }

    return pause < most ? pause : most;
}
