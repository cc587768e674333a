/*
 * calls/comment.h - the state of calls about one comment.
 */

#ifndef DEALS_CALLS_COMMENT_H
#define DEALS_CALLS_COMMENT_H

#include "calls/deal.h"

typedef struct {
    deals_use             use;
    int64_t               deal_id;
    int64_t               id;
    int64_t               parent_id;
    deals_str             body, html;
    int                   attempts;
    deals_once            once;         /* it is made */
    deals_query          *deal, *comment, *vote, *status;
    const deals_comment  *result;
} deals_comment_state;

/* deals_use_new with what the comment is called; id 0: not yet anything. */
deals_call     *deals_comment_new(deals_ctx *ctx, const deals_asker *asker,
                    int64_t deal_id, int64_t id, deals_done done, void *data);

/* Checks and renders a text; errors are told after the session. */
void            deals_comment_body(deals_call *call, deals_str body);

/* Adds the deal, and the comment if there is one yet. */
void            deals_comment_ask(deals_call *call);
deals_query    *deals_comment_query(deals_call *call);

/* The comment, if this viewer may see it; NULL: the call was ended. */
deals_comment  *deals_comment_visible(deals_call *call);
int             deals_comment_own(deals_call *call,
                    const deals_comment *comment);

/* Adds the viewer's vote on it. */
void            deals_comment_ask_vote(deals_call *call);

/* Everything is here: shows the comment, and ends the call. */
void            deals_comment_present(deals_call *call);

/* What a function of the database answered (state->status); 0: "ok", go on;
 * -1: the call was ended. And the step that then shows the comment. */
int             deals_comment_status(deals_call *call);
void            deals_comment_written(deals_call *call);

#endif /* DEALS_CALLS_COMMENT_H */
