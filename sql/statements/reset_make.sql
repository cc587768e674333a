-- reset_make: a token that sets a new password, in the place of one before; factor: it removes the second factor too. No row: the member is shut out.
-- in:    user_id int8, token_hash text, expires_at timestamptz, factor bool
-- out:   id int8
-- write
INSERT INTO password_resets (user_id, token_hash, expires_at, factor)
SELECT u.user_id, :token_hash, :expires_at, :factor
  FROM users u
 WHERE u.user_id = :user_id AND u.disabled_at IS NULL
   FOR SHARE
ON CONFLICT (user_id) DO UPDATE
   SET token_hash = excluded.token_hash, expires_at = excluded.expires_at,
       factor = excluded.factor
RETURNING user_id
