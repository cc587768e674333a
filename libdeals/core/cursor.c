/*
 * core/cursor.c - where a list goes on.
 */

#include <math.h>
#include <string.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "core/cursor.h"
#include "base/id.h"

#define VERSION  1

/* version, list, length; qualifier; state, snapshot; count, types, keys; sum */
#define LONGEST  (3 + DEALS_CURSOR_QUALIFIER + 16                             \
                  + 1 + DEALS_CURSOR_KEYS * 9 + 4)
#define LONGEST_TEXT  ((LONGEST + 2) / 3 * 4)

typedef struct {
    const unsigned char  *p;
    size_t                left;
} source;


static unsigned char *
put_64(unsigned char *p, uint64_t v)
{
    int  shift;

    for (shift = 56; shift >= 0; shift -= 8) {
        *p++ = (unsigned char) (v >> shift);
    }

    return p;
}


/* n bytes as a big-endian number; 0 past the end, which `left` then shows by
 * being SIZE_MAX. */
static uint64_t
get(source *in, size_t n)
{
    uint64_t  v;

    if (in->left == SIZE_MAX || in->left < n) {
        in->left = SIZE_MAX;
        return 0;
    }

    in->left -= n;

    for (v = 0; n > 0; n--) {
        v = v << 8 | *in->p++;
    }

    return v;
}


static int
key_is_good(char type, deals_cursor_key key)
{
    switch (type) {

    case 'i':
        return key.i >= 1 && key.i <= DEALS_ID_MAX;

    case 't':
        return key.i >= DEALS_TIME_MIN && key.i <= DEALS_TIME_MAX;

    case 'n':
        return key.i >= INT32_MIN && key.i <= INT32_MAX;

    case 'f':
        return isfinite(key.f);

    default:
        return 0;
    }
}


static int
is_good(const deals_cursor *c)
{
    size_t  i, n;

    n = strlen(c->types);

    if (c->list < 1 || c->list > 255 || n > DEALS_CURSOR_KEYS
        || c->qualifier.len > DEALS_CURSOR_QUALIFIER
        || c->state < 0 || c->snapshot < 0)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (!key_is_good(c->types[i], c->keys[i])) {
            return 0;
        }
    }

    return 1;
}


deals_str
deals_cursor_encode(deals_arena *arena, const deals_cursor *c)
{
    size_t          i, n, len;
    uint64_t        bits;
    uint32_t        sum;
    unsigned char   out[LONGEST], *p;

    if (!is_good(c)) {
        return DEALS_NONE;
    }

    n = strlen(c->types);
    p = out;

    *p++ = VERSION;
    *p++ = (unsigned char) c->list;
    *p++ = (unsigned char) c->qualifier.len;

    if (c->qualifier.len) {
        memcpy(p, c->qualifier.data, c->qualifier.len);
        p += c->qualifier.len;
    }

    p = put_64(p, (uint64_t) c->state);
    p = put_64(p, (uint64_t) c->snapshot);

    *p++ = (unsigned char) n;
    memcpy(p, c->types, n);
    p += n;

    for (i = 0; i < n; i++) {
        memcpy(&bits, &c->keys[i], sizeof(bits));
        p = put_64(p, bits);
    }

    len = (size_t) (p - out);
    sum = deals_crc32((deals_str) { (const char *) out, len });

    *p++ = (unsigned char) (sum >> 24);
    *p++ = (unsigned char) (sum >> 16);
    *p++ = (unsigned char) (sum >> 8);
    *p++ = (unsigned char) sum;

    return deals_base64url(arena, (deals_str) { (const char *) out, len + 4 });
}


/* The next bytes are exactly these. */
static int
matches(source *in, const char *data, size_t len)
{
    if (in->left == SIZE_MAX || in->left < len
        || (len && memcmp(in->p, data, len) != 0))
    {
        return 0;
    }

    in->p += len;
    in->left -= len;

    return 1;
}


static int
read_cursor(source in, deals_cursor *c)
{
    size_t    i, n;
    uint64_t  bits;

    n = strlen(c->types);

    if (get(&in, 1) != VERSION || get(&in, 1) != (uint64_t) c->list
        || get(&in, 1) != c->qualifier.len
        || !matches(&in, c->qualifier.data, c->qualifier.len))
    {
        return -1;
    }

    c->state = (int64_t) get(&in, 8);
    c->snapshot = (int64_t) get(&in, 8);

    if (get(&in, 1) != n || !matches(&in, c->types, n)) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        bits = get(&in, 8);
        memcpy(&c->keys[i], &bits, sizeof(bits));
    }

    return in.left == 0 && is_good(c) ? 0 : -1;
}


int
deals_cursor_decode(deals_arena *arena, deals_str text, deals_cursor *c,
    const deals_error **error)
{
    source     in;
    uint32_t   sum;
    deals_str  bytes;

    bytes = text.len <= LONGEST_TEXT ? deals_base64url_decode(arena, text)
                                     : DEALS_NONE;

    if (bytes.data == NULL || bytes.len < 4
        || strlen(c->types) > DEALS_CURSOR_KEYS)
    {
        goto bad;
    }

    bytes.len -= 4;
    sum = deals_crc32(bytes);

    in = (source) { (const unsigned char *) bytes.data + bytes.len, 4 };
    if (get(&in, 4) != sum) {
        goto bad;
    }

    in = (source) { (const unsigned char *) bytes.data, bytes.len };
    if (read_cursor(in, c) != 0) {
        goto bad;
    }

    return 0;

bad:

    *error = deals_error_make(arena, DEALS_MALFORMED, "cursor",
                 "is damaged or belongs to another list");
    return -1;
}
