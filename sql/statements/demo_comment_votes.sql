-- demo_comment_votes: many votes on comments at once.
-- in:    deal_ids int8[], comment_ids int8[], user_ids int8[], votes int2[], times timestamptz[]
-- out:   counted int8
-- write
SELECT count(*)
  FROM deals_comment_vote(:deal_ids, :comment_ids, :user_ids, :votes,
                          :times) AS v
 WHERE v.found
