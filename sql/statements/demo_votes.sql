-- demo_votes: many votes on deals at once.
-- in:    deal_ids int8[], user_ids int8[], votes int2[], times timestamptz[]
-- out:   counted int8
-- write
SELECT count(*)
  FROM deals_vote(:deal_ids, :user_ids, :votes, :times) AS v
 WHERE v.found
