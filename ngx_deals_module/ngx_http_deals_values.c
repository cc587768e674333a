
/*
 * The directives that have one plain value. What is wrong with it is said where
 * it stands.
 */


#include "ngx_http_deals_module.h"

#include "base/utf8.h"


char *
ngx_http_deals_templates(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    ngx_str_t        *value;
    ngx_file_info_t   fi;

    if (dlcf->templates.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    dlcf->templates = value[1];

    if (dlcf->templates.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals_templates\" needs the name of a "
                           "directory");
        return NGX_CONF_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, &dlcf->templates, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(dlcf->templates.data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_file_info_n " \"%V\" failed: "
                           "\"deals_templates\" needs a directory that can "
                           "be read", &dlcf->templates);
        return NGX_CONF_ERROR;
    }

    if (!ngx_is_dir(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a directory: \"deals_templates\" "
                           "names the directory of the templates",
                           &dlcf->templates);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_deals_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    u_char      ch, *p;
    ngx_str_t  *value;
    ngx_uint_t  i, start;

    if (dlcf->url.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    dlcf->url = value[1];
    p = dlcf->url.data;

    if (ngx_strncmp(p, "https://", sizeof("https://") - 1) == 0) {
        start = sizeof("https://") - 1;

    } else if (ngx_strncmp(p, "http://", sizeof("http://") - 1) == 0) {
        start = sizeof("http://") - 1;

    } else {
        goto invalid;
    }

    if (dlcf->url.data[dlcf->url.len - 1] == '/') {
        dlcf->url.len--;
    }

    if (dlcf->url.len <= start) {
        goto invalid;
    }

    for (i = start; i < dlcf->url.len; i++) {
        ch = p[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')
            || ch == '.' || ch == '-' || ch == ':' || ch == '[' || ch == ']')
        {
            continue;
        }

        if (ch == '/') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"deals_url\" takes no path: the path is the "
                               "name of the location; write \"%*s\"",
                               (size_t) i, p);
            return NGX_CONF_ERROR;
        }

        goto invalid;
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"deals_url\": write the "
                       "scheme and host by which browsers reach this server, "
                       "in lower case, such as \"https://example.org\"",
                       &value[1]);
    return NGX_CONF_ERROR;
}


char *
ngx_http_deals_site_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    ngx_str_t  *value;

    if (dlcf->site_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0
        || value[1].len > 200
        || !deals_utf8_valid((deals_str) { (char *) value[1].data,
                                           value[1].len }))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals_site_name\" needs a name in UTF-8, at "
                           "most 200 bytes long");
        return NGX_CONF_ERROR;
    }

    dlcf->site_name = value[1];

    return NGX_CONF_OK;
}


/* behind ngx_conf_set_msec_slot() */

char *
ngx_http_deals_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *msec = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*msec == 0 || *msec > 3600 * 1000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must be between 1ms and 1h, not \"%V\"",
                           &value[0], &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* behind ngx_conf_set_size_slot() */

char *
ngx_http_deals_body_size(ngx_conf_t *cf, void *post, void *data)
{
    size_t *size = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*size < 1024 || *size > 64 * 1024 * 1024) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals_body_size\" must be between 1k and 64m, "
                           "not \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_deals_thread_pool(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    ngx_str_t  *value;

    if (dscf->thread_pool) {
        return "is duplicate";
    }

    value = cf->args->elts;

    dscf->thread_pool = ngx_thread_pool_add(cf, &value[1]);

    return dscf->thread_pool ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_deals_second_factor(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    /* in the order of DEALS_FACTOR_... */

    static const char  *of[] = { "optional", "moderators", "all" };

    if (dscf->second_factor != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        if (ngx_strcmp(value[1].data, of[i]) == 0) {
            dscf->second_factor = (ngx_int_t) i;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"deals_second_factor\": "
                       "write of whom it is demanded, \"moderators\" or "
                       "\"all\", or \"optional\"", &value[1]);
    return NGX_CONF_ERROR;
}
