-- reset_use: uses a token up: the new password, and the end of all sessions and access tokens and of what was remembered of networks. No row: it is not good any more.
-- in:    user_id int8, token_hash text, now timestamptz, password_hash text
-- out:   id int8
-- write
WITH used AS (
    DELETE FROM password_resets
     WHERE user_id = :user_id AND token_hash = :token_hash AND expires_at > :now
    RETURNING user_id
), changed AS (
    UPDATE users SET password_hash = :password_hash
     WHERE user_id = :user_id AND EXISTS (SELECT FROM used)
    RETURNING user_id
), ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id AND EXISTS (SELECT FROM used)
), forgotten AS (
    DELETE FROM user_networks
     WHERE user_id = :user_id AND EXISTS (SELECT FROM used)
)
SELECT user_id FROM changed
