-- password_change: a new password in the place of the one that was verified; all other sessions end, and all access tokens. No row: another one came in between.
-- in:    user_id int8, former text, password_hash text, token_hash text
-- out:   id int8
-- write
WITH changed AS (
    UPDATE users SET password_hash = :password_hash
     WHERE user_id = :user_id AND password_hash = :former
    RETURNING user_id
), ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id AND token_hash <> :token_hash
       AND EXISTS (SELECT FROM changed)
), closed AS (
    DELETE FROM password_resets
     WHERE user_id = :user_id AND EXISTS (SELECT FROM changed)
)
SELECT user_id FROM changed
