-- session: the member that a session's token or an access token stands for, if it is good still.
-- in:    user_id int8, token_hash text, now timestamptz, idle_since timestamptz
-- out:   me
SELECT @me@
  FROM sessions s
  JOIN users u ON u.user_id = s.user_id
  LEFT JOIN user_factors f
    ON f.user_id = :user_id AND f.confirmed_at IS NOT NULL
 WHERE s.user_id = :user_id
   AND u.user_id = :user_id
   AND s.token_hash = :token_hash
   AND s.expires_at > :now
   AND (s.seen_at > :idle_since OR s.scopes IS NOT NULL)
   AND u.disabled_at IS NULL
