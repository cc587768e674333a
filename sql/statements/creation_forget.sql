-- creation_forget: of a member's keys, those that are too old to be asked for again.
-- in:    user_id int8, before timestamptz
-- out:   none
-- write
DELETE FROM creations
 WHERE user_id = :user_id AND created_at < :before
