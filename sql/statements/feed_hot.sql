-- feed_hot: active deals by rank, best first. As in the other lists, the page is cut
-- from an index before anything is joined to it: then a plan costs the same
-- whatever the parameters are, and PostgreSQL makes it once.
-- in:    now timestamptz, after_hot float8, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.*
          FROM deal_stats x
         WHERE x.live
           AND (x.starts_at IS NULL OR x.starts_at <= :now)
           AND (x.expires_at IS NULL OR x.expires_at > :now)
/*[after]*/
           AND (x.hot, x.deal_id) < (:after_hot, :after_id)
/*[/after]*/
         ORDER BY x.hot DESC, x.deal_id DESC
         LIMIT @limit@) s
  JOIN deals d ON d.deal_id = s.deal_id
 ORDER BY s.hot DESC, s.deal_id DESC
 LIMIT @limit@
