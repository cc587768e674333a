-- user_get: a member by name.
-- in:    name_key text
-- out:   user
SELECT @user@
  FROM users u
 WHERE u.user_id = (SELECT n.user_id FROM user_names n
                     WHERE n.name_key = :name_key)
