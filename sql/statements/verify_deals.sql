-- verify_deals: what is derived of the deals in a range of ids and differs from
-- what their rows and votes say now; votes on no deal too.
-- in:    after_id int8, last_id int8
-- out:   id int8, field text, stored text?, expected text?
-- slow
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
    SELECT deal_id, count(*) AS standing
      FROM comments
     WHERE deal_id > :after_id AND deal_id <= :last_id
       AND deleted_at IS NULL
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
    SELECT deal_id, created_at, starts_at, expires_at,
           deleted_at IS NULL AND hidden_at IS NULL AS live, live AS is_live,
           (SELECT array_agg(DISTINCT x.tag COLLATE "C")
              FROM unnest(tags) AS x (tag)) AS tags
      FROM deals
     WHERE deal_id > :after_id AND deal_id <= :last_id
), expected AS (
    SELECT d.deal_id, coalesce(v.up, 0) AS up, coalesce(v.down, 0) AS down,
           coalesce(v.up, 0) + s.imported_up AS all_up,
           coalesce(v.down, 0) + s.imported_down AS all_down,
           coalesce(c.standing, 0) AS comment_count
      FROM d
      LEFT JOIN s ON s.deal_id = d.deal_id
      LEFT JOIN v ON v.deal_id = d.deal_id
      LEFT JOIN c ON c.deal_id = d.deal_id
)
SELECT d.deal_id, f.field, f.stored, f.expected
  FROM d
 CROSS JOIN rank r
  JOIN expected e ON e.deal_id = d.deal_id
  LEFT JOIN s ON s.deal_id = d.deal_id
  LEFT JOIN t ON t.deal_id = d.deal_id
 CROSS JOIN LATERAL (VALUES
    ('up', s.up::text, e.up::text),
    ('down', s.down::text, e.down::text),
    ('score', s.score::text, (e.all_up - e.all_down)::text),
    ('hot', s.hot::text, deals_hot(e.all_up, e.all_down, d.created_at, r.epoch,
                                   r.tau)::text),
    ('comment_count', s.comment_count::text, e.comment_count::text),
    ('created_at', s.created_at::text, d.created_at::text),
    ('created_day', s.created_day::text, deals_day(d.created_at)::text),
    ('starts_at', s.starts_at::text, d.starts_at::text),
    ('expires_at', s.expires_at::text, d.expires_at::text),
    ('live', s.live::text, d.live::text),
    ('deal.live', d.is_live::text, d.live::text),
    ('tags', t.tags::text, d.tags::text),
    ('tags.created_at', CASE WHEN t.first <> d.created_at THEN t.first
                             ELSE t.last END::text,
                        CASE WHEN t.deal_id IS NOT NULL
                             THEN d.created_at END::text),
    ('tags.live', CASE WHEN t.all_live = t.any_live THEN t.all_live
                       WHEN t.deal_id IS NOT NULL THEN NOT d.live END::text,
                  CASE WHEN t.deal_id IS NOT NULL THEN d.live END::text)
 ) AS f (field, stored, expected)
 WHERE f.stored IS DISTINCT FROM f.expected
UNION ALL
SELECT v.deal_id, 'votes', (v.up + v.down)::text, NULL
  FROM v
 WHERE NOT EXISTS (SELECT FROM d WHERE d.deal_id = v.deal_id)
 ORDER BY 1, 2
 LIMIT 10000
