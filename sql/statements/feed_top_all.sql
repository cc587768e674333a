-- feed_top_all: deals of all times by score, ended ones too.
-- in:    now timestamptz, after_score int8, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.*
          FROM deal_stats x
         WHERE x.live
           AND (x.starts_at IS NULL OR x.starts_at <= :now)
/*[after]*/
           AND (x.score, x.deal_id) < (:after_score, :after_id)
/*[/after]*/
         ORDER BY x.score DESC, x.deal_id DESC
         LIMIT @limit@) s
  JOIN deals d ON d.deal_id = s.deal_id
 ORDER BY s.score DESC, s.deal_id DESC
 LIMIT @limit@
