-- session_replace: ends the session whose cookie came with a sign-in, if that began another one. Behind session_insert.
-- in:    user_id int8, token_hash text, new_user_id int8, new_token_hash text
-- out:   none
-- write
DELETE FROM sessions
 WHERE user_id = :user_id AND token_hash = :token_hash
   AND EXISTS (SELECT FROM sessions n
                WHERE n.user_id = :new_user_id
                  AND n.token_hash = :new_token_hash)
