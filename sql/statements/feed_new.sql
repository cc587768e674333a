-- feed_new: active deals, newest first.
-- in:    now timestamptz, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.*
          FROM deals x
         WHERE x.live
           AND (x.starts_at IS NULL OR x.starts_at <= :now)
           AND (x.expires_at IS NULL OR x.expires_at > :now)
/*[after]*/
           AND (x.created_at, x.deal_id) < ((SELECT :after_time::timestamptz), :after_id)
/*[/after]*/
         ORDER BY x.created_at DESC, x.deal_id DESC
         LIMIT @limit@) d
  JOIN deal_stats s ON s.deal_id = d.deal_id
 ORDER BY d.created_at DESC, d.deal_id DESC
 LIMIT @limit@
