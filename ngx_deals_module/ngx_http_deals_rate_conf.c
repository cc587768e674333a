
/*
 * deals_rate_limit: how often somebody may do what, a minute.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_limit(ngx_str_t *value);


char *
ngx_http_deals_rate_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    /* in the order of limits[] */

    static const ngx_str_t  names[NGX_HTTP_DEALS_LIMITS] = {
        ngx_string("signin="),
        ngx_string("signup="),
        ngx_string("post="),
        ngx_string("comment="),
        ngx_string("vote=")
    };

    ngx_int_t    limit;
    ngx_str_t   *value, rate;
    ngx_uint_t   i, n;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (n = 0; n < NGX_HTTP_DEALS_LIMITS; n++) {
            if (ngx_strncmp(value[i].data, names[n].data, names[n].len) == 0)
            {
                break;
            }
        }

        if (n == NGX_HTTP_DEALS_LIMITS) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of "
                               "\"deals_rate_limit\": it takes signin=, "
                               "signup=, post=, comment= and vote=",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (dscf->limits[n] != NGX_CONF_UNSET) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" gives a limit of \"deals_rate_limit\" "
                               "that this block has already", &value[i]);
            return NGX_CONF_ERROR;
        }

        rate.data = value[i].data + names[n].len;
        rate.len = value[i].len - names[n].len;

        limit = ngx_http_deals_limit(&rate);

        if (limit == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid rate \"%V\" of \"deals_rate_limit\": "
                               "write a number a minute such as \"%V10/m\", "
                               "or \"%Voff\"", &value[i], &names[n],
                               &names[n]);
            return NGX_CONF_ERROR;
        }

        dscf->limits[n] = limit ? limit : NGX_HTTP_DEALS_NO_LIMIT;
    }

    return NGX_CONF_OK;
}


/* events a minute; 0: off */

static ngx_int_t
ngx_http_deals_limit(ngx_str_t *value)
{
    size_t     len;
    ngx_int_t  n, scale;

    if (value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0) {
        return 0;
    }

    len = value->len;
    scale = 1;

    if (len > 2 && ngx_strncmp(value->data + len - 2, "/s", 2) == 0) {
        scale = 60;

    } else if (len < 3 || ngx_strncmp(value->data + len - 2, "/m", 2) != 0) {
        return NGX_ERROR;
    }

    len -= 2;

    if (value->data[len - 1] == 'r') {
        len--;
    }

    n = ngx_atoi(value->data, len);

    if (n == NGX_ERROR || n < 1 || n > 1000000) {
        return NGX_ERROR;
    }

    return n * scale;
}
