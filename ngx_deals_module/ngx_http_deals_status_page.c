
/*
 * deals_status: the directive, and the request for a report.
 */


#include "ngx_http_deals_status.h"


typedef enum {
    NGX_HTTP_DEALS_FORMAT_TEXT = 0,
    NGX_HTTP_DEALS_FORMAT_JSON,
    NGX_HTTP_DEALS_FORMAT_PROMETHEUS,
    NGX_HTTP_DEALS_FORMATS              /* none of them */
} ngx_http_deals_format_e;


static ngx_int_t ngx_http_deals_status_unknown(ngx_http_request_t *r,
    ngx_str_t *format);
static ngx_http_deals_format_e ngx_http_deals_status_format(
    ngx_http_request_t *r, ngx_str_t *format);
static ngx_http_deals_format_e ngx_http_deals_status_accept(
    ngx_str_t *accept);
static ngx_http_deals_format_e ngx_http_deals_status_range(ngx_str_t *item,
    ngx_int_t *q);
static ngx_uint_t ngx_http_deals_status_is(ngx_str_t *text,
    const char *want);
static ngx_int_t ngx_http_deals_status_send(ngx_http_request_t *r,
    ngx_uint_t status, ngx_http_deals_format_e format, deals_buf *buf);
static void ngx_http_deals_status_free(void *data);


char *
ngx_http_deals_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_deals_loc_conf_t *dlcf = conf;

    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_deals_main_conf_t  *dmcf;

    if (dlcf->report) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_deals_module);

    if (clcf->handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "location \"%V\" has another handler beside "
                           "\"deals_status\": give \"deals_status\" a "
                           "location of its own, such as "
                           "\"location = /deals_status {\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_deals_status_add(cf, dmcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = ngx_http_deals_status_handler;
    dlcf->report = 1;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_deals_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    name;
    deals_buf                    buf;
    ngx_http_deals_format_e      format;
    ngx_http_deals_report_t     *report;
    ngx_http_deals_main_conf_t  *dmcf;

    if (ngx_http_deals_add_header(r, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_deals_add_header(r, "Allow", "GET, HEAD") == NGX_OK
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    format = ngx_http_deals_status_format(r, &name);

    if (format == NGX_HTTP_DEALS_FORMATS) {
        return ngx_http_deals_status_unknown(r, &name);
    }

    dmcf = ngx_http_get_module_main_conf(r, ngx_http_deals_module);

    report = ngx_http_deals_report(r, dmcf->status);
    if (report == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    deals_buf_init(&buf);

    switch (format) {

    case NGX_HTTP_DEALS_FORMAT_JSON:
        ngx_http_deals_report_json(&buf, report);
        break;

    case NGX_HTTP_DEALS_FORMAT_PROMETHEUS:
        ngx_http_deals_report_prometheus(&buf, report);
        break;

    default: /* NGX_HTTP_DEALS_FORMAT_TEXT */
        ngx_http_deals_report_text(&buf, r, report);
        break;
    }

    return ngx_http_deals_status_send(r, NGX_HTTP_OK, format, &buf);
}


static ngx_int_t
ngx_http_deals_status_unknown(ngx_http_request_t *r, ngx_str_t *format)
{
    size_t     i, len;
    deals_buf  buf;

    deals_buf_init(&buf);
    deals_buf_c(&buf, "unknown format \"");

    len = ngx_min(format->len, 40);

    for (i = 0; i < len; i++) {
        deals_buf_char(&buf, format->data[i] > 0x20 && format->data[i] < 0x7f
                             ? format->data[i] : '?');
    }

    deals_buf_c(&buf, "\": write ?format=text, ?format=json or "
                      "?format=prometheus\n");

    return ngx_http_deals_status_send(r, NGX_HTTP_BAD_REQUEST,
                                      NGX_HTTP_DEALS_FORMAT_TEXT, &buf);
}


/* --- which format --------------------------------------------------------- */


static ngx_http_deals_format_e
ngx_http_deals_status_format(ngx_http_request_t *r, ngx_str_t *format)
{
    ngx_uint_t   i;
    ngx_str_t   *accept;

    static const char  *names[NGX_HTTP_DEALS_FORMATS] = {
        "text", "json", "prometheus"
    };

    if (ngx_http_arg(r, (u_char *) "format", sizeof("format") - 1, format)
        == NGX_OK)
    {
        for (i = 0; i < NGX_HTTP_DEALS_FORMATS; i++) {
            if (ngx_http_deals_status_is(format, names[i])) {
                break;
            }
        }

        return i;
    }

    accept = ngx_http_deals_header(r, "accept", sizeof("accept") - 1);

    return accept ? ngx_http_deals_status_accept(accept)
                  : NGX_HTTP_DEALS_FORMAT_TEXT;
}


/* the one that is liked best, of several such the first; text if none is */

static ngx_http_deals_format_e
ngx_http_deals_status_accept(ngx_str_t *accept)
{
    u_char                   *p, *last;
    ngx_int_t                 q, best;
    ngx_str_t                 item;
    ngx_http_deals_format_e   format, found;

    found = NGX_HTTP_DEALS_FORMAT_TEXT;
    best = 0;

    p = accept->data;
    last = accept->data + accept->len;

    while (p < last) {

        item.data = p;

        while (p < last && *p != ',') {
            p++;
        }

        item.len = p++ - item.data;

        format = ngx_http_deals_status_range(&item, &q);

        if (format != NGX_HTTP_DEALS_FORMATS && q > best) {
            found = format;
            best = q;
        }
    }

    return found;
}


/*
 * "type/subtype; parameter=value; q=0.5". Prometheus asks for text/plain too,
 * with a version.
 */

static ngx_http_deals_format_e
ngx_http_deals_status_range(ngx_str_t *item, ngx_int_t *q)
{
    u_char      *p, *last;
    ngx_int_t    n;
    ngx_str_t    type, part;
    ngx_uint_t   i, versioned;

    static const struct {
        const char               *type;
        ngx_http_deals_format_e   format;
    } ranges[] = {
        { "application/json", NGX_HTTP_DEALS_FORMAT_JSON },
        { "application/openmetrics-text", NGX_HTTP_DEALS_FORMAT_PROMETHEUS },
        { "text/plain", NGX_HTTP_DEALS_FORMAT_TEXT },
        { "text/*", NGX_HTTP_DEALS_FORMAT_TEXT },
        { "*/*", NGX_HTTP_DEALS_FORMAT_TEXT }
    };

    *q = 1000;
    versioned = 0;
    ngx_str_null(&type);

    p = item->data;
    last = item->data + item->len;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        part.data = p;

        while (p < last && *p != ';') {
            p++;
        }

        part.len = p++ - part.data;

        while (part.len && (part.data[part.len - 1] == ' '
                            || part.data[part.len - 1] == '\t'))
        {
            part.len--;
        }

        if (type.data == NULL) {
            type = part;

        } else if (part.len > 2
                   && ngx_strncasecmp(part.data, (u_char *) "q=", 2) == 0)
        {
            n = ngx_atofp(part.data + 2, part.len - 2, 3);
            *q = n == NGX_ERROR ? 0 : n;

        } else if (part.len > 8
                   && ngx_strncasecmp(part.data, (u_char *) "version=", 8)
                      == 0)
        {
            versioned = 1;
        }
    }

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {

        if (ngx_http_deals_status_is(&type, ranges[i].type)) {
            return versioned
                   && ranges[i].format == NGX_HTTP_DEALS_FORMAT_TEXT
                   ? NGX_HTTP_DEALS_FORMAT_PROMETHEUS : ranges[i].format;
        }
    }

    return NGX_HTTP_DEALS_FORMATS;
}


static ngx_uint_t
ngx_http_deals_status_is(ngx_str_t *text, const char *want)
{
    return text->len == ngx_strlen(want)
           && ngx_strncasecmp(text->data, (u_char *) want, text->len) == 0;
}


/* --- the answer ----------------------------------------------------------- */


/* takes the buffer, and frees it with the request */

static ngx_int_t
ngx_http_deals_status_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_http_deals_format_e format, deals_buf *buf)
{
    ngx_pool_cleanup_t  *cln;

    static const ngx_str_t  types[NGX_HTTP_DEALS_FORMATS] = {
        ngx_string("text/plain"),
        ngx_string("application/json"),
        ngx_string("text/plain; version=0.0.4; charset=utf-8")
    };

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln == NULL || buf->failed) {
        deals_buf_free(buf);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_deals_status_free;
    cln->data = buf->data;

    if (ngx_http_deals_add_header(r, "Vary", "Accept") != NGX_OK
        || ngx_http_deals_add_header(r, "X-Content-Type-Options",
                                     "nosniff")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = buf->len;
    r->headers_out.content_type = types[format];
    r->headers_out.content_type_len = types[format].len;
    r->headers_out.content_type_lowcase = NULL;

    if (format == NGX_HTTP_DEALS_FORMAT_TEXT) {
        ngx_str_set(&r->headers_out.charset, "utf-8");

    } else if (format == NGX_HTTP_DEALS_FORMAT_PROMETHEUS) {
        r->headers_out.content_type_len = sizeof("text/plain") - 1;
    }

    return ngx_http_deals_output(r, (u_char *) buf->data, buf->len);
}


static void
ngx_http_deals_status_free(void *data)
{
    free(data);
}
