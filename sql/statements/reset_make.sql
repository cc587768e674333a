-- reset_make: a token that sets a new password, in the place of one before; factor: it removes the second factor too.
-- in:    user_id int8, token_hash text, expires_at timestamptz, factor bool
-- out:   none
-- write
INSERT INTO password_resets (user_id, token_hash, expires_at, factor)
VALUES (:user_id, :token_hash, :expires_at, :factor)
ON CONFLICT (user_id) DO UPDATE
   SET token_hash = excluded.token_hash, expires_at = excluded.expires_at,
       factor = excluded.factor
