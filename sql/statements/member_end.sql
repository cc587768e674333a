-- member_end: the end of all sessions and access tokens of a member who was shut out, of a reset that is open and of tickets; how many they were. Behind that, in its transaction: so it sees what began until then.
-- in:    user_id int8
-- out:   sessions int8, tokens int8
-- write
WITH closed AS (
    DELETE FROM password_resets WHERE user_id = :user_id
), ticketless AS (
    DELETE FROM user_tickets WHERE user_id = :user_id
), ended AS (
    DELETE FROM sessions WHERE user_id = :user_id RETURNING scopes
)
SELECT count(*) FILTER (WHERE scopes IS NULL),
       count(*) FILTER (WHERE scopes IS NOT NULL)
  FROM ended
