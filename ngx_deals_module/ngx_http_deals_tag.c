
/*
 * Tags: what bytes are told from others by, in ETag and in the cache.
 */


#include "ngx_http_deals_module.h"


/*
 * A strong tag from the bytes: two hashes of 64 bits, each over all of them. It
 * need not withstand anybody: who makes two texts of one tag fools himself.
 */

ngx_int_t
ngx_http_deals_etag(ngx_http_request_t *r, deals_str bytes, ngx_str_t *tag)
{
    uint64_t  hash[2];

    tag->data = ngx_pnalloc(r->pool, 2 * 16 + 2);
    if (tag->data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_deals_hash(0, (u_char *) bytes.data, bytes.len, hash);

    tag->len = ngx_http_deals_tag(tag->data, hash, "") - tag->data;

    return NGX_OK;
}


u_char *
ngx_http_deals_tag(u_char *p, uint64_t *hash, const char *suffix)
{
    return ngx_sprintf(p, "\"%016xL%016xL%s\"", (int64_t) hash[0],
                       (int64_t) hash[1], suffix);
}


static ngx_inline uint64_t
ngx_http_deals_word(const u_char *p, size_t len)
{
    uint64_t  word;

    word = 0;
    ngx_memcpy(&word, p, len);

    return word;
}


static ngx_inline uint64_t
ngx_http_deals_mix_a(uint64_t a, uint64_t word)
{
    a = (a ^ word) * 0xff51afd7ed558ccdULL;

    return a ^ a >> 29;
}


static ngx_inline uint64_t
ngx_http_deals_mix_b(uint64_t b, uint64_t word)
{
    b = ((b << 27 | b >> 37) + word) * 0x9fb21c651e98df25ULL;

    return b ^ b >> 31;
}


/* a step waits for the one before: so four go side by side over what is long */

void
ngx_http_deals_hash(uint64_t seed, const u_char *p, size_t len,
    uint64_t *hash)
{
    size_t      n;
    uint64_t    a[4], b[4], word[4];
    ngx_uint_t  i;

    for (i = 0; i < 4; i++) {
        a[i] = (0x9e3779b97f4a7c15ULL ^ len) + seed + i;
        b[i] = 0xc2b2ae3d27d4eb4fULL ^ seed ^ i;
    }

    for ( /* void */ ; len >= sizeof(word); len -= sizeof(word)) {
        ngx_memcpy(word, p, sizeof(word));

        a[0] = ngx_http_deals_mix_a(a[0], word[0]);
        b[0] = ngx_http_deals_mix_b(b[0], word[0]);
        a[1] = ngx_http_deals_mix_a(a[1], word[1]);
        b[1] = ngx_http_deals_mix_b(b[1], word[1]);
        a[2] = ngx_http_deals_mix_a(a[2], word[2]);
        b[2] = ngx_http_deals_mix_b(b[2], word[2]);
        a[3] = ngx_http_deals_mix_a(a[3], word[3]);
        b[3] = ngx_http_deals_mix_b(b[3], word[3]);

        p += sizeof(word);
    }

    for (i = 1; i < 4; i++) {
        a[0] = ngx_http_deals_mix_a(a[0], a[i]);
        b[0] = ngx_http_deals_mix_b(b[0], b[i]);
    }

    for ( /* void */ ; len; len -= n, p += n) {
        n = ngx_min(len, sizeof(uint64_t));

        word[0] = ngx_http_deals_word(p, n);
        a[0] = ngx_http_deals_mix_a(a[0], word[0]);
        b[0] = ngx_http_deals_mix_b(b[0], word[0]);
    }

    hash[0] = a[0];
    hash[1] = b[0];
}
