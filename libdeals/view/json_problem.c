/*
 * json_problem.c - errors as problems of RFC 9457.
 */

#include <deals/view.h>

#include "view/json_text.h"


/* What is wrong in one sentence; nothing if nobody said it. */
static void
write_detail(deals_buf *out, const deals_error *error)
{
    size_t              n = 0;
    deals_str           detail = error->message;
    const deals_error  *e;

    for (e = error; e && (e->field.len || e->message.len == 0); e = e->next) {
        n++;
    }

    if (e) {
        detail = e->message;            /* of no field: of the whole */
    }

    if (e == NULL && n > 1) {
        deals_buf_printf(out, ",\"detail\":\"%zu fields are not acceptable\"",
                         n);
    } else if (detail.len) {
        deals_buf_c(out, ",\"detail\":");
        deals_json_text(out, detail, 0);
    }
}


static void
write_errors(deals_buf *out, const deals_error *error)
{
    int                 first = 1;
    const deals_error  *e;

    for (e = error; e; e = e->next) {
        if (e->field.len == 0) {
            continue;
        }

        deals_buf_c(out, first ? ",\"errors\":[" : ",");
        first = 0;

        deals_buf_c(out, "{\"field\":");
        deals_json_text(out, e->field, 0);
        deals_buf_c(out, ",\"detail\":");
        deals_json_text(out, e->message, 0);
        deals_buf_char(out, '}');
    }

    if (!first) {
        deals_buf_char(out, ']');
    }
}


void
deals_json_problem(deals_buf *out, const deals_error *error)
{
    const deals_error_info  *info = deals_error_about(error->code);

    deals_buf_printf(out, "{\"type\":\"urn:deals:problem:%s\",\"title\":",
                     info->name);
    deals_json_text(out, deals_str_of(info->title), 0);
    deals_buf_printf(out, ",\"status\":%d", info->status);
    write_detail(out, error);
    write_errors(out, error);
    deals_buf_char(out, '}');
}
