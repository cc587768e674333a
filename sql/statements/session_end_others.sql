-- session_end_others: ends all sessions of a member but the one that asks; no access tokens.
-- in:    user_id int8, token_hash text
-- out:   none
-- write
DELETE FROM sessions
 WHERE user_id = :user_id AND token_hash <> :token_hash AND scopes IS NULL
