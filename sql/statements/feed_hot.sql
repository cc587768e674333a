-- feed_hot: active deals by rank, best first.
-- in:    now timestamptz, after_hot float8, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM deal_stats s
  JOIN deals d ON d.deal_id = s.deal_id
 WHERE s.live
   AND (s.starts_at IS NULL OR s.starts_at <= :now)
   AND (s.expires_at IS NULL OR s.expires_at > :now)
/*[after]*/
   AND (s.hot, s.deal_id) < (:after_hot, :after_id)
/*[/after]*/
 ORDER BY s.hot DESC, s.deal_id DESC
 LIMIT @limit@
