/*
 * core/name.c - names of members, and e-mail addresses.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/name.h"

/* Sorted; without '-' and '_'. What people take for the site itself, and words
 * of addresses. */
static const char *const  reserved[] = {
    "abuse", "account", "accounts", "admin", "administrator", "admins",
    "anonymous", "api", "bot", "comment", "comments", "contact", "deal",
    "deals", "deleted", "everyone", "guest", "help", "hidden", "hostmaster",
    "hot", "info", "legal", "login", "logout", "mail", "me", "member",
    "members", "merchant", "merchants", "mod", "moderator", "moderators",
    "mods", "new", "news", "nobody", "noreply", "null", "official", "operator",
    "owner", "postmaster", "privacy", "register", "root", "search", "security",
    "settings", "signin", "signout", "signup", "site", "staff", "static",
    "status", "submit", "superuser", "support", "sysadmin", "system", "tag",
    "tags", "team", "terms", "top", "undefined", "unknown", "user", "users",
    "webmaster", "www"
};


int
deals_name_valid(deals_str in)
{
    size_t         i;
    unsigned char  c;

    if (in.len < DEALS_NAME_MIN || in.len > DEALS_NAME_MAX) {
        return 0;
    }

    for (i = 0; i < in.len; i++) {
        c = (unsigned char) in.data[i];

        if (!deals_is_alnum(c) && c != '_' && c != '-') {
            return 0;
        }
    }

    return 1;
}


static int
compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *) item);
}


int
deals_name_reserved(deals_str in)
{
    char    key[DEALS_NAME_MAX + 1];
    size_t  i, n;

    for (i = 0, n = 0; i < in.len && n < DEALS_NAME_MAX; i++) {
        if (in.data[i] != '-' && in.data[i] != '_') {
            key[n++] = deals_lower(in.data[i]);
        }
    }

    key[n] = '\0';

    return n == 0 || bsearch(key, reserved,
                         sizeof(reserved) / sizeof(reserved[0]),
                         sizeof(reserved[0]), compare) != NULL;
}


int
deals_name_check(deals_arena *arena, const char *field, deals_str in,
    const deals_error **errors)
{
    if (in.len == 0) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is required");
    }

    if (in.len < DEALS_NAME_MIN || in.len > DEALS_NAME_MAX) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "must have %d to %d characters", DEALS_NAME_MIN,
                   DEALS_NAME_MAX);
    }

    if (!deals_name_valid(in)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "may contain only letters from a to z, digits, \"-\" and "
                   "\"_\"");
    }

    if (deals_name_reserved(in)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is a reserved name; choose another");
    }

    return 0;
}


/* A copy, lower case from `from` on. */
static deals_str
lower(deals_arena *arena, deals_str s, size_t from)
{
    char    *p;
    size_t   i;

    p = deals_arena_alloc(arena, s.len + 1);
    if (p == NULL) {
        return DEALS_NONE;
    }

    for (i = 0; i < s.len; i++) {
        p[i] = i < from ? s.data[i] : deals_lower(s.data[i]);
    }

    return (deals_str) { p, s.len };
}


deals_str
deals_name_key(deals_arena *arena, deals_str name)
{
    return lower(arena, name, 0);
}


/* Dots only between characters, and `inside` a dot somewhere. */
static int
dotted(deals_str s, int inside)
{
    size_t     n;
    deals_str  word;

    for (n = 0; deals_str_word(&s, ".", &word); n++) {
        if (word.len == 0) {
            return 0;
        }
    }

    return n > (size_t) inside;
}


static int
email_is_plausible(deals_str s, ptrdiff_t at)
{
    size_t         i;
    deals_str      local, domain;
    unsigned char  c;

    if (at < 1 || at > 64 || s.len > DEALS_EMAIL_MAX) {
        return 0;
    }

    local = deals_str_sub(s, 0, (size_t) at);
    domain = deals_str_sub(s, (size_t) at + 1, s.len);

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.data[i];

        if (c <= ' ' || c == 0x7f || strchr("()<>[]\\,;:\"", c)
            || (c == '@' && i != (size_t) at))
        {
            return 0;
        }
    }

    return deals_utf8_valid(s) && deals_utf8_control(s, 0) < 0
           && dotted(local, 0) && dotted(domain, 1)
           && domain.data[0] != '-' && domain.data[domain.len - 1] != '-';
}


int
deals_email_check(deals_arena *arena, const char *field, deals_str in,
    deals_str *out, const deals_error **errors)
{
    ptrdiff_t  at;

    in = deals_str_trim(in);
    at = deals_str_index(in, '@');

    if (!email_is_plausible(in, at)) {
        return deals_error_add(arena, errors, DEALS_INVALID, field,
                   "is not an e-mail address");
    }

    *out = lower(arena, in, (size_t) at);

    return out->data ? 0 : deals_error_oom(errors);
}
