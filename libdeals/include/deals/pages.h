/*
 * deals/pages.h - what each page knows: the outer shape that all share, and the
 * content of each. Templates name these fields; deals_shape tables for them are
 * in view/pages.c.
 */

#ifndef DEALS_PAGES_H
#define DEALS_PAGES_H

#include <deals/input.h>
#include <deals/rows.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    DEALS_PAGE_HOT = 0,     /* hot.html       deals_list_page */
    DEALS_PAGE_NEW,         /* new.html       deals_list_page */
    DEALS_PAGE_TOP,         /* top.html       deals_list_page */
    DEALS_PAGE_TAG,         /* tag.html       deals_list_page */
    DEALS_PAGE_MERCHANT,    /* merchant.html  deals_list_page */
    DEALS_PAGE_USER,        /* user.html      deals_list_page */
    DEALS_PAGE_DEAL,        /* deal.html      deals_deal_page */
    DEALS_PAGE_SUBMIT,      /* submit.html    deals_deal_page, deal NULL */
    DEALS_PAGE_EDIT,        /* edit.html      deals_deal_page */
    DEALS_PAGE_COMMENT,     /* comment_edit.html  deals_comment_page */
    DEALS_PAGE_LOGIN,       /* login.html     deals_plain_page */
    DEALS_PAGE_SIGNUP,      /* signup.html    deals_plain_page */
    DEALS_PAGE_SETTINGS,    /* settings.html   deals_settings_page */
    DEALS_PAGE_RESET,       /* reset.html      deals_plain_page */
    DEALS_PAGE_CODE,        /* code.html       deals_plain_page */
    DEALS_PAGE_FACTOR,      /* factor.html     deals_factor_page */
    DEALS_PAGE_ERROR,       /* error.html     deals_error_page */
    DEALS_PAGES
} deals_page_id;

/* Who looks at the page. */
typedef struct {
    deals_str  name;
    deals_str  role;
    int        is_moderator;    /* and acts as one */
    int        owes_factor;     /* 1: would, with the second factor that is
                                   demanded */
} deals_page_viewer;

/* One mistake in a form. */
typedef struct {
    deals_str  field;           /* "title"; absent: of the whole form */
    deals_str  detail;
} deals_form_error;

/* A form as it was sent (or as the thing to edit stands), all of it shown
 * again. X_error is the mistake in field X, absent if there is none. */
typedef struct {
    deals_str   title, url, description, price, list_price, currency, merchant,
                tags, starts_at, expires_at;
    deals_str   name, email;
    deals_str   body, parent_id;
    deals_str   token;          /* for a new password */
    deals_str   label, days;    /* of an access token */
    int         scope_read, scope_vote, scope_write;
    deals_str   next;           /* path to return to */
    deals_str   title_error, url_error, description_error, price_error,
                list_price_error, currency_error, merchant_error, tags_error,
                starts_at_error, expires_at_error, name_error, password_error,
                email_error, body_error, current_error, token_error,
                label_error, scopes_error, days_error;
    deals_str   ending_error,   /* in the password that ending sessions asks */
                making_error,   /* or making an access token */
                factor_error,   /* or a change of the second factor */
                code_error;
    deals_str   note;           /* what the last form has done */
    deals_str   error;          /* of the whole form */
    int         owes_factor;    /* 1: it is that a second factor is lacking */
    deals_list  errors;         /* of deals_form_error: all of them */
} deals_form;

DEALS_API extern const deals_shape  deals_form_shape;

/* A choice in a row of links: windows of `top`, currencies of a form. */
typedef struct {
    deals_str  value;           /* "week" */
    deals_str  label;           /* "This week" */
    int        current;
} deals_choice;

typedef struct {
    deals_str                 prefix;       /* "" or "/deals": {{prefix}}/... */
    deals_str                 origin;       /* "https://example.org" or "" */
    deals_str                 site;         /* the site's name */
    deals_str                 title;        /* of this page */
    deals_str                 description;  /* for <meta>; may be absent */
    deals_str                 path;         /* of this page with its query */
    deals_str                 canonical;    /* path without cursor; absent on
                                               errors and forms */
    deals_str                 assets;       /* hash of the static files:
                                               {{prefix}}/static/{{assets}}/x */
    const deals_page_viewer  *viewer;       /* NULL: anonymous */
    int64_t                   unread;       /* 0: nothing new */
    int64_t                   now;          /* TIME */
    int                       on_hot, on_new, on_top, on_submit, on_login,
                              on_signup, on_settings;   /* which the navigation marks */
    int                       noindex;      /* not for search engines */
    const deals_form         *form;         /* never NULL */
    deals_list                currencies;   /* of deals_choice */
} deals_page;

typedef struct {
    deals_list                  deals;      /* of deals_card */
    deals_str                   next;       /* cursor; absent: the last page */
    int                         first;      /* 1: the first page */
    int                         empty;      /* 1: no deals */
    deals_str                   window;     /* top: "day"... */
    deals_list                  windows;    /* top: of deals_choice */
    deals_str                   tag;
    const deals_card_merchant  *merchant;
    const deals_user           *user;
} deals_list_page;

typedef struct {
    const deals_deal  *deal;
    deals_list         comments;    /* of deals_comment: the roots, with their
                                       `replies` */
    deals_str          comments_next;
} deals_deal_page;

typedef struct {
    int64_t               deal_id;
    const deals_comment  *comment;
} deals_comment_page;

typedef struct {
    int  unused;
} deals_plain_page;

typedef struct {
    deals_list  sessions;       /* of deals_session_info */
    int         others;         /* 1: there are more than this one */
    deals_list  tokens;         /* of deals_token_info */
    int         has_tokens;     /* 1: there are some */
    deals_str   made;           /* the new one, said once; absent: none */
    const deals_factor_info  *factor;
    int         owes_powers;    /* 1: a second factor is demanded, and until it
                                   is on a moderator acts as a member, */
    int         owes_writes;    /* or this member can only read */
} deals_settings_page;

/* A picture of dark bars on a light square. */
typedef struct {
    int64_t  x, y, width;       /* one high */
} deals_bar;

typedef struct {
    int64_t     size;           /* of each side */
    deals_list  bars;           /* of deals_bar */
} deals_picture;

/* Draws a text as a QR code, for the camera of a phone. The picture lives in the
 * arena. 0, or -1: no memory, or more text than a QR code holds. */
DEALS_API int  deals_qr(deals_arena *arena, deals_str text,
                   deals_picture *picture);

/* A second factor that is offered, or being set up, or recovery codes that were
 * made. form.next is where to go on afterwards. */
typedef struct {
    int                   ask;          /* for the password, to begin with */
    int                   owes_powers, owes_writes; /* deals_settings_page */
    int                   setup;
    deals_str             secret;       /* in groups of four */
    deals_str             key;          /* without spaces */
    deals_str             issuer, member;   /* as its address names it */
    const deals_picture  *picture;      /* of the address */
    deals_list            codes;        /* of deals_str; empty in a setup */
    int                   renewed;      /* 1: codes in the place of others */
} deals_factor_page;

typedef struct {
    int64_t     status;         /* 404 */
    deals_str   reason;         /* "Not found" */
    deals_str   detail;         /* a sentence; may be absent */
    int         retry;          /* 1: trying again later may help */
    int         factor;         /* 1: a second factor will */
} deals_error_page;

typedef struct {
    const char         *file;       /* "hot.html" */
    const deals_shape  *content;
} deals_page_about;

DEALS_API extern const deals_shape       deals_page_shape;
DEALS_API extern const deals_page_about  deals_page_table[DEALS_PAGES];

#ifdef __cplusplus
}
#endif

#endif /* DEALS_PAGES_H */
