
/*
 * The configuration of http, a server and a location: made, and inherited from
 * the block around it.
 */


#include "ngx_http_deals_module.h"


void *
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


void *
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
    conf->second_factor = NGX_CONF_UNSET;

    for (i = 0; i < NGX_HTTP_DEALS_LIMITS; i++) {
        conf->limits[i] = NGX_CONF_UNSET;
    }

    return conf;
}


/* a value of 0 is the library's default */

char *
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
    ngx_conf_merge_value(conf->second_factor, prev->second_factor,
                         DEALS_FACTOR_OPTIONAL);

    if (conf->thread_pool == NULL) {
        conf->thread_pool = prev->thread_pool;
    }

    return NGX_CONF_OK;
}


void *
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


char *
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
