
/*
 * The configuration, and who makes it. Comes with ngx_http_deals_module.h.
 */


#ifndef NGX_HTTP_DEALS_CONF_H_INCLUDED_
#define NGX_HTTP_DEALS_CONF_H_INCLUDED_


/* where a directive stands, for messages after the parser has moved on */

typedef struct {
    u_char                    *file;
    ngx_uint_t                 line;
} ngx_http_deals_place_t;


/* one distinct community: a deals_ctx in every worker */

typedef struct {
    deals_config               config;
    ngx_thread_pool_t         *thread_pool;
    ngx_shm_zone_t            *rate;
    ngx_array_t               *caches;          /* of the main conf */
    ngx_uint_t                 site;            /* its slot in a cache */
    ngx_str_t                  name;            /* for reports */
    ngx_http_deals_status_t   *status;
    ngx_uint_t                 row;             /* of its counters */
} ngx_http_deals_backend_t;


/* there was no room for one more */

#define NGX_HTTP_DEALS_NO_ROW    ((ngx_uint_t) -1)


/* one compiled set of templates */

typedef struct {
    ngx_str_t                  dir;             /* "": built in */
    deals_templates           *set;
    uint64_t                   hash[2];         /* of its files */
} ngx_http_deals_set_t;


typedef struct {
    ngx_array_t                backends;   /* ngx_http_deals_backend_t * */
    ngx_array_t                sets;       /* ngx_http_deals_set_t */
    ngx_array_t                caches;     /* ngx_shm_zone_t * */
    ngx_array_t                breached;   /* of _breached.c */
    ngx_http_deals_status_t   *status;     /* NULL: nothing to count */
} ngx_http_deals_main_conf_t;


/* the limits of deals_rate_limit, in the order of deals_config */

#define NGX_HTTP_DEALS_LIMITS    5
#define NGX_HTTP_DEALS_NO_LIMIT  (-2)


typedef struct {
    ngx_str_t                  database;
    ngx_str_t                  redis;
    ngx_int_t                  pool_size;
    ngx_int_t                  queue_size;
    ngx_msec_t                 connect_timeout;
    ngx_msec_t                 query_timeout;
    ngx_flag_t                 prepare;
    ngx_int_t                  limits[NGX_HTTP_DEALS_LIMITS];
    ngx_int_t                  second_factor;   /* DEALS_FACTOR_... */
    ngx_thread_pool_t         *thread_pool;
    deals_breached            *breached;        /* NULL: any new password */

    ngx_http_deals_place_t     place;           /* of deals_database */
    ngx_http_deals_backend_t  *backend;
} ngx_http_deals_srv_conf_t;


typedef struct {
    ngx_flag_t                 enable;
    ngx_flag_t                 inside;          /* a location within a mount */
    ngx_flag_t                 report;          /* deals_status */
    ngx_http_deals_place_t     place;           /* of deals */
    ngx_http_core_loc_conf_t  *core;            /* of the same location */

    ngx_str_t                  prefix;          /* "" or "/deals" */
    ngx_str_t                  url;             /* "https://example.org" */
    ngx_str_t                  site_name;
    ngx_str_t                  templates;
    size_t                     body_size;

    ngx_http_deals_backend_t  *backend;
    deals_templates           *set;
    ngx_str_t                  cookie;          /* its name */
    ngx_str_t                  device;          /* likewise */
    ngx_str_t                  openapi;

    ngx_str_t                  cache_name;      /* "": off */
    ngx_http_deals_place_t     cache_place;
    ngx_shm_zone_t            *cache;           /* NULL: none */
    uint64_t                   set_hash[2];
    u_char                     digest[16];      /* of what all pages show */
} ngx_http_deals_loc_conf_t;


/* _conf.c */

void *ngx_http_deals_create_main_conf(ngx_conf_t *cf);
void *ngx_http_deals_create_srv_conf(ngx_conf_t *cf);
char *ngx_http_deals_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
void *ngx_http_deals_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_deals_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

/* _mount.c */

char *ngx_http_deals_mount(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_deals_init_mount(ngx_conf_t *cf,
    ngx_http_deals_loc_conf_t *conf);
void ngx_http_deals_inherit_mount(ngx_http_deals_loc_conf_t *prev,
    ngx_http_deals_loc_conf_t *conf, ngx_http_core_loc_conf_t *core);

/* _address.c */

char *ngx_http_deals_database(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_deals_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* _values.c */

char *ngx_http_deals_templates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_deals_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_deals_site_name(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_deals_timeout(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_deals_body_size(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_deals_thread_pool(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_deals_second_factor(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* _rate_conf.c */

char *ngx_http_deals_rate_limit(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* _breached.c */

char *ngx_http_deals_breached(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_deals_breached_init(ngx_conf_t *cf,
    ngx_http_deals_main_conf_t *dmcf);

/* _backend.c */

char *ngx_http_deals_add_backend(ngx_conf_t *cf,
    ngx_http_deals_main_conf_t *dmcf, ngx_http_deals_srv_conf_t *dscf,
    ngx_http_deals_place_t *place);
char *ngx_http_deals_add_set(ngx_conf_t *cf, ngx_http_deals_main_conf_t *dmcf,
    ngx_http_deals_loc_conf_t *dlcf);


#endif /* NGX_HTTP_DEALS_CONF_H_INCLUDED_ */
