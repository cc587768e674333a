/*
 * template_render.c - runs a program. It allocates nothing but the buffer.
 */

#include <math.h>
#include <string.h>

#include <deals/view.h>

#include "base/encode.h"
#include "base/time.h"
#include "view/template.h"
#include "view/value.h"

typedef struct {
    const deals_program  *program;
    deals_buf            *out;
    unsigned              calls;        /* partials inside of each other */
    unsigned              total;
    deals_drafter        *drafter;      /* NULL: for one viewer */
} renderer;

/* Some ops as what stands in a hole. */
typedef struct {
    renderer     *r;
    size_t        from, to;
    const void  **slots;
    unsigned      total;                /* at most, in any state */
} hole;


/* Where the value of an op is; NULL: a struct on the way to it is absent. */
static const void *
find_value(const deals_op *op, const void *const *slots)
{
    unsigned     i;
    const char  *at = slots[op->from];

    for (i = 0; i < op->npath; i++) {
        at += op->path[i];

        if (i + 1 < op->npath) {
            at = *(const char *const *) (const void *) at;
            if (at == NULL) {
                return NULL;
            }
        }
    }

    return at;
}


static int
is_true(const deals_op *op, const void *value)
{
    double             x;
    int64_t            n;
    const deals_str   *s;

    if (value == NULL) {
        return 0;
    }

    switch (op->type) {

    case DEALS_BOOL:
        return *(const int *) value > 0;

    case DEALS_INT:
        n = *(const int64_t *) value;
        return n != DEALS_NULL_INT && n != 0;

    case DEALS_TIME:
        return *(const int64_t *) value != DEALS_NULL_INT;

    case DEALS_FLOAT:
        x = *(const double *) value;
        return isfinite(x) && x != 0;

    case DEALS_OBJECT:
        return *(const void *const *) value != NULL;

    case DEALS_LIST:
        return ((const deals_list *) value)->len > 0;

    default:
        s = value;
        return s->data != NULL && s->len > 0;
    }
}


/* A value as text; numbers and times in buf (of both sizes). */
static deals_str
text_of(const deals_op *op, const void *value, char *buf)
{
    int        truth;
    int64_t    n;
    deals_buf  number = { buf, 0, DEALS_TIME_SIZE, 0 };

    switch (op->type) {

    case DEALS_BOOL:
        truth = *(const int *) value;
        return truth < 0 ? DEALS_NONE
               : truth ? DEALS_STR("true") : DEALS_STR("false");

    case DEALS_INT:
        n = *(const int64_t *) value;
        if (n == DEALS_NULL_INT) {
            return DEALS_NONE;
        }
        deals_buf_int(&number, n);
        return (deals_str) { buf, number.len };

    case DEALS_TIME:
        n = *(const int64_t *) value;
        return op->escape == DEALS_AS_WORDS ? deals_time_format_words(buf, n)
                                            : deals_time_format(buf, n);

    case DEALS_FLOAT:
        return deals_value_float(buf, *(const double *) value);

    default:
        return *(const deals_str *) value;
    }
}


static void
write_url(deals_buf *out, deals_str url, int safe, const char *otherwise)
{
    if (safe) {
        deals_html_escape(out, url);
    } else {
        deals_buf_c(out, otherwise);
    }
}


static void
write_value(renderer *r, const deals_op *op, const void *value)
{
    char       buf[DEALS_TIME_SIZE + DEALS_NUMBER_SIZE];
    deals_str  text;
    deals_buf *out = r->out;

    if (op->escape == DEALS_AS_JSON) {
        deals_json_value(out, op->type, DEALS_NULLABLE, op->shape, value, 1,
                         r->drafter);
        return;
    }

    text = value ? text_of(op, value, buf) : DEALS_NONE;

    switch (op->escape) {

    case DEALS_AS_HTML:
        deals_buf_add(out, text.data, text.len);
        break;

    case DEALS_AS_URL:
        write_url(out, text, deals_url_is_safe(text), "#");
        break;

    case DEALS_AS_ORIGIN:
        write_url(out, text, deals_url_is_web(text), "");
        break;

    case DEALS_AS_PATH:
    case DEALS_AS_PREFIX:
        write_url(out, text, deals_url_is_path(text), "");
        break;

    case DEALS_AS_SEGMENT:
        deals_percent(out, text.len ? text : DEALS_STR("."));
        break;

    case DEALS_AS_COMPONENT:
        deals_percent(out, text);
        break;

    default:
        deals_html_escape(out, text);
    }
}


static void  run(renderer *r, size_t from, size_t to, const void **slots);


/* NOLINTBEGIN(misc-no-recursion): DEALS_TEMPLATE_CALLS bounds it */
static void
run_each(renderer *r, const deals_op *op, size_t from, const void **slots)
{
    size_t             i, size;
    const char        *item;
    const deals_list  *list = find_value(op, slots);

    if (list == NULL) {
        return;
    }

    size = op->shape ? op->shape->size : sizeof(deals_str);
    item = list->items;

    for (i = 0; i < list->len; i++, item += size) {
        slots[op->slot] = item;
        run(r, from, op->jump, slots);
    }
}


static void
run_call(renderer *r, const deals_op *op, const void *const *slots)
{
    unsigned               i;
    const void            *own[DEALS_TEMPLATE_SLOTS];
    const deals_function  *function;

    if (r->calls >= DEALS_TEMPLATE_CALLS
        || r->total >= DEALS_TEMPLATE_TOTAL)
    {
        if (r->drafter && r->total >= DEALS_TEMPLATE_TOTAL) {
            r->drafter->unfit = 1;      /* where it ends may be another's */
        }
        return;
    }

    for (i = 0; i < op->nmap; i++) {
        own[i] = slots[op->map[i]];
    }

    function = &r->program->functions[op->function];
    r->total++;
    r->calls++;
    run(r, function->begin, function->end, own);
    r->calls--;
}


/* Sets the slot of a section to its struct, or to where its value is. */
static void
enter(const deals_op *op, const void *value, const void **slots)
{
    slots[op->slot] = op->type == DEALS_OBJECT ? *(const void *const *) value
                                               : value;
}


static void
run_hole(void *data, deals_buf *out)
{
    hole       *h = data;
    renderer   *r = h->r;
    unsigned    total = r->total;
    deals_buf  *base = r->out;

    r->out = out;
    run(r, h->from, h->to, h->slots);
    r->out = base;

    h->total = r->total > h->total ? r->total : h->total;
    r->total = total;
}


/* The viewer's name: any name looks the same in these escapes. */
static void
draft_name(renderer *r, const deals_op *op)
{
    if (op->escape == DEALS_AS_TEXT || op->escape == DEALS_AS_COMPONENT
        || op->escape == DEALS_AS_SEGMENT)
    {
        deals_drafter_name(r->drafter);
    } else {
        r->drafter->unfit = 1;
    }
}


/* Op `at`, which may depend on who looks, into the draft. 0: it does not, or it
 * stands in a hole already. */
static int
draft(renderer *r, size_t at, const void **slots)
{
    const char      *value;
    const deals_op  *op = &r->program->ops[at];
    hole             h = { r, at, at + 1, slots, r->total };

    if (op->viewer == DEALS_VIEWER_OTHER) {
        r->drafter->unfit = 1;
        return 0;
    }

    value = find_value(op, slots);

    if (value == NULL) {
        return 0;
    }

    if (value == r->drafter->name) {
        if (op->code != DEALS_OP_VALUE) {
            return 0;                   /* every member has one */
        }
        draft_name(r, op);
        return 1;
    }

    if (op->viewer == DEALS_VIEWER_DOT) {
        return 0;                       /* its section has asked */
    }

    if (op->code != DEALS_OP_VALUE) {
        h.to = op->jump;
    }

    if (deals_drafter_hole(r->drafter, op->shape,
                           value - op->path[op->npath - 1], run_hole, &h) != 0)
    {
        return 0;
    }

    r->total = h.total;

    return 1;
}


static void
run(renderer *r, size_t from, size_t to, const void **slots)
{
    size_t           i = from;
    const void      *value;
    const deals_op  *op;

    while (i < to) {
        op = &r->program->ops[i++];

        if (op->viewer && r->drafter && draft(r, i - 1, slots)) {
            i = op->code == DEALS_OP_VALUE ? i : op->jump;
            continue;
        }

        switch (op->code) {

        case DEALS_OP_LITERAL:
            deals_buf_add(r->out, op->text.data, op->text.len);
            break;

        case DEALS_OP_VALUE:
            write_value(r, op, find_value(op, slots));
            break;

        case DEALS_OP_IF:
            i = is_true(op, find_value(op, slots)) ? i : op->jump;
            break;

        case DEALS_OP_UNLESS:
            i = is_true(op, find_value(op, slots)) ? op->jump : i;
            break;

        case DEALS_OP_WITH:
            value = find_value(op, slots);
            if (is_true(op, value)) {
                enter(op, value, slots);
            } else {
                i = op->jump;
            }
            break;

        case DEALS_OP_EACH:
            run_each(r, op, i, slots);
            i = op->jump;
            break;

        default:
            run_call(r, op, slots);
        }
    }
}
/* NOLINTEND(misc-no-recursion) */


static void
run_all(renderer *r, unsigned entry, const void *const *values,
    unsigned nvalues, const void *content)
{
    unsigned     i;
    const void  *slots[DEALS_TEMPLATE_SLOTS] = { NULL };

    for (i = 0; i < nvalues && i < DEALS_TEMPLATE_CONTENT; i++) {
        slots[i] = values[i];
    }

    slots[DEALS_TEMPLATE_CONTENT] = content;

    run(r, r->program->functions[entry].begin,
        r->program->functions[entry].end, slots);
}


void
deals_program_run(const deals_program *program, unsigned entry,
    const void *const *values, unsigned nvalues, const void *content,
    deals_buf *out)
{
    renderer  r = { program, out, 0, 0, NULL };

    run_all(&r, entry, values, nvalues, content);
}


void
deals_program_draft(const deals_program *program, unsigned entry,
    const void *const *values, unsigned nvalues, const void *content,
    deals_drafter *drafter)
{
    renderer  r = { program, drafter->out, 0, 0, drafter };

    run_all(&r, entry, values, nvalues, content);
}
