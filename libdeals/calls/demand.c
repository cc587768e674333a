/*
 * calls/demand.c - who has to have a second factor, and what may not be done
 * without: deals_config.second_factor. Calls ask deals_use_is_moderator and
 * deals_use_member, and need not know of it. See calls/use.h.
 */

#include "calls/use.h"

static const deals_error  refusals[] = {
    [DEALS_OWES_NOTHING] = { .code = DEALS_OK },
    [DEALS_OWES_POWERS] = {
        .code = DEALS_FACTOR_REQUIRED,
        .message = DEALS_STR("Moderators of this site need a second factor. "
                             "Until yours is on, you act as any member does.")
    },
    [DEALS_OWES_WRITES] = {
        .code = DEALS_FACTOR_REQUIRED,
        .message = DEALS_STR("Members of this site need a second factor. "
                             "Until yours is on, you can read, and change your "
                             "settings.")
    }
};


static int
moderates(deals_str role)
{
    return deals_str_eq(role, DEALS_STR("moderator"))
           || deals_str_eq(role, DEALS_STR("admin"));
}


/* By an access token nobody is a moderator, with a second factor or without. */
void
deals_use_demand(deals_call *call, deals_str role, int access, int has_factor)
{
    int         asked = deals_ctx_config(deals_call_ctx(call))->second_factor;
    deals_use  *use = deals_call_state(call);

    use->owes = has_factor ? DEALS_OWES_NOTHING
                : asked == DEALS_FACTOR_ALL ? DEALS_OWES_WRITES
                : asked == DEALS_FACTOR_MODERATORS && !access
                  && moderates(role) ? DEALS_OWES_POWERS
                : DEALS_OWES_NOTHING;
}


int
deals_use_is_moderator(const deals_use *use)
{
    return use->viewer != NULL
           && use->viewer->scopes == DEALS_NULL_INT
           && use->owes == DEALS_OWES_NOTHING
           && moderates(use->viewer->role);
}


void
deals_use_owing(deals_call *call)
{
    const deals_use  *use = deals_call_state(call);

    deals_call_finish(call, deals_owes_error(use->owes));
}


void
deals_use_forbid(deals_call *call, const char *message)
{
    const deals_use  *use = deals_call_state(call);

    if (use->owes == DEALS_OWES_POWERS) {
        deals_use_owing(call);
        return;
    }

    deals_call_fail(call, DEALS_FORBIDDEN, NULL, message);
}


/* -- for hosts ------------------------------------------------------------ */

int
deals_call_owes(const deals_call *call)
{
    const deals_use  *use = deals_call_state((deals_call *) call);

    return use->owes;
}


const deals_error *
deals_owes_error(int owes)
{
    return owes == DEALS_OWES_POWERS || owes == DEALS_OWES_WRITES
           ? &refusals[owes] : NULL;
}
