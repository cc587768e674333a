
/*
 * deals: a community at the path of a location, and what is known of it once the
 * configuration around it is complete.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_check_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
static ngx_int_t ngx_http_deals_check_path(ngx_conf_t *cf, ngx_str_t *path);
static ngx_int_t ngx_http_deals_name_cookie(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *conf);


char *
ngx_http_deals_mount(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->enable) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (ngx_http_deals_check_location(cf, clcf) != NGX_OK
        || ngx_http_deals_check_path(cf, &clcf->name) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (clcf->handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "location \"%V\" has another handler beside "
                           "\"deals\": give \"deals\" a location of its own",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    clcf->handler = ngx_http_deals_handler;

    if (clcf->name.len > 1) {
        clcf->auto_redirect = 1;
    }

    dlcf->enable = 1;
    dlcf->core = clcf;
    dlcf->prefix.data = clcf->name.data;
    dlcf->prefix.len = clcf->name.len - 1;
    dlcf->place.file = cf->conf_file->file.name.data;
    dlcf->place.line = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* a prefix: all addresses below it are ours */

static ngx_int_t
ngx_http_deals_check_location(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
#if (NGX_PCRE)
    if (clcf->regex) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the regex location "
                           "\"%V\": write a prefix such as "
                           "\"location /deals/ {\"", &clcf->name);
        return NGX_ERROR;
    }
#endif

    if (clcf->named) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the named location "
                           "\"%V\": write a prefix such as "
                           "\"location /deals/ {\"", &clcf->name);
        return NGX_ERROR;
    }

    if (clcf->exact_match) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the exact location "
                           "\"= %V\", which is one address only: write a "
                           "prefix such as \"location /deals/ {\"",
                           &clcf->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_check_path(ngx_conf_t *cf, ngx_str_t *path)
{
    u_char      ch;
    ngx_uint_t  i;

    if (path->len == 0 || path->data[0] != '/'
        || path->data[path->len - 1] != '/')
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" needs a location that begins and ends "
                           "with \"/\": instead of \"%V\" write "
                           "\"location %s%V/ {\"", path,
                           path->len && path->data[0] == '/' ? "" : "/",
                           path);
        return NGX_ERROR;
    }

    for (i = 0; i < path->len; i++) {
        ch = path->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_'
            || ch == '.' || ch == '~'
            || (ch == '/' && (i == 0 || path->data[i - 1] != '/')))
        {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot be mounted at \"%V\": use "
                           "letters, digits, \"-\", \"_\", \".\" and \"~\" "
                           "between single slashes", path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
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

void
ngx_http_deals_inherit_mount(ngx_http_deals_loc_conf_t *prev,
    ngx_http_deals_loc_conf_t *conf, ngx_http_core_loc_conf_t *core)
{
    conf->core = core;
    conf->prefix = prev->prefix;
    conf->backend = prev->backend;
    conf->set = prev->set;
    conf->cookie = prev->cookie;
    conf->openapi = prev->openapi;
    conf->cache = prev->cache;
    ngx_memcpy(conf->digest, prev->digest, sizeof(conf->digest));

    core->client_max_body_size = 0;
    core->absolute_redirect = 0;

    if (core->lmt_excpt) {
        core->handler = ngx_http_deals_handler;
    }
}
