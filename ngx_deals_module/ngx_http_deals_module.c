
/*
 * The module as nginx knows it: its directives, and its life in a process.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_deals_init_process(ngx_cycle_t *cycle);
static void ngx_http_deals_exit_process(ngx_cycle_t *cycle);


static ngx_conf_num_bounds_t  ngx_http_deals_pool_size = {
    ngx_conf_check_num_bounds, 1, 100
};

static ngx_conf_num_bounds_t  ngx_http_deals_queue_size = {
    ngx_conf_check_num_bounds, 1, 1000000
};

static ngx_conf_post_t  ngx_http_deals_timeout_post = {
    ngx_http_deals_timeout
};

static ngx_conf_post_t  ngx_http_deals_body_size_post = {
    ngx_http_deals_body_size
};


static ngx_command_t  ngx_http_deals_commands[] = {

    { ngx_string("deals"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_deals_mount,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_database"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_database,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_redis"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_redis,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_pool_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, pool_size),
      &ngx_http_deals_pool_size },

    { ngx_string("deals_queue_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, queue_size),
      &ngx_http_deals_queue_size },

    { ngx_string("deals_connect_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, connect_timeout),
      &ngx_http_deals_timeout_post },

    { ngx_string("deals_query_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, query_timeout),
      &ngx_http_deals_timeout_post },

    { ngx_string("deals_prepare"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, prepare),
      NULL },

    { ngx_string("deals_rate_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_1MORE,
      ngx_http_deals_rate_limit,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_breached_passwords"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_breached,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_second_factor"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_second_factor,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_thread_pool"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_thread_pool,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_templates"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_templates,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_url,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_site_name"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_site_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_cache,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("deals_body_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_deals_loc_conf_t, body_size),
      &ngx_http_deals_body_size_post },

    { ngx_string("deals_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_deals_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_deals_module_ctx = {
    ngx_http_deals_preconfiguration,       /* preconfiguration */
    ngx_http_deals_status_count_requests,  /* postconfiguration */

    ngx_http_deals_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_deals_create_srv_conf,        /* create server configuration */
    ngx_http_deals_merge_srv_conf,         /* merge server configuration */

    ngx_http_deals_create_loc_conf,        /* create location configuration */
    ngx_http_deals_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_deals_module = {
    NGX_MODULE_V1,
    &ngx_http_deals_module_ctx,            /* module context */
    ngx_http_deals_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_deals_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_deals_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_deals_preconfiguration(ngx_conf_t *cf)
{
    ngx_http_deals_init_shapes();

    return ngx_http_deals_add_variables(cf);
}


static ngx_int_t
ngx_http_deals_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_http_deals_backend_t    **backend;
    ngx_http_deals_main_conf_t   *dmcf;

    if (ngx_process == NGX_PROCESS_HELPER) {
        return NGX_OK;
    }

    dmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_deals_module);

    if (dmcf == NULL) {
        return NGX_OK;
    }

    /* never fails: a database that is away must not stop nginx */

    ngx_http_deals_status_begin(dmcf);

    backend = dmcf->backends.elts;

    for (i = 0; i < dmcf->backends.nelts; i++) {
        (void) ngx_http_deals_loop(backend[i]);
    }

    ngx_http_deals_loop_tell_all();

    return NGX_OK;
}


static void
ngx_http_deals_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_deals_loop_free_all();
    ngx_http_deals_status_leave();
}
