-- vote: members' votes on deals: how both stand after them, in the order of the votes.
-- in:    deal_ids int8[], user_ids int8[], votes int2[], times timestamptz_us[]
-- out:   found bool, score int8, up int8, down int8, value int2
-- write
SELECT v.found, v.score, v.up, v.down, v.value
  FROM deals_vote(:deal_ids, :user_ids, :votes, :times) AS v
 ORDER BY v.n
