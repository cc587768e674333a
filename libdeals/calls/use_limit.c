/*
 * calls/use_limit.c - how often a network or a member may do what. See
 * calls/use.h.
 */

#include <arpa/inet.h>
#include <string.h>

#include "calls/use.h"

#define LIMIT_WINDOW  60            /* seconds */


static void
counted(deals_call *call)
{
    deals_use    *use = deals_call_state(call);
    deals_step    next = use->next;
    deals_error  *error;

    if (use->count <= use->limit) {
        next(call);
        return;
    }

    error = deals_arena_alloc(deals_call_arena(call), sizeof(*error));
    if (error == NULL) {
        deals_use_no_memory(call);
        return;
    }

    error->code = DEALS_RATE_LIMITED;
    error->message = DEALS_STR("That is too often. Please wait a minute.");
    error->retry_after = LIMIT_WINDOW
                         - (int) (deals_call_now(call) % LIMIT_WINDOW);

    deals_call_finish(call, error);
}


void
deals_use_limit(deals_call *call, const char *what, deals_str key, int limit,
    deals_step step)
{
    char       *text;
    deals_use  *use = deals_call_state(call);

    if (limit < 0) {
        step(call);
        return;
    }

    text = deals_arena_printf(deals_call_arena(call), "%s:%.*s", what,
                              (int) key.len, key.data ? key.data : "");
    if (text == NULL) {
        deals_use_no_memory(call);
        return;
    }

    use->next = step;
    use->limit = limit;
    deals_call_count(call, deals_str_of(text), LIMIT_WINDOW, &use->count,
                     counted);
}


/* Whoever has one IPv6 address has 2^64 of them: the network counts. */
deals_str
deals_use_network(deals_arena *arena, const deals_use *use)
{
    deals_str        address = use->address;
    char             text[INET6_ADDRSTRLEN];
    struct in6_addr  in6;

    if (address.len == 0 || address.len >= sizeof(text)) {
        return address;
    }

    memcpy(text, address.data, address.len);
    text[address.len] = '\0';

    if (inet_pton(AF_INET6, text, &in6) != 1) {
        return address;
    }

    if (IN6_IS_ADDR_V4MAPPED(&in6)) {
        (void) inet_ntop(AF_INET, &in6.s6_addr[12], text, sizeof(text));

    } else {
        memset(&in6.s6_addr[8], 0, 8);
        (void) inet_ntop(AF_INET6, &in6, text, sizeof(text));
    }

    return deals_arena_copy(arena, deals_str_of(text));
}


void
deals_use_limit_address(deals_call *call, const char *what, int limit,
    deals_step step)
{
    deals_use  *use = deals_call_state(call);

    deals_use_limit(call, what,
                    deals_use_network(deals_call_arena(call), use), limit,
                    step);
}


void
deals_use_limit_member(deals_call *call, const char *what, int limit,
    deals_step step)
{
    char       *text;
    deals_use  *use = deals_call_state(call);

    text = deals_arena_printf(deals_call_arena(call), "%lld",
                              (long long) use->user_id);
    if (text == NULL) {
        deals_use_no_memory(call);
        return;
    }

    deals_use_limit(call, what, deals_str_of(text), limit, step);
}
