-- factor_codes: takes a code of a second factor, and puts recovery codes in the place of those before; with a secret, it is that which is confirmed: then all sessions end that began without it, which are all but the one that confirms, and it stands behind member_lock. No row: the code was used before, or there is no such factor (any more).
-- in:    user_id int8, step int8, hashes text[], secret text?, asker_hash text?, now timestamptz?
-- out:   id int8
-- blocks: confirm
-- write
WITH passed AS (
    UPDATE user_factors SET last_step = :step, failed = 0
/*[confirm]*/
           , confirmed_at = :now, asker_hash = NULL, removed_at = NULL
/*[/confirm]*/
     WHERE user_id = :user_id AND last_step < :step
/*[confirm]*/
       AND confirmed_at IS NULL AND secret = :secret
       AND asker_hash = :asker_hash
/*[/confirm]*/
/*[!confirm]*/
       AND confirmed_at IS NOT NULL
/*[/!confirm]*/
    RETURNING user_id
), gone AS (
    DELETE FROM user_recovery_codes
     WHERE user_id = :user_id AND EXISTS (SELECT FROM passed)
/*[confirm]*/
), ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id AND token_hash <> :asker_hash
       AND scopes IS NULL AND EXISTS (SELECT FROM passed)
/*[/confirm]*/
), added AS (
    INSERT INTO user_recovery_codes (user_id, code_hash)
    SELECT p.user_id, h.code_hash
      FROM passed p, unnest(:hashes::text[]) AS h (code_hash)
)
SELECT user_id FROM passed
