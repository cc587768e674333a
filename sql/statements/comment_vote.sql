-- comment_vote: a member's vote on a comment: how both stand after it.
-- in:    deal_id int8, comment_id int8, user_id int8, value int2, voted_at timestamptz_us
-- out:   found bool, score int8, up int8, down int8, value int2
-- write
SELECT v.found, v.score, v.up, v.down, v.value
  FROM deals_comment_vote(ARRAY[:deal_id]::int8[], ARRAY[:comment_id]::int8[],
                          ARRAY[:user_id]::int8[], ARRAY[:value]::int2[],
                          ARRAY[:voted_at]::timestamptz[]) AS v
