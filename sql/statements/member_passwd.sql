-- member_passwd: a new password for a member.
-- in:    user_id int8, password_hash text
-- out:   id int8
-- write
UPDATE users SET password_hash = :password_hash
 WHERE user_id = :user_id
RETURNING user_id
