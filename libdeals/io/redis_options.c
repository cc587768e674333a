/*
 * What stands behind the "?" of a rediss:// address: options of TLS, with the
 * names that nginx' directives have for other servers.
 */

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/str.h"
#include "io/config.h"

#define NAME_MAX_LEN  253

#define REFUSE(...)  \
    deals_error_add(error_arena, error, DEALS_INVALID, "redis", __VA_ARGS__)

enum { WORD, PATH, SWITCH };

typedef struct {
    const char  *name;
    size_t       offset;
    int          kind;
} option;

#define OPTION(name, field, kind)  \
    { name, offsetof(deals_tls_options, field), kind }

static const option  options[] = {
    OPTION("ssl_name", name, WORD),
    OPTION("ssl_verify", no_verify, SWITCH),
    OPTION("ssl_trusted_certificate", trusted, PATH),
    OPTION("ssl_certificate", certificate, PATH),
    OPTION("ssl_certificate_key", key, PATH)
};


static const option *
option_named(deals_str name)
{
    size_t  i;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (deals_str_is(name, options[i].name)) {
            return &options[i];
        }
    }

    return NULL;
}


static int
read_switch(const option *o, deals_str value, deals_tls_options *out,
    deals_arena *error_arena, const deals_error **error)
{
    if (!deals_str_is(value, "on") && !deals_str_is(value, "off")) {
        return REFUSE("redis: %s is \"on\" or \"off\", not \"%.*s\"", o->name,
                      DEALS_FMT(value));
    }

    *(int *) (void *) ((char *) out + o->offset) = deals_str_is(value, "off");

    return 0;
}


static int
read_value(deals_arena *arena, const option *o, deals_str value,
    deals_tls_options *out, deals_arena *error_arena, const deals_error **error)
{
    int           rc;
    deals_str     plain;
    const char  **to;

    rc = deals_percent_decode(arena, value, 0, &plain);

    if (rc == -2) {
        return deals_error_oom(error);
    }

    if (rc != 0 || plain.len == 0
        || memchr(plain.data, '\0', plain.len) != NULL)
    {
        return REFUSE("redis: %s has no value that can be read", o->name);
    }

    if (o->kind == PATH && plain.data[0] != '/') {
        return REFUSE("redis: %s is \"%.*s\", it must be the whole path of a "
                      "file, from / on", o->name, DEALS_FMT(plain));
    }

    if (o->kind == WORD && plain.len > NAME_MAX_LEN) {
        return REFUSE("redis: %s has %zu bytes, at most %d are possible",
                      o->name, plain.len, NAME_MAX_LEN);
    }

    to = (const char **) (void *) ((char *) out + o->offset);
    *to = deals_arena_copy(arena, plain).data;

    return *to != NULL ? 0 : deals_error_oom(error);
}


/* One name=value. `seen`: a bit for each that there was. */

static int
read_option(deals_arena *arena, deals_str word, unsigned *seen,
    deals_tls_options *out, deals_arena *error_arena, const deals_error **error)
{
    unsigned       bit;
    ptrdiff_t      at;
    deals_str      name, value;
    const option  *o;

    at = deals_str_index(word, '=');
    name = at < 0 ? word : deals_str_sub(word, 0, (size_t) at);
    value = at < 0 ? DEALS_STR("")
                   : deals_str_sub(word, (size_t) at + 1, word.len);
    o = option_named(name);

    if (o == NULL) {
        return REFUSE("redis: there is no option \"%.*s\": there are ssl_name, "
                      "ssl_verify, ssl_trusted_certificate, ssl_certificate "
                      "and ssl_certificate_key", DEALS_FMT(name));
    }

    bit = 1u << (o - options);

    if (*seen & bit) {
        return REFUSE("redis: %s is given twice", o->name);
    }

    *seen |= bit;

    return o->kind == SWITCH
           ? read_switch(o, value, out, error_arena, error)
           : read_value(arena, o, value, out, error_arena, error);
}


int
deals_redis_options_read(deals_arena *arena, deals_str text, const char *host,
    const deals_tls_options **tls, deals_arena *error_arena,
    const deals_error **error)
{
    unsigned            seen;
    deals_str           word;
    deals_tls_options  *out;

    out = deals_arena_alloc(arena, sizeof(*out));

    if (out == NULL) {
        return deals_error_oom(error);
    }

    out->name = host;
    seen = 0;
    text = text.len > 0 ? text : DEALS_NONE;

    while (deals_str_word(&text, "&", &word)) {
        if (read_option(arena, word, &seen, out, error_arena, error) != 0) {
            return -1;
        }
    }

    if ((out->certificate == NULL) != (out->key == NULL)) {
        return REFUSE("redis: %s is missing: a certificate needs its key",
                      out->key == NULL ? "ssl_certificate_key"
                                       : "ssl_certificate");
    }

    if (out->no_verify && out->trusted != NULL) {
        return REFUSE("redis: ssl_verify=off trusts anybody: leave it out, or "
                      "ssl_trusted_certificate");
    }

    if (strlen(out->name) > NAME_MAX_LEN) {
        return REFUSE("redis: the host's name is too long for a certificate");
    }

    *tls = out;

    return 0;
}


static void
write_option(deals_buf *buf, const char *name, const char *value)
{
    if (value != NULL) {
        deals_buf_printf(buf, "&%s=", name);
        deals_percent(buf, deals_str_of(value));
    }
}


void
deals_redis_options_write(deals_buf *buf, const deals_tls_options *tls)
{
    deals_buf_c(buf, "?ssl_name=");
    deals_percent(buf, deals_str_of(tls->name));
    write_option(buf, "ssl_trusted_certificate", tls->trusted);
    write_option(buf, "ssl_certificate", tls->certificate);
    write_option(buf, "ssl_certificate_key", tls->key);
    write_option(buf, "ssl_verify", tls->no_verify ? "off" : NULL);
}
