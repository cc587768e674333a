/*
 * core/url.c - addresses of deals. What people paste is split and mended here,
 * checked and put into one form by libcurl's URL functions; libidn2 does
 * international names.
 */

#include <string.h>

#include <curl/curl.h>
#include <idn2.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "core/url.h"

#define HOST_MAX  253

static const char  too_long[] = "is longer than 2,048 characters";

typedef struct {
    deals_str  scheme;
    deals_str  authority;
    deals_str  rest;        /* path, query, fragment */
} parts;


/* What is wrong with it that can be said before it is taken apart by the book;
 * NULL: nothing. */
static const char *
split(deals_str in, parts *p)
{
    size_t     i;
    ptrdiff_t  colon;

    if (in.len > DEALS_URL_MAX) {
        return too_long;
    }

    if (!deals_utf8_valid(in) || deals_utf8_control(in, 0) >= 0) {
        return "contains control characters";
    }

    colon = deals_str_index(in, ':');

    if (colon < 0
        || !deals_str_starts(deals_str_sub(in, (size_t) colon, 3), "://"))
    {
        return "must begin with https:// or http://";
    }

    p->scheme = deals_str_sub(in, 0, (size_t) colon);

    if (!deals_str_eq_case(p->scheme, DEALS_STR("http"))
        && !deals_str_eq_case(p->scheme, DEALS_STR("https")))
    {
        return "must begin with https:// or http://";
    }

    in = deals_str_sub(in, (size_t) colon + 3, in.len);

    for (i = 0; i < in.len && strchr("/?#", in.data[i]) == NULL; i++) {
        if (in.data[i] == '@') {
            return "must not contain a user name or password";
        }

        if (strchr(" \"<>\\^`{|}", in.data[i]) != NULL) {
            return "has a character in its host that no host can have";
        }
    }

    p->authority = deals_str_sub(in, 0, i);
    p->rest = deals_str_sub(in, i, in.len);

    if (i == 0 || p->authority.data[0] == ':') {
        return "has no host";
    }

    return NULL;
}


/* All that an address cannot hold, percent-encoded. */
static deals_str
mend(deals_arena *arena, const parts *p, int *mended)
{
    size_t         i;
    deals_buf      buf;
    unsigned char  c;

    deals_buf_init(&buf);
    deals_buf_str(&buf, p->scheme);
    deals_buf_c(&buf, "://");
    deals_buf_str(&buf, p->authority);

    for (i = 0; i < p->rest.len; i++) {
        c = (unsigned char) p->rest.data[i];

        if (c > ' ' && c < 0x7f && strchr("\"<>\\`", c) == NULL) {
            deals_buf_char(&buf, (char) c);

        } else {
            deals_percent(&buf, deals_str_sub(p->rest, i, 1));
            *mended = 1;
        }
    }

    return deals_arena_take(arena, &buf);
}


/* Labels of letters, digits, '-' and '_' between single dots; one dot may end
 * it. */
static int
is_domain(deals_str host)
{
    size_t         i, label;
    unsigned char  c;

    label = 0;

    for (i = 0; i < host.len; i++) {
        c = (unsigned char) host.data[i];

        if (c == '.') {
            if (label == 0) {
                return 0;
            }
            label = 0;

        } else if ((!deals_is_alnum(c) && c != '-' && c != '_')
                   || ++label > 63)
        {
            return 0;
        }
    }

    return host.len > 1 ? host.len <= HOST_MAX + 1 : label > 0;
}


/* The host in ASCII and lower case; absent: it cannot be one, or no memory. */
static deals_str
ascii_host(deals_arena *arena, const char *host)
{
    char       *copy;
    size_t      i;
    uint8_t    *ascii;
    deals_str   out;

    if (host[0] == '[') {                       /* IPv6: libcurl checked it */
        return deals_arena_copy(arena, deals_str_of(host));
    }

    if (idn2_lookup_u8((const uint8_t *) host, &ascii,
                       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
    {
        out = deals_arena_copy(arena, deals_str_of((const char *) ascii));
        idn2_free(ascii);

    } else {
        /* IDNA is stricter than the web: "a--b", "a_b" exist */
        out = deals_arena_copy(arena, deals_str_of(host));
    }

    copy = (char *) out.data;

    for (i = 0; i < out.len; i++) {
        copy[i] = deals_lower(copy[i]);
    }

    return is_domain(out) ? out : DEALS_NONE;
}


/* Letters that cannot be mistaken for others: Latin, and the scripts of East
 * Asia. Names with other ones are shown in their ASCII form. */
static int
is_plain(deals_str host)
{
    size_t   pos;
    int32_t  cp;

    for (pos = 0; pos < host.len; ) {
        cp = deals_utf8_next(host, &pos);

        if (cp < 0x80 ? cp <= ' '
                      : !((cp >= 0xc0 && cp <= 0x17f)
                          || (cp >= 0x3040 && cp <= 0x9fff)
                          || (cp >= 0xac00 && cp <= 0xd7a3)))
        {
            return 0;
        }
    }

    return 1;
}


static deals_str
shown_host(deals_arena *arena, const char *host)
{
    char       *unicode;
    deals_str   out;

    unicode = NULL;
    out = deals_str_of(host);

    if (idn2_to_unicode_8z8z(host, &unicode, 0) == IDN2_OK
        && is_plain(deals_str_of(unicode)))
    {
        out = deals_str_of(unicode);
    }

    if (deals_str_starts(out, "www.") && out.len > 4) {
        out = deals_str_sub(out, 4, out.len);
    }

    out = deals_arena_copy(arena, out);
    idn2_free(unicode);

    return out;
}


static const char *
problem_of(CURLUcode rc)
{
    switch (rc) {

    case CURLUE_BAD_PORT_NUMBER:
        return "has a port that is not a number from 0 to 65535";

    case CURLUE_NO_HOST:
        return "has no host";

    case CURLUE_BAD_HOSTNAME:
    case CURLUE_BAD_IPV6:
        return "has a host that is not a valid name";

    default:
        return "is not a valid address";
    }
}


/* The whole address as libcurl has it after `part` was set to `value`. */
static CURLUcode
set_and_get(deals_arena *arena, CURLU *handle, CURLUPart part,
    const char *value, deals_str *out)
{
    char       *text;
    CURLUcode   rc;

    rc = curl_url_set(handle, part, value, 0);
    if (rc == CURLUE_OK) {
        rc = curl_url_get(handle, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT);
    }

    if (rc != CURLUE_OK) {
        return rc;
    }

    *out = deals_arena_copy(arena, deals_str_of(text));
    curl_free(text);

    return out->data ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}


static CURLUcode
get_host(deals_arena *arena, CURLU *handle, deals_str *out)
{
    char       *text;
    CURLUcode   rc;

    rc = curl_url_get(handle, CURLUPART_HOST, &text, 0);
    if (rc != CURLUE_OK) {
        return rc;
    }

    *out = deals_arena_copy(arena, deals_str_of(text));
    curl_free(text);

    return out->data ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}


/* Through libcurl, the second time with the host in ASCII: only then it sees
 * that a host is an IPv4 address in disguise. */
static CURLUcode
normalise(deals_arena *arena, deals_str mended, CURLU *handle, deals_url *out)
{
    CURLUcode  rc;
    deals_str  host;

    rc = set_and_get(arena, handle, CURLUPART_URL, mended.data, &out->url);

    if (rc == CURLUE_OK) {
        rc = get_host(arena, handle, &host);
    }

    if (rc == CURLUE_OK) {
        host = ascii_host(arena, host.data);
        rc = host.data ? set_and_get(arena, handle, CURLUPART_HOST, host.data,
                                     &out->url)
                       : CURLUE_BAD_HOSTNAME;
    }

    if (rc == CURLUE_OK) {
        rc = set_and_get(arena, handle, CURLUPART_URL, out->url.data,
                         &out->url);
    }

    if (rc == CURLUE_OK) {
        rc = get_host(arena, handle, &host);
    }

    if (rc == CURLUE_OK) {
        out->host = shown_host(arena, host.data);
        rc = out->host.data ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
    }

    return rc;
}


int
deals_url_check(deals_arena *arena, const char *field, deals_str in,
    deals_url *out, const deals_error **errors)
{
    parts        p;
    CURLU       *handle;
    CURLUcode    rc;
    deals_str    mended;
    const char  *problem;

    memset(out, 0, sizeof(*out));

    problem = split(deals_str_trim(in), &p);

    if (problem == NULL) {
        mended = mend(arena, &p, &out->mended);
        handle = curl_url();

        rc = mended.data != NULL && handle != NULL
             ? normalise(arena, mended, handle, out) : CURLUE_OUT_OF_MEMORY;

        curl_url_cleanup(handle);

        if (rc == CURLUE_OUT_OF_MEMORY) {
            return deals_error_oom(errors);
        }

        if (rc != CURLUE_OK) {
            problem = problem_of(rc);

        } else if (out->url.len > DEALS_URL_MAX) {
            problem = too_long;
        }
    }

    if (problem != NULL) {
        return deals_error_add(arena, errors, DEALS_INVALID, field, "%s",
                   problem);
    }

    return 0;
}


/* The host of an address that is plainly in libcurl's form: ASCII, no port, and
 * a name (or what ends like one) that is not an international one. Absent: it
 * takes libcurl to see. */
static deals_str
plain_host(deals_str url)
{
    size_t         i, end;
    deals_str      host;
    unsigned char  c;

    i = deals_str_starts(url, "https://") ? sizeof("https://") - 1
        : deals_str_starts(url, "http://") ? sizeof("http://") - 1 : 0;

    if (i == 0 || url.len > DEALS_URL_MAX) {
        return DEALS_NONE;
    }

    for (end = i; end < url.len && url.data[end] != '/'; end++) {
        c = (unsigned char) url.data[end];

        if (c != '.' && c != '-' && !deals_is_digit(c)
            && !(c >= 'a' && c <= 'z'))
        {
            return DEALS_NONE;
        }
    }

    host = deals_str_sub(url, i, end - i);

    for (i = end; i < url.len; i++) {
        c = (unsigned char) url.data[i];

        if (c <= ' ' || c >= 0x7f) {
            return DEALS_NONE;
        }
    }

    /* numbers may be an address, "xn--" is a name in disguise */
    if (!is_domain(host) || !(host.data[host.len - 1] >= 'a')
        || memmem(host.data, host.len, "xn--", 4) != NULL)
    {
        return DEALS_NONE;
    }

    if (deals_str_starts(host, "www.") && host.len > 4) {
        host = deals_str_sub(host, 4, host.len);
    }

    return host;
}


deals_str
deals_url_host(deals_arena *arena, deals_str url)
{
    parts       p;
    CURLU      *handle;
    deals_str   out, whole, host;

    host = plain_host(url);

    if (host.data != NULL) {
        return host;
    }

    url = deals_arena_copy(arena, url);

    if (url.data == NULL || split(url, &p) != NULL) {
        return DEALS_NONE;
    }

    out = DEALS_NONE;
    handle = curl_url();

    if (handle != NULL
        && set_and_get(arena, handle, CURLUPART_URL, url.data, &whole)
           == CURLUE_OK
        && get_host(arena, handle, &host) == CURLUE_OK
        && deals_utf8_valid(host))
    {
        out = shown_host(arena, host.data);
    }

    curl_url_cleanup(handle);

    return out;
}
