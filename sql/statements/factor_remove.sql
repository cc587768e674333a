-- factor_remove: the end of a second factor that is lost, once the member's password is the one that a reset made for it has set. When that was is kept, for the member to see.
-- in:    user_id int8, password_hash text, now timestamptz
-- out:   id int8
-- write
WITH removed AS (
    UPDATE user_factors
       SET secret = NULL, asker_hash = NULL, confirmed_at = NULL,
           removed_at = :now
     WHERE user_id = :user_id AND confirmed_at IS NOT NULL
       AND EXISTS (SELECT FROM users
                    WHERE user_id = :user_id
                      AND password_hash = :password_hash)
    RETURNING user_id
), gone AS (
    DELETE FROM user_recovery_codes
     WHERE user_id = :user_id AND EXISTS (SELECT FROM removed)
)
SELECT user_id FROM removed
