
/*
 * The directives' values. What is wrong with one is said where it stands.
 */


#include "ngx_http_deals_module.h"

#include "base/utf8.h"
#include "io/secret_file.h"


static ngx_int_t ngx_http_deals_address(ngx_conf_t *cf, const char *directive,
    ngx_str_t *given, ngx_str_t *value);
static ngx_int_t ngx_http_deals_read_file(ngx_conf_t *cf,
    const char *directive, ngx_str_t *name, ngx_str_t *value);
static char *ngx_http_deals_check(ngx_conf_t *cf, const char *directive,
    deals_config *config);
static ngx_int_t ngx_http_deals_limit(ngx_str_t *value);


char *
ngx_http_deals_mount(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    u_char                     ch;
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->enable) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

#if (NGX_PCRE)
    if (clcf->regex) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the regex location "
                           "\"%V\": write a prefix such as "
                           "\"location /deals/ {\"", &clcf->name);
        return NGX_CONF_ERROR;
    }
#endif

    if (clcf->named) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the named location "
                           "\"%V\": write a prefix such as "
                           "\"location /deals/ {\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (clcf->exact_match) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot stand in the exact location "
                           "\"= %V\", which is one address only: write a "
                           "prefix such as \"location /deals/ {\"",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (clcf->name.len == 0
        || clcf->name.data[0] != '/'
        || clcf->name.data[clcf->name.len - 1] != '/')
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" needs a location that begins and ends "
                           "with \"/\": instead of \"%V\" write "
                           "\"location %s%V/ {\"", &clcf->name,
                           clcf->name.len && clcf->name.data[0] == '/'
                           ? "" : "/", &clcf->name);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < clcf->name.len; i++) {
        ch = clcf->name.data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_'
            || ch == '.' || ch == '~'
            || (ch == '/' && (i == 0 || clcf->name.data[i - 1] != '/')))
        {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals\" cannot be mounted at \"%V\": use "
                           "letters, digits, \"-\", \"_\", \".\" and \"~\" "
                           "between single slashes", &clcf->name);
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


char *
ngx_http_deals_timeout(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_msec_t  *msec;

    rv = ngx_conf_set_msec_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    msec = (ngx_msec_t *) ((char *) conf + cmd->offset);

    if (*msec == 0 || *msec > 3600 * 1000) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must be between 1ms and 1h, not \"%V\"",
                           &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_deals_body_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    size_t     *size;
    ngx_str_t  *value;

    rv = ngx_conf_set_size_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    size = (size_t *) ((char *) conf + cmd->offset);

    if (*size < 1024 || *size > 64 * 1024 * 1024) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"deals_body_size\" must be between 1k and 64m, "
                           "not \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


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
