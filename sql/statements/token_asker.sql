-- token_asker: the session that makes an access token, if it has not ended. Behind member_lock.
-- in:    user_id int8, token_hash text
-- out:   id int8
-- write
SELECT user_id FROM sessions
 WHERE user_id = :user_id AND token_hash = :token_hash
