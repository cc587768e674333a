/*
 * calls/sessions.h - the end of a session or an access token, for its member and
 * for the operator.
 */

#ifndef DEALS_CALLS_SESSIONS_H
#define DEALS_CALLS_SESSIONS_H

#include "stmts.h"
#include "calls/use.h"

/* A copy of an id; "", which is nobody's, if it can't be one. Absent: no
 * memory. */
deals_str     deals_session_id(deals_arena *arena, deals_str id);

/* Adds the end to the segment. */
deals_query  *deals_session_ending(deals_call *call,
                  const deals_session_end_params *p);

/* Ends the call once that is answered: with NOT_FOUND if there was none, in the
 * words for an access token if `access` is set. 1: it was the asker's own. */
int           deals_session_ended(deals_call *call, const deals_query *query,
                  int access);

#endif /* DEALS_CALLS_SESSIONS_H */
