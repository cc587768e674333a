-- login: what signing in needs to know of a member; known: from this network one has signed in before.
-- in:    name_key text, network text?, since timestamptz
-- out:   id int8, name text, role text, created_at timestamptz, password_hash text, disabled bool, known bool
SELECT u.user_id, u.name, u.role, u.created_at, u.password_hash,
       u.disabled_at IS NOT NULL,
       EXISTS (SELECT FROM user_networks w
                WHERE w.user_id = u.user_id
                  AND w.network = :network
                  AND w.seen_at > :since)
  FROM users u
 WHERE u.user_id = (SELECT n.user_id FROM user_names n
                     WHERE n.name_key = :name_key)
