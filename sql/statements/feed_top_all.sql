-- feed_top_all: deals of all times by score, ended ones too.
-- in:    now timestamptz, after_score int8, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM deal_stats s
  JOIN deals d ON d.deal_id = s.deal_id
 WHERE s.live
   AND (s.starts_at IS NULL OR s.starts_at <= :now)
/*[after]*/
   AND (s.score, s.deal_id) < (:after_score, :after_id)
/*[/after]*/
 ORDER BY s.score DESC, s.deal_id DESC
 LIMIT @limit@
