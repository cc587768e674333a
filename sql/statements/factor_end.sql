-- factor_end: a second factor's end, by a code of it or a recovery code, which go with it. No row: the code was used before.
-- in:    user_id int8, step int8?, code_hash text?
-- out:   id int8
-- write
WITH spent AS (
    SELECT code_hash FROM user_recovery_codes
     WHERE user_id = :user_id AND code_hash = :code_hash
), ended AS (
    DELETE FROM user_factors
     WHERE user_id = :user_id AND confirmed_at IS NOT NULL
       AND (last_step < :step OR EXISTS (SELECT FROM spent))
    RETURNING user_id
), gone AS (
    DELETE FROM user_recovery_codes
     WHERE user_id = :user_id AND EXISTS (SELECT FROM ended)
)
SELECT user_id FROM ended
