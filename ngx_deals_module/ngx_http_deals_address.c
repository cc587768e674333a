
/*
 * deals_database and deals_redis: where the servers are, or the file that says
 * it.
 */


#include "ngx_http_deals_module.h"

#include "io/secret_file.h"


static ngx_int_t ngx_http_deals_address(ngx_conf_t *cf, const char *directive,
    ngx_str_t *given, ngx_str_t *value);
static ngx_int_t ngx_http_deals_read_file(ngx_conf_t *cf,
    const char *directive, ngx_str_t *name, ngx_str_t *value);
static char *ngx_http_deals_check(ngx_conf_t *cf, const char *directive,
    deals_config *config);


char *
ngx_http_deals_database(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    ngx_str_t     *value;
    deals_config   config;

    if (dscf->database.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_deals_address(cf, "deals_database", &value[1],
                               &dscf->database)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    dscf->place.file = cf->conf_file->file.name.data;
    dscf->place.line = cf->conf_file->line;

    ngx_memzero(&config, sizeof(deals_config));
    config.database = (char *) dscf->database.data;

    return ngx_http_deals_check(cf, "deals_database", &config);
}


char *
ngx_http_deals_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    ngx_str_t     *value;
    deals_config   config;

    if (dscf->redis.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&dscf->redis, "");
        return NGX_CONF_OK;
    }

    if (ngx_http_deals_address(cf, "deals_redis", &value[1], &dscf->redis)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    /* the database is checked where it stands: here any good one will do */

    ngx_memzero(&config, sizeof(deals_config));
    config.database = "host=/tmp dbname=deals";
    config.redis = (char *) dscf->redis.data;

    return ngx_http_deals_check(cf, "deals_redis", &config);
}


/*
 * "file:/etc/nginx/deals.database": the connection string, with its password, in
 * a file that only root need read.
 */

static ngx_int_t
ngx_http_deals_address(ngx_conf_t *cf, const char *directive,
    ngx_str_t *given, ngx_str_t *value)
{
    ngx_str_t  file;

    if (given->len <= sizeof("file:") - 1
        || ngx_strncmp(given->data, "file:", sizeof("file:") - 1) != 0)
    {
        *value = *given;
        return NGX_OK;
    }

    file.data = given->data + sizeof("file:") - 1;
    file.len = given->len - (sizeof("file:") - 1);

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_deals_read_file(cf, directive, &file, value);
}


static ngx_int_t
ngx_http_deals_read_file(ngx_conf_t *cf, const char *directive,
    ngx_str_t *name, ngx_str_t *value)
{
    deals_str           line;
    deals_arena        *arena;
    const deals_error  *error;

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_ERROR;
    }

    error = NULL;
    value->data = NULL;

    if (deals_secret_file(arena, (char *) name->data, directive, &line, arena,
                          &error)
        != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value of \"%s\": %*s", directive,
                           error->message.len, error->message.data);

    } else {
        value->len = line.len;
        value->data = ngx_pnalloc(cf->pool, line.len + 1);

        if (value->data) {
            ngx_memcpy(value->data, line.data, line.len + 1);
        }
    }

    deals_arena_free(arena);

    return value->data ? NGX_OK : NGX_ERROR;
}


static char *
ngx_http_deals_check(ngx_conf_t *cf, const char *directive,
    deals_config *config)
{
    deals_arena        *arena;
    const deals_error  *error;

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_CONF_ERROR;
    }

    error = deals_config_check(config, arena);

    if (error) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value of \"%s\": %*s", directive,
                           error->message.len, error->message.data);
    }

    deals_arena_free(arena);

    return error ? NGX_CONF_ERROR : NGX_CONF_OK;
}
