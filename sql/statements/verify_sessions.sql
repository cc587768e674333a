-- verify_sessions: members who are shut out, and still have sessions or access tokens.
-- out:   user_id int8, sessions int8
-- slow
SELECT u.user_id, count(*)
  FROM users u
  JOIN sessions s ON s.user_id = u.user_id
 WHERE u.disabled_at IS NOT NULL
 GROUP BY u.user_id
 ORDER BY u.user_id
 LIMIT 1000
