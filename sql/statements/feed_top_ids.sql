-- feed_top_ids: the order of feed_top, without the deals: the first thousand, and
-- one more, if there is one. A few of each day's best say how good one must be
-- to come among them; of each day those are read that are. The limit: so many
-- of each day, more of fewer days.
-- in:    now timestamptz, since timestamptz, first_day int4, last_day int4
-- out:   id int8, rank float8
-- limit: 8 40
SELECT x.deal_id, x.score::float8
  FROM generate_series(:first_day, :last_day) AS g (day)
 CROSS JOIN LATERAL (
       SELECT t.score, t.deal_id
         FROM deal_stats t
        WHERE t.live
          AND t.created_day = g.day
          AND t.created_at >= :since
          AND (t.starts_at IS NULL OR t.starts_at <= :now)
          AND t.score >= coalesce((
              SELECT min(best.score)
                FROM (SELECT b.score
                        FROM generate_series(:first_day, :last_day) AS h (day)
                       CROSS JOIN LATERAL (
                             SELECT u.score
                               FROM deal_stats u
                              WHERE u.live
                                AND u.created_day = h.day
                                AND u.created_at >= :since
                                AND (u.starts_at IS NULL
                                     OR u.starts_at <= :now)
                              ORDER BY u.score DESC, u.deal_id DESC
                              LIMIT @limit@) b
                       ORDER BY b.score DESC
                       LIMIT 1001) best
              HAVING count(*) = 1001), -2147483648)
        ORDER BY t.score DESC, t.deal_id DESC
        LIMIT 1001) x
 ORDER BY x.score DESC, x.deal_id DESC
 LIMIT 1001
