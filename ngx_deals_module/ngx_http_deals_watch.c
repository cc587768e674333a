
/*
 * Sockets of libpq and hiredis are watched level-triggered through
 * ngx_connection_t of their own, which are given back with c->shared set, so
 * that the library alone closes the descriptor.
 */


#include "ngx_http_deals_loop.h"


typedef struct {
    ngx_http_deals_loop_t     *loop;
    ngx_connection_t          *connection;
} ngx_http_deals_watch_t;


static ngx_int_t ngx_http_deals_set_event(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t on);
static void ngx_http_deals_detach(deals_io *io);
static void ngx_http_deals_io_handler(ngx_event_t *ev);


int
ngx_http_deals_hook_watch(void *host, deals_io *io, unsigned events)
{
    ngx_http_deals_loop_t  *loop = host;

    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    if (events == 0) {
        ngx_http_deals_detach(io);
        return 0;
    }

    watch = io->host;

    if (watch == NULL) {

        watch = ngx_alloc(sizeof(ngx_http_deals_watch_t), ngx_cycle->log);
        if (watch == NULL) {
            return -1;
        }

        c = ngx_get_connection(io->fd, ngx_cycle->log);
        if (c == NULL) {
            ngx_free(watch);
            return -1;
        }

        watch->loop = loop;
        watch->connection = c;

        c->data = io;
        c->idle = 1;
        c->log_error = NGX_ERROR_INFO;

        c->read->handler = ngx_http_deals_io_handler;
        c->read->log = c->log;
        c->write->handler = ngx_http_deals_io_handler;
        c->write->log = c->log;

        io->host = watch;
        io->events = 0;
    }

    c = watch->connection;

    if (ngx_http_deals_set_event(c->read, NGX_READ_EVENT,
                                 events & DEALS_READ)
        != NGX_OK
        || ngx_http_deals_set_event(c->write, NGX_WRITE_EVENT,
                                    events & DEALS_WRITE)
           != NGX_OK)
    {
        ngx_http_deals_detach(io);
        return -1;
    }

    io->events = events;

    return 0;
}


static ngx_int_t
ngx_http_deals_set_event(ngx_event_t *ev, ngx_int_t event, ngx_uint_t on)
{
    if (on && !ev->active) {
        return ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (!on && ev->active) {
        return ngx_del_event(ev, event, 0);
    }

    return NGX_OK;
}


static void
ngx_http_deals_detach(deals_io *io)
{
    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    watch = io->host;

    io->host = NULL;
    io->events = 0;

    if (watch == NULL) {
        return;
    }

    c = watch->connection;
    ngx_free(watch);

    /*
     * The events are deleted one by one, because ngx_del_conn() with
     * NGX_CLOSE_EVENT relies on the close() that is not ours to do.
     */

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    c->shared = 1;
    ngx_close_connection(c);
}


static void
ngx_http_deals_io_handler(ngx_event_t *ev)
{
    deals_io                *io;
    ngx_connection_t        *c;
    ngx_http_deals_watch_t  *watch;

    c = ev->data;
    io = c->data;

    if (c->close) {

        /* graceful shutdown; the loop stays while requests wait on it */

        watch = io->host;
        c->close = 0;

        ngx_post_event(&watch->loop->quit, &ngx_posted_events);
        return;
    }

    ngx_http_deals_status_touch();

    io->ready(io, ev->write ? DEALS_WRITE : DEALS_READ);
}
