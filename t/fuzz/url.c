/*
 * Addresses of deals: what is taken is in one form, which is taken as it is, and
 * no browser reads it as anything but http or https to the host that is shown.
 */

#include "fuzz.h"

#include "core/url.h"

static void
need_address(const deals_url *u)
{
    size_t     i;
    deals_str  rest;

    need(u->url.len <= DEALS_URL_MAX);
    need(deals_str_starts(u->url, "http://")
         || deals_str_starts(u->url, "https://"));

    for (i = 0; i < u->url.len; i++) {
        need((unsigned char) u->url.data[i] > ' '
             && (unsigned char) u->url.data[i] < 0x7f
             && strchr("\"<>\\`", u->url.data[i]) == NULL,
             "%.*s", DEALS_FMT(u->url));
    }

    rest = deals_str_sub(u->url, deals_str_starts(u->url, "https") ? 8 : 7,
                         u->url.len);
    i = strcspn(rest.data, "/?#");
    need(i > 0 && i < rest.len && rest.data[i] == '/', "%.*s",
         DEALS_FMT(u->url));
    need(memchr(rest.data, '@', i) == NULL, "%.*s", DEALS_FMT(u->url));

    need(u->host.len > 0);
    need_text(u->host);
    need(deals_utf8_control(u->host, 0) < 0, "%.*s", DEALS_FMT(u->host));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               *memory;
    deals_str           input;
    deals_url           url, again;
    const deals_error  *error = NULL;

    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();

    if (deals_url_check(arena, "url", input, &url, &error) != 0) {
        need_errors(error, DEALS_INVALID, DEALS_INVALID);
        need(deals_str_is(error->field, "url") && error->next == NULL);
        need(!deals_utf8_valid(input)
             || deals_url_host(arena, input).data == NULL
             || deals_utf8_valid(deals_url_host(arena, input)));

    } else {
        need(error == NULL);
        need_address(&url);
        need(deals_url_check(arena, "url", url.url, &again, &error) == 0,
             "%.*s: %.*s", DEALS_FMT(url.url), DEALS_FMT(error->message));
        need_same(again.url, url.url);
        need_same(again.host, url.host);
        need(!again.mended);
        need_same(deals_url_host(arena, url.url), url.host);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
