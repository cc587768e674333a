
/*
 * Directives, their inheritance, and the module's life in a process.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_preconfiguration(ngx_conf_t *cf);
static void *ngx_http_deals_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_deals_create_srv_conf(ngx_conf_t *cf);
static char *ngx_http_deals_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void *ngx_http_deals_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_deals_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_deals_init_mount(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *conf);
static ngx_int_t ngx_http_deals_name_cookie(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *conf);
static void ngx_http_deals_inherit_mount(ngx_http_deals_loc_conf_t *prev,
    ngx_http_deals_loc_conf_t *conf, ngx_http_core_loc_conf_t *core);
static ngx_int_t ngx_http_deals_init_process(ngx_cycle_t *cycle);
static void ngx_http_deals_exit_process(ngx_cycle_t *cycle);


static ngx_conf_num_bounds_t  ngx_http_deals_pool_size = {
    ngx_conf_check_num_bounds, 1, 100
};

static ngx_conf_num_bounds_t  ngx_http_deals_queue_size = {
    ngx_conf_check_num_bounds, 1, 1000000
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
      ngx_http_deals_timeout,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, connect_timeout),
      NULL },

    { ngx_string("deals_query_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_http_deals_timeout,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_deals_srv_conf_t, query_timeout),
      NULL },

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
      ngx_http_deals_body_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_deals_loc_conf_t, body_size),
      NULL },

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


static void *
ngx_http_deals_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_deals_main_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_main_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->backends, cf->pool, 2,
                       sizeof(ngx_http_deals_backend_t *))
        != NGX_OK
        || ngx_array_init(&conf->sets, cf->pool, 2,
                          sizeof(ngx_http_deals_set_t))
           != NGX_OK
        || ngx_array_init(&conf->caches, cf->pool, 1,
                          sizeof(ngx_shm_zone_t *))
           != NGX_OK
        || ngx_http_deals_breached_init(cf, conf) != NGX_OK)
    {
        return NULL;
    }

    return conf;
}


static void *
ngx_http_deals_create_srv_conf(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_deals_srv_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_srv_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->database = { 0, NULL };
     *     conf->redis = { 0, NULL };
     *     conf->thread_pool = NULL;
     *     conf->backend = NULL;
     */

    conf->pool_size = NGX_CONF_UNSET;
    conf->queue_size = NGX_CONF_UNSET;
    conf->connect_timeout = NGX_CONF_UNSET_MSEC;
    conf->query_timeout = NGX_CONF_UNSET_MSEC;
    conf->prepare = NGX_CONF_UNSET;
    conf->breached = NGX_CONF_UNSET_PTR;

    for (i = 0; i < NGX_HTTP_DEALS_LIMITS; i++) {
        conf->limits[i] = NGX_CONF_UNSET;
    }

    return conf;
}


/* a value of 0 is the library's default */

static char *
ngx_http_deals_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_deals_srv_conf_t *prev = parent;
    ngx_http_deals_srv_conf_t *conf = child;

    ngx_uint_t  i;

    if (conf->database.data == NULL) {
        conf->database = prev->database;
        conf->place = prev->place;
    }

    ngx_conf_merge_str_value(conf->redis, prev->redis, "");
    ngx_conf_merge_value(conf->pool_size, prev->pool_size, 0);
    ngx_conf_merge_value(conf->queue_size, prev->queue_size, 0);
    ngx_conf_merge_msec_value(conf->connect_timeout, prev->connect_timeout,
                              0);
    ngx_conf_merge_msec_value(conf->query_timeout, prev->query_timeout, 0);
    ngx_conf_merge_value(conf->prepare, prev->prepare, 1);

    for (i = 0; i < NGX_HTTP_DEALS_LIMITS; i++) {
        ngx_conf_merge_value(conf->limits[i], prev->limits[i], 0);
    }

    ngx_conf_merge_ptr_value(conf->breached, prev->breached, NULL);

    if (conf->thread_pool == NULL) {
        conf->thread_pool = prev->thread_pool;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_deals_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_deals_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->enable = 0;
     *     conf->inside = 0;
     *     conf->report = 0;
     *     conf->prefix = { 0, NULL };
     *     conf->url = { 0, NULL };
     *     conf->site_name = { 0, NULL };
     *     conf->templates = { 0, NULL };
     *     conf->cache_name = { 0, NULL };
     */

    conf->body_size = NGX_CONF_UNSET_SIZE;

    return conf;
}


static char *
ngx_http_deals_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_deals_loc_conf_t *prev = parent;
    ngx_http_deals_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *core;

    ngx_conf_merge_str_value(conf->url, prev->url, "");
    ngx_conf_merge_str_value(conf->site_name, prev->site_name, "Deals");
    ngx_conf_merge_str_value(conf->templates, prev->templates, "");

    /* 20,000 characters of four bytes, each written as %XX, and some more */

    ngx_conf_merge_size_value(conf->body_size, prev->body_size, 262144);

    if (conf->cache_name.data == NULL) {
        conf->cache_name = prev->cache_name;
        conf->cache_place = prev->cache_place;
    }

    conf->inside = prev->inside || prev->enable;

    if (!conf->enable) {
        core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

        if (core->noname && prev->core) {
            ngx_http_deals_inherit_mount(prev, conf, core);
        }

        if (core->noname && prev->report) {
            conf->report = 1;

            if (core->lmt_excpt) {
                core->handler = ngx_http_deals_status_handler;
            }
        }

        return NGX_CONF_OK;
    }

    if (conf->inside) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"deals\" stands in a location within a location that "
                      "has \"deals\": give each community a location of its "
                      "own in the server in %s:%ui",
                      conf->place.file, conf->place.line);
        return NGX_CONF_ERROR;
    }

    return ngx_http_deals_init_mount(cf, conf);
}


static char *
ngx_http_deals_init_mount(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *conf)
{
    ngx_http_deals_srv_conf_t   *dscf;
    ngx_http_deals_main_conf_t  *dmcf;

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);
    dscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_deals_module);

    if (ngx_http_deals_add_backend(cf, dmcf, dscf, &conf->place)
        != NGX_CONF_OK
        || ngx_http_deals_add_set(cf, dmcf, conf) != NGX_CONF_OK
        || ngx_http_deals_init_openapi(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    conf->backend = dscf->backend;

    if (ngx_http_deals_name_cookie(cf, conf) != NGX_OK
        || ngx_http_deals_name_device(cf, conf) != NGX_OK
        || ngx_http_deals_cache_merge(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    /*
     * A location is its own owner of these: too large a body is answered by the
     * module, and redirects are paths, whatever stands between it and the
     * client.
     */

    conf->core->client_max_body_size = 0;
    conf->core->absolute_redirect = 0;

    return NGX_CONF_OK;
}


/*
 * __Host- cookies are for all of a host: communities under several prefixes
 * need names that differ. Others are for their mount's path.
 */

static ngx_int_t
ngx_http_deals_name_cookie(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *conf)
{
    size_t   i;
    u_char  *p;

    if (conf->url.len <= sizeof("https:") - 1
        || ngx_strncmp(conf->url.data, "https:", sizeof("https:") - 1) != 0)
    {
        ngx_str_set(&conf->cookie, "deals");
        return NGX_OK;
    }

    conf->cookie.len = sizeof("__Host-deals") - 1 + conf->prefix.len;
    conf->cookie.data = ngx_pnalloc(cf->pool, conf->cookie.len);
    if (conf->cookie.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(conf->cookie.data, "__Host-deals",
                   sizeof("__Host-deals") - 1);

    for (i = 0; i < conf->prefix.len; i++) {
        *p++ = conf->prefix.data[i] == '/' ? '-' : conf->prefix.data[i];
    }

    return NGX_OK;
}


/*
 * The blocks of "if" and "limit_except" are locations without a name: a request
 * that goes through one has its configuration, after an "if" with the handler of
 * the location around it.
 */

static void
ngx_http_deals_inherit_mount(ngx_http_deals_loc_conf_t *prev,
    ngx_http_deals_loc_conf_t *conf, ngx_http_core_loc_conf_t *core)
{
    conf->core = core;
    conf->prefix = prev->prefix;
    conf->backend = prev->backend;
    conf->set = prev->set;
    conf->cookie = prev->cookie;
    conf->device = prev->device;
    conf->openapi = prev->openapi;
    conf->cache = prev->cache;
    ngx_memcpy(conf->digest, prev->digest, sizeof(conf->digest));

    core->client_max_body_size = 0;
    core->absolute_redirect = 0;

    if (core->lmt_excpt) {
        core->handler = ngx_http_deals_handler;
    }
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
