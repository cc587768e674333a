-- session_insert: a new session; those of the member that have ended go.
-- in:    user_id int8, token_hash text, now timestamptz, idle_since timestamptz, expires_at timestamptz, user_agent text?, address text?
-- out:   none
-- write
WITH ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id
       AND (expires_at <= :now OR seen_at <= :idle_since)
)
INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at,
                      user_agent, address)
VALUES (:user_id, :token_hash, :now, :now, :expires_at, :user_agent, :address)
