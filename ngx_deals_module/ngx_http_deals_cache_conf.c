
/*
 * deals_cache, and what the rest of the module asks of all zones.
 */


#include "ngx_http_deals_cache.h"

#include <sodium.h>

#include "view/builtin.h"


static char *ngx_http_deals_cache_zone(ngx_conf_t *cf, ngx_str_t *value);
static void ngx_http_deals_cache_digest(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *dlcf);


/* of its own, so that no other zone of this module has the same */

static u_char  ngx_http_deals_cache_tag;


/* in http zone=NAME:SIZE makes a zone; NAME or off says which one is used */

char *
ngx_http_deals_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (value[1].len >= 5 && ngx_strncmp(value[1].data, "zone=", 5) == 0) {

        if (cf->cmd_type != NGX_HTTP_MAIN_CONF) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"deals_cache %V\" makes a zone and stands in "
                               "http: here write the name of one, or \"off\"",
                               &value[1]);
            return NGX_CONF_ERROR;
        }

        return ngx_http_deals_cache_zone(cf, &value[1]);
    }

    if (dlcf->cache_name.data) {
        return "is duplicate";
    }

    if (value[1].len == 0 || ngx_strlchr(value[1].data, value[1].data
                                         + value[1].len, '='))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"deals_cache\": write "
                           "\"zone=NAME:SIZE\" in http, and the name of a "
                           "zone or \"off\" elsewhere", &value[1]);
        return NGX_CONF_ERROR;
    }

    dlcf->cache_name = value[1];

    if (ngx_strcmp(value[1].data, "off") == 0) {
        dlcf->cache_name.len = 0;
    }

    dlcf->cache_place.file = cf->conf_file->file.name.data;
    dlcf->cache_place.line = cf->conf_file->line;

    return NGX_CONF_OK;
}


static char *
ngx_http_deals_cache_zone(ngx_conf_t *cf, ngx_str_t *value)
{
    u_char                      *p, *last;
    ssize_t                      size;
    ngx_str_t                    name, s;
    ngx_shm_zone_t              *zone, **slot;
    ngx_pool_cleanup_t          *cln;
    ngx_http_deals_cache_t      *cache;
    ngx_http_deals_main_conf_t  *dmcf;

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);

    name.data = value->data + 5;
    last = value->data + value->len;
    p = ngx_strlchr(name.data, last, ':');

    if (p == NULL || p == name.data || ngx_strncmp(name.data, "off:", 4) == 0)
    {
        goto invalid;
    }

    name.len = p - name.data;
    s.data = p + 1;
    s.len = last - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        goto invalid;
    }

    if (size < NGX_HTTP_DEALS_CACHE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small: \"deals_cache\" needs "
                           "128k, and 10m is a good beginning", &name);
        return NGX_CONF_ERROR;
    }

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_deals_cache_tag);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (zone->data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals_cache\" makes zone \"%V\" twice", &name);
        return NGX_CONF_ERROR;
    }

    cache = ngx_pcalloc(cf->pool, sizeof(ngx_http_deals_cache_t));
    slot = ngx_array_push(&dmcf->caches);
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cache == NULL || slot == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_deals_local_forget;
    cln->data = cache;

    cache->shm_zone = zone;
    zone->init = ngx_http_deals_zone_init;
    zone->data = cache;
    *slot = zone;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"deals_cache\": write a name "
                       "and a size, such as \"zone=deals:10m\"", value);
    return NGX_CONF_ERROR;
}


/* of a mount: which zone, and what all its pages depend on */

char *
ngx_http_deals_cache_merge(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *dlcf)
{
    ngx_uint_t                   i;
    ngx_str_t                   *name;
    ngx_shm_zone_t             **zones;
    ngx_http_deals_main_conf_t  *dmcf;

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);

    zones = dmcf->caches.elts;
    name = &dlcf->cache_name;

    if (name->data == NULL) {
        dlcf->cache = dmcf->caches.nelts ? zones[0] : NULL;

    } else if (name->len) {

        for (i = 0; i < dmcf->caches.nelts; i++) {
            if (zones[i]->shm.name.len == name->len
                && ngx_strncmp(zones[i]->shm.name.data, name->data,
                               name->len)
                   == 0)
            {
                dlcf->cache = zones[i];
                break;
            }
        }

        if (dlcf->cache == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"deals_cache\" names zone \"%V\", which nobody "
                          "makes: write \"deals_cache zone=%V:10m;\" into "
                          "http in %s:%ui", name, name,
                          dlcf->cache_place.file, dlcf->cache_place.line);
            return NGX_CONF_ERROR;
        }
    }

    if (dlcf->cache) {
        ngx_http_deals_cache_digest(cf, dlcf);
    }

    return NGX_CONF_OK;
}


static void
ngx_http_deals_cache_digest(ngx_conf_t *cf, ngx_http_deals_loc_conf_t *dlcf)
{
    size_t        i;
    const char   *database;

    crypto_generichash_state  state;

    ngx_str_t  *texts[] = {
        &dlcf->prefix, &dlcf->url, &dlcf->site_name, &dlcf->templates
    };

    database = dlcf->backend->config.database;

    crypto_generichash_init(&state, NULL, 0, sizeof(dlcf->digest));
    crypto_generichash_update(&state, (const u_char *) database,
                              ngx_strlen(database) + 1);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        crypto_generichash_update(&state, (const u_char *) &texts[i]->len,
                                  sizeof(size_t));
        crypto_generichash_update(&state, texts[i]->data, texts[i]->len);
    }

    crypto_generichash_update(&state, (const u_char *) dlcf->set_hash,
                              sizeof(dlcf->set_hash));
    crypto_generichash_update(&state, (const u_char *) deals_builtin_hash,
                              ngx_strlen(deals_builtin_hash));
    crypto_generichash_final(&state, dlcf->digest, sizeof(dlcf->digest));
}


/* a write, or what was heard of one: it concerns the site in all zones */

void
ngx_http_deals_cache_changed(ngx_http_deals_backend_t *backend, unsigned what,
    int64_t id)
{
    ngx_uint_t        i;
    ngx_shm_zone_t  **zones;

    zones = backend->caches->elts;

    for (i = 0; i < backend->caches->nelts; i++) {
        ngx_http_deals_zone_changed(zones[i]->data, backend->site, what,
                                    id);
    }
}


/*
 * Of what a context keeps of a member. All zones are told of all changes: any
 * of them will do.
 */

uint64_t
ngx_http_deals_cache_generation(ngx_http_deals_backend_t *backend,
    unsigned what, int64_t user_id, int64_t *keep_ms)
{
    ngx_shm_zone_t          **zones;
    ngx_http_deals_cache_t   *cache;

    zones = backend->caches->elts;
    cache = zones[0]->data;

    *keep_ms = (int64_t) ngx_http_deals_zone_ttl(cache, backend);

    return ngx_http_deals_zone_generation(cache, backend->site, what,
                                          user_id);
}


/* the same in all workers that share these zones */

uint64_t
ngx_http_deals_cache_node(ngx_http_deals_backend_t *backend)
{
    uint64_t          node;
    ngx_uint_t        i;
    ngx_shm_zone_t  **zones;

    zones = backend->caches->elts;
    node = 0;

    for (i = 0; i < backend->caches->nelts; i++) {
        node ^= ngx_http_deals_zone_node(zones[i]->data);
    }

    return node;
}
