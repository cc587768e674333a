/*
 * deals/members.h - members, as the operator manages them. Nothing here asks
 * who asks: it is for the command line and programs of the operator's own.
 */

#ifndef DEALS_MEMBERS_H
#define DEALS_MEMBERS_H

#include <deals/calls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets a password and ends all of the member's sessions and access tokens.
 * NOT_FOUND: no such member; INVALID: the password breaks a rule. */
DEALS_API deals_call  *deals_member_passwd(deals_ctx *ctx, deals_str name,
                           deals_str password, deals_done done, void *data);
DEALS_API deals_call  *deals_member_passwd_wait(deals_ctx *ctx, deals_str name,
                           deals_str password, int64_t timeout_ms);

/* Makes a token that sets a new password once, within an hour
 * (deals_password_reset); one made before is not good any more. The sessions go
 * on until it is used. `factor` 1: the member has lost the second factor, and its
 * use removes that too. NOT_FOUND. */
DEALS_API deals_call  *deals_member_reset(deals_ctx *ctx, deals_str name,
                           int factor, deals_done done, void *data);
DEALS_API deals_call  *deals_member_reset_wait(deals_ctx *ctx, deals_str name,
                           int factor, int64_t timeout_ms);
/* Absent until the call succeeded. */
DEALS_API deals_str    deals_member_reset_token(const deals_call *call);

/* Access tokens of a member, as deals_token_create, _end and deals_sessions of
 * deals/calls.h have them; deals_token_get is of the first,
 * deals_member_tokens_get (of deals_token_info) of the second. NOT_FOUND: no
 * such member, or no such token. */
DEALS_API deals_call  *deals_member_token(deals_ctx *ctx, deals_str name,
                           const deals_token_input *input, deals_done done,
                           void *data);
DEALS_API deals_call  *deals_member_token_wait(deals_ctx *ctx, deals_str name,
                           const deals_token_input *input,
                           int64_t timeout_ms);
DEALS_API deals_call  *deals_member_tokens(deals_ctx *ctx, deals_str name,
                           deals_done done, void *data);
DEALS_API deals_call  *deals_member_tokens_wait(deals_ctx *ctx,
                           deals_str name, int64_t timeout_ms);
DEALS_API deals_list   deals_member_tokens_get(const deals_call *call);
DEALS_API deals_call  *deals_member_token_end(deals_ctx *ctx, deals_str name,
                           deals_str id, deals_done done, void *data);
DEALS_API deals_call  *deals_member_token_end_wait(deals_ctx *ctx,
                           deals_str name, deals_str id, int64_t timeout_ms);

/* Shuts a member out: the member's sessions, access tokens and codes for a new
 * password end in the same transaction, on all nodes; signing in is answered as
 * a wrong password is, and no token or code can be made (CONFLICT). What the
 * member has written and voted stays. Who is shut out already stays so from when
 * it began. NOT_FOUND. */
typedef struct {
    int64_t  sessions;          /* that have ended */
    int64_t  tokens;            /* likewise, access tokens */
} deals_member_end;

DEALS_API deals_call  *deals_member_disable(deals_ctx *ctx, deals_str name,
                           deals_done done, void *data);
DEALS_API deals_call  *deals_member_disable_wait(deals_ctx *ctx,
                           deals_str name, int64_t timeout_ms);
DEALS_API const deals_member_end  *deals_member_disable_get(
                           const deals_call *call);

/* Lets a member sign in again, who need not be shut out. NOT_FOUND. */
DEALS_API deals_call  *deals_member_enable(deals_ctx *ctx, deals_str name,
                           deals_done done, void *data);
DEALS_API deals_call  *deals_member_enable_wait(deals_ctx *ctx, deals_str name,
                           int64_t timeout_ms);

/* Sets a role: "member", "moderator" or "admin". NOT_FOUND, INVALID. */
DEALS_API deals_call  *deals_member_role(deals_ctx *ctx, deals_str name,
                           deals_str role, deals_done done, void *data);
DEALS_API deals_call  *deals_member_role_wait(deals_ctx *ctx, deals_str name,
                           deals_str role, int64_t timeout_ms);

/* At most 1,000 members by name, those after `after` (a name; absent: from the
 * beginning). */
DEALS_API deals_call  *deals_member_list(deals_ctx *ctx, deals_str after,
                           deals_done done, void *data);
DEALS_API deals_call  *deals_member_list_wait(deals_ctx *ctx, deals_str after,
                           int64_t timeout_ms);
/* Of deals_member; empty: there are no more. */
DEALS_API deals_list   deals_member_list_get(const deals_call *call);

#ifdef __cplusplus
}
#endif

#endif /* DEALS_MEMBERS_H */
