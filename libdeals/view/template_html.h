/*
 * view/template_html.h - where in the HTML a tag of a template stands, and what
 * that allows. The literals of a template are fed in order; between them the
 * compiler asks.
 */

#ifndef DEALS_VIEW_TEMPLATE_HTML_H
#define DEALS_VIEW_TEMPLATE_HTML_H

#include "view/template.h"

enum {
    DEALS_HTML_DEPTH = 64,      /* elements inside of each other, in a file */
    DEALS_HTML_NAME = 32        /* of a tag or attribute */
};

typedef enum {
    DEALS_HTML_TEXT = 0,
    DEALS_HTML_TAG_NAME,        /* <di */
    DEALS_HTML_END_TAG,         /* </di */
    DEALS_HTML_IN_TAG,          /* <div _ */
    DEALS_HTML_NEED_SPACE,      /* <div id="x"_ */
    DEALS_HTML_ATTRIBUTE,       /* <div clas */
    DEALS_HTML_AFTER_ATTRIBUTE, /* <div class _ */
    DEALS_HTML_BEFORE_VALUE,    /* <div class= */
    DEALS_HTML_VALUE,           /* <div class="x */
    DEALS_HTML_UNQUOTED,        /* <div class=x */
    DEALS_HTML_SLASH,           /* <br / */
    DEALS_HTML_COMMENT,         /* <!-- */
    DEALS_HTML_DOCTYPE,         /* <!doctype */
    DEALS_HTML_ESCAPABLE,       /* <title> <textarea> */
    DEALS_HTML_RAW,             /* <script> <style> <iframe> */
    DEALS_HTML_JSON             /* <script type="application/ld+json"> */
} deals_html_state;

/* How an attribute takes values. */
typedef enum {
    DEALS_ATTR_OTHER = 0,       /* not at all */
    DEALS_ATTR_PLAIN,
    DEALS_ATTR_URL,
    DEALS_ATTR_NUMBER
} deals_attr_kind;

/* How far the address in a URL attribute is known. */
typedef enum {
    DEALS_URL_START = 0,
    DEALS_URL_WORD,             /* "top", "https:" */
    DEALS_URL_ODD,              /* cannot be judged */
    DEALS_URL_ORIGIN,           /* {{origin}} */
    DEALS_URL_PREFIX,           /* {{prefix}}: "/" must follow */
    DEALS_URL_SLASH,            /* "/" */
    DEALS_URL_HOST,             /* "https://", "//" */
    DEALS_URL_REST,             /* values are components */
    DEALS_URL_WHOLE             /* {{url}}: nothing may follow */
} deals_url_state;

typedef struct {
    char      name[DEALS_HTML_NAME];
    unsigned  line;
} deals_html_element;

typedef struct {
    deals_html_state    state;
    unsigned            line;
    char                quote;          /* of a value: " or ' */
    char                tag[DEALS_HTML_NAME];
    char                attr[DEALS_HTML_NAME];
    char                seen[3];        /* the last bytes, in a comment */
    deals_attr_kind     kind;

    /* of the tag under way */
    char                type[DEALS_HTML_NAME];      /* its literal attributes */
    char                rel[DEALS_HTML_NAME];
    char                word[DEALS_HTML_NAME];      /* of the value so far */
    unsigned            word_len;
    int                 refreshes;      /* has http-equiv */
    int                 content_value;  /* a value in content="" */

    deals_url_state     url;

    /* in JSON */
    int                 json_string;    /* inside of quotes */
    int                 json_escape;
    char                json_before;    /* the last byte that is no space; 'v':
                                           a value */

    deals_html_element  elements[DEALS_HTML_DEPTH];
    unsigned            nelements;
    unsigned            base;           /* those below are not of the section */
    int                 foreign;        /* the file starts inside <svg> */
    deals_html_state    opened;         /* where the last section in a tag
                                           began */
    unsigned            serial;         /* of the attribute */
    unsigned            tag_serial;

    char                shown[8];       /* of deals_html_shown */
    char                message[512];   /* after -1 */
} deals_html;

/* What stands at the beginning of a section. */
typedef struct {
    deals_html_state  state;
    deals_html_state  other;            /* where no attribute of it stands */
    unsigned          base, nelements;
    char              tag[DEALS_HTML_NAME];
    char              attr[DEALS_HTML_NAME];
    char              type[DEALS_HTML_NAME];
    char              rel[DEALS_HTML_NAME];
    unsigned          serial, tag_serial;
    int               in_tag;           /* attributes, not a part of a value */
} deals_html_mark;

/* What the compiler knows of a value. */
typedef struct {
    deals_str   name;           /* as written, for messages */
    deals_type  type;
    int         is_prefix;      /* {{prefix}} of the page */
    int         is_origin;
} deals_html_value;

void  deals_html_start(deals_html *html, int foreign);

/* All return 0, or -1 with html->message and html->line. */
int   deals_html_feed(deals_html *html, deals_str literal, unsigned line);
int   deals_html_place(deals_html *html, const deals_html_value *value,
          deals_escape *escape);
/* list: a loop; is_else: it follows its own opposite directly. */
int   deals_html_open(deals_html *html, deals_str name, int list, int is_else,
          deals_html_mark *mark);
int   deals_html_close(deals_html *html, deals_str name,
          const deals_html_mark *mark);
int   deals_html_partial(deals_html *html, deals_str name);
int   deals_html_end(deals_html *html);

int   deals_html_is_foreign(const deals_html *html);    /* inside <svg> */


/* -- between the files ---------------------------------------------------- */

/* template_html.c */
const char  *deals_html_shown(deals_html *html, char c);    /* for messages */

/* template_element.c; _raw and _comment return how many bytes they read, or 0
 * after an error. */
int     deals_html_fail(deals_html *html, const char *fmt, ...)
            __attribute__((format(printf, 2, 3)));
int     deals_html_is_one_of(const char *name, const char *const *list);
int     deals_html_end_start_tag(deals_html *html, int slash);
int     deals_html_end_end_tag(deals_html *html);
size_t  deals_html_raw(deals_html *html, const char *p, size_t len);
size_t  deals_html_comment(deals_html *html, char c);

/* template_place.c */
void    deals_html_attribute(deals_html *html);     /* its name is complete */
int     deals_html_tag_end(deals_html *html);       /* so are all of them */

/* template_url.c */
int     deals_html_value_byte(deals_html *html, char c);
int     deals_html_value_end(deals_html *html);
int     deals_html_place_url(deals_html *html, const deals_html_value *value,
            deals_escape *escape);

#endif /* DEALS_VIEW_TEMPLATE_HTML_H */
