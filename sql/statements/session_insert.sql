-- session_insert: a new session, and where it began; sessions of the member that have ended go, and networks that were not used for long. No row: the password is another one by now than the one that was verified, or the member was shut out; or there is a second factor, and this code of it, or recovery code, was used before. The member's row is locked: whoever changes the password either comes before, or finds this session and ends it.
-- in:    user_id int8, password_hash text, token_hash text, now timestamptz, idle_since timestamptz, expires_at timestamptz, user_agent text?, address text?, network text?, network_since timestamptz, step int8?, code_hash text?, ticket_hash text?
-- out:   id int8
-- blocks: factor
-- write
WITH verified AS (
    SELECT user_id FROM users
     WHERE user_id = :user_id AND password_hash = :password_hash
       AND disabled_at IS NULL
       FOR SHARE
/*[factor]*/
), passed AS (
    UPDATE user_factors SET last_step = :step, failed = 0
     WHERE user_id = :user_id AND confirmed_at IS NOT NULL
       AND last_step < :step
    RETURNING user_id
), spent AS (
    DELETE FROM user_recovery_codes
     WHERE user_id = :user_id AND code_hash = :code_hash
    RETURNING user_id
), ticket AS (
    DELETE FROM user_tickets
     WHERE user_id = :user_id AND token_hash = :ticket_hash
       AND (EXISTS (SELECT FROM passed) OR EXISTS (SELECT FROM spent))
/*[/factor]*/
), allowed AS (
    SELECT user_id FROM verified
/*[factor]*/
     WHERE EXISTS (SELECT FROM passed) OR EXISTS (SELECT FROM spent)
/*[/factor]*/
/*[!factor]*/
     WHERE NOT EXISTS (SELECT FROM user_factors
                        WHERE user_id = :user_id AND confirmed_at IS NOT NULL)
/*[/!factor]*/
), ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id
       AND (expires_at <= :now
            OR (seen_at <= :idle_since AND scopes IS NULL))
), gone AS (
    DELETE FROM user_networks
     WHERE user_id = :user_id AND seen_at <= :network_since
       AND network <> :network
), here AS (
    INSERT INTO user_networks (user_id, network, seen_at)
    SELECT user_id, :network, :now FROM allowed WHERE :network IS NOT NULL
    ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at
)
INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at,
                      user_agent, address)
SELECT user_id, :token_hash, :now, :now, :expires_at, :user_agent, :address
  FROM allowed
RETURNING user_id
