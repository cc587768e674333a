-- session_end: ends one session of a member, named as session_list names it; no access token.
-- in:    user_id int8, token_hash text, id text
-- out:   current bool
-- write
DELETE FROM sessions
 WHERE user_id = :user_id
   AND scopes IS NULL
   AND left(encode(sha256(token_hash::bytea), 'hex'), 32) = :id
RETURNING token_hash = :token_hash
