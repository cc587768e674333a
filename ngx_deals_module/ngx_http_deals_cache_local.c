
/*
 * What a worker keeps for itself: copies of the bytes that it sends, and the
 * requests that wait until somebody has filled an entry.
 *
 * Copies are found and judged without the zone's lock. They live in this
 * process' own memory: statics outlive a configuration.
 */


#include "ngx_http_deals_cache.h"


#define NGX_HTTP_DEALS_BUCKETS    1024
#define NGX_HTTP_DEALS_LOCAL_MAX  (16 * 1024 * 1024)
#define NGX_HTTP_DEALS_LOOK       5         /* ms: at fills of other workers */


struct ngx_http_deals_local_s {
    ngx_queue_t                queue;           /* of all of the process */
    ngx_http_deals_zone_t     *zone;

    /* ident must be after 3 pointers: debug logs of timers read it */
    ngx_int_t                  ident;

    ngx_http_deals_cache_t    *cache;

    size_t                     size;            /* of the copies */
    size_t                     max;
    ngx_queue_t                copies;
    ngx_http_deals_copy_t     *buckets[NGX_HTTP_DEALS_BUCKETS];

    ngx_queue_t                flights;
    ngx_event_t                look;            /* a timer */
    ngx_event_t                landed;          /* posted */
};


static void ngx_http_deals_local_drop(ngx_http_deals_local_t *local,
    ngx_http_deals_copy_t *copy);
static void ngx_http_deals_local_look(ngx_event_t *ev);
static void ngx_http_deals_local_land(ngx_event_t *ev);
static void ngx_http_deals_local_run(ngx_http_deals_local_t *local,
    ngx_http_deals_flight_t *flight);
static ngx_http_deals_flight_t *ngx_http_deals_local_flight(
    ngx_http_deals_local_t *local, uint64_t *hash);


static ngx_queue_t  ngx_http_deals_locals;


ngx_http_deals_local_t *
ngx_http_deals_local(ngx_http_deals_cache_t *cache)
{
    ngx_queue_t             *q;
    ngx_http_deals_local_t  *local;

    if (ngx_http_deals_locals.next == NULL) {
        ngx_queue_init(&ngx_http_deals_locals);
    }

    for (q = ngx_queue_head(&ngx_http_deals_locals);
         q != ngx_queue_sentinel(&ngx_http_deals_locals);
         q = ngx_queue_next(q))
    {
        local = ngx_queue_data(q, ngx_http_deals_local_t, queue);

        if (local->zone == cache->sh) {
            local->cache = cache;
            return local;
        }
    }

    local = ngx_calloc(sizeof(ngx_http_deals_local_t), ngx_cycle->log);
    if (local == NULL) {
        return NULL;
    }

    local->zone = cache->sh;
    local->cache = cache;
    local->ident = -1;
    local->max = ngx_min(cache->shm_zone->shm.size / 2,
                         NGX_HTTP_DEALS_LOCAL_MAX);

    ngx_queue_init(&local->copies);
    ngx_queue_init(&local->flights);

    local->look.handler = ngx_http_deals_local_look;
    local->look.data = local;
    local->look.log = ngx_cycle->log;

    local->landed.handler = ngx_http_deals_local_land;
    local->landed.data = local;
    local->landed.log = ngx_cycle->log;

    ngx_queue_insert_tail(&ngx_http_deals_locals, &local->queue);

    return local;
}


/*
 * A cleanup of the configuration's pool: without a master process a reload
 * gives the old zone back while this process goes on.
 */

void
ngx_http_deals_local_forget(void *data)
{
    ngx_http_deals_cache_t  *cache = data;

    ngx_queue_t             *q;
    ngx_http_deals_copy_t   *copy;
    ngx_http_deals_local_t  *local;

    if (ngx_http_deals_locals.next == NULL) {
        return;
    }

    for (q = ngx_queue_head(&ngx_http_deals_locals);
         q != ngx_queue_sentinel(&ngx_http_deals_locals);
         q = ngx_queue_next(q))
    {
        local = ngx_queue_data(q, ngx_http_deals_local_t, queue);

        if (local->cache != cache || !ngx_queue_empty(&local->flights)) {
            continue;
        }

        while (!ngx_queue_empty(&local->copies)) {
            copy = ngx_queue_data(ngx_queue_head(&local->copies),
                                  ngx_http_deals_copy_t, queue);
            ngx_http_deals_local_drop(local, copy);
        }

        if (local->look.timer_set) {
            ngx_del_timer(&local->look);
        }

        if (local->landed.posted) {
            ngx_delete_posted_event(&local->landed);
        }

        ngx_queue_remove(&local->queue);
        ngx_free(local);
        return;
    }
}


/* --- copies --------------------------------------------------------------- */


ngx_http_deals_copy_t *
ngx_http_deals_local_find(ngx_http_deals_local_t *local, uint64_t *hash,
    u_char *key, size_t len)
{
    ngx_http_deals_copy_t  *copy;

    for (copy = local->buckets[hash[0] % NGX_HTTP_DEALS_BUCKETS];
         copy;
         copy = copy->next)
    {
        if (copy->bytes.hash[0] == hash[0]
            && copy->bytes.hash[1] == hash[1]
            && copy->bytes.key_len == len
            && ngx_memcmp(copy->bytes.data, key, len) == 0)
        {
            ngx_queue_remove(&copy->queue);
            ngx_queue_insert_head(&local->copies, &copy->queue);
            return copy;
        }
    }

    return NULL;
}


/* replaces a former copy of the same key */

void
ngx_http_deals_local_keep(ngx_http_deals_local_t *local,
    ngx_http_deals_copy_t *copy)
{
    ngx_http_deals_copy_t  *former, **bucket;

    former = ngx_http_deals_local_find(local, copy->bytes.hash,
                                       copy->bytes.data,
                                       copy->bytes.key_len);
    if (former) {
        ngx_http_deals_local_drop(local, former);
    }

    if (copy->bytes.size > local->max) {
        return;
    }

    while (local->size + copy->bytes.size > local->max) {
        former = ngx_queue_data(ngx_queue_last(&local->copies),
                                ngx_http_deals_copy_t, queue);
        /* one that is dropped leaves it: NOLINTNEXTLINE(*-unix.Malloc) */
        ngx_http_deals_local_drop(local, former);
    }

    bucket = &local->buckets[copy->bytes.hash[0] % NGX_HTTP_DEALS_BUCKETS];

    copy->next = *bucket;
    *bucket = copy;
    copy->kept = 1;
    ngx_queue_insert_head(&local->copies, &copy->queue);
    local->size += copy->bytes.size;
}


static void
ngx_http_deals_local_drop(ngx_http_deals_local_t *local,
    ngx_http_deals_copy_t *copy)
{
    ngx_http_deals_copy_t  **p;

    p = &local->buckets[copy->bytes.hash[0] % NGX_HTTP_DEALS_BUCKETS];

    while (*p != copy) {
        p = &(*p)->next;
    }

    *p = copy->next;
    copy->kept = 0;
    /* it is in the queue: NOLINTNEXTLINE(*.NullDereference) */
    ngx_queue_remove(&copy->queue);
    local->size -= copy->bytes.size;

    if (copy->refs == 0) {
        ngx_free(copy);
    }
}


/* a cleanup of the request that sends it */

void
ngx_http_deals_copy_release(void *data)
{
    ngx_http_deals_copy_t *copy = data;

    if (--copy->refs == 0 && !copy->kept) {
        ngx_free(copy);
    }
}


/* --- waiting -------------------------------------------------------------- */


static ngx_http_deals_flight_t *
ngx_http_deals_local_flight(ngx_http_deals_local_t *local, uint64_t *hash)
{
    ngx_queue_t              *q;
    ngx_http_deals_flight_t  *flight;

    for (q = ngx_queue_head(&local->flights);
         q != ngx_queue_sentinel(&local->flights);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_deals_flight_t, queue);

        if (flight->hash[0] == hash[0] && flight->hash[1] == hash[1]) {
            return flight;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_deals_local_wait(ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_local_t   *local;
    ngx_http_deals_flight_t  *flight;

    local = keyed->local;

    flight = ngx_http_deals_local_flight(local, keyed->hash);

    if (flight == NULL) {
        flight = ngx_calloc(sizeof(ngx_http_deals_flight_t), ngx_cycle->log);
        if (flight == NULL) {
            return NGX_ERROR;
        }

        flight->hash[0] = keyed->hash[0];
        flight->hash[1] = keyed->hash[1];
        ngx_queue_init(&flight->requests);
        ngx_queue_insert_tail(&local->flights, &flight->queue);
    }

    keyed->waiting = 1;
    ngx_queue_insert_tail(&flight->requests, &keyed->queue);

    /* it also keeps a worker that leaves until all are answered */

    if (!local->look.timer_set) {
        ngx_add_timer(&local->look, NGX_HTTP_DEALS_LOOK);
    }

    return NGX_OK;
}


void
ngx_http_deals_local_leave(ngx_http_deals_keyed_t *keyed)
{
    keyed->waiting = 0;
    ngx_queue_remove(&keyed->queue);
}


/* an entry was filled, or given up, in this worker */

void
ngx_http_deals_local_landed(ngx_http_deals_keyed_t *keyed)
{
    ngx_http_deals_flight_t  *flight;

    flight = ngx_http_deals_local_flight(keyed->local, keyed->hash);

    if (flight) {
        flight->landed = 1;
        ngx_post_event(&keyed->local->landed, &ngx_posted_events);
    }
}


static void
ngx_http_deals_local_land(ngx_event_t *ev)
{
    ngx_http_deals_local_t *local = ev->data;

    ngx_queue_t              *q, *next;
    ngx_http_deals_flight_t  *flight;

    for (q = ngx_queue_head(&local->flights);
         q != ngx_queue_sentinel(&local->flights);
         q = next)
    {
        /* one that has run has left it: NOLINTNEXTLINE(*-unix.Malloc) */
        next = ngx_queue_next(q);
        flight = ngx_queue_data(q, ngx_http_deals_flight_t, queue);

        if (flight->landed) {
            ngx_http_deals_local_run(local, flight);

            /* who waits again stands behind; others may have come and gone */

            next = ngx_queue_head(&local->flights);
        }
    }
}


/* one look a key; one request is as good as another to ask with */

static void
ngx_http_deals_local_look(ngx_event_t *ev)
{
    ngx_http_deals_local_t *local = ev->data;

    ngx_queue_t              *q;
    ngx_http_deals_keyed_t   *keyed;
    ngx_http_deals_flight_t  *flight;

    for (q = ngx_queue_head(&local->flights);
         q != ngx_queue_sentinel(&local->flights);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_deals_flight_t, queue);

        if (ngx_queue_empty(&flight->requests)) {
            flight->landed = 1;
            continue;
        }

        keyed = ngx_queue_data(ngx_queue_head(&flight->requests),
                               ngx_http_deals_keyed_t, queue);

        if ((ngx_msec_int_t) (ngx_current_msec - keyed->give_up) >= 0
            || !ngx_http_deals_zone_in_flight(local->cache, keyed))
        {
            flight->landed = 1;
        }
    }

    ngx_http_deals_local_land(ev);

    if (!ngx_queue_empty(&local->flights) && !local->look.timer_set) {
        ngx_add_timer(&local->look, NGX_HTTP_DEALS_LOOK);
    }
}


static void
ngx_http_deals_local_run(ngx_http_deals_local_t *local,
    ngx_http_deals_flight_t *flight)
{
    ngx_queue_t              requests;
    ngx_http_deals_keyed_t  *keyed;

    ngx_queue_remove(&flight->queue);

    if (ngx_queue_empty(&flight->requests)) {
        ngx_free(flight);
        return;
    }

    requests = flight->requests;
    requests.next->prev = &requests;
    requests.prev->next = &requests;
    ngx_free(flight);

    while (!ngx_queue_empty(&requests)) {
        keyed = ngx_queue_data(ngx_queue_head(&requests),
                               ngx_http_deals_keyed_t, queue);

        ngx_http_deals_local_leave(keyed);
        ngx_http_deals_cache_resume(keyed);
    }
}
