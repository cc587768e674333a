-- creation_get: what was made under a member's key.
-- in:    user_id int8, key text
-- out:   digest text, deal_id int8, comment_id int8?
SELECT c.digest, c.deal_id, c.comment_id
  FROM creations c
 WHERE c.user_id = :user_id AND c.key = :key
