-- feed_new: active deals, newest first.
-- in:    now timestamptz, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM deals d
  JOIN deal_stats s ON s.deal_id = d.deal_id
 WHERE d.live
   AND (d.starts_at IS NULL OR d.starts_at <= :now)
   AND (d.expires_at IS NULL OR d.expires_at > :now)
/*[after]*/
   AND (d.created_at, d.deal_id) < (:after_time, :after_id)
/*[/after]*/
 ORDER BY d.created_at DESC, d.deal_id DESC
 LIMIT @limit@
