-- password_end: once a member's password is this one: the end of a reset that is open, of all sessions but the one that may have set it, and of what was remembered of networks but the one that it was set from, and of sign-ins that owe a code. Behind the change, in its transaction: so it sees sessions that began until then.
-- in:    user_id int8, password_hash text, token_hash text?, network text?
-- out:   none
-- write
WITH changed AS (
    SELECT user_id FROM users
     WHERE user_id = :user_id AND password_hash = :password_hash
), closed AS (
    DELETE FROM password_resets
     WHERE user_id = :user_id AND EXISTS (SELECT FROM changed)
), tickets AS (
    DELETE FROM user_tickets
     WHERE user_id = :user_id AND EXISTS (SELECT FROM changed)
), forgotten AS (
    DELETE FROM user_networks
     WHERE user_id = :user_id AND network IS DISTINCT FROM :network
       AND EXISTS (SELECT FROM changed)
)
DELETE FROM sessions
 WHERE user_id = :user_id AND token_hash IS DISTINCT FROM :token_hash
   AND EXISTS (SELECT FROM changed)
