-- verify_deals: what is derived of the deals in a range of ids and differs from
-- what their rows and votes say now; votes and comments of no deal too.
-- in:    after_id int8, last_id int8
-- out:   id int8, field text, stored text?, expected text?
WITH rank AS (
    SELECT max(c.value) FILTER (WHERE c.key = 'epoch')::float8 AS epoch,
           max(c.value) FILTER (WHERE c.key = 'tau')::float8 AS tau
      FROM settings c
), v AS (
    SELECT deal_id, count(*) FILTER (WHERE value = 1) AS up,
           count(*) FILTER (WHERE value = -1) AS down
      FROM votes
     WHERE deal_id > :after_id AND deal_id <= :last_id
     GROUP BY deal_id
), c AS (
    SELECT deal_id, count(*) FILTER (WHERE deleted_at IS NULL) AS standing
      FROM comments
     WHERE deal_id > :after_id AND deal_id <= :last_id
     GROUP BY deal_id
), t AS (
    SELECT deal_id, array_agg(tag ORDER BY tag COLLATE "C") AS tags,
           min(created_at) AS first, max(created_at) AS last,
           bool_and(live) AS all_live, bool_or(live) AS any_live
      FROM deal_tags
     WHERE deal_id > :after_id AND deal_id <= :last_id
     GROUP BY deal_id
), s AS (
    SELECT * FROM deal_stats
     WHERE deal_id > :after_id AND deal_id <= :last_id
), d AS (
    SELECT deal_id, created_at, starts_at, expires_at, live,
           (SELECT array_agg(DISTINCT x.tag COLLATE "C") FROM unnest(tags)
                   AS x (tag)) AS tags
      FROM deals
     WHERE deal_id > :after_id AND deal_id <= :last_id
)
SELECT coalesce(d.deal_id, v.deal_id, c.deal_id), f.field, f.stored, f.expected
  FROM rank
 CROSS JOIN d
  FULL JOIN v USING (deal_id)
  FULL JOIN c USING (deal_id)
  LEFT JOIN s USING (deal_id)
  LEFT JOIN t USING (deal_id)
 CROSS JOIN LATERAL (VALUES
    ('votes', (v.up + v.down)::text, CASE WHEN s.deal_id IS NULL THEN '0'
                                          ELSE (v.up + v.down)::text END)
 ) AS f (field, stored, expected)
 WHERE f.stored IS DISTINCT FROM f.expected
