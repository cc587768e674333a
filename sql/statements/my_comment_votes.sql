-- my_comment_votes: a member's votes on some comments of a deal.
-- in:    deal_id int8, user_id int8, comment_ids int8[]
-- out:   comment_id int8, value int2
SELECT v.comment_id, v.value
  FROM comment_votes v
 WHERE v.deal_id = :deal_id
   AND v.user_id = :user_id
   AND v.comment_id = ANY (:comment_ids)
