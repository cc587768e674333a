-- my_votes: a member's votes on some deals.
-- in:    user_id int8, deal_ids int8[]
-- out:   deal_id int8, value int2
SELECT v.deal_id, v.value
  FROM votes v
 WHERE v.user_id = :user_id AND v.deal_id = ANY (:deal_ids)
