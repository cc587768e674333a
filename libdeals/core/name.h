/*
 * core/name.h - names of members, and e-mail addresses. Checks as in
 * core/text.h.
 */

#ifndef DEALS_CORE_NAME_H
#define DEALS_CORE_NAME_H

#include <deals/types.h>

#define DEALS_NAME_MIN   3
#define DEALS_NAME_MAX   20
#define DEALS_EMAIL_MAX  254

/* For a new account: [A-Za-z0-9_-]{3,20} and not reserved. */
int        deals_name_check(deals_arena *arena, const char *field,
               deals_str in, const deals_error **errors);

/* Could be the name of a member: worth asking the database for. */
int        deals_name_valid(deals_str in);

/* Kept back: admin, login, deleted ... in any case, with dashes and underscores
 * ignored. */
int        deals_name_reserved(deals_str in);

/* Lower case: what is unique. Absent when out of memory. */
deals_str  deals_name_key(deals_arena *arena, deals_str name);

/* Plausible: one '@', a local part of 1..64 bytes, a domain with a dot; no
 * spaces, no control characters. *out is trimmed and its domain is in lower
 * case. */
int        deals_email_check(deals_arena *arena, const char *field,
               deals_str in, deals_str *out, const deals_error **errors);

#endif /* DEALS_CORE_NAME_H */
