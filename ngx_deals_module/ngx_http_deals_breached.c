
/*
 * The file of breached passwords. It is opened where the configuration is read,
 * as the user who may read it, and the workers inherit the descriptor: they need
 * no right to the file, and it is the same one until the next reload.
 */


#include "ngx_http_deals_module.h"


typedef struct {
    ngx_str_t        path;
    deals_breached  *set;
} ngx_http_deals_breached_file_t;


static deals_breached *ngx_http_deals_breached_open(ngx_conf_t *cf,
    ngx_str_t *path);
static void ngx_http_deals_breached_close(void *data);


/* the same file is opened once, so that the databases of its servers are one */

char *
ngx_http_deals_breached(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_srv_conf_t *dscf = conf;

    ngx_str_t                       *value, path;
    ngx_uint_t                       i;
    ngx_http_deals_main_conf_t      *dmcf;
    ngx_http_deals_breached_file_t  *file;

    if (dscf->breached != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        dscf->breached = NULL;
        return NGX_CONF_OK;
    }

    path = value[1];

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);
    file = dmcf->breached.elts;

    for (i = 0; i < dmcf->breached.nelts; i++) {
        if (file[i].path.len == path.len
            && ngx_strncmp(file[i].path.data, path.data, path.len) == 0)
        {
            dscf->breached = file[i].set;
            return NGX_CONF_OK;
        }
    }

    file = ngx_array_push(&dmcf->breached);
    if (file == NULL) {
        return NGX_CONF_ERROR;
    }

    file->path = path;
    file->set = ngx_http_deals_breached_open(cf, &path);
    dscf->breached = file->set;

    return file->set ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static deals_breached *
ngx_http_deals_breached_open(ngx_conf_t *cf, ngx_str_t *path)
{
    deals_arena         *arena;
    deals_breached      *set;
    const deals_error   *error;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    arena = deals_arena_new();

    if (cln == NULL || arena == NULL) {
        deals_arena_free(arena);
        return NULL;
    }

    set = deals_breached_open((char *) path->data, arena, &error);

    if (set == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value of \"deals_breached_passwords\": "
                           "%*s", error->message.len, error->message.data);

    } else {
        cln->handler = ngx_http_deals_breached_close;
        cln->data = set;
    }

    deals_arena_free(arena);

    return set;
}


static void
ngx_http_deals_breached_close(void *data)
{
    deals_breached_close(data);
}


ngx_int_t
ngx_http_deals_breached_init(ngx_conf_t *cf, ngx_http_deals_main_conf_t *dmcf)
{
    return ngx_array_init(&dmcf->breached, cf->pool, 1,
                          sizeof(ngx_http_deals_breached_file_t));
}
