-- feed_hot_ids: the order of feed_hot, without the deals: the first thousand, and
-- one more, if there is one.
-- in:    now timestamptz
-- out:   id int8, rank float8
SELECT s.deal_id, s.hot
  FROM deal_stats s
 WHERE s.live
   AND (s.starts_at IS NULL OR s.starts_at <= :now)
   AND (s.expires_at IS NULL OR s.expires_at > :now)
 ORDER BY s.hot DESC, s.deal_id DESC
 LIMIT 1001
