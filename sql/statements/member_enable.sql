-- member_enable: lets a member sign in again.
-- in:    user_id int8
-- out:   id int8
-- write
UPDATE users SET disabled_at = NULL WHERE user_id = :user_id RETURNING user_id
