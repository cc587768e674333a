-- member_role: what a member may do: member, moderator or admin.
-- in:    user_id int8, role text
-- out:   id int8
-- write
UPDATE users SET role = :role WHERE user_id = :user_id RETURNING user_id
