-- comment_root_ids: the order of comment_roots, without the comments: the first
-- thousand, and one more, if there is one.
-- in:    deal_id int8
-- out:   id int8, rank float8
SELECT c.comment_id, c.wilson
  FROM comments c
 WHERE c.deal_id = :deal_id
   AND c.parent_id IS NULL
 ORDER BY c.wilson DESC, c.comment_id DESC
 LIMIT 1001
