/*
 * view/builtin.h - the templates and static files of conf/, as conf/embed wrote
 * them into builtin.c. It is linked into programs that show pages (the nginx
 * module), not into the library.
 */

#ifndef DEALS_VIEW_BUILTIN_H
#define DEALS_VIEW_BUILTIN_H

#include <deals/view.h>

typedef struct {
    const char  *name;              /* "style.css" */
    deals_str    bytes;
    deals_str    gzip;              /* compressed; empty: not worth it */
    const char  *type;              /* "text/css; charset=utf-8" */
} deals_static_file;

/* For deals_templates_load. */
extern const deals_file         deals_builtin_templates[];
extern const size_t             deals_builtin_ntemplates;

/* By name, in the order of bytes. */
extern const deals_static_file  deals_builtin_static[];
extern const size_t             deals_builtin_nstatic;

/* Changes when any static file does: {{prefix}}/static/{{assets}}/style.css. */
extern const char               deals_builtin_hash[];

/* What the API answers at /api/v1/openapi.json. */
extern const deals_str          deals_builtin_openapi;

#endif /* DEALS_VIEW_BUILTIN_H */
