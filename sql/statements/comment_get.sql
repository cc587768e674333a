-- comment_get: a comment, deleted or not.
-- in:    deal_id int8, id int8
-- out:   comment
SELECT @comment@
  FROM comments c
 WHERE c.deal_id = :deal_id AND c.comment_id = :id
