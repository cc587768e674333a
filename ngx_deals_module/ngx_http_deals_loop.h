
/*
 * Inside of a loop: _loop.c is its life, _watch.c its sockets, _hooks.c what
 * else its context needs of nginx.
 */


#ifndef NGX_HTTP_DEALS_LOOP_H_INCLUDED_
#define NGX_HTTP_DEALS_LOOP_H_INCLUDED_


#include "ngx_http_deals_module.h"


struct ngx_http_deals_loop_s {
    ngx_queue_t                queue;
    ngx_http_deals_backend_t  *backend;

    /* ident must be after 3 pointers: debug logs of timers read it */
    ngx_int_t                  ident;

    deals_ctx                 *site;
    deals_ctx_stats            told;            /* of the site */
    ngx_msec_t                 again;           /* if it could not be made */
    ngx_uint_t                 requests;        /* that wait */

    ngx_event_t                busy;
    ngx_event_t                idle;
    ngx_event_t                wake;
    ngx_event_t                quit;
};


/* _hooks.c */

void ngx_http_deals_loop_hooks(ngx_http_deals_loop_t *loop,
    deals_hooks *hooks);

/* _watch.c */

int ngx_http_deals_hook_watch(void *host, deals_io *io, unsigned events);


#endif /* NGX_HTTP_DEALS_LOOP_H_INCLUDED_ */
