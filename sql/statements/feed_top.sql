-- feed_top: deals posted since some moment by score, ended ones too. Each day's
-- best is one step down an index; the page's deals can only come from as many
-- days as it is long, those with the best bests; of these each gives a page.
-- in:    now timestamptz, since timestamptz, first_day int4, last_day int4, after_score int8, after_id int8
-- out:   card
-- blocks: after
-- limit: 26 101
SELECT @card@
  FROM (SELECT x.deal_id
          FROM (SELECT g.day
                  FROM generate_series((SELECT :first_day::int4),
                                       (SELECT :last_day::int4)) AS g (day)
                 CROSS JOIN LATERAL (
                       SELECT t.score, t.deal_id
                         FROM deal_stats t
                        WHERE t.live
                          AND t.created_day = g.day
                          AND t.created_at >= (SELECT :since::timestamptz)
                          AND (t.starts_at IS NULL OR t.starts_at <= :now)
/*[after]*/
                          AND (t.score, t.deal_id) < ((SELECT :after_score::int8), :after_id)
/*[/after]*/
                        ORDER BY t.score DESC, t.deal_id DESC
                        LIMIT 1) b
                 ORDER BY b.score DESC, b.deal_id DESC
                 LIMIT @limit@) days
         CROSS JOIN LATERAL (
               SELECT t.score, t.deal_id
                 FROM deal_stats t
                WHERE t.live
                  AND t.created_day = days.day
                  AND t.created_at >= (SELECT :since::timestamptz)
                  AND (t.starts_at IS NULL OR t.starts_at <= :now)
/*[after]*/
                  AND (t.score, t.deal_id) < ((SELECT :after_score::int8), :after_id)
/*[/after]*/
                ORDER BY t.score DESC, t.deal_id DESC
                LIMIT @limit@) x
         ORDER BY x.score DESC, x.deal_id DESC
         LIMIT @limit@) best
  JOIN deal_stats s ON s.deal_id = best.deal_id
  JOIN deals d ON d.deal_id = best.deal_id
 ORDER BY s.score DESC, s.deal_id DESC
 LIMIT @limit@
