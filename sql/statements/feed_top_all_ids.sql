-- feed_top_all_ids: the order of feed_top_all, without the deals: the first
-- thousand, and one more, if there is one.
-- in:    now timestamptz
-- out:   id int8, rank float8
SELECT s.deal_id, s.score::float8
  FROM deal_stats s
 WHERE s.live
   AND (s.starts_at IS NULL OR s.starts_at <= :now)
 ORDER BY s.score DESC, s.deal_id DESC
 LIMIT 1001
