-- factor_begin: a secret for a member, which counts once it is confirmed by this session. No row: there is one that counts.
-- in:    user_id int8, secret text, asker_hash text, now timestamptz
-- out:   id int8
-- write
INSERT INTO user_factors AS f (user_id, secret, asker_hash, begun_at)
VALUES (:user_id, :secret, :asker_hash, :now)
ON CONFLICT (user_id) DO UPDATE
   SET secret = excluded.secret, asker_hash = excluded.asker_hash,
       begun_at = excluded.begun_at, last_step = 0, failed = 0,
       failed_at = NULL
 WHERE f.confirmed_at IS NULL
RETURNING user_id
