
/*
 * Distinct databases and distinct template sets: what several mounts have in
 * common they share.
 */


#include "ngx_http_deals_cache.h"

#include "view/builtin.h"


static void ngx_http_deals_fill_config(ngx_http_deals_srv_conf_t *dscf,
    deals_config *config);
static ngx_int_t ngx_http_deals_check_backend(ngx_conf_t *cf,
    ngx_http_deals_srv_conf_t *dscf, ngx_http_deals_backend_t *backend);
static void ngx_http_deals_free_backend(void *data);
static ngx_int_t ngx_http_deals_name_backend(ngx_conf_t *cf,
    ngx_http_deals_backend_t *backend);
static ngx_int_t ngx_http_deals_same_text(const char *a, const char *b);
static ngx_int_t ngx_http_deals_same_config(deals_config *a, deals_config *b);
static void ngx_http_deals_hash_set(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *dlcf, uint64_t *hash);
static void ngx_http_deals_free_set(void *data);


char *
ngx_http_deals_add_backend(ngx_conf_t *cf, ngx_http_deals_main_conf_t *dmcf,
    ngx_http_deals_srv_conf_t *dscf, ngx_http_deals_place_t *place)
{
    ngx_uint_t                  i;
    deals_config                config;
    ngx_thread_pool_t          *tp;
    ngx_pool_cleanup_t         *cln;
    ngx_http_deals_backend_t   *backend, **backends;

    if (dscf->backend) {
        return NGX_CONF_OK;
    }

    if (dscf->database.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"deals\" needs a database: write \"deals_database "
                      "'host=/run/postgresql dbname=deals user=...';\" into "
                      "its server or into http in %s:%ui",
                      place->file, place->line);
        return NGX_CONF_ERROR;
    }

    tp = dscf->thread_pool ? dscf->thread_pool : ngx_thread_pool_add(cf, NULL);
    if (tp == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_deals_fill_config(dscf, &config);

    backends = dmcf->backends.elts;

    for (i = 0; i < dmcf->backends.nelts; i++) {
        if (backends[i]->thread_pool == tp
            && ngx_http_deals_same_config(&backends[i]->config, &config)
               == NGX_OK)
        {
            dscf->backend = backends[i];
            return NGX_CONF_OK;
        }
    }

    backend = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_backend_t));
    backends = ngx_array_push(&dmcf->backends);
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (backend == NULL || backends == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    *backends = backend;

    backend->config = config;
    cln->handler = ngx_http_deals_free_backend;
    cln->data = backend;

    if (ngx_http_deals_check_backend(cf, dscf, backend) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    backend->thread_pool = tp;
    backend->caches = &dmcf->caches;
    backend->site = ngx_murmur_hash2(dscf->database.data, dscf->database.len)
                    % NGX_HTTP_DEALS_SITES;
    backend->rate = ngx_http_deals_rate_zone(cf);

    if (backend->rate == NULL
        || ngx_http_deals_name_backend(cf, backend) != NGX_OK
        || ngx_http_deals_status_add(cf, dmcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    backend->status = dmcf->status;
    dscf->backend = backend;

    return NGX_CONF_OK;
}


/*
 * Workers may not be able to read the keys of TLS: they inherit what is read
 * here.
 */

static ngx_int_t
ngx_http_deals_check_backend(ngx_conf_t *cf, ngx_http_deals_srv_conf_t *dscf,
    ngx_http_deals_backend_t *backend)
{
    deals_arena        *arena;
    const deals_error  *error;

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_ERROR;
    }

    error = NULL;
    backend->config.tls = deals_tls_new(&backend->config, arena, &error);

    if (error == NULL) {
        error = deals_config_check(&backend->config, arena);
    }

    if (error) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "invalid value of \"deals_%*s\": %*s in %s:%ui",
                      error->field.len, error->field.data,
                      error->message.len, error->message.data,
                      dscf->place.file, dscf->place.line);
    }

    deals_arena_free(arena);

    return error ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_deals_free_backend(void *data)
{
    ngx_http_deals_backend_t  *backend = data;

    ngx_http_deals_loop_forget(backend);
    deals_tls_free(backend->config.tls);
}


static ngx_int_t
ngx_http_deals_name_backend(ngx_conf_t *cf, ngx_http_deals_backend_t *backend)
{
    const char   *name;
    deals_arena  *arena;

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_ERROR;
    }

    name = deals_config_name(&backend->config, arena);

    if (name) {
        backend->name.len = ngx_strlen(name);
        backend->name.data = ngx_pnalloc(cf->pool, backend->name.len);

        if (backend->name.data) {
            ngx_memcpy(backend->name.data, name, backend->name.len);
        }
    }

    deals_arena_free(arena);

    return backend->name.data ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_deals_fill_config(ngx_http_deals_srv_conf_t *dscf,
    deals_config *config)
{
    ngx_uint_t  i;
    int        *limit[NGX_HTTP_DEALS_LIMITS] = {
        &config->signin_limit, &config->signup_limit, &config->post_limit,
        &config->comment_limit, &config->vote_limit
    };

    ngx_memzero(config, sizeof(deals_config));

    config->database = (char *) dscf->database.data;
    config->redis = dscf->redis.len ? (char *) dscf->redis.data : NULL;
    config->pool_size = (int) dscf->pool_size;
    config->queue_size = (int) dscf->queue_size;
    config->connect_timeout = (int64_t) dscf->connect_timeout;
    config->query_timeout = (int64_t) dscf->query_timeout;
    config->no_prepare = !dscf->prepare;
    config->breached = dscf->breached;
    config->second_factor = (int) dscf->second_factor;

    for (i = 0; i < NGX_HTTP_DEALS_LIMITS; i++) {
        *limit[i] = dscf->limits[i] == NGX_HTTP_DEALS_NO_LIMIT
                    ? -1 : (int) dscf->limits[i];
    }
}


static ngx_int_t
ngx_http_deals_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b ? NGX_OK : NGX_DECLINED;
    }

    return ngx_strcmp(a, b) == 0 ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_deals_same_config(deals_config *a, deals_config *b)
{
    if (ngx_http_deals_same_text(a->database, b->database) == NGX_OK
        && ngx_http_deals_same_text(a->redis, b->redis) == NGX_OK
        && a->pool_size == b->pool_size
        && a->queue_size == b->queue_size
        && a->connect_timeout == b->connect_timeout
        && a->query_timeout == b->query_timeout
        && a->no_prepare == b->no_prepare
        && a->breached == b->breached
        && a->second_factor == b->second_factor
        && a->signin_limit == b->signin_limit
        && a->signup_limit == b->signup_limit
        && a->post_limit == b->post_limit
        && a->comment_limit == b->comment_limit
        && a->vote_limit == b->vote_limit)
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


char *
ngx_http_deals_add_set(ngx_conf_t *cf, ngx_http_deals_main_conf_t *dmcf,
    ngx_http_deals_loc_conf_t *dlcf)
{
    ngx_uint_t             i;
    deals_arena           *arena;
    deals_templates       *templates;
    const deals_error     *error;
    ngx_pool_cleanup_t    *cln;
    ngx_http_deals_set_t  *set;

    set = dmcf->sets.elts;

    for (i = 0; i < dmcf->sets.nelts; i++) {
        if (set[i].dir.len == dlcf->templates.len
            && ngx_strncmp(set[i].dir.data, dlcf->templates.data,
                           set[i].dir.len)
               == 0)
        {
            dlcf->set = set[i].set;
            dlcf->set_hash[0] = set[i].hash[0];
            dlcf->set_hash[1] = set[i].hash[1];
            return NGX_CONF_OK;
        }
    }

    arena = deals_arena_new();
    if (arena == NULL) {
        return NGX_CONF_ERROR;
    }

    error = NULL;

    templates = deals_templates_load(deals_builtin_templates,
                                     deals_builtin_ntemplates,
                                     dlcf->templates.len
                                     ? (char *) dlcf->templates.data : NULL,
                                     arena, &error);

    if (templates == NULL) {
        if (error) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%*s",
                          error->message.len, error->message.data);
        }

        deals_arena_free(arena);
        return NGX_CONF_ERROR;
    }

    deals_arena_free(arena);

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        deals_templates_free(templates);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_deals_free_set;
    cln->data = templates;

    set = ngx_array_push(&dmcf->sets);
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    set->dir = dlcf->templates;
    set->set = templates;

    ngx_http_deals_hash_set(cf, dlcf, set->hash);

    dlcf->set = templates;
    dlcf->set_hash[0] = set->hash[0];
    dlcf->set_hash[1] = set->hash[1];

    return NGX_CONF_OK;
}


/*
 * What is kept of pages outlives a reload, templates may not: pages made by
 * others are told apart by what the files say.
 */

static void
ngx_http_deals_hash_set(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *dlcf,
    uint64_t *hash)
{
    u_char      *p, buf[4096];
    size_t       i;
    ssize_t      n;
    ngx_fd_t     fd;
    uint64_t     part[2];

    hash[0] = 0;
    hash[1] = 0;

    if (dlcf->templates.len == 0) {
        return;
    }

    p = ngx_pnalloc(cf->pool, dlcf->templates.len + 256);
    if (p == NULL) {
        return;
    }

    for (i = 0; i < deals_builtin_ntemplates; i++) {

        *ngx_snprintf(p, dlcf->templates.len + 255, "%V/%s",
                      &dlcf->templates, deals_builtin_templates[i].name)
            = '\0';

        fd = ngx_open_file(p, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

        if (fd == NGX_INVALID_FILE) {
            continue;
        }

        while ((n = ngx_read_fd(fd, buf, sizeof(buf))) > 0) {
            ngx_http_deals_hash(hash[0] + i, buf, n, part);
            hash[0] = part[0];
            hash[1] ^= part[1];
        }

        (void) ngx_close_file(fd);
    }
}


static void
ngx_http_deals_free_set(void *data)
{
    deals_templates_free(data);
}
