-- creation_claim: says what was just made under a member's key; 23505 if something
-- was made under it before. What could not be made is not claimed.
-- in:    user_id int8, key text, digest text, deal_id int8, comment_id int8?, now timestamptz
-- out:   none
-- blocks: comment
-- write
INSERT INTO creations (user_id, key, digest, deal_id, comment_id, created_at)
SELECT :user_id, :key, :digest, m.deal_id, :comment_id, :now
/*[!comment]*/
  FROM deals m
 WHERE m.deal_id = :deal_id
/*[/!comment]*/
/*[comment]*/
  FROM comments m
 WHERE m.deal_id = :deal_id AND m.comment_id = :comment_id
/*[/comment]*/
