-- factor_get: the second factor of a member: one that counts, or one that a session began lately.
-- in:    user_id int8, asker_hash text, since timestamptz
-- out:   secret text, confirmed bool, last_step int8, failed int8, failed_at timestamptz?
SELECT secret, confirmed_at IS NOT NULL, last_step, failed, failed_at
  FROM user_factors
 WHERE user_id = :user_id
   AND (confirmed_at IS NOT NULL
        OR (secret IS NOT NULL AND asker_hash = :asker_hash
            AND begun_at > :since))
