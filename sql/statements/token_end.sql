-- token_end: ends one access token of a member, named as token_list names it.
-- in:    user_id int8, id text
-- out:   user_id int8
-- write
DELETE FROM sessions
 WHERE user_id = :user_id
   AND scopes IS NOT NULL
   AND left(encode(sha256(token_hash::bytea), 'hex'), 32) = :id
RETURNING user_id
