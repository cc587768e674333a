-- session_touch: notes that a session is in use, if nobody did since `before`.
-- in:    user_id int8, token_hash text, now timestamptz, before timestamptz
-- out:   none
-- write
UPDATE sessions SET seen_at = :now
 WHERE user_id = :user_id AND token_hash = :token_hash AND seen_at <= :before
