-- account_insert: a member whose name (and address) was claimed in the same transaction.
-- in:    user_id int8, name text, email text?, password_hash text, now timestamptz
-- out:   user
-- write
INSERT INTO users AS u (user_id, name, email, password_hash, created_at)
VALUES (:user_id, :name, :email, :password_hash, :now)
RETURNING @user@
