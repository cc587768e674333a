-- member_lock: holds up whoever changes what a member signs in by, the password or the second factor, until a session or an access token is there, and waits for who changes it now: what comes behind sees that change, and which sessions have ended. changing: the other side, which changes a second factor. No row: the member is shut out.
-- in:    user_id int8
-- out:   id int8
-- blocks: changing
-- write
SELECT user_id FROM users WHERE user_id = :user_id AND disabled_at IS NULL
/*[changing]*/
   FOR NO KEY UPDATE
/*[/changing]*/
/*[!changing]*/
   FOR SHARE
/*[/!changing]*/
