-- password_change: a new password in the place of the one that was verified. No row: another one came in between.
-- in:    user_id int8, former text, password_hash text
-- out:   id int8
-- write
UPDATE users SET password_hash = :password_hash
 WHERE user_id = :user_id AND password_hash = :former
RETURNING user_id
