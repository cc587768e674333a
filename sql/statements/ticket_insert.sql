-- ticket_insert: what stands for a password that was right until the code comes; those of the member that are too old go. No row: the password is another one by now, or the member was shut out.
-- in:    user_id int8, password_hash text, token_hash text, now timestamptz, expires_at timestamptz
-- out:   id int8
-- write
WITH verified AS (
    SELECT user_id FROM users
     WHERE user_id = :user_id AND password_hash = :password_hash
       AND disabled_at IS NULL
       FOR SHARE
), gone AS (
    DELETE FROM user_tickets WHERE user_id = :user_id AND expires_at <= :now
)
INSERT INTO user_tickets (user_id, token_hash, expires_at)
SELECT user_id, :token_hash, :expires_at FROM verified
RETURNING user_id
