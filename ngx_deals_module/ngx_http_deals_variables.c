
/*
 * Variables for the access log: $deals_route, $deals_status, $deals_cache_status,
 * $deals_db_time and $deals_render_time.
 */


#include "ngx_http_deals_module.h"


static ngx_int_t ngx_http_deals_route_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_deals_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_deals_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_deals_vars[] = {

    { ngx_string("deals_route"), NULL, ngx_http_deals_route_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    /* "ok", or the name of the error */

    { ngx_string("deals_status"), NULL, ngx_http_deals_text_variable,
      offsetof(ngx_http_deals_ctx_t, outcome), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    /* HIT, MISS, UPDATING, STALE, or BYPASS: the cache had no part in it */

    { ngx_string("deals_cache_status"), NULL, ngx_http_deals_text_variable,
      offsetof(ngx_http_deals_ctx_t, cache_status), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("deals_db_time"), NULL, ngx_http_deals_time_variable,
      offsetof(ngx_http_deals_ctx_t, db_time), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("deals_render_time"), NULL, ngx_http_deals_time_variable,
      offsetof(ngx_http_deals_ctx_t, render_time), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_deals_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_deals_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_route_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);

    if (ctx == NULL || ctx->route == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = ctx->route->name.len;
    v->data = ctx->route->name.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_deals_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char            *text;
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);
    text = ctx ? *(const char **) ((u_char *) ctx + data) : NULL;

    if (text == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = ngx_strlen(text);
    v->data = (u_char *) text;

    return NGX_OK;
}


/* seconds, to the millisecond as $request_time has it */

static ngx_int_t
ngx_http_deals_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                *p;
    int64_t                usec;
    ngx_http_deals_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_deals_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    usec = *(int64_t *) ((char *) ctx + data);

    if (usec < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(p, "%T.%03M", (time_t) (usec / 1000000),
                         (ngx_msec_t) (usec / 1000 % 1000))
             - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = p;

    return NGX_OK;
}
