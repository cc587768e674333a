-- reset_use: uses a token up: the new password. No row: it is not good any more.
-- in:    user_id int8, token_hash text, now timestamptz, password_hash text
-- out:   id int8
-- write
WITH used AS (
    DELETE FROM password_resets
     WHERE user_id = :user_id AND token_hash = :token_hash AND expires_at > :now
    RETURNING user_id
)
UPDATE users SET password_hash = :password_hash
 WHERE user_id = :user_id AND EXISTS (SELECT FROM used)
RETURNING user_id
