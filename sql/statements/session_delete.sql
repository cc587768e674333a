-- session_delete: ends a session; whose it was, if there was one.
-- in:    user_id int8, token_hash text
-- out:   id int8
-- write
DELETE FROM sessions WHERE user_id = :user_id AND token_hash = :token_hash
RETURNING user_id
