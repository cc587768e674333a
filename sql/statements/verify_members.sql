-- verify_members: the next 1,000 members, and how many sessions and access tokens those have that are shut out: there should be none.
-- in:    after_member int8
-- out:   id int8, sessions int8
SELECT x.user_id,
       CASE WHEN x.disabled_at IS NULL THEN 0
            ELSE (SELECT count(*) FROM sessions s WHERE s.user_id = x.user_id)
       END
  FROM (SELECT u.user_id, u.disabled_at
          FROM users u
         WHERE u.user_id > :after_member
         ORDER BY u.user_id
         LIMIT 1000) x
 ORDER BY x.user_id
