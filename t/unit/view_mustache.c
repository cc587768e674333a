/*
 * The published Mustache cases. Each is run against shapes made from its data;
 * those that do not apply are named with the reason, and must be refused.
 */

#include "view_template_check.h"

enum { CELL = 16 };             /* bytes of a field: the largest type */

/* What of a case does not apply here. */
typedef enum {
    AS_PUBLISHED = 0,
    UNESCAPED,      /* refused; runs with {{text}} in place of {{{text}}} */
    DELIMITERS,     /* refused */
    UNKNOWN,        /* refused: names and files must be known */
    NOT_A_STRUCT,   /* cannot be said in a shape */
    INDENTED,       /* a partial's indentation is not repeated on its lines */
} kind;

static const char *const  reasons[] = {
    "as published",
    "with {{text}} in place of the unescaped form, which is refused",
    "refused: delimiters cannot be changed",
    "refused: names and files must be known when templates are loaded",
    "not run: the outermost value and the items of a list are structs or texts",
    "other output: the indentation of a partial is not repeated on its lines",
};

static const struct {
    const char  *name;
    kind         why;
} different[] = {
    { "Basic Context Miss Interpolation", UNKNOWN },
    { "Triple Mustache Context Miss Interpolation", UNKNOWN },
    { "Ampersand Context Miss Interpolation", UNKNOWN },
    { "Dotted Names - Broken Chains", UNKNOWN },
    { "Dotted Names - Broken Chain Resolution", UNKNOWN },
    { "Dotted Names - Context Precedence", UNKNOWN },
    { "Dotted Names are never single keys", UNKNOWN },
    { "Context Misses", UNKNOWN },
    { "Failed Lookup", UNKNOWN },
    { "inverted: Context", UNKNOWN },
    { "inverted: List", UNKNOWN },
    { "Implicit Iterators - Basic Interpolation", NOT_A_STRUCT },
    { "Implicit Iterators - HTML Escaping", NOT_A_STRUCT },
    { "Implicit Iterators - Triple Mustache", NOT_A_STRUCT },
    { "Implicit Iterators - Ampersand", NOT_A_STRUCT },
    { "Implicit Iterators - Basic Integer Interpolation", NOT_A_STRUCT },
    { "Implicit Iterator - Root-level", NOT_A_STRUCT },
    { "Implicit Iterator - Array", NOT_A_STRUCT },
    { "partials: Standalone Without Previous Line", INDENTED },
    { "partials: Standalone Without Newline", INDENTED },
    { "partials: Standalone Indentation", INDENTED },
};


/* -- shapes from data ----------------------------------------------------- */

static deals_shape  *shape_of(const deals_json *object, deals_str list);
static void          fill(const deals_shape *shape, const deals_json *object,
                         char *row);


static int
type_of(const deals_json *value)
{
    switch (value->type) {
    case DEALS_JSON_BOOL:
        return DEALS_BOOL;
    case DEALS_JSON_INT:
        return DEALS_INT;
    case DEALS_JSON_FLOAT:
        return DEALS_FLOAT;
    case DEALS_JSON_ARRAY:
        return DEALS_LIST;
    case DEALS_JSON_OBJECT:
        return DEALS_OBJECT;
    default:
        return DEALS_TEXT;
    }
}


/* The shape of an object, or of the objects of an array: one that has the
 * fields of all. An empty list in them that has the name of `list`, the array
 * itself, is one of the same: they are a tree. */
static deals_shape *
shape_of(const deals_json *json, deals_str list)
{
    size_t             i, n = 0;
    deals_field       *fields = deals_arena_array(arena, 64,
                                                  sizeof(deals_field));
    deals_shape       *shape = deals_arena_alloc(arena, sizeof(deals_shape));
    const deals_json  *object, *m;

    for (object = json->type == DEALS_JSON_ARRAY ? json->first : json; object;
         object = json->type == DEALS_JSON_ARRAY ? object->next : NULL)
    {
        for (m = object->first; m; m = m->next) {
            for (i = 0; i < n && !deals_str_is(m->name, fields[i].name); i++) {
                /* void */
            }
            if (i < n) {
                continue;
            }

            fields[n].name = deals_arena_copy(arena, m->name).data;
            fields[n].type = (uint16_t) type_of(m);
            fields[n].flags = DEALS_NULLABLE;
            fields[n].offset = (uint32_t) (n * CELL);

            if (m->type == DEALS_JSON_OBJECT
                || (m->type == DEALS_JSON_ARRAY && m->first
                    && m->first->type == DEALS_JSON_OBJECT))
            {
                fields[n].shape = shape_of(m, m->name);

            } else if (m->type == DEALS_JSON_ARRAY && m->first == NULL
                       && deals_str_eq(m->name, list))
            {
                fields[n].shape = shape;
            }
            n++;
        }
    }

    shape->name = "case";
    shape->size = (n ? n : 1) * CELL;
    shape->fields = fields;
    shape->nfields = n;

    return shape;
}


static deals_str
text_of(const deals_json *value)
{
    if (value->type == DEALS_JSON_STRING) {
        return value->string;
    }

    if (value->type == DEALS_JSON_NULL) {
        return DEALS_NONE;
    }

    return deals_str_of(deals_arena_printf(arena, "%.15g", value->number));
}


static deals_list
list_of(const deals_shape *shape, const deals_json *array)
{
    size_t             n = 0, size = shape ? shape->size : sizeof(deals_str);
    char              *items;
    const deals_json  *item;

    for (item = array->first; item; item = item->next) {
        n++;
    }

    items = deals_arena_array(arena, n ? n : 1, size);

    for (n = 0, item = array->first; item; item = item->next, n++) {
        if (shape) {
            fill(shape, item, items + n * size);
        } else {
            *(deals_str *) (void *) (items + n * size) = text_of(item);
        }
    }

    return (deals_list) { items, n };
}


static void
fill(const deals_shape *shape, const deals_json *object, char *row)
{
    char              *inner;
    size_t             i;
    const deals_json  *value;

    for (i = 0; i < shape->nfields; i++) {
        const deals_field  *f = &shape->fields[i];
        void               *at = row + f->offset;

        value = deals_json_get(object, f->name);
        if (value == NULL) {
            continue;
        }

        switch (f->type) {
        case DEALS_BOOL:
            *(int *) at = value->boolean;
            break;
        case DEALS_INT:
            *(int64_t *) at = value->integer;
            break;
        case DEALS_FLOAT:
            *(double *) at = value->number;
            break;
        case DEALS_LIST:
            *(deals_list *) at = list_of(f->shape, value);
            break;
        case DEALS_OBJECT:
            inner = deals_arena_alloc(arena, f->shape->size);
            fill(f->shape, value, inner);
            *(void **) at = inner;
            break;
        default:
            *(deals_str *) at = text_of(value);
        }
    }
}


/* -- cases ---------------------------------------------------------------- */

static char *
replace(const char *text, const char *what, const char *by)
{
    deals_buf    buf = { 0 };
    const char  *p;

    while ((p = strstr(text, what)) != NULL) {
        deals_buf_add(&buf, text, (size_t) (p - text));
        deals_buf_c(&buf, by);
        text = p + strlen(what);
    }

    deals_buf_c(&buf, text);
    deals_buf_char(&buf, '\0');

    return (char *) (uintptr_t) deals_arena_take(arena, &buf).data;
}


/* "<" cannot stand alone in HTML; it does in some cases. */
static const char *
as_html(deals_str text)
{
    return replace(deals_arena_copy(arena, text).data, "<", "&lt;");
}


static const char *
escaped_forms(const char *text)
{
    return replace(replace(replace(text, "{{{", "{{"), "}}}", "}}"), "{{&",
                   "{{");
}


static kind
kind_of(const char *file, const deals_json *test)
{
    size_t       i;
    char        *full;
    deals_str    name = json_text(test, "name");
    deals_str    text = json_text(test, "template");

    full = deals_arena_printf(arena, "%s: %.*s", file, DEALS_FMT(name));

    if (strcmp(file, "delimiters") == 0) {
        return DELIMITERS;
    }

    for (i = 0; i < sizeof(different) / sizeof(different[0]); i++) {
        if (deals_str_is(name, different[i].name)
            || strcmp(full, different[i].name) == 0)
        {
            return different[i].why;
        }
    }

    return memmem(text.data, text.len, "{{{", 3)
           || memmem(text.data, text.len, "{{&", 3) ? UNESCAPED : AS_PUBLISHED;
}


/* The output, or NULL and *message. */
static const char *
run_case(const deals_json *test, int escape, const char **message)
{
    char              *row;
    size_t             n = 2;
    compiled           c;
    const char        *files[16] = { "t.html" };
    deals_shape       *shape = shape_of(deals_json_get(test, "data"),
                                          DEALS_NONE);
    const deals_json  *partials = deals_json_get(test, "partials"), *p;

    files[1] = as_html(json_text(test, "template"));

    for (p = partials ? partials->first : NULL; p; p = p->next) {
        files[n++] = deals_arena_printf(arena, "%.*s.html", DEALS_FMT(p->name));
        files[n++] = as_html(p->string);
    }

    for (n = 1; escape && files[n - 1]; n += 2) {
        files[n] = escaped_forms(files[n]);
    }

    row = deals_arena_alloc(arena, shape->size);
    fill(shape, deals_json_get(test, "data"), row);
    c = compile_all(files, shape, NULL, NULL);

    if (c.error) {
        *message = c.error->message.data;
        return NULL;
    }

    return run_program(&c, row, NULL);
}


static void
must_be_refused(const deals_json *test, const char *with)
{
    const char  *message = NULL;

    if (run_case(test, 0, &message) != NULL) {
        fail_msg("%s is accepted", json_text(test, "name").data);
    }

    if (strstr(message, with) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"",
                 json_text(test, "name").data, message, with);
    }
}


static void
must_render(const deals_json *test, kind why)
{
    int          escape = why == UNESCAPED;
    const char  *got, *want, *message = NULL;

    want = as_html(json_text(test, "expected"));

    if (escape) {
        must_be_refused(test, "would not be escaped");
        want = replace(want, "& \" &lt; >", "&amp; &quot; &lt; &gt;");
        want = replace(want, "(&)(\")(&lt;)(>)",
                       "(&amp;)(&quot;)(&lt;)(&gt;)");
    }

    got = run_case(test, escape, &message);

    if (got == NULL) {
        fail_msg("%s: refused: %s", json_text(test, "name").data, message);
    }

    if (strcmp(got, want) != 0) {
        fail_msg("%s: \"%s\" is rendered, \"%s\" expected",
                 json_text(test, "name").data, got, want);
    }
}


/* As published, with the white space at the beginnings of lines dropped. */
static void
must_render_unindented(const deals_json *test)
{
    const char  *got, *want, *message = NULL;

    want = as_html(json_text(test, "expected"));
    got = run_case(test, 1, &message);
    assert_non_null(got);
    assert_string_not_equal(got, want);

    while (strstr(want, "\n ")) {
        want = replace(want, "\n ", "\n");
    }

    want += strspn(want, " ");
    want = replace(want, "->", "-&gt;");
    assert_string_equal(replace(got, "  ", ""), replace(want, "  ", ""));
}


static void
must_not_be_known(const deals_json *test)
{
    const char  *text = json_text(test, "template").data;

    must_be_refused(test, strstr(text, "{{{") || strstr(text, "{{&")
                          ? "would not be escaped"
                          : strstr(text, "{{>") ? "which is missing"
                          : "unknown name");
}


static void
run_file(const char *file)
{
    int                n = 0;
    kind               why;
    const deals_json  *json, *t;

    json = shared_json(deals_arena_printf(arena, "mustache/%s.json", file));
    if (json == NULL) {
        return;
    }

    for (t = deals_json_get(json, "tests")->first; t; t = t->next) {
        why = kind_of(file, t);
        n++;

        if (why != AS_PUBLISHED) {
            print_message("# %s, %s: %s\n", file, json_text(t, "name").data,
                          reasons[why]);
        }

        switch (why) {
        case DELIMITERS:
            must_be_refused(t, "the delimiters cannot be changed");
            break;
        case UNKNOWN:
            must_not_be_known(t);
            break;
        case INDENTED:
            must_render_unindented(t);
            break;
        case NOT_A_STRUCT:
            break;
        default:
            must_render(t, why);
        }
    }

    assert_true(n >= 12);
}


#define CASES(name)                                                           \
    static void                                                               \
    name##_pass(void **state)                                                 \
    {                                                                         \
        (void) state;                                                         \
        run_file(#name);                                                      \
    }

CASES(comments)
CASES(delimiters)
CASES(interpolation)
CASES(inverted)
CASES(partials)
CASES(sections)


static const struct CMUnitTest  tests[] = {
    TEST(comments_pass),
    TEST(delimiters_pass),
    TEST(interpolation_pass),
    TEST(inverted_pass),
    TEST(partials_pass),
    TEST(sections_pass),
};

RUN("the published Mustache cases", tests)
