-- feed_merchant: a merchant's deals, newest first; upcoming and ended ones too.
-- in:    slug text, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.*
          FROM deals x
         WHERE x.live
           AND x.merchant_slug = :slug
/*[after]*/
           AND (x.created_at, x.deal_id) < (:after_time, :after_id)
/*[/after]*/
         ORDER BY x.created_at DESC, x.deal_id DESC
         LIMIT @limit@) d
  JOIN deal_stats s ON s.deal_id = d.deal_id
 ORDER BY d.created_at DESC, d.deal_id DESC
 LIMIT @limit@
