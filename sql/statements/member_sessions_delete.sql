-- member_sessions_delete: ends all sessions of a member.
-- in:    user_id int8
-- out:   none
-- write
DELETE FROM sessions WHERE user_id = :user_id
