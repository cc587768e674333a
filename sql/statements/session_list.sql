-- session_list: the sessions of a member that have not ended, the last used first.
-- in:    user_id int8, token_hash text, now timestamptz, idle_since timestamptz
-- out:   session_info
SELECT @session_info@
  FROM sessions s
  CROSS JOIN LATERAL (SELECT s.token_hash = :token_hash AS own) o
 WHERE s.user_id = :user_id
   AND s.scopes IS NULL
   AND s.expires_at > :now
   AND s.seen_at > :idle_since
 ORDER BY o.own DESC, s.seen_at DESC, s.token_hash
 LIMIT 100
