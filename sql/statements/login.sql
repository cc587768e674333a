-- login: what signing in needs to know of a member.
-- in:    name_key text
-- out:   id int8, name text, role text, created_at timestamptz, password_hash text, disabled bool
SELECT u.user_id, u.name, u.role, u.created_at, u.password_hash,
       u.disabled_at IS NOT NULL
  FROM users u
 WHERE u.user_id = (SELECT n.user_id FROM user_names n
                     WHERE n.name_key = :name_key)
