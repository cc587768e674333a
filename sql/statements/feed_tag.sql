-- feed_tag: deals with a tag, newest first; upcoming and ended ones too.
-- in:    tag text, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM deal_tags t
  JOIN deals d ON d.deal_id = t.deal_id
  JOIN deal_stats s ON s.deal_id = t.deal_id
 WHERE t.live
   AND t.tag = :tag
/*[after]*/
   AND (t.created_at, t.deal_id) < (:after_time, :after_id)
/*[/after]*/
 ORDER BY t.created_at DESC, t.deal_id DESC
 LIMIT @limit@
