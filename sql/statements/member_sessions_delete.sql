-- member_sessions_delete: ends all sessions and access tokens of a member, and a reset that is open.
-- in:    user_id int8
-- out:   none
-- write
WITH closed AS (
    DELETE FROM password_resets WHERE user_id = :user_id
)
DELETE FROM sessions WHERE user_id = :user_id
