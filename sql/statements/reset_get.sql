-- reset_get: whose password a token may set.
-- in:    user_id int8, token_hash text, now timestamptz
-- out:   name text, email text?, factor bool
SELECT u.name, u.email, r.factor
  FROM password_resets r
  JOIN users u ON u.user_id = r.user_id
 WHERE r.user_id = :user_id
   AND u.user_id = :user_id
   AND r.token_hash = :token_hash
   AND r.expires_at > :now
