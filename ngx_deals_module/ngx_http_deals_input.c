
/*
 * From the body and the query to typed structs, and the other way: a form that
 * shows what was typed, and what is wrong with it.
 */


#include "ngx_http_deals_module.h"

#include "base/time.h"
#include "core/money.h"


#define NGX_HTTP_DEALS_MAX_FIELDS  16


/* a form is the shape that the API has, with a field of the page's own */

typedef struct {
    deals_shape                shape;
    deals_field                fields[NGX_HTTP_DEALS_MAX_FIELDS];
} ngx_http_deals_form_shape_t;


static void ngx_http_deals_extend(ngx_http_deals_form_shape_t *form,
    const deals_shape *base, size_t size, size_t next);
static deals_str ngx_http_deals_when(ngx_http_deals_ctx_t *ctx, int64_t time);
static deals_str ngx_http_deals_join(ngx_http_deals_ctx_t *ctx,
    const deals_list *list);


static const deals_field  ngx_http_deals_query_fields[] = {
    { "sort", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, sort), NULL },
    { "window", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, window), NULL },
    { "limit", DEALS_INT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, limit), NULL },
    { "cursor", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, cursor), NULL },
    { "next", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, next), NULL },
    { "done", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_query_t, done), NULL }
};

const deals_shape  ngx_http_deals_query_shape = {
    "query", sizeof(ngx_http_deals_query_t), ngx_http_deals_query_fields, 6
};


static const deals_field  ngx_http_deals_body_fields[] = {
    { "body", DEALS_TEXT, DEALS_REQUIRED, 0, NULL }
};

const deals_shape  ngx_http_deals_body_shape = {
    "comment", sizeof(deals_str), ngx_http_deals_body_fields, 1
};


/* the buttons: hide, delete, sign out */

static const deals_field  ngx_http_deals_action_fields[] = {
    { "next", DEALS_TEXT, DEALS_NULLABLE,
      offsetof(ngx_http_deals_action_form_t, next), NULL },
    { "hide", DEALS_BOOL, DEALS_NULLABLE,
      offsetof(ngx_http_deals_action_form_t, hide), NULL }
};

static const deals_shape  ngx_http_deals_action_shape = {
    "form", sizeof(ngx_http_deals_action_form_t),
    ngx_http_deals_action_fields, 2
};


/* the page that asks for a code, behind the right password */

static const deals_field  ngx_http_deals_ticket_fields[] = {
    { "name", DEALS_TEXT, DEALS_REQUIRED, offsetof(deals_session_input, name),
      NULL },
    { "token", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_session_input, ticket), NULL },
    { "code", DEALS_TEXT, DEALS_REQUIRED | DEALS_SECRET,
      offsetof(deals_session_input, code), NULL }
};

static const deals_shape  ngx_http_deals_ticket_shape = {
    "session", sizeof(deals_session_input), ngx_http_deals_ticket_fields, 3
};


/* what is shown again: all but passwords and codes */

#define typed(name)                                                           \
    { #name, DEALS_TEXT, DEALS_NULLABLE, offsetof(deals_form, name), NULL }

static const deals_field  ngx_http_deals_typed_fields[] = {
    typed(title), typed(url), typed(description), typed(price),
    typed(list_price), typed(currency), typed(merchant), typed(tags),
    typed(starts_at), typed(expires_at), typed(name), typed(email),
    typed(body), typed(parent_id), typed(token), typed(next), typed(label),
    typed(days)
};

static const deals_shape  ngx_http_deals_typed_shape = {
    "form", sizeof(deals_form), ngx_http_deals_typed_fields,
    sizeof(ngx_http_deals_typed_fields)
    / sizeof(ngx_http_deals_typed_fields[0])
};


/* where the mistake in a field is told */

static const struct {
    const char  *field;
    size_t       offset;
} ngx_http_deals_mistakes[] = {
    { "title", offsetof(deals_form, title_error) },
    { "url", offsetof(deals_form, url_error) },
    { "description", offsetof(deals_form, description_error) },
    { "price", offsetof(deals_form, price_error) },
    { "list_price", offsetof(deals_form, list_price_error) },
    { "currency", offsetof(deals_form, currency_error) },
    { "merchant", offsetof(deals_form, merchant_error) },
    { "tags", offsetof(deals_form, tags_error) },
    { "starts_at", offsetof(deals_form, starts_at_error) },
    { "expires_at", offsetof(deals_form, expires_at_error) },
    { "name", offsetof(deals_form, name_error) },
    { "password", offsetof(deals_form, password_error) },
    { "email", offsetof(deals_form, email_error) },
    { "body", offsetof(deals_form, body_error) },
    { "current", offsetof(deals_form, current_error) },
    { "token", offsetof(deals_form, token_error) },
    { "label", offsetof(deals_form, label_error) },
    { "scopes", offsetof(deals_form, scopes_error) },
    { "days", offsetof(deals_form, days_error) },
    { "code", offsetof(deals_form, code_error) }
};


static ngx_http_deals_form_shape_t  ngx_http_deals_forms[NGX_HTTP_DEALS_ACTION_FORM];


/* made once from the library's tables, the same in every configuration */

void
ngx_http_deals_init_shapes(void)
{
    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_ACCOUNT_FORM],
                          &deals_account_input_shape,
                          sizeof(ngx_http_deals_account_form_t),
                          offsetof(ngx_http_deals_account_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_SESSION_FORM],
                          &deals_session_input_shape,
                          sizeof(ngx_http_deals_session_form_t),
                          offsetof(ngx_http_deals_session_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_COMMENT_FORM],
                          &deals_comment_input_shape,
                          sizeof(ngx_http_deals_comment_form_t),
                          offsetof(ngx_http_deals_comment_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_VOTE_FORM],
                          &deals_vote_input_shape,
                          sizeof(ngx_http_deals_vote_form_t),
                          offsetof(ngx_http_deals_vote_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_PASSWORD_FORM],
                          &deals_password_input_shape,
                          sizeof(ngx_http_deals_password_form_t),
                          offsetof(ngx_http_deals_password_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_RESET_FORM],
                          &deals_reset_input_shape,
                          sizeof(ngx_http_deals_reset_form_t),
                          offsetof(ngx_http_deals_reset_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_TOKEN_FORM],
                          &deals_token_input_shape,
                          sizeof(ngx_http_deals_token_form_t),
                          offsetof(ngx_http_deals_token_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_CONFIRM_FORM],
                          &deals_confirm_input_shape,
                          sizeof(ngx_http_deals_confirm_form_t),
                          offsetof(ngx_http_deals_confirm_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_FACTOR_FORM],
                          &deals_factor_input_shape,
                          sizeof(ngx_http_deals_factor_form_t),
                          offsetof(ngx_http_deals_factor_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_CODE_FORM],
                          &deals_code_input_shape,
                          sizeof(ngx_http_deals_code_form_t),
                          offsetof(ngx_http_deals_code_form_t, next));

    ngx_http_deals_extend(&ngx_http_deals_forms[NGX_HTTP_DEALS_TICKET_FORM],
                          &ngx_http_deals_ticket_shape,
                          sizeof(ngx_http_deals_ticket_form_t),
                          offsetof(ngx_http_deals_ticket_form_t, next));
}


/* the base struct is the first member of the form's */

static void
ngx_http_deals_extend(ngx_http_deals_form_shape_t *form,
    const deals_shape *base, size_t size, size_t next)
{
    size_t  n;

    n = ngx_min(base->nfields, NGX_HTTP_DEALS_MAX_FIELDS - 1);

    ngx_memcpy(form->fields, base->fields, n * sizeof(deals_field));

    form->fields[n].name = "next";
    form->fields[n].type = DEALS_TEXT;
    form->fields[n].flags = DEALS_NULLABLE;
    form->fields[n].offset = next;
    form->fields[n].shape = NULL;

    form->shape.name = base->name;
    form->shape.size = size;
    form->shape.fields = form->fields;
    form->shape.nfields = n + 1;
}


/* 0, or -1 and ctx->error */

int
ngx_http_deals_read_form(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_form_e form, void *out)
{
    const deals_shape  *shape;

    shape = form == NGX_HTTP_DEALS_ACTION_FORM
            ? &ngx_http_deals_action_shape
            : &ngx_http_deals_forms[form].shape;

    ngx_http_deals_form_typed(ctx, ctx->body);

    return deals_input_form(shape, ctx->body, out, NULL, ctx->arena,
                            &ctx->error);
}


/* as above; all mistakes are told, of reading and of the rules */

int
ngx_http_deals_read_deal_form(ngx_http_deals_ctx_t *ctx, deals_deal_input *in,
    uint64_t *given)
{
    ngx_http_deals_form_typed(ctx, ctx->body);

    if (deals_input_form(&deals_deal_input_shape, ctx->body, in, given,
                         ctx->arena, &ctx->error)
        == 0)
    {
        return 0;
    }

    deals_deal_input_check(in, *given, ctx->arena, &ctx->error);

    return -1;
}


int
ngx_http_deals_read_deal_json(ngx_http_deals_ctx_t *ctx,
    const deals_shape *shape, deals_deal_input *in, uint64_t *given)
{
    if (ngx_http_deals_read_json(ctx, shape, in, given) == 0) {
        return 0;
    }

    deals_deal_input_check(in, *given, ctx->arena, &ctx->error);

    return -1;
}


int
ngx_http_deals_read_json(ngx_http_deals_ctx_t *ctx, const deals_shape *shape,
    void *out, uint64_t *given)
{
    return deals_input_json(shape, ctx->body, out, given, ctx->arena,
                            &ctx->error);
}


int
ngx_http_deals_read_query(ngx_http_deals_ctx_t *ctx,
    ngx_http_deals_query_t *query)
{
    deals_str  args;

    args.data = ctx->request->args.len ? (char *) ctx->request->args.data : "";
    args.len = ctx->request->args.len;

    return deals_input_query(&ngx_http_deals_query_shape, args, query, NULL,
                             ctx->arena, &ctx->error);
}


/* what was typed, to be shown again; what can't be read is left out */

void
ngx_http_deals_form_typed(ngx_http_deals_ctx_t *ctx, deals_str text)
{
    const deals_error  *error;

    if (text.data == NULL) {
        return;
    }

    (void) deals_input_query(&ngx_http_deals_typed_shape, text, &ctx->form,
                             NULL, ctx->arena, &error);
}


/* each mistake at its field, all of them in the list, the others at the form */

void
ngx_http_deals_form_mistakes(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    size_t              n, i, len;
    deals_str          *at;
    const char         *field;
    deals_form_error   *list;
    const deals_error  *e;

    for (n = 0, e = error; e; e = e->next) {
        n++;
    }

    list = deals_arena_alloc(ctx->arena, n * sizeof(deals_form_error));
    if (list == NULL) {
        return;
    }

    ctx->form.errors.items = list;
    ctx->form.errors.len = n;

    for (e = error; e; e = e->next, list++) {

        at = &ctx->form.error;
        list->detail = e->message;

        if (e->code == DEALS_FACTOR_REQUIRED) {
            ctx->form.owes_factor = 1;
        }

        for (i = 0; i < sizeof(ngx_http_deals_mistakes)
                        / sizeof(ngx_http_deals_mistakes[0]); i++)
        {
            field = ngx_http_deals_mistakes[i].field;
            len = ngx_strlen(field);

            /* "price.amount" stands at "price" */

            if (e->field.len >= len
                && ngx_strncmp(e->field.data, field, len) == 0
                && (e->field.len == len || e->field.data[len] == '.'))
            {
                at = (deals_str *) ((char *) &ctx->form
                                    + ngx_http_deals_mistakes[i].offset);

                if (at == &ctx->form.current_error) {
                    at = ngx_http_deals_current_error(ctx);
                }

                list->field = (deals_str) { field, len };
                break;
            }
        }

        if (at->data == NULL) {
            *at = e->message;
        }
    }
}


/* errors that are told in the form */

ngx_int_t
ngx_http_deals_is_mistake(const deals_error *error)
{
    return error->code == DEALS_INVALID
           || error->code == DEALS_CONFLICT
           || error->code == DEALS_FACTOR_REQUIRED
           || error->code == DEALS_RATE_LIMITED;
}


/* and the header that goes with it: Retry-After */

ngx_uint_t
ngx_http_deals_mistake_status(ngx_http_deals_ctx_t *ctx,
    const deals_error *error)
{
    if (error->code == DEALS_FACTOR_REQUIRED) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (error->code != DEALS_RATE_LIMITED) {
        return 422;
    }

    (void) ngx_http_deals_error_headers(ctx, error);

    return 429;
}


/* the form to edit a deal, as it stands; 0, or -1: no memory */

int
ngx_http_deals_form_deal(ngx_http_deals_ctx_t *ctx, const deals_deal *deal)
{
    deals_form         *form;
    const deals_money  *money;

    form = &ctx->form;

    form->title = deal->title;
    form->url = deal->url;
    form->description = deal->description;

    if (deal->merchant) {
        form->merchant = deal->merchant->name;
    }

    money = deal->price;

    if (money) {
        form->price = deals_money_decimal(ctx->arena, money);
        form->currency = money->currency;
    }

    money = deal->list_price;

    if (money) {
        form->list_price = deals_money_decimal(ctx->arena, money);
        form->currency = money->currency;
    }

    form->tags = ngx_http_deals_join(ctx, &deal->tags);
    form->starts_at = ngx_http_deals_when(ctx, deal->starts_at);
    form->expires_at = ngx_http_deals_when(ctx, deal->expires_at);

    return form->tags.data ? 0 : -1;
}


/* as an input of type datetime-local has it */

static deals_str
ngx_http_deals_when(ngx_http_deals_ctx_t *ctx, int64_t time)
{
    char  text[DEALS_TIME_SIZE];

    if (time == DEALS_NULL_INT) {
        return DEALS_NONE;
    }

    return deals_arena_copy(ctx->arena, deals_time_format_local(text, time));
}


static deals_str
ngx_http_deals_join(ngx_http_deals_ctx_t *ctx, const deals_list *list)
{
    char             *p, *text;
    size_t            i, len;
    const deals_str  *item;

    item = list->items;

    for (len = 1, i = 0; i < list->len; i++) {
        len += item[i].len + 2;
    }

    text = deals_arena_alloc(ctx->arena, len);
    if (text == NULL) {
        return DEALS_NONE;
    }

    for (p = text, i = 0; i < list->len; i++) {
        if (i) {
            *p++ = ',';
            *p++ = ' ';
        }

        ngx_memcpy(p, item[i].data, item[i].len);
        p += item[i].len;
    }

    return (deals_str) { text, p - text };
}
