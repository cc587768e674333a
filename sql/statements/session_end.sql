-- session_end: ends one session of a member, or one access token, named as session_list and token_list name it. current: it is the one of this hash.
-- in:    user_id int8, token_hash text?, id text
-- out:   current bool?
-- blocks: access
-- write
DELETE FROM sessions
 WHERE user_id = :user_id
   /*[access]*/ AND scopes IS NOT NULL /*[/access]*/
   /*[!access]*/ AND scopes IS NULL /*[/!access]*/
   AND left(encode(sha256(token_hash::bytea), 'hex'), 32) = :id
RETURNING token_hash = :token_hash
