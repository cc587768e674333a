-- member_disable: shuts a member out, from now on if not before.
-- in:    user_id int8, now timestamptz
-- out:   id int8
-- write
UPDATE users SET disabled_at = coalesce(disabled_at, :now)
 WHERE user_id = :user_id
RETURNING user_id
