
/*
 * The parts of the module and what they share.
 *
 *     _module.c       the table of directives, start and end of a process
 *     _conf.c         the configuration of a block: made, inherited
 *     _mount.c        deals: where a community is, and what it is called
 *     _address.c      deals_database, deals_redis
 *     _values.c       directives of one plain value
 *     _rate_conf.c    deals_rate_limit
 *     _breached.c     the file of breached passwords
 *     _backend.c      distinct databases and template sets
 *     _loop.c         a deals_ctx on the worker's event loop; also _watch.c: its
 *                     sockets, _hooks.c: what else it needs of nginx
 *     _work.c         computations in threads, a few at a time
 *     _rate.c         the shared memory zone that counts for rate limits
 *     _handler.c      a request's way from nginx to its last byte
 *     _access.c       who asks, and from where
 *     _device.c       what a browser keeps to be known by
 *     _routes.c       the table of all addresses
 *     _body.c         reading a body
 *     _input.c        from body and query to typed structs
 *     _response.c     the bytes of answers
 *     _headers.c      their headers, the cookie
 *     _redirect.c     where to go on
 *     _tag.c          ETag
 *     _error.c        errors as problem+json or as a page
 *     _page.c         the outer page
 *     _lists.c _pages.c _forms.c _comment_forms.c _account.c
 *     _reset.c _settings.c _tokens.c _api.c
 *     _static.c       the handlers of the routes
 *     _variables.c    $deals_...
 *     _cache*.c       the cache zone; its own header says more
 *     _status*.c      counters of all workers, deals_status; likewise
 *
 * What those up to _backend.c share is in _conf.h, what answers are made with,
 * from _response.c to _page.c, in _response.h: both come with this one.
 */


#ifndef NGX_HTTP_DEALS_MODULE_H_INCLUDED_
#define NGX_HTTP_DEALS_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <deals/ctx.h>
#include <deals/calls.h>
#include <deals/factor.h>
#include <deals/pages.h>
#include <deals/view.h>
#include <deals/viewer.h>


#if !(NGX_THREADS)
#error "deals computes passwords in threads: configure nginx --with-threads"
#endif


typedef struct ngx_http_deals_ctx_s    ngx_http_deals_ctx_t;
typedef struct ngx_http_deals_loop_s   ngx_http_deals_loop_t;
typedef struct ngx_http_deals_route_s  ngx_http_deals_route_t;
typedef struct ngx_http_deals_cache_s  ngx_http_deals_cache_t;
typedef struct ngx_http_deals_keyed_s  ngx_http_deals_keyed_t;
typedef struct ngx_http_deals_status_s ngx_http_deals_status_t;


#include "ngx_http_deals_conf.h"


/* a route: a row of the table in _routes.c */

typedef ngx_int_t (*ngx_http_deals_handler_pt)(ngx_http_deals_ctx_t *ctx);

typedef enum {
    NGX_HTTP_DEALS_PAGE = 0,    /* cookie, HTML errors */
    NGX_HTTP_DEALS_FORM,        /* likewise, with a body and the CSRF check */
    NGX_HTTP_DEALS_API,         /* cookie or Bearer, problem+json */
    NGX_HTTP_DEALS_FILE         /* asks for nobody */
} ngx_http_deals_kind_e;

typedef enum {
    NGX_HTTP_DEALS_BODY_NONE = 0,
    NGX_HTTP_DEALS_BODY_FORM,
    NGX_HTTP_DEALS_BODY_JSON
} ngx_http_deals_body_e;

typedef enum {
    NGX_HTTP_DEALS_NO_STORE = 0,
    NGX_HTTP_DEALS_REVALIDATE,  /* public or private, no-cache */
    NGX_HTTP_DEALS_IMMUTABLE
} ngx_http_deals_cache_e;

/* whose changes change the answer to anybody; it can be kept in the cache */

typedef enum {
    NGX_HTTP_DEALS_OF_NOTHING = 0,
    NGX_HTTP_DEALS_OF_LISTS,
    NGX_HTTP_DEALS_OF_DEAL      /* ctx->id */
} ngx_http_deals_scope_e;

/* what of the query counts */

#define NGX_HTTP_DEALS_IN_CURSOR  1
#define NGX_HTTP_DEALS_IN_WINDOW  2
#define NGX_HTTP_DEALS_IN_SORT    4
#define NGX_HTTP_DEALS_IN_LIMIT   8

typedef struct {
    deals_sort                 sort;
    deals_window               window;
    int64_t                    limit;           /* 0: not given */
    deals_str                  cursor;
} ngx_http_deals_inputs_t;

struct ngx_http_deals_route_s {
    ngx_str_t                  name;            /* $deals_route */
    ngx_uint_t                 methods;
    ngx_str_t                  path;            /* "/deals/{id}/{slug}" */
    ngx_http_deals_handler_pt  handler;
    ngx_http_deals_kind_e      kind;
    ngx_http_deals_body_e      body;
    ngx_http_deals_cache_e     cache;
    ngx_http_deals_scope_e     scope;
    ngx_uint_t                 inputs;          /* if there is a scope */
    int                        needs;           /* of an access token */
};


/* a request */

struct ngx_http_deals_ctx_s {
    ngx_http_request_t        *request;
    ngx_http_deals_loc_conf_t *conf;
    const ngx_http_deals_route_t  *route;
    ngx_http_deals_loop_t     *loop;
    deals_arena               *arena;

    /* what the address names */
    int64_t                    id;
    int64_t                    cid;
    deals_str                  name;            /* or slug, tag, file */
    deals_str                  hash;

    deals_asker                asker;
    deals_str                  claimed;         /* a name that was typed */
    deals_str                  body;            /* data NULL: none */
    size_t                     body_cap;

    deals_call                *call;            /* the last one */
    deals_call                *former;          /* the one before */
    ngx_http_deals_handler_pt  step;            /* after it */
    const deals_error         *error;           /* to show with a page */

    deals_form                 form;
    deals_page                 page;

    ngx_uint_t                 allow;           /* methods of the path */
    ngx_uint_t                 status;
    int64_t                    db_time;         /* usec, -1: none */
    int64_t                    render_time;
    const char                *outcome;         /* $deals_status */

    deals_sort                 sort;            /* of a list */
    deals_window               window;
    deals_str                  cursor;

    ngx_http_deals_keyed_t    *keyed;           /* on its way to the cache */
    ngx_http_deals_inputs_t    inputs;          /* then */
    int64_t                    until;           /* seconds: shown so long */
    ngx_msec_t                 give_up;         /* its deadline; 0: not begun */
    const char                *cache_status;    /* $deals_cache_status */

    unsigned                   api:1;           /* answers are JSON */
    unsigned                   waiting:1;       /* for call */
    unsigned                   either:1;        /* step sees errors, too */
    unsigned                   bearer:1;
    unsigned                   cookie:1;
    unsigned                   no_store:1;
    unsigned                   stale:1;         /* not what was asked for */
    unsigned                   signed_in:1;     /* Set-Cookie is ours */
};


/* _loop.c */

ngx_http_deals_loop_t *ngx_http_deals_loop(ngx_http_deals_backend_t *backend);
deals_ctx *ngx_http_deals_loop_site(ngx_http_deals_loop_t *loop);
void ngx_http_deals_loop_begin(ngx_http_deals_loop_t *loop);
void ngx_http_deals_loop_end(ngx_http_deals_loop_t *loop);
void ngx_http_deals_loop_free_all(void);
void ngx_http_deals_loop_forget(void *data);
void ngx_http_deals_loop_tell_all(void);

/* _work.c */

ngx_int_t ngx_http_deals_work(ngx_thread_pool_t *tp, void (*fn)(void *arg),
    void *arg, void (*done)(void *arg));

/* _rate.c */

ngx_shm_zone_t *ngx_http_deals_rate_zone(ngx_conf_t *cf);
int64_t ngx_http_deals_rate_count(ngx_shm_zone_t *zone, deals_str key,
    time_t now, int seconds);
ngx_uint_t ngx_http_deals_rate_used(ngx_shm_zone_t *zone, time_t now,
    ngx_uint_t *size);

/* _cache.c _cache_conf.c _cache_filled.c */

char *ngx_http_deals_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_deals_cache_merge(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *dlcf);
void ngx_http_deals_cache_changed(ngx_http_deals_backend_t *backend,
    unsigned what, int64_t id);
uint64_t ngx_http_deals_cache_generation(ngx_http_deals_backend_t *backend,
    unsigned what, int64_t user_id, int64_t *keep_ms);
uint64_t ngx_http_deals_cache_node(ngx_http_deals_backend_t *backend);
ngx_int_t ngx_http_deals_cache_handler(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_cache_enter(ngx_http_deals_ctx_t *ctx);
ngx_uint_t ngx_http_deals_cache_drafts(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_cache_alone(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_cache_filled(ngx_http_deals_ctx_t *ctx,
    const char *type, deals_str bytes);
ngx_int_t ngx_http_deals_cache_failed(ngx_http_deals_ctx_t *ctx,
    deals_code code);
void ngx_http_deals_cache_end(ngx_http_deals_ctx_t *ctx, ngx_uint_t status);

/* _kept.c */

void ngx_http_deals_kept_put(ngx_http_deals_backend_t *backend, deals_str key,
    deals_str bytes, int seconds);
deals_str ngx_http_deals_kept_get(ngx_http_deals_backend_t *backend,
    deals_str key, deals_arena *arena);

/* _status.c _status_count.c _status_page.c */

char *ngx_http_deals_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_deals_status_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_deals_status_add(ngx_conf_t *cf,
    ngx_http_deals_main_conf_t *dmcf);
ngx_int_t ngx_http_deals_status_count_requests(ngx_conf_t *cf);
void ngx_http_deals_status_begin(ngx_http_deals_main_conf_t *dmcf);
void ngx_http_deals_status_leave(void);
void ngx_http_deals_status_evicted(ngx_http_deals_cache_t *cache);
void ngx_http_deals_status_fills(ngx_http_deals_cache_t *cache, ngx_int_t n);
void ngx_http_deals_status_touch(void);
void ngx_http_deals_status_site(ngx_http_deals_backend_t *backend,
    const deals_ctx_stats *now, deals_ctx_stats *told);
void ngx_http_deals_status_closed(ngx_http_deals_backend_t *backend,
    deals_ctx_stats *told);

/* _handler.c */

ngx_int_t ngx_http_deals_begin(ngx_http_deals_ctx_t *ctx);
ngx_msec_t ngx_http_deals_patience(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_deals_run(ngx_http_deals_ctx_t *ctx);
deals_ctx *ngx_http_deals_site(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_expect(ngx_http_deals_ctx_t *ctx, deals_call *call,
    ngx_http_deals_handler_pt step);
ngx_int_t ngx_http_deals_wait(ngx_http_deals_ctx_t *ctx, deals_call *call,
    ngx_http_deals_handler_pt step);
void ngx_http_deals_call_done(deals_call *call, void *data);
int64_t ngx_http_deals_clock(void);

/*
 * fn(site, asker, ..., done, data) of libdeals; always the last thing a handler
 * does. `step` goes on if that worked, otherwise the error is answered; after
 * _try() it goes on in either case, and looks.
 */

#define ngx_http_deals_call(ctx, step, fn, ...)                               \
    ngx_http_deals_expect(ctx, ngx_http_deals_submit(ctx, fn, ##__VA_ARGS__), \
                          step)

#define ngx_http_deals_try(ctx, step, fn, ...)                                \
    ngx_http_deals_wait(ctx, ngx_http_deals_submit(ctx, fn, ##__VA_ARGS__),   \
                        step)

#define ngx_http_deals_submit(ctx, fn, ...)                                   \
    fn(ngx_http_deals_site(ctx), &(ctx)->asker, ##__VA_ARGS__,                \
       ngx_http_deals_call_done, ctx)

/* _access.c */

ngx_int_t ngx_http_deals_asker(ngx_http_deals_ctx_t *ctx);
void ngx_http_deals_idempotency_key(ngx_http_deals_ctx_t *ctx);
ngx_uint_t ngx_http_deals_has_cookie(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_same_origin(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_local_path(ngx_http_deals_ctx_t *ctx,
    deals_str path);
ngx_str_t *ngx_http_deals_header(ngx_http_request_t *r, const char *name,
    size_t len);

/* _device.c */

ngx_int_t ngx_http_deals_name_device(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *conf);
void ngx_http_deals_read_device(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_set_device(ngx_http_deals_ctx_t *ctx,
    deals_str device);

/* _event.c */

void ngx_http_deals_event(ngx_http_deals_ctx_t *ctx, ngx_uint_t status);

/* _routes.c */

ngx_int_t ngx_http_deals_find_route(ngx_http_deals_ctx_t *ctx);

/* _body.c */

ngx_int_t ngx_http_deals_read_body(ngx_http_deals_ctx_t *ctx);

/* _input.c */

typedef struct {
    deals_str                  sort;
    deals_str                  window;
    int64_t                    limit;
    deals_str                  cursor;
    deals_str                  next;
    deals_str                  done;
} ngx_http_deals_query_t;

extern const deals_shape  ngx_http_deals_query_shape;
extern const deals_shape  ngx_http_deals_body_shape;    /* deals_str body */

typedef struct {
    deals_account_input        in;
    deals_str                  next;
} ngx_http_deals_account_form_t;

typedef struct {
    deals_session_input        in;
    deals_str                  next;
} ngx_http_deals_session_form_t;

typedef struct {
    deals_password_input       in;
    deals_str                  next;
} ngx_http_deals_password_form_t;

typedef struct {
    deals_reset_input          in;
    deals_str                  next;
} ngx_http_deals_reset_form_t;

typedef struct {
    deals_token_input          in;
    deals_str                  next;
} ngx_http_deals_token_form_t;

typedef struct {
    deals_confirm_input        in;
    deals_str                  next;
} ngx_http_deals_confirm_form_t;

typedef struct {
    deals_factor_input         in;
    deals_str                  next;
} ngx_http_deals_factor_form_t;

typedef struct {
    deals_code_input           in;
    deals_str                  next;
} ngx_http_deals_code_form_t;

typedef struct {
    deals_session_input        in;      /* by a ticket */
    deals_str                  next;
} ngx_http_deals_ticket_form_t;

typedef struct {
    deals_comment_input        in;
    deals_str                  next;
} ngx_http_deals_comment_form_t;

typedef struct {
    deals_vote_input           in;
    deals_str                  next;
} ngx_http_deals_vote_form_t;

typedef struct {
    deals_str                  next;
    int                        hide;
} ngx_http_deals_action_form_t;

typedef enum {
    NGX_HTTP_DEALS_ACCOUNT_FORM = 0,
    NGX_HTTP_DEALS_SESSION_FORM,
    NGX_HTTP_DEALS_COMMENT_FORM,
    NGX_HTTP_DEALS_VOTE_FORM,
    NGX_HTTP_DEALS_PASSWORD_FORM,
    NGX_HTTP_DEALS_RESET_FORM,
    NGX_HTTP_DEALS_TOKEN_FORM,
    NGX_HTTP_DEALS_CONFIRM_FORM,
    NGX_HTTP_DEALS_FACTOR_FORM,
    NGX_HTTP_DEALS_CODE_FORM,
    NGX_HTTP_DEALS_TICKET_FORM,
    NGX_HTTP_DEALS_ACTION_FORM,
    NGX_HTTP_DEALS_FORMS
} ngx_http_deals_form_e;

void ngx_http_deals_init_shapes(void);
int ngx_http_deals_read_form(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_form_e form, void *out);
int ngx_http_deals_read_deal_form(ngx_http_deals_ctx_t *ctx,
    deals_deal_input *in, uint64_t *given);
int ngx_http_deals_read_json(ngx_http_deals_ctx_t *ctx,
    const deals_shape *shape, void *out, uint64_t *given);
int ngx_http_deals_read_deal_json(ngx_http_deals_ctx_t *ctx,
    const deals_shape *shape, deals_deal_input *in, uint64_t *given);
int ngx_http_deals_read_query(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_query_t *query);
void ngx_http_deals_form_typed(ngx_http_deals_ctx_t *ctx, deals_str text);
void ngx_http_deals_form_mistakes(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
ngx_int_t ngx_http_deals_is_mistake(const deals_error *error);
ngx_uint_t ngx_http_deals_mistake_status(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
int ngx_http_deals_form_deal(ngx_http_deals_ctx_t *ctx,
    const deals_deal *deal);

#include "ngx_http_deals_response.h"


/* handlers: _lists.c _pages.c _forms.c _account.c _settings.c _tokens.c
   _api.c _static.c */

ngx_int_t ngx_http_deals_hot_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_new_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_top_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_tag_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_merchant_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_user_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_deal_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_submit_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_edit_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_comment_page(ngx_http_deals_ctx_t *ctx);

int ngx_http_deals_find_window(deals_str name, deals_window *window);
ngx_int_t ngx_http_deals_show_deal(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
ngx_int_t ngx_http_deals_show_submit(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
ngx_int_t ngx_http_deals_show_edit(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
ngx_int_t ngx_http_deals_show_comment(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);

ngx_int_t ngx_http_deals_to_deal(ngx_http_deals_ctx_t *ctx,
    const char *anchor);
ngx_int_t ngx_http_deals_back(ngx_http_deals_ctx_t *ctx, char kind,
    int64_t id);
ngx_int_t ngx_http_deals_get_deal(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t comments, ngx_http_deals_handler_pt step);
ngx_int_t ngx_http_deals_submit_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_edit_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_delete_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_hide_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_vote_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_comment_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_comment_edit_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_comment_delete_form(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_login_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_signup_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_login_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_signup_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_code_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_logout_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_go_on(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_reset_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_reset_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_reset(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_settings_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_password_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_session_end_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_others_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_sessions(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_session_end(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_sessions_end(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_password(ngx_http_deals_ctx_t *ctx);

deals_call *ngx_http_deals_ask_sessions(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_show_settings(ngx_http_deals_ctx_t *ctx,
    ngx_uint_t status);
ngx_int_t ngx_http_deals_settings_mistake(ngx_http_deals_ctx_t *ctx,
    const deals_error *error);
ngx_int_t ngx_http_deals_to_settings(ngx_http_deals_ctx_t *ctx,
    const char *done);
ngx_int_t ngx_http_deals_ended_step(ngx_http_deals_ctx_t *ctx);
deals_str *ngx_http_deals_current_error(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_factor_ask_page(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_factor_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_factor_confirm_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_factor_codes_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_factor_end_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_factor(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_factor_begin(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_factor_confirm(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_factor_codes(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_factor_end(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_token_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_token_end_form(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_tokens(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_token_create(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_token_end(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_api_feed(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_deal(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_deal_create(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_deal_update(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_deal_delete(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_vote(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_comments(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_comment_create(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_comment_update(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_comment_delete(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_account_create(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_session_create(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_session_delete(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_me(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_api_user(ngx_http_deals_ctx_t *ctx);

ngx_int_t ngx_http_deals_static(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_favicon(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_robots(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_openapi(ngx_http_deals_ctx_t *ctx);
ngx_int_t ngx_http_deals_init_openapi(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *dlcf);

/* _variables.c */

ngx_int_t ngx_http_deals_add_variables(ngx_conf_t *cf);


extern ngx_module_t  ngx_http_deals_module;


#endif /* NGX_HTTP_DEALS_MODULE_H_INCLUDED_ */
