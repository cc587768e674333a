-- password_get: the hash of a member's password.
-- in:    user_id int8
-- out:   password_hash text
SELECT password_hash FROM users WHERE user_id = :user_id
