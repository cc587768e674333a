-- comment_roots: the comments that answer a deal itself, best first.
-- in:    deal_id int8, after_rank float8, after_id int8
-- out:   comment
-- blocks: after
-- limit: 26 101
SELECT @comment@
  FROM comments c
 WHERE c.deal_id = :deal_id
   AND c.parent_id IS NULL
/*[after]*/
   AND (c.wilson, c.comment_id) < (:after_rank, :after_id)
/*[/after]*/
 ORDER BY c.wilson DESC, c.comment_id DESC
 LIMIT @limit@
