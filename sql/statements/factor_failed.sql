-- factor_failed: a wrong code of a member's second factor.
-- in:    user_id int8, now timestamptz
-- out:   none
-- write
UPDATE user_factors SET failed = failed + 1, failed_at = :now
 WHERE user_id = :user_id AND confirmed_at IS NOT NULL
