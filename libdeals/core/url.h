/*
 * core/url.h - addresses of deals.
 */

#ifndef DEALS_CORE_URL_H
#define DEALS_CORE_URL_H

#include <deals/types.h>

#define DEALS_URL_MAX  2048         /* bytes, as stored */

typedef struct {
    deals_str  url;         /* normalised: lower-case scheme and host in ASCII
                               (IDNA), no default port, no spaces, path at
                               least "/" */
    deals_str  host;        /* to show: as people write it, without "www." */
    int        mended;      /* spaces or other characters that an address cannot
                               hold were percent-encoded */
} deals_url;

/* http and https only, with a host, without user and password, at most
 * DEALS_URL_MAX bytes. White space around it is dropped. 0, or -1 and an
 * error is added to *errors. */
int        deals_url_check(deals_arena *arena, const char *field, deals_str in,
               deals_url *out, const deals_error **errors);

/* The host to show of an address that deals_url_check made, in the arena or a
 * part of the address; absent if it is none. */
deals_str  deals_url_host(deals_arena *arena, deals_str url);

#endif /* DEALS_CORE_URL_H */
