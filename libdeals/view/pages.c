/*
 * pages.c - the shapes of deals/pages.h, and which page is made of what.
 */

#include <stddef.h>

#include <deals/pages.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))

#define SHAPE(id, title, type, fields)                                        \
    const deals_shape  id = { title, sizeof(type), fields, COUNT(fields) }

#define TEXT(type, name)                                                      \
    { #name, DEALS_TEXT, DEALS_NULLABLE, offsetof(type, name), NULL }
#define VIEWER(type, name, kind, flags)                                       \
    { #name, kind, (flags) | DEALS_VIEWER, offsetof(type, name), NULL }
#define URL(type, name)                                                       \
    { #name, DEALS_URL, DEALS_NULLABLE, offsetof(type, name), NULL }
#define BOOL(type, name)                                                      \
    { #name, DEALS_BOOL, 0, offsetof(type, name), NULL }
#define INT(type, name)                                                       \
    { #name, DEALS_INT, 0, offsetof(type, name), NULL }
#define TIME(type, name)                                                      \
    { #name, DEALS_TIME, 0, offsetof(type, name), NULL }
#define OBJECT(type, name, shape)                                             \
    { #name, DEALS_OBJECT, DEALS_NULLABLE, offsetof(type, name), &(shape) }
#define LIST(type, name, shape)                                               \
    { #name, DEALS_LIST, 0, offsetof(type, name), &(shape) }


static const deals_field  viewer_fields[] = {
    VIEWER(deals_page_viewer, name, DEALS_TEXT, DEALS_NULLABLE),
    TEXT(deals_page_viewer, role),
    BOOL(deals_page_viewer, is_moderator),
    BOOL(deals_page_viewer, owes_factor),
};

static SHAPE(viewer_shape, "viewer", deals_page_viewer, viewer_fields);


static const deals_field  form_error_fields[] = {
    TEXT(deals_form_error, field),
    TEXT(deals_form_error, detail),
};

static SHAPE(form_error_shape, "form error", deals_form_error,
             form_error_fields);


static const deals_field  form_fields[] = {
    TEXT(deals_form, title),
    TEXT(deals_form, url),
    TEXT(deals_form, description),
    TEXT(deals_form, price),
    TEXT(deals_form, list_price),
    TEXT(deals_form, currency),
    TEXT(deals_form, merchant),
    TEXT(deals_form, tags),
    TEXT(deals_form, starts_at),
    TEXT(deals_form, expires_at),
    TEXT(deals_form, name),
    TEXT(deals_form, email),
    TEXT(deals_form, body),
    TEXT(deals_form, parent_id),
    URL(deals_form, next),
    TEXT(deals_form, title_error),
    TEXT(deals_form, url_error),
    TEXT(deals_form, description_error),
    TEXT(deals_form, price_error),
    TEXT(deals_form, list_price_error),
    TEXT(deals_form, currency_error),
    TEXT(deals_form, merchant_error),
    TEXT(deals_form, tags_error),
    TEXT(deals_form, starts_at_error),
    TEXT(deals_form, expires_at_error),
    TEXT(deals_form, name_error),
    TEXT(deals_form, password_error),
    TEXT(deals_form, email_error),
    TEXT(deals_form, body_error),
    TEXT(deals_form, current_error),
    TEXT(deals_form, token_error),
    TEXT(deals_form, token),
    TEXT(deals_form, label),
    TEXT(deals_form, days),
    BOOL(deals_form, scope_read),
    BOOL(deals_form, scope_vote),
    BOOL(deals_form, scope_write),
    TEXT(deals_form, label_error),
    TEXT(deals_form, scopes_error),
    TEXT(deals_form, days_error),
    TEXT(deals_form, ending_error),
    TEXT(deals_form, making_error),
    TEXT(deals_form, factor_error),
    TEXT(deals_form, code_error),
    TEXT(deals_form, note),
    TEXT(deals_form, error),
    BOOL(deals_form, owes_factor),
    LIST(deals_form, errors, form_error_shape),
};

SHAPE(deals_form_shape, "form", deals_form, form_fields);


static const deals_field  choice_fields[] = {
    TEXT(deals_choice, value),
    TEXT(deals_choice, label),
    BOOL(deals_choice, current),
};

static SHAPE(choice_shape, "choice", deals_choice, choice_fields);


static const deals_field  page_fields[] = {
    TEXT(deals_page, prefix),
    URL(deals_page, origin),
    TEXT(deals_page, site),
    TEXT(deals_page, title),
    TEXT(deals_page, description),
    URL(deals_page, path),
    URL(deals_page, canonical),
    TEXT(deals_page, assets),
    OBJECT(deals_page, viewer, viewer_shape),
    VIEWER(deals_page, unread, DEALS_INT, 0),
    TIME(deals_page, now),
    BOOL(deals_page, on_hot),
    BOOL(deals_page, on_new),
    BOOL(deals_page, on_top),
    BOOL(deals_page, on_submit),
    BOOL(deals_page, on_login),
    BOOL(deals_page, on_signup),
    BOOL(deals_page, on_settings),
    BOOL(deals_page, noindex),
    OBJECT(deals_page, form, deals_form_shape),
    LIST(deals_page, currencies, choice_shape),
};

SHAPE(deals_page_shape, "page", deals_page, page_fields);


static const deals_field  list_fields[] = {
    LIST(deals_list_page, deals, deals_card_shape),
    TEXT(deals_list_page, next),
    BOOL(deals_list_page, first),
    BOOL(deals_list_page, empty),
    TEXT(deals_list_page, window),
    LIST(deals_list_page, windows, choice_shape),
    TEXT(deals_list_page, tag),
    OBJECT(deals_list_page, merchant, deals_card_merchant_shape),
    OBJECT(deals_list_page, user, deals_user_shape),
};

static SHAPE(list_shape, "list", deals_list_page, list_fields);


static const deals_field  deal_fields[] = {
    OBJECT(deals_deal_page, deal, deals_deal_shape),
    LIST(deals_deal_page, comments, deals_comment_shape),
    TEXT(deals_deal_page, comments_next),
};

static SHAPE(deal_shape, "deal page", deals_deal_page, deal_fields);


static const deals_field  comment_fields[] = {
    INT(deals_comment_page, deal_id),
    OBJECT(deals_comment_page, comment, deals_comment_shape),
};

static SHAPE(comment_shape, "comment page", deals_comment_page,
             comment_fields);


/* These pages have nothing of their own. */
static const deals_shape  plain_shape = {
    "plain page", sizeof(deals_plain_page), NULL, 0
};


static const deals_field  settings_fields[] = {
    LIST(deals_settings_page, sessions, deals_session_info_shape),
    BOOL(deals_settings_page, others),
    LIST(deals_settings_page, tokens, deals_token_info_shape),
    BOOL(deals_settings_page, has_tokens),
    TEXT(deals_settings_page, made),
    OBJECT(deals_settings_page, factor, deals_factor_info_shape),
    BOOL(deals_settings_page, owes_powers),
    BOOL(deals_settings_page, owes_writes),
};

static SHAPE(settings_shape, "settings page", deals_settings_page,
             settings_fields);


static const deals_field  bar_fields[] = {
    INT(deals_bar, x),
    INT(deals_bar, y),
    INT(deals_bar, width),
};

static SHAPE(bar_shape, "bar", deals_bar, bar_fields);


static const deals_field  picture_fields[] = {
    INT(deals_picture, size),
    LIST(deals_picture, bars, bar_shape),
};

static SHAPE(picture_shape, "picture", deals_picture, picture_fields);


static const deals_field  factor_fields[] = {
    BOOL(deals_factor_page, ask),
    BOOL(deals_factor_page, owes_powers),
    BOOL(deals_factor_page, owes_writes),
    BOOL(deals_factor_page, setup),
    TEXT(deals_factor_page, secret),
    TEXT(deals_factor_page, key),
    TEXT(deals_factor_page, issuer),
    TEXT(deals_factor_page, member),
    OBJECT(deals_factor_page, picture, picture_shape),
    { "codes", DEALS_LIST, 0, offsetof(deals_factor_page, codes), NULL },
    BOOL(deals_factor_page, renewed),
};

static SHAPE(factor_shape, "factor page", deals_factor_page, factor_fields);


static const deals_field  error_fields[] = {
    INT(deals_error_page, status),
    TEXT(deals_error_page, reason),
    TEXT(deals_error_page, detail),
    BOOL(deals_error_page, retry),
    BOOL(deals_error_page, factor),
};

static SHAPE(error_shape, "error page", deals_error_page, error_fields);


const deals_page_about  deals_page_table[DEALS_PAGES] = {
    [DEALS_PAGE_HOT] = { "hot.html", &list_shape },
    [DEALS_PAGE_NEW] = { "new.html", &list_shape },
    [DEALS_PAGE_TOP] = { "top.html", &list_shape },
    [DEALS_PAGE_TAG] = { "tag.html", &list_shape },
    [DEALS_PAGE_MERCHANT] = { "merchant.html", &list_shape },
    [DEALS_PAGE_USER] = { "user.html", &list_shape },
    [DEALS_PAGE_DEAL] = { "deal.html", &deal_shape },
    [DEALS_PAGE_SUBMIT] = { "submit.html", &deal_shape },
    [DEALS_PAGE_EDIT] = { "edit.html", &deal_shape },
    [DEALS_PAGE_COMMENT] = { "comment_edit.html", &comment_shape },
    [DEALS_PAGE_LOGIN] = { "login.html", &plain_shape },
    [DEALS_PAGE_SIGNUP] = { "signup.html", &plain_shape },
    [DEALS_PAGE_SETTINGS] = { "settings.html", &settings_shape },
    [DEALS_PAGE_RESET] = { "reset.html", &plain_shape },
    [DEALS_PAGE_CODE] = { "code.html", &plain_shape },
    [DEALS_PAGE_FACTOR] = { "factor.html", &factor_shape },
    [DEALS_PAGE_ERROR] = { "error.html", &error_shape },
};
