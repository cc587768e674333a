-- token_list: the access tokens of a member that are good, the newest first.
-- in:    user_id int8, now timestamptz
-- out:   token_info
SELECT @token_info@
  FROM sessions s
 WHERE s.user_id = :user_id
   AND s.scopes IS NOT NULL
   AND s.expires_at > :now
 ORDER BY s.created_at DESC, s.token_hash
 LIMIT 100
