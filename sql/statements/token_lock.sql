-- token_lock: holds up whoever changes the member's password until an access token is there, and waits for who changes it now: what comes behind sees if sessions have ended. No row: the member is shut out.
-- in:    user_id int8
-- out:   id int8
-- write
SELECT user_id FROM users WHERE user_id = :user_id AND disabled_at IS NULL FOR SHARE
