-- feed_tag: deals with a tag, newest first; upcoming and ended ones too. The
-- page is cut from the index of tags before anything is joined to it, however common
-- the tag is.
-- in:    tag text, after_time timestamptz, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.deal_id, x.created_at
          FROM deal_tags x
         WHERE x.live
           AND x.tag = (SELECT :tag)
/*[after]*/
           AND (x.created_at, x.deal_id) < ((SELECT :after_time::timestamptz), :after_id)
/*[/after]*/
         ORDER BY x.created_at DESC, x.deal_id DESC
         LIMIT @limit@) t
  JOIN deals d ON d.deal_id = t.deal_id
  JOIN deal_stats s ON s.deal_id = t.deal_id
 ORDER BY t.created_at DESC, t.deal_id DESC
 LIMIT @limit@
