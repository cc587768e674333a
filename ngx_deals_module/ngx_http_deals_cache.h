
/*
 * The cache zone, inside: ready bytes of pages that anybody may see, in shared
 * memory, and copies of those in use in each worker's own.
 *
 *     _cache.c              a request's way through it
 *     _cache_filled.c       the end of a request that fills an entry
 *     _cache_key.c          what a page depends on, as bytes
 *     _cache_zone.c         shared memory: its beginning, its lock
 *     _cache_generation.c   what has changed: which bytes are still good
 *     _cache_entry.c        the entries: found, made, evicted
 *     _cache_fill.c         who fills an entry, and who waits for it
 *     _cache_local.c        the worker's copies, and the requests that wait
 *     _cache_bytes.c        ready bytes: identity and gzip, their tags
 *     _cache_member.c       pages for members: what is their own laid over
 *     _cache_conf.c         deals_cache
 *     _kept.c               what contexts keep for each other
 *
 * An entry is good as long as its generations are today's, its second has not
 * come and it is not too old. Generations are counters in the zone which are
 * read without its lock: so a hit in the worker's own copies takes no lock.
 */


#ifndef NGX_HTTP_DEALS_CACHE_H_INCLUDED_
#define NGX_HTTP_DEALS_CACHE_H_INCLUDED_


#include "ngx_http_deals_module.h"


#define NGX_HTTP_DEALS_CACHE_MIN    (128 * 1024)

#define NGX_HTTP_DEALS_SITES        64
#define NGX_HTTP_DEALS_HASHED       1024        /* generations of deals */
#define NGX_HTTP_DEALS_MEMBERS      65536       /* of members, at most */

#define NGX_HTTP_DEALS_TTL          10000       /* ms: hearing other nodes */
#define NGX_HTTP_DEALS_TTL_ALONE    1000        /* ms: not hearing them */
#define NGX_HTTP_DEALS_SOFT         1000        /* ms between soft refreshes */
#define NGX_HTTP_DEALS_PASS         1000        /* ms after a failed fill */

#define NGX_HTTP_DEALS_KEY          512
#define NGX_HTTP_DEALS_TAG          40
#define NGX_HTTP_DEALS_GZIP_MIN     256


/* ready bytes, the same in the zone and in a worker; key, plain, gzip follow */

typedef struct {
    uint64_t                   hash[2];         /* of the key */
    uint64_t                   hard;            /* generations */
    uint64_t                   soft;
    uint64_t                   fill;            /* its number */
    ngx_msec_t                 began;           /* the fill */
    int64_t                    until;           /* seconds */
    size_t                     size;            /* of all of it */
    size_t                     key_len;
    size_t                     plain_len;
    size_t                     gzip_len;        /* 0: not worth it */
    size_t                     plain_tag_len;
    size_t                     gzip_tag_len;
    size_t                     type_len;
    size_t                     draft;           /* 1: plain is one */
    u_char                     plain_tag[NGX_HTTP_DEALS_TAG];
    u_char                     gzip_tag[NGX_HTTP_DEALS_TAG];
    u_char                     type[NGX_HTTP_DEALS_TAG];
    u_char                     data[1];
} ngx_http_deals_bytes_t;


#define ngx_http_deals_bytes_plain(b)  ((b)->data + (b)->key_len)


/* a worker's own copy */

typedef struct ngx_http_deals_copy_s  ngx_http_deals_copy_t;

struct ngx_http_deals_copy_s {
    ngx_queue_t                queue;           /* last used first */
    ngx_http_deals_copy_t     *next;            /* of the same bucket */
    ngx_uint_t                 refs;
    unsigned                   kept:1;          /* stands in the table */
    ngx_http_deals_bytes_t     bytes;
};


typedef struct ngx_http_deals_zone_s   ngx_http_deals_zone_t;
typedef struct ngx_http_deals_local_s  ngx_http_deals_local_t;


/* an entry of the zone */

typedef struct {
    ngx_rbtree_node_t            node;          /* key: hash[0] */
    ngx_queue_t                  queue;
    uint64_t                     hash[2];
    ngx_http_deals_bytes_t      *bytes;         /* NULL: none yet */

    uint64_t                     fill;          /* its number; 0: nobody */
    ngx_pid_t                    filler;
    ngx_msec_t                   dead;          /* after this it is */

    ngx_msec_t                   pass;          /* not kept until then */
    unsigned                     passing:1;
    unsigned                     failed:1;      /* the last fill */
    uint64_t                     last;          /* its number, if so */

    size_t                       key_len;
    u_char                       key[1];
} ngx_http_deals_entry_t;


typedef struct {
    ngx_atomic_t                 all;
    ngx_atomic_t                 hard;          /* of lists */
    ngx_atomic_t                 soft;
    ngx_atomic_t                 heard;         /* of others, ms; 0: never */
} ngx_http_deals_site_t;


typedef struct {
    ngx_atomic_t                 hard;
    ngx_atomic_t                 soft;
} ngx_http_deals_generation_t;


/* what is kept of a member is good as long as these are what they were */

typedef struct {
    ngx_atomic_t                 sessions;
    ngx_atomic_t                 votes;
} ngx_http_deals_member_t;


/* the zone: the first piece of the slab pool, always at the same address */

struct ngx_http_deals_zone_s {
    ngx_atomic_t                 inside;        /* who changes it */
    uint64_t                     node;
    uint64_t                     seed;
    ngx_http_deals_site_t        sites[NGX_HTTP_DEALS_SITES];
    ngx_http_deals_generation_t  deals[NGX_HTTP_DEALS_HASHED];

    ngx_uint_t                   broken;
    uint64_t                     fills;
    ngx_uint_t                   entries;
    ngx_rbtree_t                 rbtree;
    ngx_rbtree_node_t            sentinel;
    ngx_queue_t                  queue;

    ngx_rbtree_t                 kept;          /* _kept.c */
    ngx_rbtree_node_t            kept_sentinel;
    ngx_queue_t                  kept_queue;
    size_t                       kept_size;

    ngx_http_deals_member_t      members[1];    /* cache->nmembers */
};


struct ngx_http_deals_cache_s {
    ngx_shm_zone_t            *shm_zone;
    ngx_slab_pool_t           *shpool;
    ngx_http_deals_zone_t     *sh;
    ngx_uint_t                 nmembers;        /* a power of two */
    ngx_http_deals_status_t   *status;
    ngx_uint_t                 row;             /* of its counters */
};


typedef struct {
    ngx_queue_t                queue;           /* of the worker's flights */
    ngx_queue_t                requests;        /* that wait */
    uint64_t                   hash[2];
    unsigned                   landed:1;        /* in this worker */
} ngx_http_deals_flight_t;


/* a request that has a key */

struct ngx_http_deals_keyed_s {
    ngx_http_deals_ctx_t      *ctx;
    ngx_http_deals_cache_t    *cache;
    ngx_http_deals_local_t    *local;

    uint64_t                   hash[2];
    uint64_t                   hard;            /* generations on arrival */
    uint64_t                   soft;

    ngx_queue_t                queue;           /* of a flight */
    ngx_msec_t                 give_up;
    ngx_msec_t                 began;           /* its own fill */
    uint64_t                   fill;            /* its number */
    uint64_t                   awaited;         /* of the one it waits for */

    unsigned                   waiting:1;
    unsigned                   filling:1;
    unsigned                   member:1;        /* the page of members */
    unsigned                   aside:1;         /* the asker, while it fills */

    deals_asker                asker;           /* then */
    ngx_http_deals_copy_t     *copy;            /* to be laid over */
    const char                *status;          /* $deals_cache_status then */

    size_t                     key_len;
    u_char                     key[1];
};


/* what the zone says about a key */

typedef enum {
    NGX_HTTP_DEALS_HIT = 0,
    NGX_HTTP_DEALS_UPDATING,
    NGX_HTTP_DEALS_STALE,       /* so far with a copy of the bytes */
    NGX_HTTP_DEALS_FILL,        /* this request must fill it */
    NGX_HTTP_DEALS_WAIT,        /* another one does */
    NGX_HTTP_DEALS_AWAY,        /* who did could not */
    NGX_HTTP_DEALS_PASS_BY      /* it can't be kept */
} ngx_http_deals_found_e;


/* $deals_cache_status of those whose bytes nobody else will get */

#define NGX_HTTP_DEALS_BYPASS  "BYPASS"
#define NGX_HTTP_DEALS_MISS    "MISS"


/* how a fill ends without bytes */

typedef enum {
    NGX_HTTP_DEALS_GIVEN_UP = 0,        /* somebody else may */
    NGX_HTTP_DEALS_NOT_KEPT,            /* not an answer to keep */
    NGX_HTTP_DEALS_FAILED               /* the database is away */
} ngx_http_deals_end_e;


/* _cache_key.c */

ngx_int_t ngx_http_deals_cache_key(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t member, u_char *key, size_t *len);

/* _cache_zone.c */

ngx_int_t ngx_http_deals_zone_init(ngx_shm_zone_t *shm_zone, void *data);
uint64_t ngx_http_deals_zone_node(ngx_http_deals_cache_t *cache);
void ngx_http_deals_zone_lock(ngx_http_deals_cache_t *cache);
void ngx_http_deals_zone_unlock(ngx_http_deals_cache_t *cache);

/* _cache_generation.c */

void ngx_http_deals_zone_generations(ngx_http_deals_cache_t *cache,
    ngx_http_deals_ctx_t *ctx, uint64_t *hard, uint64_t *soft);
ngx_msec_t ngx_http_deals_zone_ttl(ngx_http_deals_cache_t *cache,
    ngx_http_deals_backend_t *backend);
void ngx_http_deals_zone_changed(ngx_http_deals_cache_t *cache,
    ngx_uint_t site, ngx_uint_t what, int64_t id);
uint64_t ngx_http_deals_zone_generation(ngx_http_deals_cache_t *cache,
    ngx_uint_t site, ngx_uint_t what, int64_t user_id);

/* 0: no longer good; 1: softly so; 2: good */
ngx_uint_t ngx_http_deals_good(ngx_http_deals_bytes_t *bytes, uint64_t hard,
    uint64_t soft, ngx_msec_t ttl);

/* _cache_entry.c */

void ngx_http_deals_entries_init(ngx_http_deals_zone_t *sh);
void ngx_http_deals_zone_hash(ngx_http_deals_cache_t *cache, u_char *key,
    size_t len, uint64_t *hash);

/* under the lock; NULL: there is none, or no room */

ngx_http_deals_entry_t *ngx_http_deals_zone_lookup(
    ngx_http_deals_cache_t *cache, ngx_http_deals_keyed_t *keyed);
ngx_http_deals_entry_t *ngx_http_deals_zone_add(
    ngx_http_deals_cache_t *cache, ngx_http_deals_keyed_t *keyed);
void *ngx_http_deals_zone_alloc(ngx_http_deals_cache_t *cache, size_t size);
ngx_uint_t ngx_http_deals_zone_flies(ngx_http_deals_entry_t *entry);

/* _cache_fill.c */

ngx_http_deals_found_e ngx_http_deals_zone_find(
    ngx_http_deals_keyed_t *keyed, ngx_http_deals_copy_t **copy);
ngx_uint_t ngx_http_deals_zone_in_flight(ngx_http_deals_cache_t *cache,
    ngx_http_deals_keyed_t *keyed);
void ngx_http_deals_zone_store(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_bytes_t *bytes);
void ngx_http_deals_zone_release(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_end_e end);

/* _cache_local.c */

ngx_http_deals_local_t *ngx_http_deals_local(ngx_http_deals_cache_t *cache);
void ngx_http_deals_local_forget(void *data);
ngx_http_deals_copy_t *ngx_http_deals_local_find(
    ngx_http_deals_local_t *local, uint64_t *hash, u_char *key, size_t len);
void ngx_http_deals_local_keep(ngx_http_deals_local_t *local,
    ngx_http_deals_copy_t *copy);
void ngx_http_deals_copy_release(void *data);
ngx_int_t ngx_http_deals_local_wait(ngx_http_deals_keyed_t *keyed);
void ngx_http_deals_local_leave(ngx_http_deals_keyed_t *keyed);
void ngx_http_deals_local_landed(ngx_http_deals_keyed_t *keyed);

/* _cache_bytes.c */

ngx_http_deals_copy_t *ngx_http_deals_copy_alloc(size_t size);
ngx_http_deals_copy_t *ngx_http_deals_copy_make(
    ngx_http_deals_keyed_t *keyed, const char *type, deals_str bytes);
size_t ngx_http_deals_gzip(deals_str bytes, ngx_int_t level, u_char *out,
    size_t max);
ngx_uint_t ngx_http_deals_takes_gzip(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_copy_hold(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy);
ngx_int_t ngx_http_deals_copy_send(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy);
ngx_int_t ngx_http_deals_bytes_send(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_bytes_t *bytes, u_char *start, size_t len, ngx_str_t *tag,
    ngx_uint_t gzip);

/* _cache_member.c */

ngx_int_t ngx_http_deals_member_asks(ngx_http_deals_ctx_t *ctx);
void ngx_http_deals_member_aside(ngx_http_deals_keyed_t *keyed);
void ngx_http_deals_member_back(ngx_http_deals_keyed_t *keyed);
ngx_int_t ngx_http_deals_member_now(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_copy_t *copy, const char *status);
ngx_int_t ngx_http_deals_member_send(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status);

/* _kept.c */

void ngx_http_deals_kept_init(ngx_http_deals_zone_t *sh);

/* _cache.c */

void ngx_http_deals_cache_resume(ngx_http_deals_keyed_t *keyed);
ngx_int_t ngx_http_deals_cache_keep(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, const char *status);
ngx_int_t ngx_http_deals_cache_found(ngx_http_deals_keyed_t *keyed,
    ngx_http_deals_copy_t *copy, ngx_http_deals_found_e found);


#endif /* NGX_HTTP_DEALS_CACHE_H_INCLUDED_ */
