-- feed_merchant: a merchant's deals, newest first; upcoming and ended ones too.
-- in:    slug text, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM deals d
  JOIN deal_stats s ON s.deal_id = d.deal_id
 WHERE d.live
   AND d.merchant_slug = :slug
/*[after]*/
   AND (d.created_at, d.deal_id) < (:after_time, :after_id)
/*[/after]*/
 ORDER BY d.created_at DESC, d.deal_id DESC
 LIMIT @limit@
